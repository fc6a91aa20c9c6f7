import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesInput } from '../../../../rig/trace/byte-input.ts';
import { EXPORTERS, IMPORTERS } from '../../../../rig/trace/formats/index.ts';
import { guessFormat } from '../../../../rig/trace/open-trace.ts';
import { FAULTS } from './fault-list.ts';
import { FORMATS } from './format-list.ts';
import { sample } from './text-trace.ts';

/* Lists that belong together: importers, their samples, what is tried on them, and the page that describes them. */
const names = IMPORTERS.map(({ name }) => name).sort();
const folder = new URL('../../../vectors/traces/', import.meta.url);
const page = readFileSync(new URL('../../../../docs/formats.md', import.meta.url), 'utf8');

/** Rows of the tables that describe formats: `| `name` | …`. */
const described = new Map(
  [...page.matchAll(/^\| `([\w-]+)` \| (.*) \|$/gm)].map(([, name, rest]) => [
    name as string,
    (rest as string).split(' | '),
  ]),
);

describe('every format that is read', () => {
  it('has a row in the list that is fuzzed, and none is there that is not read', () => {
    expect(Object.keys(FORMATS).sort()).toEqual(names);
    for (const [name, { samples, words }] of Object.entries(FORMATS)) {
      expect(samples.length, name).toBeGreaterThan(0);
      expect(words.length, name).toBeGreaterThan(3);
    }
  });

  it('has samples, and every sample has a format', () => {
    const files = readdirSync(folder).filter((file) => file !== 'README.md');
    expect(
      Object.values(FORMATS)
        .flatMap(({ samples }) => samples)
        .sort(),
    ).toEqual(files.sort());
    const readme = readFileSync(new URL('README.md', folder), 'utf8');
    expect(files.filter((file) => !readme.includes(`\`${file}\``))).toEqual([]);
  });

  it.each(Object.entries(FORMATS).flatMap(([name, { samples }]) => samples.map((file) => [file, name])))(
    '%s is told to be %s',
    async (file, name) => {
      const shown = name === 'proxmark' ? file : '';
      expect((await guessFormat(bytesInput(sample(file), shown)))?.name).toBe(name);
    },
  );

  it('is tried with a fault, and no fault is of a format that is not read', () => {
    expect([...new Set(FAULTS.map(([format]) => format))].sort()).toEqual(names);
  });

  it('is described in docs/formats.md, and so is every one that is written', () => {
    const all = [...new Set([...names, ...EXPORTERS.map(({ name }) => name)])].sort();
    expect([...described.keys()].sort()).toEqual(all);
  });
});

describe('docs/formats.md', () => {
  it.each(EXPORTERS.map(({ name }) => name))('says that %s is written', (name) => {
    expect(described.get(name)?.some((cell) => /^(?:yes|ISO 14443|pcapng)$/.test(cell))).toBe(true);
  });

  it('says of each text format in which ways it goes', () => {
    const [, tables = ''] = page.split('## Logs, scripts and transcripts');
    for (const [, name = '', ways = ''] of tables.matchAll(
      /^\| `([\w-]+)` \| [^|]+ \| ((?:yes|–) \| (?:yes|–)) \|/gm,
    )) {
      const read = names.includes(name);
      const written = EXPORTERS.some((exporter) => exporter.name === name);
      expect([name, ways]).toEqual([name, `${read ? 'yes' : '–'} | ${written ? 'yes' : '–'}`]);
    }
  });
});
