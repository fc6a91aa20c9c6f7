import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SeenTokens } from '../../../../rig/life/counter/seen-tokens.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'vitap-seen-')), 'seen');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const token = (number: number): string => number.toString(16).padStart(32, '0');

describe('the identifiers that a counter has seen', () => {
  it('are new once, for every reader of the folder, and after a restart', () => {
    expect(new SeenTokens(folder).remember(token(1))).toBe(true);
    expect(new SeenTokens(folder).remember(token(1))).toBe(false);
    expect(new SeenTokens(folder).remember(token(2))).toBe(true);
    expect(readdirSync(folder).sort()).toEqual([token(1), token(2)]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('are bounded: what is a day old goes, and a full store takes no more rather than forget', () => {
    const seen = new SeenTokens(folder, 3);
    for (const number of [1, 2, 3]) expect(seen.remember(token(number))).toBe(true);
    expect(() => seen.remember(token(4))).toThrow('this counter has seen 3 offline codes within a day');
    expect(() => seen.remember(token(1))).toThrow();
    const yesterday = Date.now() / 1000 - 24 * 3600 - 1;
    utimesSync(join(folder, token(2)), yesterday, yesterday);
    expect(seen.remember(token(4))).toBe(true);
    expect(readdirSync(folder).sort()).toEqual([token(1), token(3), token(4)]);
  });

  it.each(['', '../x', 'ABCDEF00ABCDEF00ABCDEF00ABCDEF00', token(1).slice(1)])('take no %j', (name) => {
    expect(() => new SeenTokens(folder).remember(name)).toThrow(RangeError);
  });
});
