import { formatStatusWord } from '../../../src/apdu/status-word.ts';

/** What is compared, in one round. */
export interface Round {
  /** Medians, nanoseconds. */
  readonly ours: number;
  readonly peer: number;
  /** What the peer answered, where that is something else. */
  readonly otherAnswer: string | null;
}

/**
 * Data may differ between cards; length and status word must not.
 * @param ours, peer hexadecimal
 * @returns `2 bytes, 6A82 …`, or null where they are alike
 */
export function otherAnswer(ours: string, peer: string): string | null {
  if (ours.length === peer.length && ours.slice(-4) === peer.slice(-4)) return null;
  return `${peer.length / 2} bytes, ${formatStatusWord(Number.parseInt(peer.slice(-4), 16))}`;
}
