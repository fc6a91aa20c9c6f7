import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../../../rig/trace/model.ts';
import { SESSION, unhex, writeBytes } from './frame-trace.ts';
import { exchanges, read } from './text-trace.ts';

/** pcap header, microseconds, big-endian as on a SPARC; link type 264. */
const PCAP_BE = 'A1B2C3D4 0002 0004 00000000 00000000 0000FFFF 00000108';
/** The same in little-endian order with nanoseconds. */
const PCAP_LE_NS = '4D3CB2A1 0200 0400 00000000 00000000 FFFF0000 08010000';

const recordBe = (seconds: number, micros: number, data: string): string => {
  const length = unhex(data).length.toString(16).padStart(8, '0');
  return `${seconds.toString(16).padStart(8, '0')}${micros.toString(16).padStart(8, '0')}${length}${length}${data}`;
};

describe('pcap', () => {
  it('is read in either order, with its fields, frames and APDUs', async () => {
    // Field on, REQA, ATQA, RATS, the shortest ATS, an I-block with SELECT and its answer, field off.
    const file = unhex(
      [
        PCAP_BE,
        recordBe(1_700_000_000, 0, '00FC0000'),
        recordBe(1_700_000_000, 5, '00FE000126'),
        recordBe(1_700_000_000, 6, '00FF00020400'),
        recordBe(1_700_000_000, 7, '00FE0004 E080 3173'),
        recordBe(1_700_000_000, 8, '00FB0002 0200'),
        recordBe(1_700_000_000, 1000, '00FE0010 0200A4040007D276000085010100 35C0'),
        recordBe(1_700_000_001, 2000, '00FB0003 029000'),
        recordBe(1_700_000_001, 2001, '00FD0000'),
      ].join(''),
    );
    const { header, events, fault } = await read('pcap', file);
    expect(fault).toBeNull();
    expect(header).toMatchObject({
      interface: 'contactless',
      startedAt: '2023-11-14T22:13:20.000Z',
      backend: 'unknown',
    });
    expect(events).toEqual([
      { type: 'field', t: 0, state: 'on' },
      { type: 'block', t: 5000, from: 'reader', frame: '26', bits: 7 },
      { type: 'block', t: 6000, from: 'card', frame: '0400' },
      { type: 'block', t: 7000, from: 'reader', frame: 'E0803173', crc: 'good' },
      { type: 'block', t: 8000, from: 'card', frame: '0200' },
      { type: 'power', t: 8000, state: 'on', ats: '0200' },
      { type: 'block', t: 1_000_000, from: 'reader', frame: '0200A4040007D27600008501010035C0', crc: 'good' },
      { type: 'command', t: 1_000_000, apdu: '00A4040007D276000085010100' },
      { type: 'block', t: 1_002_000_000, from: 'card', frame: '029000' },
      { type: 'response', t: 1_002_000_000, apdu: '9000' },
      { type: 'power', t: 1_002_001_000, state: 'off' },
      { type: 'field', t: 1_002_001_000, state: 'off' },
    ]);
  });

  it.each([
    [
      'cut off in a packet',
      `${PCAP_BE}${recordBe(1, 0, '00FC0000')}00000001`,
      44,
      'the file ends in the middle of a record',
    ],
    [
      'an impossible length',
      `${PCAP_BE}${recordBe(1, 0, '00FC0000')}00000001 00000000 7FFFFFFF 00000001`,
      44,
      'a packet of 2147483647 bytes is longer than any may be: the file is damaged',
    ],
  ])('gives what comes before: %s', async (_, file, offset, problem) => {
    const { events, fault } = await read('pcap', unhex(file));
    expect(events).toEqual([{ type: 'field', t: 0, state: 'on' }]);
    expect(fault).toMatchObject({ place: { offset }, problem });
  });

  it('says what it cannot read, and where', async () => {
    const file = unhex(PCAP_BE.replace('00000108', '00000093') + recordBe(1, 0, '0102'));
    const { fault, losses } = await read('pcap', file);
    expect(losses).toEqual({ 'packets of link type 147': 1 });
    expect(fault?.message).toMatch(/^byte 24: no packet holds what vitap reads: the first is of link type 147/);
  });

  it('counts frames that it cannot use', async () => {
    const file = unhex(
      [
        PCAP_LE_NS,
        '00000000 00000000 05000000 05000000 00FE000126',
        '00000000 01000000 04000000 04000000 00FE0009',
      ].join(''),
    );
    const { events, losses } = await read('pcap', file);
    expect(events).toHaveLength(1);
    expect(losses).toEqual({ 'packets shorter than their header says': 1 });
  });
});

describe('frame formats carry a session', () => {
  const plain = SESSION.map((event) =>
    'masks' in event ? { type: 'command', t: 7000, apdu: '002000810431323334' } : event,
  ) as TraceEvent[];

  it.each(['pcap', 'pcapng', 'proxmark'])('%s', async (name) => {
    const { bytes } = await writeBytes(name, plain, {
      interface: 'contactless',
      startedAt: '2026-01-02T03:04:05.678Z',
    });
    const { events, fault } = await read(name, bytes, 1000);
    expect(fault).toBeNull();
    expect(exchanges(events)).toEqual(exchanges(plain));
    expect(events.filter(({ type }) => type === 'power')).toEqual([
      { type: 'power', t: expect.any(Number), state: 'on', ats: '0578807002', uid: '04112233445566' },
      { type: 'power', t: expect.any(Number), state: 'off' },
    ]);
    const frames = events.flatMap((event) => (event.type === 'block' ? [event] : []));
    expect(frames.filter(({ crc }) => crc === 'bad')).toEqual([]);
    // 307 bytes of command at 253 a block, 514 of answer likewise.
    expect(frames.filter(({ frame }) => /^[01][23]/.test(frame) && frame.length > 500)).toHaveLength(1 + 2);
  });

  it('pcapng carries all: header, masks, notes, what was made', async () => {
    const events: TraceEvent[] = [{ type: 'note', t: 0, text: 'a remark' }, ...SESSION];
    const { bytes, losses } = await writeBytes('pcapng', events, {
      interface: 'contactless',
      reader: 'r',
      startedAt: '2026-01-02T03:04:05.678Z',
    });
    const imported = await read('pcapng', bytes);
    expect(losses).toEqual([]);
    expect(imported.header).toMatchObject({ source: 'a test', reader: 'r', startedAt: '2026-01-02T03:04:05.678Z' });
    const apdus = (list: readonly TraceEvent[]): unknown[] =>
      list.filter(({ type }) => type === 'command' || type === 'response');
    expect(apdus(imported.events)).toEqual(apdus(SESSION));
    expect(imported.events[0]).toEqual({ type: 'note', t: 0, text: 'a remark' });
    expect(imported.events.every((event) => event.type !== 'block' || event.synthetic === true)).toBe(true);
    // Again: the frames are there now and are kept as they are.
    const again = await writeBytes('pcapng', imported.events, imported.header);
    expect(Buffer.from(again.bytes).equals(bytes)).toBe(true);
  });

  it('masked bytes and their checksum are nowhere in the file', async () => {
    // The checksum of a frame with the code 1234 in it would be 16 bits of knowledge on it.
    const secret = await writeBytes('pcapng', plain, { interface: 'contactless' });
    const masked = await writeBytes('pcapng', SESSION, { interface: 'contactless' });
    const verify = Buffer.from(unhex('0200200081 04 31323334'));
    const maskedFile = Buffer.from(masked.bytes);
    expect(Buffer.from(secret.bytes).includes(verify)).toBe(true);
    expect(maskedFile.includes('1234', 0, 'latin1')).toBe(false);
    const at = Buffer.from(secret.bytes).indexOf(verify);
    const checksum = secret.bytes.subarray(at + verify.length, at + verify.length + 2);
    const maskedAt = maskedFile.indexOf(Buffer.from(unhex('020020008104 00000000')));
    expect(maskedAt).toBeGreaterThan(0);
    expect(masked.bytes.subarray(maskedAt + 10, maskedAt + 12)).not.toEqual(checksum);
  });

  it('blocks of a protocol with contacts are no frames of ISO 14443', async () => {
    const events: TraceEvent[] = [
      { type: 'block', t: 1, from: 'reader', frame: '00000500B0000000B5' },
      { type: 'command', t: 1, apdu: '00B0000000' },
      { type: 'response', t: 2, apdu: '9000' },
    ];
    const { bytes, losses } = await writeBytes('pcapng', events, { interface: 'contact' });
    expect(losses).toContain('blocks of a protocol with contacts (blocks of ISO 14443 are made from their APDUs)');
    expect(exchanges((await read('pcapng', bytes)).events)).toEqual(['> 00B0000000', '< 9000']);
  });
});

describe('pcapng', () => {
  it('is read from big-endian sections with interfaces of other clocks', async () => {
    const section = '0A0D0D0A 0000001C 1A2B3C4D 00010000 FFFFFFFFFFFFFFFF 0000001C';
    // Option 9: ticks of a 2^-1 second. Option 14: 100 seconds later.
    const described =
      '00000001 0000002C 01080000 0000FFFF 00090001 81000000 000E0008 0000000000000064 00000000 0000002C';
    const packet = (ticks: string, data: string): string =>
      `00000006 00000028 00000000 00000000 ${ticks} 00000005 00000005 ${data}000000 00000028`;
    const file = unhex(section + described + packet('00000002', '00FE000126') + packet('00000003', '00FE000152'));
    const { events, header, fault } = await read('pcapng', file);
    expect(fault).toBeNull();
    expect(header.startedAt).toBe('1970-01-01T00:01:41.000Z');
    expect(events.map(({ t }) => t)).toEqual([0, 500_000_000]);
  });
});

describe('gsmtap', () => {
  it('carries APDUs with their times, masks and ATRs', async () => {
    const events: TraceEvent[] = [
      { type: 'power', t: 0, state: 'on', atr: '3B800181' },
      ...SESSION.slice(1, 9),
      { type: 'command', t: 8500, apdu: '00B0000000' },
      { type: 'command', t: 8600, apdu: '00B0000001' },
      { type: 'response', t: 8700, apdu: '6982' },
    ];
    const { bytes, losses } = await writeBytes('gsmtap', events, { interface: 'contact' });
    expect(losses).toEqual(['wall times (none is known; times count from 1970)']);
    const imported = await read('pcapng', bytes);
    expect(imported.events).toEqual(events);
  });

  it('of another program is cut where a SIM would cut it', async () => {
    // IPv4, UDP from and to 4729, GSMTAP 2, type 4.
    const packet = (payload: string): string => {
      const size = unhex(payload).length;
      const udp = (8 + 16 + size).toString(16).padStart(4, '0');
      const ip = (28 + 16 + size).toString(16).padStart(4, '0');
      const data = `4500${ip}0000000040110000 7F0000017F000001 12791279${udp}0000 02040400 00000000 00000000 00000000 ${payload}`;
      return recordBe(1, 0, data.replaceAll(' ', ''));
    };
    const file = unhex(
      PCAP_BE.replace('00000108', '000000E4') +
        packet('A0A4000002 6F7E 9F0F') +
        packet('A0B0000003 010203 9000') +
        packet('A0F2000000 6E00'),
    );
    expect(exchanges((await read('pcap', file)).events)).toEqual([
      '> A0A40000026F7E',
      '< 9F0F',
      '> A0B0000003',
      '< 0102039000',
      '> A0F2000000',
      '< 6E00',
    ]);
  });
});
