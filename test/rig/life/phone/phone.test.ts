import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { bootCard } from '../../../../rig/card/open.ts';
import { IssuerUnreachable } from '../../../../rig/life/api/issuer-refused.ts';
import { CardSide } from '../../../../rig/life/phone/card-side.ts';
import type { PhoneWorld } from '../../../../rig/life/phone/held-card.ts';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import { PHONE_STATE } from '../../../../rig/life/phone/phone-state.ts';
import { PhoneRefusal } from '../../../../rig/life/phone/refusals.ts';
import { type WeakCode, weaknessOf } from '../../../../rig/life/phone/weak-code.ts';
import { fromHex, toHex } from '../../../../src/apdu/hex.ts';
import { openImage } from '../../../../src/applet/image/card-image.ts';
import { KEY } from '../../../../src/applet/image/layout.ts';
import type { Invoice } from '../../../../src/applet/vitale/index.ts';
import { FileNvm } from '../../../../src/hal/nvm/file.ts';
import { MemoryNvm } from '../../../../src/hal/nvm/memory.ts';
import { PowerLoss, PowerLossNvm } from '../../../../src/hal/nvm/power-loss.ts';
import type { Nvm } from '../../../../src/hal/nvm.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { crypto } from './blank-card.ts';
import { deadAt, IssuerDouble } from './issuer-double.ts';

const root = mkdtempSync(join(tmpdir(), 'vitap-phone-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const TICKET = 'application:1.right';
const CODE = '385127';
const world: PhoneWorld = {
  crypto,
  random: systemRandom,
  clock: systemClock,
  onFault: (fault) => {
    throw fault;
  },
};

let folder: string;
let count = 0;
beforeEach(() => {
  folder = join(root, `phone${count++}`);
});

const issuerless = (): never => {
  throw new Error('nobody is asked');
};
const digits = (text: string): Uint8Array => new TextEncoder().encode(text);

async function activate(phone: Phone, issuer: IssuerDouble, code = CODE) {
  return phone.activate({ ticket: TICKET, issuer, newCode: () => Promise.resolve(digits(code)), test: false });
}

async function activated(issuer = new IssuerDouble()): Promise<Phone> {
  const phone = Phone.open(folder, world);
  await activate(phone, issuer);
  return phone;
}

async function refusal(run: () => unknown): Promise<PhoneRefusal> {
  try {
    await run();
  } catch (error) {
    if (error instanceof PhoneRefusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('activation', () => {
  it('makes a folder for its owner alone, with a card that works and a state without a secret', async () => {
    const issuer = new IssuerDouble();
    const phone = Phone.open(folder, world);
    expect(phone.view().life).toBe('blank');
    const { number, puk } = await activate(phone, issuer);
    expect(number).toBe(1);
    expect(puk).toMatch(/^[0-9]{8}$/);
    expect(phone.view()).toMatchObject({ life: 'active', number: 1, triesLeft: 3, window: null, endedBecause: null });
    expect(phone.view().can).toMatch(/^[0-9]{6}$/);
    expect(issuer.active).toBe(1);
    phone.close();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).sort()).toEqual(['phone.img', 'phone.json']);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    const text = readFileSync(join(folder, 'phone.json'), 'utf8');
    expect(PHONE_STATE.parse(JSON.parse(text)).life).toBe('active');
    for (const secret of ['ADRUN', '2751263220749', CODE, puk as string]) expect(text).not.toContain(secret);
  });

  it('two phones have nothing in common: CAN, PUK, serial number', async () => {
    const issuer = new IssuerDouble();
    const one = Phone.open(folder, world);
    const first = await activate(one, issuer);
    const two = Phone.open(join(root, 'two'), world);
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
    const phone = await activated();
    expect((await refusal(() => activate(phone, new IssuerDouble()))).code).toBe('active-already');
    expect((await refusal(() => phone.sync({ origin: 'http://other.test', connect: () => issuerless() }))).code).toBe(
      'another-issuer',
    );
    expect(() => Phone.open(folder, world)).toThrow(/in use/);
    phone.close();
    const foreign = mkdtempSync(join(root, 'foreign-'));
    writeFileSync(join(foreign, 'letter.txt'), 'mine');
    expect(() => Phone.open(foreign, world)).toThrow("is no phone's folder");
    writeFileSync(join(folder, 'phone.json'), '{"life":"active"}');
    expect(() => Phone.open(folder, world)).toThrow('is not what a phone wrote there');
  });

  it('that is damaged in any way says what its holder can do: another phone, and no build of a card', async () => {
    const cure = /; `vitap phone activate` with another folder \(--phone\) ends its card and makes a new one$/;
    const phone = await activated();
    phone.close();
    const [image, state] = [join(folder, 'phone.img'), join(folder, 'phone.json')];
    const [card, note] = [readFileSync(image), readFileSync(state)];
    const changed = Uint8Array.from(card);
    changed.fill(0x55, -8);
    for (const bytes of [new Uint8Array(0), card.subarray(0, 30), card.subarray(0, 1000), changed]) {
      writeFileSync(image, bytes);
      expect(() => Phone.open(folder, world)).toThrow(cure);
    }
    rmSync(image);
    expect(() => Phone.open(folder, world)).toThrow(cure);
    writeFileSync(image, card);
    for (const text of ['{', '{"format":"vitap phone","version":1}', null]) {
      if (text === null) rmSync(state);
      else writeFileSync(state, text);
      expect(() => Phone.open(folder, world)).toThrow(cure);
    }
    writeFileSync(state, note);
    Phone.open(folder, world).close();
  });

  it('asks again for a weak code, with the reason, and keeps none that was refused', async () => {
    const phone = Phone.open(folder, world);
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
    const phone = Phone.open(folder, world);
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
    (await activated(whole)).close();
    const calls = counted.calls();
    expect(calls).toBeGreaterThan(40);
    // Each of the first and last calls, and some of the many of the relays.
    const places = Array.from({ length: calls }, (_, i) => i).filter((i) => i < 4 || i > calls - 4 || i % 23 === 0);
    for (const when of ['before', 'after'] as const) {
      for (const place of places) {
        const at = join(root, `cut-${when}-${place}`);
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
    const phone = Phone.open(folder, world);
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
    const phone = await activated();
    expect((await refusal(() => phone.changeCode(digits(CODE), digits('751231')))).reason).toBe('birth-date');
    const wrong = await refusal(() => phone.changeCode(digits('385128'), digits('529173')));
    expect([wrong.code, wrong.triesLeft]).toEqual(['wrong-code', 2]);
    await phone.changeCode(digits(CODE), digits('529173'));
    expect(phone.view().window).toBeNull();
    phone.unlock(digits('529173'));
    phone.close();
  });

  it('blocked after three wrong ones, the PUK sets a new one', async () => {
    const phone = Phone.open(folder, world);
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

describe('the PUK', () => {
  const inFolder = (puk: string): string[] =>
    readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(puk));

  it('stays in the card, after the code, until it is noted; then it is in no byte of the image', async () => {
    const phone = Phone.open(folder, world);
    const { puk } = await activate(phone, new IssuerDouble());
    phone.close();
    expect(inFolder(puk as string)).toEqual(['phone.img']);
    const again = Phone.open(folder, world);
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
    const phone = await activated();
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
    const phone = Phone.open(folder, world);
    const { puk } = await activate(phone, new IssuerDouble());
    await phone.unblock(digits(puk as string), digits('529173'));
    expect(phone.view().pukDue).toBe(false);
    phone.close();
    expect(inFolder(puk as string)).toEqual([]);
  });

  it('of an activation that was cut after the code was chosen comes after the code', async () => {
    const issuer = new IssuerDouble();
    const phone = Phone.open(folder, world);
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
    const phone = Phone.open(folder, world);
    const { puk } = await activate(phone, new IssuerDouble());
    phone.close();
    const image = imageOf(folder);
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
    const due = readFileSync(join(folder, 'phone.json'));
    const noted = Phone.open(folder, world);
    noted.pukNoted();
    noted.close();
    writeFileSync(join(folder, 'phone.json'), due);
    const behind = Phone.open(folder, world);
    expect([behind.view().pukDue, await behind.puk(digits(CODE)), behind.view().pukDue]).toEqual([true, null, false]);
    behind.close();
  });
});

describe('a birth date with the PUK', () => {
  const birth = '311275';
  const left = 'it is a birth date of somebody on the card; the code is blocked until the PUK sets another one';

  it.each<[string, number]>([
    ['blocked', 3],
    ['not blocked', 0],
  ])('is not set: a code that was %s is blocked afterwards, and the PUK sets another one', async (_, wrong) => {
    const phone = Phone.open(folder, world);
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
    const phone = Phone.open(folder, world);
    const { puk } = await activate(phone, new IssuerDouble());
    expect((await refusal(() => phone.unblock(digits(puk as string), digits('111111')))).reason).toBe('six-equal');
    phone.unlock(digits(CODE));
    phone.close();
  });
});

describe('half a phone', () => {
  it.each([
    ['is missing', null],
    ['knows of no card', { life: 'blank' }],
  ])('phone.json %s beside an image: damaged, and the card stays', async (words, change) => {
    (await activated()).close();
    const path = join(folder, 'phone.json');
    const state = readFileSync(path, 'utf8');
    const image = readFileSync(join(folder, 'phone.img'));
    if (change === null) rmSync(path);
    else writeFileSync(path, JSON.stringify({ ...JSON.parse(state), ...change }));
    expect(() => Phone.open(folder, world)).toThrow(new RegExp(`phone\\.json ${words}`));
    expect(readFileSync(join(folder, 'phone.img')).equals(image)).toBe(true);
    writeFileSync(path, state);
    const again = Phone.open(folder, world);
    again.unlock(digits(CODE));
    again.close();
  });

  it('phone.json of a newer vitap is said to be one, and both files stay', async () => {
    (await activated()).close();
    const path = join(folder, 'phone.json');
    const image = readFileSync(join(folder, 'phone.img'));
    const newer = JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), version: 2, more: true });
    writeFileSync(path, newer);
    expect(() => Phone.open(folder, world)).toThrow(/a newer vitap wrote this, in version 2; this one reads version 1/);
    expect(readFileSync(path, 'utf8')).toBe(newer);
    expect(readFileSync(join(folder, 'phone.img')).equals(image)).toBe(true);
  });

  it('an active phone.json without its image: damaged, also beside a socket that was left', async () => {
    (await activated()).close();
    rmSync(join(folder, 'phone.img'));
    expect(() => Phone.open(folder, world)).toThrow(/phone\.img is missing/);
    writeFileSync(join(folder, 'holder.sock'), '');
    expect(() => Phone.open(folder, world)).toThrow(/phone\.img is missing/);
    expect(readdirSync(folder).sort()).toEqual(['holder.sock', 'phone.json']);
  });
});

const invoice = (number: number): Invoice => ({
  number: String(number).padStart(9, '0'),
  date: '20261129',
  beneficiaryIndex: 1,
  professionalId: '999900034',
  professionalName: 'CABINET DES TILLEULS',
  total: 3000,
  amo: 1900,
  amc: 900,
  patient: 200,
  thirdParty: true,
  status: 'recorded',
});

describe('sync', () => {
  it('brings claims onto the card once each, and keeps the newest twenty', async () => {
    const issuer = new IssuerDouble();
    const phone = await activated(issuer);
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
    const phone = await activated(issuer);
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
    const old = await activated(issuer);
    const fresh = Phone.open(join(root, 'fresh'), world);
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
    expect(secretsIn(folder)).toEqual([]);
    fresh.close();
  });

  it('a wipe waits for no answer of the issuer', async () => {
    const issuer = new IssuerDouble();
    const old = await activated(issuer);
    const fresh = Phone.open(join(root, 'fresh2'), world);
    await activate(fresh, issuer);
    fresh.close();
    issuer.before = (call) => {
      if (call === 'wiped') deadAt(issuer, 0, 'before');
      issuer.before('');
    };
    deadAt(issuer, 1, 'before');
    expect(await old.sync(issuer)).toMatchObject({ life: 'revoked', acknowledged: false });
    old.close();
    expect(secretsIn(folder)).toEqual([]);
  });

  it('a presence stands in the card for NFC', async () => {
    const issuer = new IssuerDouble();
    const phone = await activated(issuer);
    const { presence } = await phone.presence(digits(CODE), ['insured'], issuer);
    expect(presence).toBe('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567');
    expect(phone.view().window).toBeNull();
    phone.close();
    expect(imageOf(folder).includes('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')).toBe(true);
  });
});

describe('wipe', () => {
  it('leaves nothing of a person and no key in the image, and a new activation begins anew', async () => {
    const issuer = new IssuerDouble();
    const phone = await activated(issuer);
    issuer.offered.push({ id: 1, invoice: invoice(1) });
    await phone.sync(issuer);
    expect(secretsIn(folder).length).toBeGreaterThan(4);
    const keys = keysIn(folder);
    const can = Buffer.from(phone.view().can as string);
    expect(keys).toHaveLength(3);
    expect([...keys, can].filter((each) => !imageOf(folder).includes(each))).toEqual([]);
    phone.wipe();
    phone.wipe();
    expect(secretsIn(folder)).toEqual([]);
    expect([...keys, can].filter((each) => imageOf(folder).includes(each))).toEqual([]);
    expect((await refusal(() => phone.unlock(digits(CODE)))).code).toBe('wiped');
    phone.close();
    const again = Phone.open(folder, world);
    expect(again.view()).toMatchObject({ life: 'wiped', triesLeft: null, can: null, endedBecause: 'wiped here' });
    expect((await activate(again, issuer)).number).toBe(2);
    again.close();
  });

  it('one that was noted and not carried out is carried out when the phone is opened', async () => {
    (await activated()).close();
    const path = join(folder, 'phone.json');
    const state = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...state, life: 'revoked', endedBecause: 'lost' }));
    expect(secretsIn(folder).length).toBeGreaterThan(4);
    const phone = Phone.open(folder, world);
    expect(phone.view().life).toBe('revoked');
    phone.close();
    expect(secretsIn(folder)).toEqual([]);
  });
});

/** Names, NIRs and birth dates of the card's people, as text, in two bytes a character, and packed; and an invoice's name. */
const SECRETS: readonly (readonly [name: string, bytes: Buffer])[] = [
  'ADRUN',
  'ZOE',
  'ECETINSI',
  '2751263220749',
  '1090763220834',
  '19751231',
  'CABINET DES TILLEULS',
].flatMap((word) => [
  [word, Buffer.from(word)] as const,
  [`${word} UTF-16`, Buffer.from(word, 'utf16le')] as const,
  [`${word} UTF-16BE`, Buffer.from(word, 'utf16le').swap16()] as const,
  ...(/^[0-9]+$/.test(word)
    ? [
        [`${word} BCD`, Buffer.from(word.length % 2 === 0 ? word : `0${word}`, 'hex')] as const,
        [`${word} BCD F`, Buffer.from(word.length % 2 === 0 ? word : `${word}F`, 'hex')] as const,
      ]
    : []),
]);

function imageOf(at: string): Buffer {
  return bytesOf(FileNvm.load(join(at, 'phone.img')));
}

function bytesOf(nvm: Nvm): Buffer {
  const bytes = Buffer.alloc(nvm.size);
  nvm.read(0, bytes, 0, bytes.length);
  return bytes;
}

/** The card in this memory, as the phone has it. */
function sideOf(nvm: Nvm): CardSide {
  const onFault = (fault: unknown): never => {
    throw fault;
  };
  return new CardSide(bootCard(nvm, 'phone', null, { onFault }, crypto), () => systemClock.nowNs());
}

/** Private keys that the image holds. */
function keysIn(at: string): Buffer[] {
  const image = imageOf(at);
  const { keys } = openImage(new MemoryNvm(Uint8Array.from(image)));
  return keys.map(({ address }) => Buffer.from(image.subarray(address + KEY.VALUE, address + KEY.VALUE + 32)));
}

/** Secrets that any file of the folder holds. */
function secretsIn(at: string): string[] {
  const files = readdirSync(at).map((name) => readFileSync(join(at, name)));
  return SECRETS.filter(([, bytes]) => files.some((file) => file.includes(bytes))).map(([name]) => name);
}
