import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CardSource } from '../../card/card-source.ts';
import { contentsOf, type ImageNames, imageNames } from '../../card/image-name.ts';
import { CannotRun } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import type { OpenedReader } from '../../endpoint/open-reader.ts';
import type { ReportEnvironment } from '../../report/environment.ts';
import { hostEnvironment } from '../../report/host-environment.ts';
import { openOutput } from '../../trace/output-file.ts';
import { type CardImage, type EvidenceChoice, type EvidencePlan, planEvidence } from '../evidence/plan.ts';
import { type EvidenceTrace, writeEvidence } from './evidence.ts';
import type { ReplaySummary } from './model.ts';
import type { ReplayReport } from './report/model.ts';

/** Files that a replay is to leave behind; null for none. */
export interface ReplayOutputChoice {
  readonly html: string | null;
  readonly junit: string | null;
  readonly evidence: EvidenceChoice | null;
}

/** Reports and evidence of one run: looked at before it, written after it. */
export class ReplayOutputs {
  readonly #choice: ReplayOutputChoice;
  readonly #evidence: EvidencePlan | null;
  readonly #source: CardSource | null;
  readonly #names: ImageNames | null;
  #image: CardImage | null = null;
  #card: string | null = null;

  /** @throws {CannotRun} what cannot be written, or a key that does not sign: a run may take hours */
  constructor(choice: ReplayOutputChoice, card: CardSource | null, env: CommandIo['env']) {
    this.#choice = choice;
    for (const file of [choice.html, choice.junit]) {
      if (file !== null) checkWritable(file);
    }
    this.#evidence = choice.evidence === null ? null : planEvidence(choice.evidence);
    this.#names = choice.evidence === null ? null : imageNames(choice.evidence.imageKey, env);
    this.#source = card;
    if (card?.kind === 'image' && existsSync(card.fileOrName)) {
      this.#card = `image ${card.fileOrName}`;
      if (this.#names !== null) this.#image = { of: this.#card, ...this.#names.of(contentsOf(card.fileOrName)) };
    }
  }

  static wanted({ html, junit, evidence }: ReplayOutputChoice): boolean {
    return html !== null || junit !== null || evidence !== null;
  }

  /** Whether what is sent and answered must be recorded. */
  get wantsEvidence(): boolean {
    return this.#evidence !== null;
  }

  /** For {@link ReplayHooks}. */
  readonly onOpen = ({ own }: OpenedReader): void => {
    if (own === null || this.#card !== null) return;
    this.#card = own.opened.description;
    if (this.#names === null) return;
    const { nvm } = own.opened;
    const bytes = new Uint8Array(nvm.size);
    nvm.read(0, bytes, 0, bytes.length);
    const name = this.#source?.kind === 'profile' ? this.#source.name : this.#source?.fileOrName;
    this.#image = { of: `profile ${name}`, ...this.#names.of(bytes) };
  };

  environment(summaries: readonly ReplaySummary[], startedAt: string, durationMs: number): ReportEnvironment {
    const all = (values: readonly (string | null)[]): string =>
      [...new Set(values.filter((value) => value !== null && value !== ''))].join('; ');
    const first = summaries[0];
    const asCard = first?.mode === 'as-card' ? `${first.trace.file} as a card` : null;
    return {
      ...hostEnvironment(),
      backend: summaries.some(({ backend }) => backend !== 'simulated') ? 'hardware' : 'simulated',
      reader: all(summaries.map(({ peer }) => peer)) || 'none was opened',
      protocol: all(summaries.map(({ protocol }) => protocol)),
      atr: all(summaries.map(({ atr }) => atr.got)) || null,
      card: this.#card ?? asCard ?? 'the card in the reader',
      startedAt,
      durationMs: Math.round(durationMs),
    };
  }

  /** @throws {HalError} `storage`; {CannotRun} */
  async write(report: ReplayReport, traces: readonly EvidenceTrace[], io: CommandIo): Promise<void> {
    const { html, junit } = this.#choice;
    const page = html === null ? null : await (await import('./report/html.ts')).asHtml(report);
    if (html !== null && page !== null) await writeText(html, page);
    if (junit !== null) await writeText(junit, await (await import('./report/junit.ts')).asJunit(report));
    if (this.#evidence === null) return;
    await writeEvidence(this.#evidence, report, traces, this.#image, page, io);
  }
}

/** @throws {CannotRun} a folder has the name, or there is none in which it could be written */
function checkWritable(file: string): void {
  const folder = dirname(resolve(file));
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) throw new CannotRun(`${file} is a folder`);
  if (!existsSync(folder)) throw new CannotRun(`cannot write ${file}: there is no folder ${folder}`);
  accessSync(folder, constants.W_OK);
}

async function writeText(path: string, text: string): Promise<void> {
  const output = openOutput(path);
  try {
    await output.write(text);
    await output.finish();
  } catch (error) {
    output.discard();
    throw error;
  }
}

/** @throws {CannotRun} `-`: standard input cannot be read a second time for the bundle */
export function refuseStandardInput(trace: string): void {
  if (trace === '-')
    throw new CannotRun('--evidence needs a trace in a file: standard input cannot go into the bundle');
}
