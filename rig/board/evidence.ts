import type { EvidenceDescription, EvidenceItem } from '../judge/evidence/bundle.ts';
import { jsonItem } from '../judge/evidence/plan.ts';
import type { EvidenceRun } from './evidence-run.ts';
import type { StationLimits } from './limits.ts';
import type { BoardRecord } from './record.ts';

/** What the bundle of a board test holds. @param page the page, where one was asked for */
export function boardEvidence(
  run: EvidenceRun,
  record: BoardRecord,
  limits: StationLimits | null,
  page: string | null,
): EvidenceDescription {
  const { board, station, program, commit, node, operator, startedAt, endedAt, backend } = record;
  const { keepSecrets: secretsKept } = run.record;
  const environment = { program, commit, node, ...station, operator, backend, startedAt, endedAt, secretsKept };
  const items: EvidenceItem[] = [
    jsonItem('verdicts.json', 'verdicts', record),
    jsonItem('environment.json', 'environment', environment),
    ...run.taps,
  ];
  if (limits !== null) items.push({ path: 'rules/limits.yaml', role: 'rules', content: Buffer.from(limits.text) });
  if (page !== null) items.push({ path: 'report.html', role: 'report', content: Buffer.from(page) });
  const subject = {
    board: board.name,
    identity: board.identity.key,
    ...(board.serialNumber === null ? {} : { 'serial number': board.serialNumber }),
    station: station.host,
    phases: record.complete ? 'all' : 'some were left out by choice',
  };
  const verdict = ({ pass: 'PASS', fail: 'FAIL', error: 'ERROR' } as const)[record.verdict];
  return { kind: 'board', backend, verdict, subject, items };
}
