import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import { PHONE_STATE } from '../../../../rig/life/phone/phone-state.ts';
import { deadAt, IssuerDouble } from './issuer-double.ts';
import { activate, CODE, digits, phonesInTest, refusal, TICKET, world } from './phone-in-test.ts';

const here = phonesInTest();
const issuerless = (): never => {
  throw new Error('nobody is asked');
};

describe('activation', () => {
  it('makes a folder for its owner alone, with a card that works and a state without a secret', async () => {
    const issuer = new IssuerDouble();
    const phone = Phone.open(here.folder, world);
    expect(phone.view().life).toBe('blank');
    const { number, puk } = await activate(phone, issuer);
    expect(number).toBe(1);
    expect(puk).toMatch(/^[0-9]{8}$/);
    expect(phone.view()).toMatchObject({ life: 'active', number: 1, triesLeft: 3, window: null, endedBecause: null });
    expect(phone.view().can).toMatch(/^[0-9]{6}$/);
    expect(issuer.active).toBe(1);
    phone.close();
    expect(statSync(here.folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(here.folder).sort()).toEqual(['phone.img', 'phone.json']);
    for (const name of readdirSync(here.folder)) expect(statSync(join(here.folder, name)).mode & 0o777).toBe(0o600);
    const text = readFileSync(join(here.folder, 'phone.json'), 'utf8');
    expect(PHONE_STATE.parse(JSON.parse(text)).life).toBe('active');
    for (const secret of ['ADRUN', '2751263220749', CODE, puk as string]) expect(text).not.toContain(secret);
  });

  it('two phones have nothing in common: CAN, PUK, serial number', async () => {
    const issuer = new IssuerDouble();
    const one = Phone.open(here.folder, world);
    const first = await activate(one, issuer);
    const two = Phone.open(join(here.root, 'two'), world);
    const second = await activate(two, issuer);
    expect(second.puk).not.toBe(first.puk);
    expect(two.view().can).not.toBe(one.view().can);
    expect(Buffer.compare(Buffer.from(two.card.image.serial), Buffer.from(one.card.image.serial))).not.toBe(0);
    expect(second.number).toBe(2);
    expect(issuer.active).toBe(1);
    one.close();
    two.close();
  });

  it('refuses a second one, another issuer, and a folder of something else', async () => {
    const phone = await here.activated();
    expect((await refusal(() => activate(phone, new IssuerDouble()))).code).toBe('active-already');
    expect((await refusal(() => phone.sync({ origin: 'http://other.test', connect: () => issuerless() }))).code).toBe(
      'another-issuer',
    );
    expect(() => Phone.open(here.folder, world)).toThrow(/in use/);
    phone.close();
    const foreign = mkdtempSync(join(here.root, 'foreign-'));
    writeFileSync(join(foreign, 'letter.txt'), 'mine');
    expect(() => Phone.open(foreign, world)).toThrow("is no phone's folder");
    writeFileSync(join(here.folder, 'phone.json'), '{"life":"active"}');
    expect(() => Phone.open(here.folder, world)).toThrow('is not what a phone wrote there');
  });

  it('asks again for a weak code, with the reason, and keeps none that was refused', async () => {
    const phone = Phone.open(here.folder, world);
    const offers = ['111111', '654321', '311275', CODE];
    const reasons: (string | null)[] = [];
    await phone.activate({
      ticket: TICKET,
      issuer: new IssuerDouble(),
      newCode: (refused) => {
        reasons.push(refused?.reason ?? null);
        return Promise.resolve(digits(offers.shift() as string));
      },
      test: false,
    });
    expect(reasons).toEqual([null, 'six-equal', 'running', 'birth-date']);
    expect((await refusal(() => phone.unlock(digits('111111')))).code).toBe('wrong-code');
    phone.unlock(digits(CODE));
    expect(phone.view().window).toMatchObject({ wholeMs: 60_000, uses: 1 });
    phone.lock();
    expect(phone.view().window).toBeNull();
    phone.close();
  });

  it('with a wrong ticket nothing is begun, and it goes on with the right one', async () => {
    const issuer = new IssuerDouble();
    const phone = Phone.open(here.folder, world);
    const newCode = () => Promise.resolve(digits(CODE));
    const wrong = { ticket: 'application:1.wrong', issuer, newCode, test: false };
    expect((await refusal(() => phone.activate(wrong))).code).toBe('issuer-refused');
    expect(phone.view()).toMatchObject({ life: 'pending', triesLeft: null });
    expect((await refusal(() => phone.unlock(digits(CODE)))).code).toBe('pending');
    await activate(phone, issuer);
    expect(phone.view().life).toBe('active');
    phone.close();
  });

  it('cut at each call to the issuer, before or after it was carried out, it resumes: one card, one device key', {
    timeout: 300_000,
  }, async () => {
    const whole = new IssuerDouble();
    const counted = deadAt(whole, -1, 'before');
    (await here.activated(whole)).close();
    const calls = counted.calls();
    expect(calls).toBeGreaterThan(40);
    // Each of the first and last calls, and some of the many of the relays.
    const places = Array.from({ length: calls }, (_, i) => i).filter((i) => i < 4 || i > calls - 4 || i % 23 === 0);
    for (const when of ['before', 'after'] as const) {
      for (const place of places) {
        const at = join(here.root, `cut-${when}-${place}`);
        const issuer = new IssuerDouble();
        const phone = Phone.open(at, world);
        deadAt(issuer, place, when);
        expect([place, (await refusal(() => activate(phone, issuer))).code]).toEqual([place, 'issuer-unreachable']);
        phone.close();
        issuer.before = () => {};
        issuer.after = () => {};
        const again = Phone.open(at, world);
        expect([place, again.view().life]).toEqual([place, 'pending']);
        await activate(again, issuer);
        expect([place, issuer.active, issuer.cards.size, again.view().life]).toEqual([place, 1, 1, 'active']);
        again.unlock(digits(CODE));
        again.close();
      }
    }
  });

  it('an activation that the issuer has ended is wiped; the next one has another device key', async () => {
    const issuer = new IssuerDouble();
    const phone = Phone.open(here.folder, world);
    deadAt(issuer, 20, 'before');
    await refusal(() => activate(phone, issuer));
    issuer.before = () => {};
    const [first] = issuer.cards.keys();
    const begun = issuer.cards.get(first as string);
    issuer.cards.set(first as string, { ...begun!, standing: { state: 'abandoned', activationId: 'a1' } });
    await activate(phone, issuer);
    expect(issuer.cards.size).toBe(2);
    expect(issuer.active).toBe(1);
    expect(issuer.cards.get(first as string)?.standing.state).toBe('abandoned');
    phone.close();
  });
});
