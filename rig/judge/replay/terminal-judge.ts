import { CardState } from './card-state.ts';
import { commandNameOf, digitsFit, firstMismatch } from './hex-template.ts';
import type { Divergence, ReplayEntry } from './model.ts';
import type { KnownExchange } from './recorded-session.ts';

/** What becomes of one command: the exchange that answers it, and what is to be said of it. */
export interface Judged {
  /** null: no answer is known. */
  readonly match: KnownExchange | null;
  /** In their order: first what was not sent before this command, then the command. */
  readonly entries: readonly ReplayEntry[];
}

/**
 * Follows a terminal through a recorded session.
 *
 * `order`: every command is to come in its place. One that comes later in the session is answered, and those between
 * count as missing; one that came before is answered again, and is too much. `best`: any order; of several exchanges
 * with the same command the one in the same state is taken, and of these the next one after the last.
 */
export class TerminalJudge {
  readonly #exchanges: readonly KnownExchange[];
  readonly #order: boolean;
  /** Exchanges by their command, where that has no masked byte. */
  readonly #exact = new Map<string, KnownExchange[]>();
  readonly #masked: KnownExchange[] = [];
  readonly #places = new Map<KnownExchange, number>();
  readonly #state = new CardState();
  /** Place of the exchange that is expected next. */
  #next = 0;
  /** Commands since the last power-on or reset. */
  #commands = 0;
  /** The trace was gone through to its end: a command begins it again. */
  #restart = false;
  /** Why this session can no longer be judged; null: it can. */
  #unable: string | null = null;

  constructor(exchanges: readonly KnownExchange[], match: 'order' | 'best') {
    this.#exchanges = exchanges;
    this.#order = match === 'order';
    exchanges.forEach((exchange, place) => {
      this.#places.set(exchange, place);
      if (exchange.command.includes('X')) this.#masked.push(exchange);
      else this.#exact.set(exchange.command, [...(this.#exact.get(exchange.command) ?? []), exchange]);
    });
  }

  /** Whether all of the recorded session has been gone through, and nothing is under way. */
  get complete(): boolean {
    return this.#next >= this.#exchanges.length;
  }

  /** Whether the terminal has sent anything since the last power-on. */
  get inSession(): boolean {
    return this.#commands > 0;
  }

  /** Whether the trace goes on after this session with another. */
  get anotherSession(): boolean {
    return this.#exchanges.some(({ session }, place) => place >= this.#next && session > this.#session());
  }

  /** Power came, went, or the card was reset. @returns what the terminal left out of this session */
  power(): readonly ReplayEntry[] {
    this.#state.reset();
    if (this.#commands === 0) return [];
    this.#commands = 0;
    const session = this.#session();
    const left: KnownExchange[] = [];
    while (this.#next < this.#exchanges.length && this.#exchanges[this.#next]?.session === session) {
      left.push(this.#exchanges[this.#next++] as KnownExchange);
    }
    // The next command begins the next session of the trace, or the trace again.
    if (this.complete) this.#restart = true;
    const entries = this.#order ? left.map((exchange) => this.#missing(exchange)) : [];
    this.#unable = null;
    return entries;
  }

  /** The terminal has gone for good. @returns what it never sent */
  end(): readonly ReplayEntry[] {
    const left = this.#restart || !this.#order ? [] : this.#exchanges.slice(this.#next);
    const rest = left.map((exchange) => this.#missing(exchange));
    this.#next = this.#exchanges.length;
    return rest;
  }

  /** How long the card took at most to answer this command, whichever exchange it turns out to be; 0: not known. */
  longestNs(command: string): number {
    return Math.max(0, ...this.#matching(command, false).map(({ tookNs }) => tookNs ?? 0));
  }

  /** The same for any command of a channel, which cannot be read before it is opened. */
  get longestProtectedNs(): number {
    return this.#exchanges.reduce(
      (most, { isProtected, tookNs }) => (isProtected ? Math.max(most, tookNs ?? 0) : most),
      0,
    );
  }

  /** @param isProtected it came through a channel, and `command` is the plain one */
  command(command: string, isProtected = false): Judged {
    if (this.#restart) this.#next = 0;
    this.#restart = false;
    const first = this.#commands++ === 0;
    return this.#order ? this.#inOrder(command, isProtected, first) : this.#best(command, isProtected);
  }

  /** A command that no channel could open. @param why in words */
  unopened(command: string, why: string): Judged {
    this.#commands++;
    return { match: null, entries: [this.#unexpected(command, this.#exchanges[this.#next] ?? null, why, null)] };
  }

  /** The card cannot go on in this session: what the terminal does from here on is no fault of its own. */
  excuse(why: string): void {
    this.#unable = why;
  }

  /** Counts a command that a rule answered as sent, where it stands in the trace. */
  passBy(command: string, isProtected = false): void {
    if (this.#restart) this.#next = 0;
    this.#restart = false;
    this.#commands++;
    const expected = this.#exchanges[this.#next];
    if (expected !== undefined && fits(command, isProtected, expected)) this.#next++;
  }

  /** Tells the state what was answered. */
  answered(command: Uint8Array, answer: Uint8Array): void {
    this.#state.next(command, answer);
  }

  #session(): number {
    return this.#exchanges[Math.max(0, this.#next - 1)]?.session ?? 0;
  }

  #inOrder(command: string, isProtected: boolean, firstOfSession: boolean): Judged {
    const expected = this.#exchanges[this.#next];
    if (expected !== undefined && fits(command, isProtected, expected)) {
      const withoutReset = !firstOfSession && expected.session !== this.#session();
      this.#next++;
      const entry = sent(expected, command);
      return { match: expected, entries: [withoutReset ? { ...entry, ...NO_RESET } : entry] };
    }
    const session = firstOfSession ? (expected?.session ?? this.#session()) : this.#session();
    const known = this.#matching(command, isProtected).filter((exchange) => exchange.session === session);
    const ahead = known.find((exchange) => this.#place(exchange) > this.#next);
    if (ahead !== undefined) {
      const left = this.#exchanges.slice(this.#next, this.#place(ahead)).map((each) => this.#missing(each));
      this.#next = this.#place(ahead) + 1;
      return { match: ahead, entries: [...left, sent(ahead, command)] };
    }
    const behind = known.findLast((exchange) => this.#place(exchange) < this.#next);
    if (behind !== undefined) {
      const where = `sent again: it is exchange ${behind.index}`;
      return { match: behind, entries: [this.#unexpected(command, expected ?? null, where, behind.answer)] };
    }
    const where = expected === undefined ? null : wayInWords(command, isProtected, expected);
    return { match: null, entries: [this.#unexpected(command, expected ?? null, where, null)] };
  }

  #best(command: string, isProtected: boolean): Judged {
    const known = this.#matching(command, isProtected);
    const inState = known.filter(({ state }) => state === this.#state.name);
    const candidates = inState.length > 0 ? inState : known;
    const match = candidates.find((each) => this.#place(each) >= this.#next) ?? candidates[0] ?? null;
    if (match === null)
      return { match, entries: [this.#unexpected(command, this.#exchanges[this.#next] ?? null, null, null)] };
    this.#next = this.#place(match) + 1;
    if (this.complete) this.#next = 0;
    return { match, entries: [sent(match, command)] };
  }

  #missing(exchange: KnownExchange): ReplayEntry {
    const entry = missing(exchange);
    return this.#unable === null ? entry : { ...entry, verdict: 'SKIPPED', divergence: null, problem: this.#unable };
  }

  #unexpected(...what: Parameters<typeof unexpected>): ReplayEntry {
    const entry = unexpected(...what);
    return this.#unable === null ? entry : { ...entry, verdict: 'INCONCLUSIVE', problem: this.#unable };
  }

  #matching(command: string, isProtected: boolean): readonly KnownExchange[] {
    const exact = (this.#exact.get(command) ?? []).filter((exchange) => exchange.isProtected === isProtected);
    const masked = this.#masked.filter((exchange) => fits(command, isProtected, exchange));
    if (masked.length === 0) return exact;
    return [...exact, ...masked].sort((a, b) => this.#place(a) - this.#place(b));
  }

  #place(exchange: KnownExchange): number {
    return this.#places.get(exchange) as number;
  }
}

/** An exchange of which nothing is known yet but that it is this one. */
export function entryOf(index: number | null, command: string): ReplayEntry {
  return {
    index,
    name: commandNameOf(command),
    command,
    recordedCommand: null,
    expected: null,
    got: null,
    rule: null,
    verdict: 'PASS',
    divergence: null,
    problem: null,
    time: null,
    retries: 0,
  };
}

/** The verdict on a command in its place, but in the session before. */
const NO_RESET: Pick<ReplayEntry, 'verdict' | 'divergence'> = {
  verdict: 'FAIL',
  divergence: {
    kind: 'command',
    offset: null,
    field: [],
    expected: 'reset or power off',
    got: 'none',
    shownFrom: null,
    where: 'the trace has a reset before this command',
  },
};

function sent(exchange: KnownExchange, command: string): ReplayEntry {
  return { ...entryOf(exchange.index, command), expected: exchange.answer };
}

function missing(exchange: KnownExchange): ReplayEntry {
  const divergence: Divergence = {
    kind: 'missing',
    offset: null,
    field: [],
    expected: '',
    got: '',
    shownFrom: null,
    where: 'the terminal did not send it',
  };
  return { ...entryOf(exchange.index, exchange.command), verdict: 'FAIL', divergence };
}

function fits(command: string, isProtected: boolean, exchange: KnownExchange): boolean {
  return isProtected === exchange.isProtected && digitsFit(command, exchange.command);
}

/** The same command on the other way: in clear, or through a channel; null for another command. */
function wayInWords(command: string, isProtected: boolean, wanted: KnownExchange): string | null {
  if (isProtected === wanted.isProtected || !digitsFit(command, wanted.command)) return null;
  const [here, there] = isProtected ? ['through the channel', 'in clear'] : ['in clear', 'through the channel'];
  return `${here}: exchange ${wanted.index}, ${commandNameOf(wanted.command)}, is ${there} in the trace`;
}

/** @param where null: how it differs from what was expected */
function unexpected(
  command: string,
  expected: KnownExchange | null,
  where: string | null,
  answer: string | null,
): ReplayEntry {
  const divergence: Divergence = {
    kind: expected === null ? 'extra' : 'command',
    offset: expected === null ? null : firstMismatch(command, expected.command),
    field: [],
    expected: expected?.command ?? '',
    got: command,
    shownFrom: { expected: 0, got: 0 },
    where: where ?? (expected === null ? 'more than the trace has' : differenceInWords(command, expected)),
  };
  return {
    ...entryOf(null, command),
    recordedCommand: expected?.command ?? null,
    expected: answer,
    verdict: 'FAIL',
    divergence,
  };
}

const HEADER = ['CLA', 'INS', 'P1', 'P2', 'the length field'] as const;

function differenceInWords(command: string, { index, command: wanted }: KnownExchange): string {
  const name = commandNameOf(wanted);
  const at = firstMismatch(command, wanted);
  const what = `instead of exchange ${index}, ${name}`;
  if (at === null) return `${what}: ${command.length < wanted.length ? 'shorter' : 'longer'}`;
  return `${what}: ${HEADER[at] ?? `byte ${at + 1}`} differs`;
}
