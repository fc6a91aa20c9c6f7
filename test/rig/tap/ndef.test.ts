import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage, textRecord } from '../../../rig/card/ndef/index.ts';
import { buildImage } from '../../../rig/card/open.ts';
import { ndefLines, readNdef } from '../../../rig/tap/ndef.ts';
import { type CardReading, emptyReading } from '../../../rig/tap/reading.ts';
import { tap } from '../../../rig/tap/tap.ts';
import { CardTerminal } from '../../../rig/tap/terminal.ts';
import { fromHex, toHex } from '../../../src/apdu/hex.ts';
import { Card } from '../../../src/applet/card.ts';
import { nobleHashes } from '../../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { VirtualClock } from '../../../src/hal/virtual/clock.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import { fakeIo } from '../console/fake-io.ts';

const OPTIONS = {
  reader: { driver: 'loopback' },
  card: { kind: 'profile', name: 'ndef' },
  interface: null,
  sequence: 'all',
  pin: { file: null, ask: false },
  record: { file: null, keepSecrets: false },
  timeoutMs: 1000,
} as const;

const image = await buildImage('ndef', 'a seed');

/** A fresh `ndef` card, spoken to in hex. */
function ndefCard(nvm = new MemoryNvm(image)): { nvm: MemoryNvm; send: (command: string) => string } {
  const port = new Card({
    nvm,
    clock: new VirtualClock(),
    crypto: nobleHashes(),
    random: new SeededRandom('use'),
  }).port();
  port.powerOn();
  return {
    nvm,
    send: (command) => {
      const bytes = fromHex(command);
      return toHex(port.response.subarray(0, port.process(bytes, 0, bytes.length)));
    },
  };
}

const SELECT_APPLICATION = '00A40400 07 D2760000850101 00';
const SELECT_CC = '00A4000C 02 E103';
const SELECT_NDEF = '00A4000C 02 E104';
/** By hand: URI https:// + "example.com/vitap", Text en "Vitap test card". */
const MESSAGE =
  `9101125504${Buffer.from('example.com/vitap').toString('hex')}5101125402656E${Buffer.from('Vitap test card').toString('hex')}`.toUpperCase();

describe('the profile ndef', () => {
  it('answers the commands of a phone', () => {
    const { send } = ndefCard();
    expect(send(SELECT_APPLICATION)).toMatch(/9000$/);
    expect(send(SELECT_CC)).toBe('9000');
    expect(send('00B000000F')).toBe('000F2000F900F60406E104080000009000');
    expect(send(SELECT_NDEF)).toBe('9000');
    expect(send('00B0000002')).toBe('002C9000');
    expect(send('00B000022C')).toBe(`${MESSAGE}9000`);
    // the last byte of the file, and the one after it
    expect(send('00B007FF01')).toBe('009000');
    expect(send('00B0080001')).toBe('6B00');
  });

  it('says the file and its sizes in the capability container as they are', () => {
    const { send } = ndefCard();
    send(SELECT_APPLICATION);
    // 80 02 0800: a file of 2048 bytes
    expect(send('00A40004 02 E104 00')).toContain('80020800');
    expect(send('00A40004 02 E103 00')).toContain('8002000F');
  });

  it('gives MLe bytes at once', () => {
    const { send } = ndefCard();
    send(SELECT_APPLICATION);
    send(SELECT_NDEF);
    expect(send('00B00000F9')).toHaveLength(2 * (249 + 2));
  });

  it('is written as a phone writes: length 0, message, length; and read again after a new power-on', () => {
    const message = toHex(encodeMessage([textRecord('x'.repeat(600), 'en')]));
    const { send, nvm } = ndefCard();
    send(SELECT_APPLICATION);
    send(SELECT_NDEF);
    expect(send('00D60000 02 0000')).toBe('9000');
    expect(send('00B0000002')).toBe('00009000');
    const largest = 246;
    for (let at = 0; at < message.length / 2; at += largest) {
      const piece = message.slice(2 * at, 2 * (at + largest));
      const header = `00D6${(at + 2).toString(16).padStart(4, '0')}${(piece.length / 2).toString(16).padStart(2, '0')}`;
      expect(send(`${header}${piece}`)).toBe('9000');
    }
    const length = (message.length / 2).toString(16).padStart(4, '0');
    expect(send(`00D60000 02 ${length}`)).toBe('9000');

    const again = ndefCard(new MemoryNvm(nvm.snapshot()));
    again.send(SELECT_APPLICATION);
    again.send(SELECT_NDEF);
    expect(again.send('00B0000002').slice(0, 4)).toBe(length.toUpperCase());
    const first = again.send('00B00002F9').slice(0, -4);
    expect(decodeMessage(fromHex(message))[0]!.payload).toHaveLength(603);
    expect(message.startsWith(first)).toBe(true);
  });

  it('lets nobody write the capability container', () => {
    const { send } = ndefCard();
    send(SELECT_APPLICATION);
    send(SELECT_CC);
    expect(send('00D60000 01 00')).toBe('6982');
    expect(send('00B000000F')).toBe('000F2000F900F60406E104080000009000');
  });
});

describe('tap', () => {
  it.each(['all', 'ndef'] as const)('shows the tag (%s)', async (sequence) => {
    const io = fakeIo();
    expect(await tap({ ...OPTIONS, sequence }, io)).toBe(0);
    const text = io.out.join('');
    expect(text).toContain('NFC Forum Type 4 Tag, mapping version 2.0, readable and writable');
    expect(text).toContain('URI   https://example.com/vitap');
    expect(text).toContain('text  Vitap test card (en)');
    expect(text).not.toContain('No person');
    expect(io.err).toEqual([]);
  });

  it('gives the same as data', async () => {
    const io = fakeIo({ json: true });
    await tap(OPTIONS, io);
    expect(JSON.parse(io.out.join('')).ndef).toEqual({
      mappingVersion: '2.0',
      largestRead: 249,
      largestUpdate: 246,
      fid: 0xe104,
      fileSize: 2048,
      readable: true,
      writable: true,
      messageLength: 44,
      records: [
        { kind: 'uri', uri: 'https://example.com/vitap' },
        { kind: 'text', language: 'en', text: 'Vitap test card' },
      ],
    });
  });

  it('does not look for a tag on a card that it knows', async () => {
    const io = fakeIo({ json: true });
    await tap({ ...OPTIONS, card: { kind: 'profile', name: 'vitale2' } }, io);
    const { ndef, time } = JSON.parse(io.out.join(''));
    expect(ndef).toBeNull();
    expect(time.phases.map(({ phase }: { phase: string }) => phase)).not.toContain('ndef');
  });

  it('says that a card is no tag when it was asked for one', async () => {
    const io = fakeIo();
    expect(await tap({ ...OPTIONS, card: { kind: 'profile', name: 'vitale2' }, sequence: 'ndef' }, io)).toBe(1);
    expect(io.err.join('')).toContain('none of the names');
  });
});

/** A card that answers by a table of commands, anything else 6D00. */
function scripted(answers: Readonly<Record<string, string>>): { terminal: CardTerminal; sent: string[] } {
  const sent: string[] = [];
  const table = new Map(Object.entries(answers).map(([command, response]) => [toHex(fromHex(command)), response]));
  const session = {
    transmit: async (command: Uint8Array) => {
      sent.push(toHex(command));
      return { response: fromHex(table.get(toHex(command)) ?? '6D00'), startNs: 0, endNs: 1 };
    },
  } as unknown as CardSession;
  return { terminal: new CardTerminal(session), sent };
}

async function readScripted(more: Readonly<Record<string, string>>): Promise<CardReading & { sent: string[] }> {
  const { terminal, sent } = scripted({
    [SELECT_APPLICATION]: '9000',
    [SELECT_CC]: '9000',
    '00B000000F': '000F 20 000F 0034 04 06 E104 0032 00 FF 9000',
    [SELECT_NDEF]: '9000',
    '00B0000002': '000C 9000',
    '00B000020C': 'D1010855016E66632E636F6D 9000',
    ...more,
  });
  const reading = emptyReading();
  await readNdef(terminal, reading);
  return { ...reading, sent };
}

describe('other tags', () => {
  it('read only, in one piece', async () => {
    const { ndef, checks, refusals } = await readScripted({});
    expect([checks, refusals]).toEqual([[], []]);
    expect(ndefLines(ndef!)).toEqual([
      'NFC Forum Type 4 Tag, mapping version 2.0, read only',
      '  a message of 12 bytes in a file of 50; at most 15 bytes a read, 52 a write',
      '  1  URI   http://www.nfc.com',
    ]);
  });

  it('a message longer than MLe in pieces of MLe', async () => {
    // Text "en" and 13 letters: 20 bytes, read as 15 and 5
    const { ndef, sent } = await readScripted({
      '00B0000002': '0014 9000',
      '00B000020F': 'D101105402656E48656C6C6F2C2077 9000',
      '00B0001105': '6F726C6421 9000',
    });
    expect(ndef?.records).toEqual([{ kind: 'text', language: 'en', text: 'Hello, world!' }]);
    expect(sent.slice(-2)).toEqual(['00B000020F', '00B0001105']);
  });

  it('an empty one', async () => {
    const { ndef } = await readScripted({ '00B0000002': '0000 9000' });
    expect(ndefLines(ndef!)[1]).toBe('  no message in a file of 50; at most 15 bytes a read, 52 a write');
  });

  it.each([
    ['no application', { [SELECT_APPLICATION]: '6A82' }, [], []],
    ['an application that is locked', { [SELECT_APPLICATION]: '6985' }, ['NDEF tag application 6985'], []],
    ['no capability container', { [SELECT_CC]: '6A82' }, ['file E103 6A82'], []],
    ['a file that is not to be read', { '00B0000002': '6982' }, ['2 bytes from 0 6982'], []],
    [
      'a container that says so',
      { '00B000000F': '000F 20 003B 0034 04 06 E104 0032 80 00 9000' },
      [],
      ['may not be read'],
    ],
    [
      'a container of another kind',
      { '00B000000F': '000F 10 003B 0034 04 06 E104 0032 00 00 9000' },
      [],
      ['version 1.0'],
    ],
    ['a container cut short', { '00B000000F': '000F20 9000' }, [], ['3 bytes came from offset 0, not 15']],
    ['a length over the file', { '00B0000002': '0031 9000' }, [], ['a message of 49 bytes in a file of 50']],
    ['a message that is none', { '00B000020C': '00010855016E66632E636F6D 9000' }, [], ['does not begin a message']],
  ])('%s', async (_, answers, refused, failed) => {
    const { ndef, refusals, checks } = await readScripted(answers);
    expect(ndef).toBeNull();
    expect(refusals.map(({ what, status }) => `${what} ${status}`)).toEqual(refused);
    expect(checks).toHaveLength(failed.length);
    checks.forEach(({ id, verdict, detail }, i) => {
      expect([id, verdict]).toEqual(['ndef', 'fail']);
      expect(detail).toContain(failed[i]);
    });
  });

  it('cannot steer the terminal with what they hold', async () => {
    // Text "en", ESC ] 0 ; x BEL
    const { ndef } = await readScripted({ '00B000020C': 'D101085402656E1B5D303B07 9000' });
    expect(ndefLines(ndef!).join('\n')).not.toMatch(/[^\P{Cc}\n]/u);
  });
});
