import { describe, expect, it } from 'vitest';
import { openCard } from '../../../rig/card/open.ts';
import { readIdentityByFid, readIdentityBySfi, readPointers } from '../../../rig/tap/field-sequences.ts';
import { type CardReading, emptyReading } from '../../../rig/tap/reading.ts';
import { CardTerminal } from '../../../rig/tap/terminal.ts';
import { fromHex, toHex } from '../../../src/apdu/hex.ts';
import { createLoopback } from '../../../src/hal/loopback/index.ts';
import { VirtualClock } from '../../../src/hal/virtual/clock.ts';
import { whileServed } from '../../contract/served-link.ts';

type Sequence = (terminal: CardTerminal, reading: CardReading) => Promise<void>;

/** Runs a sequence on a fresh card and gives every byte that went over, in hex, a command and its answer at a time. */
async function play(profile: string, sequence: Sequence): Promise<{ bytes: [string, string][]; reading: CardReading }> {
  const opened = await openCard({ kind: 'profile', name: profile });
  const { link, reader } = createLoopback({ interface: 'contact', clock: new VirtualClock() });
  const bytes: [string, string][] = [];
  const reading = emptyReading();
  await whileServed(link, opened.card.port('contact', link.limits), async () => {
    const session = await reader.connect({ timeoutMs: 0 });
    const terminal = new CardTerminal(session, {
      listener: {
        command: (apdu) => bytes.push([toHex(apdu), '']),
        response: (apdu) => {
          bytes.at(-1)![1] = toHex(apdu);
        },
      },
    });
    await sequence(terminal, reading);
    await reader.close();
  });
  return { bytes, reading };
}

const ascii = (text: string): string => toHex(new TextEncoder().encode(text));
const tlv = (tag: string, value: string): string => `${tag}${toHex(Uint8Array.of(value.length / 2))}${value}`;

/** The files as the layout of the card gives them, written here by hand from the family's data. */
const D001 = [
  ['ADRUN', 'ZOE', '19751231'],
  ['ECETINSI', 'PIERRE-ALAIN', '20090714'],
  ['NESSI', 'MICHELANGELO', '20100807'],
]
  .map(([name, first, birth]) =>
    tlv('65', tlv('80', ascii(name!)) + tlv('81', ascii(first!)) + tlv('82', ascii(birth!))),
  )
  .join('');
const NIRS = ['275126322074974', '109076322083489', '110086322083060'];

describe('SELECT MF, READ BINARY SFI 2, SELECT VITALE, READ BINARY SFI 2', () => {
  it('sends these bytes and gets the identities and the NIRs', async () => {
    const { bytes, reading } = await play('vitale2', readIdentityBySfi);
    expect(bytes.map(([command]) => command)).toEqual([
      '00A40000023F00',
      '00B0820000',
      '00A404000BD250000002564954414C45',
      '00B0820000',
    ]);
    expect(bytes[0]![1]).toBe('9000');
    expect(bytes[1]![1]).toBe(`${D001}9000`);
    expect(bytes[2]![1]).toBe('9000');
    for (const nir of NIRS) expect(bytes[3]![1]).toContain(tlv('93', ascii(nir)));
    expect(bytes[3]![1].endsWith('9000')).toBe(true);
    expect(reading.identities.map(({ name }) => name)).toEqual(['ADRUN', 'ECETINSI', 'NESSI']);
    expect(reading.nirs.map(({ nir }) => `${nir!.nir}${nir!.key}`)).toEqual(NIRS);
  });

  it('can be read with one-byte lengths in one read each, as that program does', async () => {
    const { bytes } = await play('vitale2', readIdentityBySfi);
    for (const [, answer] of [bytes[1]!, bytes[3]!]) {
      const file = fromHex(answer.slice(0, -4));
      expect(file.length).toBeLessThan(256);
      let people = 0;
      for (let at = 0; at < file.length; at += 2 + file[at + 1]!, people++) {
        expect(file[at]).toBe(0x65);
        expect(file[at + 1]).toBeLessThan(0x80);
      }
      expect(people).toBe(3);
    }
  });

  it('over T=0 follows 61xx and 6Cxx to the same files', async () => {
    const { bytes, reading } = await play('vitale2-t0', readIdentityBySfi);
    const length = toHex(Uint8Array.of(D001.length / 2));
    expect(bytes[0]![1]).toMatch(/^61..$/);
    expect(bytes).toContainEqual(['00B0820000', `6C${length}`]);
    expect(bytes).toContainEqual([`00B08200${length}`, `${D001}9000`]);
    expect(reading.identities).toHaveLength(3);
    expect(reading.nirs).toHaveLength(3);
  });
});

describe('SELECT MF_VITALE, SELECT D001, GET RESPONSE 1E, READ BINARY 7C', () => {
  it('over T=1: the FCI comes at once, GET RESPONSE has nothing left, the file ends before 124 bytes', async () => {
    const { bytes, reading } = await play('vitale2', readIdentityByFid);
    expect(bytes.map(([command]) => command)).toEqual([
      '00A404000ED2500000024D465F564954414C4500',
      '00A4020002D00100',
      '00C000001E',
      '00B000007C',
    ]);
    expect(bytes[0]![1]).toMatch(/^6F.*840ED2500000024D465F564954414C45.*9000$/);
    expect(bytes[1]![1]).toMatch(/^6F.*8302D001.*880110.*9000$/);
    expect(bytes[2]![1]).toBe('6985');
    expect(bytes[3]![1]).toBe(`${D001}6282`);
    expect(reading.identities).toHaveLength(3);
  });

  it('over T=0: 61xx, GET RESPONSE, 6Cxx and the right length', async () => {
    const { bytes, reading } = await play('vitale2-t0', readIdentityByFid);
    const length = toHex(Uint8Array.of(D001.length / 2));
    expect(bytes).toContainEqual(['00B000007C', `6C${length}`]);
    expect(bytes.at(-1)).toEqual([`00B00000${length}`, `${D001}9000`]);
    expect(reading.identities).toHaveLength(3);
  });
});

describe('the walk along POINTERS', () => {
  it('begins with these bytes and reads every application and file that the list names', async () => {
    const { bytes, reading } = await play('vitale2', readPointers);
    expect(bytes.slice(0, 3).map(([command]) => command)).toEqual([
      '00A404000BD250000002564954414C4500',
      '00A4020002200100',
      '00B0000000',
    ]);
    expect(bytes[0]![1].endsWith('9000')).toBe(true);
    expect(bytes[1]![1]).toMatch(/^6F.*9000$/);
    expect(bytes[2]![1]).toMatch(/^E0.*9000$/);
    // Every SELECT of an application succeeds: a reader in the field dies on one that does not.
    const selections = bytes.filter(([command]) => command.startsWith('00A40400'));
    expect(selections.map(([, answer]) => answer.slice(-4))).toEqual(['9000', '9000', '9000', '9000']);
    // Every SELECT of a file answers with a template, and every file is read from offset 0.
    const files = bytes.filter(([command]) => command.startsWith('00A40200'));
    expect(files.every(([, answer]) => /^6F.*9000$/.test(answer))).toBe(true);
    expect(reading.pointed.map(({ fid }) => fid)).toEqual(
      expect.arrayContaining(['2F00', '2F02', 'D001', '2001', '2002', '2003']),
    );
    expect(reading.pointed.every(({ content }) => content.length > 0 && content.at(-1) !== 0)).toBe(true);
  });

  it('gives the same identities as the other sequences', async () => {
    const walk = await play('vitale2', readPointers);
    const direct = await play('vitale2', readIdentityBySfi);
    expect(walk.reading.identities).toEqual(direct.reading.identities);
    expect(walk.reading.nirs).toEqual(direct.reading.nirs);
    expect(walk.reading.validity).toEqual({ validFrom: '20240102', type: 'T' });
  });
});
