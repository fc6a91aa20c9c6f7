import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readUtf8Text } from '../../../../rig/console/input-file.ts';
import { findInputs } from '../../../../rig/lab/submit/input-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-inputs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string): string => join(folder, name);
const CAMPAIGN = place('campaign');
mkdirSync(join(CAMPAIGN, 'cards'), { recursive: true });
writeFileSync(join(CAMPAIGN, 'cards', 'own.img'), 'image');
writeFileSync(place('secret'), 'secret');

describe('inputs of a campaign', () => {
  it('are files beside it; a link to one of them is one', () => {
    symlinkSync('own.img', join(CAMPAIGN, 'cards', 'link.img'));
    const found = findInputs(['cards/own.img', 'cards/link.img'], CAMPAIGN);
    const hashes = [...found.values()].flat().map(({ sha256 }) => sha256);
    expect(new Set(hashes).size).toBe(1);
  });

  it.each([
    ['a file', 'outside.img', '../secret', 'outside.img'],
    ['a folder', 'outside', '..', 'outside/secret'],
  ])('a link to %s elsewhere uploads nothing', (_what, name, target, input) => {
    symlinkSync(target, join(CAMPAIGN, name));
    expect(() => findInputs([input], CAMPAIGN)).toThrow(`${input}: this link leads out of the folder of the campaign`);
  });
});

describe('a text in UTF-8', () => {
  const read = (bytes: Uint8Array | string): string => {
    writeFileSync(place('text'), bytes);
    return readUtf8Text(place('text'), 'a campaign');
  };

  it('is read as it is', () => {
    expect(read('né €\n')).toBe('né €\n');
    expect(read('')).toBe('');
  });

  it.each([
    ['a byte that begins nothing', [0x61, 0x0a, 0x62, 0xff, 0x63], '2:2'],
    ['a character in ISO 8859-1', [0x6e, 0xe9, 0x20], '1:2'],
    ['a character that is cut at the end', [0x61, 0x0a, 0x0a, 0xc3], '3:1'],
    ['UTF-16', [0xff, 0xfe, 0x61, 0x00], '1:1'],
  ])('%s: its place is named', (_what, bytes, at) => {
    expect(() => read(Uint8Array.from(bytes))).toThrow(
      `${place('text')}:${at}: a campaign is in UTF-8, and this byte is not`,
    );
  });
});
