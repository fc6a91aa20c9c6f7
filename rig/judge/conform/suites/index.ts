import type { Suite } from '../model.ts';
import type { SuiteName } from './about.ts';

export { SUITE_NAMES, type SuiteName } from './about.ts';

/** A suite with its cases, loaded when it is asked for. */
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
