import { describe, expect, it } from 'vitest';
import { loadProfile, parseProfile } from '../../../../rig/card/profile/index.ts';
import { toHex } from '../../../../src/apdu/index.ts';
import type { FileSpecification } from '../../../../src/applet/image/specification.ts';
import { parseSecurityInfos } from '../../../../src/secure-channel/index.ts';
import { faults, SMALL, world } from './small-profile.ts';

/** The small profile with a section `pace`, codes of the master file, and an EF.CardAccess. */
function withPace({
  pace = OFFER,
  codes = CAN,
  file = FILE,
  keys = '',
}: Partial<Record<'pace' | 'codes' | 'file' | 'keys', string>>): string {
  const text = SMALL.replace('masterFile:\n', `${pace}masterFile:\n${codes}${keys}`);
  return text.replace('    - fid: D001\n', `${file}    - fid: D001\n`);
}

const OFFER = 'pace: [{ curve: brainpoolP256r1, cipher: AES-128 }]\n';
const CAN =
  '  codes:\n    - { reference: "02", password: CAN, code: "500540", minLength: 6, maxLength: 6, access: never }\n';
const PIN =
  '    - { reference: "03", password: PIN, code: "123456", minLength: 6, maxLength: 6, tries: 3, access: never }\n';
const FILE = '    - { fid: 011C, sfi: 1C, structure: transparent, access: { read: always }, content: card-access }\n';
const CHIP_KEY =
  '  keys:\n    - { reference: "41", use: [chip-authentication], algorithm: brainpoolP256r1, value: test, ciphers: [AES-256] }\n';

function cardAccess(text: string): Uint8Array {
  const { masterFile } = parseProfile(text, 'x.yaml', world());
  return contentOf(masterFile.children, 0x011c);
}

function contentOf(files: readonly FileSpecification[], fid: number): Uint8Array {
  const file = files.find((each) => each.fid === fid);
  return file?.kind === 'transparent' ? file.content : new Uint8Array(0);
}

describe('EF.CardAccess', () => {
  it('of one offer is the one that every client takes', () => {
    // PACE-ECDH-GM-AES-CBC-CMAC-128, version 2, parameter 13: the bytes of German test cards.
    expect(toHex(cardAccess(withPace({})))).toBe('31143012060A04007F0007020204020202010202010D');
  });

  it('has the offers in their order, then chip and terminal authentication', () => {
    const pace =
      'pace:\n  - { curve: P-384, cipher: AES-256 }\n  - { curve: brainpoolP256r1, cipher: AES-192, mapping: chip-authentication }\n' +
      'trust: { date: "20240102", roots: [test] }\n';
    expect(parseSecurityInfos(cardAccess(withPace({ pace, keys: CHIP_KEY })))).toMatchObject([
      { kind: 'pace', protocol: { mapping: 'GM', cipher: 'AES-256' }, version: 2, parameterId: 15 },
      { kind: 'pace', protocol: { mapping: 'CAM', cipher: 'AES-192' }, version: 2, parameterId: 13 },
      { kind: 'chip-authentication', cipher: 'AES-256', version: 2, keyId: 0x41 },
      { kind: 'chip-authentication-domain-parameters', curve: 'brainpoolP256r1', keyId: 0x41 },
      { kind: 'terminal-authentication', version: 2 },
    ]);
  });
});

describe('codes that are passwords of PACE', () => {
  it('carry its name; a CAN has no counter', () => {
    const { masterFile } = parseProfile(withPace({ codes: CAN + PIN }), 'x.yaml', world());
    expect(masterFile.pins.map(({ password, tries }) => [password, tries])).toEqual([
      ['CAN', 15],
      ['PIN', 3],
    ]);
  });

  it.each([
    [
      'two of one kind',
      withPace({ codes: CAN + PIN.replace('PIN', 'CAN').replace(', tries: 3', '') }),
      'another code is the CAN already',
    ],
    [
      'tries of a CAN',
      withPace({ codes: CAN.replace('access', 'tries: 3, access') }),
      'a CAN is printed on the card: its tries are not counted',
    ],
    ['a PIN without tries', withPace({ codes: CAN + PIN.replace('tries: 3, ', '') }), '`tries` is missing'],
    [
      'padding',
      withPace({ codes: CAN.replace('access', 'paddedLength: 8, access') }),
      'a password of PACE is not padded',
    ],
    ['nothing offered', withPace({ pace: '' }), 'this profile has no `pace` that it could be a password of'],
    [
      'no file',
      withPace({ file: '' }),
      'a terminal reads what is offered in 011C of the master file, which is not there',
    ],
    [
      'one offer twice',
      withPace({ pace: `${OFFER.slice(0, -2)}, { curve: brainpoolP256r1, cipher: AES-128 }]\n` }),
      'it is there already',
    ],
    [
      'chip authentication mapping without a key',
      withPace({ pace: OFFER.replace('}', ', mapping: chip-authentication }') }),
      'the chip authentication mapping needs a key for chip authentication on brainpoolP256r1',
    ],
    [
      'another curve',
      withPace({ pace: OFFER.replace('brainpoolP256r1', 'secp256k1') }),
      expect.stringContaining('brainpoolP256r1'),
    ],
  ])('%s is a fault with its place', (_, text, message) => {
    expect(faults(text).map((fault) => fault.message)).toContainEqual(message);
  });
});

describe('the profile eac', () => {
  it('is what clients for identity cards look for', async () => {
    const { masterFile } = await loadProfile('eac', world());
    const { children } = masterFile;
    expect(toHex(contentOf(children, 0x2f00))).toBe('61104F09E80704007F000703025003654944');
    expect(parseSecurityInfos(contentOf(children, 0x011c))[0]).toMatchObject({
      kind: 'pace',
      protocol: { mapping: 'GM', cipher: 'AES-128' },
      parameterId: 13,
    });
    expect(contentOf(children, 0x2f05)).toHaveLength(24);
    const application = children.find(({ kind }) => kind === 'directory');
    expect(application).toMatchObject({ name: Uint8Array.of(0xe8, 0x07, 0x04, 0x00, 0x7f, 0x00, 0x07, 0x03, 0x02) });
    expect(masterFile.pins.map(({ password, code }) => [password, String.fromCharCode(...code)])).toEqual([
      ['CAN', '500540'],
      ['PIN', '123456'],
      ['PUK', '9876543210'],
    ]);
  });
});
