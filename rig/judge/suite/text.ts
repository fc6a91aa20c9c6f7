import { shown } from '../../console/shown.ts';
import { counted } from '../../report/words.ts';
import type { ReplayVerdict } from '../replay/model.ts';
import { counts, countTraces, type ReplayedTrace, type ReplayReport } from '../replay/report/model.ts';
import { ended } from './progress.ts';

/** What a terminal is told at the end of a suite: retries, quarantine and what was left out are never passed over. */
export function asText(report: ReplayReport): string {
  const { suite, environment, traces, verdict, leftOut } = report;
  const judged = traces.filter(counts);
  const apart = traces.filter((each) => !counts(each));
  const simulated = environment.backend === 'simulated' ? ', simulated' : '';
  const lines = [
    `${shown(suite?.title ?? suite?.name ?? '')}: ${shown(environment.card)}; ${shown(environment.reader)}${simulated}`,
    '',
    ...judged.flatMap(linesOf),
  ];
  if (apart.length > 0) lines.push('', 'In quarantine, not counted:', ...apart.flatMap(linesOf));
  lines.push(
    '',
    `${verdict}: ${inWords(countTraces(judged))}${apart.length > 0 ? `; ${apart.length} in quarantine` : ''}`,
  );
  const retried = judged.filter(({ attempts }) => attempts.length > 1).length;
  if (retried > 0) lines.push(`${retried} of them needed more than one attempt`);
  if (leftOut > 0) lines.push(`${counted(leftOut, 'trace')} of the suite left out by --only`);
  if (judged.length === 0) lines.push('nothing was judged: every trace is in quarantine');
  return `${lines.join('\n')}\n`;
}

function linesOf(trace: ReplayedTrace): string[] {
  const { attempts, quarantine, verdict } = trace;
  const lines = [ended(trace)];
  const first = attempts[0];
  if (attempts.length > 1 && first !== undefined) {
    lines.push(
      ...attempts.map(({ number, summary }) => `    attempt ${number}: ${summary?.verdict ?? 'did not begin'}`),
    );
  }
  if (quarantine === null) return lines;
  if (quarantine.expired)
    lines.push(`    its quarantine ended with ${quarantine.until}: it counts (${shown(quarantine.reason)})`);
  else lines.push(`    until ${quarantine.until}: ${shown(quarantine.reason)}`);
  if (verdict === 'PASS' && !quarantine.expired)
    lines.push('    it passed, which was not expected: end its quarantine?');
  return lines;
}

function inWords(found: Readonly<Record<ReplayVerdict, number>>): string {
  const { PASS, FAIL, INCONCLUSIVE, SKIPPED } = found;
  return [
    `${PASS} of ${counted(PASS + FAIL + INCONCLUSIVE + SKIPPED, 'trace')} as expected`,
    ...(FAIL > 0 ? [`${FAIL} not`] : []),
    ...(INCONCLUSIVE > 0 ? [`${INCONCLUSIVE} could not be judged`] : []),
    ...(SKIPPED > 0 ? [`${SKIPPED} not run`] : []),
  ].join(', ');
}
