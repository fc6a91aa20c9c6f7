import type { CardInterface } from './rule.ts';

/** `data` null: a template of control information, which the model does not predict. */
export interface Expected {
  readonly sw: number;
  readonly data: readonly number[] | null;
}

export function answer(sw: number, data: readonly number[] = []): Expected {
  return { sw, data };
}

/** Le 00: all there is, up to 256 bytes. */
export const ASK = 256;

/** Bytes of data that one answer of each link carries; templates of control information are shorter. */
export const LARGEST_ANSWER: Readonly<Record<CardInterface, number>> = {
  contact: 65_536,
  contactless: 220,
  wired: 65_536,
};
