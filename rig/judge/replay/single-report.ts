import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { CardSource } from '../../card/card-source.ts';
import type { CommandIo } from '../../console/io.ts';
import type { RecordChoice } from '../../trace/record-choice.ts';
import { plainName } from '../evidence/plan.ts';
import { EntryFile } from './entry-file.ts';
import { evidenceTraces } from './evidence.ts';
import type { ReplayEntry, ReplaySummary } from './model.ts';
import { type ReplayOutputChoice, ReplayOutputs, refuseStandardInput } from './outputs.ts';
import type { ReplayReport } from './report/model.ts';

interface Replayed {
  readonly trace: string;
  readonly from: string | null;
  readonly record: RecordChoice;
  readonly keepSecrets: boolean;
}

/** Reports and evidence of one trace that is replayed once. */
export class SingleReport {
  /** What the replay is to record: for evidence also where nobody asked. */
  readonly record: RecordChoice;
  readonly #outputs: ReplayOutputs;
  readonly #replayed: Replayed;
  readonly #folder: string;
  readonly #entries: EntryFile;
  #where: string | null = null;

  private constructor(outputs: ReplayOutputs, replayed: Replayed, folder: string) {
    this.#outputs = outputs;
    this.#replayed = replayed;
    this.#folder = folder;
    this.#entries = new EntryFile(join(folder, 'entries'));
    this.record =
      outputs.wantsEvidence && replayed.record.file === null
        ? { file: join(folder, 'replayed.jsonl'), keepSecrets: replayed.keepSecrets }
        : replayed.record;
  }

  /** @returns null where nothing is to be left behind @throws {CannotRun} before anything is sent */
  static open(
    choice: ReplayOutputChoice | undefined,
    replayed: Replayed,
    card: CardSource | null,
    env: CommandIo['env'],
  ): SingleReport | null {
    if (choice === undefined || !ReplayOutputs.wanted(choice)) return null;
    if (choice.evidence !== null) refuseStandardInput(replayed.trace);
    const outputs = new ReplayOutputs(choice, card, env);
    return new SingleReport(outputs, replayed, mkdtempSync(join(tmpdir(), 'vitap-replay-')));
  }

  get onOpen(): ReplayOutputs['onOpen'] {
    return this.#outputs.onOpen;
  }

  entry(entry: ReplayEntry): void {
    this.#entries.add(entry);
    if (entry.verdict === 'FAIL') this.#where ??= entry.divergence?.where ?? null;
  }

  async write(summary: ReplaySummary, io: CommandIo): Promise<void> {
    const { trace, from, keepSecrets } = this.#replayed;
    const id = plainName(basename(trace).replace(/\.[^.]+$/, '')) || 'trace';
    const report: ReplayReport = {
      suite: null,
      verdict: summary.verdict,
      environment: this.#outputs.environment([summary], summary.startedAt, summary.durationNs / 1e6),
      secretsKept: keepSecrets,
      jobs: 1,
      traces: [
        {
          id,
          title: null,
          trace,
          rules: summary.rules,
          expect: { kind: 'pass' },
          verdict: summary.verdict,
          reason: summary.problem,
          quarantine: null,
          attempts: [{ number: 1, summary, problem: null, where: this.#where, entries: this.#entries }],
        },
      ],
      leftOut: 0,
      warnings: [],
    };
    const record = this.record.file ?? '';
    await this.#outputs.write(
      report,
      evidenceTraces(
        report,
        () => record,
        () => from,
      ),
      io,
    );
  }

  /** Lets go of what was kept for the reports. */
  close(): void {
    this.#entries.discard();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
