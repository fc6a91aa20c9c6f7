import type { Random } from '../../../../src/hal/random.ts';
import { base64url } from '../../credential/jws.ts';
import type { AuthorizationRequest } from '../openid4vp/request.ts';

/** A request that waits for a person's decision. */
export interface Consent {
  readonly id: string;
  readonly request: AuthorizationRequest;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const CONSENT_MS = 10 * 60_000;
const ID_SIZE = 16;
/** Anybody may begin one: the oldest makes room. */
const MOST_CONSENTS = 1000;

/** Consents in memory: each is decided once, and ends with the program. */
export class Consents {
  readonly #random: Random;
  readonly #open = new Map<string, Consent>();

  constructor(random: Random) {
    this.#random = random;
  }

  begin(request: AuthorizationRequest, now: number): Consent {
    const bytes = new Uint8Array(ID_SIZE);
    this.#random.fill(bytes, 0, ID_SIZE);
    const consent = { id: base64url(bytes), request, expiresAt: now + CONSENT_MS };
    if (this.#open.size >= MOST_CONSENTS) this.#open.delete(this.#open.keys().next().value as string);
    this.#open.set(consent.id, consent);
    return consent;
  }

  /** Null: unknown, decided, or too old. */
  look(id: string, now: number): Consent | null {
    const consent = this.#open.get(id);
    return consent === undefined || consent.expiresAt <= now ? null : consent;
  }

  /** The same, and nobody gets it again. */
  take(id: string, now: number): Consent | null {
    const consent = this.look(id, now);
    this.#open.delete(id);
    return consent;
  }
}
