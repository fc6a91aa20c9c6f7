import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';
import { type Call, CallRefused } from '../../../web/page/access.ts';
import { type Changes, type Polled, usePolled } from '../../../web/page/polled.ts';
import { readEvents } from '../../../web/server-sent-events.ts';
import type { LabEventData } from '../../api/event.ts';

/*
 * What changes, as the server tells it: one stream for the page, read with `fetch`, because it carries the token in its
 * header. While there is none (a server that is away, a proxy that holds it back, too many readers) each view is asked for
 * again and again. A page that nobody looks at holds no stream: a browser has six connections to a server for all its tabs.
 */

type EventName = keyof LabEventData;
/** An event of which the name is known; its data are as the server of this page sends them. */
export type Change = {
  readonly [Name in EventName]: { readonly event: Name; readonly data: LabEventData[Name] };
}[EventName];
type Listener = (change: Change) => void;

interface Live {
  /** Whether the server tells what changes. */
  readonly told: boolean;
  /** @returns ends it */
  hear(listener: Listener): () => void;
}

const LiveContext = createContext<Live>({ told: false, hear: () => () => {} });

export function LiveProvider({ call, children }: { readonly call: Call; readonly children: ComponentChildren }) {
  const [told, setTold] = useState(false);
  const listeners = useMemo(() => new Set<Listener>(), []);
  useEffect(() => {
    const end = new AbortController();
    void follow(
      call,
      (change) => {
        for (const each of listeners) each(change);
      },
      setTold,
      end.signal,
    );
    return () => end.abort();
  }, [call, listeners]);
  const live = useMemo<Live>(
    () => ({
      told,
      hear: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    }),
    [told, listeners],
  );
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;
/** A comment comes every 15 s. */
const SILENCE_MS = 40_000;

async function follow(call: Call, heard: Listener, setTold: (told: boolean) => void, end: AbortSignal): Promise<void> {
  let wait = FIRST_WAIT_MS;
  while (!end.aborted) {
    if (document.hidden) {
      await happens(document, 'visibilitychange', end);
      continue;
    }
    const stop = new AbortController();
    const away = (): void => {
      if (document.hidden) stop.abort();
    };
    const signal = AbortSignal.any([end, stop.signal]);
    document.addEventListener('visibilitychange', away);
    let timer = window.setTimeout(() => stop.abort(), SILENCE_MS);
    try {
      const body = await call.pieces('/v1/events', signal);
      const alive = (): void => {
        window.clearTimeout(timer);
        timer = window.setTimeout(() => stop.abort(), SILENCE_MS);
      };
      for await (const { event, data } of readEvents(body, alive, signal)) {
        if (event === 'end') return;
        if (event === 'start') {
          setTold(true);
          wait = FIRST_WAIT_MS;
        }
        heard({ event, data: JSON.parse(data) } as Change);
      }
    } catch (error) {
      if (error instanceof CallRefused && (error.code === 'token-wrong' || error.code === 'role-missing')) return;
    } finally {
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', away);
      setTold(false);
    }
    if (document.hidden) continue;
    await happens(window, 'online', end, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }
}

/** Resolves when something happens, at the end of the time if there is one, or when the signal fires. */
function happens(target: EventTarget, event: string, signal: AbortSignal, ms?: number): Promise<void> {
  return new Promise((resolve) => {
    const done = new AbortController();
    const timer = ms === undefined ? undefined : window.setTimeout(() => finish(), ms);
    const finish = (): void => {
      window.clearTimeout(timer);
      done.abort();
      resolve();
    };
    target.addEventListener(event, finish, { signal: done.signal });
    signal.addEventListener('abort', finish, { signal: done.signal });
    if (signal.aborted) finish();
  });
}

/**
 * A view that is asked for again when something of it changed, at most every `everyMs`; and every `everyMs` while the
 * server does not tell.
 * @param concerns whether an event is about it; the same function in every call
 */
export function useLive<View>(
  call: Call,
  path: string,
  concerns: (change: Change) => boolean,
  everyMs: number,
): Polled<View> {
  const { told, hear } = useContext(LiveContext);
  const changes = useMemo<Changes | null>(() => {
    if (!told) return null;
    return (changed) =>
      hear((change) => {
        if (change.event === 'start' || concerns(change)) changed();
      });
  }, [told, hear, concerns]);
  return usePolled<View>(call, path, everyMs, changes);
}
