import type { Crypto } from '../../../../src/hal/crypto.ts';
import type { CardSession } from '../../../../src/hal/reader.ts';
import type { ImportedKey } from '../../../../src/secure-channel/index.ts';
import type { IssuerSigner } from '../../credential/inner-cwt.ts';
import type { Proof } from '../enrolment.ts';
import type { IssuerStore } from '../store.ts';
import type { CardRelays } from './card-relays.ts';
import type { Faults } from './faults.ts';

/** What the routes of the issuer stand on. */
export interface IssuerHttp {
  readonly crypto: Crypto;
  readonly store: IssuerStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The root above every terminal that is believed. */
  readonly root: ImportedKey;
  /** Signs status lists, and is what `trust` names. */
  readonly signer: IssuerSigner;
  /** Name of the issuer in its tokens, and the URL that they have of its status list. */
  readonly names: { readonly issuer: string; readonly statusList: string };
  readonly cards: CardWork;
  readonly relays: CardRelays;
  readonly faults: Faults;
  /** Requests that one address may send in a minute to where tickets are taken. */
  readonly guessesAMinute: number;
  /**
   * Who the person is whom a ticket speaks of. One of an identity is spent, unless an activation could not begin anyway.
   * @throws a refusal: it is unknown, used or too old, or the department is closed
   */
  readonly proofOf: (ticket: string, purpose: 'activation' | 'loss') => Promise<Proof>;
  /** Makes a credential offer for an activation; null: none is made here. */
  readonly offerOf: (activationId: string) => Promise<string | null>;
  /** Makes another one at the phone's wish. @throws a refusal: one is open, or too many were asked for */
  readonly anotherOfferOf: (activationId: string) => Promise<string>;
  /** Lets the phone ask for one more. @returns until when, in milliseconds since 1970. @throws a refusal: no active card */
  readonly allowOffer: (activationId: string) => Promise<number>;
}

/** What the issuer does with a card at the other end of a relay. */
export interface CardWork {
  /** Fills a blank card. @returns points `04 X Y`, and EF.CardSecurity as it was written */
  personalise(session: CardSession, activationId: string, can: string): Promise<FilledCard>;
  /** Makes it operational, after the registry's commit. */
  operate(session: CardSession, can: string): Promise<void>;
}

export interface FilledCard {
  readonly device: Uint8Array;
  readonly holder: Uint8Array;
  readonly cardSecurity: Uint8Array;
}

/** Open to whoever comes: each route looks by itself at what the request proves. */
export const OPEN = { access: 'open' } as const;

/** Tickets cannot be guessed; this keeps one address from trying, and from filling the disk. */
export const GUESSES_A_MINUTE = 60;

/** Open, with fewer requests from one address. */
export function guessable({ guessesAMinute }: IssuerHttp): {
  readonly access: 'open';
  readonly rateLimit: { readonly max: number; readonly timeWindow: number };
} {
  return { ...OPEN, rateLimit: { max: guessesAMinute, timeWindow: 60_000 } };
}
