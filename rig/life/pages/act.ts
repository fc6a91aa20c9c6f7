import { useCallback, useState } from 'preact/hooks';
import { CallRefused } from '../../web/page/access.ts';
import { useRefusalWords } from './say.ts';

export interface Act {
  readonly busy: boolean;
  /** Why the last one was refused; null when it was not. */
  readonly refused: CallRefused | null;
  /** The same in words; empty when it was not. */
  readonly fault: string;
  /** Does one thing; nothing happens while another is under way. */
  readonly run: (work: () => Promise<void>) => void;
  readonly clear: () => void;
}

/**
 * Something that the reader asks the server for, which takes time and may be refused.
 * @param after what follows each act, refused or not
 */
export function useAct(after: () => void): Act {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<CallRefused | null>(null);
  const inWords = useRefusalWords();
  const run = (work: () => Promise<void>): void => {
    if (busy) return;
    setBusy(true);
    setRefused(null);
    work()
      .catch((error: unknown) =>
        setRefused(error instanceof CallRefused ? error : new CallRefused('FAULT', (error as Error).message)),
      )
      .finally(() => {
        setBusy(false);
        after();
      });
  };
  const clear = useCallback(() => setRefused(null), []);
  return { busy, refused, fault: refused === null ? '' : inWords(refused), run, clear };
}
