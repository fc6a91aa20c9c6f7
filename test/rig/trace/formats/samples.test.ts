import { describe, expect, it } from 'vitest';
import { bytesInput } from '../../../../rig/trace/byte-input.ts';
import { guessFormat } from '../../../../rig/trace/open-trace.ts';
import { exchanges, read, sample, script } from './text-trace.ts';

/*
 * One session with the emulated card as six programs recorded it (test/vectors/traces/README.md). The commands are those
 * that were typed; what the card answered, each program tells in its own way, and all must come out the same.
 */
const ATR = '3B8A80018031F873F741FF8290006A';
const SELECT = '00A404000BD250000002564954414C4500';
const FCI = '6F2782013883022000840BD250000002564954414C458A0105A1068C01009C01005006564954414C459000';
const IDENTITIES =
  '65168005414452554E81035A4F45820831393735313233316522800845434554494E5349810C5049455252452D414C41494E82083230303930373134651F80054E45535349810C4D494348454C414E47454C4F82083230313030383037';
const SESSION = [
  `> ${SELECT}`,
  `< ${FCI}`,
  '> 00A4020002200100',
  '< 6F1C8002008E82020141830220018801088A0105A1088C0201009C0201009000',
  '> 00B0000000',
  '< E0818BA035821200013F00D2500000024D465F564954414C45820F00022000D250000002564954414C45820E0003E000F0617043562D454D5501800C4154525F494E464F00012F01800C4944454E542020200001D001800C43415244414343200001011C800C4E4952202020202000022002800C434152544520202000022003800C5349474E415455520003E00F9000',
  '> 00A4000C023F00',
  '< 9000',
  '> 00B0820000',
  `< ${IDENTITIES}9000`,
  '> 00200081',
  '< 6A88',
  '> 00FE0000',
  '< 6982',
];
/** A short Le, and an extended one that opensc-tool refuses to send. */
const SHORT_READ = ['> 00B0820003', '< 6516809000'];
const LONG_READ = ['> 00B08200000400', `< ${IDENTITIES}6282`];

const samples: Readonly<
  Record<string, { format: string; exchanges: readonly string[]; power?: readonly string[]; reader?: string }>
> = {
  'pcscd-apdu.log': { format: 'pcscd-log', exchanges: [...SESSION, ...SHORT_READ] },
  'pcscd-info-apdu.log': {
    format: 'pcscd-log',
    exchanges: [...SESSION, ...SHORT_READ, '> 00B2011400', '< 6981'],
    power: [`power on ${ATR}`, 'power off'],
    reader: 'Virtual PCD 00 00',
  },
  'opensc-tool.txt': { format: 'opensc-tool', exchanges: [...SESSION, ...SHORT_READ, LONG_READ[0]!] },
  'opensc-debug-9.log': {
    format: 'opensc-debug',
    exchanges: [...SESSION, ...SHORT_READ],
    power: [`power on ${ATR}`],
    reader: 'Virtual PCD 00 00',
  },
  'pcsc-spy.raw': {
    format: 'pcsc-spy',
    exchanges: [...SESSION, ...SHORT_READ],
    power: [`power on ${ATR}`],
    reader: 'Virtual PCD 00 00',
  },
  'pcsc-spy.txt': {
    format: 'pcsc-spy-text',
    exchanges: [...SESSION, ...SHORT_READ],
    power: [`power on ${ATR}`],
    reader: 'Virtual PCD 00 00',
  },
  'pcsc-spy-reset.raw': {
    format: 'pcsc-spy',
    exchanges: SESSION.slice(0, 2),
    power: [`power on ${ATR}`, `power reset ${ATR}`],
    reader: 'Virtual PCD 00 00',
  },
  'pcsc-spy-reset-color.txt': {
    format: 'pcsc-spy-text',
    exchanges: SESSION.slice(0, 2),
    power: [`power on ${ATR}`, `power reset ${ATR}`],
    reader: 'Virtual PCD 00 00',
  },
  'scriptor-file.txt': {
    format: 'scriptor',
    exchanges: [...SESSION, ...SHORT_READ, ...LONG_READ],
    power: [`power reset ${ATR}`],
  },
  'scriptor-stdin.txt': {
    format: 'scriptor',
    exchanges: [...SESSION, ...SHORT_READ, ...LONG_READ],
    power: [`power reset ${ATR}`],
  },
  'session.scr': {
    format: 'scriptor-script',
    exchanges: [...SESSION, ...SHORT_READ, ...LONG_READ].filter((line) => line.startsWith('>')),
    power: ['power reset'],
  },
  'cardpeek.clf': {
    format: 'cardpeek',
    exchanges: [...SESSION, '> 00A4000C023F00', '< 9000'],
    power: [`power on ${ATR}`, `power reset ${ATR}`],
  },
};

describe.each(Object.entries(samples))('%s', (file, expected) => {
  it('is told by its content alone, and by its content before its name', async () => {
    expect((await guessFormat(bytesInput(sample(file), '')))?.name).toBe(expected.format);
    expect((await guessFormat(bytesInput(sample(file), 'x.pcapng')))?.name).toBe(expected.format);
  });

  it('gives the session', async () => {
    const { header, events, fault } = await read(expected.format, sample(file));
    expect(fault).toBeNull();
    expect(exchanges(events)).toEqual(expected.exchanges);
    expect(script(events).filter((line) => line.startsWith('power'))).toEqual(expected.power ?? []);
    expect(header.reader).toBe(expected.reader ?? null);
    expect(header.atr).toBe(expected.power?.some((line) => line.endsWith(ATR)) ? ATR : null);
    expect(header.backend).toBe('unknown');
    expect(events[0]?.t).toBe(0);
  });

  it('gives the same with CR LF and as UTF-16', async () => {
    const text = sample(file).toString('latin1');
    const crlf = text.replaceAll('\n', '\r\n');
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
    for (const content of [Buffer.from(crlf), utf16]) {
      expect((await guessFormat(bytesInput(content, '')))?.name).toBe(expected.format);
      expect(exchanges((await read(expected.format, content)).events)).toEqual(expected.exchanges);
    }
  });

  it('cut off anywhere gives what was whole, and never an exchange that was not', async () => {
    const bytes = sample(file);
    for (let length = 0; length < bytes.length; length += 61) {
      let events: string[] = [];
      let unsure = expected.format === 'scriptor-script';
      try {
        const imported = await read(expected.format, bytes.subarray(0, length), 4096);
        events = exchanges(imported.events);
        // opensc-tool's output cut after a row of bytes: the importer says that it is unsure.
        unsure ||= Object.keys(imported.losses).some((what) => what.startsWith('the certainty'));
      } catch (error) {
        expect((error as Error).name).toBe('FormatError');
      }
      // A script is written by people, who may leave the end of its last line away.
      const whole = unsure ? events.slice(0, -1) : events;
      expect(whole).toEqual(expected.exchanges.slice(0, whole.length));
    }
  });
});

describe('the times of the real programs', () => {
  it.each([
    ['pcscd-apdu.log', 'pcscd-log', 1000],
    ['opensc-debug-9.log', 'opensc-debug', 1_000_000],
    ['pcsc-spy.raw', 'pcsc-spy', 1000],
    ['pcsc-spy.txt', 'pcsc-spy-text', 1000],
  ])('%s: rising, in steps of the clock', async (file, format, stepNs) => {
    const { events } = await read(format, sample(file));
    const times = events.map(({ t }) => t);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.at(-1)).toBeGreaterThan(0);
    expect(times.every((t) => t % stepNs === 0)).toBe(true);
  });

  it('pcsc-spy.raw: the wall time of the first event', async () => {
    // >|1795435647|… of SCardConnect in the record; the library writes seconds since 1970.
    const { header } = await read('pcsc-spy', sample('pcsc-spy.raw'));
    const [, seconds] = /\|(\d+)\|\d+\|SCardConnect/.exec(sample('pcsc-spy.raw').toString())!;
    expect(Math.floor(Date.parse(header.startedAt!) / 1000)).toBe(Number(seconds));
  });
});
