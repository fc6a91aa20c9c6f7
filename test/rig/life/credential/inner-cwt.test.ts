import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { coseKeyOf, keyIdOfPoint } from '../../../../rig/life/credential/cose-key.ts';
import { CLAIM } from '../../../../rig/life/credential/cwt.ts';
import { encodeFamily } from '../../../../rig/life/credential/family-claim.ts';
import { issueReaderCwt } from '../../../../rig/life/credential/issue-inner-cwt.ts';
import { makeOfflineQr, OUTER_TYPE, offlineQrText } from '../../../../rig/life/credential/offline-qr.ts';
import { verifyInnerCwt, verifyOfflineQr } from '../../../../rig/life/credential/verify-offline-qr.ts';
import { HEADER_LABEL, prepareSign1 } from '../../../../rig/pki/cose-sign1.ts';
import { decodeCbor, encodeCbor } from '../../../../rig/pki/deterministic-cbor.ts';
import { content, crypto, expectations, holder, innerCwt, issuer, NOW, stranger } from './card.ts';

/** What an issuer that errs, or somebody with its key, could sign. */
const CLAIMS = new Map<number, unknown>([
  [CLAIM.ISSUER, content().issuer],
  [CLAIM.EXPIRATION, content().expires],
  [CLAIM.ISSUED_AT, content().issuedAt],
  [CLAIM.CONFIRMATION, new Map([[1, coseKeyOf(holder.publicKey)]])],
  [CLAIM.STATUS, { status_list: { idx: 1, uri: content().status.uri } }],
  [CLAIM.FAMILY, encodeFamily(content())],
]);
const HEADER = new Map<number, unknown>([
  [HEADER_LABEL.KEY_ID, keyIdOfPoint(issuer.publicKey, crypto)],
  [HEADER_LABEL.TYPE, 'application/vitap-card+cwt'],
]);

const over = (base: ReadonlyMap<number, unknown>, ...change: [number, unknown][]): ReadonlyMap<number, unknown> =>
  new Map([...new Map([...base, ...change])].filter(([, value]) => value !== undefined));

function token(claims: ReadonlyMap<number, unknown>, header = HEADER as ReadonlyMap<number, unknown>): Uint8Array {
  const prepared = prepareSign1(encodeCbor(claims), header, crypto);
  return prepared.withSignature(issuer.sign(prepared.digest));
}

const family = (...change: [number, unknown][]): ReadonlyMap<number, unknown> =>
  over(CLAIMS, [CLAIM.FAMILY, over(encodeFamily(content()), ...change)]);
const PERSON = (encodeFamily(content()).get(3) as unknown[][])[0] as unknown[];
/** One person, with another value in one place, or more values behind. */
const person = (place: number, ...values: unknown[]): ReadonlyMap<number, unknown> => {
  const fields = PERSON.slice(0, 10);
  fields.splice(place, values.length, ...values);
  return family([3, [fields]]);
};
const holderKey = (...change: [number, unknown][]): ReadonlyMap<number, unknown> =>
  over(CLAIMS, [CLAIM.CONFIRMATION, new Map([[1, over(coseKeyOf(holder.publicKey), ...change)]])]);
const status = (value: unknown): ReadonlyMap<number, unknown> => over(CLAIMS, [CLAIM.STATUS, value]);
const uri = content().status.uri;

describe('the inner token', () => {
  it('is believed when all of it is right', () => {
    expect(verifyInnerCwt(token(CLAIMS), expectations())).toMatchObject({ activation: 2, status: { index: 1 } });
  });

  it.each([
    [
      'a date of issue that is text',
      over(CLAIMS, [CLAIM.ISSUED_AT, '2026']),
      "the card's date of issue is not a number",
    ],
    ['no expiry', over(CLAIMS, [CLAIM.EXPIRATION, undefined]), "the card's expiry is not a number of seconds"],
    ['an empty issuer', over(CLAIMS, [CLAIM.ISSUER, '']), 'the issuer is not text'],
    ['a claim that nobody reads', over(CLAIMS, [CLAIM.SUBJECT, 'x']), 'the inner token has a claim that has no place'],
    [
      'a claim by name',
      new Map<unknown, unknown>([...CLAIMS, ['act', 1]]) as ReadonlyMap<number, unknown>,
      'has a key that is not a number',
    ],
    [
      'no key of a holder',
      over(CLAIMS, [CLAIM.CONFIRMATION, undefined]),
      "the confirmation of the holder's key is not a map",
    ],
    [
      'two confirmations',
      over(CLAIMS, [
        CLAIM.CONFIRMATION,
        new Map<number, unknown>([
          [1, coseKeyOf(holder.publicKey)],
          [3, Uint8Array.of(1)],
        ]),
      ]),
      "the confirmation of the holder's key is not one COSE_Key",
    ],
    ['a key on P-384', holderKey([-1, 2]), "the holder's key is not on P-256"],
    ['a key of another type', holderKey([1, 1]), "the holder's key is not on P-256"],
    ['a private key', holderKey([-4, new Uint8Array(32)]), "the holder's key is not on P-256"],
    ['a key with its sign alone', holderKey([-3, true]), "the holder's key has no two coordinates of 32 bytes"],
    [
      'a coordinate of 31 bytes',
      holderKey([-2, new Uint8Array(31)]),
      "the holder's key has no two coordinates of 32 bytes",
    ],
    ['no status', status(undefined), 'the status is not a place in one status list'],
    [
      'two statuses',
      status({ status_list: { idx: 1, uri }, other: 1 }),
      'the status is not a place in one status list',
    ],
    [
      'a status with more',
      status({ status_list: { idx: 1, uri, more: 1 } }),
      'the status is not a place in one status list',
    ],
    [
      'a fraction of a place',
      status({ status_list: { idx: 0.5, uri } }),
      'the place in the status list is not a number',
    ],
    ['no address', status({ status_list: { idx: 1, uri: 7 } }), 'the status list has no address'],
    ['a family with more', family([4, 'x']), 'the family has other fields'],
    ['a family without people', family([3, undefined]), 'the family has other fields'],
    ['people that are no list', family([3, 'x']), 'the list of people is none'],
    ['256 people', family([3, Array.from({ length: 256 }, () => PERSON)]), 'the list of people is none'],
    ['an activation as text', family([1, '2']), 'the number of the activation is not a number from 1'],
    ['an affiliation of 10 digits', family([2, '0199900011']), 'the affiliation has not 11 digits'],
    ['a person with too few fields', family([3, [PERSON.slice(0, 7)]]), 'a person is none'],
    ['a person with an act', person(10, 'C2'), 'a period of rights has no end'],
    ['index 0', person(0, 0), "a person's index is not a number from 1 to 255"],
    ['quality 10', person(1, 10), "a person's quality is not a number from 0 to 9"],
    ['birth rank 0', person(2, 0), 'a birth rank is not a number from 1 to 9'],
    ['a birth date of nine digits', person(3, 197512311), 'a birth date is not a number from 0 to 99999999'],
    ['a birth date as text', person(3, '19751231'), 'a birth date is not a number from 0 to 99999999'],
    ['an empty name', person(4, ''), 'a name is not printable text'],
    ['a name of 128 characters', person(4, 'A'.repeat(128)), 'a name is not printable text'],
    ['a name at birth that is a number', person(5, 7), 'a name is not printable text'],
    ['a line end in a first name', person(6, 'A\nB'), 'a name is not printable text'],
    ['a NIR without its key', person(7, '2751263220749'), 'a NIR with its key is none'],
    ['rights without a start', person(8, null, 20251231), 'the start of rights is not a number'],
    ['rights that end in text', person(9, 'never'), 'the end of rights is not a number'],
  ] as const)('is refused, though signed: %s', (_, claims, sentence) => {
    const judged = (): unknown => verifyInnerCwt(token(claims), expectations());
    expect(judged).toThrow(expect.objectContaining({ name: 'QrRefusal', code: 'malformed' }));
    expect(judged).toThrow(sentence);
  });

  it.each([
    [
      'of another type',
      over(HEADER, [HEADER_LABEL.TYPE, 'application/statuslist+cwt']),
      'the inner token is of another type',
    ],
    ['without a type', over(HEADER, [HEADER_LABEL.TYPE, undefined]), 'the inner token is of another type'],
    ['with more in its header', over(HEADER, [3, 0]), 'the inner token is of another type'],
    ['that does not name its key', over(HEADER, [HEADER_LABEL.KEY_ID, 'x']), 'the inner token does not name its key'],
    [
      'with a critical parameter',
      over(HEADER, [HEADER_LABEL.CRITICAL, [4]]),
      'a header parameter is critical and not known',
    ],
  ] as const)('is refused: %s', (_, header, sentence) => {
    expect(() => verifyInnerCwt(token(CLAIMS, header), expectations())).toThrow(sentence);
  });

  it('is refused with an unprotected header, and without its tag', async () => {
    const good = await innerCwt();
    const parts = decodeCbor(good.subarray(1), 'the token') as unknown[];
    parts[1] = new Map([[3, 0]]);
    const withHeader = Uint8Array.of(0xd2, ...encodeCbor(parts));
    expect(() => verifyInnerCwt(withHeader, expectations())).toThrow('the inner token has a header that nobody signed');
    expect(() => verifyInnerCwt(good.subarray(1), expectations())).toThrow('the inner token is of another type');
    parts[1] = new Map([[4, Uint8Array.of(1)]]);
    const twice = Uint8Array.of(0xd2, ...encodeCbor(parts));
    expect(() => verifyInnerCwt(twice, expectations())).toThrow('a header parameter stands in both headers');
  });

  it('is altered when somebody else signed it in the name of the issuer', () => {
    const prepared = prepareSign1(encodeCbor(CLAIMS), HEADER, crypto);
    const forged = prepared.withSignature(stranger.sign(prepared.digest));
    expect(() => verifyInnerCwt(forged, expectations())).toThrow(expect.objectContaining({ code: 'altered' }));
  });

  it('is judged by its times', async () => {
    const inner = await innerCwt({ issuedAt: NOW, expires: NOW + 10 });
    const judged = (now: number) => (): unknown => verifyInnerCwt(inner, expectations({ now }));
    expect(judged(NOW - 31)).toThrow(expect.objectContaining({ code: 'card-not-yet-valid' }));
    expect(judged(NOW - 30)).not.toThrow();
    expect(judged(NOW + 9)).not.toThrow();
    expect(judged(NOW + 10)).toThrow(expect.objectContaining({ code: 'card-expired' }));
  });
});

describe('the token of a family that is too large for a QR code', () => {
  it('has the hash of its people, over the bytes that the token of a small family holds', async () => {
    const read = verifyInnerCwt(await issueReaderCwt(content(), issuer, crypto), expectations());
    // SHA-256 over the CBOR of the list that stands in the claim of a family that is small enough.
    const list = encodeCbor(encodeFamily(content()).get(3));
    const digest = createHash('sha256').update(list).digest();
    expect(read.people).toEqual([]);
    expect(Buffer.from(read.peopleDigest ?? [])).toEqual(digest);
    expect(read.affiliation).toEqual(content().affiliation);
  });

  it('makes no QR code, and one that was made of it all the same is refused', async () => {
    const token = await issueReaderCwt(content(), issuer, crypto);
    const tokenId = new Uint8Array(16);
    const made = makeOfflineQr({ innerCwt: token, now: NOW, tokenId }, holder.sign, crypto);
    await expect(made).rejects.toThrow('the inner token names nobody');
    const payload = encodeCbor(
      new Map<number, unknown>([
        [CLAIM.EXPIRATION, NOW + 60],
        [CLAIM.ISSUED_AT, NOW],
        [CLAIM.TOKEN_ID, tokenId],
        [CLAIM.CERTIFIED, token],
      ]),
    );
    const header = new Map<number, unknown>([
      [HEADER_LABEL.KEY_ID, keyIdOfPoint(holder.publicKey, crypto)],
      [HEADER_LABEL.TYPE, OUTER_TYPE],
    ]);
    const prepared = prepareSign1(payload, header, crypto);
    const text = offlineQrText(prepared.withSignature(holder.sign(prepared.digest)));
    await expect(verifyOfflineQr(text, expectations())).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('the inner token names nobody'),
    });
  });

  it('with a hash of another length is refused', () => {
    expect(() => verifyInnerCwt(token(family([3, new Uint8Array(31)])), expectations())).toThrow(
      'the list of people is none',
    );
  });
});
