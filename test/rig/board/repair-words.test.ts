import { describe, expect, it } from 'vitest';
import { judgeMeasurement } from '../../../rig/board/measurement.ts';
import {
  allRepairs,
  countRepairs,
  isNoRepair,
  repairsInWords,
  repairsOf,
  repairsSince,
} from '../../../rig/board/repairs.ts';
import { noRepairs, type RepairKind, type Repairs } from '../../../src/hal/pn532/repairs.ts';

const repairs = (some: Partial<Repairs>): Repairs => ({ ...noRepairs(), ...some });

describe('repairs', () => {
  it.each<[RepairKind, one: string, several: string]>([
    ['resent', '1 command sent again', '2 commands sent again'],
    ['unacknowledged', '1 command answered without acknowledgement', '2 commands answered without acknowledgement'],
    ['nacks', '1 response asked for again', '2 responses asked for again'],
    ['damaged', '1 damaged frame', '2 damaged frames'],
    ['dropped', '1 byte outside of any frame', '2 bytes outside of any frame'],
    ['resynchronised', '1 resynchronisation', '2 resynchronisations'],
    ['rateTries', '1 further try of a baud rate', '2 further tries of a baud rate'],
  ])('%s in words', (kind, one, several) => {
    expect(repairsInWords(repairs({ [kind]: 1 }))).toBe(one);
    expect(repairsInWords(repairs({ [kind]: 2 }))).toBe(several);
  });

  it('of several kinds are listed, and none are none', () => {
    expect(repairsInWords(repairs({ damaged: 1, resent: 2 }))).toBe('2 commands sent again, 1 damaged frame');
    expect(repairsInWords(noRepairs())).toBe('none');
  });

  it('are summed up over the phases', () => {
    const phases = [{ repairs: repairs({ resent: 1 }) }, { repairs: repairs({ resent: 2, damaged: 1 }) }];
    expect(allRepairs(phases)).toBe('4 (3 commands sent again, 1 damaged frame)');
    expect(allRepairs([{ repairs: noRepairs() }])).toBe('none');
    expect(allRepairs([])).toBe('none');
    expect(countRepairs(repairs({ nacks: 2, dropped: 3 }))).toBe(5);
  });

  it('between two looks are the difference', () => {
    const before = repairs({ resent: 2, damaged: 1 });
    expect(repairsSince(before, repairs({ resent: 5, damaged: 1, nacks: 1 }))).toEqual(
      repairs({ resent: 3, nacks: 1 }),
    );
  });

  it('are a measurement of each phase, of which no row is needed at 0', () => {
    const plan = repairsOf({ id: 'echo' });
    expect(plan).toEqual({
      id: 'echo-repairs',
      what: 'Repairs on the line',
      unit: '',
      limits: { max: 0 },
      timed: true,
    });
    expect(isNoRepair(judgeMeasurement(plan, 0))).toBe(true);
    expect(isNoRepair(judgeMeasurement(plan, 1))).toBe(false);
    expect(isNoRepair(judgeMeasurement(plan, null))).toBe(false);
    expect(isNoRepair(judgeMeasurement({ ...plan, what: 'Errors' }, 0))).toBe(false);
  });
});
