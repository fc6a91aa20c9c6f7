import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pages, rewritten, runPage, samplesOf, shows } from '../../scripts/samples.mjs';

const ROOT = new URL('../..', import.meta.url);

/** Every page's commands run as processes of their own. */
const PAGE_LIMIT_MS = 240_000;

describe('a sample', () => {
  it.each([
    ['the same', 'a 1\nb\n', 'a 1\nb\n', true],
    ['another time', 'card 0.408\n', 'card 1.999\n', true],
    ['another count', 'total 7\n', 'total 8\n', false],
    ['a word changed', 'a\nb\n', 'a\nc\n', false],
    ['a line more', 'a\n', 'a\nb\n', false],
    ['a cut', 'a\n…\nz\n', 'a\nb\nc\nz\n', true],
    ['a cut, and another end', 'a\n…\nz\n', 'a\nb\nc\ny\n', false],
    ['a cut, and another start', 'a\n…\n', 'b\nc\n', false],
  ])('%s', (_, sample, output, same) => expect(shows(sample, output)).toBe(same));

  it('is found below its comment, and written anew where it stands', () => {
    const [background, sample] = samplesOf(
      'x\n<!-- background: vitap emulate -->\n<!-- sample: vitap x -->\n\n```\nold\n…\nend\n```\ny\n',
    );
    expect(background).toMatchObject({ kind: 'background', command: 'vitap emulate' });
    expect(sample).toMatchObject({ kind: 'sample', command: 'vitap x', text: 'old\n…\nend\n' });
    expect(rewritten(sample!.text, 'new\n1\n2\nend\n')).toBe('new\n…\nend\n');
  });

  it('without a block is a mistake', () => {
    expect(() => samplesOf('<!-- sample: vitap x -->\nno block')).toThrow(/no code block/);
  });
});

describe('the outputs shown in', () => {
  const withSamples = pages().filter((page) => samplesOf(readFileSync(new URL(page, ROOT), 'utf8')).length > 0);

  it.each(withSamples)(
    '%s are what the program prints',
    async (page) => {
      const { ran } = await runPage(page, { pcsc: false });
      for (const { agrees, text, output, command } of ran) if (!agrees) expect(output, command).toBe(text);
    },
    PAGE_LIMIT_MS,
  );
});
