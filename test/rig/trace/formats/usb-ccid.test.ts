import { describe, expect, it } from 'vitest';
import { unhex } from './frame-trace.ts';
import { exchanges, read, script } from './text-trace.ts';

const le32 = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('hex');
};

/** pcap, little-endian, microseconds, link type 220. */
const HEADER = `D4C3B2A1 0200 0400 00000000 00000000 00000400 ${le32(220)}`;

let micros = 0;
/** A bulk transfer as Linux captures it: `>` submitted to endpoint 02, `<` completed on endpoint 81. */
function urb(message: string, device = 5): string {
  const isOut = message.startsWith('>');
  const data = message.slice(1).replaceAll(' ', '');
  const length = le32(data.length / 2);
  // Identifier, type, transfer type 3, endpoint, device, bus 1, flags, time, status, lengths, the rest.
  const type = isOut ? '5303' : '4303';
  const endpoint = isOut ? '02' : '81';
  const usb = `${'00'.repeat(8)}${type}${endpoint}0${device}0100 2D00 ${'00'.repeat(16)}${length}${length}${'00'.repeat(24)}`;
  const packet = `${usb}${data}`.replaceAll(' ', '');
  return `${le32(1)}${le32(micros++)}${le32(packet.length / 2)}${le32(packet.length / 2)}${packet}`;
}

const file = (messages: readonly string[]): Uint8Array =>
  unhex(HEADER + messages.map((message) => urb(message)).join(''));

/** CCID message: type, length, slot, sequence, three bytes, data. */
const message = (type: string, sequence: string, three: string, data = ''): string =>
  `${type}${le32(data.replaceAll(' ', '').length / 2)}00${sequence}${three}${data}`;

const POWER = [`>${message('62', '01', '000000')}`, `<${message('80', '01', '000000', '3B800181')}`];

describe('USB CCID', () => {
  it('tells power and APDUs', async () => {
    const { events, losses } = await read(
      'pcap',
      file([
        `>${message('65', '00', '000000')}`,
        `<${message('81', '00', '010000')}`,
        ...POWER,
        `>${message('6F', '02', '000000', '00A4000C023F00')}`,
        // The card asks for time, then answers.
        `<${message('80', '02', '800100')}`,
        `<${message('80', '02', '000000', '9000')}`,
        ...POWER,
        `>${message('63', '03', '000000')}`,
        `<${message('81', '03', '010000')}`,
      ]),
    );
    expect(script(events)).toEqual([
      'power on 3B800181',
      '> 00A4000C023F00',
      '< 9000',
      'power reset 3B800181',
      'power off',
    ]);
    expect(losses).toEqual({ 'CCID messages about the reader itself': 1 });
  });

  it('joins extended APDUs that come in several messages', async () => {
    const { events } = await read(
      'pcap',
      file([
        ...POWER,
        `>${message('6F', '02', '000100', '00D60000000004')}`,
        `<${message('80', '02', '000010')}`,
        `>${message('6F', '03', '000200', 'AABBCCDD')}`,
        `<${message('80', '03', '000001', '0102')}`,
        `>${message('6F', '04', '001000')}`,
        `<${message('80', '04', '000002', '9000')}`,
      ]),
    );
    expect(exchanges(events)).toEqual(['> 00D60000000004AABBCCDD', '< 01029000']);
  });

  it('takes T=1 blocks apart, the chained and the repeated', async () => {
    // NAD PCB LEN INF LRC; the checksums are exclusive ors by hand.
    const { events, losses } = await read(
      'pcap',
      file([
        ...POWER,
        `>${message('6F', '02', '000000', '00 20 03 00A404 83')}`,
        `<${message('80', '02', '000000', '00 90 00 90')}`,
        `>${message('6F', '03', '000000', '00 40 02 000C 4E')}`,
        `<${message('80', '03', '000000', '00 00 02 9000 92')}`,
        `>${message('6F', '04', '000000', '00 82 00 82')}`,
        `<${message('80', '04', '000000', '00 00 02 9000 92')}`,
      ]),
    );
    expect(exchanges(events)).toEqual(['> 00A404000C', '< 9000']);
    expect(losses).toEqual({ 'T=1 blocks (their APDUs are kept)': 6 });
  });

  it('says what the reader says of an error', async () => {
    const { events } = await read(
      'pcap',
      file([`>${message('62', '01', '000000')}`, `<${message('80', '01', '42FE00')}`]),
    );
    expect(script(events)).toEqual(['note the reader reports error FE for command 62']);
  });

  it('keeps to one reader', async () => {
    const other = [`>${message('6F', '09', '000000', '00B0000000')}`, `<${message('80', '09', '000000', '6982')}`];
    const content = unhex(
      HEADER + POWER.map((each) => urb(each)).join('') + other.map((each) => urb(each, 6)).join(''),
    );
    const { events, losses } = await read('pcap', content);
    expect(script(events)).toEqual(['power on 3B800181']);
    expect(losses).toEqual({ 'CCID messages of other readers or slots': 2 });
  });
});
