/** What was measured of a firmware. Bytes, and instructions. */
export interface MeasuredAgainstTargets {
  /** Whether the card opened a secure channel. */
  readonly channel: boolean;
  readonly flash: number;
  readonly ram: number;
  /** Until the first answer was made. */
  readonly boot: number;
  /** A command, in the median. */
  readonly median: number;
}

interface Target {
  readonly words: string;
  readonly of: Exclude<keyof MeasuredAgainstTargets, 'channel'>;
  readonly limit: number;
  readonly unit: 'bytes' | 'instructions';
}

export interface JudgedTarget extends Omit<Target, 'of'> {
  readonly measured: number;
  readonly met: boolean;
}

/** Of a card with codes only. */
const PLAIN: readonly Target[] = [
  { words: 'flash', of: 'flash', limit: 520_000, unit: 'bytes' },
  { words: 'RAM in all', of: 'ram', limit: 560_000, unit: 'bytes' },
  { words: 'start to the first answer', of: 'boot', limit: 40_000_000, unit: 'instructions' },
  { words: 'a command, median', of: 'median', limit: 150_000, unit: 'instructions' },
];

/** Of a card that opened a channel: curves and AES need more. */
const WITH_CHANNEL: readonly Target[] = [{ words: 'RAM in all', of: 'ram', limit: 1_200_000, unit: 'bytes' }];

export function judgeTargets(measured: MeasuredAgainstTargets): JudgedTarget[] {
  const targets = measured.channel ? WITH_CHANNEL : PLAIN;
  return targets.map(({ words, of, limit, unit }) => ({
    ...{ words, limit, unit },
    measured: measured[of],
    met: measured[of] <= limit,
  }));
}
