import koffi from 'koffi';
import { describe, expect, it } from 'vitest';
import { winscardPlatform } from '../../../src/hal/pcsc-ffi/platform.ts';
import { readMultiString, structuresOf } from '../../../src/hal/pcsc-ffi/winscard.ts';

/** Sizes of a compiler for 64 bits: pcsc-lite's pcsclite.h on Linux and macOS, winscard.h on Windows. */
describe('the structures of PC/SC', () => {
  it.each([
    // Two pointers, three DWORDs, the ATR, and padding to the alignment of a pointer.
    ['linux', 'unsigned long', 80, 16],
    ['darwin', 'uint32_t', 61, 8],
    ['win32', 'uint32_t', 64, 8],
  ] as const)('%s', (system, dword, readerStateBytes, ioRequestBytes) => {
    const platform = winscardPlatform(system);
    expect(platform.dword).toBe(dword);
    const { readerState, ioRequest } = structuresOf(koffi, platform);
    expect([koffi.sizeof(readerState), koffi.sizeof(ioRequest)]).toEqual([readerStateBytes, ioRequestBytes]);
  });

  it('a system without PC/SC is refused', () => {
    expect(() => winscardPlatform('aix')).toThrow('no PC/SC library is known for aix');
  });
});

describe('control codes', () => {
  it.each([
    ['linux', 1, 0x42000001],
    ['linux', 3400, 0x42000d48],
    ['darwin', 1, 0x42000001],
    ['win32', 3500, 0x003136b0],
    ['win32', 3400, 0x00313520],
  ] as const)('%s %d', (system, number, code) => {
    expect(winscardPlatform(system).controlCode(number)).toBe(code);
  });
});

it('the list of readers: each name ends with zero, the list with another', () => {
  expect(readMultiString(new TextEncoder().encode('Virtual PCD 00 00\0ACS ACR122U\0\0'))).toEqual([
    'Virtual PCD 00 00',
    'ACS ACR122U',
  ]);
  expect(readMultiString(new Uint8Array(0))).toEqual([]);
});
