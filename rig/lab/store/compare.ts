import { independentEffect, LEAST_BLOCKS } from '../../measure/compare/effect.ts';
import type {
  CampaignComparison,
  ComparedCounts,
  ComparedEffect,
  ComparedItem,
  ComparedTime,
  Listed,
} from '../api/comparison.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

export interface CompareAsked {
  /** Numbers of campaigns; what is different in the second is told. */
  readonly first: number;
  readonly second: number;
  /** Items of each list; all are counted. */
  readonly most: number;
}

/**
 * Compares two campaigns by subject, suite, case and figure; runs without a verdict of a bench are left out. The database
 * counts, from the cases and figures that it keeps with every result, some cells at a time in the order of the matrix: no
 * statement takes long, and what was signed is not read.
 * @throws {LabRefusal} `campaign-unknown`; the reason of `signal`
 */
export async function compareCampaigns(
  store: LabStore,
  { first, second, most }: CompareAsked,
  signal: AbortSignal,
): Promise<CampaignComparison> {
  // An unknown campaign is said, and not taken for an empty one.
  for (const campaign of [first, second]) {
    const known = await store.sql.query('select id from lab_campaigns where id = $1', [campaign]);
    if (known.length === 0) throw new LabRefusal('campaign-unknown', campaign);
  }
  const told = new Told(most);
  for await (const cells of cellsOf(store, first, second)) {
    signal.throwIfAborted();
    const asked = [first, second, JSON.stringify(cells.map(({ subject, suite }) => [subject, suite]))] as const;
    const [tallies, figures] = await store.sql.transaction(async (within) => {
      // PostgreSQL takes these statements for large ones, and would compile each for a second before it runs it.
      await within.query("select set_config('jit', 'off', true)");
      return [await within.query<TallyRow>(TALLIES, asked), await within.query<FigureRow>(FIGURES, asked)];
    });
    for (const row of tallies) told.tally(row, cells[row.cell - 1]);
    for (const row of figures) told.figure(row, cells[row.cell - 1]);
  }
  return told.comparison();
}

type Cell = { readonly subject: string; readonly suite: string; readonly runs: number };

/** Cells on one page of them. */
const PAGE = 500;
/** Runs of both campaigns whose cases are counted by one statement: each may have thousands. */
const RUNS = 200;

/** The cells of two campaigns by subject and suite, in groups of not too many runs. */
async function* cellsOf({ sql }: LabStore, first: number, second: number): AsyncGenerator<readonly Cell[]> {
  let after = { subject: '', suite: '' };
  for (;;) {
    const page = await sql.query<Cell>(
      `select subject, suite, sum(runs)::int8 as runs from (
         (select subject, suite, queued + running + passed + failed + error + cancelled as runs from lab_cells
          where campaign_id = $1 and (subject, suite) > ($3, $4) order by subject, suite limit $5)
         union all
         (select subject, suite, queued + running + passed + failed + error + cancelled from lab_cells
          where campaign_id = $2 and (subject, suite) > ($3, $4) order by subject, suite limit $5)) both_campaigns
       group by subject, suite order by subject, suite limit $5`,
      [first, second, after.subject, after.suite, PAGE],
    );
    let group: Cell[] = [];
    let runs = 0;
    for (const cell of page) {
      if (group.length > 0 && runs + cell.runs > RUNS) {
        yield group;
        [group, runs] = [[], 0];
      }
      group.push(cell);
      runs += cell.runs;
    }
    if (group.length > 0) yield group;
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) return;
    after = last;
  }
}

/** Runs of the cells that a bench judged: `side` 1 or 2. Each cell and each run goes by its index, however many there are. */
const JUDGED = `judged as (
    select c.cell, r.side, r.id, r.number, s.verdict, s.figures
    from json_array_elements($3::json) with ordinality as c(names, cell)
      cross join lateral (
        select 1 as side, id, number from lab_runs
        where campaign_id = $1 and subject = c.names->>0 and suite = c.names->>1
        union all
        select 2, id, number from lab_runs
        where campaign_id = $2 and subject = c.names->>0 and suite = c.names->>1) r
      cross join lateral (select verdict, figures from lab_results where run_id = r.id and jws is not null offset 0) s)`;

type TallyRow = {
  readonly cell: number;
  /** A case; null: the runs. */
  readonly of: string | null;
  /** In the first campaign, and in the second. */
  readonly passes: number;
  readonly fails: number;
  readonly later_passes: number;
  readonly later_fails: number;
  /** Of the whole cell, in the row of its runs. */
  readonly cases: number;
};

/** One row for the runs of each cell, and one for each case of it that is told. */
const TALLIES = `
  with ${JUDGED},
  outcomes as (
    select cell, side, null as of, 0 as place, verdict = 'passed' as passed from judged
    union all
    select cell, side, c.id, c.place, c.verdict = 'pass'
    from judged cross join lateral (
      select id, place, verdict from lab_cases where run_id = judged.id and verdict <> 'not-applicable' offset 0) c),
  tallies as (
    select cell, of, min(place) as place,
      count(*) filter (where side = 1 and passed) as passes, count(*) filter (where side = 1 and not passed) as fails,
      count(*) filter (where side = 2 and passed) as later_passes,
      count(*) filter (where side = 2 and not passed) as later_fails
    from outcomes group by cell, of)
  select cell, of, passes, fails, later_passes, later_fails, cases from (
    select *, count(*) filter (where of is not null and passes + fails > 0 and later_passes + later_fails > 0)
      over (partition by cell) as cases
    from tallies) t
  where of is null or (passes = 0 and later_passes > 0) or (fails = 0 and later_fails > 0)
    or (later_passes > 0 and later_fails > 0) or later_passes + later_fails = 0
  order by cell, place, of`;

type FigureRow = {
  readonly cell: number;
  readonly name: string;
  /** Values as JSON; null: too few on one side. */
  readonly earlier: string | null;
  readonly later: string | null;
};

/** Times alone: of other figures nobody can say which side is better. Values are in the order of the runs. */
const FIGURES = `
  with ${JUDGED},
  times as (
    select cell, side, number, key as name, value::float8 as value
    from judged cross join lateral json_each_text(figures)
    where key ~ '\\.(ns|us|µs|ms|s)$' and value::float8 > 0),
  sides as (
    select cell, name, least(count(*) filter (where side = 1), count(*) filter (where side = 2)) as least,
      json_agg(value order by number) filter (where side = 1) as earlier,
      json_agg(value order by number) filter (where side = 2) as later
    from times group by cell, name)
  select cell, name,
    case when sides.least >= ${LEAST_BLOCKS} then earlier end as earlier,
    case when sides.least >= ${LEAST_BLOCKS} then later end as later
  from sides where sides.least > 0 order by cell, name`;

/** The first of a list, and how many there were. */
class Counted<Item> {
  readonly #most: number;
  readonly #first: Item[] = [];
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(item: Item): void {
    this.#count++;
    if (this.#first.length < this.#most) this.#first.push(item);
  }

  listed(): Listed<Item> {
    return { count: this.#count, first: this.#first };
  }
}

/** What came out so far. */
class Told {
  readonly #counts = { firstRuns: 0, secondRuns: 0, cells: 0, cases: 0, times: 0, timesWithFew: 0 } satisfies {
    -readonly [Name in keyof ComparedCounts]: number;
  };
  readonly #items: Readonly<
    Record<'newFailures' | 'mended' | 'flaky' | 'onlyFirst' | 'onlySecond', Counted<ComparedItem>>
  >;
  readonly #times: Readonly<Record<'slower' | 'faster', Counted<ComparedTime>>>;

  constructor(most: number) {
    const items = (): Counted<ComparedItem> => new Counted(most);
    this.#items = {
      ...{ newFailures: items(), mended: items(), flaky: items(), onlyFirst: items(), onlySecond: items() },
    };
    this.#times = { slower: new Counted(most), faster: new Counted(most) };
  }

  tally(row: TallyRow, cell: Cell | undefined): void {
    const { of, passes, fails, later_passes: laterPasses, later_fails: laterFails } = row;
    const [then, later] = [passes + fails, laterPasses + laterFails];
    const { subject, suite } = cell as Cell;
    const item = { subject, suite, of };
    const { newFailures, mended, flaky, onlyFirst, onlySecond } = this.#items;
    if (of === null) {
      this.#counts.firstRuns += then;
      this.#counts.secondRuns += later;
      this.#counts.cells += then > 0 && later > 0 ? 1 : 0;
      this.#counts.cases += row.cases;
    }
    if (then > 0 && later > 0) {
      if (fails === 0 && laterPasses === 0) newFailures.add(item);
      if (passes === 0 && laterFails === 0) mended.add(item);
    }
    if (laterPasses > 0 && laterFails > 0) flaky.add(item);
    if (later === 0) onlyFirst.add(item);
    if (then === 0) onlySecond.add(item);
  }

  figure({ name, earlier, later }: FigureRow, cell: Cell | undefined): void {
    if (earlier === null || later === null) {
      this.#counts.timesWithFew++;
      return;
    }
    this.#counts.times++;
    const effect = independentEffect(JSON.parse(earlier) as number[], JSON.parse(later) as number[]);
    const { verdict, compared, margin } = effect;
    if (verdict === 'no difference seen') return;
    const { value, low, high } = effect.ratio;
    const ratio = { value, low, high: Number.isFinite(high) ? high : null };
    const told: ComparedEffect = { ratio, method: 'independent', compared, margin, verdict };
    const { subject, suite } = cell as Cell;
    this.#times[verdict].add({ subject, suite, of: name, effect: told });
  }

  comparison(): CampaignComparison {
    const { newFailures, mended, flaky, onlyFirst, onlySecond } = this.#items;
    const { slower, faster } = this.#times;
    return {
      compared: this.#counts,
      ...{ newFailures: newFailures.listed(), mended: mended.listed(), flaky: flaky.listed() },
      ...{ slower: slower.listed(), faster: faster.listed() },
      ...{ onlyFirst: onlyFirst.listed(), onlySecond: onlySecond.listed() },
    };
  }
}
