import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ImageNames, imageNames } from '../../card/image-name.ts';
import { readInputText } from '../../console/input-file.ts';
import type { CommandIo } from '../../console/io.ts';
import type { RecordChoice } from '../../trace/record-choice.ts';
import type { EvidenceItem } from '../evidence/bundle.ts';
import { type CardImage, type EvidencePlan, handOver, imageInWords, jsonItem, planEvidence } from '../evidence/plan.ts';
import { redactedDeclaration } from './declaration-redaction.ts';
import type { RenewableCard } from './open-card.ts';
import type { ConformOptions } from './options.ts';
import { asJson, type ConformanceRun, verdictOf } from './report.ts';

/** The bundle that a run of `vitap conform` is to leave behind. */
export class ConformEvidence {
  /** Where everything exchanged is recorded: for evidence also where nobody asked. */
  readonly record: RecordChoice & { readonly file: string };
  readonly #plan: EvidencePlan;
  readonly #names: ImageNames;
  readonly #declare: string | null;
  readonly #work: string;

  private constructor(plan: EvidencePlan, names: ImageNames, { record, declare }: ConformOptions) {
    this.#plan = plan;
    this.#names = names;
    this.#declare = declare;
    this.#work = mkdtempSync(join(tmpdir(), 'vitap-conform-'));
    const asked = record ?? { file: null, keepSecrets: false };
    this.record = { ...asked, file: asked.file ?? join(this.#work, 'conform.jsonl') };
  }

  /** @returns null where none is wanted @throws {CannotRun} before anything is sent */
  static open(options: ConformOptions, io: CommandIo): ConformEvidence | null {
    const choice = options.evidence ?? null;
    if (choice === null) return null;
    return new ConformEvidence(planEvidence(choice), imageNames(choice.imageKey, io.env), options);
  }

  /**
   * Writes the bundle, once the trace is whole.
   * @param own the card of ours that was judged; null: somebody else's
   * @param page the HTML report, where one was asked for
   * @throws {CannotRun}, {HalError} `storage`
   */
  write(run: ConformanceRun, own: RenewableCard | null, page: string | null, io: CommandIo): void {
    const { environment, suite } = run;
    const image: CardImage | null = own === null ? null : { of: own.of, ...this.#names.of(own.contents) };
    const secretsKept = this.record.keepSecrets;
    const items: EvidenceItem[] = [
      { path: 'traces/conform.jsonl', role: 'trace', content: { file: this.record.file } },
      ...this.#declaration(),
      jsonItem('verdicts.json', 'verdicts', asJson(run)),
      jsonItem('environment.json', 'environment', { ...environment, image, secretsKept }),
    ];
    if (page !== null) items.push({ path: 'report.html', role: 'report', content: Buffer.from(page) });
    const subject = {
      suite: suite.name,
      cases: `${run.results.length}`,
      declaration: run.declaration,
      card: environment.card,
      reader: environment.reader,
      ...(environment.atr === null ? {} : { atr: environment.atr }),
      ...(image === null ? {} : { image: imageInWords(image) }),
    };
    const verdict = ({ pass: 'PASS', fail: 'FAIL', inconclusive: 'INCONCLUSIVE' } as const)[verdictOf(run.results)];
    handOver(this.#plan, { kind: 'conform', backend: environment.backend, verdict, subject, items }, io);
  }

  /** Removes what was only on its way. */
  close(): void {
    rmSync(this.#work, { recursive: true, force: true });
  }

  #declaration(): EvidenceItem[] {
    if (this.#declare === null) return [];
    const written = readInputText(this.#declare, 'a declaration');
    const text = this.record.keepSecrets ? written : redactedDeclaration(written);
    return [{ path: 'rules/declaration.yaml', role: 'rules', content: Buffer.from(text) }];
  }
}
