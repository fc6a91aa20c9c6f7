import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IssuerUnreachable } from '../../../../rig/life/api/issuer-refused.ts';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import { fromHex, toHex } from '../../../../src/apdu/hex.ts';
import { PowerLoss, PowerLossNvm } from '../../../../src/hal/nvm/power-loss.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { IssuerDouble } from './issuer-double.ts';
import { activate, bytesOf, CODE, digits, imageOf, phonesInTest, refusal, sideOf, world } from './phone-in-test.ts';

const here = phonesInTest();

describe('the PUK', () => {
  const inFolder = (puk: string): string[] =>
    readdirSync(here.folder).filter((name) => readFileSync(join(here.folder, name)).includes(puk));

  it('stays in the card, after the code, until it is noted; then it is in no byte of the image', async () => {
    const phone = Phone.open(here.folder, world);
    const { puk } = await activate(phone, new IssuerDouble());
    phone.close();
    expect(inFolder(puk as string)).toEqual(['phone.img']);
    const again = Phone.open(here.folder, world);
    expect(again.view().pukDue).toBe(true);
    expect((await refusal(() => again.puk(digits('385128')))).code).toBe('wrong-code');
    expect(await again.puk(digits(CODE))).toBe(puk);
    expect(await again.puk(digits(CODE))).toBe(puk);
    again.pukNoted();
    expect(again.view().pukDue).toBe(false);
    expect(await again.puk(digits(CODE))).toBeNull();
    again.close();
    expect(inFolder(puk as string)).toEqual([]);
  });

  it('is read on the wired interface after the code, and over the antenna by nobody', async () => {
    const phone = await here.activated();
    const select = fromHex('00A4040C0AF0617043562D454D5501');
    for (const [cardInterface, answer] of [
      ['wired', '6982'],
      ['contactless', '6982'],
    ] as const) {
      const port = phone.card.port(cardInterface);
      port.powerOn();
      const send = (command: Uint8Array): string =>
        toHex(port.response.subarray(0, port.process(command, 0, command.length)));
      expect(send(select)).toBe('9000');
      expect([cardInterface, send(fromHex('00B0880000'))]).toEqual([cardInterface, answer]);
      // The holder's window makes no difference.
      phone.unlock(digits(CODE));
      expect([cardInterface, send(fromHex('00B0880000'))]).toEqual([cardInterface, answer]);
      phone.lock();
      port.fieldOff();
    }
    phone.close();
  });

  it('is noted where it has set a new code', async () => {
    const phone = Phone.open(here.folder, world);
    const { puk } = await activate(phone, new IssuerDouble());
    await phone.unblock(digits(puk as string), digits('529173'));
    expect(phone.view().pukDue).toBe(false);
    phone.close();
    expect(inFolder(puk as string)).toEqual([]);
  });

  it('of an activation that was cut after the code was chosen comes after the code', async () => {
    const issuer = new IssuerDouble();
    const phone = Phone.open(here.folder, world);
    issuer.before = (call) => {
      if (call === 'commit') throw new IssuerUnreachable('the line is dead');
    };
    await refusal(() => activate(phone, issuer));
    issuer.before = () => {};
    expect((await activate(phone, issuer)).puk).toBeNull();
    expect(phone.view().pukDue).toBe(true);
    expect(await phone.puk(digits(CODE))).toMatch(/^[0-9]{8}$/);
    phone.close();
  });

  it('cut at any flush while it is noted, is all there or all gone, and the note follows the card', async () => {
    const phone = Phone.open(here.folder, world);
    const { puk } = await activate(phone, new IssuerDouble());
    phone.close();
    const image = imageOf(here.folder);
    const whole = new PowerLossNvm(image);
    sideOf(whole).clearPuk();
    expect(whole.steps).toBeGreaterThan(2);
    const seen = new Set<string>();
    for (let step = 0; step < whole.steps; step++) {
      const failing = new PowerLossNvm(image, { losesPowerAt: step });
      expect(() => sideOf(failing).clearPuk()).toThrow(PowerLoss);
      for (const kept of ['kept', 'lost', new SeededRandom(`puk ${step}`)] as const) {
        const survivor = failing.survivor(kept);
        const side = sideOf(survivor);
        side.verify(digits(CODE));
        const found = side.puk();
        expect([step, [puk, null].includes(found)]).toEqual([step, true]);
        // What is gone for the holder is gone from the bytes too.
        expect([step, bytesOf(survivor).includes(puk as string)]).toEqual([step, found !== null]);
        seen.add(String(found !== null));
      }
    }
    expect([...seen].sort()).toEqual(['false', 'true']);
    // The card has overwritten it, and the note beside it was not written any more.
    const due = readFileSync(join(here.folder, 'phone.json'));
    const noted = Phone.open(here.folder, world);
    noted.pukNoted();
    noted.close();
    writeFileSync(join(here.folder, 'phone.json'), due);
    const behind = Phone.open(here.folder, world);
    expect([behind.view().pukDue, await behind.puk(digits(CODE)), behind.view().pukDue]).toEqual([true, null, false]);
    behind.close();
  });
});
