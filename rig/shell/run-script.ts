import { ChannelFailure } from '../channel/channel-failure.ts';
import { CannotRun, describeFailure, ReaderGone, UsageError } from '../console/failure.ts';
import { LARGEST_TEXT } from '../console/input-file.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { readPin } from '../console/pin.ts';
import { stateFolder } from '../console/state-folder.ts';
import { readerDriver } from '../endpoint/readers.ts';
import { counted } from '../report/words.ts';
import { type Answer, answerLines } from './answer.ts';
import { askWhy } from './card-commands.ts';
import { type Action, prepareLine } from './commands.ts';
import { type Desk, SeenOnCard } from './desk.ts';
import { MacroTable } from './macros.ts';
import type { ApduOptions } from './options.ts';
import { fitsStatus, ScriptError } from './script.ts';
import { openChannelAtStart, shellChannel } from './secure-command.ts';
import { ShellCard } from './shell-card.ts';

interface Step {
  readonly line: number;
  readonly expected: string | null;
  readonly action: Action;
}

/** What came of one line. */
interface Outcome {
  readonly line: number;
  readonly exchanges: readonly Answer[];
  readonly notes: readonly string[];
  /** Null where no status word is stated. */
  readonly expected: string | null;
  readonly agrees: boolean | null;
}

/**
 * `vitap apdu`, and `vitap shell` without a terminal: sends what was typed or piped in, line by line. All of it is
 * checked before the first byte is sent.
 * @returns 1 when a status word differs from the stated one, 2 when something could not be sent
 */
export async function runScript(
  options: ApduOptions,
  io: CommandIo,
  source: string,
  input: NodeJS.ReadableStream = process.stdin,
): Promise<ExitCode> {
  const typed = options.commands.length > 0;
  if (!typed && io.stdinIsTty) {
    throw new UsageError(
      'nothing to send: name commands in hexadecimal, or pipe a script in; `vitap shell` asks for them',
    );
  }
  const lines = typed ? options.commands : (await textOf(input, io.signal)).split(/\r\n|\n|\r/);
  const macros = new MacroTable(stateFolder(io.env));
  let needsCode = false;
  let opensChannel = false;
  const longest = readerDriver(options.reader).reach.longestCommand;
  const preparation = {
    longest,
    macros,
    needsCode: () => (needsCode = true),
    opensChannel: () => (opensChannel = true),
  };
  const steps = lines.flatMap((text, index): Step[] => {
    try {
      const prepared = prepareLine(index === 0 ? text.replace(/^\ufeff/, '') : text, preparation);
      if (prepared === null) return [];
      return [{ line: index + 1, expected: prepared.line.expected, action: prepared.action }];
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      throw new CannotRun(`${typed ? 'command' : 'line'} ${index + 1}: ${error.message}; nothing was sent`);
    }
  });
  if (steps.length === 0) throw new CannotRun('the script has no command');
  const code = needsCode ? await readPin({ file: options.pinFile, ask: false }, io) : null;
  if (needsCode && code === null) {
    throw new CannotRun('the script presents a code, and there is no terminal to ask on: --pin-file FILE or VITAP_PIN');
  }
  const run = new ScriptRun(options, io, macros, code);
  try {
    return await run.all(steps, source, !opensChannel);
  } finally {
    code?.fill(0);
  }
}

class ScriptRun {
  readonly #options: ApduOptions;
  readonly #io: CommandIo;
  readonly #macros: MacroTable;
  readonly #code: Uint8Array | null;
  readonly #outcomes: Outcome[] = [];
  #answers: Answer[] = [];
  #notes: string[] = [];
  #quiet = false;

  constructor(options: ApduOptions, io: CommandIo, macros: MacroTable, code: Uint8Array | null) {
    this.#options = options;
    this.#io = io;
    this.#macros = macros;
    this.#code = code;
  }

  /** @param opensFirst whether the channel that an option asks for is opened at the start: no line does it */
  async all(steps: readonly Step[], source: string, opensFirst: boolean): Promise<ExitCode> {
    const seen = new SeenOnCard();
    const card = await ShellCard.open(
      {
        ...this.#options,
        source,
        onAnswer: (answer) => {
          seen.note(answer);
          this.#answered(answer);
        },
        onNote: (sentence) => this.#say(sentence),
      },
      this.#io.signal,
    );
    const { reader, protocol } = card;
    const { atr } = card;
    let problem: unknown = null;
    let notSent = 0;
    try {
      const desk = this.#desk(card, seen);
      if (opensFirst) await openChannelAtStart(desk, this.#options);
      for (const [index, step] of steps.entries()) {
        const goesOn = await this.#step(desk, step);
        if (goesOn && !desk.over) continue;
        notSent = desk.over ? 0 : steps.length - index - 1;
        break;
      }
      if (this.#options.explain && card.explainer.mustAsk) await this.#why(desk);
    } catch (error) {
      problem = error;
      const last = this.#outcomes.at(-1);
      // What opened a channel was sent, and shows no answers of its own.
      const unsent = last?.exchanges.length === 0 && !(error instanceof ChannelFailure);
      notSent = steps.length - this.#outcomes.length + (unsent ? 1 : 0);
    }
    try {
      await card.close();
    } catch (error) {
      problem ??= error;
    }
    return this.#conclude({ reader, protocol, atr }, problem, notSent);
  }

  #desk(card: ShellCard, seen: SeenOnCard): Desk {
    return {
      card,
      macros: this.#macros,
      seen,
      file: null,
      over: false,
      say: (text) => this.#say(text),
      quietly: async (work) => {
        this.#quiet = true;
        try {
          return await work();
        } finally {
          this.#quiet = false;
        }
      },
      code: async () => Uint8Array.from(this.#code ?? []),
      channel: (code) => shellChannel(this.#options, code, this.#io),
    };
  }

  /** @returns whether the next one is to be sent */
  async #step(desk: Desk, { line, expected, action }: Step): Promise<boolean> {
    const before = desk.card.exchanges;
    try {
      await action(desk);
    } finally {
      const { lastSw } = desk.card;
      const answered = desk.card.exchanges > before && lastSw !== null;
      const agrees = expected === null ? null : answered && fitsStatus(lastSw, expected);
      this.#outcomes.push({ line, exchanges: this.#answers, notes: this.#notes, expected, agrees });
      this.#answers = [];
      this.#notes = [];
    }
    const { agrees } = this.#outcomes.at(-1) as Outcome;
    if (agrees === false && !this.#io.json) this.#io.stdout(`  FAIL: ${expected} was stated\n`);
    return agrees !== false || this.#options.keepGoing;
  }

  async #why(desk: Desk): Promise<void> {
    if (!this.#io.json) this.#io.stdout('The card is asked for the rules of what it refused:\n');
    await askWhy(desk);
    this.#outcomes.push({ line: 0, exchanges: this.#answers, notes: this.#notes, expected: null, agrees: null });
  }

  #answered(answer: Answer): void {
    if (this.#quiet) return;
    this.#answers.push(answer);
    if (!this.#io.json) this.#io.stdout(answerLines(answer));
  }

  #say(text: string): void {
    if (this.#io.json) this.#notes.push(text);
    else this.#io.stdout(`${text}\n`);
  }

  #conclude(
    card: { readonly reader: string; readonly protocol: string; readonly atr: Uint8Array },
    problem: unknown,
    notSent: number,
  ): ExitCode {
    const failed = this.#outcomes.some(({ agrees }) => agrees === false);
    const interrupted = { kind: 'aborted', sentences: ['interrupted'], exitCode: EXIT.cannotRun };
    const failure = problem === null ? null : this.#io.signal.aborted ? interrupted : describeFailure(problem);
    if (this.#io.json) {
      const verdict = failure !== null ? null : failed ? 'fail' : 'pass';
      const error = failure === null ? {} : { error: { kind: failure.kind, message: failure.sentences.join('\n') } };
      writeJson(this.#io, { id: 'apdu', verdict, ...card, lines: this.#outcomes, notSent, ...error });
    }
    if (notSent > 0)
      this.#io.stderr(`${counted(notSent, 'command')} after that ${notSent === 1 ? 'was' : 'were'} not sent\n`);
    if (failure === null) return failed ? EXIT.fail : EXIT.pass;
    if (this.#io.signal.reason instanceof ReaderGone) return failure.exitCode;
    for (const sentence of failure.sentences) this.#io.stderr(`vitap: ${sentence}\n`);
    return failure.exitCode;
  }
}

/** @throws {CannotRun} longer than a script is */
async function textOf(input: NodeJS.ReadableStream, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  const stop = (): void =>
    void (input as unknown as { destroy(error: Error): void }).destroy(new CannotRun('interrupted'));
  signal.addEventListener('abort', stop);
  try {
    for await (const chunk of input) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length > LARGEST_TEXT) throw new CannotRun(`more than ${LARGEST_TEXT} bytes on standard input are no script`);
      chunks.push(bytes);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return Buffer.concat(chunks).toString('utf8');
}
