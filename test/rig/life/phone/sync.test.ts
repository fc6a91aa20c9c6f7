import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import { deadAt, IssuerDouble } from './issuer-double.ts';
import { activate, CODE, digits, imageOf, invoice, phonesInTest, refusal, secretsIn, world } from './phone-in-test.ts';

const here = phonesInTest();

describe('sync', () => {
  it('brings claims onto the card once each, and keeps the newest twenty', async () => {
    const issuer = new IssuerDouble();
    const phone = await here.activated(issuer);
    issuer.offered.push(...[1, 2, 3].map((id) => ({ id, invoice: invoice(id) })));
    expect(await phone.sync(issuer)).toMatchObject({ life: 'active', claims: 3 });
    expect(await phone.sync(issuer)).toMatchObject({ claims: 0 });
    expect((await phone.invoices(digits(CODE))).map(({ number }) => Number(number))).toEqual([3, 2, 1]);
    for (let id = 4; id <= 23; id++) issuer.offered.push({ id, invoice: invoice(id) });
    await phone.sync(issuer);
    expect((await phone.invoices(digits(CODE))).map(({ number }) => Number(number))).toEqual(
      Array.from({ length: 20 }, (_, i) => 23 - i),
    );
    expect((await refusal(() => phone.invoices(digits('385128')))).code).toBe('wrong-code');
    phone.close();
  });

  it('a claim that a counter has written by NFC is not written a second time, when the code shows it', async () => {
    const issuer = new IssuerDouble();
    const phone = await here.activated(issuer);
    issuer.offered.push({ id: 1, invoice: invoice(1) });
    await phone.sync(issuer);
    // The same invoice again, under another number of the issuer: as one that the terminal appended and then sent.
    issuer.offered.push({ id: 2, invoice: invoice(1) }, { id: 3, invoice: invoice(2) });
    const onCard = () => phone.invoices(digits(CODE));
    expect(await phone.sync(issuer, onCard)).toMatchObject({ claims: 1, alreadyOnCard: 1 });
    expect((await onCard()).map(({ number }) => Number(number))).toEqual([2, 1]);
    // Nothing has come, so that the code is not asked for.
    expect(await phone.sync(issuer, () => Promise.reject(new Error('asked')))).toMatchObject({ claims: 0 });
    phone.close();
  });

  it('a new phone ends the old one: its sync wipes it, and the issuer hears of it', async () => {
    const issuer = new IssuerDouble();
    const old = await here.activated(issuer);
    const fresh = Phone.open(join(here.root, 'fresh'), world);
    await activate(fresh, issuer);
    expect(await old.sync(issuer)).toEqual({
      life: 'revoked',
      claims: 0,
      alreadyOnCard: 0,
      endedBecause: 'replaced',
      acknowledged: true,
    });
    expect([...issuer.cards.values()].map(({ wiped }) => wiped)).toEqual([true, false]);
    expect((await refusal(() => old.unlock(digits(CODE)))).code).toBe('revoked');
    expect((await refusal(() => old.sync(issuer))).code).toBe('revoked');
    old.close();
    expect(secretsIn(here.folder)).toEqual([]);
    fresh.close();
  });

  it('a wipe waits for no answer of the issuer', async () => {
    const issuer = new IssuerDouble();
    const old = await here.activated(issuer);
    const fresh = Phone.open(join(here.root, 'fresh2'), world);
    await activate(fresh, issuer);
    fresh.close();
    issuer.before = (call) => {
      if (call === 'wiped') deadAt(issuer, 0, 'before');
      issuer.before('');
    };
    deadAt(issuer, 1, 'before');
    expect(await old.sync(issuer)).toMatchObject({ life: 'revoked', acknowledged: false });
    old.close();
    expect(secretsIn(here.folder)).toEqual([]);
  });

  it('a presence stands in the card for NFC', async () => {
    const issuer = new IssuerDouble();
    const phone = await here.activated(issuer);
    const { presence } = await phone.presence(digits(CODE), ['insured'], issuer);
    expect(presence).toBe('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567');
    expect(phone.view().window).toBeNull();
    phone.close();
    expect(imageOf(here.folder).includes('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')).toBe(true);
  });
});
