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

/**
 * Asks for a view again and again while the page is seen. A question every second on loopback costs less than a
 * stream that must be held open: a stream (`EventSource`) cannot carry the Authorization header, keeps the server from
 * stopping, and would go on telling a page that nobody looks at.
 */
export function usePolled<View>(call: Call, path: string, everyMs: number): Polled<View> {
  const [view, setView] = useState<View | null>(null);
  const [failure, setFailure] = useState<CallRefused | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    let timer: number | undefined;
    const ask = async (): Promise<void> => {
      if (document.hidden) return;
      try {
        setView(await call<View>('GET', path, undefined, stop.signal));
        setFailure(null);
      } catch (error) {
        if (stop.signal.aborted) return;
        setFailure(error instanceof CallRefused ? error : new CallRefused('UNREACHABLE', String(error)));
      }
      // One that was asked at the same time, when the page came back, has its own.
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void ask(), everyMs);
    };
    const seen = (): void => {
      window.clearTimeout(timer);
      void ask();
    };
    document.addEventListener('visibilitychange', seen);
    void ask();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [call, path, everyMs, turn]);
  const refresh = useCallback(() => setTurn((before) => before + 1), []);
  return { view, failure, refresh };
}
