import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const PAGE = readFileSync(new URL('../../../docs/threat-model.md', import.meta.url), 'utf8');
const TEST = new URL('../../', import.meta.url);

/** Rows of the tables that name a test: attack, what stops it, file, title. */
const ROWS = [...PAGE.matchAll(/^\| (.+) \| (.+) \| `([^`]+)`: (.+) \|$/gm)].map(
  ([, attack = '', , file = '', title = '']) => [attack, file, title] as const,
);

describe('docs/threat-model.md', () => {
  it('names a test in every row of every table of what stops an attack', () => {
    const stops = PAGE.slice(PAGE.indexOf('## What stops them'), PAGE.indexOf('## What does not stop them'));
    const rows = stops.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| attack |'));
    expect(rows).toHaveLength(ROWS.length);
    expect(ROWS.length).toBeGreaterThan(40);
  });

  it.each(ROWS)('%s: there is such a test', (_, file, title) => {
    const path = new URL(file, TEST);
    expect(existsSync(path), file).toBe(true);
    const source = readFileSync(path, 'utf8');
    // Where the title is written, in one of the three kinds of quotes, or at the end of a longer one.
    const written = ["'", '"', '`'].some((quote) => source.includes(`${title}${quote}`));
    expect(written, `${file} has no test “${title}”`).toBe(true);
  });
});
