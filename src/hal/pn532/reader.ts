import { LARGEST_COMMAND } from '../apdu-size.ts';
import type { Clock } from '../clock.ts';
import { DirectSession, inOrder } from '../direct-session.ts';
import { HalError } from '../errors.ts';
import type { CardSession, ConnectMode, Reader, ReaderInfo } from '../reader.ts';
import { ActivatedCard } from './activated-card.ts';
import { atrOfAts } from './answer-to-reset.ts';
import { PARAMETER } from './codes.ts';
import type { Pn532Connection, Pn532Port } from './port.ts';
import { pause, realTimers, type Timers } from './transport.ts';
import type { TypeATarget } from './type-a-target.ts';

/** The chip's own tries in one look for a card. */
const TRIES_A_LOOK = 4;
/** Between two looks, with the field off: a card that was left in the middle of something begins anew. */
const BETWEEN_LOOKS_MS = 10;
const NO_LIMIT_OF_TRIES = 0xff;
/** SEL_RES of a card of ISO/IEC 14443-4. */
const ISO_DEP = 0x20;

export interface Pn532ReaderOptions {
  readonly port: Pn532Port;
  /** Gives the times of exchanges. */
  readonly clock: Clock;
  readonly timers?: Timers;
}

/** One PN532 as a reader of ISO/IEC 14443-4 type A cards. It is opened when it is first needed. */
export class Pn532Reader implements Reader {
  readonly driver: string;
  readonly #port: Pn532Port;
  readonly #clock: Clock;
  readonly #timers: Timers;
  #connection: Promise<Pn532Connection> | null = null;
  #card: ActivatedCard | null = null;
  #session: DirectSession | null = null;
  /** What lies on the antenna and is no ISO/IEC 14443-4 card, in words. */
  #other: string | null = null;
  #closing: AbortController = new AbortController();
  /** Ends the opening of the port that is under way. */
  #opening: AbortController = new AbortController();
  /** Takes back what listens to the signal of the last `connect`. */
  #unlisten: () => void = () => {};
  /** The chip does one thing at a time. */
  readonly #inOrder = inOrder();

  constructor(options: Pn532ReaderOptions) {
    this.#port = options.port;
    this.#clock = options.clock;
    this.#timers = options.timers ?? realTimers;
    this.driver = options.port.name.split(':', 1)[0] as string;
  }

  async list(): Promise<readonly ReaderInfo[]> {
    const card = await this.#inOrder(() => this.#look());
    return [{ name: this.#port.name, cardPresent: card !== null, atr: card?.atr ?? null }];
  }

  async connect(options: {
    readonly reader?: string;
    readonly timeoutMs: number;
    readonly mode?: ConnectMode;
    readonly signal?: AbortSignal;
  }): Promise<CardSession> {
    const { name } = this.#port;
    const signals = options.signal === undefined ? [this.#closing.signal] : [this.#closing.signal, options.signal];
    refuseAborted(signals);
    this.#listenTo(options.signal);
    if (options.reader !== undefined && !name.includes(options.reader)) {
      throw new HalError('no-reader', `no reader named "${options.reader}"; there is "${name}"`);
    }
    const deadlineMs = performance.now() + options.timeoutMs;
    for (;;) {
      const session = await this.#inOrder(() => this.#begin(options.mode ?? 'any', signals));
      if (session !== null) return session;
      refuseAborted(signals);
      if (performance.now() >= deadlineMs) {
        throw new HalError('no-card', this.#other ?? `no card on "${name}"`);
      }
      await pause(this.#timers, BETWEEN_LOOKS_MS);
      refuseAborted(signals);
    }
  }

  /** The signal ends more than the wait for a card: an exchange with one may take many seconds. */
  #listenTo(signal: AbortSignal | undefined): void {
    this.#unlisten();
    if (signal === undefined) return;
    const interrupt = (): void => {
      this.#opening.abort();
      void this.#connection?.then(
        ({ chip }) => chip.transport.abort(),
        () => {},
      );
    };
    signal.addEventListener('abort', interrupt);
    this.#unlisten = () => signal.removeEventListener('abort', interrupt);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#unlisten();
    this.#opening.abort();
    this.#session?.end(new HalError('aborted', 'this session has ended'));
    const connection = await this.#connection?.catch(() => null);
    connection?.chip.transport.abort();
    await connection?.close();
  }

  /** @returns null when there is no card, or it left meanwhile */
  async #begin(mode: ConnectMode, signals: readonly AbortSignal[]): Promise<DirectSession | null> {
    refuseAborted(signals);
    if (this.#session !== null && !this.#session.ended) {
      throw new HalError('busy', `a session with the card on "${this.#port.name}" is already open`);
    }
    const card = await this.#look();
    refuseAborted(signals);
    if (card === null) return null;
    try {
      if (mode !== 'any') await card.reset(mode);
      else if (card.cut) await card.reset('warm');
    } catch (error) {
      if (error instanceof HalError && error.kind === 'card-removed') return null;
      throw error;
    }
    this.#session = new DirectSession({
      reader: this.#port.name,
      protocol: 'ISO-DEP',
      card,
      clock: this.#clock,
      largestCommand: LARGEST_COMMAND,
      inOrder: this.#inOrder,
    });
    return this.#session;
  }

  /** The card that is there: the one in use, if it still answers, or one found now. */
  async #look(): Promise<ActivatedCard | null> {
    const { chip } = await this.#open();
    if (this.#card !== null) {
      if (await this.#card.isPresent()) return this.#card;
      this.#session?.end(new HalError('card-removed', `the card was taken off "${this.#port.name}"`));
      this.#card = null;
    }
    const [target] = await chip.listTypeA();
    this.#other = target === undefined || isIsoDep(target) ? null : describeOther(target, this.#port.name);
    if (target !== undefined && isIsoDep(target)) {
      this.#card = new ActivatedCard(chip, target, atrOfAts(target.ats), this.#port.name, this.#timers);
      return this.#card;
    }
    await chip.rfField(false);
    return null;
  }

  async #open(): Promise<Pn532Connection> {
    refuseAborted([this.#closing.signal]);
    this.#connection ??= this.#prepare();
    try {
      return await this.#connection;
    } catch (error) {
      this.#connection = null;
      throw error;
    }
  }

  async #prepare(): Promise<Pn532Connection> {
    this.#opening = new AbortController();
    const connection = await this.#port.open(this.#opening.signal);
    const { chip } = connection;
    chip.transport.onLost((reason) => {
      this.#session?.end(reason);
      this.#card = null;
      this.#connection = null;
      void connection.close();
    });
    try {
      await chip.setParameters(PARAMETER.autoAtrRes | PARAMETER.autoRats);
      await chip.maxRetries(NO_LIMIT_OF_TRIES, 1, TRIES_A_LOOK);
      // A card that an interrupted session has left in the middle of something begins anew.
      await chip.rfField(false);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }
}

function isIsoDep(target: TypeATarget): boolean {
  return (target.selRes & ISO_DEP) !== 0 && target.ats !== null;
}

function describeOther({ selRes }: TypeATarget, reader: string): string {
  const sak = selRes.toString(16).toUpperCase().padStart(2, '0');
  return `the card on "${reader}" takes no APDUs (SAK ${sak})`;
}

function refuseAborted(signals: readonly AbortSignal[]): void {
  if (signals.some((signal) => signal.aborted)) throw new HalError('aborted', 'the wait for a card was cancelled');
}
