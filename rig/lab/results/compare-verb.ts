import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { effectInWords } from '../../measure/compare/present.ts';
import type { LabAddress } from '../bench/verb.ts';
import { asking } from '../verbs/ask.ts';
import { allResults } from './all-results.ts';
import { type Compared, compareCampaigns } from './compare.ts';

/** `vitap lab compare`: what is different in the second campaign. @returns 1: something fails that passed before */
export async function compareLab(
  { lab, first, second }: { lab: LabAddress; first: number; second: number },
  io: CommandIo,
): Promise<ExitCode> {
  const comparison = await asking(lab, io, async (link) => {
    // An unknown campaign is said, and not taken for an empty one.
    for (const campaign of [first, second]) await link.matrix(campaign);
    return compareCampaigns(allResults(link, first), allResults(link, second));
  });
  const exit = comparison.newFailures.length === 0 ? EXIT.pass : EXIT.fail;
  if (io.json) {
    const verdict = exit === EXIT.pass ? 'pass' : 'fail';
    writeJson(io, { id: 'lab-compare', verdict, first, second, ...comparison });
    return exit;
  }
  const list = (title: string, all: readonly Compared[]): void => {
    io.stdout(`${title}: ${all.length}\n`);
    for (const each of all) io.stdout(`  ${inWords(each)}\n`);
  };
  list('new failures', comparison.newFailures);
  list('mended', comparison.mended);
  list('flaky', comparison.flaky);
  for (const [title, all] of [
    ['slower', comparison.slower],
    ['faster', comparison.faster],
  ] as const) {
    io.stdout(`${title}: ${all.length}\n`);
    for (const each of all) io.stdout(`  ${inWords(each)}: ${effectInWords(each.effect)}\n`);
  }
  list(`only in campaign ${first}`, comparison.onlyFirst);
  list(`only in campaign ${second}`, comparison.onlySecond);
  return exit;
}

function inWords({ subject, suite, of }: Compared): string {
  return `${shown(subject)} × ${shown(suite)}${of === null ? '' : `: ${shown(of)}`}`;
}
