import { randomUUID } from 'node:crypto';
import type { Listening } from '../../store/sql.ts';
import type { LabStore } from '../store/store.ts';

/** Of the database that several servers share. */
const CHANNEL = 'vitap_lab';
/** Between two rings of one server. */
const PAUSE_MS = 200;

/**
 * Rings when something in the store was changed, here or at another server on the same database (LISTEN and NOTIFY of
 * PostgreSQL). It says that it is worth looking, and nothing else. A ring can be lost with a server or a connection, so
 * whoever hears it looks by itself as well.
 */
export class ChangeBell {
  readonly #store: LabStore;
  readonly #self = randomUUID();
  readonly #hearing = new Set<() => void>();
  readonly #others: Listening | null;
  #pause: NodeJS.Timeout | null = null;
  #again = false;

  constructor(store: LabStore) {
    this.#store = store;
    // A PGlite folder has one server.
    this.#others =
      store.sql.kind === 'postgresql'
        ? store.listen(CHANNEL, (payload) => {
            if (payload !== this.#self) this.#tellHere();
          })
        : null;
  }

  /** Whether the rings of all servers are heard. */
  hearsAll(): boolean {
    return this.#others?.isLive() ?? true;
  }

  /** Something was changed and committed by this server. */
  ring(): void {
    if (this.#pause !== null) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#pause = setTimeout(() => {
      this.#pause = null;
      if (this.#again) this.ring();
    }, PAUSE_MS).unref();
    this.#tellHere();
    if (this.#others === null) return;
    // The others look by themselves in a while.
    this.#store.sql.query('select pg_notify($1, $2)::text', [CHANNEL, this.#self]).catch(() => {});
  }

  /** @returns what ends it */
  hear(heard: () => void): () => void {
    this.#hearing.add(heard);
    return () => void this.#hearing.delete(heard);
  }

  async close(): Promise<void> {
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#hearing.clear();
    await this.#others?.close();
  }

  #tellHere(): void {
    for (const heard of [...this.#hearing]) heard();
  }
}
