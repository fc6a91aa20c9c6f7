import { noRepairs, type RepairKind, type Repairs } from '../../src/hal/pn532/repairs.ts';
import type { Measurement, MeasurementPlan } from './measurement.ts';

/** How each kind is counted in words: one, several. */
const WORDS: Readonly<Record<RepairKind, readonly [string, string]>> = {
  resent: ['command sent again', 'commands sent again'],
  unacknowledged: ['command answered without acknowledgement', 'commands answered without acknowledgement'],
  nacks: ['response asked for again', 'responses asked for again'],
  damaged: ['damaged frame', 'damaged frames'],
  dropped: ['byte outside of any frame', 'bytes outside of any frame'],
  resynchronised: ['resynchronisation', 'resynchronisations'],
  rateTries: ['further try of a baud rate', 'further tries of a baud rate'],
};

/** A UART on a bench loses no bit: one repair in a phase is one too many. */
const MOST_REPAIRS = 0;

export const REPAIRS = 'Repairs on the line';

/** What every phase measures besides its own. */
export function repairsOf(phase: { readonly id: string }): MeasurementPlan {
  return {
    id: `${phase.id}-repairs`,
    what: REPAIRS,
    unit: '',
    limits: { max: MOST_REPAIRS },
    timed: true,
  };
}

/** A row that need not be shown: the sum at the end says as much. */
export function isNoRepair({ what, value }: Measurement): boolean {
  return what === REPAIRS && value === 0;
}

/** What was needed between two looks. */
export function repairsSince(before: Readonly<Repairs>, now: Readonly<Repairs>): Repairs {
  const since = { ...now };
  for (const kind of Object.keys(WORDS) as RepairKind[]) since[kind] -= before[kind];
  return since;
}

/** The repairs of a whole test in words: `none`, or how many of each kind. */
export function allRepairs(phases: readonly { readonly repairs: Readonly<Repairs> }[]): string {
  const sum = noRepairs();
  for (const { repairs } of phases) for (const kind of Object.keys(WORDS) as RepairKind[]) sum[kind] += repairs[kind];
  const count = countRepairs(sum);
  return count === 0 ? 'none' : `${count} (${repairsInWords(sum)})`;
}

export function countRepairs(repairs: Readonly<Repairs>): number {
  return Object.values(repairs).reduce((sum, each) => sum + each, 0);
}

/** `2 commands sent again, 1 damaged frame`; `none` */
export function repairsInWords(repairs: Readonly<Repairs>): string {
  const words = (Object.keys(WORDS) as RepairKind[])
    .filter((kind) => repairs[kind] > 0)
    .map((kind) => `${repairs[kind]} ${WORDS[kind][repairs[kind] === 1 ? 0 : 1]}`);
  return words.length === 0 ? 'none' : words.join(', ');
}
