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
    return this.#order ? left.map(missing) : [];
  }

  /** The terminal has gone for good. @returns what it never sent */
  end(): readonly ReplayEntry[] {
    const rest = this.#restart || !this.#order ? [] : this.#exchanges.slice(this.#next).map(missing);
    this.#next = this.#exchanges.length;
    return rest;
  }

  /** How long the card took at most to answer this command, whichever exchange it turns out to be; 0: not known. */
  longestNs(command: string): number {
    return Math.max(0, ...this.#matching(command).map(({ tookNs }) => tookNs ?? 0));
  }

  command(command: string): Judged {
    if (this.#restart) this.#next = 0;
    this.#restart = false;
    const first = this.#commands++ === 0;
    return this.#order ? this.#inOrder(command, first) : this.#best(command);
  }

  /** Counts a command that a rule answered as sent, where it stands in the trace. */
  passBy(command: string): void {
    if (this.#restart) this.#next = 0;
    this.#restart = false;
    this.#commands++;
    const expected = this.#exchanges[this.#next];
    if (expected !== undefined && digitsFit(command, expected.command)) this.#next++;
  }

  /** Tells the state what was answered. */
  answered(command: Uint8Array, answer: Uint8Array): void {
    this.#state.next(command, answer);
  }

  #session(): number {
    return this.#exchanges[Math.max(0, this.#next - 1)]?.session ?? 0;
  }

  #inOrder(command: string, firstOfSession: boolean): Judged {
    const expected = this.#exchanges[this.#next];
    if (expected !== undefined && digitsFit(command, expected.command)) {
      const withoutReset = !firstOfSession && expected.session !== this.#session();
      this.#next++;
      const entry = sent(expected, command);
      return { match: expected, entries: [withoutReset ? { ...entry, ...NO_RESET } : entry] };
    }
    const session = firstOfSession ? (expected?.session ?? this.#session()) : this.#session();
    const known = this.#matching(command).filter((exchange) => exchange.session === session);
    const ahead = known.find((exchange) => this.#place(exchange) > this.#next);
    if (ahead !== undefined) {
      const left = this.#exchanges.slice(this.#next, this.#place(ahead)).map(missing);
      this.#next = this.#place(ahead) + 1;
      return { match: ahead, entries: [...left, sent(ahead, command)] };
    }
    const behind = known.findLast((exchange) => this.#place(exchange) < this.#next);
    if (behind !== undefined) {
      const where = `sent again: it is exchange ${behind.index}`;
      return { match: behind, entries: [unexpected(command, expected ?? null, where, behind.answer)] };
    }
    return { match: null, entries: [unexpected(command, expected ?? null, null, null)] };
  }

  #best(command: string): Judged {
    const known = this.#matching(command);
    const inState = known.filter(({ state }) => state === this.#state.name);
    const candidates = inState.length > 0 ? inState : known;
    const match = candidates.find((each) => this.#place(each) >= this.#next) ?? candidates[0] ?? null;
    if (match === null)
      return { match, entries: [unexpected(command, this.#exchanges[this.#next] ?? null, null, null)] };
    this.#next = this.#place(match) + 1;
    if (this.complete) this.#next = 0;
    return { match, entries: [sent(match, command)] };
  }

  #matching(command: string): readonly KnownExchange[] {
    const exact = this.#exact.get(command) ?? [];
    const masked = this.#masked.filter((exchange) => digitsFit(command, exchange.command));
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
