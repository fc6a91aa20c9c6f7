import { StoreError } from '../../store/store-error.ts';
import type { LabStore } from '../store/store.ts';

/** How often other servers' changes are looked for. */
const LOOK_MS = 500;
/** Changes of transactions that were committed late are looked at again. */
const OVERLAP_MS = 5000;
/** What a bench has may have changed at another server: it is asked for again after this time. */
const AGAIN_MS = 5000;

/** Benches that wait for work, and what wakes them: a run that waits now, here or at another server on the same database. */
export class WaitingBenches {
  readonly #store: LabStore;
  readonly #fault: (error: unknown) => void;
  #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;
  #newest = 0;
  #closed = false;

  constructor(store: LabStore, fault: (error: unknown) => void) {
    this.#store = store;
    this.#fault = fault;
  }

  /** The server ends: whoever waits is answered, and is given nothing any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Ends when something may have come, at the latest after `ms`. Asked for before the look at what waits. */
  next(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(1, Math.min(ms, AGAIN_MS)));
      this.#waiting.add(wake);
      this.#timer ??= setInterval(() => void this.#look(), LOOK_MS).unref();
    });
  }

  wake(): void {
    for (const each of [...this.#waiting]) each();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.wake();
  }

  async #look(): Promise<void> {
    if (this.#waiting.size === 0 || this.#closed) return;
    try {
      const [row] = await this.#store.sql.query<{ newest: number }>(
        `select coalesce(max(changed_at), 0) as newest from lab_runs
         where state = 'queued' and changed_at > lab_now() - $1`,
        [OVERLAP_MS],
      );
      const newest = row?.newest ?? 0;
      if (newest > this.#newest) this.wake();
      this.#newest = newest;
    } catch (error) {
      // A database that is away or busy is asked again in a moment; the benches look by themselves meanwhile.
      if (!(error instanceof StoreError)) this.#fault(error);
    }
  }
}
