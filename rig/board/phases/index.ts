import type { TestTarget } from '../board-test-options.ts';
import type { TestedBoard } from '../board-under-test.ts';
import type { Phase } from '../phase.ts';
import { antenna } from './antenna.ts';
import { baudLadder } from './baud-ladder.ts';
import { communicationLine } from './communication-line.ts';
import { firmware } from './firmware.ts';
import { FIRMWARE_PHASES } from './firmware-bring-up.ts';
import { tapAsCard, tapAsReader } from './loopback-tap.ts';
import { ram, rom } from './memory.ts';
import { registers } from './registers.ts';
import { latencyTimer, roundTrip } from './round-trip.ts';
import { sleep } from './sleep.ts';
import { wakeUp } from './wake-up.ts';

/** The bring-up of a PN532 board, in its order. */
export const PN532_PHASES: readonly Phase[] = [
  wakeUp,
  firmware,
  communicationLine,
  rom,
  ram,
  antenna,
  registers,
  baudLadder,
  roundTrip,
  latencyTimer,
  tapAsCard,
  tapAsReader,
  sleep,
];

/** The bring-up of boards of a kind. */
export function phasesOf(target: TestTarget): readonly Phase<TestedBoard>[] {
  return target === 'firmware' ? FIRMWARE_PHASES : PN532_PHASES;
}
