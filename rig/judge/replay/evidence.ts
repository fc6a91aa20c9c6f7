import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { readInputFile } from '../../console/input-file.ts';
import type { CommandIo } from '../../console/io.ts';
import { vitapExporter } from '../../trace/formats/vitap.ts';
import type { TraceEvent, TraceHeader } from '../../trace/model.ts';
import { openTrace } from '../../trace/open-trace.ts';
import { openOutput } from '../../trace/output-file.ts';
import { redactedSource } from '../../trace/session-redactor.ts';
import { LossCount } from '../../trace/stream.ts';
import type { EvidenceItem } from '../evidence/bundle.ts';
import { type CardImage, type EvidencePlan, handOver, imageInWords, jsonItem, plainName } from '../evidence/plan.ts';
import { documentPieces } from './report/document.ts';
import type { ReplayReport } from './report/model.ts';
import { redactedRules } from './rules-redaction.ts';

/** A trace for the bundle. */
export interface EvidenceTrace {
  /** Name of its file in `traces/`, without extension. */
  readonly name: string;
  readonly file: string;
  /** Name of an importer; null: guess. */
  readonly from: string | null;
  /** Recorded by this very run, and redacted then. */
  readonly recorded: boolean;
}

/** What of a report's traces goes into a bundle: those that were replayed, and what each attempt recorded. */
export function evidenceTraces(
  report: ReplayReport,
  recordOf: (id: string, attempt: number) => string,
  from: (id: string) => string | null = () => null,
): EvidenceTrace[] {
  return report.traces.flatMap(({ id, trace, rules, attempts }) => [
    // A card of rules alone was no trace.
    ...(trace === rules ? [] : [{ name: id, file: trace, from: from(id), recorded: false }]),
    ...attempts.map(({ number }) => ({
      name: attempts.length === 1 ? `${id}.replayed` : `${id}.replayed-${number}`,
      file: recordOf(id, number),
      from: null,
      recorded: true,
    })),
  ]);
}

/** Writes the bundle of a run. @throws {CannotRun}, {HalError} `storage` */
export async function writeEvidence(
  plan: EvidencePlan,
  report: ReplayReport,
  traces: readonly EvidenceTrace[],
  image: CardImage | null,
  page: string | null,
  io: CommandIo,
): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'vitap-evidence-'));
  try {
    const originals: unknown[] = [];
    const items: EvidenceItem[] = [];
    for (const trace of traces) {
      if (trace.recorded) {
        // An attempt that could not begin has recorded nothing.
        if (existsSync(trace.file)) items.push(traceItem(`${trace.name}.jsonl`, trace.file));
        continue;
      }
      const { path, problem, asItWas } = await traceForBundle(trace, report.secretsKept, work);
      const name = path === null ? null : `traces/${basename(path)}`;
      // Beside the masked trace the hash of the open one would tell a short code to whoever tries them all.
      const sha256 = asItWas ? await hashOfFile(trace.file) : null;
      originals.push({ file: trace.file, sha256, as: name, problem });
      if (path !== null) items.push(traceItem(basename(path), path));
    }
    items.push(...rulesOf(report));
    const verdicts = join(work, 'verdicts.json');
    await writePieces(verdicts, documentPieces(report));
    items.push({ path: 'verdicts.json', role: 'verdicts', content: { file: verdicts } });
    const environment = { ...report.environment, image, traces: originals, secretsKept: report.secretsKept };
    items.push(jsonItem('environment.json', 'environment', environment));
    if (page !== null) items.push({ path: 'report.html', role: 'report', content: Buffer.from(page) });
    handOver(plan, { ...describe(report, image), items }, io);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function describe({ environment, verdict, suite, traces }: ReplayReport, image: CardImage | null) {
  const subject: Record<string, string> = {
    ...(suite === null ? { trace: traces[0]?.trace ?? '' } : { suite: suite.name }),
    card: environment.card,
    reader: environment.reader,
    ...(environment.atr === null ? {} : { atr: environment.atr }),
    ...(image === null ? {} : { image: imageInWords(image) }),
  };
  const kind = suite === null ? ('replay' as const) : ('suite' as const);
  return { kind, backend: environment.backend, verdict, subject };
}

const traceItem = (name: string, file: string): EvidenceItem => ({
  path: `traces/${name}`,
  role: 'trace',
  content: { file },
});

/** Rules and the suite's own file, without the secrets in them, under names that no two of them share. */
function rulesOf({ suite, traces, secretsKept }: ReplayReport): EvidenceItem[] {
  const files = new Set([...(suite === null ? [] : [suite.file]), ...traces.flatMap(({ rules }) => rules ?? [])]);
  const taken = new Set<string>();
  return [...files].map((file) => {
    const plain = plainName(basename(file));
    let name = plain;
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${n}-${plain}`;
    taken.add(name.toLowerCase());
    const written = readInputFile(file, 'a rules file');
    const content = secretsKept ? written : Buffer.from(redactedRules(written.toString('utf8')));
    return { path: `rules/${name}`, role: 'rules', content };
  });
}

/** A trace on its way into a bundle. */
interface HandedOver {
  readonly path: string | null;
  readonly problem: string | null;
  /** The bundle hides nothing that the original shows. */
  readonly asItWas: boolean;
}

/**
 * The trace as it may be handed over: as it is where secrets are kept, otherwise redacted in our own format. A damaged
 * trace goes as far as it can be read.
 */
async function traceForBundle(
  { name, file, from }: EvidenceTrace,
  keepSecrets: boolean,
  work: string,
): Promise<HandedOver> {
  if (keepSecrets) {
    const path = join(work, `${name}${plainName(extname(file)).replace(/^_/, '')}`);
    await writePieces(path, createReadStream(file));
    return { path, problem: null, asItWas: true };
  }
  const path = join(work, `${name}.jsonl`);
  const output = openOutput(path);
  let problem: string | null = null;
  let hides = true;
  try {
    const opened = await openTrace(file, from);
    try {
      const masked = { before: 0, after: 0 };
      const { header, events } = opened.source;
      let leftOut = false;
      const open = { header, events: () => counting('before', events()) };
      const source = redactedSource(open, undefined, () => {
        leftOut = true;
      });
      await vitapExporter.write(
        { header: source.header, events: () => untilFault(counting('after', source.events())) },
        output,
        new LossCount(),
      );
      hides = leftOut || masked.after !== masked.before || textOf(source.header) !== textOf(header);

      async function* counting(
        side: 'before' | 'after',
        all: AsyncIterable<TraceEvent>,
      ): AsyncGenerator<TraceEvent, void, undefined> {
        for await (const event of all) {
          masked[side] += maskedLength(event);
          yield event;
        }
      }
    } finally {
      await opened.close();
    }
    await output.finish();
    return { path, problem, asItWas: !hides && problem === null };
  } catch (error) {
    output.discard();
    if (!isTraceError(error)) throw error;
    return { path: null, problem: error.message, asItWas: false };
  }

  async function* untilFault<T>(events: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    try {
      yield* events;
    } catch (error) {
      if (!isTraceError(error)) throw error;
      problem = error.message;
    }
  }
}

function maskedLength(event: TraceEvent): number {
  const masks = 'masks' in event ? (event.masks ?? []) : [];
  return masks.reduce((sum, { length }) => sum + length, 0);
}

/** What of a header may hold a secret. */
function textOf({ source, reader, card, atr, ats }: TraceHeader): string {
  return JSON.stringify([source, reader, card, atr, ats]);
}

function isTraceError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'TraceError';
}

async function writePieces(path: string, pieces: AsyncIterable<string | Uint8Array>): Promise<void> {
  const output = openOutput(path);
  try {
    for await (const piece of pieces) await output.write(piece);
    await output.finish();
  } catch (error) {
    output.discard();
    throw error;
  }
}

async function hashOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
