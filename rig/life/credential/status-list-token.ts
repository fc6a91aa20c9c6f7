import type { Crypto } from '../../../src/hal/crypto.ts';
import { type StatusArray, StatusListError } from './status-list.ts';

/** What a Status List Token says besides its list, in JWT and CWT alike. */
export interface StatusListClaims {
  /** Address of the list, which tokens refer to. */
  readonly uri: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** The list is not used from then on; null: it does not say. */
  readonly expires: number | null;
  /** For how many seconds it may be kept before it is fetched again; null: it does not say. */
  readonly timeToLive: number | null;
}

/** A list to be signed. */
export interface StatusListContent extends StatusListClaims {
  readonly statuses: StatusArray;
}

/** A list whose signature, address and time were right. */
export interface VerifiedStatusList extends StatusListContent {
  /** Whose key signed it, `04 X Y`. */
  readonly signer: Uint8Array;
}

/** How a list is judged when it is fetched. */
export interface StatusListExpectations {
  /** Address that the list was asked for by. */
  readonly uri: string;
  /** Keys that may sign it, `04 X Y`. */
  readonly signers: readonly Uint8Array[];
  /** Seconds since 1970. */
  readonly now: number;
  /** By how many seconds the issuer's clock may be ahead; 30 unless given. */
  readonly skewSeconds?: number;
  /** Most bytes of the inflated list. */
  readonly mostBytes?: number;
  /** An expired list is taken: whoever uses it says so. */
  readonly acceptExpired?: boolean;
  readonly crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>;
}

/** By how many seconds two clocks may differ, unless the caller says otherwise. */
export const CLOCK_SKEW_SECONDS = 30;

/** Claims of either form, not yet trusted to be of the right kind. */
export interface RawStatusListClaims {
  readonly uri: unknown;
  readonly issuedAt: unknown;
  readonly expires: unknown;
  readonly timeToLive: unknown;
}

/** @throws {StatusListError} `malformed`, `other-list` or `expired` */
export function judgeStatusListClaims(raw: RawStatusListClaims, expected: StatusListExpectations): StatusListClaims {
  const { uri, now, skewSeconds = CLOCK_SKEW_SECONDS, acceptExpired = false } = expected;
  if (typeof raw.uri !== 'string') throw new StatusListError('malformed', 'the status list does not say its address');
  if (raw.uri !== uri) throw new StatusListError('other-list', 'the status list is another than the one asked for');
  const issuedAt = seconds(raw.issuedAt, 'the time of issue');
  const expires = raw.expires === undefined ? null : seconds(raw.expires, 'the expiry');
  const timeToLive = raw.timeToLive === undefined ? null : seconds(raw.timeToLive, 'the time to live');
  if (timeToLive === 0) throw new StatusListError('malformed', 'the time to live of the status list is 0');
  if (issuedAt > now + skewSeconds) {
    throw new StatusListError('malformed', `the status list is issued ${issuedAt - now} s later than now`);
  }
  if (!acceptExpired && expires !== null && now >= expires) {
    throw new StatusListError('expired', `the status list expired ${now - expires} s ago`);
  }
  return { uri, issuedAt, expires, timeToLive };
}

/** How old a kept list is, and whether it may still be used. */
export interface StatusListAge {
  readonly seconds: number;
  /** Past its time to live: it should be fetched again. */
  readonly pastTimeToLive: boolean;
  /** At or past its expiry: it says nothing any more. */
  readonly expired: boolean;
}

export function ageOfStatusList({ issuedAt, expires, timeToLive }: StatusListClaims, now: number): StatusListAge {
  const age = Math.max(0, now - issuedAt);
  return {
    seconds: age,
    pastTimeToLive: timeToLive !== null && age > timeToLive,
    expired: expires !== null && now >= expires,
  };
}

function seconds(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new StatusListError('malformed', `${what} of the status list is not a number of seconds`);
  }
  return value as number;
}
