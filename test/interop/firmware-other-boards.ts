import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeBlock } from 'uf2';
import { expect, it } from 'vitest';
import { findMark } from '../../rig/board/firmware/mark.ts';
import { readFirmware } from '../../rig/board/firmware/read-firmware.ts';
import { runCommandLine } from '../../rig/command/program.ts';
import { VERBS } from '../../rig/command/verbs/index.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { LIMIT_MS } from './firmware.ts';
import { describeNeeds } from './real-parts.ts';

/** What is built for boards that nobody has tried, and for one that is too small. */
export function firmwareOfOtherBoards(): void {
  describeNeeds(['firmware'], 'firmware for boards that nobody has tried', () => {
    it.each([
      ['nucleo-u575zi-q', 0x20000000, 0x08000000, null, 'stm32:482'],
      ['pico-plus-2', 0x20000000, 0x10000000, 0xe48bff59, 'uf2:RP2350'],
    ] as const)(
      '%s: compiles, links and fits; its vectors, its mark and its UF2 file are right',
      async (name, ram, flash, family, chip) => {
        const folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
        try {
          const io = fakeIo({ json: true });
          const args = ['build', '--board', name, '--profile', 'vitale2', '--no-channel', '--out', folder, '--json'];
          expect(await runCommandLine(['firmware', ...args], '0.0.0', VERBS, io)).toBe(0);
          const { files, sizes, heapNeed } = JSON.parse(io.out.join(''));
          expect(sizes.flashLeft).toBeGreaterThan(0);
          // What the emulated board has seen the card take.
          expect([heapNeed.start > 300_000, heapNeed.work > heapNeed.start, heapNeed.work <= sizes.heap]).toEqual([
            true,
            true,
            true,
          ]);
          const program = readFileSync(files.bin);
          expect(sizes.ram).toBe(program.readUInt32LE(0) - ram);
          expect(program.readUInt32LE(4) % 2).toBe(1);
          const read = readFirmware(files.elf, null).segments;
          expect(read[0]?.address).toBe(flash);
          expect(findMark(read)).toEqual({ board: name, chip });
          expect(findMark(readFirmware(files.hex, null).segments)).toEqual({ board: name, chip });
          expect(files.uf2 === null).toBe(family === null);
          if (files.uf2 === null) return;
          const uf2 = readFileSync(files.uf2);
          const copy = Buffer.alloc(Math.ceil(program.length / 256) * 256, 0xff);
          for (let at = 0; at < uf2.length; at += 512) {
            const { flashAddress, payload, boardFamily } = decodeBlock(Uint8Array.from(uf2.subarray(at, at + 512)));
            expect(boardFamily).toBe(family);
            copy.set(payload, flashAddress - flash);
          }
          expect(copy.subarray(0, program.length).equals(program)).toBe(true);
          // RP2350: the block that its bootloader looks for.
          expect(
            program.subarray(0, 4096).includes(Buffer.from('d3deffff42012110ff01000000000000793512ab', 'hex')),
          ).toBe(true);
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      },
      LIMIT_MS,
    );
  });

  describeNeeds(['firmware'], 'firmware whose card takes more RAM than its board has', () => {
    it(
      'is not made, and that of before stays: the figures, and the boards that have room, are told',
      async () => {
        const folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
        try {
          const before = join(folder, 'nucleo-u575zi-q.elf');
          writeFileSync(before, 'of before');
          const io = fakeIo();
          const args = ['build', '--board', 'nucleo-u575zi-q', '--profile', 'apcv', '--out', folder];
          expect(await runCommandLine(['firmware', ...args], '0.0.0', VERBS, io)).toBe(2);
          expect(io.err.join('')).toMatch(
            /does not fit on nucleo-u575zi-q: the card takes [\d.]+ kB of heap to start, and nucleo-u575zi-q has 712\.\d kB for the heap, [\d.]+ kB too little; build it for .*pico-plus-2.*--no-channel/,
          );
          expect([readdirSync(folder), readFileSync(before, 'utf8')]).toEqual([['nucleo-u575zi-q.elf'], 'of before']);
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      },
      LIMIT_MS,
    );
  });
}
