import type { Crypto } from '../../../src/hal/crypto.ts';
import type { InnerCwt, StatusReference } from '../credential/inner-cwt.ts';
import { QrRefusal } from '../credential/qr-refusal.ts';
import { ageOfStatusList, type VerifiedStatusList } from '../credential/status-list-token.ts';
import { judgeStatus, type TrustedIssuer, verifyInnerCwt } from '../credential/verify-offline-qr.ts';
import type { ListAge } from './reading.ts';
import { warningWords } from './warnings.ts';

/** A list of states as it is at hand. */
export interface ListAtHand {
  readonly list: VerifiedStatusList;
  readonly from: ListAge['from'];
}

/** Where lists of states come from: a file, the issuer, the counter's cache. */
export interface ListSource {
  /**
   * The newest list at that address that a key of the issuer signed; null: there is none. A problem on the way is a warning.
   */
  newest(
    reference: { readonly uri: string; readonly keys: readonly Uint8Array[] },
    at: Date,
  ): Promise<ListAtHand | null>;
  /** What went wrong since the last call, one sentence each. */
  warnings(): readonly string[];
}

export interface ActivationFinding {
  readonly state: 'active' | 'revoked' | 'not checked';
  readonly list: ListAge | null;
  /** Why it was not checked, or what else the professional should know. */
  readonly warnings: readonly string[];
}

/** Whom the counter believes, and what it knows of their cards. */
export class CounterTrust {
  readonly issuers: readonly TrustedIssuer[];
  readonly #lists: ListSource;
  readonly #crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>;
  /** A list that is older is stale, whatever it says itself; null: as it says. */
  readonly #mostSeconds: number | null;

  constructor(
    issuers: readonly TrustedIssuer[],
    lists: ListSource,
    crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>,
    mostSeconds: number | null = null,
  ) {
    this.issuers = issuers;
    this.#lists = lists;
    this.#crypto = crypto;
    this.#mostSeconds = mostSeconds;
  }

  /** The issuer's word on a card. @throws {QrRefusal} */
  credential(bytes: Uint8Array, at: Date): InnerCwt {
    return verifyInnerCwt(bytes, { issuers: this.issuers, crypto: this.#crypto, now: secondsOf(at) });
  }

  /** The state of an activation by the newest list at hand; a stale one still revokes. */
  async activation(card: Pick<InnerCwt, 'issuer' | 'status'>, at: Date): Promise<ActivationFinding> {
    const { atHand, warnings } = await this.listFor(card, at);
    const list = atHand === null ? null : this.ageOf(atHand, at);
    const found = (state: ActivationFinding['state'], ...more: string[]): ActivationFinding => ({
      state,
      list,
      warnings: [...warnings, ...more, ...(list?.stale === true ? [staleWarning(list)] : [])],
    });
    try {
      judgeStatus(card, {
        now: secondsOf(at),
        issuers: this.issuers,
        statusLists: atHand === null ? [] : [atHand.list],
        staleStatus: 'report',
        mostStatusSeconds: this.#mostSeconds,
      });
    } catch (error) {
      if (!(error instanceof QrRefusal)) throw error;
      return error.code === 'revoked' || error.code === 'suspended'
        ? found('revoked')
        : found('not checked', warningWords('notLookedUp', { problem: error.message }));
    }
    if (atHand === null) return found('not checked', NO_LIST);
    return found('active');
  }

  /** The newest list for a card, and what went wrong on the way. */
  async listFor(
    { issuer, status }: { readonly issuer: string; readonly status: StatusReference },
    at: Date,
  ): Promise<{ readonly atHand: ListAtHand | null; readonly warnings: readonly string[] }> {
    const keys = this.issuers.filter((each) => each.issuer === issuer).map(({ publicKey }) => publicKey);
    const atHand = await this.#lists.newest({ uri: status.uri, keys }, at);
    return { atHand, warnings: this.#lists.warnings() };
  }

  ageOf({ list, from }: ListAtHand, at: Date): ListAge {
    const age = ageOfStatusList(list, secondsOf(at));
    return {
      from,
      issuedAt: new Date(list.issuedAt * 1000).toISOString(),
      ageSeconds: age.seconds,
      goodForSeconds: list.timeToLive ?? (list.expires === null ? null : list.expires - list.issuedAt),
      stale: age.expired || age.pastTimeToLive || (this.#mostSeconds !== null && age.seconds > this.#mostSeconds),
    };
  }
}

export const NO_LIST: string = warningWords('noList');

export function staleWarning({ ageSeconds, goodForSeconds }: ListAge): string {
  if (goodForSeconds === null) return warningWords('listStale', { age: ageSeconds });
  return warningWords('listStaleBy', { age: ageSeconds, limit: goodForSeconds });
}

export function secondsOf(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
