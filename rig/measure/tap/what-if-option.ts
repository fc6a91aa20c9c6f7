import { InvalidArgumentError } from 'commander';
import { FRAME_SIZES } from '../../../src/iso-dep/frame-size.ts';
import type { WhatIfChange } from './result.ts';

/** Bit rates of ISO/IEC 14443 as people say them, in kbit/s. */
export const RATES: readonly number[] = [106, 212, 424, 848];
/** The PN532's baud rates from that of its power-up on. */
export const BAUD_RATES: readonly number[] = [115_200, 230_400, 460_800, 921_600, 1_288_000];

const ALLOWED: Readonly<Record<keyof WhatIfChange, { readonly values: readonly number[]; readonly what: string }>> = {
  rate: { values: RATES, what: 'A bit rate (rate=) in kbit/s' },
  fsd: { values: FRAME_SIZES, what: "The reader's largest frame (fsd=)" },
  fsc: { values: FRAME_SIZES, what: "The card's largest frame (fsc=)" },
  baud: { values: BAUD_RATES, what: 'A baud rate of the PN532 (baud=)' },
};

/** `rate=848,fsd=256,baud=921600`, in any order, each once. @throws {InvalidArgumentError} */
export function parseWhatIf(text: string): WhatIfChange {
  const change: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [name = '', digits = ''] = part.trim().split('=', 2);
    const allowed = Object.hasOwn(ALLOWED, name) ? ALLOWED[name as keyof WhatIfChange] : undefined;
    if (allowed === undefined || !/^\d{1,9}$/.test(digits)) {
      throw new InvalidArgumentError('A what-if is rate=, fsd=, fsc= and baud= with numbers, as rate=848,fsd=256.');
    }
    if (change[name] !== undefined) throw new InvalidArgumentError(`It says ${name}= twice.`);
    const value = Number(digits);
    if (!allowed.values.includes(value)) {
      throw new InvalidArgumentError(`${allowed.what} is one of ${allowed.values.join(', ')}, not ${value}.`);
    }
    change[name] = value;
  }
  return change;
}

/** The order of the words is always the same. */
export function whatIfLabel(change: WhatIfChange): string {
  return (['rate', 'fsd', 'fsc', 'baud'] as const)
    .filter((name) => change[name] !== undefined)
    .map((name) => `${name}=${change[name]}`)
    .join(',');
}

/** Why a link cannot be changed so, in a sentence; null when it can. @param serial whether it has a serial line */
export function whatIfRefusal(change: WhatIfChange, serial: boolean): string | null {
  if (change.baud === undefined || serial) return null;
  const label = whatIfLabel(change);
  return `--what-if ${label}: there is no serial line here whose baud rate could be another; rate=, fsd= and fsc= can be`;
}
