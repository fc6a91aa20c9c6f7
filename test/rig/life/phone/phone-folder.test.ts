import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import { CODE, digits, phonesInTest, world } from './phone-in-test.ts';

const here = phonesInTest();

describe('half a phone', () => {
  it('damaged in any way says what its holder can do: another phone, and no build of a card', async () => {
    const cure = /; `vitap phone activate` with another folder \(--phone\) ends its card and makes a new one$/;
    const phone = await here.activated();
    phone.close();
    const [image, state] = [join(here.folder, 'phone.img'), join(here.folder, 'phone.json')];
    const [card, note] = [readFileSync(image), readFileSync(state)];
    const changed = Uint8Array.from(card);
    changed.fill(0x55, -8);
    for (const bytes of [new Uint8Array(0), card.subarray(0, 30), card.subarray(0, 1000), changed]) {
      writeFileSync(image, bytes);
      expect(() => Phone.open(here.folder, world)).toThrow(cure);
    }
    rmSync(image);
    expect(() => Phone.open(here.folder, world)).toThrow(cure);
    writeFileSync(image, card);
    for (const text of ['{', '{"format":"vitap phone","version":1}', null]) {
      if (text === null) rmSync(state);
      else writeFileSync(state, text);
      expect(() => Phone.open(here.folder, world)).toThrow(cure);
    }
    writeFileSync(state, note);
    Phone.open(here.folder, world).close();
  });

  it.each([
    ['is missing', null],
    ['knows of no card', { life: 'blank' }],
  ])('phone.json %s beside an image: damaged, and the card stays', async (words, change) => {
    (await here.activated()).close();
    const path = join(here.folder, 'phone.json');
    const state = readFileSync(path, 'utf8');
    const image = readFileSync(join(here.folder, 'phone.img'));
    if (change === null) rmSync(path);
    else writeFileSync(path, JSON.stringify({ ...JSON.parse(state), ...change }));
    expect(() => Phone.open(here.folder, world)).toThrow(new RegExp(`phone\\.json ${words}`));
    expect(readFileSync(join(here.folder, 'phone.img')).equals(image)).toBe(true);
    writeFileSync(path, state);
    const again = Phone.open(here.folder, world);
    again.unlock(digits(CODE));
    again.close();
  });

  it('phone.json of a newer vitap is said to be one, and both files stay', async () => {
    (await here.activated()).close();
    const path = join(here.folder, 'phone.json');
    const image = readFileSync(join(here.folder, 'phone.img'));
    const newer = JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), version: 2, more: true });
    writeFileSync(path, newer);
    expect(() => Phone.open(here.folder, world)).toThrow(
      /a newer vitap wrote this, in version 2; this one reads version 1/,
    );
    expect(readFileSync(path, 'utf8')).toBe(newer);
    expect(readFileSync(join(here.folder, 'phone.img')).equals(image)).toBe(true);
  });

  it('an active phone.json without its image: damaged, also beside a socket that was left', async () => {
    (await here.activated()).close();
    rmSync(join(here.folder, 'phone.img'));
    expect(() => Phone.open(here.folder, world)).toThrow(/phone\.img is missing/);
    writeFileSync(join(here.folder, 'holder.sock'), '');
    expect(() => Phone.open(here.folder, world)).toThrow(/phone\.img is missing/);
    expect(readdirSync(here.folder).sort()).toEqual(['holder.sock', 'phone.json']);
  });
});
