import type { Divergence, ReplayEntry, ReplayVerdict } from '../model.ts';
import type { ReplayReport } from './model.ts';

/*
 * The exchanges of a report as compact JSON: rows of numbers, every text once. See script.ts for what is where.
 */

/** Exchanges of all replays together that a page carries; of what is beyond, only those that are not as expected. */
export const MOST_ROWS = 100_000;
const MOST_WRONG_BEYOND = 5000;
/** Exchanges that are shown without a script, of each attempt. */
const MOST_FIRST = 10;

const VERDICT_NUMBERS: Readonly<Record<ReplayVerdict | 'NONE', number>> = {
  ...{ PASS: 0, FAIL: 1, INCONCLUSIVE: 2, SKIPPED: 3 },
  // What was recorded and not judged.
  NONE: 4,
};

/** One attempt as the page has it. */
export interface AttemptRows {
  /** Place in the list of replays, from 0. */
  readonly place: number;
  /** The first exchanges that are not as expected, and their places among the rows. */
  readonly first: readonly { readonly row: number; readonly entry: ReplayEntry }[];
  /** How many are not as expected, or needed to be sent again. */
  readonly wrong: number;
}

/** What a page shows of an exchange: that of a replay, or of a trace, which nobody has judged. */
export type ShownEntry = Omit<ReplayEntry, 'verdict' | 'divergence'> & {
  readonly verdict: ReplayVerdict | 'NONE';
  readonly divergence: Omit<Divergence, 'field' | 'shownFrom'> | null;
};

export interface PageRows {
  /** For the page, without spaces. */
  readonly json: string;
  /** By the id of a trace and the number of the attempt. */
  readonly attempts: ReadonlyMap<string, AttemptRows>;
}

export function attemptKey(id: string, attempt: number): string {
  return `${id} ${attempt}`;
}

export async function pageRows(report: ReplayReport): Promise<PageRows> {
  const texts = new Texts();
  const attempts = new Map<string, AttemptRows>();
  const sets: string[] = [];
  let room = MOST_ROWS;
  let roomBeyond = MOST_WRONG_BEYOND;
  for (const trace of report.traces) {
    for (const { number, summary, entries } of trace.attempts) {
      const rows: string[] = [];
      const first: { row: number; entry: ReplayEntry }[] = [];
      let wrong = 0;
      let left = 0;
      for await (const entry of entries.entries()) {
        const isWrong = entry.verdict === 'FAIL' || entry.verdict === 'INCONCLUSIVE';
        const isNoted = isWrong || entry.retries > 0;
        if (isNoted) wrong++;
        if (room <= 0 && !(isWrong && roomBeyond > 0)) {
          left++;
          continue;
        }
        if (room > 0) room--;
        else roomBeyond--;
        if (isNoted && first.length < MOST_FIRST) first.push({ row: rows.length, entry });
        rows.push(rowOf(entry, texts));
      }
      attempts.set(attemptKey(trace.id, number), { place: sets.length, first, wrong });
      const id = trace.attempts.length === 1 ? trace.id : `${trace.id}, attempt ${number}`;
      const head = JSON.stringify({ id, verdict: summary?.verdict ?? 'did not begin', left });
      sets.push(`${head.slice(0, -1)},"rows":[${rows.join(',\n')}]}`);
    }
  }
  return { json: `{"sets":[${sets.join(',\n')}],"strings":${JSON.stringify(texts.all)}}`, attempts };
}

/** An exchange as a row. */
export function rowOf(entry: ShownEntry, texts: Texts): string {
  const { divergence, time } = entry;
  return JSON.stringify([
    entry.index,
    texts.place(entry.name),
    texts.place(entry.command),
    texts.place(entry.recordedCommand),
    texts.place(entry.expected),
    texts.place(entry.got),
    texts.place(entry.rule),
    VERDICT_NUMBERS[entry.verdict],
    divergence === null
      ? 0
      : [
          texts.place(divergence.kind),
          texts.place(divergence.where),
          texts.place(divergence.expected),
          texts.place(divergence.got),
          divergence.offset,
        ],
    texts.place(entry.problem),
    time === null ? -1 : Math.round(time.startNs / 1000),
    time?.tookNs ?? -1,
    time?.recordedNs ?? -1,
    entry.retries,
  ]);
}

/** Each text once, by its number. */
export class Texts {
  readonly all: string[] = [];
  readonly #places = new Map<string, number>();

  place(text: string | null): number {
    if (text === null) return -1;
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.all.length);
    return this.all.push(text) - 1;
  }
}
