import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CaseSession } from '../../../../rig/judge/conform/card-under-test.ts';
import { parseDeclaration } from '../../../../rig/judge/conform/declaration-file.ts';
import { declareProfile } from '../../../../rig/judge/conform/declare-profile.ts';
import { deriveDeclaration } from '../../../../rig/judge/conform/derive.ts';
import { filesOf } from '../../../../rig/judge/conform/located.ts';
import { specificationOf } from '../../../../rig/judge/conform/open-card.ts';
import { fromHex, toHex } from '../../../../src/apdu/hex.ts';
import type { CardSpecification } from '../../../../src/applet/image/specification.ts';

const YAML = `
card: A card of my own
protocol: T=1
extendedLength: yes
channels: 4
commands: [SELECT, READ BINARY]
masterFile:
  files:
    - { fid: 2F00, sfi: 1E, structure: transparent, access: { read: free, update: never }, content: 61 03 4F 01 A0 }
  directories:
    - fid: 7F10
      name: A0 00 00 00 01
      access: { create-ef: out-of-reach }
      codes:
        - { reference: 81, code: "1234", tries: 3, unblockedBy: 82 }
        - { reference: 82, block: 31 32 33 34 35 36 37 38, wrong: 30 32 33 34 35 36 37 38, tries: 10 }
        - { reference: 83, tries: 3 }
      files:
        - fid: 6F01
          structure: linear-fixed
          access: { read: code 81, update: { all: [code 81, { not: code 82 }] } }
          records: [A1 A2, B1 B2]
          capacity: 4
applications:
  - { name: D2760000850101 }
`;

describe('a declaration in YAML', () => {
  const card = parseDeclaration(YAML, 'my-card.yaml');

  it('the one in the documentation is one', () => {
    const page = readFileSync(new URL('../../../../docs/conformance.md', import.meta.url), 'utf8');
    const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] as string;
    const documented = parseDeclaration(example, 'docs/conformance.md');
    expect(documented.title).toBe('Loyalty card, second batch');
    expect(filesOf(documented).map(({ fid }) => fid)).toEqual(['2F00', '6F01']);
  });

  it('says what the card is and has', () => {
    expect(card).toMatchObject({
      title: 'A card of my own',
      decisions: null,
      protocol: 'T=1',
      extendedLength: true,
      chaining: false,
      channels: 4,
      commands: ['SELECT', 'READ BINARY'],
    });
    expect(card.applications.map(({ name }) => name && toHex(name))).toEqual(['D2760000850101']);
  });

  it('finds its files, and the way to each', () => {
    const [dir, records] = filesOf(card);
    expect(dir).toMatchObject({
      fid: '2F00',
      sfi: 0x1e,
      content: '61034F01A0',
      access: { read: 'free', update: 'never' },
    });
    expect(records?.select.map(({ command }) => command)).toEqual(['00A4040005A00000000100', '00A4020C026F01']);
    expect(records).toMatchObject({ count: 2, capacity: 4, recordSize: 2, sfi: 0 });
    expect(records?.access).toEqual({
      read: { code: 0x81 },
      update: { all: [{ code: 0x81 }, { not: { code: 0x82 } }] },
    });
  });

  it('makes a wrong code where none is given, and leaves out a code without a value', () => {
    const directory = card.masterFile?.children.find((each) => each.kind === 'directory');
    const codes = directory?.kind === 'directory' ? directory.codes : [];
    expect(codes.map(({ reference, block, wrong }) => [reference, toHex(block), toHex(wrong)])).toEqual([
      [0x81, '31323334', '30323334'],
      [0x82, '3132333435363738', '3032333435363738'],
    ]);
  });

  it.each([
    ['card: x\nprotocol: T=2\n', 'my-card.yaml:2:11'],
    ['card: x\nmasterFile:\n  files:\n    - { fid: 2F00, structure: round }\n', 'my-card.yaml:4:31'],
    ['card: x\nextendedLength: true\n', '`true` is neither yes nor no'],
    ['card: x\nmystery: 1\n', '`mystery` is not a key that is known here'],
    ['protocol: T=1\n', '`card` is missing'],
    ['card: [', 'not YAML'],
  ])('is refused with its place: %j', (text, message) => {
    expect(() => parseDeclaration(text, 'my-card.yaml')).toThrow(message);
  });
});

describe('what a card says of itself', () => {
  /** A card of an MF with EF.DIR, one application, and historical bytes with chaining, extended length and 4 channels. */
  const answers: Readonly<Record<string, string>> = {
    '00A40000023F00': '9000',
    '00A4020C022F00': '9000',
    '00B0000000': '61074F05A0000000019000',
    '00A4020C022F01': '6A82',
    '00A4040005A00000000100': '6F009000',
  };
  const session: CaseSession = {
    transmit: async (command) => fromHex(answers[toHex(command)] ?? '6A82'),
    power: async () => {},
  };

  it('is its files, its applications and its capabilities; nothing else is known', async () => {
    // 3B 85 80 01, five historical bytes 80 73 F6 21 DB: b8 chaining, b7 extended length, b5 b4 assignment, 4 channels
    const atr = fromHex('3B8580018073F621DB00');
    const card = await deriveDeclaration({ session, atr, protocol: 'T=1' });
    expect(card).toMatchObject({
      decisions: null,
      commands: null,
      chaining: true,
      extendedLength: true,
      channels: 4,
      identifierIsFirstByte: false,
    });
    expect(filesOf(card).map(({ fid, content }) => [fid, content])).toEqual([['2F00', '61074F05A000000001']]);
    expect(card.applications.map(({ name }) => name && toHex(name))).toEqual(['A000000001']);
  });

  it('is next to nothing on a card that answers next to nothing', async () => {
    const mute: CaseSession = { transmit: async () => fromHex('6D00'), power: async () => {} };
    expect(await deriveDeclaration({ session: mute, atr: fromHex('3B00'), protocol: 'T=0' })).toMatchObject({
      protocol: 'T=0',
      masterFile: null,
      applications: [],
      channels: 1,
      chaining: false,
    });
  });
});

describe('what a profile orders', () => {
  it('is declared with its codes, its rules on the interface in use, and its content', async () => {
    const specification = (await specificationOf('vitale2')) as CardSpecification;
    const invoices = (cardInterface: 'contact' | 'contactless'): unknown =>
      filesOf(declareProfile(specification, cardInterface)).find(({ fid }) => fid === 'E004')?.access.read;
    expect(invoices('contact')).toEqual({ code: 0x81 });
    // Over an antenna the expanded rule of the invoices and the compact one of IDENT want a terminal's certificates.
    expect(invoices('contactless')).toBe('out-of-reach');
    const ident = filesOf(declareProfile(specification, 'contactless')).find(({ fid }) => fid === 'D001');
    expect(ident?.access.read).toBe('out-of-reach');
  });

  it('there is none for a name that is no profile', async () => {
    expect(await specificationOf('plastic')).toBeNull();
  });
});
