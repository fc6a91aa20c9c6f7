import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandIo } from '../console/io.ts';
import type { EvidenceDescription, EvidenceItem } from '../judge/evidence/bundle.ts';
import { type EvidenceChoice, type EvidencePlan, handOver, planEvidence } from '../judge/evidence/plan.ts';
import type { RecordChoice } from '../trace/record-choice.ts';

/** A run with boards that is to leave a bundle behind. */
export class EvidenceRun {
  /** Where taps are recorded: for evidence also where nobody asked. */
  readonly record: RecordChoice & { readonly file: string };
  readonly #plan: EvidencePlan;
  readonly #work: string;

  private constructor(plan: EvidencePlan, record: RecordChoice) {
    this.#plan = plan;
    this.#work = mkdtempSync(join(tmpdir(), 'vitap-board-'));
    this.record = { ...record, file: record.file ?? join(this.#work, 'taps.jsonl') };
  }

  /** @returns null where no bundle is wanted @throws {CannotRun} before a board is woken */
  static open(choice: EvidenceChoice | null, record: RecordChoice): EvidenceRun | null {
    return choice === null ? null : new EvidenceRun(planEvidence(choice), record);
  }

  /** What was recorded; nothing where no tap was made. */
  get taps(): readonly EvidenceItem[] {
    const { file } = this.record;
    return existsSync(file) ? [{ path: 'traces/taps.jsonl', role: 'trace', content: { file } }] : [];
  }

  /**
   * Writes the bundle, unless the run was interrupted.
   * @throws {CannotRun}, {HalError} `storage`
   */
  write(description: () => EvidenceDescription, io: CommandIo): void {
    if (io.signal.aborted) io.stderr('vitap: no evidence was written: what was interrupted has no verdict\n');
    else handOver(this.#plan, description(), io);
  }

  /** Removes what was only on its way. */
  close(): void {
    rmSync(this.#work, { recursive: true, force: true });
  }
}
