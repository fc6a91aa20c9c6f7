import { describe, expect, it } from 'vitest';
import { bytesInput } from '../../../../rig/trace/byte-input.ts';
import { guessFormat, openTraceInput } from '../../../../rig/trace/open-trace.ts';
import { exchanges, read, sample, script } from './text-trace.ts';

/*
 * Small traces that other programs write in a way that an importer easily gets wrong: what each must give, to the letter.
 */
interface Case {
  readonly format: string;
  /** Everything but frames. */
  readonly script: readonly string[];
  /** In microseconds, of what is in `script`. */
  readonly timesUs?: readonly number[];
  readonly losses?: Readonly<Record<string, number>>;
  readonly header?: object;
}

const NDEF_SELECT = '> 00A4040007D276000085010100';
const OTHER_CARDS = 'exchanges with other cards (--card chooses one)';
const ZONE = 'the time zone of the wall time, which is taken for UTC';
const TAG_SESSION = [
  'power on',
  NDEF_SELECT,
  '< 9000',
  '> 00A4000C02E103',
  '< 9000',
  '> 00B000000F',
  '< 000F20007F007F0406E104080000009000',
  '> 00B0000002',
  '< 00009000',
  'power off',
];

const cases: Readonly<Record<string, Case>> = {
  'gsmtap-manage-channel.pcap': {
    format: 'pcap',
    script: [
      'power reset 3B9F96801F878031E073FE211B674A4C753034054BA9',
      // Open a channel: the card says which. GET STATUS of GlobalPlatform: the terminal says what it looks for.
      '> 0070000001',
      '< 019000',
      '> 00A40004023F00',
      '< 612F',
      '> 80F24000024F00',
      '< 6A88',
      '> 0070800100',
      '< 9000',
      '> 0070000001',
      '< 026881',
    ],
    losses: { 'GSMTAP packets too short for an APDU': 1 },
  },
  'pcscd-journal-times.log': {
    format: 'pcscd-log',
    script: ['power on 3B8580018073F741FFBE', NDEF_SELECT, '< 9000'],
    timesUs: [0, 81_690, 86_690],
    header: { reader: 'ACME Reader 00 00' },
  },
  'pcscd-syslog.log': {
    format: 'pcscd-log',
    script: [
      '> 00A404000BD250000002564954414C4500',
      '< 6F2782013883022000840BD250000002564954414C458A0105A1068C01009C01005006564954414C459000',
      '> 00A4020002200100',
      '< 6F1C8002008E82020141830220018801088A0105A1088C0201009C0201009000',
      '> 00B0000000',
      '< E0818BA035821200013F00D2500000024D465F564954414C45820F00022000D250000002564954414C45820E0003E000F0617043562D454D5501800C4154525F494E464F00012F01800C4944454E542020200001D001800C43415244414343200001011C800C4E4952202020202000022002800C434152544520202000022003800C5349474E415455520003E00F9000',
    ],
    timesUs: [0, 0, 0, 0, 0, 0],
  },
  'pcscd-two-threads.log': {
    format: 'pcscd-log',
    script: ['> 00B0810004', '< AAAAAAAA9000', '> 00B0830004', '< CCCCCCCC9000'],
    timesUs: [0, 3100, 6100, 7700],
    // Two readers have a card, and nothing tells which of them a thread uses.
    losses: { [OTHER_CARDS]: 2, 'power events of other cards, or of cards that are not told apart': 2 },
    header: { reader: null },
  },
  'opensc-windows.log': {
    format: 'opensc-debug',
    script: ['> 00A40000022F0200', '< 6F0B800201CE82010183022F029000'],
    timesUs: [0, 1_050_000],
    losses: { [ZONE]: 1 },
    header: { reader: 'ACME token 0', startedAt: '2015-08-21T23:59:59.336Z' },
  },
  'opensc-2015.log': {
    format: 'opensc-debug',
    script: ['> 00200080', '< 63C6'],
    timesUs: [0, 63_000],
    losses: { [ZONE]: 1 },
    header: { startedAt: '2015-10-28T16:32:58.261Z' },
  },
  'opensc-interleaved.log': {
    format: 'opensc-debug',
    script: ['> 00CA018D02', '< 01809000'],
    timesUs: [0, 8000],
    losses: { [OTHER_CARDS]: 1 },
  },
  'opensc-tool-trimmed.txt': {
    format: 'opensc-tool',
    script: [
      '> 00A404000BD250000002564954414C4500',
      '< 6F2782013883022000840BD250000002564954414C458A0105A1068C01009C01005006564954414C459000',
      '> 00A4020002200100',
      '< 6F1C8002008E82020141830220018801088A0105A1088C0201009C0201009000',
      '> 00B0000000',
      '< E0818BA035821200013F00D2500000024D465F564954414C45820F00022000D250000002564954414C45820E0003E000F0617043562D454D5501800C4154525F494E464F00012F01800C4944454E542020200001D001800C43415244414343200001011C800C4E4952202020202000022002800C434152544520202000022003800C5349474E415455520003E00F9000',
      '> 00A4000C023F00',
      '< 9000',
      '> 00B0820000',
      '< 65168005414452554E81035A4F45820831393735313233316522800845434554494E5349810C5049455252452D414C41494E82083230303930373134651F80054E45535349810C4D494348454C414E47454C4F820832303130303830379000',
      '> 00200081',
      '< 6A88',
      '> 00FE0000',
      '< 6982',
      '> 00B0820003',
      '< 6516809000',
      '> 00B08200000400',
    ],
  },
  'simple-packets.pcapng': {
    format: 'pcapng',
    script: TAG_SESSION,
    timesUs: TAG_SESSION.map(() => 0),
    losses: { 'times of packets, which Simple Packet Blocks do not have': 22 },
    header: { startedAt: null },
  },
  'clock-step-105days.pcap': {
    format: 'pcap',
    script: [
      ...TAG_SESSION.slice(0, 3),
      'note the clock was set forward by 105 days here; times go on without the step',
      ...TAG_SESSION.slice(3),
    ],
    timesUs: [7000, 8000, 9000, 9000, 9000, 10_000, 11_000, 12_000, 15_000, 18_000, 20_000],
    losses: { 'steps of the clock of more than 104 days (times go on without them)': 1 },
  },
  'pcsc-spy-2.x.raw': {
    format: 'pcsc-spy',
    script: ['power on', '> 0084000008', '< 6D00'],
    // 910000, 923357 and 924748 µs of the same second.
    timesUs: [0, 13_357, 14_748],
    header: { reader: 'Virtual PCD 00 00', startedAt: '2026-11-29T01:45:06.910Z' },
  },
  'usbpcap-ccid.pcap': {
    format: 'pcap',
    script: [
      'power on 3B8A80018031F873F741FF8290006A',
      '> 00A4040C0BD250000002564954414C45',
      '< 9000',
      '> 00B0000000',
      '< E0818BA09000',
      '> 0084000008',
      '< 6D00',
      '> 00B0820000',
      '< 65169000',
      `> 00D6000000012C${'AA'.repeat(300)}`,
      '< 9000',
      '> 00B00000000200',
      `< ${'BB'.repeat(300)}9000`,
      'power off',
    ],
  },
  'libnfc-tag4.txt': {
    format: 'libnfc',
    script: [NDEF_SELECT, '< 9000', '> 00B000000F', '< 000F20005400FF0406E104FFFE00009000', 'power off'],
    header: { interface: 'contactless' },
  },
  'pyscard-observer.txt': {
    format: 'pyscard',
    script: [NDEF_SELECT, '< 9000', '> 00B000000F', '< 000F20005400FF0406E104FFFE00009000'],
    header: { reader: 'ACME Reader 00 00' },
  },
  'opensc-explorer.txt': {
    format: 'opensc-explorer',
    script: [
      '> 00A40000023F00',
      '< 9000',
      NDEF_SELECT,
      '< 6F258201388302E1108407D27600008501018A0105A1068C01009C010050084E444546207461679000',
      '> 00A4000C02E103',
      '< 9000',
      '> 00B000000F',
      '< 000F2000F900F60406E104080000009000',
      '> 00B0000001',
      '< 009000',
      '> 00B0000010',
      '< 000F2000F900F60406E104080000006282',
    ],
  },
  'pm3-hexdump.txt': {
    format: 'proxmark-hexdump',
    script: TAG_SESSION,
  },
  'pm3-list.txt': {
    format: 'proxmark-list',
    script: ['note REQA', 'note ANTICOLL'],
    header: { interface: 'contactless' },
  },
  'proxmark-empty-frame.trace': {
    format: 'proxmark',
    script: ['power on'],
    losses: { 'durations of frames': 1 },
  },
};

describe.each(Object.entries(cases))('%s', (file, expected) => {
  it('is told by its content', async () => {
    const name = expected.format === 'proxmark' ? file : '';
    expect((await guessFormat(bytesInput(sample(file), name)))?.name).toBe(expected.format);
  });

  it('gives what was said', async () => {
    const { events, fault, losses, header } = await read(expected.format, sample(file));
    const said = events.filter(({ type }) => type !== 'block');
    expect(fault).toBeNull();
    expect(script(said)).toEqual(expected.script);
    if (expected.timesUs !== undefined) expect(said.map(({ t }) => t / 1000)).toEqual(expected.timesUs);
    expect(losses).toEqual(expected.losses ?? {});
    expect(header).toMatchObject(expected.header ?? {});
  });
});

describe('frames', () => {
  const blocks = async (format: string, content: string | Uint8Array) =>
    (await read(format, content)).events.flatMap((event) => (event.type === 'block' ? [event] : []));

  it('of pm3-list.txt as printed', async () => {
    expect(await blocks('proxmark-list', sample('pm3-list.txt'))).toEqual([
      { type: 'block', t: 0, from: 'reader', frame: '26', bits: 7 },
      // 2228 and 7040 carrier periods of 13.56 MHz.
      { type: 'block', t: 164_307, from: 'card', frame: '0400' },
      { type: 'block', t: 519_174, from: 'reader', frame: '9320' },
    ]);
  });

  it('of trace list: long ones, CRC, marks and delays', async () => {
    const { events, losses } = await read(
      'proxmark-list',
      [
        '          0 |       1056 | Rdr |26(7)                                                                    |     | REQA',
        '       1056 |       2228 |     |fdt (Frame Delay Time): 1172',
        '       2228 |       4596 | Tag |04! 00                                                                   |     | ',
        '       9000 |      19728 | Tag |00  01  02  03  04  05  06  07  08  09  0a  0b  0c  0d  0e  0f  10  11   |     |',
        '            |            |     |12 [f1  09]                                                              |  !! | X',
        '      30000 |      30576 | Tag |0a(4)                                                                    |     |',
        '      40000 |      44768 | Rdr |e0  80  31  73                                                           |  ok | RATS',
        '      50000 |      50128 | Tag |<empty trace - possible error>                                           |     |',
        '',
      ].join('\n'),
    );
    expect(events.flatMap((event) => (event.type === 'block' ? [{ ...event, t: 0 }] : []))).toEqual([
      { type: 'block', t: 0, from: 'reader', frame: '26', bits: 7 },
      { type: 'block', t: 0, from: 'card', frame: '0400' },
      { type: 'block', t: 0, from: 'card', frame: '000102030405060708090A0B0C0D0E0F101112F109', crc: 'bad' },
      { type: 'block', t: 0, from: 'card', frame: '0A', bits: 4 },
      { type: 'block', t: 0, from: 'reader', frame: 'E0803173', crc: 'good' },
      { type: 'block', t: 0, from: 'card', frame: '' },
    ]);
    expect(script(events).filter((line) => line.startsWith('note'))).toEqual(['note REQA', 'note X', 'note RATS']);
    expect(losses).toEqual({ 'signs that the parity of a byte was wrong': 1 });
  });

  it('of trace list -x as older clients print it: times in carrier periods, in lines of their own', async () => {
    const text = '0.0000001056\n000000 00 fe 00 01 52 \n0.0000002412\n000000 00 ff 00 02 04 00 \n';
    expect(await blocks('proxmark-hexdump', text)).toEqual([
      { type: 'block', t: 0, from: 'reader', frame: '52', bits: 7 },
      // 1356 periods.
      { type: 'block', t: 100_000, from: 'card', frame: '0400' },
    ]);
  });

  it('of proxmark-empty-frame.trace: seventeen, one of them without a byte', async () => {
    const frames = await blocks('proxmark', sample('proxmark-empty-frame.trace'));
    expect(frames).toHaveLength(17);
    expect(frames.filter(({ frame }) => frame === '')).toEqual([{ type: 'block', t: 7375, from: 'card', frame: '' }]);
    expect(frames.at(-1)).toMatchObject({ from: 'card', frame: '06757781028002F0', crc: 'good' });
  });

  it('of one byte have as many bits as their duration says', async () => {
    // A start bit and n bits of 128 cycles; a reader's frame ends a quarter later, a card's half a bit earlier.
    const record = (cycles: number, isCard: boolean, byte: string): string => {
      const header = Buffer.alloc(8);
      header.writeUInt16LE(cycles, 4);
      header.writeUInt16LE(isCard ? 0x8001 : 1, 6);
      return `${header.toString('hex')}${byte}00`;
    };
    const file = [
      record(1056, false, '26'),
      record(1312, false, '26'),
      record(5 * 128 - 64, true, '0a'),
      record(10 * 128 - 64, true, '0a'),
      record(8 * 128, false, '40'),
      record(0, false, '52'),
      record(0, false, '43'),
    ].join('');
    const frames = await blocks('proxmark', Buffer.from(file, 'hex'));
    expect(frames.map(({ bits }) => bits)).toEqual([7, undefined, 4, undefined, 7, 7, undefined]);
  });
});

describe('the other card of a log', () => {
  const second = async (file: string, card: number): Promise<string[]> => {
    const trace = await openTraceInput(bytesInput(sample(file), file), null, card);
    const events = [];
    for await (const event of trace.source.events()) events.push(event);
    return exchanges(events);
  };

  it.each([
    ['pcscd-two-threads.log', ['> 00B0820004', '< BBBBBBBB9000', '> 00B0840004', '< DDDDDDDD9000']],
    ['opensc-interleaved.log', ['> 0084000008', '< 11223344556677889000']],
  ])('of %s can be chosen', async (file, expected) => {
    expect(await second(file, 2)).toEqual(expected);
  });

  it('must be there', async () => {
    await expect(second('pcscd-two-threads.log', 3)).rejects.toThrow(
      'pcscd-two-threads.log:12: there is no card 3 in this text: it tells of 2 cards',
    );
    await expect(second('session.scr', 2)).rejects.toThrow(
      'the format scriptor-script does not tell several cards apart: there is no card 2',
    );
  });
});

describe('pcscd', () => {
  it.each([
    ['a time of day', '16:59:16.094057 '],
    ['an ISO time with zone', '2026-11-29T01:00:00.123456+01:00 host pcscd[77]: '],
    ['an ISO time alone', '2026-11-29T01:00:00.123456Z '],
    ['a container', 'pcscd-1  | '],
    ['a container and a time', 'pcscd-1  | 2026-11-29T01:00:00.123456789Z '],
    ['a time in brackets', '[2026-11-29 01:00:00.123] '],
    ['nothing', ''],
  ])('%s may stand before each line', async (_what, before) => {
    const text = ['00000000 APDU: 00 84 00 00 08 ', '00000250 SW: 6D 00 '].map((line) => `${before}${line}\n`).join('');
    expect((await guessFormat(bytesInput(Buffer.from(text), '')))?.name).toBe('pcscd-log');
    const { events } = await read('pcscd-log', text);
    expect(events).toEqual([
      { type: 'command', t: 0, apdu: '0084000008' },
      { type: 'response', t: 250_000, apdu: '6D00' },
    ]);
  });

  it('without its own times has those before the lines', async () => {
    const { events } = await read(
      'pcscd-log',
      '2026-11-29T23:59:59.900000+01:00 host pcscd[77]: APDU: 00 84 00 00 08\n2026-11-30T00:00:00.150250+01:00 host pcscd[77]: SW: 6D 00\n',
    );
    expect(events.map(({ t }) => t)).toEqual([0, 250_250_000]);
  });

  it('two clients of one card, one after the other and at once', async () => {
    const { events, losses } = await read(
      'pcscd-log',
      [
        '00000000 [11] ../src/eventhandler.c:494:EHStatusHandlerThread() Card inserted into ACME 00 00',
        '00000010 [11] Card ATR: 3B 00 ',
        '00000010 [22] APDU: 00 B0 81 00 04 ',
        '00000010 [33] APDU: 00 B0 82 00 04 ',
        '00000010 [33] SW: BB BB BB BB 90 00 ',
        '00000010 [22] SW: AA AA AA AA 90 00 ',
        '00000010 [44] APDU: 00 B0 83 00 04 ',
        '00000010 [44] SW: 6A 82 ',
        '',
      ].join('\n'),
    );
    expect(script(events)).toEqual([
      'power on 3B00',
      '> 00B0810004',
      '< AAAAAAAA9000',
      '> 00B0820004',
      '< BBBBBBBB9000',
      '> 00B0830004',
      '< 6A82',
    ]);
    expect(losses).toEqual({});
  });

  it('with --debug says which reader a client uses', async () => {
    const { events, header, losses } = await read(
      'pcscd-log',
      [
        '00000000 [11] eventhandler.c:494:EHStatusHandlerThread() Card inserted into ACME 00 00',
        '00000010 [11] Card ATR: 3B 00 ',
        '00000000 [12] eventhandler.c:494:EHStatusHandlerThread() Card inserted into ACME 01 00',
        '00000010 [12] Card ATR: 3B 01 41 ',
        '00000010 [22] winscard.c:256:SCardConnect() Attempting Connect to ACME 01 00 using protocol: 3',
        '00000010 [22] APDU: 00 B0 81 00 04 ',
        '00000010 [22] SW: 6A 82 ',
        '00000010 [12] eventhandler.c:455:EHStatusHandlerThread() Card Removed From ACME 01 00',
        '00000010 [11] eventhandler.c:455:EHStatusHandlerThread() Card Removed From ACME 00 00',
        '',
      ].join('\n'),
    );
    expect(header.reader).toBe('ACME 01 00');
    expect(script(events)).toEqual(['power on 3B0141', '> 00B0810004', '< 6A82', 'power off']);
    expect(losses).toEqual({ 'power events of other cards, or of cards that are not told apart': 2 });
  });
});

describe('OpenSC', () => {
  it('two processes at one reader', async () => {
    const line = (process: number, time: string, rest: string): string =>
      `P:${process}; T:0x7f${process} 09:19:12.${time} [pkcs11] reader-pcsc.c:326:pcsc_transmit: ${rest}\n`;
    const { events, losses } = await read(
      'opensc-debug',
      [
        line(1, '000', "reader 'ACME'"),
        `${line(1, '001', '')}Outgoing APDU (4 bytes):\n00 20 00 81 . ..\n\n`,
        line(2, '002', "reader 'ACME'"),
        `${line(2, '002', '')}Outgoing APDU (4 bytes):\n00 20 00 82 . ..\n\n`,
        `${line(1, '003', '')}Incoming APDU (2 bytes):\n63 C3 c.\n\n`,
        `${line(2, '004', '')}Incoming APDU (2 bytes):\n63 C2 c.\n\n`,
      ].join(''),
    );
    expect(script(events)).toEqual(['> 00200081', '< 63C3', '> 00200082', '< 63C2']);
    expect(losses).toEqual({});
  });

  it('rows that end in blanks, which an editor took away', async () => {
    // 20 is printed as a blank.
    const row = '41 20 20 20 20 20 20 A      ';
    const dump = (text: string): string => `Sending: 00 B0 00 00 00\nReceived (SW1=0x90, SW2=0x00):\n${text}\n\n`;
    for (const text of [row, row.trimEnd()]) {
      const { events } = await read('opensc-tool', dump(text));
      expect(exchanges(events)).toEqual(['> 00B0000000', '< 412020202020209000']);
    }
    const blanks = await read('opensc-tool', dump('20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20'));
    expect(exchanges(blanks.events)[1]).toBe(`< ${'20'.repeat(16)}9000`);
  });
});

describe('libpcscspy', () => {
  const call = (lines: readonly string[]): string => lines.map((line) => `A@${line}\n`).join('');
  const transmit = (command: string, response: string): string =>
    call([
      '>|100|0|SCardTransmit',
      ...['0x1', '0x2', '0x10', '0x00000004', command, '0x2', '0x10', '0x00000002', response],
      '<|100|500|SCardTransmit|0x00000000',
    ]);

  it('a torn line loses only itself', async () => {
    const torn = transmit('00 20 00 82 ', '63 C2 ').replace('A@00 20 00 82 \n', 'A@00 2\n0 00 82 \n');
    const { events, fault, losses } = await read(
      'pcsc-spy',
      `${transmit('00 20 00 81 ', '63 C3 ')}${torn}${transmit('00 20 00 83 ', '63 C1 ')}`,
    );
    expect(fault).toBeNull();
    expect(exchanges(events)).toEqual(['> 00200081', '< 63C3', '> 00200083', '< 63C1']);
    expect(losses).toEqual({ 'lines that were torn': 1, 'SCardTransmit calls of which lines were torn': 1 });
  });

  it('results without words, printed', async () => {
    const { events } = await read(
      'pcsc-spy-text',
      [
        'SCardConnect',
        ' i szReader ACME',
        ' o phCard 0xA1 (1)',
        ' o dwActiveProtocol: T=1 (0x00000002)',
        ' => SCARD_S_SUCCESS [0x00000000]  [0.000100]',
        'SCardTransmit',
        ' i hCard: 0xA1',
        ' i bSendBuffer',
        // Blanks at the end are gone.
        ' i  0000 00 20 00 81',
        ' o bRecvBuffer',
        ' o  0000 63 C3',
        ' => SCARD_S_SUCCESS [0x00000000]  [0.002000]',
        'SCardTransmit',
        ' i hCard: 0xA1',
        ' i bSendBuffer',
        ' i  0000 00 20 00 81',
        ' o bRecvBuffer',
        ' => SCARD_E_NOT_TRANSACTED [0x80100016]  [0.001000]',
        '',
      ].join('\n'),
    );
    expect(script(events)).toEqual([
      'power on',
      '> 00200081',
      '< 63C3',
      '> 00200081',
      'note SCardTransmit: SCARD_E_NOT_TRANSACTED [0x80100016]',
    ]);
    expect(events.map(({ t }) => t / 1000)).toEqual([0, 0, 2000, 2000, 3000]);
  });
});
