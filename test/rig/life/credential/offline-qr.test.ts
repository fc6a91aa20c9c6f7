import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodeBase45 } from '../../../../rig/life/credential/base45.ts';
import { CLAIM } from '../../../../rig/life/credential/cwt.ts';
import { OfflineQrTooLong, offlineQrText } from '../../../../rig/life/credential/offline-qr.ts';
import { QR_REFUSALS, type QrRefusalCode } from '../../../../rig/life/credential/qr-refusal.ts';
import { type OfflineQrExpectations, verifyOfflineQr } from '../../../../rig/life/credential/verify-offline-qr.ts';
import { HEADER_LABEL } from '../../../../rig/pki/cose-sign1.ts';
import {
  content,
  DAY,
  expectations,
  forgedQr,
  holder,
  ISSUER,
  innerCwt,
  issuer,
  NOW,
  offlineQr,
  outerMessage,
  people,
  seenTokens,
  statusList,
  stranger,
  TOKEN_ID,
} from './card.ts';

describe('an offline QR code', () => {
  it('discloses the family once it is judged', async () => {
    const text = await offlineQr();
    const seen = seenTokens();
    const { people, affiliation, activation, issuer } = content();
    expect(await verifyOfflineQr(text, expectations({ seen }))).toEqual({
      people,
      affiliation,
      activation,
      issuer,
      tokenId: 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf',
      text,
      presentedAt: NOW,
      presentationExpires: NOW + 60,
      issuedAt: NOW - 30 * DAY,
      expires: NOW + 335 * DAY,
      status: { seconds: 3605, pastTimeToLive: false, expired: false, stale: false },
    });
    expect([...seen.all]).toEqual([['a0a1a2a3a4a5a6a7a8a9aaabacadaeaf', NOW + 60 + 30]]);
  });

  it('has the characters of the alphanumeric mode alone', async () => {
    expect(await offlineQr()).toMatch(/^VT1:[0-9A-Z $%*+./:-]+$/);
  });

  it('keeps every field of a person that a card has: no name at birth, no NIR, lunar birth dates, 2A', async () => {
    const [first] = people(1);
    const odd = [
      { ...first!, birthDate: '19752031', certifiedNir: { nir: '2752375163220', key: '01' }, rights: [] },
      { ...first!, index: 2, birthDate: '00000000', certifiedNir: null, birthName: "D'ARC-ŒUVRÉ" },
      { ...first!, index: 3, certifiedNir: { nir: '192102A004123', key: '77' } },
    ];
    const text = await offlineQr({ inner: innerCwt({ people: odd }) });
    expect((await verifyOfflineQr(text, expectations())).people).toEqual(odd);
  });
});

interface Case {
  readonly text: () => Promise<string>;
  readonly change?: Partial<OfflineQrExpectations>;
}

const good = { text: () => offlineQr() };
const forged = (change: Parameters<typeof outerMessage>[0]): Case => ({ text: () => forgedQr(change) });
const wrongClaim = (claim: number, value: unknown): Case => forged({ claims: new Map([[claim, value]]) });
const at = (now: number): Case => ({ ...good, change: { now } });
const withList = (...statusLists: OfflineQrExpectations['statusLists']): Case => ({ ...good, change: { statusLists } });

/** Each way to be refused that somebody can reach, by its code. */
const REFUSED: readonly (readonly [title: string, code: QrRefusalCode, refused: Case])[] = [
  ['an empty text', 'other-kind', { text: async () => '' }],
  ['a presence QR code', 'other-kind', { text: async () => 'VP1:ABCDEFGHIJKLMNOPQRSTUVWXYZ' }],
  ['a health certificate', 'other-kind', { text: async () => 'HC1:NCFOXN' }],
  ['another version', 'other-kind', { text: async () => (await offlineQr()).replace('VT1', 'VT2') }],
  ['lower case', 'other-kind', { text: async () => (await offlineQr()).toLowerCase() }],
  ['1,201 characters', 'too-long', { text: async () => `VT1:${'0'.repeat(1197)}` }],
  ['a prefix alone', 'malformed', { text: async () => 'VT1:' }],
  ['a line end', 'malformed', { text: async () => `${await offlineQr()}\r\n` }],
  ['text that is not Base45', 'malformed', { text: async () => 'VT1:::::::' }],
  ['bytes that are not zlib', 'malformed', { text: async () => `VT1:${encodeBase45(Buffer.from('no stream'))}` }],
  ['one character cut off', 'malformed', { text: async () => (await offlineQr()).slice(0, -1) }],
  ['a bomb', 'bomb', { text: async () => `VT1:${encodeBase45(deflateSync(Buffer.alloc(700_000), { level: 9 }))}` }],
  ['no tag', 'malformed', { text: async () => offlineQrText((await outerMessage()).subarray(1)) }],
  [
    'the tag of a CWT',
    'malformed',
    { text: async () => offlineQrText(Buffer.concat([Buffer.from('d83d', 'hex'), await outerMessage()])) },
  ],
  ['the inner token alone', 'malformed', { text: async () => offlineQrText(await innerCwt()) }],
  [
    'an outer token of another type',
    'malformed',
    forged({ header: new Map([[HEADER_LABEL.TYPE, 'application/cwt']]) }),
  ],
  ['an outer token without a type', 'malformed', forged({ header: new Map([[HEADER_LABEL.TYPE, undefined]]) })],
  ['a header that nobody knows', 'malformed', forged({ header: new Map([[99, 1]]) })],
  ['a critical header', 'malformed', forged({ header: new Map([[HEADER_LABEL.CRITICAL, [4]]]) })],
  ['no expiry', 'malformed', wrongClaim(CLAIM.EXPIRATION, undefined)],
  ['an expiry as a float', 'malformed', wrongClaim(CLAIM.EXPIRATION, NOW + 60.5)],
  ['a negative time', 'malformed', wrongClaim(CLAIM.ISSUED_AT, -1)],
  ['no identifier', 'malformed', wrongClaim(CLAIM.TOKEN_ID, undefined)],
  ['a short identifier', 'malformed', wrongClaim(CLAIM.TOKEN_ID, TOKEN_ID.subarray(1))],
  ['an identifier as text', 'malformed', wrongClaim(CLAIM.TOKEN_ID, 'a0a1a2a3a4a5a6a7')],
  ['no inner token', 'malformed', wrongClaim(CLAIM.CERTIFIED, undefined)],
  ['an inner token that is none', 'malformed', wrongClaim(CLAIM.CERTIFIED, Uint8Array.of(0xa0))],
  ['a claim too many', 'malformed', wrongClaim(CLAIM.SUBJECT, 'somebody')],
  [
    'another issuer',
    'other-issuer',
    { ...good, change: { issuers: [{ issuer: 'https://other.example', publicKey: issuer.publicKey }] } },
  ],
  ['no issuer at all', 'other-issuer', { ...good, change: { issuers: [] } }],
  [
    'a key that its issuer does not have',
    'other-issuer',
    { ...good, change: { issuers: [{ issuer: ISSUER, publicKey: stranger.publicKey }] } },
  ],
  ['an issuer of its own', 'other-issuer', { text: () => offlineQr({ inner: innerCwt({}, stranger) }) }],
  ['another holder of the same name for the key', 'altered', forged({ signer: stranger })],
  [
    'another key that says so',
    'wrong-key',
    forged({ signer: stranger, header: new Map([[HEADER_LABEL.KEY_ID, new Uint8Array(8)]]) }),
  ],
  ['no name for the key', 'wrong-key', { text: () => forgedQr({ header: new Map([[HEADER_LABEL.KEY_ID, 'text']]) }) }],
  [
    'a holder key off the curve',
    'altered',
    { text: () => offlineQr({ inner: innerCwt({ holderKey: Uint8Array.of(4, ...new Uint8Array(64).fill(7)) }) }) },
  ],
  ['61 seconds', 'lives-too-long', wrongClaim(CLAIM.EXPIRATION, NOW + 61)],
  ['a year', 'lives-too-long', wrongClaim(CLAIM.EXPIRATION, NOW + 365 * DAY)],
  ['an expiry before it was made', 'lives-too-long', wrongClaim(CLAIM.EXPIRATION, NOW - 60)],
  ['a clock that is 31 s behind', 'not-yet-valid', at(NOW - 31)],
  ['a clock that is a day behind', 'not-yet-valid', at(NOW - DAY)],
  ['90 s later', 'expired', at(NOW + 90)],
  ['a clock that is a day ahead: photographed for later', 'expired', at(NOW + DAY)],
  [
    'a card of the future',
    'card-not-yet-valid',
    { text: () => offlineQr({ inner: innerCwt({ issuedAt: NOW + 100 }) }) },
  ],
  [
    'a card whose data expire now',
    'card-expired',
    { text: () => offlineQr({ inner: innerCwt({ expires: NOW + 5 }) }) },
  ],
  ['no status list', 'status-unknown', withList()],
  [
    'the list of another address',
    'status-unknown',
    withList(statusList([], { uri: 'https://issuer.vitap.example/v1/status/2' })),
  ],
  ['a list that somebody else signed', 'status-unknown', withList(statusList([], { signer: stranger.publicKey }))],
  [
    'a place that the list does not have',
    'status-unknown',
    { text: () => offlineQr({ inner: innerCwt({ status: { uri: content().status.uri, index: 10_000 } }) }) },
  ],
  ['an expired list', 'status-stale', withList(statusList([], { expires: NOW }))],
  ['a list that the counter finds too old', 'status-stale', { ...good, change: { mostStatusSeconds: 3604 } }],
  ['revoked', 'revoked', withList(statusList([[1234, 1]]))],
  ['revoked, by the newer of two lists', 'revoked', withList(statusList(), statusList([[1234, 1]], { issuedAt: NOW }))],
  ['revoked, by an expired list', 'revoked', withList(statusList([[1234, 1]], { expires: NOW - 1 }))],
  ['suspended', 'suspended', withList(statusList([[1234, 2]]))],
  ['a status that only this list knows', 'revoked', withList(statusList([[1234, 3]]))],
  ['used', 'used', { ...good, change: { seen: { remember: () => false } } }],
];

describe('an offline QR code is refused', () => {
  it.each(REFUSED)('%s: %s', async (_, code, { text, change = {} }) => {
    const seen = seenTokens();
    const judged = verifyOfflineQr(await text(), expectations({ seen, ...change }));
    await expect(judged).rejects.toMatchObject({ name: 'QrRefusal', code });
    const error = (await judged.catch((reason: unknown) => reason)) as Error;
    expect(error.message.startsWith(QR_REFUSALS[code])).toBe(true);
    // Nothing of the content, and not used up.
    for (const personal of ['ADRENE', 'ZO', '275', '1975']) expect(error.message).not.toContain(personal);
    expect(seen.all.size).toBe(0);
  });

  it('for every reason that the table has', () => {
    expect(new Set(REFUSED.map(([, code]) => code))).toEqual(new Set(Object.keys(QR_REFUSALS)));
  });

  it('the second time, whoever comes first', async () => {
    const text = await offlineQr();
    const seen = seenTokens();
    const both = await Promise.allSettled([0, 1].map(() => verifyOfflineQr(text, expectations({ seen }))));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    // Another verifier has not seen it: this is what nobody can promise offline.
    await expect(verifyOfflineQr(text, expectations())).resolves.toBeDefined();
  });
});

describe('what is still accepted', () => {
  it.each([
    ['30 s before it was made, by a clock that is behind', NOW - 30],
    ['29 s after its end, by a clock that is ahead', NOW + 89],
  ])('%s', async (_, now) => {
    await expect(verifyOfflineQr(await offlineQr(), expectations({ now }))).resolves.toBeDefined();
  });

  it('without skew, from the second in which it was made to the last one before its end', async () => {
    const text = await offlineQr();
    const judged = (now: number): Promise<unknown> => verifyOfflineQr(text, expectations({ now, skewSeconds: 0 }));
    await expect(judged(NOW - 1)).rejects.toMatchObject({ code: 'not-yet-valid' });
    await expect(judged(NOW)).resolves.toBeDefined();
    await expect(judged(NOW + 59)).resolves.toBeDefined();
    await expect(judged(NOW + 60)).rejects.toMatchObject({ code: 'expired' });
  });

  it('a list past its time to live, which says how old it is', async () => {
    const statusLists = [statusList([], { issuedAt: NOW - DAY })];
    const { status } = await verifyOfflineQr(await offlineQr(), expectations({ statusLists }));
    expect(status).toEqual({ seconds: DAY + 5, pastTimeToLive: true, expired: false, stale: false });
  });

  it('where it is only to be reported: an expired list, and none', async () => {
    const text = await offlineQr();
    const reported = async (statusLists: OfflineQrExpectations['statusLists']): Promise<unknown> =>
      (await verifyOfflineQr(text, expectations({ statusLists, staleStatus: 'report' }))).status;
    expect(await reported([statusList([], { expires: NOW })])).toMatchObject({ expired: true, stale: true });
    expect(await reported([])).toBeNull();
  });

  it('a signature with a high s', async () => {
    const message = await outerMessage();
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const s = BigInt(`0x${Buffer.from(message.subarray(-32)).toString('hex')}`);
    const other = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex');
    const text = offlineQrText(Buffer.concat([message.subarray(0, -32), other]));
    const seen = seenTokens();
    await expect(verifyOfflineQr(text, expectations({ seen }))).resolves.toBeDefined();
    // It is another text for the same presentation, and does not open it twice.
    const again = verifyOfflineQr(offlineQrText(message), expectations({ seen }));
    await expect(again).rejects.toMatchObject({ code: 'used' });
  });
});

describe('the size of an offline QR code', () => {
  // Measured; the bytes of signatures and names vary by a few characters.
  it.each([
    ['one', 10, 1200],
    ['each', 8, 1200],
  ] as const)('of people with %s name: %i fit', async (names, count, most) => {
    const text = await offlineQr({ inner: innerCwt({ people: people(count, names) }) });
    expect(text.length).toBeLessThanOrEqual(most);
    expect((await verifyOfflineQr(text, expectations())).people).toHaveLength(count);
  });

  it('is refused to the issuer where it would be too long, and says how long', async () => {
    const issued = innerCwt({
      people: people(10, 'each').map((each) => ({ ...each, firstName: `${each.firstName}-MARGUERITE-HORTENSE` })),
    });
    await expect(issued).rejects.toBeInstanceOf(OfflineQrTooLong);
    await expect(issued).rejects.toThrow(/of 10 people would have \d{4} characters, 1200 at most/);
  });

  it('is known to the issuer: no signature or identifier makes it longer than it found', async () => {
    // The longest family of this kind that the issuer lets through.
    let longest = people(1, 'each');
    for (let count = 2; count <= 10; count++) {
      try {
        await innerCwt({ people: people(count, 'each') });
        longest = people(count, 'each');
      } catch (error) {
        expect(error).toBeInstanceOf(OfflineQrTooLong);
      }
    }
    const inner = innerCwt({ people: longest });
    for (let i = 0; i < 200; i++) {
      const tokenId = Uint8Array.from(TOKEN_ID, (byte, at) => (byte + i * (at + 3)) & 0xff);
      expect((await offlineQr({ inner, tokenId, now: NOW + i })).length).toBeLessThanOrEqual(1200);
    }
  }, 60_000);
});

describe('the token that an issuer signs', () => {
  it.each([
    ['no people', { people: [] }],
    ['two people of one index', { people: [...people(1), ...people(1)] }],
    ['a name that moves the cursor', { people: people(1).map((each) => ({ ...each, firstName: '\u001b[2J' })) }],
    ['a name that turns its direction', { people: people(1).map((each) => ({ ...each, firstName: 'A\u202eB' })) }],
    [
      'a NIR that is none',
      { people: people(1).map((each) => ({ ...each, certifiedNir: { nir: '0000000000000', key: '00' } })) },
    ],
    [
      'an affiliation of other digits',
      { affiliation: { regime: '1', caisse: '999', centre: '0001', codeGestion: '10' } },
    ],
    ['activation 0', { activation: 0 }],
    ['an expiry before its issue', { expires: NOW - 31 * DAY }],
    ['a negative place in the list', { status: { uri: content().status.uri, index: -1 } }],
    ['no address of the list', { status: { uri: '', index: 1 } }],
  ] as const)('is not made with %s', async (_, change) => {
    await expect(innerCwt(change as Parameters<typeof innerCwt>[0])).rejects.toMatchObject({ name: 'ClaimError' });
  });

  it('holds for the card whose key is in it', async () => {
    const text = await offlineQr({ inner: innerCwt({ holderKey: stranger.publicKey }), signer: stranger });
    await expect(verifyOfflineQr(text, expectations())).resolves.toBeDefined();
    const other = offlineQr({ inner: innerCwt({ holderKey: stranger.publicKey }), signer: holder });
    await expect(verifyOfflineQr(await other, expectations())).rejects.toMatchObject({ code: 'altered' });
  });
});
