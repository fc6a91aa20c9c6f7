import { setImmediate as turn } from 'node:timers/promises';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { Clock } from '../../../src/hal/clock.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { CardSession, Exchange } from '../../../src/hal/reader.ts';
import { commandLayout } from '../../trace/command-layout.ts';
import { compareAnswer, type Expectation, expectation } from './compare.ts';
import { exceeds, limitNs } from './deviation.ts';
import { EntryRedactor } from './entry-redaction.ts';
import { bytesOfHex, commandNameOf, hexOf, TemplateError } from './hex-template.ts';
import { type ByteSpan, locate } from './location.ts';
import type { Divergence, ExchangeTime, ReplayEntry } from './model.ts';
import { type Pace, Pacer } from './pace.ts';
import type { PlugWorld } from './plugs.ts';
import { RuleFinder } from './rule-finder.ts';
import type { Capture, DeviationLimit, ReplayRule, RuleSet } from './rules.ts';
import { Scope } from './scope.ts';
import { type Secrets, unmask } from './secrets.ts';
import { type RecordedExchange, type RecordedPower, type ReplaySource, stepsOf } from './steps.ts';
import { TransferView } from './transfer.ts';

/** Where everything that is sent and answered goes, as bytes: a trace. */
export interface ReplayListener {
  command(apdu: Uint8Array, tNs: number): void;
  response(apdu: Uint8Array, tNs: number): void;
  power(state: 'on' | 'reset' | 'off', tNs: number, atr?: Uint8Array): void;
}

export interface ToCardOptions {
  readonly rules: RuleSet;
  readonly secrets: Secrets;
  readonly pace: Pace;
  /** For exchanges whose rule has none; null for none. */
  readonly maxDeviation: DeviationLimit | null;
  /** Go on after a divergence. */
  readonly keepGoing: boolean;
  /** Shows secrets in entries. */
  readonly keepSecrets: boolean;
  readonly world: PlugWorld;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly listener: ReplayListener | null;
  /** Opens the card's channel where the trace had one; absent: the session does that by itself, or never. */
  readonly enterChannel?: () => Promise<void>;
  /** Told of every exchange of the trace, in their order. */
  readonly onEntry: (entry: ReplayEntry) => void;
  /** Told of what the link failed with, which entries say in words. */
  readonly onLinkError?: ((error: HalError) => void) | undefined;
}

/** How a replay ended. */
export interface ToCardEnd {
  /** What ended it before its end: the reader was lost, the trace is damaged, Ctrl-C; null for none. */
  readonly problem: string | null;
  /** Names of rules that no exchange fell under. */
  readonly unusedRules: readonly string[];
  /** Answers in the trace that no command stands before. */
  readonly strayResponses: number;
  /** Whether the trace tells how long anything took. */
  readonly timed: boolean;
}

/** A card in process answers without a turn of the event loop, in which output goes out and Ctrl-C is heard. */
const BETWEEN_TURNS = 64;

/** After these a session is over. */
const ENDING: ReadonlySet<string> = new Set(['card-removed', 'reader-lost', 'no-service', 'aborted']);

/** Sends the commands of a trace to a card and judges its answers. Never throws for the world's or the trace's sake. */
export async function replayToCard(
  source: ReplaySource,
  session: CardSession,
  options: ToCardOptions,
): Promise<ToCardEnd> {
  const replay = new CardReplay(session, options);
  let problem: string | null = null;
  let strayResponses = 0;
  try {
    for await (const step of stepsOf(source.events())) {
      if (step.type === 'stray') strayResponses++;
      else if (step.type === 'power') replay.power(step);
      else if (step.type === 'channel') await replay.channel();
      else {
        await replay.exchange(step);
        if (step.index % BETWEEN_TURNS === 0) await turn();
      }
      if (options.signal.aborted) break;
    }
  } catch (error) {
    if (!(error instanceof Error) || (error.name !== 'TraceError' && !(error instanceof HalError))) throw error;
    if (error instanceof HalError) options.onLinkError?.(error);
    problem = error.message;
  }
  if (options.signal.aborted) problem = 'interrupted';
  return {
    problem: replay.problem ?? problem,
    unusedRules: replay.unusedRules,
    strayResponses,
    timed: replay.timed,
  };
}

class CardReplay {
  /** What ended the session. */
  problem: string | null = null;
  timed = false;
  readonly #session: CardSession;
  readonly #options: ToCardOptions;
  readonly #scope: Scope;
  readonly #rules: RuleFinder;
  readonly #pacer: Pacer;
  readonly #transfer = new TransferView();
  readonly #redactor: EntryRedactor | null;
  readonly #startNs: number;
  #reset: 'warm' | 'cold' | null = null;
  #sent = false;
  /** Why the rest is not sent. */
  #stopped: string | null = null;

  constructor(session: CardSession, options: ToCardOptions) {
    this.#session = session;
    this.#options = options;
    this.#scope = new Scope(options.secrets, options.world);
    this.#rules = new RuleFinder(options.rules.rules);
    this.#pacer = new Pacer(options.pace, options.clock);
    this.#redactor = options.keepSecrets ? null : new EntryRedactor();
    this.#startNs = options.clock.nowNs();
  }

  get unusedRules(): readonly string[] {
    return this.#rules.unused;
  }

  /** Done before the next command: a session begins with a card that was just switched on. */
  power({ state }: RecordedPower): void {
    if (!this.#sent) return;
    if (state === 'reset') this.#reset ??= 'warm';
    else this.#reset = 'cold';
  }

  /** The recorded session had a channel from here on: the next commands go through one with fresh keys. */
  async channel(): Promise<void> {
    if (this.#stopped !== null) return;
    await this.#resetIfDue();
    await this.#options.enterChannel?.();
  }

  async exchange(step: RecordedExchange): Promise<void> {
    const rule = this.#rules.find(step.index, step.command.apdu);
    if (this.#stopped !== null) this.#report(step, blank(step, rule, 'SKIPPED', this.#stopped));
    else if (rule?.skip === true) this.#report(step, blank(step, rule, 'PASS', 'left out by its rule'));
    else await this.#replay(step, rule);
  }

  async #replay(step: RecordedExchange, rule: ReplayRule | null): Promise<void> {
    let sent: string;
    try {
      this.#scope.begin(rule?.compute ?? []);
      sent = this.#commandOf(step, rule);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.#report(step, blank(step, rule, 'INCONCLUSIVE', `not sent: ${error.message}`));
      return;
    }
    let lateNs = 0;
    try {
      lateNs = await this.#pacer.due(step.command.t, this.#options.signal);
      await this.#resetIfDue();
      await this.#judge(step, rule, sent, lateNs);
    } catch (error) {
      if (this.#options.signal.aborted) {
        this.#report(step, blank(step, rule, 'SKIPPED', 'interrupted'));
        return;
      }
      if (!(error instanceof HalError)) throw error;
      this.#options.onLinkError?.(error);
      const entry = blank(step, rule, 'INCONCLUSIVE', error.message);
      this.#report(step, { ...entry, command: sent });
      if (ENDING.has(error.kind)) {
        this.problem = error.message;
        this.#stopped = 'the session had ended';
      }
    }
  }

  /** @throws {TemplateError} */
  #commandOf({ command, index }: RecordedExchange, rule: ReplayRule | null): string {
    const unmasked = unmask(command, index, this.#options.secrets);
    const recorded = this.#scope.followed('hex' in unmasked ? unmasked.hex : command.apdu);
    const sent = rule?.send == null ? recorded : rule.send.over(recorded, this.#scope.lookup);
    if (!sent.includes('X')) return sent;
    throw new TemplateError(`missing is ${'missing' in unmasked ? unmasked.missing : 'a masked byte'}`);
  }

  async #resetIfDue(): Promise<void> {
    const mode = this.#reset;
    if (mode === null) return;
    this.#reset = null;
    await this.#session.reset(mode);
    this.#options.listener?.power('reset', this.#options.clock.nowNs(), this.#session.atr);
  }

  async #judge(step: RecordedExchange, rule: ReplayRule | null, sent: string, lateNs: number): Promise<void> {
    const command = bytesOfHex(sent);
    const recordedNs = this.#recordedNs(step);
    let retries = 0;
    for (;;) {
      const exchange = await this.#transmit(command);
      const time = this.#time(exchange, recordedNs, lateNs, rule);
      const outcome = this.#outcome(step, rule, command, exchange.response, time);
      if (outcome.verdict === 'FAIL' && retries < (rule?.retries ?? 0)) {
        retries++;
        continue;
      }
      this.#pacer.done(step.response?.t ?? step.command.t, exchange.endNs);
      const recorded = step.command.apdu;
      this.#report(step, {
        ...blank(step, rule, outcome.verdict, outcome.problem),
        command: sent,
        recordedCommand: sent === recorded ? null : recorded,
        expected: outcome.expected,
        got: hexOf(exchange.response),
        divergence: outcome.divergence,
        time,
        retries,
      });
      if (outcome.verdict === 'FAIL' && !this.#options.keepGoing) {
        this.#stopped = `exchange ${step.index} diverged`;
      }
      return;
    }
  }

  async #transmit(command: Uint8Array): Promise<Exchange> {
    const exchange = await this.#session.transmit(command);
    this.#sent = true;
    this.#options.listener?.command(command, exchange.startNs);
    this.#options.listener?.response(exchange.response, exchange.endNs);
    return exchange;
  }

  #outcome(
    step: RecordedExchange,
    rule: ReplayRule | null,
    command: Uint8Array,
    response: Uint8Array,
    time: ExchangeTime,
  ): Outcome {
    const { response: answered } = step;
    const recorded = answered?.apdu ?? '';
    let expected: Expectation;
    let uncaught: string | null;
    try {
      uncaught = this.#capture(rule?.capture ?? [], step, command, response);
      if (recorded.length < 4 && (rule === null || rule.answer === 'same')) {
        this.#scope.finish();
        return { ...NOTHING, problem: 'the trace has no answer to this command' };
      }
      expected = expectation(recorded, rule, this.#options.rules, this.#scope);
      this.#scope.finish();
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return { ...NOTHING, problem: `cannot be judged: ${error.message}` };
    }
    const shown = shownExpectation(expected);
    const part = this.#transfer.next(command, bytesOfHex(expected.open ? recorded : (expected.answer ?? recorded)));
    const divergence = compareAnswer(expected, response, part) ?? this.#late(time, rule);
    if (divergence !== null) return { verdict: 'FAIL', divergence, expected: shown, problem: uncaught };
    return {
      verdict: uncaught === null ? 'PASS' : 'INCONCLUSIVE',
      divergence: null,
      expected: shown,
      problem: uncaught,
    };
  }

  /** @returns what could not be captured, or null */
  #capture(
    captures: readonly Capture[],
    step: RecordedExchange,
    command: Uint8Array,
    response: Uint8Array,
  ): string | null {
    const missing: string[] = [];
    for (const { name, from, follow } of captures) {
      const live = from.of === 'command' ? command : response;
      const span = locate(from, live, dataOf(from.of, live));
      if (span === null) {
        missing.push(name);
        continue;
      }
      const value = copyBytes(live, span.offset, span.offset + span.length);
      this.#scope.set(name, value);
      if (!follow) continue;
      const then = from.of === 'command' ? step.command.apdu : (step.response?.apdu ?? '');
      const bytes = bytesOfHex(then);
      const place = locate(from, bytes, dataOf(from.of, bytes));
      if (place === null) continue;
      this.#scope.follow(name, then.slice(2 * place.offset, 2 * (place.offset + place.length)), hexOf(value));
    }
    return missing.length === 0 ? null : `the answer has nothing to capture as ${missing.join(', ')}`;
  }

  #recordedNs({ command, response }: RecordedExchange): number | null {
    if (response === null || response.t <= command.t) return null;
    this.timed = true;
    return response.t - command.t;
  }

  #time(exchange: Exchange, recordedNs: number | null, lateNs: number, rule: ReplayRule | null): ExchangeTime {
    const tookNs = exchange.endNs - exchange.startNs;
    const limit = this.#limit(rule);
    return {
      startNs: exchange.startNs - this.#startNs,
      tookNs,
      recordedNs,
      deviationNs: recordedNs === null ? null : tookNs - recordedNs,
      limitNs: limit === null || recordedNs === null ? null : limitNs(limit, recordedNs),
      lateNs,
    };
  }

  #limit(rule: ReplayRule | null): DeviationLimit | null {
    return rule?.maxDeviation ?? this.#options.maxDeviation ?? this.#options.rules.maxDeviation;
  }

  #late({ recordedNs, deviationNs, tookNs, limitNs: most }: ExchangeTime, rule: ReplayRule | null): Divergence | null {
    const limit = this.#limit(rule);
    if (limit === null || recordedNs === null || deviationNs === null) return null;
    if (!exceeds(limit, recordedNs, deviationNs)) return null;
    const ms = (ns: number): string => `${(ns / 1_000_000).toFixed(3)} ms`;
    return {
      kind: 'time',
      offset: null,
      field: [],
      expected: `${ms(recordedNs)} ${limit.slowerOnly ? '+' : '±'} ${ms(most ?? 0)}`,
      got: ms(tookNs),
      shownFrom: null,
      where: deviationNs > 0 ? 'slower than it may be' : 'faster than it may be',
    };
  }

  #report({ command }: RecordedExchange, entry: ReplayEntry): void {
    this.#options.onEntry(this.#redactor === null ? entry : this.#redactor.redact(entry, command.masks));
  }
}

interface Outcome {
  readonly verdict: 'PASS' | 'FAIL' | 'INCONCLUSIVE';
  readonly divergence: Divergence | null;
  readonly expected: string | null;
  readonly problem: string | null;
}

const NOTHING: Outcome = { verdict: 'INCONCLUSIVE', divergence: null, expected: null, problem: null };

/** An entry of an exchange that was not sent. */
function blank(
  { index, command, response }: RecordedExchange,
  rule: ReplayRule | null,
  verdict: ReplayEntry['verdict'],
  problem: string | null,
): ReplayEntry {
  return {
    index,
    name: commandNameOf(command.apdu),
    command: command.apdu,
    recordedCommand: null,
    expected: response?.apdu ?? null,
    got: null,
    rule: rule?.name ?? null,
    verdict,
    divergence: null,
    problem,
    time: null,
    retries: 0,
  };
}

function shownExpectation({ answer, open, status }: Expectation): string | null {
  if (answer === null) return status === null ? null : `any, ${status.join('|')}`;
  return open ? `${answer}*` : answer;
}

function dataOf(of: 'answer' | 'command', bytes: Uint8Array): ByteSpan {
  if (of === 'answer') return { offset: 0, length: Math.max(0, bytes.length - 2) };
  const { dataOffset, dataLength } = commandLayout(bytes);
  return { offset: dataOffset, length: dataLength };
}
