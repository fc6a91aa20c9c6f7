import type { BenchTapOptions } from '../../measure/tap/options.ts';

/** Taps one after the other, of everything, with no code that somebody would type. */
export const PLAIN_TAPS: Pick<
  BenchTapOptions,
  'commands' | 'arrivals' | 'air' | 'whatIf' | 'pin' | 'traces' | 'keepSecrets'
> = {
  commands: null,
  arrivals: { kind: 'closed' },
  air: 106,
  whatIf: [],
  pin: { file: null, ask: false },
  traces: null,
  keepSecrets: false,
};
