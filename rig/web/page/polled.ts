import { useCallback, useEffect, useState } from 'preact/hooks';
import { type Call, CallRefused } from './access.ts';

export interface Polled<View> {
  /** The last that was heard; null before the first answer. */
  readonly view: View | null;
  /** Why the last question had no answer, or null. */
  readonly failure: CallRefused | null;
  /** Asks now, and not only at the next turn. */
  readonly refresh: () => void;
}

/** Hears when a view may have changed. @returns ends it */
export type Changes = (changed: () => void) => () => void;

/** What no change tells is asked for so often all the same. */
const SLOW_MS = 30_000;

/**
 * Asks for a view again and again while the page is seen. A question every second on loopback costs less than a
 * stream that must be held open: a stream (`EventSource`) cannot carry the Authorization header, keeps the server from
 * stopping, and would go on telling a page that nobody looks at.
 * @param changes where something tells of them: the view is asked for again after each, and at most every `everyMs`;
 *   the same function in every call, or null
 */
export function usePolled<View>(
  call: Call,
  path: string,
  everyMs: number,
  changes: Changes | null = null,
): Polled<View> {
  const [view, setView] = useState<View | null>(null);
  const [failure, setFailure] = useState<CallRefused | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    let timer: number | undefined;
    let asking = false;
    let changed = false;
    let askedAt = 0;
    const askIn = (ms: number): void => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void ask(), ms);
    };
    const ask = async (): Promise<void> => {
      if (asking || document.hidden) return;
      asking = true;
      changed = false;
      askedAt = performance.now();
      let failed = false;
      try {
        setView(await call<View>('GET', path, undefined, stop.signal));
        setFailure(null);
      } catch (error) {
        if (stop.signal.aborted) return;
        failed = true;
        setFailure(error instanceof CallRefused ? error : new CallRefused('UNREACHABLE', String(error)));
      }
      asking = false;
      askIn(changes !== null && !changed && !failed ? SLOW_MS : everyMs);
    };
    const end = changes?.(() => {
      changed = true;
      if (!asking) askIn(Math.max(0, askedAt + everyMs - performance.now()));
    });
    const seen = (): void => void ask();
    document.addEventListener('visibilitychange', seen);
    void ask();
    return () => {
      stop.abort();
      end?.();
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [call, path, everyMs, changes, turn]);
  const refresh = useCallback(() => setTurn((before) => before + 1), []);
  return { view, failure, refresh };
}
