import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSuite, SUITE_NAMES } from '../../../../rig/judge/conform/suites/index.ts';

type Titles = Readonly<Record<string, string>>;

/** Every case that there is and was, written down: an id in somebody's old report means the same for ever. */
const STORED = JSON.parse(readFileSync(join(import.meta.dirname, '../../../vectors/conformance-ids.json'), 'utf8')) as {
  readonly cases: Readonly<Record<string, Titles>>;
  readonly retired: Readonly<
    Record<string, Readonly<Record<string, { readonly title: string; readonly why: string }>>>
  >;
};

describe.each(SUITE_NAMES)('the ids of %s', (name) => {
  const stored = STORED.cases[name] as Titles;
  const retired = STORED.retired[name] ?? {};

  it('are those of the list, each with its title; one that goes is listed as retired, one that comes is added', async () => {
    const { cases } = await loadSuite(name);
    expect(Object.fromEntries(cases.map(({ id, title }) => [id, title]))).toEqual(stored);
  });

  it('are never those of a retired case', () => {
    expect(Object.keys(retired).filter((id) => id in stored)).toEqual([]);
    for (const { title, why } of Object.values(retired)) expect(`${title}${why}`).not.toBe('');
  });
});

it('the list has no other suites', () => expect(Object.keys(STORED.cases)).toEqual([...SUITE_NAMES]));
