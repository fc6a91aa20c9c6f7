import { describe, expect, it } from 'vitest';
import {
  cardSource,
  parseCount,
  parseLink,
  parseReader,
  parseSeconds,
  parseShare,
  pinChoice,
  recordChoice,
} from '../../../rig/command/option-values.ts';
import { BAUD_RATES } from '../../../src/hal/pn532/codes.ts';
import { POWER_UP_BAUD_RATE } from '../../../src/hal/pn532/hsu-port.ts';
import { VirtualClock } from '../../../src/hal/virtual/clock.ts';
import { VPCD_PORT, VpcdLink } from '../../../src/hal/vpcd/index.ts';

describe('--reader', () => {
  it.each([
    ['loopback', { driver: 'loopback' }],
    ['pcsc', { driver: 'pcsc', name: null }],
    ['pcsc:Virtual PCD 00 00', { driver: 'pcsc', name: 'Virtual PCD 00 00' }],
    ['pcsc:ACS: ACR122U', { driver: 'pcsc', name: 'ACS: ACR122U' }],
    ['acr122:ACS: ACR122U', { driver: 'acr122', name: 'ACS: ACR122U' }],
    ['pn532:/dev/ttyUSB0', { driver: 'pn532', path: '/dev/ttyUSB0', baudRate: null }],
    ['pn532:COM3:115200', { driver: 'pn532', path: 'COM3', baudRate: 115_200 }],
    [
      'pn532:/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0',
      { driver: 'pn532', path: '/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0', baudRate: null },
    ],
  ])('%s', (text, expected) => {
    expect(parseReader(text)).toEqual(expected);
  });

  it.each(['', 'pcsc:', 'PCSC', 'loopback:x', 'usb', 'pn532', 'pn532:', 'acr122:'])('refuses %j', (text) => {
    expect(() => parseReader(text)).toThrow(
      'A reader is loopback, pcsc, pcsc:NAME, pcsc-ffi, pcsc-ffi:NAME, pn532:PORT, acr122:NAME, firmware:PORT or lab:LABEL.',
    );
  });

  it('refuses a baud rate that the chip does not have', () => {
    expect(() => parseReader('pn532:/dev/ttyUSB0:1000000')).toThrow('baud, not at 1000000.');
  });

  it('knows the baud rates that the driver knows, from that of the power-up on', () => {
    for (const rate of BAUD_RATES.filter((each) => each >= POWER_UP_BAUD_RATE)) {
      expect(parseReader(`pn532:COM3:${rate}`)).toMatchObject({ path: 'COM3', baudRate: rate });
    }
  });
});

describe('--link', () => {
  it.each([
    ['vpcd', '127.0.0.1', 35963],
    ['vpcd:192.0.2.7', '192.0.2.7', 35963],
    ['vpcd:bench.example:35964', 'bench.example', 35964],
    ['vpcd:[::1]', '::1', 35963],
    ['vpcd:[2001:db8::2]:1', '2001:db8::2', 1],
  ])('%s', (text, host, port) => {
    expect(parseLink(text)).toEqual({ driver: 'vpcd', host, port });
  });

  it('has the port that the driver has', () => {
    expect(parseLink('vpcd')).toMatchObject({ port: VPCD_PORT });
    expect(new VpcdLink({ interface: 'contact', clock: new VirtualClock() }).name).toBe('vpcd:127.0.0.1:35963');
  });

  it.each([
    '',
    'vpcd:',
    'vpcd::35963',
    'vpcd:host:',
    'vpcd:host:0',
    'vpcd:host:65536',
    'vpcd:::1',
    'pn532',
    'vpcd,raw',
  ])('refuses %j', (text) => {
    expect(() => parseLink(text)).toThrow('A link is vpcd, vpcd:HOST, vpcd:HOST:PORT, pn532:PORT');
  });

  it.each([
    ['pn532:/dev/ttyUSB0', { driver: 'pn532', path: '/dev/ttyUSB0', baudRate: null, raw: false }],
    ['pn532:/dev/ttyUSB0:460800', { driver: 'pn532', path: '/dev/ttyUSB0', baudRate: 460_800, raw: false }],
    ['pn532:/dev/ttyUSB0,raw', { driver: 'pn532', path: '/dev/ttyUSB0', baudRate: null, raw: true }],
    ['acr122:ACR122U', { driver: 'acr122', name: 'ACR122U' }],
  ])('%s', (text, expected) => {
    expect(parseLink(text)).toEqual(expected);
  });

  it('refuses raw frames through an ACR122', () => {
    expect(() => parseLink('acr122:ACR122U,raw')).toThrow('too slow for raw');
  });
});

describe('numbers', () => {
  it.each([
    ['10', 10_000],
    ['0.5', 500],
    ['3600', 3_600_000],
  ])('%s s is %i ms', (text, ms) => {
    expect(parseSeconds(text)).toBe(ms);
  });

  it.each(['', '0', '-1', '1e3', 'ten', '0.0001', '1s', 'Infinity'])('%j is no time to wait', (text) => {
    expect(() => parseSeconds(text)).toThrow('seconds');
  });

  it.each([
    ['5%', 0.05],
    ['2.5%', 0.025],
    ['0%', 0],
    ['150%', 1.5],
  ])('%s is a share of %f', (text, share) => expect(parseShare(text)).toBeCloseTo(share, 12));

  it.each(['', '5', '0.05', '-5%', '5 %', '%', '1e1%', 'five%'])('%j is no share', (text) => {
    expect(() => parseShare(text)).toThrow('per cent');
  });

  it('reads a count', () => {
    expect(parseCount('1000000')).toBe(1_000_000);
  });

  it.each(['', '0', '1.5', '-3', '0x10', '1e6', '10000000000'])('%j is no count', (text) => {
    expect(() => parseCount(text)).toThrow('whole number');
  });
});

describe('options that go together', () => {
  it.each([
    [{}, null],
    [{ profile: 'vitale2' }, { kind: 'profile', name: 'vitale2' }],
    [
      { profile: 'eac', state: 'blocked' as const },
      { kind: 'profile', name: 'eac', state: 'blocked' },
    ],
    [{ image: 'apcv.img' }, { kind: 'image', fileOrName: 'apcv.img' }],
  ])('card %j', (options, expected) => {
    expect(cardSource(options)).toEqual(expected);
  });

  it.each<[string, () => unknown]>([
    ['two cards', () => cardSource({ profile: 'vitale2', image: 'apcv.img' })],
    ['a state of an image', () => cardSource({ image: 'eac.img', state: 'blocked' })],
    ['a state of no card', () => cardSource({ state: 'blocked' })],
    ['two codes', () => pinChoice({ pin: true, pinFile: 'code' })],
    ['secrets of no trace', () => recordChoice({ keepSecrets: true })],
  ])('refuses %s', (_title, act) => {
    expect(act).toThrow(expect.objectContaining({ name: 'UsageError' }));
  });

  it('fills in what was not typed', () => {
    expect(pinChoice({})).toEqual({ file: null, ask: false });
    expect(pinChoice({ pinFile: 'code' })).toEqual({ file: 'code', ask: false });
    expect(recordChoice({})).toEqual({ file: null, keepSecrets: false });
    expect(recordChoice({ record: 'a.jsonl', keepSecrets: true })).toEqual({ file: 'a.jsonl', keepSecrets: true });
  });
});
