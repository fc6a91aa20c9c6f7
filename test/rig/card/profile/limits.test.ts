import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProfileError, parseProfile } from '../../../../rig/card/profile/index.ts';
import { readSource } from '../../../../rig/card/profile/source.ts';
import { CannotRun } from '../../../../rig/console/failure.ts';
import { readInputText } from '../../../../rig/console/input-file.ts';
import { personalise } from '../../../../src/applet/image/personalise.ts';
import { SpecificationError } from '../../../../src/applet/image/specification-error.ts';
import { nobleHashes } from '../../../../src/hal/noble/hashes.ts';
import { benchSpecification, FREE } from '../../../applet/bench-card.ts';
import { faults, SMALL, world } from './small-profile.ts';

/** Mappings in mappings in block style, lists in lists in the two styles that have them on one line. */
const nested: Readonly<Record<string, (levels: number) => string>> = {
  'mappings, one a line': (levels) =>
    Array.from({ length: levels }, (_, i) => `${' '.repeat(i)}a:`)
      .join('\n')
      .concat(' x\n'),
  'lists in brackets': (levels) => `${'['.repeat(levels)}x${']'.repeat(levels)}\n`,
  'lists with dashes': (levels) => `${'- '.repeat(levels)}x\n`,
  'mappings in braces': (levels) => `${'{a: '.repeat(levels)}x${'}'.repeat(levels)}\n`,
};

describe.each(Object.keys(nested))('%s', (name) => {
  const text = nested[name] as (levels: number) => string;

  it('64 levels are read, 65 are not', () => {
    expect(() => readSource(text(64), 'x.yaml')).not.toThrow();
    expect(() => readSource(text(65), 'x.yaml')).toThrow(
      /^x\.yaml:\d+:\d+: more than 64 levels of lists and mappings$/,
    );
  });

  it('1,000 levels are one sentence', () => {
    expect(() => readSource(text(1000), 'x.yaml')).toThrow(/: more than 64 levels of lists and mappings$/);
  });
});

describe('the number of things', { timeout: 60_000 }, () => {
  it('40,000 keys and values are read, one more is not', () => {
    const keys = (count: number): string => Array.from({ length: count }, (_, i) => `k${i}: ${i}\n`).join('');
    // The outermost mapping is a value too: of 20,000 at most.
    expect(readSource(keys(19_999), 'x.yaml').value).toHaveProperty('size', 19_999);
    expect(() => readSource(keys(20_001), 'x.yaml')).toThrow('more than 40000 keys and values');
    expect(() => readSource(keys(200_000), 'x.yaml')).toThrow('more than 40000 keys and values');
  });

  it('of keys that nobody knows a hundred are told', () => {
    const unknown = Array.from({ length: 19_000 }, (_, i) => `k${i}: ${i}\n`).join('');
    const found = (): unknown => parseProfile(`${SMALL}\n${unknown}`, 'x.yaml', world());
    expect(found).toThrow(/and 18900 more$/);
    expect(faults(`${SMALL}\n${unknown}`)).toHaveLength(19_000);
  });

  it('aliases count for what they name', () => {
    const levels = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [under, name] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh']) {
      levels.push(`${name}: &${name} [${Array(9).fill(`*${under}`).join(', ')}]`);
    }
    expect(() => readSource(levels.join('\n'), 'x.yaml')).toThrow('more than 20000 values');
  });

  it('an alias names what had the name last before it', () => {
    const read = readSource('a: &x one\nb: *x\nc: &x two\nd: *x\n', 'x.yaml').value as Map<string, { value: unknown }>;
    expect(['b', 'd'].map((key) => read.get(key)?.value)).toEqual(['one', 'two']);
  });
});

describe('a file that is handed in', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-input-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('has 4 MiB at most', () => {
    const file = join(folder, 'x.yaml');
    writeFileSync(file, Buffer.alloc(4 * 1024 * 1024, '#'));
    expect(readInputText(file, 'a profile')).toHaveLength(4 * 1024 * 1024);
    writeFileSync(file, Buffer.alloc(4 * 1024 * 1024 + 1, '#'));
    expect(() => readInputText(file, 'a profile')).toThrow('4194305 bytes are more than a profile has');
  });

  it('is a plain file: a device does not end, and a pipe may not', () => {
    const pipe = join(folder, 'pipe.yaml');
    execFileSync('mkfifo', [pipe]);
    for (const path of ['/dev/zero', pipe]) {
      expect(() => readInputText(path, 'a suite')).toThrow(CannotRun);
      expect(() => readInputText(path, 'a suite')).toThrow('a suite is read from a plain file, and this is none');
    }
    expect(() => readInputText(folder, 'a suite')).toThrow(expect.objectContaining({ code: 'EISDIR' }));
    expect(readInputText('/proc/self/stat', 'a suite')).toContain(String(process.pid));
  });
});

it('an image of more than 64 MiB is one sentence', { timeout: 60_000 }, () => {
  const specification = benchSpecification();
  const content = new Uint8Array(65_535);
  const children = Array.from({ length: 1025 }, (_, i) => ({
    kind: 'transparent' as const,
    fid: 0x1000 + i,
    sfi: null,
    access: FREE,
    content,
  }));
  const image = (): unknown =>
    personalise({ ...specification, masterFile: { ...specification.masterFile, children } }, nobleHashes());
  expect(image).toThrow(SpecificationError);
  expect(image).toThrow(/^bytes of the image: \d+, allowed 1 to 67108864$/);
});

it('a profile that is too large is a fault of the profile', () => {
  expect(() => parseProfile(`#${'x'.repeat(4 * 1024 * 1024)}`, 'x.yaml', world())).toThrow(ProfileError);
});
