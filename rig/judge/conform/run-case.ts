import { setImmediate } from 'node:timers/promises';
import { INS } from '../../../src/apdu/instruction.ts';
import { encodeResponse } from '../../../src/apdu/response.ts';
import { SW } from '../../../src/apdu/status-word.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { ChannelError } from '../../../src/secure-channel/channel-error.ts';
import { counted } from '../../report/words.ts';
import { AnswerNotBelieved, type CardUnderTest, type CaseSession, LinkIsGone } from './card-under-test.ts';
import { CaseExchange, Ending, type Exchanged, formOf, linkLimit, TAKEN_SW1 } from './case-exchange.ts';
import type { CardDeclaration } from './declaration.ts';
import { commandBytes, fill, statusHex, type Variables } from './hex-pattern.ts';
import { type CardResponse, captured, expectationInWords, judgeResponse } from './judge-response.ts';
import type {
  CaseHeader,
  CaseResult,
  CommandStep,
  ConformanceCase,
  Expectation,
  Reached,
  Step,
  StepRecord,
  SweepStep,
  TerminalStep,
} from './model.ts';

export interface RunSettings {
  readonly declaration: CardDeclaration;
  /** Whether cases that change the card for good may run. */
  readonly destructive: boolean;
  readonly signal: AbortSignal;
  /** P1-P2 of SELECT that the card has taken so far in this run; the run adds to it. */
  readonly offered?: Set<string>;
}

/** What the reason of a case begins with that the link did not carry to its end. */
export const LINK_DIED = 'the link died';

/** Wrong answers of one sweep that are told one by one. */
const MOST_SWEEP_FAULTS = 8;
/** Commands of a sweep between two pauses. */
const SWEEP_PAUSE = 1024;

/** Whether an error ends the whole run: it was cancelled, or the reader or its service is gone, which says nothing of the card. */
export function endsRun(error: HalError): boolean {
  return error.kind === 'aborted' || error.kind === 'no-service' || error instanceof LinkIsGone;
}

/**
 * Runs one case from a cold reset and judges it.
 * @throws {HalError} `aborted`, `no-service`; {LinkIsGone}; an ordinary error for a mistake in the case
 */
export async function runCase(
  definition: ConformanceCase,
  card: CardUnderTest,
  settings: RunSettings,
): Promise<CaseResult> {
  const run = new CaseRun(definition, card, settings);
  return run.result();
}

class CaseRun {
  readonly #definition: ConformanceCase;
  readonly #card: CardUnderTest;
  readonly #settings: RunSettings;
  readonly #variables = new Map<string, string>();
  readonly #records: StepRecord[] = [];
  readonly #reached: Reached[] = [];
  readonly #wire: CaseExchange;

  constructor(definition: ConformanceCase, card: CardUnderTest, settings: RunSettings) {
    this.#definition = definition;
    this.#card = card;
    this.#settings = settings;
    this.#wire = new CaseExchange(card.reach, settings.declaration.protocol, settings.offered);
  }

  async result(): Promise<CaseResult> {
    const startMs = performance.now();
    const end = await this.#run();
    const durationMs = performance.now() - startMs;
    return {
      ...headerOf(this.#definition),
      verdict: end.verdict,
      reason: end.reason,
      linkLimited: end.linkLimited,
      ...(end.linkError !== null && { linkError: end.linkError }),
      steps: this.#records,
      // What a case without a verdict met on its way says nothing of what was judged.
      reached: end.verdict === 'pass' || end.verdict === 'fail' ? this.#reached : [],
      exchanges: this.#wire.count,
      durationMs,
    };
  }

  async #run(): Promise<Ending> {
    const { declaration, destructive } = this.#settings;
    const steps = stepsFor(this.#definition, declaration);
    if (typeof steps === 'string') return new Ending('not-applicable', steps);
    if (this.#definition.destructive && !destructive) {
      return new Ending('not-applicable', 'it changes the card for good; --destructive allows that');
    }
    const limited = linkLimit(steps, this.#card.reach);
    if (limited !== null) return new Ending('not-applicable', limited, true);
    this.#card.takeFaults();
    try {
      const session = await this.#card.begin();
      const end = await this.#walk(session, steps);
      const fault = this.#card.takeFaults()[0];
      if (fault === undefined || end.verdict === 'inconclusive') return end;
      return new Ending('fail', `the card had a fault of its own: ${messageOf(fault)}. ${end.reason}`.trim());
    } catch (error) {
      if (error instanceof Ending) return error;
      if (error instanceof HalError && !endsRun(error)) {
        return new Ending('inconclusive', `${LINK_DIED}: ${error.message}`, false, error);
      }
      throw error;
    }
  }

  async #walk(session: CaseSession, steps: readonly Step[]): Promise<Ending> {
    for (const step of steps) {
      this.#settings.signal.throwIfAborted();
      let end: Ending | null = null;
      if (step.kind === 'power') {
        await session.power(step.mode);
        const words = step.mode === 'cold' ? 'power off and on' : 'warm reset';
        this.#records.push({ role: 'power', words, command: '', response: '', expected: '', faults: [] });
      } else if (step.kind === 'command') {
        end = await this.#command(session, step);
      } else if (step.kind === 'terminal') {
        end = await this.#terminal(session, step);
      } else {
        end = await this.#sweep(session, step);
      }
      if (end !== null) return end;
    }
    return new Ending('pass', '');
  }

  async #command(session: CaseSession, step: CommandStep): Promise<Ending | null> {
    const command = commandBytes(step.command, this.#variables);
    const record = (shown: string, response: string, faults: readonly string[]): void => {
      const expected = expectationInWords(step.expect, this.#decided);
      this.#records.push({
        role: step.role,
        words: step.words,
        command: shown,
        response,
        expected,
        faults,
      });
    };
    let response: Exchanged;
    try {
      response = await this.#wire.exchange(session, command);
    } catch (error) {
      if (error instanceof HalError) record(this.#wire.shown, '', [error.message]);
      if (error instanceof AnswerNotBelieved) return this.#wrong(step, [error.message]);
      throw error;
    }
    const faults = this.#judge(response, step.expect, this.#variables);
    if (faults.length === 0) faults.push(...this.#capture(step, response));
    record(response.shownCommand, response.shownResponse, faults);
    if (step.role === 'judged') this.#note(command, response.sw);
    if (faults.length === 0) return null;
    if (this.#isNotOffered(command, response.sw)) {
      const header = [...command.subarray(0, 4)].map((byte) => statusHex(byte).slice(2)).join(' ');
      return new Ending(
        'not-applicable',
        `the card does not offer this form of the command: ${header} (${statusHex(response.sw)})`,
      );
    }
    const wrong = this.#wrong(step, faults);
    if (step.role === 'given') return wrong;
    if (this.#isAbsent(response.sw)) {
      return new Ending('not-applicable', `the card knows no such instruction (${statusHex(response.sw)})`);
    }
    if (this.#isWithoutTemplate(command, response, step.expect)) {
      return new Ending('not-applicable', 'the card answers SELECT with P2 00 without an FCI template 6F');
    }
    return wrong;
  }

  /** What faults in the step that was recorded last say of the case. */
  #wrong({ role, words }: CommandStep | TerminalStep, faults: readonly string[]): Ending {
    const sentence = `step ${this.#records.length}, ${words}: ${faults.join('; ')}`;
    if (role === 'given') return new Ending('inconclusive', `a precondition failed: ${sentence}`);
    return new Ending('fail', sentence);
  }

  async #terminal(session: CaseSession, step: TerminalStep): Promise<Ending | null> {
    const command = step.make();
    if (command === null) return null;
    const record = (response: string, faults: readonly string[]): void => {
      const expected = expectationInWords(step.expect, this.#decided);
      this.#records.push({ role: step.role, words: step.words, command: this.#wire.shown, response, expected, faults });
    };
    let response: Exchanged;
    try {
      response = await this.#wire.exchange(session, command);
    } catch (error) {
      if (error instanceof HalError) record('', [error.message]);
      throw error;
    }
    const { faults, status } = this.#judgeTerminal(response, step);
    record(response.shownResponse, faults);
    if (step.role === 'judged') this.#note(command, status);
    if (faults.length === 0) return null;
    if (step.role !== 'given' && this.#isAbsent(status)) {
      return new Ending('not-applicable', `the card knows no such instruction (${statusHex(status)})`);
    }
    return this.#wrong(step, faults);
  }

  /** The answer as the terminal reads it. What it does not believe is a fault. */
  #judgeTerminal(response: Exchanged, step: TerminalStep): { readonly faults: string[]; readonly status: number } {
    try {
      const bytes = encodeResponse(response.data, response.sw);
      const read = step.open?.(bytes) ?? bytes;
      const end = read.length - 2;
      const sw = ((read[end] as number) << 8) | (read[end + 1] as number);
      const faults = this.#judge({ data: read.subarray(0, end), sw }, step.expect, this.#variables);
      if (faults.length === 0) step.take?.(read);
      return { faults, status: sw };
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      return { faults: [error.message], status: response.sw };
    }
  }

  async #sweep(session: CaseSession, step: SweepStep): Promise<Ending | null> {
    const before = step.before === undefined ? null : commandBytes(step.before, this.#variables);
    const expected = expectationInWords(step.expect, this.#decided);
    const variables = new Map(this.#variables);
    const template = fill(step.command.replaceAll('{value}', '<>'), this.#variables);
    const faults: string[] = [];
    let wrong = 0;
    let last: Exchanged | null = null;
    for (const [i, value] of step.values.entries()) {
      // A card in process answers at once: without a pause nobody would hear of Ctrl-C.
      if (i % SWEEP_PAUSE === SWEEP_PAUSE - 1) await setImmediate();
      this.#settings.signal.throwIfAborted();
      variables.set('value', value);
      const command = Uint8Array.from(Buffer.from(template.replaceAll('<>', value), 'hex'));
      let response: Exchanged;
      try {
        if (before !== null) await this.#wire.exchange(session, before);
        response = await this.#wire.exchange(session, command);
      } catch (error) {
        if (!(error instanceof AnswerNotBelieved)) throw error;
        // The session can do no more: what is left of the sweep is not sent.
        wrong++;
        faults.push(`${this.#wire.shown.slice(0, 48)}: ${error.message}`);
        break;
      }
      last = response;
      this.#note(command, response.sw);
      const found = this.#judge(response, step.expect, variables);
      if (found.length === 0) continue;
      wrong++;
      if (faults.length < MOST_SWEEP_FAULTS) faults.push(`${response.shownCommand.slice(0, 48)}: ${found.join('; ')}`);
    }
    if (wrong > faults.length) faults.push(`and ${wrong - faults.length} more`);
    this.#records.push({
      role: 'sweep',
      words: `${step.words} (${counted(step.values.length, 'command')})`,
      // The last of them stands for all.
      command: last?.shownCommand.slice(0, 64) ?? '',
      response: last?.shownResponse ?? '',
      expected,
      faults,
    });
    if (wrong === 0) return null;
    const sentence = `step ${this.#records.length}, ${step.words}: ${wrong} of ${step.values.length} wrong, ${faults[0]}`;
    return new Ending('fail', sentence);
  }

  /**
   * What a card in a reader holds may be a person's, also in vpcd's, which a relay can serve: a fault then says where
   * data differ, and not how. A card that is renewed is a copy of ours.
   */
  #judge(response: CardResponse, expect: Expectation, variables: Variables): string[] {
    return judgeResponse(response, expect, variables, {
      decided: this.#decided,
      showData: this.#card.renewed,
    });
  }

  #capture(step: CommandStep, response: CardResponse): string[] {
    const faults: string[] = [];
    for (const [name, what] of Object.entries(step.capture ?? {})) {
      const value = captured(response, what);
      if (value === null) faults.push(`the response has nothing to take as ${name}`);
      else this.#variables.set(name, value);
    }
    return faults;
  }

  #note(command: Uint8Array, sw: number): void {
    if (command.length < 4) return;
    this.#reached.push({
      ins: command[1] as number,
      p1: command[2] as number,
      p2: command[3] as number,
      sw,
    });
  }

  /** An optional command that a card of unknown make does not have is no fault of it. */
  #isAbsent(sw: number): boolean {
    return sw === SW.INSTRUCTION_NOT_SUPPORTED && this.#settings.declaration.commands === null;
  }

  /**
   * Which ways of naming a file or a record a card of another make has is its own affair, as long as it never took
   * this one.
   */
  #isNotOffered(command: Uint8Array, sw: number): boolean {
    const form = formOf(command);
    if (this.#decided || form === null) return false;
    return UNKNOWN_FORM.includes(sw) && this.#settings.offered?.has(form) !== true;
  }

  /** A card of another make may answer P2 00 with an FCP, with data objects that stand bare, or with nothing. */
  #isWithoutTemplate(command: Uint8Array, { data, sw }: CardResponse, { objects }: Expectation): boolean {
    if (this.#decided || command[1] !== INS.SELECT || ((command[3] as number) & 0x0c) !== 0) return false;
    if (!TAKEN_SW1.includes(sw >> 8) || data[0] === FCI_TEMPLATE) return false;
    return Object.keys(objects ?? {}).some((path) => path.startsWith('6F'));
  }

  get #decided(): boolean {
    return this.#settings.declaration.decisions === 'vitap';
  }
}

/** The steps of a case on a card, or why it does not apply to one that is declared so. */
export function stepsFor(definition: ConformanceCase, declaration: CardDeclaration): readonly Step[] | string {
  const unknown = definition.commands.find((name) => declaration.commands?.includes(name) === false);
  return unknown === undefined ? definition.bind(declaration) : `the card is declared without ${unknown}`;
}

/** What a result says of its case. */
export function headerOf(definition: CaseHeader): CaseHeader {
  const { id, title, standard, clause, commands, statusWords, destructive } = definition;
  const cited = clause === undefined ? { standard } : { standard, clause };
  return { id, title, ...cited, commands, statusWords, destructive };
}

const FCI_TEMPLATE = 0x6f;
const UNKNOWN_FORM: readonly number[] = [SW.WRONG_P1_P2, SW.FUNCTION_NOT_SUPPORTED, SW.WRONG_OFFSET];

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
