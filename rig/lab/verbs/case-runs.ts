import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { counted } from '../../report/words.ts';
import type { CaseAsked, CasePage, CaseRun } from '../api/case.ts';
import type { PersonLink } from '../api/person-link.ts';
import type { LabAddress } from '../bench/verb.ts';
import { asking } from './ask.ts';

export interface LabCaseOptions extends Pick<CaseAsked, 'id' | 'campaign'> {
  readonly lab: LabAddress;
}

/**
 * `vitap lab results CAMPAIGN --case ID`, `--all --case ID`: the runs in which a case failed or was inconclusive.
 * @returns 1: there are some
 * @throws {CannotRun} no run of the campaign has judged it
 */
export function labCaseRuns({ lab, id, campaign }: LabCaseOptions, io: CommandIo): Promise<ExitCode> {
  return asking(lab, io, async (link) => {
    const listed: CaseRun[] = [];
    let runs = 0;
    for await (const each of caseRuns(link, { id, campaign })) {
      runs++;
      if (io.json) listed.push(each);
      else io.stdout(`${caseLine(each)}\n`);
    }
    if (io.json)
      writeJson(io, { id: 'lab-case', verdict: runs === 0 ? 'pass' : 'fail', case: id, campaign, runs: listed });
    else io.stderr(`${summary(runs, id, campaign)}\n`);
    return runs === 0 ? EXIT.pass : EXIT.fail;
  });
}

/** Asked for a page at a time. */
async function* caseRuns(link: PersonLink, asked: Pick<CaseAsked, 'id' | 'campaign'>): AsyncGenerator<CaseRun> {
  let after: string | null = null;
  do {
    const page: CasePage = await link.runsOfCase({ ...asked, after });
    if (!page.judged) throw new CannotRun(`no run of campaign ${asked.campaign} has judged a case ${shown(asked.id)}`);
    yield* page.runs;
    after = page.after;
  } while (after !== null);
}

function summary(runs: number, id: string, campaign: number | null): string {
  const where = campaign === null ? 'of all campaigns' : `of campaign ${campaign}`;
  const times = runs === 0 ? 'no run' : counted(runs, 'run');
  return `${shown(id)} failed or was inconclusive in ${times} ${where}`;
}

/** In a line: campaign and run, verdict, what was judged, where, on which card, and why. */
function caseLine({ run, verdict, reason, card, board }: CaseRun): string {
  const { campaign, number, subject, suite, repetition, bench, device, backend } = run;
  const where = `${bench ?? ''} ${shown(device ?? '')}${backend === null ? '' : ` (${backend})`}`;
  const what = [card === null ? [] : [`card ${shown(card)}`], board === null ? [] : [`board ${shown(board)}`]].flat();
  const why = reason === '' ? '' : `: ${shown(reason)}`;
  const place = `${campaign}/${number}`.padStart(8);
  return `${place}  ${verdict.padEnd(12)}  ${shown(subject)} × ${shown(suite)} #${repetition}  ${[where, ...what].join(', ')}${why}`;
}
