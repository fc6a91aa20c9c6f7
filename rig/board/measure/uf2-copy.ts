import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause, realTimers } from '../../../src/hal/pn532/transport.ts';
import { CannotRun } from '../../console/failure.ts';
import { SimulatedUf2Drive } from '../../sim/uf2/drive.ts';
import { UF2_FAMILY, writeUf2 } from '../firmware/uf2.ts';
import { flashUf2 } from '../uf2/flash-uf2.ts';

/** Where the flash of an RP2040 lies. */
const XIP = 0x10000000;
/** The simulated drive takes a file in a few hundredths of a second. */
const TAKES_MS = 10_000;

/**
 * Copies a program onto a new simulated drive.
 * @param how `flash` as `board flash --board uf2:FOLDER` does, `copy` its UF2 file as a file manager does
 * @returns milliseconds until the board has started it
 * @throws {CannotRun} it did not; the reason of the signal
 */
export async function uf2Ms(
  how: 'flash' | 'copy',
  bytes: Uint8Array,
  folder: string,
  signal: AbortSignal,
): Promise<number> {
  const segments = [{ address: XIP, bytes }];
  const file = writeUf2(segments, UF2_FAMILY.RP2040);
  const drive = new SimulatedUf2Drive(join(folder, 'RPI-RP2'), 'RP2040');
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TAKES_MS)]);
  let startedMs: number | null = null;
  drive.onEvent = ({ type }) => {
    if (type === 'started') startedMs = performance.now();
  };
  drive.plug();
  try {
    const startMs = performance.now();
    if (how === 'copy') writeFileSync(join(drive.folder, 'PROGRAM.UF2'), file);
    else {
      const image = { source: 'program.uf2', format: 'UF2', segments, families: [UF2_FAMILY.RP2040] } as const;
      await flashUf2({ folder: drive.folder, image, timers: realTimers, signal, say: () => {} });
    }
    while (startedMs === null) {
      signal.throwIfAborted();
      if (limit.aborted) throw new CannotRun('the simulated drive did not take the program');
      await pause(realTimers, 1);
    }
    return startedMs - startMs;
  } finally {
    drive.unplug();
  }
}
