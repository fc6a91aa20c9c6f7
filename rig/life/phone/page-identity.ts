import { randomBytes } from 'node:crypto';
import type { FetchLimits } from '../../web/limited-fetch.ts';
import { WebRefusal } from '../../web/refusal.ts';
import { type IdentityRequest, requestIdentity } from '../identity/client/present-identity.ts';
import { identityTicket } from '../identity/ticket.ts';
import { FLOW, type IdentityAnswer, type IdentityView, RETURNED_PATH } from '../pages/phone/view.ts';
import { identityRefused } from './ticket-of-identity.ts';

interface Asked {
  readonly request: IdentityRequest;
  /** Names this request in the address at which the browser comes back. */
  readonly flow: string;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
  readonly answer: 'none' | 'refused' | { readonly ticket: string };
}

const FLOW_BYTES = 32;

/**
 * The digital identity on the phone's page. It lives in the server, so that a page which is loaded again goes on where it
 * was. The browser comes back in a tab that has no secret: the address names the request by a secret of its own, and what
 * the tab brings is of use with the transaction alone, which does not leave the server.
 */
export class PageIdentity {
  /** Origin of the identity provider; null: none was given. */
  readonly #provider: string | null;
  readonly #now: () => number;
  #asked: Asked | null = null;

  constructor(provider: string | null, now: () => number = Date.now) {
    this.#provider = provider;
    this.#now = now;
  }

  view(): IdentityView | null {
    if (this.#provider === null) return null;
    const asked = this.#open();
    const provider = this.#provider;
    if (asked === null) return { provider, at: 'none', address: null, remainingMs: 0, wholeMs: 0 };
    const { request, endsAt, answer } = asked;
    return {
      provider,
      at: answer === 'none' ? 'asked' : answer === 'refused' ? 'refused' : 'presented',
      address: answer === 'none' ? request.authorizationRequest : null,
      remainingMs: endsAt - this.#now(),
      wholeMs: request.expiresInSeconds * 1000,
    };
  }

  /**
   * Asks the issuer for a request. One that waits for its answer ends.
   * @param issuer and page: origins. @throws {PhoneRefusal} `identity-refused`; {CannotRun}; {WebRefusal} `no-provider`
   */
  async ask({ issuer, page }: { readonly issuer: string; readonly page: string }, limits: FetchLimits): Promise<void> {
    const identity = this.#provider;
    if (identity === null) {
      throw new WebRefusal('no-provider', 'this phone knows no identity provider: --identity names one', 409);
    }
    const flow = randomBytes(FLOW_BYTES).toString('base64url');
    const returnTo = `${page}${RETURNED_PATH}?${FLOW}=${flow}`;
    const request = await identityRefused(() => requestIdentity({ issuer, identity, returnTo }, limits));
    this.#asked = { request, flow, endsAt: this.#now() + request.expiresInSeconds * 1000, answer: 'none' };
  }

  /** Takes what a tab brought back, once. @throws {WebRefusal} `identity-unknown` */
  answered({ flow, responseCode, refused }: IdentityAnswer): void {
    const asked = this.#open();
    if (asked === null || asked.flow !== flow || asked.answer !== 'none') {
      throw new WebRefusal('identity-unknown', 'this phone waits for no such answer: begin again on its page', 409);
    }
    const { transaction } = asked.request;
    const given = !refused && responseCode !== null;
    this.#asked = {
      ...asked,
      answer: given ? { ticket: identityTicket({ transaction, responseCode }) } : 'refused',
    };
  }

  /** The ticket of an identity that was presented; null: there is none. */
  ticket(): string | null {
    const answer = this.#open()?.answer;
    return typeof answer === 'object' ? answer.ticket : null;
  }

  forget(): void {
    this.#asked = null;
  }

  #open(): Asked | null {
    if (this.#asked !== null && this.#asked.endsAt <= this.#now()) this.#asked = null;
    return this.#asked;
  }
}
