import {
  type Affiliation,
  type Beneficiary,
  isKeyed,
  isWithin,
  refuseSignature,
} from '../../../src/applet/vitale/index.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { TEST_AUTHORITY_PUBLIC_KEY } from '../../card/profile/test-keys.ts';
import type { ChannelAccount } from '../../channel/open-channel.ts';
import { type Family, peopleDigestOf } from '../credential/family-claim.ts';
import type { InnerCwt } from '../credential/inner-cwt.ts';
import { QrRefusal } from '../credential/qr-refusal.ts';
import type { CardContent } from './card-content.ts';
import type { CounterPerson, CounterReading, ReadingCheck } from './reading.ts';
import type { ActivationFinding, CounterTrust } from './trust.ts';
import { warningWords } from './warnings.ts';

/** When it was read, and the day that rights are judged for. */
export interface ReadingTime {
  readonly at: Date;
  /** AAAAMMJJ. */
  readonly rightsOn: string;
}

/** What a tap says: nothing in it was believed without a check, and each check says who made it. */
export async function readingOfCard(
  content: CardContent,
  account: ChannelAccount,
  time: ReadingTime,
  trust: CounterTrust | null,
  crypto: Crypto,
): Promise<CounterReading> {
  const checks: ReadingCheck[] = [genuineCheck(account), ...nirChecks(content.people), signatureCheck(content, crypto)];
  const finding = await activationOf(content, time, trust, checks, crypto);
  return {
    schema: 'vitap-counter-reading',
    version: 1,
    way: 'card',
    at: time.at.toISOString(),
    rightsOn: time.rightsOn,
    people: people(content.people, time.rightsOn),
    affiliation: content.affiliation,
    known: { from: 'card', since: time.at.toISOString() },
    invoices: content.invoices,
    checks,
    activation: { state: finding.state, list: finding.list },
    followUp: null,
    warnings: finding.warnings,
  };
}

/** People with the state of their rights on a day. @param told whether this way gives rights at all */
export function people(from: readonly Beneficiary[], rightsOn: string, told: boolean = true): CounterPerson[] {
  return from.map(({ certifiedNir, ...person }) => ({
    index: person.index,
    quality: person.quality,
    firstName: person.firstName,
    usualName: person.usualName,
    birthName: person.birthName,
    birthDate: person.birthDate,
    birthRank: person.birthRank,
    nir: certifiedNir,
    rights: person.rights,
    open: told ? person.rights.some((period) => isWithin(period, rightsOn)) : null,
  }));
}

/** A key that is not that of its number. */
export function nirChecks(from: readonly Beneficiary[]): ReadingCheck[] {
  return from.flatMap(({ index, certifiedNir }) =>
    certifiedNir === null || isKeyed(certifiedNir)
      ? []
      : [
          {
            what: `NIR of person ${index}`,
            by: 'counter' as const,
            verdict: 'fail' as const,
            detail: 'the key is not the key of the number',
          },
        ],
  );
}

function genuineCheck({ chip }: ChannelAccount): ReadingCheck {
  const base = { what: 'genuine card', by: 'counter' } as const;
  if (chip === null) return { ...base, verdict: 'not checked', detail: 'the card did not prove that it is no copy' };
  if (chip.signer === null) {
    return { ...base, verdict: 'not checked', detail: `by ${chip.by}, but nobody was named who vouches for its key` };
  }
  return {
    ...base,
    verdict: 'pass',
    detail: `by ${chip.by}; EF.CardSecurity, with its key, is signed by ${chip.signer}`,
  };
}

function signatureCheck({ signed }: CardContent, crypto: Crypto): ReadingCheck {
  const base = { what: 'signature of the data', by: 'counter' } as const;
  if (signed === null) return { ...base, verdict: 'not checked', detail: 'the card holds none' };
  const reason = refuseSignature(crypto, TEST_AUTHORITY_PUBLIC_KEY, signed.files, signed.content);
  return {
    ...base,
    verdict: reason === null ? 'pass' : 'fail',
    detail: reason ?? 'affiliation, people and rights are as they were signed (test key)',
  };
}

/** The state of the activation, by the credential on the card; what is wrong with the credential is a check. */
async function activationOf(
  content: CardContent,
  { at }: ReadingTime,
  trust: CounterTrust | null,
  checks: ReadingCheck[],
  crypto: Crypto,
): Promise<ActivationFinding> {
  const unknown = (warning: string): ActivationFinding => ({ state: 'not checked', list: null, warnings: [warning] });
  if (content.credential === null) {
    return unknown(warningWords('noCredential'));
  }
  if (trust === null) return unknown(warningWords('noTrust'));
  const base = { what: 'credential of the issuer', by: 'counter' } as const;
  let read: InnerCwt;
  try {
    read = trust.credential(content.credential, at);
  } catch (error) {
    if (!(error instanceof QrRefusal)) throw error;
    checks.push({ ...base, verdict: 'fail', detail: error.message });
    return unknown(warningWords('credentialNotBelieved'));
  }
  const same = sameContent(content, read, crypto);
  checks.push({
    ...base,
    verdict: same ? 'pass' : 'fail',
    detail: same
      ? `signed ${new Date(read.issuedAt * 1000).toISOString()}; people${read.peopleDigest === undefined ? '' : ' (by their hash: the family is too large for it)'} and affiliation are those of the files`
      : 'people or affiliation are not those of the files',
  });
  return trust.activation(read, at);
}

/** Whether files and credential name the same people, in the same words. */
function sameContent(
  card: { readonly people: readonly Beneficiary[]; readonly affiliation: Affiliation },
  signed: Family,
  crypto: Crypto,
): boolean {
  const { peopleDigest } = signed;
  if (peopleDigest === undefined) return JSON.stringify(comparable(card)) === JSON.stringify(comparable(signed));
  // The people are in the files alone: their hash says that they are those whom the issuer signed.
  const same = Buffer.compare(peopleDigest, peopleDigestOf(card.people, crypto)) === 0;
  return same && JSON.stringify(comparable({ ...card, people: [] })) === JSON.stringify(comparable(signed));
}

function comparable({
  people,
  affiliation: { regime, caisse, centre, codeGestion },
}: {
  readonly people: readonly Beneficiary[];
  readonly affiliation: Affiliation;
}): unknown {
  return [
    [regime, caisse, centre, codeGestion],
    people.map(({ index, quality, birthRank, birthDate, usualName, birthName, firstName, certifiedNir, rights }) => [
      [index, quality, birthRank, birthDate, usualName, birthName, firstName],
      certifiedNir === null ? null : certifiedNir.nir + certifiedNir.key,
      rights.map(({ start, end }) => [start, end]),
    ]),
  ];
}
