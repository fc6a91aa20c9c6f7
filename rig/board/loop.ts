import { median } from '../figures/quantile.ts';
import { counted } from '../report/words.ts';
import { valueInWords } from './measurement.ts';
import type { BoardRecord } from './record.ts';

/** A measurement over all rounds of a loop. */
export interface LoopFigure {
  readonly phase: string;
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  /** In how many rounds it was taken. */
  readonly taken: number;
  /** In how many of these it was out of its limits. */
  readonly failed: number;
  /** Least value over the rounds in which it was a number; null where it never was. */
  readonly min: number | null;
  readonly median: number | null;
  readonly max: number | null;
}

/** What `board test --loop` comes to. */
export interface LoopSummary {
  /** `interrupted`: it ended before the rounds that it was to have. */
  readonly verdict: 'pass' | 'fail' | 'error' | 'interrupted';
  /** Rounds that it was to have; null: until Ctrl-C. */
  readonly planned: number | null;
  /** Rounds that ended by themselves. */
  readonly rounds: number;
  readonly passed: number;
  readonly failed: number;
  /** The rig could not judge. */
  readonly errors: number;
  /** A last round was cut short; it counts nowhere else. */
  readonly interrupted: boolean;
  readonly measurements: readonly LoopFigure[];
}

/** A round without a verdict of the board in each of these ends the loop: an unplugged board would fill the disk. */
export const MOST_ERRORS_IN_A_ROW = 3;

/**
 * @param records of the rounds that ended by themselves, in their order
 * @param planned null: until Ctrl-C
 * @param ended whether the loop was told to end, and whether in the middle of a round
 */
export function summarise(
  records: readonly BoardRecord[],
  planned: number | null,
  ended: { readonly bySignal: boolean; readonly inRound: boolean },
): LoopSummary {
  const count = (verdict: BoardRecord['verdict']): number => records.filter((each) => each.verdict === verdict).length;
  const [passed, failed, errors] = [count('pass'), count('fail'), count('error')];
  const judged = failed > 0 ? 'fail' : 'pass';
  const cutShort = ended.bySignal && (planned === null ? records.length === 0 : records.length < planned);
  return {
    verdict: cutShort ? 'interrupted' : errors > 0 || records.length === 0 ? 'error' : judged,
    planned,
    rounds: records.length,
    passed,
    failed,
    errors,
    interrupted: ended.inRound,
    measurements: figuresOf(records),
  };
}

function figuresOf(records: readonly BoardRecord[]): LoopFigure[] {
  const plans = (records[0]?.phases ?? []).flatMap((phase) =>
    phase.measurements.map(({ id, what, unit }) => ({ phase: phase.id, id, what, unit })),
  );
  return plans.flatMap((plan): LoopFigure[] => {
    const taken = records
      .flatMap(({ phases }) => phases.filter(({ id }) => id === plan.phase))
      .flatMap(({ measurements }) => measurements.filter(({ id, value }) => id === plan.id && value !== null));
    if (taken.length === 0) return [];
    const numbers = taken.flatMap(({ value, format }) => (typeof value === 'number' && format !== 'hex' ? value : []));
    return [
      {
        ...plan,
        taken: taken.length,
        failed: taken.filter(({ verdict }) => verdict === 'fail').length,
        ...(numbers.length === 0
          ? { min: null, median: null, max: null }
          : { min: Math.min(...numbers), median: median(numbers), max: Math.max(...numbers) }),
      },
    ];
  });
}

/** For a terminal: what varies or failed, one line each. */
export function summaryInWords(summary: LoopSummary): string {
  const { verdict, planned, rounds, passed, failed, errors, interrupted, measurements } = summary;
  const told = measurements.filter(({ min, max, failed }) => failed > 0 || min !== max);
  const width = Math.max(0, ...told.map(({ phase, what }) => phase.length + what.length + 2));
  const rows = told.map(({ phase, what, unit, min, median: middle, max, taken, failed: out }) => {
    const words = (value: number | null): string => valueInWords({ value, unit });
    const values = min === null ? 'no number' : `${words(min)}, ${words(middle)}, ${words(max)}`;
    return `  ${`${phase}: ${what}`.padEnd(width)}  ${values}${out === 0 ? '' : `  out of limits in ${out} of ${taken}`}\n`;
  });
  return [
    rows.length === 0 ? '' : '\nSmallest, median and largest of what was not the same in every round:\n',
    ...rows,
    `\n${counted(rounds, 'round')}: ${passed} passed, ${failed} failed, ${errors} not judged by an error of the rig`,
    interrupted ? '; the last one was interrupted and does not count\n' : '\n',
    verdict === 'interrupted' && planned !== null
      ? `interrupted after ${rounds} of ${counted(planned, 'round')}; this is no verdict\n`
      : '',
  ].join('');
}
