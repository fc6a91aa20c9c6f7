import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import { IssuerDouble } from './issuer-double.ts';
import {
  activate,
  CODE,
  digits,
  imageOf,
  invoice,
  keysIn,
  phonesInTest,
  refusal,
  secretsIn,
  world,
} from './phone-in-test.ts';

const here = phonesInTest();

describe('wipe', () => {
  it('leaves nothing of a person and no key in the image, and a new activation begins anew', async () => {
    const issuer = new IssuerDouble();
    const phone = await here.activated(issuer);
    issuer.offered.push({ id: 1, invoice: invoice(1) });
    await phone.sync(issuer);
    expect(secretsIn(here.folder).length).toBeGreaterThan(4);
    const keys = keysIn(here.folder);
    const can = Buffer.from(phone.view().can as string);
    expect(keys).toHaveLength(3);
    expect([...keys, can].filter((each) => !imageOf(here.folder).includes(each))).toEqual([]);
    phone.wipe();
    phone.wipe();
    expect(secretsIn(here.folder)).toEqual([]);
    expect([...keys, can].filter((each) => imageOf(here.folder).includes(each))).toEqual([]);
    expect((await refusal(() => phone.unlock(digits(CODE)))).code).toBe('wiped');
    phone.close();
    const again = Phone.open(here.folder, world);
    expect(again.view()).toMatchObject({ life: 'wiped', triesLeft: null, can: null, endedBecause: 'wiped here' });
    expect((await activate(again, issuer)).number).toBe(2);
    again.close();
  });

  it('one that was noted and not carried out is carried out when the phone is opened', async () => {
    (await here.activated()).close();
    const path = join(here.folder, 'phone.json');
    const state = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...state, life: 'revoked', endedBecause: 'lost' }));
    expect(secretsIn(here.folder).length).toBeGreaterThan(4);
    const phone = Phone.open(here.folder, world);
    expect(phone.view().life).toBe('revoked');
    phone.close();
    expect(secretsIn(here.folder)).toEqual([]);
  });
});
