import { StoreError } from '../../store/store-error.ts';
import { quarantineDrifting } from '../store/benches.ts';
import { endCampaigns } from '../store/campaigns.ts';
import { addUpCounts } from '../store/counts.ts';
import { giveBackExpired, LEASE_SECONDS } from '../store/leases.ts';
import type { LabStore } from '../store/store.ts';
import { vacuumChanged } from '../store/vacuum.ts';
import type { ChangeBell } from './change-bell.ts';
import type { WaitingBenches } from './waiting-benches.ts';

const UPKEEP_MS = 1000;
const DRIFT_MS = 30_000;
const VACUUM_MS = 60_000;
/**
 * When this process or its database was held for longer, heartbeats may have come that nobody has read yet. A lease outlives a
 * shorter time: where all is slow, leases of benches that are gone come back all the same.
 */
const HELD_MS = (LEASE_SECONDS * 1000) / 2;

/**
 * Adds up counts, gives leases back, notes the ends of campaigns, puts drifting benches into quarantine, and vacuums a PGlite.
 * Every server does it; rows that one has are passed over by the others. After a start, and after this process or the database
 * was held, away or full, it gives no lease back for one lease's time: benches that live could not be heard.
 */
export class Upkeep {
  readonly #store: LabStore;
  readonly #waiting: WaitingBenches;
  readonly #bell: ChangeBell;
  readonly #fault: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #working: Promise<void> | null = null;
  /** When leases may be given back. */
  #from = 0;
  #turnAt = performance.now();
  #driftAt = performance.now() + DRIFT_MS;
  #vacuumAt = performance.now() + VACUUM_MS;
  /** What the database could not do last, which is said once. */
  #trouble: string | null = null;
  #ended = false;

  constructor(store: LabStore, waiting: WaitingBenches, bell: ChangeBell, fault: (error: unknown) => void) {
    this.#store = store;
    this.#waiting = waiting;
    this.#bell = bell;
    this.#fault = fault;
    this.putOff();
    this.#timer = setInterval(() => this.#turn(), UPKEEP_MS).unref();
  }

  /** A bench that lives could not be heard: no lease is given back for one lease's time. */
  putOff(): void {
    this.#from = performance.now() + LEASE_SECONDS * 1000;
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearInterval(this.#timer);
    await this.#working;
  }

  #turn(): void {
    const now = performance.now();
    if (now - this.#turnAt > UPKEEP_MS + HELD_MS) this.putOff();
    this.#turnAt = now;
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
  }

  async #work(): Promise<void> {
    try {
      await this.#tidy();
      if (performance.now() < this.#from || this.#ended) return;
      const givenBack = await giveBackExpired(this.#store);
      if (givenBack > 0) this.#waiting.wake();
      if (givenBack + (await endCampaigns(this.#store)) > 0) this.#bell.ring();
      this.#trouble = null;
      if (performance.now() < this.#driftAt) return;
      this.#driftAt = performance.now() + DRIFT_MS;
      if ((await quarantineDrifting(this.#store)).length > 0) this.#bell.ring();
    } catch (error) {
      this.#tell(error);
    }
  }

  async #tidy(): Promise<void> {
    const start = performance.now();
    await addUpCounts(this.#store);
    if (performance.now() >= this.#vacuumAt) {
      await vacuumChanged(this.#store);
      this.#vacuumAt = performance.now() + VACUUM_MS;
    }
    if (performance.now() - start > HELD_MS) this.putOff();
  }

  #tell(error: unknown): void {
    // What the end of this server cuts is done by the next one.
    if (this.#ended) return;
    if (!(error instanceof StoreError)) {
      this.#fault(error);
      return;
    }
    if (error.kind === 'busy') return;
    this.putOff();
    if (error.kind !== this.#trouble) this.#fault(error);
    this.#trouble = error.kind;
  }
}
