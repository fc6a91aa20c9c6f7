import { setImmediate } from 'node:timers/promises';
import { INS } from '../../../src/apdu/instruction.ts';
import { encodeResponse } from '../../../src/apdu/response.ts';
import { SW } from '../../../src/apdu/status-word.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { ChannelError } from '../../../src/secure-channel/channel-error.ts';
import type { CommandReach } from '../../endpoint/driver.ts';
import { maskedHex } from '../../trace/masked-hex.ts';
import { Redactor } from '../../trace/redaction.ts';
import type { CardUnderTest, CaseSession } from './card-under-test.ts';
import type { CardDeclaration } from './declaration.ts';
import { CaseError, commandBytes, fill, statusHex, type Variables } from './hex-pattern.ts';
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
  Verdict,
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
/** Parts of one answer that are fetched before a card is taken to be talking nonsense. */
const MOST_PARTS = 300;

/** Whether an error ends the whole run: it was cancelled, or the PC/SC service is gone, which says nothing of the card. */
export function endsRun(error: HalError): boolean {
  return error.kind === 'aborted' || error.kind === 'no-service';
}

/**
 * Runs one case from a cold reset and judges it.
 * @throws {HalError} `aborted`, `no-service`; an ordinary error for a mistake in the case
 */
export async function runCase(
  definition: ConformanceCase,
  card: CardUnderTest,
  settings: RunSettings,
): Promise<CaseResult> {
  const run = new CaseRun(definition, card, settings);
  return run.result();
}

/** An answer, and how reports show it and its command: with secrets masked. */
interface Exchanged extends CardResponse {
  readonly shownCommand: string;
  readonly shownResponse: string;
}

/** Why a case ended before its last step. */
class Ending {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly linkLimited: boolean;
  readonly linkError: HalError | null;

  constructor(verdict: Verdict, reason: string, linkLimited = false, linkError: HalError | null = null) {
    this.verdict = verdict;
    this.reason = reason;
    this.linkLimited = linkLimited;
    this.linkError = linkError;
  }
}

class CaseRun {
  readonly #definition: ConformanceCase;
  readonly #card: CardUnderTest;
  readonly #settings: RunSettings;
  readonly #variables = new Map<string, string>();
  readonly #records: StepRecord[] = [];
  readonly #reached: Reached[] = [];
  /** Keeps secrets out of every report; it must see all that is exchanged. */
  readonly #redactor = new Redactor();
  #exchanges = 0;
  /** The command under way, as reports show it. */
  #shown = '';

  constructor(definition: ConformanceCase, card: CardUnderTest, settings: RunSettings) {
    this.#definition = definition;
    this.#card = card;
    this.#settings = settings;
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
      exchanges: this.#exchanges,
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
      response = await this.#exchange(session, command);
    } catch (error) {
      if (error instanceof HalError) record(this.#shown, '', [error.message]);
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
    const sentence = `step ${this.#records.length}, ${step.words}: ${faults.join('; ')}`;
    if (step.role === 'given') return new Ending('inconclusive', `a precondition failed: ${sentence}`);
    if (this.#isAbsent(response.sw)) {
      return new Ending('not-applicable', `the card knows no such instruction (${statusHex(response.sw)})`);
    }
    if (this.#isWithoutTemplate(command, response, step.expect)) {
      return new Ending('not-applicable', 'the card answers SELECT with P2 00 without an FCI template 6F');
    }
    return new Ending('fail', sentence);
  }

  async #terminal(session: CaseSession, step: TerminalStep): Promise<Ending | null> {
    const command = step.make();
    if (command === null) return null;
    const record = (response: string, faults: readonly string[]): void => {
      const expected = expectationInWords(step.expect, this.#decided);
      this.#records.push({ role: step.role, words: step.words, command: this.#shown, response, expected, faults });
    };
    let response: Exchanged;
    try {
      response = await this.#exchange(session, command);
    } catch (error) {
      if (error instanceof HalError) record('', [error.message]);
      throw error;
    }
    const { faults, status } = this.#judgeTerminal(response, step);
    record(response.shownResponse, faults);
    if (step.role === 'judged') this.#note(command, status);
    if (faults.length === 0) return null;
    const sentence = `step ${this.#records.length}, ${step.words}: ${faults.join('; ')}`;
    if (step.role === 'given') return new Ending('inconclusive', `a precondition failed: ${sentence}`);
    if (this.#isAbsent(status)) {
      return new Ending('not-applicable', `the card knows no such instruction (${statusHex(status)})`);
    }
    return new Ending('fail', sentence);
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
      if (before !== null) await this.#exchange(session, before);
      const response = await this.#exchange(session, command);
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
      words: `${step.words} (${step.values.length} commands)`,
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

  /** Sends a command; over T=0 rules the rest of the answer is fetched and a corrected Le sent again. */
  async #exchange(session: CaseSession, command: Uint8Array): Promise<Exchanged> {
    let response = await this.#transmit(session, command);
    const { shownCommand } = response;
    if (this.#settings.declaration.protocol === 'T=1') return response;
    if (response.sw >> 8 === 0x6c && command.length === 5) {
      response = await this.#transmit(session, Uint8Array.of(...command.subarray(0, 4), response.sw & 0xff));
    }
    const parts = [response];
    for (let count = 0; response.sw >> 8 === 0x61 && command[1] !== INS.GET_RESPONSE; count++) {
      if (count > MOST_PARTS) throw new Ending('fail', 'the card announces more data without end');
      const fetch = Uint8Array.of((command[0] as number) & 0x03, INS.GET_RESPONSE, 0, 0, response.sw & 0xff);
      response = await this.#transmit(session, fetch);
      parts.push(response);
    }
    return {
      data: Uint8Array.from(Buffer.concat(parts.map(({ data }) => data))),
      sw: response.sw,
      shownCommand,
      shownResponse: parts.map(({ shownResponse }) => shownResponse.slice(0, -4)).join('') + statusHex(response.sw),
    };
  }

  async #transmit(session: CaseSession, command: Uint8Array): Promise<Exchanged> {
    const { shortestCommand, longestCommand } = this.#card.reach;
    if (command.length < shortestCommand || command.length > longestCommand) {
      throw new Ending('not-applicable', limitInWords(command.length), true);
    }
    this.#exchanges++;
    const shownCommand = maskedHex(command, this.#redactor.command(command));
    this.#shown = shownCommand;
    const bytes = await session.transmit(command);
    const form = formOf(command);
    if (form !== null && TAKEN_SW1.includes(bytes.at(-2) as number)) this.#settings.offered?.add(form);
    if (bytes.length < 2) throw new HalError('protocol', 'the card gave no status word');
    const end = bytes.length - 2;
    return {
      data: bytes.subarray(0, end),
      sw: ((bytes[end] as number) << 8) | (bytes[end + 1] as number),
      shownCommand,
      shownResponse: maskedHex(bytes, this.#redactor.response(bytes)),
    };
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

/** 9000, 61xx and the warnings 62xx. */
const TAKEN_SW1: readonly number[] = [0x90, 0x61, 0x62];
const FCI_TEMPLATE = 0x6f;
const UNKNOWN_FORM: readonly number[] = [SW.WRONG_P1_P2, SW.FUNCTION_NOT_SUPPORTED, SW.WRONG_OFFSET];

const RECORD_INS: readonly number[] = [
  INS.READ_RECORD,
  INS.READ_RECORD_ODD,
  INS.UPDATE_RECORD,
  INS.UPDATE_RECORD_ODD,
  INS.WRITE_RECORD,
  INS.ERASE_RECORD,
  INS.SEARCH_RECORD,
];

/** What tells the ways of naming a file (SELECT) and a record (mode, and P1 00) apart; null for other commands. */
function formOf(command: Uint8Array): string | null {
  const [, ins, p1, p2] = command;
  if (ins === undefined || p1 === undefined || p2 === undefined) return null;
  if (ins === INS.SELECT) return `${ins} ${p1} ${p2}`;
  return RECORD_INS.includes(ins) ? `${ins} ${p1 === 0} ${p2 & 0x07}` : null;
}

/** Why the link cannot carry a command of the case, or null; commands that captures go into are looked at when sent. */
function linkLimit(steps: readonly Step[], reach: CommandReach): string | null {
  const none: Variables = new Map();
  for (const step of steps) {
    if (step.kind !== 'command' || step.command.includes('{')) continue;
    const { length } = commandBytes(step.command, none);
    if (length === 0) throw new CaseError('a command without a byte');
    if (length < reach.shortestCommand || length > reach.longestCommand) return limitInWords(length);
  }
  return null;
}

function limitInWords(length: number): string {
  return `LINK-LIMITED: this link cannot carry a command of ${length} byte${length === 1 ? '' : 's'}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
