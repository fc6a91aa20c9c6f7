import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lifeOfACard } from '../../../../rig/command/demo/life.ts';
import { fakeIo } from '../../console/fake-io.ts';

describe('the life of a digital card in the demo', () => {
  let folder: string;
  let exit: number;
  let text: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-life-'));
    const io = fakeIo();
    exit = await lifeOfACard(join(folder, 'life'), io);
    text = io.out.join('');
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('ends well', () => {
    expect(exit, text).toBe(0);
    expect(text).not.toMatch(/NOT REFUSED|undefined|null/);
  });

  it.each([
    ['phone A is activated', 'active, as number 1'],
    ['it is tapped', 'phone A, tapped: ZOE ADRUN, rights open, read from the card; the activation is active'],
    ['its presence is resolved', 'resolved at the issuer: ZOE ADRUN, rights open, told by the issuer'],
    ['its offline code is judged', 'judged at the counter: ZOE ADRUN, rights open, signed by the issuer'],
    ['the same code again is refused', 'shown a second time: the QR code was shown here before'],
    ['claims come back', 'phone A hears of 2 claims; it shows 2 invoices'],
    ['phone B ends phone A', 'active, as number 2'],
    ['by NFC', 'phone A, tapped: the activation is revoked, and nobody is shown'],
    ['by the offline code', 'its offline QR code: the card is revoked'],
    ['by a presence', 'a presence QR code: the issuer refused: this card was revoked'],
    ['which wipes itself', 'phone A hears of it and wipes itself: no name and no NIR is in its image'],
    ['while phone B is read', 'phone B, tapped: ZOE ADRUN, rights open'],
  ])('%s', (_, line) => {
    expect(text).toContain(line);
  });
});
