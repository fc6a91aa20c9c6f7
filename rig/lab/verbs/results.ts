import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { counted } from '../../report/words.ts';
import type { PersonLink } from '../api/person-link.ts';
import type { RunState, RunSummary } from '../api/run.ts';
import type { Check } from '../api/upkeep.ts';
import type { LabAddress } from '../bench/verb.ts';
import { asking } from './ask.ts';
import { allPassed, campaignTitle, countsInWords } from './campaign-words.ts';

export interface LabResultsOptions {
  readonly lab: LabAddress;
  /** Null: the list of campaigns. */
  readonly campaign: number | null;
  /** Null: runs of every state. */
  readonly state: RunState | null;
}

/**
 * `vitap lab results`: the newest campaigns, or the runs of one.
 * @returns with a campaign 1 when a run of it did not pass or has not ended, otherwise 0
 */
export async function labResults({ lab, campaign, state }: LabResultsOptions, io: CommandIo): Promise<ExitCode> {
  return asking(lab, io, async (link) => {
    if (campaign === null) {
      const { campaigns } = await link.campaigns();
      if (io.json) writeJson(io, { id: 'lab-campaigns', campaigns });
      else if (campaigns.length === 0) io.stderr('no campaign was submitted yet\n');
      else for (const each of campaigns) io.stdout(`${campaignTitle(each)}: ${countsInWords(each)}\n`);
      return EXIT.pass;
    }
    const { campaign: summary } = await link.matrix(campaign);
    const passed = allPassed(summary.counts);
    if (io.json) {
      const runs: RunSummary[] = [];
      for await (const run of runsOf(link, campaign, state)) runs.push(run);
      writeJson(io, { id: 'lab-results', verdict: passed ? 'pass' : 'fail', campaign: summary, runs });
    } else {
      io.stdout(`${campaignTitle(summary)}: ${countsInWords(summary)}\n`);
      for await (const run of runsOf(link, campaign, state)) io.stdout(`${runLine(run)}\n`);
    }
    return passed ? EXIT.pass : EXIT.fail;
  });
}

/** Runs of a campaign, asked for a page at a time. */
export async function* runsOf(link: PersonLink, campaign: number, state: RunState | null): AsyncGenerator<RunSummary> {
  for (let after: number | null = 0; after !== null; ) {
    const page: { runs: readonly RunSummary[]; after: number | null } = await link.runs({
      ...{ campaign, after },
      ...(state !== null && { state }),
    });
    yield* page.runs;
    after = page.after;
  }
}

/** In a line: number, state, what was judged, where, and why it did not pass. */
export function runLine({
  number,
  state,
  subject,
  suite,
  repetition,
  attempts,
  bench,
  device,
  backend,
  reason,
}: RunSummary): string {
  const where = bench === null ? '' : `  ${bench} ${shown(device ?? '')}${backend === null ? '' : ` (${backend})`}`;
  const again = attempts > 1 ? `, attempt ${attempts}` : '';
  const why = reason === '' ? '' : `: ${shown(reason)}`;
  return `${String(number).padStart(6)}  ${state.padEnd(9)}  ${shown(subject)} × ${shown(suite)} #${repetition}${again}${where}${why}`;
}

/**
 * `vitap lab results --check`: asks the store whether every run is in one place and has at most one verdict.
 * @returns 1: something is lost, doubled or stranded
 */
export async function checkLab(lab: LabAddress, io: CommandIo): Promise<ExitCode> {
  const check = await asking(lab, io, (link) => link.check());
  if (io.json) {
    writeJson(io, { id: 'lab-check', verdict: isClean(check) ? 'pass' : 'fail', ...check });
    return isClean(check) ? EXIT.pass : EXIT.fail;
  }
  io.stdout(
    `${counted(check.runs, 'run')}, ${counted(check.results, 'result')}: ` +
      `${check.lost.length} lost, ${check.doubled.length} doubled, ${check.stranded.length} stranded, ${check.miscounted.length} miscounted\n`,
  );
  for (const kind of ['lost', 'doubled', 'stranded'] as const) {
    for (const run of check[kind]) io.stdout(`${kind}: run ${run}\n`);
  }
  for (const campaign of check.miscounted) io.stdout(`miscounted: campaign ${campaign}\n`);
  return isClean(check) ? EXIT.pass : EXIT.fail;
}

function isClean({ lost, doubled, stranded, miscounted }: Check): boolean {
  return lost.length + doubled.length + stranded.length + miscounted.length === 0;
}
