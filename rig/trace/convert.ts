import { HalError } from '../../src/hal/errors.ts';
import { CannotRun, UsageError } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { counted } from '../report/words.ts';

import { EXPORTERS, IMPORTERS } from './formats/index.ts';
import { openedInWords, openedWith, plainOnly } from './inside-channel.ts';
import { TraceError } from './lines.ts';
import type { TraceEvent } from './model.ts';
import { type OpenTrace, openTrace } from './open-trace.ts';
import { openOutput } from './output-file.ts';
import { readRedactionKey } from './pseudonyms.ts';
import { redactedSource } from './session-redactor.ts';
import { type Exporter, LossCount, type TraceSource } from './stream.ts';

export interface ConvertOptions {
  /** Files; `-` is standard input or output. */
  readonly input: string;
  readonly output: string;
  /** Names of formats; null: the first by content, the second by the name of the output. */
  readonly from: string | null;
  readonly to: string | null;
  /** Which card, when the file holds several; from 1. */
  readonly card: number;
  readonly keepSecrets: boolean;
  /** File with the key of the masks' hashes; null: a random one that is not kept. */
  readonly redactionKey: string | null;
  /** File of the session keys: what is protected is shown in clear (and masked as all else). Absent or null: it stays as it is. */
  readonly keys?: string | null;
  /** Gives the output its name even when the input could be read to a fault only. */
  readonly keepPartial: boolean;
}

/**
 * `vitap convert`: reads a trace of any format and writes it as another, one event in memory at a time.
 * @returns 0 when it was read to its end, 1 when a fault in it ended the reading and what came before was written
 * @throws {CannotRun} {HalError} {TraceError} when nothing could be written
 */
export async function convert(options: ConvertOptions, io: CommandIo): Promise<ExitCode> {
  const exporter = exporterFor(options);
  if (options.from !== null && !IMPORTERS.some(({ name }) => name === options.from)) {
    throw new UsageError(`--from ${options.from}: that format is not read (see: vitap convert --list)`);
  }
  if (options.output === '-' && io.stdoutIsTty && BINARY.has(exporter.name)) {
    throw new CannotRun(`${exporter.name} is no text for a terminal; name a file`);
  }
  const trace = await openTrace(options.input, options.from, options.card);
  try {
    return await write(trace, exporter, options, io);
  } finally {
    await trace.close();
  }
}

const OWN_NAMES: ReadonlySet<string> = new Set(['vitap', 'pcapng']);
const BINARY: ReadonlySet<string> = new Set(['pcap', 'pcapng', 'gsmtap', 'proxmark']);

async function write(trace: OpenTrace, exporter: Exporter, options: ConvertOptions, io: CommandIo): Promise<ExitCode> {
  const { importer, guessed } = trace;
  const say = (line: string): void => {
    if (!io.json) io.stderr(`${shown(line)}\n`);
  };
  say(`${nameOf(options.input)}: ${importer.name} (${importer.title})${guessed ? ', told by its content' : ''}`);
  const losses = new LossCount();
  const opened = { protected: 0, opened: 0 };
  const source = await openedWith(trace.source, options.keys ?? null, opened);
  const session = new Session(source, options, losses, io, options.keys != null && exporter.name !== 'vitap');
  const output = openOutput(options.output);
  try {
    await exporter.write(session.source, output, losses);
    session.endProgress();
    if (io.signal.aborted) throw new HalError('aborted', 'the conversion was ended');
    if (session.fault !== null && session.counts.events === 0) throw session.fault;
  } catch (error) {
    output.discard();
    throw error;
  }
  const isPartial = session.fault !== null && !options.keepPartial && options.output !== '-';
  const written = isPartial ? `${options.output}.partial` : options.output;
  await output.finish(written);
  report(trace, exporter, session, losses, written, options, io);
  if (options.keys != null) say(openedInWords(opened, options.keys));
  return session.fault === null ? EXIT.pass : EXIT.fail;
}

const UNKNOWN_FIELDS = 'fields that vitap does not know, which may hold secrets';

/** The source on its way to the exporter: redacted, counted, ended by a fault or by Ctrl-C. */
class Session {
  readonly source: TraceSource;
  readonly counts = { events: 0, commands: 0, responses: 0, masked: 0 };
  fault: TraceError | null = null;
  readonly #io: CommandIo;

  /** @param inPlace what was protected takes the place of what protected it: only our own format has room for both */
  constructor(
    source: TraceSource,
    { keepSecrets, redactionKey }: ConvertOptions,
    losses: LossCount,
    io: CommandIo,
    inPlace: boolean,
  ) {
    this.#io = io;
    const key = redactionKey === null ? undefined : readRedactionKey(redactionKey);
    const safe = keepSecrets ? source : redactedSource(source, key, (count) => losses.add(UNKNOWN_FIELDS, count));
    const events = (): AsyncIterable<TraceEvent> => (inPlace ? plainOnly(safe.events()) : safe.events());
    this.source = { header: safe.header, events: () => this.#events(events()) };
  }

  endProgress(): void {
    if (this.#io.stdoutIsTty && this.counts.events >= EVENTS_TO_PROGRESS) this.#io.stderr('\n');
  }

  async *#events(events: AsyncIterable<TraceEvent>): AsyncGenerator<TraceEvent, void, undefined> {
    const { counts } = this;
    const { signal } = this.#io;
    try {
      for await (const event of events) {
        if (signal.aborted) return;
        if (++counts.events % EVENTS_TO_PROGRESS === 0) this.#progress();
        if (event.type === 'command') counts.commands++;
        else if (event.type === 'response') counts.responses++;
        if ('masks' in event || ('plain' in event && event.plain?.masks !== undefined)) counts.masked++;
        yield event;
      }
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      this.fault = error;
    }
  }

  #progress(): void {
    const line = counted(this.counts.events, 'event');
    this.#io.stderr(this.#io.stdoutIsTty ? `\r${line}` : `${line}\n`);
  }
}

const EVENTS_TO_PROGRESS = 500_000;

function report(
  trace: OpenTrace,
  exporter: Exporter,
  session: Session,
  losses: LossCount,
  written: string,
  options: ConvertOptions,
  io: CommandIo,
): void {
  const { counts, fault } = session;
  if (io.json) {
    writeJson(io, {
      id: 'convert',
      input: {
        file: options.input,
        format: trace.importer.name,
        guessed: trace.guessed,
        notRead: trace.losses.entries,
      },
      output: { file: written, format: exporter.name, notWritten: losses.entries },
      counts,
      peakMemoryBytes: 1024 * process.resourceUsage().maxRSS,
      secretsKept: options.keepSecrets,
      fault: fault === null ? null : fault.message,
    });
    return;
  }
  const say = (line: string): void => io.stderr(`${shown(line)}\n`);
  const contents = `${counted(counts.commands, 'command')} and ${counted(counts.responses, 'answer')}`;
  say(`${nameOf(written, 'output')}: ${exporter.name}, ${contents} in ${counted(counts.events, 'event')}`);
  for (const { what, count } of trace.losses.entries) say(`not read: ${what}${times(count)}`);
  for (const { what, count } of losses.entries) say(`not written: ${what}${times(count)}`);
  if (counts.masked > 0) say(`events with masked bytes: ${counts.masked}`);
  if (fault === null) return;
  say(`vitap: ${fault.message}`);
  if (options.output !== '-') say(`vitap: what comes before that is in ${written}`);
}

function times(count: number): string {
  return count === 1 ? '' : `: ${count}`;
}

function nameOf(file: string, side: 'input' | 'output' = 'input'): string {
  return file === '-' ? `standard ${side}` : file;
}

function exporterFor({ to, output }: ConvertOptions): Exporter {
  if (to !== null) {
    const named = EXPORTERS.find(({ name }) => name === to);
    if (named === undefined) throw new UsageError(`--to ${to}: that format is not written (see: vitap convert --list)`);
    return named;
  }
  const file = output.toLowerCase();
  const fitting = EXPORTERS.filter(({ extensions }) => extensions.some((extension) => file.endsWith(`.${extension}`)));
  const usual = fitting.filter(({ extensions }) => file.endsWith(`.${extensions[0]}`));
  // A name that several formats use stands for the one whose usual name it is; .jsonl and .pcapng are ours first.
  const [best] = usual.length > 0 ? usual : fitting;
  if (best !== undefined && (usual.length === 1 || fitting.length === 1 || OWN_NAMES.has(best.name))) return best;
  if (fitting.length > 1) {
    const names = fitting.map(({ name }) => name).join(', ');
    throw new UsageError(`the name ${output} may stand for several formats: give --to with one of ${names}`);
  }
  if (output === '-') return EXPORTERS.find(({ name }) => name === 'vitap') as Exporter;
  throw new UsageError(`the name ${output} does not tell what to write: give --to (see: vitap convert --list)`);
}

/** `vitap convert --list`. */
export function listFormats(io: CommandIo): ExitCode {
  const names = [...new Set([...IMPORTERS, ...EXPORTERS].map(({ name }) => name))];
  const rows = names.map((name) => {
    const importer = IMPORTERS.find((candidate) => candidate.name === name);
    const exporter = EXPORTERS.find((candidate) => candidate.name === name);
    const { title, extensions } = (importer ?? exporter) as Exporter;
    return { name, read: importer !== undefined, written: exporter !== undefined, extensions, title };
  });
  if (io.json) {
    writeJson(io, { id: 'trace-formats', formats: rows });
    return EXIT.pass;
  }
  const width = Math.max(...names.map((name) => name.length));
  for (const { name, read, written, extensions, title } of rows) {
    const ways = `${read ? 'in' : '  '} ${written ? 'out' : '   '}`;
    io.stdout(
      `${name.padEnd(width)}  ${ways}  ${title}${extensions.length > 0 ? ` (.${extensions.join(', .')})` : ''}\n`,
    );
  }
  return EXIT.pass;
}
