import { randomBytes } from 'node:crypto';
import { HalError } from '../../../../src/hal/errors.ts';
import type { CardSession } from '../../../../src/hal/reader.ts';
import { CardRelay, type RelayStep } from '../relay.ts';
import { refuseRequest } from './request-refusals.ts';

export interface RelayLimits {
  /** How long the issuer waits for the card's next answer. */
  readonly idleMs: number;
  /** How many at once. */
  readonly most: number;
}

export const RELAY_LIMITS: RelayLimits = { idleMs: 60_000, most: 100 };

interface Running {
  readonly id: string;
  /** Whose it is: an activation. */
  readonly owner: string;
  readonly relay: CardRelay<void>;
  /** Milliseconds since 1970. */
  lastAt: number;
  busy: boolean;
}

/** What the phone does next. */
export type Turn =
  | { readonly relay: string; readonly command: string }
  | { readonly relay: string; readonly done: true };

/**
 * The cards that phones carry commands to, between two requests. Each activation has one relay at most: a new one ends the
 * one before. A relay whose phone does not come back is given up.
 */
export class CardRelays {
  readonly #limits: RelayLimits;
  readonly #running = new Map<string, Running>();

  constructor(limits: RelayLimits = RELAY_LIMITS) {
    this.#limits = limits;
  }

  /** @throws {WebRefusal} */
  async begin(owner: string, work: (session: CardSession) => Promise<void>, now: number): Promise<Turn> {
    this.giveUp(now);
    for (const each of this.#running.values()) if (each.owner === owner) this.#end(each, 'another one was begun');
    if (this.#running.size >= this.#limits.most) throw refuseRequest('relay-limit');
    const id = randomBytes(16).toString('hex');
    const running = { id, owner, relay: new CardRelay<void>(work), lastAt: now, busy: false };
    this.#running.set(id, running);
    return this.#turn(running, null);
  }

  /** @throws {WebRefusal} */
  async next(owner: string, id: string, answer: Uint8Array, now: number): Promise<Turn> {
    this.giveUp(now);
    const running = this.#running.get(id);
    if (running === undefined || running.owner !== owner) throw refuseRequest('relay-unknown');
    if (running.busy) throw refuseRequest('relay-busy');
    running.lastAt = now;
    return this.#turn(running, answer);
  }

  /** Ends those whose phone has not come back in time. */
  giveUp(now: number): void {
    for (const each of this.#running.values()) {
      if (!each.busy && now - each.lastAt > this.#limits.idleMs) this.#end(each, 'the phone did not come back');
    }
  }

  /** Ends all. */
  close(): void {
    for (const each of this.#running.values()) this.#end(each, 'the issuer ends');
  }

  get size(): number {
    return this.#running.size;
  }

  #end(running: Running, why: string): void {
    this.#running.delete(running.id);
    running.relay.close(new HalError('aborted', why));
  }

  async #turn(running: Running, answer: Uint8Array | null): Promise<Turn> {
    running.busy = true;
    let step: RelayStep<void>;
    try {
      step = await running.relay.next(answer);
    } catch (error) {
      this.#running.delete(running.id);
      throw isOfTheCard(error) ? refuseRequest('card-failed', error.message) : error;
    } finally {
      running.busy = false;
    }
    if ('command' in step) return { relay: running.id, command: Buffer.from(step.command).toString('hex') };
    this.#running.delete(running.id);
    return { relay: running.id, done: true };
  }
}

/** By name, as their modules are large and their words are for people. */
const OF_THE_CARD: readonly string[] = [
  'PersonalisationError',
  'ChannelFailure',
  'ChannelError',
  'HalError',
  'CardDataError',
];

function isOfTheCard(error: unknown): error is Error {
  return error instanceof Error && OF_THE_CARD.includes(error.name);
}
