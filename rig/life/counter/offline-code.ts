import type { Crypto } from '../../../src/hal/crypto.ts';
import { QrRefusal } from '../credential/qr-refusal.ts';
import { signedContentOf, type VerifiedOfflineQr, verifyOfflineQr } from '../credential/verify-offline-qr.ts';
import type { CounterFolder } from './counter-folder.ts';
import { activationUnknown, CounterFailure } from './failures.ts';
import { FollowUps } from './follow-ups.ts';
import { nirChecks, people, type ReadingTime } from './from-card.ts';
import { listInWords } from './presentation.ts';
import type { CounterReading, ReadingCheck } from './reading.ts';
import { type CounterTrust, type ListAtHand, NO_LIST, secondsOf, staleWarning } from './trust.ts';

/**
 * Judges an offline code without the issuer: both signatures, the times, the list of states at hand, single use here.
 * @param issuerUrl where a claim goes; null: to the issuer that the code names
 * @throws {CounterFailure} `qr-refused`, `activation-unknown`
 */
export async function readingOfOfflineCode(
  text: string,
  trust: CounterTrust,
  crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>,
  issuerUrl: string | null,
  folder: CounterFolder,
  time: ReadingTime,
  acceptUnchecked: boolean,
): Promise<CounterReading> {
  let atHand: ListAtHand | null = null;
  let warnings: readonly string[] = [];
  let verified: VerifiedOfflineQr;
  try {
    const { issuers } = trust;
    ({ atHand, warnings } = await trust.listFor(signedContentOf(text, { issuers, crypto }), time.at));
    if (atHand === null && !acceptUnchecked) throw activationUnknown([...warnings, NO_LIST]);
    verified = await verifyOfflineQr(text, {
      issuers,
      statusLists: atHand === null ? [] : [atHand.list],
      now: secondsOf(time.at),
      seen: folder.seen,
      staleStatus: 'report',
      crypto,
    });
  } catch (error) {
    if (!(error instanceof QrRefusal)) throw error;
    const by = atHand !== null && BY_LIST.has(error.code) ? `, by ${listInWords(trust.ageOf(atHand, time.at))}` : '';
    throw new CounterFailure('qr-refused', `${error.message}${by}`, { cause: error, reason: error.code });
  }
  const list = atHand === null ? null : trust.ageOf(atHand, time.at);
  const at = time.at.toISOString();
  const id = new FollowUps(folder).keep({
    at,
    issuer: issuerUrl ?? verified.issuer,
    proof: { kind: 'offline QR', tokenId: verified.tokenId, text },
  });
  return {
    schema: 'vitap-counter-reading',
    version: 1,
    way: 'offline QR',
    at,
    rightsOn: time.rightsOn,
    people: people(verified.people, time.rightsOn),
    affiliation: verified.affiliation,
    known: { from: 'signature', since: new Date(verified.issuedAt * 1000).toISOString() },
    invoices: null,
    checks: [...CHECKED, ...nirChecks(verified.people)],
    activation: { state: list === null ? 'not checked' : 'active', list },
    followUp: { kind: 'offline QR', id, expiresAt: null },
    warnings: [...warnings, ...(list === null ? [NO_LIST] : []), ...(list?.stale === true ? [staleWarning(list)] : [])],
  };
}

const BY_LIST: ReadonlySet<string> = new Set(['revoked', 'suspended']);

/** What a code has passed that was not refused. */
const CHECKED: readonly ReadingCheck[] = [
  passed('signature of the issuer', 'people and affiliation are as it signed them'),
  passed('signature of the card', 'the key that the issuer certified made this code'),
  passed('time', 'made within the last minute'),
  passed('single use', 'it was not shown at this counter before; other counters are not known here'),
];

function passed(what: string, detail: string): ReadingCheck {
  return { what, by: 'counter', verdict: 'pass', detail };
}
