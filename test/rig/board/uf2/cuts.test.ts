import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { flashUf2 } from '../../../../rig/board/uf2/flash-uf2.ts';
import { SimulatedUf2Drive, type Uf2DriveKind } from '../../../../rig/sim/uf2/drive.ts';
import { realTimers } from '../../../../src/hal/pn532/transport.ts';
import { fault } from '../stm32/bench.ts';

/** The board takes blocks while the system writes them down, and that fails when the board has gone without all of them. */
const device = vi.hoisted(() => ({ sync: (): void => {} }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const fsyncSync = (descriptor: number): void => {
    real.fsyncSync(descriptor);
    device.sync();
  };
  return { ...real, fsyncSync };
});

const BLOCK = 512;
const PAGE = 256;
const NEW = Uint8Array.from({ length: 20_000 }, (_, i) => ((i * 7) & 0x7f) + 1);
const BLOCKS = Math.ceil(NEW.length / PAGE);

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vitap-uf2-cuts-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function cutAt(kind: Uf2DriveKind, block: number): Promise<{ sentence: string | null; held: string }> {
  const drive = new SimulatedUf2Drive(join(root, 'drive'), kind, [fault('unplug', (block - 1) * BLOCK + 1)]);
  drive.flash.fill(0x11);
  drive.plug();
  let cut = false;
  let started = false;
  drive.onEvent = ({ type }) => {
    cut ||= type === 'fault';
    started ||= type === 'started';
  };
  device.sync = () => {
    drive.look();
    if (cut) throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
  };
  const sentence = await flashUf2({
    folder: drive.folder,
    image: { source: 'p.uf2', format: 'BIN', segments: [{ address: 0x10000000, bytes: NEW }], families: [] },
    timers: realTimers,
    signal: new AbortController().signal,
    say: () => {},
  }).then(
    () => null,
    (error: Error) => error.message,
  );
  drive.unplug();
  const first = drive.flash.subarray(0, PAGE);
  const is = (byte: number): boolean => first.every((each) => each === byte);
  const whole = Buffer.compare(drive.flash.subarray(0, NEW.length), NEW) === 0;
  expect(started).toBe(whole);
  return { sentence, held: whole ? 'new' : is(0x11) ? 'old' : is(0xff) ? 'none that starts' : 'a part that starts' };
}

const STATES: Readonly<Record<string, readonly string[]>> = {
  'the board has its old program still, or is in its bootloader with a part of the new one; flash it again': [
    'old',
    'none that starts',
  ],
  'the board is in its bootloader with a part of the new program; flash it again': ['none that starts'],
  'the board has the new program whole, or is in its bootloader with all of it but its start; flash it again if it does not start':
    ['new', 'none that starts'],
};

describe('a UF2 board whose cable is pulled at each block', { timeout: 60_000 }, () => {
  it.each<Uf2DriveKind>(['RP2040', 'RP2350'])('is old, new, or in its bootloader, and said to be: %s', async (kind) => {
    const seen = new Set<string>();
    for (let block = 1; block <= BLOCKS; block++) {
      const { sentence, held } = await cutAt(kind, block);
      const end = Object.keys(STATES).find((each) => sentence?.endsWith(`; ${each}`) === true);
      expect(sentence, `block ${block}`).toMatch(/^the drive .* went away after \d+ of 40448 bytes; /);
      expect(end, `block ${block}: ${sentence}`).toBeDefined();
      expect(STATES[end!], `block ${block}: ${sentence}`).toContain(held);
      seen.add(end!);
    }
    expect(seen.size).toBe(Object.keys(STATES).length);
    expect(await cutAt(kind, BLOCKS + 1)).toEqual({ sentence: null, held: 'new' });
  });
});
