import { describe, expect, it } from 'vitest';
import { parseProfile } from '../../../../rig/card/profile/index.ts';
import { linkCertificate, makeRoot } from '../../../../rig/pki/holder.ts';
import { testPrivateKey, testRoot } from '../../../../rig/pki/test-hierarchy.ts';
import { toHex } from '../../../../src/apdu/index.ts';
import type { DirectorySpecification } from '../../../../src/applet/image/specification.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { authorizationOf } from '../../../../src/secure-channel/index.ts';
import { faults, SMALL, world } from './small-profile.ts';

const crypto = nobleCrypto();
const parse = (text: string, seed?: string) => parseProfile(text, 'x.yaml', world(seed));

/** The small profile with keys of the master file, keys of E000, environments of E000 and a trust section. */
function withKeys(parts: {
  mf?: string;
  local?: string;
  environments?: string;
  read?: string;
  trust?: string;
}): string {
  let text = SMALL;
  const put = (before: string, more: string): void => {
    if (text.split(before).length !== 2) throw new Error(before);
    text = text.replace(before, `${more}${before}`);
  };
  if (parts.mf !== undefined) put('  files:\n    - fid: D001', `  keys:\n${parts.mf}\n`);
  if (parts.local !== undefined) put('      files:\n        - fid: E001', `      keys:\n${parts.local}\n`);
  if (parts.environments !== undefined) put('      files:\n        - fid: E001', `        ${parts.environments}\n`);
  if (parts.trust !== undefined) put('masterFile:\n', `trust: ${parts.trust}\n`);
  if (parts.read !== undefined)
    text = text.replace('access: { read: { contact: code, contactless: holder } }', `access: { read: ${parts.read} }`);
  return text;
}

const own = (root: DirectorySpecification) =>
  root.children.find((child) => child.fid === 0xe000) as DirectorySpecification;

describe('keys', () => {
  it('are what is written, with rules that are never when they are left out', () => {
    const { masterFile } = parse(
      withKeys({
        mf:
          '    - { reference: "05", use: [external-authentication], algorithm: AES-128, value: 00112233445566778899AABBCCDDEEFF, tries: 5, access: always }\n' +
          '    - { reference: "41", use: [chip-authentication], algorithm: brainpoolP256r1, ciphers: [AES-128], value: test }',
        local:
          '        - { reference: "84", use: [signature], algorithm: P-256, access: code, generate: { contact: code } }',
      }),
    );
    const [aes, chip] = masterFile.keys!;
    const never = { contact: 0xff, contactless: 0xff, wired: 0xff };
    expect(toHex(aes!.value!)).toBe('00112233445566778899AABBCCDDEEFF');
    expect(aes).toMatchObject({
      reference: 5,
      tries: 5,
      access: { contact: 0, contactless: 0, wired: 0 },
      generate: never,
    });
    expect(chip).toMatchObject({ reference: 0x41, uses: ['chip-authentication'], ciphers: ['AES-128'], access: never });
    expect(own(masterFile).keys).toEqual([
      {
        reference: 0x84,
        uses: ['signature'],
        algorithm: { kind: 'ec', curve: 'P-256' },
        value: null,
        ciphers: [],
        tries: 0,
        access: { contact: 0x11, contactless: 0x11, wired: 0x11 },
        generate: { contact: 0x11, contactless: 0xff, wired: 0xff },
      },
    ]);
  });

  it('test keys are the same for every card of the profile, random ones are the seed’s', () => {
    const mf = (value: string) =>
      withKeys({
        mf: `    - { reference: "41", use: [chip-authentication], algorithm: P-256, ciphers: [AES-128], value: ${value} }`,
      });
    const value = (text: string, seed: string) => toHex(parse(text, seed).masterFile.keys![0]!.value!);
    expect(value(mf('test'), 'a')).toBe(value(mf('test'), 'b'));
    expect(value(mf('random'), 'a')).toBe(value(mf('random'), 'a'));
    expect(value(mf('random'), 'a')).not.toBe(value(mf('random'), 'b'));
  });

  const KEY = '    - { reference: "05", use: [mutual-authentication], algorithm: AES-128, value: test }';
  it.each<readonly [name: string, changes: (text: string) => string, message: string]>([
    ['two of one reference', () => `${KEY}\n${KEY}`, 'a key with reference 05 is already there'],
    ['a reference of a DF', (key) => key.replace('05', '85'), 'the reference of a key in the master file is 01 to 1F'],
    [
      'an AES key that signs',
      (key) => key.replace('mutual-authentication', 'signature'),
      'signature is not done with an AES key',
    ],
    [
      'another length',
      (key) => key.replace('AES-128', 'AES-256').replace('test', '00112233445566778899AABBCCDDEEFF'),
      '16 bytes, 32 needed',
    ],
    ['no value', (key) => key.replace(', value: test', ''), '`value` is missing: the card generates no AES key'],
    [
      'a value that is none',
      (key) => key.replace('test', 'secret'),
      'what is written here is not `test`, `random` or 16 to 66 bytes',
    ],
    [
      'ciphers',
      (key) => key.replace('value: test', 'value: test, ciphers: [AES-128]'),
      'only a key for chip authentication has `ciphers`',
    ],
    [
      'an unknown use',
      (key) => key.replace('mutual-authentication', 'anything'),
      '`anything` is none of chip-authentication, internal-authentication, external-authentication, mutual-authentication, signature',
    ],
    [
      'an unknown algorithm',
      (key) => key.replace('AES-128', 'DES'),
      '`DES` is none of AES-128, AES-192, AES-256, P-256, P-384, P-521, brainpoolP256r1, brainpoolP384r1, brainpoolP512r1',
    ],
    [
      'a private key of 0',
      (key) =>
        key.replace('mutual-authentication', 'signature').replace('AES-128', 'P-256').replace('test', '00'.repeat(32)),
      'what is written here is no private key on P-256',
    ],
    [
      'a chip key without ciphers',
      (key) => key.replace('mutual-authentication', 'chip-authentication').replace('AES-128', 'P-256'),
      '`ciphers` is missing: those of the channel that chip authentication makes',
    ],
  ])('%s: one fault, with its place', (_, change, message) => {
    const found = faults(withKeys({ mf: change(KEY) }));
    expect(found.map((each) => each.message)).toEqual([message]);
    expect(found[0]!.line).toBeGreaterThan(SMALL.split('\n').indexOf('masterFile:'));
  });
});

describe('environments of terminals and keys', () => {
  const KEYS = '    - { reference: "05", use: [external-authentication], algorithm: AES-128, value: test }';
  const read = (environments: string, condition: string) => {
    const { masterFile } = parse(withKeys({ mf: KEYS, environments, read: condition }));
    const { environments: made, children } = own(masterFile);
    const file = children.find((child) => child.fid === 0xe002)!;
    const expanded = file.attributes?.contactless?.value;
    return { made: made[2], byte: file.access.contactless[0], expanded: expanded && toHex(expanded) };
  };

  it.each([
    [
      'terminal: { id: 3, authorization: id-AT, right: read DG1 }',
      { id: 3, by: 'terminal', right: { type: 'AT', right: 'read DG1', byCan: false } },
    ],
    [
      'terminal: { id: 3, authorization: id-AT, password: CAN }',
      { id: 3, by: 'terminal', right: { type: 'AT', right: null, byCan: true } },
    ],
    [
      'terminal: { id: 3, authorization: id-ST, right: generate electronic signature }',
      { id: 3, by: 'terminal', right: { type: 'ST', right: 'generate electronic signature', byCan: false } },
    ],
    ['terminal: { id: 3, key: "05" }', { id: 3, by: 'key', key: 5 }],
  ])('%s', (written, environment) => expect(read(written, 'terminal').made).toEqual(environment));

  // Security condition bytes of ISO/IEC 7816-4: b8 all, b7 secure messaging, b6 external, b5 user authentication.
  it.each([
    ['terminal', 0x23, undefined],
    ['{ all: [terminal, secure-messaging] }', 0xe3, undefined],
    ['{ all: [holder, terminal] }', 0xff, '800101 AF06 9E0112 9E0123'],
    ['{ any: [code, terminal] }', 0xff, '800101 A00B A406830181950108 9E0123'],
    ['{ any: [terminal, external-authentication] }', 0xff, '800101 A006 9E0123 9E0120'],
    ['{ not: terminal }', 0xff, '800101 A703 9E0123'],
  ])('%s is %i, or expanded %s', (condition, byte, expanded) => {
    const made = read('terminal: { id: 3, authorization: id-AT, right: read DG1 }', condition);
    expect(made.byte).toBe(byte);
    expect(made.expanded).toBe(expanded?.replaceAll(' ', ''));
  });

  it('a key stands in an expanded rule as the key itself', () => {
    const { expanded } = read('lab: { id: 3, key: "05" }', '{ all: [code, lab] }');
    expect(expanded).toBe('800101AF10A406830181950108A406830105950180');
  });

  it.each([
    [
      'x: { id: 3 }',
      'an environment is about a code (`reference`, `by`), a terminal (`authorization`) or a key (`key`)',
    ],
    [
      'x: { id: 3, key: "05", by: verify }',
      'an environment is about a code (`reference`, `by`), a terminal (`authorization`) or a key (`key`)',
    ],
    ['x: { id: 3, by: verify }', '`reference` is missing'],
    ['x: { id: 3, right: read DG1 }', '`authorization` is missing'],
    [
      'x: { id: 3, authorization: id-ST, right: read DG1 }',
      'id-ST has no such right: generate electronic signature, generate qualified electronic signature',
    ],
    ['x: { id: 3, key: "06" }', 'there is no AES key 06 in the master file'],
  ])('%s: %s', (written, message) => {
    expect(faults(withKeys({ mf: KEYS, environments: written })).map((each) => each.message)).toEqual([message]);
  });
});

describe('trust', () => {
  const root = testRoot(crypto);
  const next = makeRoot(
    crypto,
    {
      name: 'FRVITAPCVCA00002',
      privateKey: testPrivateKey(crypto, 'P-256', 'next'),
      authorization: authorizationOf('AT', 'CVCA', ['read DG1']),
      validity: { from: 250101, to: 350101 },
    },
    { curve: 'P-256', hash: 'sha-256' },
  );

  it('the test root', () => {
    const { trust } = parse(withKeys({ trust: '{ date: "20260101", roots: [test] }' }));
    expect(trust?.date).toBe(260101);
    expect(trust?.trustPoints.map(({ holderReference }) => Buffer.from(holderReference).toString())).toEqual([
      'FRVITAPCVCA00001',
    ]);
  });

  it.each([
    ['a root of its own', next.certificate],
    ['a link certificate', linkCertificate(crypto, root, next)],
  ])('a second one, %s: the newest first, the date is the profile’s', (_, certificate) => {
    const { trust } = parse(withKeys({ trust: `{ date: "20240601", roots: [test, ${toHex(certificate)}] }` }));
    expect(trust?.date).toBe(240601);
    expect(trust?.trustPoints.map(({ curve }) => curve)).toEqual(['P-256', 'brainpoolP256r1']);
  });

  const flipped = Uint8Array.from(next.certificate);
  flipped[flipped.length - 1]! ^= 1;
  it.each([
    ['{ date: "20260101", roots: [] }', 'at least one entry is needed here'],
    ['{ date: "20260101", roots: [test, test, test] }', 'a card has at most two trust points'],
    ['{ date: "20260101", roots: [test, test] }', 'no trust point: a trust point of this name is there already'],
    [`{ date: "20260101", roots: [${toHex(flipped)}] }`, 'no trust point: the signature is wrong'],
    ['{ date: "20260101", roots: [7F2100] }', 'no trust point: tag 7F4E is missing'],
    [
      `{ date: "20260101", roots: [${toHex(linkCertificate(crypto, root, next))}] }`,
      'no trust point: a root certificate is issued by its own holder',
    ],
    ['{ date: "19990101", roots: [test] }', 'the year of the card is 2000 to 2099'],
  ])('%s: %s', (trust, message) => {
    expect(faults(withKeys({ trust })).map((each) => each.message)).toEqual([message]);
  });
});
