import type { LabEvent } from '../api/event.ts';
import {
  benchStates,
  type ChangedRun,
  campaignChanges,
  changedRuns,
  progressOfRuns,
  type SeenBench,
  storeNow,
} from '../store/changes.ts';
import type { LabStore } from '../store/store.ts';

/** Runs that are told one by one; of more it is said that everything may have changed. */
export const MOST_RUNS_TOLD = 500;
/** Transactions that were committed late are looked for again: the latest each time, older ones once in a while. */
const OVERLAP_MS = 1000;
export const LONG_OVERLAP_MS = 15_000;
const LONG_OVERLAP_EVERY_MS = 5000;
const BENCHES_EVERY_MS = 1000;

/** What is different in the store since the last look. */
export class ChangeLook {
  readonly #store: LabStore;
  /** Changed runs up to this time were told; milliseconds since 1970 by the database's clock. */
  #newest = 0;
  /** What was changed before this is not told one by one: everybody asked anew then. */
  #floor = 0;
  readonly #runs = new Map<string, { readonly changedAt: number; readonly mark: string }>();
  readonly #campaigns = new Map<string, string>();
  readonly #progress = new Map<string, string>();
  readonly #benches = new Map<string, string>();
  #longAt = 0;
  #benchesAt = 0;

  private constructor(store: LabStore) {
    this.#store = store;
  }

  /** Takes what is there now for known. @throws {StoreError} */
  static async start(store: LabStore): Promise<ChangeLook> {
    const look = new ChangeLook(store);
    look.#newest = await storeNow(store);
    look.#floor = look.#newest;
    await look.next();
    return look;
  }

  /** Where a reader goes on that has heard everything. */
  id(): string {
    return String(this.#newest);
  }

  /** @returns null: more than is told one by one @throws {StoreError} nothing is forgotten: the next look finds it */
  async next(): Promise<readonly LabEvent[] | null> {
    const now = performance.now();
    const isLong = now >= this.#longAt;
    const since = Math.max(this.#newest - (isLong ? LONG_OVERLAP_MS : OVERLAP_MS), this.#floor - OVERLAP_MS);
    const known = [...this.#runs.values()].filter(({ changedAt }) => changedAt > since).length;
    const most = known + MOST_RUNS_TOLD + 1;
    const runs = await changedRuns(this.#store, { since, campaign: null, most });
    const campaigns = await campaignChanges(this.#store);
    const progress = await progressOfRuns(this.#store);
    const benches = now >= this.#benchesAt ? await benchStates(this.#store) : null;
    const floor = runs.length === most ? await storeNow(this.#store) : null;
    // From here on nothing fails: what was asked for is told.
    if (isLong) this.#longAt = now + LONG_OVERLAP_EVERY_MS;
    const events: LabEvent[] = [
      ...differences(this.#campaigns, campaigns.toReversed(), ({ campaign }) => `${campaign}`).map(
        (data): LabEvent => ({ event: 'campaign', data }),
      ),
      ...this.#runEvents(runs),
      ...differences(this.#progress, progress, ({ attempt }) => attempt).map(
        (data): LabEvent => ({ event: 'progress', data }),
      ),
      ...this.#benchEvents(benches, now),
    ];
    if (floor === null) return events;
    this.#newest = floor;
    this.#floor = floor;
    return null;
  }

  #runEvents(found: readonly ChangedRun[]): readonly LabEvent[] {
    const events: LabEvent[] = [];
    for (const { run, changedAt } of found) {
      // Two changes in one millisecond have one time.
      const mark = `${changedAt} ${run.state} ${run.attempts}`;
      if (this.#runs.get(run.id)?.mark === mark) continue;
      this.#runs.set(run.id, { changedAt, mark });
      this.#newest = Math.max(this.#newest, changedAt);
      events.push({ event: 'run', data: run });
    }
    for (const [id, { changedAt }] of this.#runs) {
      if (changedAt <= this.#newest - LONG_OVERLAP_MS) this.#runs.delete(id);
    }
    return events;
  }

  #benchEvents(found: readonly SeenBench[] | null, now: number): readonly LabEvent[] {
    if (found === null) return [];
    this.#benchesAt = now + BENCHES_EVERY_MS;
    return differences(this.#benches, found, ({ bench }) => bench.bench).map(
      ({ bench }): LabEvent => ({ event: 'bench', data: bench }),
    );
  }
}

/** Those that are not as they were; `known` is brought up to now. */
function differences<Item>(known: Map<string, string>, items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  const before = new Map(known);
  known.clear();
  return items.filter((item) => {
    const mark = JSON.stringify(item);
    known.set(keyOf(item), mark);
    return before.get(keyOf(item)) !== mark;
  });
}
