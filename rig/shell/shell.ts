import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline';
import { toHex } from '../../src/apdu/hex.ts';
import { describeFailure, UsageError } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../console/io.ts';
import { readPin } from '../console/pin.ts';
import { stateFolder } from '../console/state-folder.ts';
import { readHiddenLine } from '../console/terminal.ts';
import { readerDriver } from '../endpoint/readers.ts';
import { answerLines } from './answer.ts';
import { prepareLine } from './commands.ts';
import { completeLine } from './completion.ts';
import { type Desk, SeenOnCard } from './desk.ts';
import { History, keepsCode } from './history.ts';
import { MacroTable } from './macros.ts';
import type { ShellOptions } from './options.ts';
import { runScript } from './run-script.ts';
import { fitsStatus } from './script.ts';
import { openChannelAtStart, shellChannel } from './secure-command.ts';
import { ShellCard } from './shell-card.ts';

/**
 * `vitap shell`: commands from a person at a terminal, one after the other; from a pipe, as `vitap apdu`.
 * @returns 0 when the person ended it
 * @throws {HalError} {CannotRun} no card to begin with
 */
export async function shell(options: ShellOptions, io: CommandIo): Promise<ExitCode> {
  if (io.stdinIsTty && io.json) {
    throw new UsageError('--json is for a script on standard input: at the prompt answers are in words');
  }
  if (!io.stdinIsTty) {
    return runScript({ ...options, commands: [], keepGoing: false, explain: true }, io, 'vitap shell');
  }
  const session = new PersonalShell(options, io);
  return session.run();
}

/** Ends the wait for a line. */
type Heard = string | null;

class PersonalShell {
  readonly #options: ShellOptions;
  readonly #io: CommandIo;
  readonly #seen = new SeenOnCard();
  readonly #macros: MacroTable;
  readonly #history: History | null;
  readonly #recalled: string[];
  #lines: Interface | null = null;
  /** Typed while a command ran. */
  readonly #waiting: string[] = [];
  #hear: ((line: Heard) => void) | null = null;
  /** Ends the command that runs; null at the prompt. */
  #running: AbortController | null = null;
  #atEnd = false;
  #interrupted = false;
  #quiet = false;
  #desk: Desk | null = null;

  constructor(options: ShellOptions, io: CommandIo) {
    this.#options = options;
    this.#io = io;
    const folder = stateFolder(io.env);
    this.#macros = new MacroTable(folder);
    this.#history = this.#openHistory(folder);
    this.#recalled = this.#history?.newestFirst ?? [];
  }

  async run(): Promise<ExitCode> {
    const io = this.#io;
    const card = await ShellCard.open(
      {
        ...this.#options,
        source: 'vitap shell',
        onAnswer: (answer) => {
          this.#seen.note(answer);
          if (this.#quiet) return;
          io.stdout(answerLines(answer));
          if (answer.status === '6982' && this.#desk?.card.explainer.mustAsk === true) {
            io.stdout('  `explain` asks the card for that rule\n');
          }
        },
        onNote: (sentence) => io.stdout(`${sentence}\n`),
      },
      io.signal,
    );
    try {
      const desk = this.#makeDesk(card);
      this.#desk = desk;
      await openChannelAtStart(desk, this.#options);
      io.stdout(
        `${card.reader}\nATR ${toHex(card.atr, ' ')}, ${card.protocol}\n\`help\` lists the commands; Tab completes; Ctrl-D quits.\n`,
      );
      const stop = (): void => this.#end();
      io.signal.addEventListener('abort', stop);
      this.#open();
      while (!desk.over && !io.signal.aborted) {
        const unwatch = card.watch((gone) => this.#aside(`${gone.message}; \`reconnect\` goes on with the next one`));
        const line = await this.#nextLine();
        unwatch();
        if (line === null) break;
        await this.#obey(line, desk);
      }
      io.signal.removeEventListener('abort', stop);
    } finally {
      this.#close();
      await card.close();
      process.stdin.unref?.();
    }
    return EXIT.pass;
  }

  #makeDesk(card: ShellCard): Desk {
    return {
      card,
      macros: this.#macros,
      seen: this.#seen,
      file: null,
      over: false,
      say: (text) => this.#io.stdout(`${text}\n`),
      quietly: async (work) => {
        this.#quiet = true;
        try {
          return await work();
        } finally {
          this.#quiet = false;
        }
      },
      code: () => this.#code(),
      channel: (code) => shellChannel(this.#options, code, this.#io),
    };
  }

  async #obey(text: string, desk: Desk): Promise<void> {
    const running = new AbortController();
    const stop = (): void => running.abort();
    this.#running = running;
    this.#io.signal.addEventListener('abort', stop);
    const { card } = desk;
    card.endAt(running.signal);
    try {
      const longest = readerDriver(this.#options.reader).reach.longestCommand;
      const prepared = prepareLine(text, { longest, macros: this.#macros, needsCode: () => {} });
      if (prepared === null) return;
      this.#remember(text);
      const before = card.exchanges;
      await prepared.action(desk);
      const { expected } = prepared.line;
      if (expected !== null && (card.exchanges === before || !fitsStatus(card.lastSw ?? 0, expected))) {
        this.#io.stdout(`  FAIL: ${expected} was stated\n`);
      }
    } catch (error) {
      this.#tell(error);
    } finally {
      this.#io.signal.removeEventListener('abort', stop);
      this.#running = null;
    }
  }

  #tell(error: unknown): void {
    const { kind, sentences } = describeFailure(error);
    if (kind === 'fault') throw error;
    const more = kind === 'card-removed' || kind === 'reader-lost' ? '; `reconnect` goes on with the next one' : '';
    this.#io.stderr(`${sentences.join('\n')}${more}\n`);
  }

  #remember(text: string): void {
    try {
      this.#history?.add(text);
    } catch (error) {
      this.#io.stderr(`the history is not kept: ${describeFailure(error).sentences.join(' ')}\n`);
    }
  }

  #openHistory(folder: string): History | null {
    try {
      return new History(folder);
    } catch (error) {
      this.#io.stderr(`the history is not kept: ${describeFailure(error).sentences.join(' ')}\n`);
      return null;
    }
  }

  /** Asks without showing it; the prompt gives the keyboard away for so long. */
  async #code(): Promise<Uint8Array> {
    this.#close();
    try {
      const file = this.#options.pinFile;
      // Ctrl-C there ends the command, not the shell.
      const askHidden = (question: string): Promise<string> =>
        readHiddenLine(process.stdin, (text) => this.#io.stderr(text), question, this.#io.signal);
      return (await readPin({ file, ask: file === null }, { ...this.#io, askHidden })) as Uint8Array;
    } finally {
      if (!this.#io.signal.aborted) this.#open();
    }
  }

  #open(): void {
    const lines = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: true,
      historySize: 1000,
      removeHistoryDuplicates: true,
      history: this.#recalled,
      completer: (line: string) => completeLine(line, { seen: this.#seen, macros: this.#macros }),
    });
    this.#lines = lines;
    lines.on('line', (line) => this.#heard(line));
    lines.on('SIGINT', () => this.#interrupt());
    lines.on('history', (recalled: string[]) => {
      if (recalled[0] !== undefined && keepsCode(recalled[0])) recalled.shift();
      this.#recalled.splice(0, this.#recalled.length, ...recalled);
    });
    lines.on('close', () => {
      if (this.#lines === lines) this.#end();
    });
  }

  #close(): void {
    const lines = this.#lines;
    this.#lines = null;
    lines?.close();
  }

  #heard(line: string): void {
    this.#interrupted = false;
    const hear = this.#hear;
    this.#hear = null;
    if (hear === null) this.#waiting.push(line);
    else hear(line);
  }

  #end(): void {
    this.#atEnd = true;
    this.#running?.abort();
    this.#hear?.(null);
    this.#hear = null;
  }

  #nextLine(): Promise<Heard> {
    const typed = this.#waiting.shift();
    if (typed !== undefined) return Promise.resolve(typed);
    if (this.#atEnd) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#hear = resolve;
      this.#prompt();
    });
  }

  #prompt(): void {
    const channel = this.#desk?.card.channel ?? 0;
    this.#lines?.setPrompt(channel === 0 ? 'vitap> ' : `vitap[${channel}]> `);
    this.#lines?.prompt(true);
  }

  /** Ctrl-C: ends the command that runs, clears the line that is typed, and quits when there is none, the second time. */
  #interrupt(): void {
    if (this.#running !== null) {
      this.#waiting.length = 0;
      this.#running.abort();
      return;
    }
    const lines = this.#lines;
    if (lines === null) return;
    if (lines.line !== '') {
      lines.write(null, { ctrl: true, name: 'e' });
      lines.write(null, { ctrl: true, name: 'u' });
    } else if (this.#interrupted) {
      this.#io.stdout('\n');
      this.#end();
      return;
    } else {
      this.#interrupted = true;
      this.#io.stdout('\nCtrl-C again, or Ctrl-D, quits\n');
    }
    this.#prompt();
  }

  /** A sentence above the line that is being typed. */
  #aside(sentence: string): void {
    cursorTo(process.stdout, 0);
    clearLine(process.stdout, 0);
    this.#io.stdout(`${sentence}\n`);
    this.#prompt();
  }
}
