import type { Timeline } from '../timeline.ts';

/** What a piece of the chip's firmware waits for: a time, or a call that tells it to look again, or whichever is first. */
export interface Wait {
  readonly ns?: number;
  /** Registers `wake`; returns what takes it back. */
  readonly until?: (wake: () => void) => () => void;
}

/** A piece of firmware: it yields what it waits for, and goes on with whether it was woken before the time was over. */
export type Work<T> = Generator<Wait, T, boolean>;

/** Runs it to its end on a timeline. @returns stops it where it waits; harmless afterwards */
export function runWork<T>(timeline: Timeline, work: Work<T>, done: (result: T) => void): () => void {
  let over = false;
  let release = (): void => {};
  const go = (woken: boolean): void => {
    release();
    release = () => {};
    const step = work.next(woken);
    if (over) return;
    if (step.done === true) {
      over = true;
      done(step.value);
      return;
    }
    let settled = false;
    const settle = (wokenNow: boolean): void => {
      if (settled || over) return;
      settled = true;
      go(wokenNow);
    };
    const { ns, until } = step.value;
    const cancelTimer = ns === undefined ? null : timeline.after(ns, () => settle(false));
    // Woken on the timeline, so that nothing runs inside of what wakes it.
    let cancelWake: (() => void) | null = null;
    const unsubscribe = until?.(() => {
      cancelWake ??= timeline.after(0, () => settle(true));
    });
    release = () => {
      cancelTimer?.();
      cancelWake?.();
      unsubscribe?.();
    };
  };
  go(false);
  return () => {
    if (over) return;
    over = true;
    release();
    work.return(undefined as never);
  };
}

export function* pauseNs(ns: number): Work<void> {
  yield { ns };
}
