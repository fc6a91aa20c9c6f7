import { CounterFailure } from '../../../../rig/life/counter/failures.ts';
import type { CounterIssuer, ResolvedPresence } from '../../../../rig/life/counter/issuer.ts';
import type { Claim } from '../../../../rig/life/credential/claim.ts';
import { people } from '../credential/card.ts';

/** Where the double fails: before the issuer has the request, or when it has it and the answer is lost. */
export type Fault = 'unreachable' | 'answer lost' | 'killed before' | 'killed after';

/** An issuer in memory that takes each request once, by its identifier, as the real one does. */
export class IssuerDouble implements CounterIssuer {
  readonly claims: Map<string, Claim> = new Map();
  readonly resolved: Map<string, string> = new Map();
  readonly asked: string[] = [];
  fault: Fault | null = null;
  refusal: { readonly code: string; readonly sentence: string; readonly isFinal: boolean } | null = null;

  async resolve(presence: string, requestId: string): Promise<ResolvedPresence> {
    return this.#answer(requestId, () => {
      const before = this.resolved.get(presence);
      if (before !== undefined && before !== requestId)
        throw refused('presence-used', 'this presence was used already');
      this.resolved.set(presence, requestId);
      return {
        context: { id: 'context-1', token: 'secret-token-of-context-1', expiresAt: '2026-11-29T12:05:00.000Z' },
        people: people(2),
        affiliation: { regime: '01', caisse: '999', centre: '0001', codeGestion: '10' },
        invoices: null,
      };
    });
  }

  renew(): Promise<string> {
    return this.#answer('renew', () => '2026-11-29T12:20:00.000Z');
  }

  destroy(): Promise<void> {
    return this.#answer('destroy', () => {});
  }

  claimByContext(_context: unknown, claim: Claim, requestId: string): Promise<void> {
    return this.#answer(requestId, () => void this.claims.set(requestId, claim));
  }

  claimByOfflineQr(_text: string, claim: Claim, requestId: string): Promise<void> {
    return this.#answer(requestId, () => void this.claims.set(requestId, claim));
  }

  async #answer<T>(requestId: string, carryOut: () => T): Promise<T> {
    this.asked.push(requestId);
    const { fault, refusal } = this;
    if (fault === 'killed before') throw new Error('killed');
    if (fault === 'unreachable') throw new CounterFailure('issuer-silent', 'it cannot be reached');
    if (refusal !== null) throw refused(refusal.code, refusal.sentence, refusal.isFinal);
    const answer = carryOut();
    if (fault === 'killed after') throw new Error('killed');
    if (fault === 'answer lost') throw new CounterFailure('issuer-silent', 'it did not answer within 10 s');
    return answer;
  }
}

function refused(reason: string, sentence: string, isFinal = true): CounterFailure {
  return new CounterFailure('issuer-refuses', sentence, { reason, isFinal });
}

export const CLAIM: Claim = {
  number: '000000042',
  date: '20261129',
  beneficiaryIndex: 1,
  professionalId: '991234567',
  professionalName: 'CABINET DES TILLEULS',
  total: 3000,
  amo: 1900,
  amc: 900,
  patient: 200,
  thirdParty: true,
};
