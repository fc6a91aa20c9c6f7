import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadProfile, parseProfile } from '../../../../rig/card/profile/index.ts';
import { fromHex, toHex } from '../../../../src/apdu/index.ts';
import type { DirectorySpecification } from '../../../../src/applet/image/specification.ts';
import { world } from './small-profile.ts';

const page = (name: string): string => readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8');

describe('docs/card-content.md', async () => {
  const card = await loadProfile('vitale2', world());
  const contents = new Map<string, string>();
  const collect = (directory: DirectorySpecification): void => {
    for (const child of directory.children) {
      if (child.kind === 'directory') collect(child);
      else {
        const parts = 'records' in child ? child.records : [child.content];
        contents.set(child.fid.toString(16).toUpperCase().padStart(4, '0'), parts.map((part) => toHex(part)).join(' '));
      }
    }
  };
  collect(card.masterFile);
  const rows = [
    ...page('card-content.md').matchAll(/^\| ([0-9A-F]{4})[^|]*\| ([0-9A-F/]+) \|.*\| `([0-9A-F ]+)` \|$/gm),
  ].map(([, file, tag, example]) => ({ file: file!, tag: tag!, example: example! }));

  it('has an example for every object of every file', () => {
    const objects = [...page('card-content.md').matchAll(/^\| [0-9A-F]{4}[^|]*\| ([0-9A-F/]+) \|.*\|.*\| (.*)\|$/gm)];
    expect(objects.length).toBeGreaterThan(50);
    // Nobody in the family has a birth name.
    expect(objects.filter(([, , example]) => example === '').map(([, tag]) => tag)).toEqual(['E2/85']);
    expect(rows.length).toBe(objects.length - 1);
    expect(new Set(rows.map(({ file }) => file))).toEqual(new Set(contents.keys()));
  });

  it.each(rows)('$file $tag: $example is in the card', ({ file, tag, example }) => {
    const hex = toHex(fromHex(example));
    expect(hex.startsWith(tag.split('/').at(-1)!)).toBe(true);
    expect(contents.get(file)).toContain(hex);
  });
});

it('the profile in docs/profiles.md is right', () => {
  const text = /```yaml\n([\s\S]*?)```/.exec(page('profiles.md'))?.[1];
  const card = parseProfile(text!, 'docs/profiles.md', world());
  expect(card.profile).toBe('door');
});
