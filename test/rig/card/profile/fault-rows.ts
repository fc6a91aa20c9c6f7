import { expect } from 'vitest';
import { broken, type Change, faults } from './small-profile.ts';

/** What is wrong, how it comes in (« marks the place that must be named), and what is said. */
export type Row = readonly [name: string, changes: readonly Change[], message: string];

export function check([, changes, message]: Row): void {
  const { text, places } = broken(...changes);
  expect(places).toHaveLength(1);
  expect(faults(text)).toEqual([{ file: 'profiles/x.yaml', ...places[0], message }]);
}

/** The first NIR of the small profile, with its key. */
export const NIRS = '"2751263220749"\n    key: "74"';
