import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandIo } from '../console/io.ts';
import type { EvidenceItem } from '../judge/evidence/bundle.ts';
import { type EvidenceChoice, type EvidencePlan, handOver, jsonItem, planEvidence } from '../judge/evidence/plan.ts';
import type { RecordChoice } from '../trace/record-choice.ts';
import type { StationLimits } from './limits.ts';
import type { BoardRecord } from './record.ts';

/** The bundle that a board test is to leave behind. */
export class BoardEvidence {
  /** Where the taps are recorded: for evidence also where nobody asked. */
  readonly record: RecordChoice & { readonly file: string };
  readonly #plan: EvidencePlan;
  readonly #work: string;

  private constructor(plan: EvidencePlan, record: RecordChoice) {
    this.#plan = plan;
    this.#work = mkdtempSync(join(tmpdir(), 'vitap-board-'));
    this.record = { ...record, file: record.file ?? join(this.#work, 'taps.jsonl') };
  }

  /** @returns null where none is wanted @throws {CannotRun} before the board is woken */
  static open(choice: EvidenceChoice | null, record: RecordChoice): BoardEvidence | null {
    return choice === null ? null : new BoardEvidence(planEvidence(choice), record);
  }

  /**
   * @param page the page, where one was asked for
   * @throws {CannotRun}, {HalError} `storage`
   */
  write(record: BoardRecord, limits: StationLimits | null, page: string | null, io: CommandIo): void {
    const { board, station, program, commit, node, operator, startedAt, endedAt, backend } = record;
    const { file, keepSecrets: secretsKept } = this.record;
    const environment = { program, commit, node, ...station, operator, backend, startedAt, endedAt, secretsKept };
    const items: EvidenceItem[] = [
      jsonItem('verdicts.json', 'verdicts', record),
      jsonItem('environment.json', 'environment', environment),
    ];
    if (existsSync(file)) items.push({ path: 'traces/taps.jsonl', role: 'trace', content: { file } });
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
    handOver(this.#plan, { kind: 'board', backend, verdict, subject, items }, io);
  }

  /** Removes what was only on its way. */
  close(): void {
    rmSync(this.#work, { recursive: true, force: true });
  }
}
