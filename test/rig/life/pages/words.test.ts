import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WORDS as LAB_WORDS } from '../../../../rig/lab/pages/words.ts';
import { WORDS } from '../../../../rig/life/pages/words.ts';
import { FRAME_WORDS, inLanguage, type Phrase } from '../../../../rig/web/page/words.ts';

const RIG = new URL('../../../../rig', import.meta.url).pathname;

/** Sources of the pages, without the tables themselves. */
const SOURCES = ['web/page', 'life/pages', 'lab/pages'].flatMap((folder) =>
  readdirSync(join(RIG, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !/(words|refusals)\.ts$/.test(name))
    .map((name) => readFileSync(join(RIG, folder, name), 'utf8')),
);

const TABLES: readonly (readonly [string, Readonly<Record<string, Phrase>>])[] = [
  ['of every page', FRAME_WORDS],
  ['of the pages of the card', WORDS],
  ['of the page of the lab', LAB_WORDS],
];

const values = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

describe.each(TABLES)('the words %s', (_name, table) => {
  it.each(Object.entries(table))('%s: in both languages, with the same values', (_key, { en, fr }) => {
    expect(en.trim()).not.toBe('');
    expect(fr.trim()).not.toBe('');
    expect(values(fr)).toEqual(values(en));
  });

  it('in French have a space before each sign of two parts', () => {
    const tight = Object.values(table).filter(({ fr }) => /[^\s][;:!?](\s|$)/.test(fr));
    expect(tight).toEqual([]);
  });
});

describe('the words', () => {
  it('are all said somewhere', () => {
    const said = SOURCES.join('\n');
    const unused = [FRAME_WORDS, WORDS, LAB_WORDS]
      .flatMap((table) => Object.keys(table))
      .filter((key) => !new RegExp(`'${key}'|\\.${key}\\b`).test(said));
    expect(unused).toEqual([]);
  });

  it('stand in the tables alone: no page has a sentence of its own', () => {
    const texts = SOURCES.flatMap((source) =>
      [...source.matchAll(/[^=]>\s*([A-ZÀ-Ý][a-zà-ÿ’]+[^<>{}=;()]*)</g)].map(([, text]) => text),
    );
    expect(texts).toEqual([]);
  });

  it('take values, and leave what has none', () => {
    const phrase = { en: 'From {a} to {b}: {c}', fr: 'De {a} à {b} : {c}' };
    expect(inLanguage(phrase, 'en', { a: 1, b: 'two' })).toBe('From 1 to two: {c}');
    expect(inLanguage(phrase, 'fr', { a: 1, b: 'deux' })).toBe('De 1 à deux\u00a0: {c}');
  });
});
