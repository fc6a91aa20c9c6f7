import { describe, expect, it } from 'vitest';
import { bytesInput } from '../../../../rig/trace/byte-input.ts';
import { guessFormat } from '../../../../rig/trace/open-trace.ts';
import { read, sample, script } from './text-trace.ts';

/* Formats of programs that are not at hand, after their descriptions (test/vectors/traces/README.md). */
const ATR = '3B8A80018031F873F741FF8290006A';
const SELECT = '> 00A404000BD250000002564954414C4500';
const FCI = '< 6F2782013883022000840BD250000002564954414C458A0105A1068C01009C01005006564954414C459000';

const described: Readonly<
  Record<
    string,
    {
      readonly format: string;
      readonly script: readonly string[];
      /** In microseconds, where the format tells any. */
      readonly timesUs?: readonly number[];
      readonly losses?: Readonly<Record<string, number>>;
      readonly header?: object;
    }
  >
> = {
  'gp.log': {
    format: 'gp-log',
    script: [`power on ${ATR}`, SELECT, FCI, '> 00B0820003', '< 6516809000', '> 00200081', '< 6A88', 'power reset'],
    timesUs: [0, 0, 17_000, 17_000, 1_020_000, 1_020_000, 1_020_000, 1_020_000],
    header: { reader: 'Virtual PCD 00 00', atr: ATR },
  },
  'apdu4j.log': {
    format: 'gp-log',
    script: [
      SELECT,
      FCI,
      '> 00B0820003',
      '< 6516809000',
      '> 00',
      'note no response: [error] SCARD_E_NOT_TRANSACTED',
      '> 00200081',
      '< 6A88',
    ],
    timesUs: [0, 17_000, 17_000, 17_530, 17_530, 19_530, 19_530, 8_397_530],
  },
  'apdu4j.dump': {
    format: 'apdu4j-dump',
    script: [SELECT, FCI, '> 00B0820003', '< 6516809000'],
    timesUs: [0, 17_000, 17_000, 1_020_000],
    header: { reader: 'Virtual PCD 00 00', atr: ATR, startedAt: '2026-11-23T11:52:46.000Z' },
  },
  'gpshell.txt': {
    format: 'gpshell',
    script: [
      '> 00A404000BD250000002564954414C45',
      '< 9000',
      '> 84CA00000CDEADBEEF010203040506070800',
      '< 80CA000004DEADBEEF9000',
    ],
  },
  'jcshell.txt': {
    format: 'jcshell',
    script: [`power on ${ATR}`, SELECT, FCI, '> 00B0820003', '< 6516809000'],
    timesUs: [0, 0, 28_350, 28_350, 4_473_185],
    header: { atr: ATR },
  },
  'apdutool.scr': {
    format: 'apdutool-script',
    script: [
      'power on',
      '> 00A404000BD250000002564954414C457F',
      'note Identities',
      '> 00B0820003',
      '> 801001027F',
      '> 00A404000000023F000000',
      'power off',
    ],
  },
  'apdutool.out': {
    format: 'apdutool',
    script: ['> 00A40400023F00', '< 9000', '> 00B0820000', '< 6516809000', '> 00200081', '< 6A88'],
    losses: { 'Le fields, which are not told: 00 stands for each': 1 },
  },
  'gematik.jsonl': {
    format: 'gematik',
    script: [
      `note private key: ${'1'.padStart(64, '0')}`,
      'note card access number: 123123',
      '> 00A4040400',
      '< 6F0384013F9000',
      'note select',
      '> 00B08200000000',
      '< 6516806282',
      '> 00200081',
      'note no response: card removed',
    ],
    header: { card: 'synthetic card' },
  },
};

describe.each(Object.entries(described))('%s', (file, expected) => {
  it('is told by its content', async () => {
    expect((await guessFormat(bytesInput(sample(file), '')))?.name).toBe(expected.format);
  });

  it('gives the session', async () => {
    const { events, fault, losses, header } = await read(expected.format, sample(file));
    expect(fault).toBeNull();
    expect(script(events)).toEqual(expected.script);
    expect(events.map(({ t }) => t / 1000)).toEqual(expected.timesUs ?? events.map(() => 0));
    expect(losses).toEqual(expected.losses ?? {});
    expect(header).toMatchObject(expected.header ?? {});
  });
});
