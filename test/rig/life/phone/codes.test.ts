import { describe, expect, it } from 'vitest';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import { type WeakCode, weaknessOf } from '../../../../rig/life/phone/weak-code.ts';
import { IssuerDouble } from './issuer-double.ts';
import { activate, CODE, digits, phonesInTest, refusal, world } from './phone-in-test.ts';

const here = phonesInTest();

describe('codes', () => {
  it.each<[string, WeakCode | null]>([
    ['12345', 'not-six-digits'],
    ['1234567', 'not-six-digits'],
    ['000000', 'six-equal'],
    ['123456', 'running'],
    ['567890', 'running'],
    ['098765', 'running'],
    ['543210', 'running'],
    ['311275', 'birth-date'],
    ['751231', 'birth-date'],
    ['140709', 'birth-date'],
    ['274916', 'test-code'],
    ['385127', null],
    ['112233', null],
  ])('%s: %s', (code, weakness) => {
    expect(weaknessOf(digits(code), { birthDates: ['19751231', '20090714'], test: false })).toBe(weakness);
  });

  it('the test code is allowed by --test', () => {
    expect(weaknessOf(digits('274916'), { birthDates: [], test: true })).toBeNull();
  });

  it('is changed; a weak one and a wrong old one are refused', async () => {
    const phone = await here.activated();
    expect((await refusal(() => phone.changeCode(digits(CODE), digits('751231')))).reason).toBe('birth-date');
    const wrong = await refusal(() => phone.changeCode(digits('385128'), digits('529173')));
    expect([wrong.code, wrong.triesLeft]).toEqual(['wrong-code', 2]);
    await phone.changeCode(digits(CODE), digits('529173'));
    expect(phone.view().window).toBeNull();
    phone.unlock(digits('529173'));
    phone.close();
  });

  it('blocked after three wrong ones, the PUK sets a new one', async () => {
    const phone = Phone.open(here.folder, world);
    const { puk } = await activate(phone, new IssuerDouble());
    const codes = [];
    for (let i = 0; i < 4; i++) codes.push((await refusal(() => phone.unlock(digits('385128')))).code);
    expect(codes).toEqual(['wrong-code', 'wrong-code', 'blocked-code', 'blocked-code']);
    expect((await refusal(() => phone.unblock(digits('00000000'), digits('529173')))).code).toBe('wrong-puk');
    await phone.unblock(digits(puk as string), digits('529173'));
    phone.unlock(digits('529173'));
    expect(phone.view().triesLeft).toBe(3);
    phone.close();
  });
});

describe('a birth date with the PUK', () => {
  const birth = '311275';
  const left = 'it is a birth date of somebody on the card; the code is blocked until the PUK sets another one';

  it.each<[string, number]>([
    ['blocked', 3],
    ['not blocked', 0],
  ])('is not set: a code that was %s is blocked afterwards, and the PUK sets another one', async (_, wrong) => {
    const phone = Phone.open(here.folder, world);
    const { puk } = await activate(phone, new IssuerDouble());
    for (let i = 0; i < wrong; i++) await refusal(() => phone.unlock(digits('385128')));
    const refused = await refusal(() => phone.unblock(digits(puk as string), digits(birth)));
    expect([refused.reason, refused.message]).toEqual(['birth-date', `this code is refused: ${left}`]);
    expect(phone.view()).toMatchObject({ triesLeft: 0, window: null });
    for (const code of [birth, CODE]) {
      expect((await refusal(() => phone.unlock(digits(code)))).code).toBe('blocked-code');
    }
    await phone.unblock(digits(puk as string), digits('529173'));
    phone.unlock(digits('529173'));
    phone.close();
  });

  it('another weak one changes nothing', async () => {
    const phone = Phone.open(here.folder, world);
    const { puk } = await activate(phone, new IssuerDouble());
    expect((await refusal(() => phone.unblock(digits(puk as string), digits('111111')))).reason).toBe('six-equal');
    phone.unlock(digits(CODE));
    phone.close();
  });
});
