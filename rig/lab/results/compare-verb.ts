import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { effectInWords } from '../../measure/compare/present.ts';
import { counted } from '../../report/words.ts';
import type { CampaignComparison, ComparedCounts, ComparedEffect, ComparedItem, Listed } from '../api/comparison.ts';
import { MOST_LISTED } from '../api/comparison.ts';
import type { LabAddress } from '../bench/verb.ts';
import { asking } from '../verbs/ask.ts';

/** `vitap lab compare`: what is different in the second campaign. @returns 1: something fails that passed before */
export async function compareLab(
  { lab, first, second }: { lab: LabAddress; first: number; second: number },
  io: CommandIo,
): Promise<ExitCode> {
  const comparison = await asking(lab, io, (link) => link.compare(first, second, MOST_LISTED));
  const { newFailures, mended, flaky, slower, faster, onlyFirst, onlySecond } = comparison;
  const exit = newFailures.count === 0 ? EXIT.pass : EXIT.fail;
  if (io.json) {
    writeJson(io, jsonOf(comparison, { verdict: exit === EXIT.pass ? 'pass' : 'fail', first, second }));
    return exit;
  }
  const list = <Item>(title: string, { count, first: all }: Listed<Item>, inWords: (item: Item) => string): void => {
    io.stdout(`${title}: ${count}\n`);
    for (const each of all) io.stdout(`  ${inWords(each)}\n`);
    if (count > all.length) io.stdout(`  and ${count - all.length} more\n`);
  };
  list('new failures', newFailures, itemInWords);
  list('mended', mended, itemInWords);
  list('flaky', flaky, itemInWords);
  for (const [title, all] of [
    ['slower', slower],
    ['faster', faster],
  ] as const) {
    list(title, all, (each) => `${itemInWords(each)}: ${timeInWords(each.effect)}`);
  }
  list(`only in campaign ${first}`, onlyFirst, itemInWords);
  list(`only in campaign ${second}`, onlySecond, itemInWords);
  io.stdout(`${countsInWords(comparison.compared)}\n`);
  return exit;
}

/** The document: lists as they are, and how many each has where it is longer than what is listed. */
function jsonOf({ compared, ...lists }: CampaignComparison, head: object): object {
  const all = Object.entries(lists) as [string, Listed<unknown>][];
  return {
    ...{ id: 'lab-compare', ...head, compared },
    ...Object.fromEntries(all.map(([name, { first }]) => [name, first])),
    counts: Object.fromEntries(all.map(([name, { count }]) => [name, count])),
  };
}

function itemInWords({ subject, suite, of }: ComparedItem): string {
  return `${shown(subject)} × ${shown(suite)}${of === null ? '' : `: ${shown(of)}`}`;
}

function timeInWords({ ratio, ...effect }: ComparedEffect): string {
  return effectInWords({ ...effect, ratio: { ...ratio, high: ratio.high ?? Number.POSITIVE_INFINITY } });
}

/** `compared: 12 runs with 10, in 4 cells; 1124 cases, 2 times`. */
function countsInWords({ firstRuns, secondRuns, cells, cases, times, timesWithFew }: ComparedCounts): string {
  const few = timesWithFew === 0 ? '' : `; ${counted(timesWithFew, 'time')} with too few values`;
  return `compared: ${counted(firstRuns, 'run')} with ${secondRuns}, in ${counted(cells, 'cell')} that both have: ${counted(cases, 'case')}, ${counted(times, 'time')}${few}`;
}
