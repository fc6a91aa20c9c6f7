import type { Need } from '../endpoint/driver.ts';
import { LINKS } from '../endpoint/links.ts';
import { READERS } from '../endpoint/readers.ts';

/** What of the command line does not work without what a check looks at: `--reader pcsc`, `--link vpcd`. */
export function neededBy(check: string): readonly string[] {
  const named = (option: string, table: Readonly<Record<string, { readonly needs: readonly Need[] }>>): string[] =>
    Object.entries(table)
      .filter(([, { needs }]) => needs.some((need) => need === check))
      .map(([name]) => `${option} ${name}`);
  return [...named('--reader', READERS), ...named('--link', LINKS)];
}
