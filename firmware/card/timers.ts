import type { Timers } from '../../src/hal/pn532/transport.ts';
import { board } from './board.ts';

interface Timer {
  readonly dueUs: number;
  readonly action: () => void;
}

/** What waits for time; there are a few at most. */
const pending: Timer[] = [];

export const timers: Timers = {
  after(ms, action) {
    const timer = { dueUs: board.microseconds() + ms * 1000, action };
    pending.push(timer);
    return () => {
      const at = pending.indexOf(timer);
      if (at >= 0) pending.splice(at, 1);
    };
  },
};

/** Calls what is due. @returns whether anything was */
export function pollTimers(): boolean {
  const now = board.microseconds();
  const due = pending.findIndex(({ dueUs }) => dueUs <= now);
  if (due < 0) return false;
  // One at a time: what it does may take back another.
  const [timer] = pending.splice(due, 1);
  timer?.action();
  return true;
}
