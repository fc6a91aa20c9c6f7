import { fromHex, toHex } from '../../src/apdu/index.ts';
import type { CurveName } from '../../src/hal/crypto.ts';
import {
  authorizationOf,
  effectiveAuthorization,
  encodeAuthorization,
  grants,
  parseAuthorization,
  rightsOf,
  rightsOfType,
  roleOf,
} from '../../src/secure-channel/authorization.ts';
import { parseAuxiliaryData } from '../../src/secure-channel/auxiliary-data.ts';
import {
  encodeDate,
  issueCertificate,
  parseCertificate,
  parseDate,
} from '../../src/secure-channel/card-verifiable-certificate.ts';
import { dottedOid } from '../../src/secure-channel/object-identifier.ts';
import { chainFrom } from '../../src/secure-channel/terminal-authentication-terminal.ts';
import { type ImportedKey, judgeCertificate, rootTrustPoint } from '../../src/secure-channel/trust-point.ts';
import { loadVectors } from '../vectors/load.ts';
import { crypto } from './bench-session.ts';
import { describe, expect, it } from './cases.ts';

interface Row {
  readonly id: string;
  readonly certificate: string;
  readonly car: string;
  readonly chr: string;
  readonly publicKeyOid: string;
  readonly chat: string;
  readonly effective: string;
  readonly expiry: string;
  readonly domainParameters?: string;
  readonly publicPoint: string;
  readonly signature: string;
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes; a wrong one fails the test that reads it
const file = loadVectors<any>('eac-ta-ca');
const pki = file.computedPki;
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const value = (object: string): Uint8Array => fromHex(object).subarray(3);
const certificate = (id: string): string => pki.chain.find((row: Row) => row.id === id).certificate;
const root = (): ImportedKey => rootTrustPoint(crypto, parseCertificate(fromHex(certificate('cvca1')))) as ImportedKey;

const published = [
  ...Object.values(file.runs[0].certificates as Record<string, Row>),
  ...file.chains.flatMap(({ certificates }: { certificates: Row[] }) => certificates),
  file.clientSession.documentVerifier,
  file.clientSession.terminal,
] as Row[];

describe('published certificates', () => {
  it('are there', () => expect(published).toHaveLength(17));

  it.each(published)('$id says what it says', (row) => {
    const parsed = parseCertificate(fromHex(row.certificate));
    expect(text(parsed.authorityReference)).toBe(row.car);
    expect(text(parsed.holderReference)).toBe(row.chr);
    expect(toHex(encodeAuthorization(parsed.authorization))).toBe(toHex(value(row.chat)));
    expect(toHex(encodeDate(parsed.effectiveDate))).toBe(row.effective);
    expect(toHex(encodeDate(parsed.expirationDate))).toBe(row.expiry);
    expect(parsed.publicKey.curve).toBe(row.domainParameters ?? null);
    expect(toHex(parsed.publicKey.point)).toBe(row.publicPoint);
    expect(toHex(parsed.signature)).toBe(row.signature);
    // What PSO carries is the same without 7F21.
    const inner =
      toHex(parsed.body) + row.certificate.slice(row.certificate.indexOf(toHex(parsed.body)) + 2 * parsed.body.length);
    expect(parseCertificate(fromHex(inner))).toEqual(parsed);
  });

  for (const chain of file.chains as {
    id: string;
    certificates: Row[];
    verifies: { issuer: string; certificate: string; valid: boolean }[];
  }[]) {
    it.each(chain.verifies)(`${chain.id}: $issuer signed $certificate: $valid`, (pair) => {
      const find = (id: string): ReturnType<typeof parseCertificate> =>
        parseCertificate(fromHex(chain.certificates.find((row) => row.id === id)!.certificate));
      const [issuer, subject] = [find(pair.issuer), find(pair.certificate)];
      const curve = issuer.publicKey.curve ?? 'brainpoolP256r1';
      const { hash, point } = issuer.publicKey;
      expect(crypto.ecdsaVerify(curve, point, crypto.hash(hash, subject.body), subject.signature)).toBe(pair.valid);
    });
  }

  it('both roots signed themselves', () => {
    for (const id of ['cvca1', 'cvca2']) {
      expect(rootTrustPoint(crypto, parseCertificate(fromHex(certificate(id)))), id).toHaveProperty('point');
    }
  });

  it('a chain is found by name, from any trust point of the chip', () => {
    const all = (file.chains[0].certificates as Row[]).map((row) => fromHex(row.certificate));
    const names = (authority: string): string[] | undefined =>
      chainFrom(all, [fromAscii(authority)], fromAscii('DEDEMOPAA00079'))?.map((bytes) =>
        text(parseCertificate(bytes).holderReference),
      );
    expect(names('DETESTeID00004')).toEqual(['DEDVeIDDPST00039', 'DEDEMOPAA00079']);
    expect(names('DETESTeID00001')).toEqual(['DETESTeID00002', 'DETESTeID00004', 'DEDVeIDDPST00039', 'DEDEMOPAA00079']);
    expect(names('DETESTeID00009')).toBeUndefined();
    expect(chainFrom(all, [], fromAscii('nobody'))).toBeNull();
  });
});

describe('a chip judges a chain', () => {
  it('from root over link and document verifier to the terminal, and its date goes with it', () => {
    let state = { trustPoints: [root()], date: 250101 };
    let issuer = root();
    for (const id of ['link', 'dv', 'at']) {
      const judged = judgeCertificate(crypto, state, issuer, parseCertificate(fromHex(certificate(id))));
      expect(judged, id).toHaveProperty('key');
      if ('reason' in judged) return;
      state = { ...judged.state, trustPoints: [...judged.state.trustPoints] };
      issuer = judged.key;
    }
    // 26-01-01 of the document verifier, then 26-01-10 of its accurate terminal.
    expect(state.date).toBe(260110);
    expect(state.trustPoints.map(({ holderReference }) => text(holderReference))).toEqual([
      'UTTESTCVCA00002',
      'UTTESTCVCA00001',
    ]);
    const effective = effectiveAuthorization(issuer.chain)!;
    expect([effective.type, roleOf(effective), toHex(effective.bits)]).toEqual([
      'AT',
      'terminal',
      pki.effectiveRights.value,
    ]);
  });

  it.each(pki.dateRule.rows as { chipDate: string; certificate: string; newChipDate: string }[])(
    'on $chipDate the $certificate makes it $newChipDate',
    (row) => {
      let state = { trustPoints: [root()], date: Number(row.chipDate) };
      let issuer = root();
      for (const id of ['link', 'dv', 'at']) {
        const judged = judgeCertificate(crypto, state, issuer, parseCertificate(fromHex(certificate(id))));
        if ('reason' in judged) throw new Error(judged.reason);
        issuer = judged.key;
        if (id === row.certificate) return expect(judged.state.date).toBe(Number(row.newChipDate));
        // The row is about its own certificate: what came before must not have moved the date.
        state = { trustPoints: [...judged.state.trustPoints], date: Number(row.chipDate) };
      }
    },
  );

  it.each(pki.refusals.rows as { name: string; after: string[]; certificate: string }[])('refuses: $name', (row) => {
    let state = { trustPoints: [root()], date: Number(pki.refusals.chipDate) };
    let issuer = root();
    for (const id of row.after) {
      const judged = judgeCertificate(crypto, state, issuer, parseCertificate(fromHex(certificate(id))));
      if ('reason' in judged) throw new Error(`${id}: ${judged.reason}`);
      state = { trustPoints: [...judged.state.trustPoints], date: judged.state.date };
      issuer = judged.key;
    }
    let reason: string;
    try {
      const bad = parseCertificate(fromHex(row.certificate));
      // Whoever's key the certificate names is the one that is selected, where the chip has it.
      const named = state.trustPoints.find(
        ({ holderReference }) => text(holderReference) === text(bad.authorityReference),
      );
      const judged = judgeCertificate(crypto, state, named ?? issuer, bad);
      reason = 'reason' in judged ? judged.reason : 'accepted';
    } catch (error) {
      reason = (error as Error).message;
    }
    expect(reason).toMatch(REASONS[row.name] ?? /^$/);
  });

  it('knows 18 bad certificates', () => expect(Object.keys(REASONS)).toHaveLength(pki.refusals.rows.length));

  describe('made here', () => {
    const keys = Object.fromEntries(
      ['cvca', 'next', 'third', 'dv', 'at'].map((name) => [
        name,
        crypto.privateKey('P-256', crypto.hash('sha-512', fromAscii(name))),
      ]),
    ) as Record<string, Uint8Array>;
    const make = (
      holder: string,
      authority: string,
      changes: Partial<Parameters<typeof issueCertificate>[1]> & { curve?: CurveName } = {},
    ): ReturnType<typeof parseCertificate> =>
      parseCertificate(
        issueCertificate(
          crypto,
          {
            authorityReference: fromAscii(`UT${authority}00001`),
            holderReference: fromAscii(`UT${holder}00001`),
            hash: 'sha-256',
            curve: 'P-256',
            point: crypto.publicKey('P-256', keys[holder]!),
            withDomainParameters: false,
            authorization: authorizationOf('AT', ROLE_OF[holder]!, ['read DG1', 'read DG17']),
            effectiveDate: 260101,
            expirationDate: 270101,
            ...changes,
          },
          { hash: 'sha-256', curve: 'P-256', privateKey: keys[authority]! },
        ),
      );
    const trust = (): ImportedKey =>
      rootTrustPoint(crypto, make('cvca', 'cvca', { withDomainParameters: true })) as ImportedKey;
    const accept = (
      state: { trustPoints: readonly ImportedKey[]; date: number },
      issuer: ImportedKey,
      subject: ReturnType<typeof make>,
    ) => {
      const judged = judgeCertificate(crypto, state, issuer, subject);
      if ('reason' in judged) throw new Error(judged.reason);
      return judged;
    };

    it('a terminal of another document verifier does not move the date', () => {
      const state = { trustPoints: [trust()], date: 260101 };
      const foreign = make('dv', 'cvca', { authorization: authorizationOf('AT', 'DV-other', ['read DG1']) });
      const dv = accept(state, trust(), foreign);
      const at = accept(dv.state, dv.key, make('at', 'dv', { effectiveDate: 260601 }));
      expect(at.state.date).toBe(260101);
      const home = accept(state, trust(), make('dv', 'cvca'));
      expect(accept(home.state, home.key, make('at', 'dv', { effectiveDate: 260601 })).state.date).toBe(260601);
    });

    it('an expired link certificate is accepted, and an expired trust point signs no document verifier', () => {
      const state = { trustPoints: [trust()], date: 280101 };
      const link = make('next', 'cvca', { expirationDate: 270601, effectiveDate: 260601 });
      const linked = accept(state, trust(), link);
      expect(linked.state.date).toBe(280101);
      const dv = make('dv', 'cvca', { expirationDate: 290101 });
      expect(judgeCertificate(crypto, state, trust(), dv)).toEqual({
        reason: 'the key that signed it has expired',
        signature: false,
      });
    });

    it('keeps the two trust points with the latest effective dates', () => {
      let state: { trustPoints: readonly ImportedKey[]; date: number } = { trustPoints: [trust()], date: 260101 };
      state = accept(state, trust(), make('next', 'cvca', { effectiveDate: 260201 })).state;
      const next = state.trustPoints[0]!;
      state = accept(state, next, make('third', 'next', { effectiveDate: 260301 })).state;
      expect(state.trustPoints.map(({ holderReference }) => text(holderReference))).toEqual([
        'UTthird00001',
        'UTnext00001',
      ]);
      expect(state.date).toBe(260301);
    });

    it.each([
      ['a name that is a trust point already', 'cvca', 'cvca', {}, /name is there already/],
      [
        'another terminal type',
        'dv',
        'cvca',
        { authorization: authorizationOf('IS', 'DV-official-domestic', []) },
        /terminal type/,
      ],
      ['domain parameters of a document verifier', 'dv', 'cvca', { withDomainParameters: true }, /domain parameters/],
    ] as const)('refuses %s', (_, holder, authority, changes, reason) => {
      const judged = judgeCertificate(
        crypto,
        { trustPoints: [trust()], date: 260101 },
        trust(),
        make(holder, authority, changes),
      );
      expect(judged).toHaveProperty('reason', expect.stringMatching(reason));
    });

    it.each([
      ['no domain parameters', {}, /domain parameters/],
      ['another role', { withDomainParameters: true, authorization: authorizationOf('AT', 'terminal', []) }, /role/],
      ['another issuer', { withDomainParameters: true, authorityReference: fromAscii('UTother00001') }, /own holder/],
      [
        'a key that did not sign it',
        { withDomainParameters: true, point: crypto.publicKey('P-256', keys.dv!) },
        /signature/,
      ],
    ] as const)('a root with %s is no trust point', (_, changes, reason) => {
      expect(rootTrustPoint(crypto, make('cvca', 'cvca', changes))).toHaveProperty(
        'reason',
        expect.stringMatching(reason),
      );
    });
  });
});

const ROLE_OF: Readonly<Record<string, 'CVCA' | 'DV-official-domestic' | 'terminal'>> = {
  cvca: 'CVCA',
  next: 'CVCA',
  third: 'CVCA',
  dv: 'DV-official-domestic',
  at: 'terminal',
};

const REASONS: Readonly<Record<string, RegExp>> = {
  'signature of another key': /signature is wrong/,
  'last bit of the signature': /signature is wrong/,
  'body changed after signing (one right more)': /signature is wrong/,
  'expired: expiry before the date of the chip': /has expired/,
  'effective date after the expiry date': /expires before it is effective/,
  'date with month 13': /no such date/,
  'date digit 0A': /six digits/,
  'date of 5 bytes': /six digits/,
  'terminal signed by the root: role order': /CVCA issues no certificate of a terminal/,
  'document verifier signed by a document verifier': /issues no certificate of a DV/,
  'root signed by a document verifier': /issues no certificate of a CVCA/,
  'unknown issuer name (CAR)': /not the holder of the selected key/,
  'profile identifier 01': /profile/,
  'no expiry date': /5F24|5F37|missing/,
  'no CHAT': /7F4C/,
  'signature in DER': /signature is wrong/,
  'public key OID of another terminal authentication protocol than the issuer key (SHA-512)': /algorithm/,
  'public point not on the curve, signature valid': /no point of the curve/,
};

describe('the authorization of a certificate holder', () => {
  it.each([
    // BSI TR-03110-4 and OpenPACE's table of the same bits.
    ['AT', '0000000001', ['age verification']],
    ['AT', '0000000010', ['CAN allowed']],
    ['AT', '0000000100', ['read DG1']],
    ['AT', '0010000000', ['read DG21']],
    ['AT', '2000000000', ['write DG17']],
    ['AT', '0200000000', ['write DG21']],
    ['AT', '0080000000', []],
    ['IS', '03', ['read DG3', 'read DG4']],
    ['IS', '1C', []],
    ['ST', '02', ['generate qualified electronic signature']],
  ] as const)('%s %s', (type, bits, rights) => {
    expect(rightsOf({ type, bits: fromHex(bits) })).toEqual(rights);
    if (rights.length > 0) expect(toHex(authorizationOf(type, 'terminal', rights).bits)).toBe(bits);
    for (const right of rights) expect(grants({ type, bits: fromHex(bits) }, right)).toBe(true);
  });

  it('38 bits of an authentication terminal have names, but for one', () => {
    expect(rightsOfType('AT')).toHaveLength(37);
    expect(toHex(authorizationOf('AT', 'CVCA', rightsOfType('AT')).bits)).toBe('FF7FFFFFFF');
    expect(() => authorizationOf('AT', 'CVCA', ['read DG23'])).toThrow(RangeError);
    expect(grants({ type: 'AT', bits: new Uint8Array(5).fill(0xff) }, 'fly')).toBe(false);
  });

  it.each([
    ['C3', 'CVCA'],
    ['83', 'DV-official-domestic'],
    ['43', 'DV-other'],
    ['03', 'terminal'],
  ] as const)('role of %s: %s', (bits, role) => expect(roleOf({ type: 'IS', bits: fromHex(bits) })).toBe(role));

  it.each([
    ['another terminal type', '060904007F0007030102045301C3'],
    ['too few bits', '060904007F0007030102025304FFFFFFFF'],
    ['too many bits', '060904007F000703010201530203FF'],
    ['no bits', '060904007F000703010201'],
    ['something more', '060904007F0007030102015301C3810100'],
    ['padding', '00060904007F0007030102015301C3'],
    ['cut short', '060904007F00070301020153'],
    ['nothing', ''],
  ])('refuses %s', (_, chat) => expect(parseAuthorization(fromHex(chat))).toBeNull());

  it('a chain of two terminal types grants nothing', () => {
    expect(
      effectiveAuthorization([authorizationOf('AT', 'CVCA', []), authorizationOf('IS', 'terminal', [])]),
    ).toBeNull();
    expect(effectiveAuthorization([])).toBeNull();
  });
});

describe('dates', () => {
  it.each([
    ['020400020209', 240229],
    ['000000010301', 131],
    ['090901020301', 991231],
  ])('%s', (digits, date) => {
    expect(parseDate(fromHex(digits))).toBe(date);
    expect(toHex(encodeDate(date))).toBe(digits);
  });

  it.each([
    '020300020209',
    '020400020300',
    '020400000101',
    '020401030101',
    '020400040301',
    '0204000202',
    '0A0400010101',
  ])('%s is none', (digits) =>
    expect(() => parseDate(fromHex(digits))).toThrow(expect.objectContaining({ name: 'CertificateError' })),
  );
});

describe('auxiliary data', () => {
  it.each(file.auxiliaryData.rows as { data: string; valid: boolean; items?: { oid: string; value: string }[] }[])(
    '$data',
    (row) => {
      const parsed = parseAuxiliaryData(fromHex(row.data).subarray(2));
      if (!row.valid) return expect(parsed).toBeNull();
      expect(parsed?.map(({ oid, value: datum }) => ({ oid: toHex(oid), value: text(datum) }))).toEqual(
        row.items?.map(({ oid, value: datum }) => ({ oid, value: datum })),
      );
    },
  );
});

it('object identifiers can be read', () => {
  expect(dottedOid(fromHex('04007F00070202040202'))).toBe('0.4.0.127.0.7.2.2.4.2.2');
  expect(dottedOid(fromHex('2A8648CE3D0201'))).toBe('1.2.840.10045.2.1');
});

function fromAscii(characters: string): Uint8Array {
  return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}
