import type { Suite } from '../model.ts';

/** Suites by the names that the command line knows; loaded when they are asked for. */
export const SUITE_NAMES = ['iso7816-4', 'vitale', 't4t', 'sm', 'pace', 'eac'] as const;
export type SuiteName = (typeof SUITE_NAMES)[number];

export async function loadSuite(name: SuiteName): Promise<Suite> {
  switch (name) {
    case 'iso7816-4':
      return (await import('./iso7816-4/index.ts')).ISO7816_4_SUITE;
    case 'vitale':
      return (await import('./vitale/index.ts')).VITALE_SUITE;
    case 't4t':
      return (await import('./t4t/index.ts')).T4T_SUITE;
    case 'sm':
      return (await import('./sm/index.ts')).SM_SUITE;
    case 'pace':
      return (await import('./pace/index.ts')).PACE_SUITE;
    case 'eac':
      return (await import('./eac/index.ts')).EAC_SUITE;
  }
}
