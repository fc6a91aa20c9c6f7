import { HalError } from '../errors.ts';

/** What both drivers of PC/SC make of a reader's name: the whole of it, or a part. */

interface Named {
  readonly name: string;
}

/** Those of that very name, or else those with it in their name. */
export function named<R extends Named>(readers: readonly R[], name: string | undefined): readonly R[] {
  if (name === undefined) return readers;
  const exact = readers.filter((each) => each.name === name);
  return exact.length > 0 ? exact : readers.filter((each) => each.name.includes(name));
}

/**
 * Why there is no card to talk to.
 * @param candidates those of `all` that have the name
 * @returns `no-reader` or `no-card`
 */
export function absence(all: readonly Named[], candidates: readonly Named[], name: string | undefined): HalError {
  const quoted = (readers: readonly Named[]): string => readers.map((each) => `"${each.name}"`).join(', ');
  if (all.length === 0) return new HalError('no-reader', 'no reader is connected');
  if (candidates.length === 0) return new HalError('no-reader', `no reader named "${name}"; there is ${quoted(all)}`);
  return new HalError('no-card', `no card in ${quoted(candidates)}`);
}

export function aborted(): HalError {
  return new HalError('aborted', 'the wait for a card was cancelled');
}
