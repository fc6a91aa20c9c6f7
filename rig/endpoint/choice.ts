import { UsageError } from '../console/failure.ts';
import type { Driver } from './driver.ts';

/**
 * What a person typed, by the driver whose name stands before the first colon.
 * @param refusal the sentence for what no driver takes
 * @throws {UsageError}
 */
export function parseChoice<Choice>(
  drivers: Readonly<Record<string, Pick<Driver<Choice>, 'parse'>>>,
  text: string,
  refusal: string,
): Choice {
  const [, name = '', rest] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  const driver = Object.hasOwn(drivers, name) ? drivers[name] : undefined;
  const choice = rest === '' ? null : (driver?.parse(rest ?? null) ?? null);
  if (choice === null) throw new UsageError(refusal);
  return choice;
}

/** `a, b or c` */
export function wordList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
