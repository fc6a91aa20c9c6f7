import { setTimeout as sleep } from 'node:timers/promises';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { LARGEST_COMMAND } from '../../../src/hal/apdu-size.ts';
import type { LinkedCard } from '../../../src/hal/card-link.ts';
import { HalError, READER_ABSENT } from '../../../src/hal/errors.ts';
import type { CardSession, Reader } from '../../../src/hal/reader.ts';
import type { Backend, CommandReach } from '../../endpoint/driver.ts';

/** The card as a case sees it. */
export interface CaseSession {
  /** @throws {HalError} {NotCarried} {AnswerNotBelieved} */
  transmit(command: Uint8Array): Promise<Uint8Array>;
  /** @throws {HalError} */
  power(mode: 'cold' | 'warm'): Promise<void>;
}

/** What lies between does not carry this command, which says nothing of the card. */
export class NotCarried extends HalError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('unsupported', message, options);
  }
}

/** An answer came that must not be believed: the session can do no more in this case. */
export class AnswerNotBelieved extends HalError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('protocol', message, options);
  }
}

/** The reader, or the link that our card is on, went away and did not come back: no further case can be judged. */
export class LinkIsGone extends HalError {
  constructor({ kind, message }: HalError, options?: { cause?: unknown }) {
    super(kind, message, options);
  }
}

/** A card, and a way to it that brings it to a cold reset before each case. */
export interface CardUnderTest {
  /** For people. */
  readonly description: string;
  readonly reader: string;
  /** Known of a reader when a case has begun. */
  readonly backend: Backend;
  readonly reach: CommandReach;
  /** Seed of our card's random numbers; null for other cards. */
  readonly seed: string | null;
  /** Whether each case finds the card as it was at the start. */
  readonly renewed: boolean;
  /** ATR, once a case has begun; null before. */
  readonly atr: Uint8Array | null;
  /** What carries the APDUs. */
  readonly protocol: string;
  /** A session with the card after a cold reset. @throws {HalError} */
  begin(): Promise<CaseSession>;
  /** Faults of our own card since they were last asked for. */
  takeFaults(): readonly unknown[];
  close(): Promise<void>;
}

/** Everything that ISO/IEC 7816-3 can express, and less than a header. */
const WHOLE_REACH: CommandReach = { shortestCommand: 1, longestCommand: LARGEST_COMMAND };

/** Makes the card again for each case; told of faults of the card. */
export type MakeCard = (onFault: (fault: unknown) => void) => LinkedCard;

/** A card in process, without any reader in between: a new one for each case. */
export class InProcessCard implements CardUnderTest {
  readonly description: string;
  readonly reader = 'in process';
  readonly backend = 'simulated';
  readonly reach: CommandReach = WHOLE_REACH;
  readonly seed: string | null;
  readonly renewed = true;
  readonly protocol = 'direct';
  readonly #make: MakeCard;
  #faults: unknown[] = [];
  #atr: Uint8Array | null = null;

  constructor(description: string, make: MakeCard, seed: string | null = null) {
    this.description = description;
    this.seed = seed;
    this.#make = make;
  }

  get atr(): Uint8Array | null {
    return this.#atr;
  }

  async begin(): Promise<CaseSession> {
    const card = this.#make((fault) => this.#faults.push(fault));
    this.#atr = Uint8Array.from(card.atr());
    card.powerOn();
    return new DirectSession(card);
  }

  takeFaults(): readonly unknown[] {
    return this.#faults.splice(0);
  }

  async close(): Promise<void> {}
}

class DirectSession implements CaseSession {
  readonly #card: LinkedCard;

  constructor(card: LinkedCard) {
    this.#card = card;
  }

  // Not an async function: a case sends tens of thousands of commands, and the card answers at once.
  transmit(command: Uint8Array): Promise<Uint8Array> {
    let length: number;
    try {
      length = this.#card.process(command, 0, command.length);
    } catch (error) {
      if (error instanceof HalError) return Promise.reject(error);
      const words = error instanceof Error ? error.message : String(error);
      return Promise.reject(new HalError('card-removed', `the card failed: ${words}`, { cause: error }));
    }
    return Promise.resolve(copyBytes(this.#card.response, 0, length));
  }

  async power(mode: 'cold' | 'warm'): Promise<void> {
    if (mode === 'warm') {
      this.#card.reset();
      return;
    }
    this.#card.fieldOff();
    this.#card.powerOn();
  }
}

export interface ReaderCardOptions {
  readonly reader: Reader;
  /** The reader's name or a part of it, or null for the first with a card. */
  readonly name: string | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  backendAt(reader: string): Backend;
  readonly reach: CommandReach;
  /** For a card of ours behind the reader: puts a new one in its place, before the reset. */
  readonly renew?: () => void;
  readonly description?: string;
  readonly seed?: string | null;
  readonly takeFaults?: () => readonly unknown[];
  /** Ends what was opened for it. */
  close(): Promise<void>;
}

/** How long a card or a reader that went away in the middle of a case may take to come back. */
const COME_BACK_MS = 2000;
/** Between two looks for a reader that its driver does not wait for. */
const LOOK_AGAIN_MS = 200;

/** A card in a reader. The session is kept from case to case; one that died is begun again once. */
export class ReaderCard implements CardUnderTest {
  readonly reach: CommandReach;
  readonly renewed: boolean;
  readonly #options: ReaderCardOptions;
  #session: CardSession | null = null;
  #name: string | null;
  #met = false;

  constructor(options: ReaderCardOptions) {
    this.#options = options;
    this.reach = options.reach;
    this.renewed = options.renew !== undefined;
    this.#name = options.name;
  }

  get description(): string {
    return this.#options.description ?? 'the card in the reader';
  }

  get backend(): Backend {
    return this.#options.backendAt(this.reader);
  }

  get reader(): string {
    return this.#name ?? this.#options.reader.driver;
  }

  get seed(): string | null {
    return this.#options.seed ?? null;
  }

  get atr(): Uint8Array | null {
    return this.#session?.atr ?? null;
  }

  get protocol(): string {
    return this.#session?.protocol ?? '';
  }

  async begin(): Promise<CaseSession> {
    this.#renew();
    if (this.#session !== null) {
      try {
        await this.#session.reset('cold');
        return asCaseSession(this.#session);
      } catch {
        await this.#drop();
      }
    }
    this.#session = await (this.#met ? this.#connectAgain() : this.#connect(this.#options.timeoutMs));
    this.#met = true;
    this.#name = this.#session.reader;
    return asCaseSession(this.#session);
  }

  #renew(): void {
    try {
      this.#options.renew?.();
    } catch (error) {
      throw this.#met && error instanceof HalError ? new LinkIsGone(error, { cause: error }) : error;
    }
  }

  #connect(timeoutMs: number): Promise<CardSession> {
    const { reader, signal } = this.#options;
    const name = this.#name === null ? {} : { reader: this.#name };
    return reader.connect({ timeoutMs, signal, mode: 'cold', ...name });
  }

  async #connectAgain(): Promise<CardSession> {
    const { timeoutMs, signal } = this.#options;
    const limitMs = Math.min(timeoutMs, COME_BACK_MS);
    const deadlineMs = performance.now() + limitMs;
    for (;;) {
      try {
        return await this.#connect(limitMs);
      } catch (error) {
        if (!(error instanceof HalError) || !READER_ABSENT.has(error.kind)) throw error;
        if (performance.now() >= deadlineMs) throw new LinkIsGone(error, { cause: error });
      }
      await sleep(LOOK_AGAIN_MS, undefined, { signal });
    }
  }

  takeFaults(): readonly unknown[] {
    return this.#options.takeFaults?.() ?? [];
  }

  async close(): Promise<void> {
    await this.#drop();
    await this.#options.close();
  }

  async #drop(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    // What was proven must not wait there for the next program.
    await session?.disconnect('reset');
  }
}

function asCaseSession(session: CardSession): CaseSession {
  return {
    transmit: async (command) => (await session.transmit(command)).response,
    power: (mode) => session.reset(mode),
  };
}
