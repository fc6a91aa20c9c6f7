import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/apdu/hex.ts';
import {
  AccessControl,
  CONDITION,
  isVerified,
  type Requester,
  setAuthenticated,
  setVerified,
} from '../../../src/applet/access/access-control.ts';
import { explainCondition } from '../../../src/applet/access/explain.ts';
import type { ReaderStanding } from '../../../src/applet/access/reader-standing.ts';
import type { ReferencedAttribute } from '../../../src/applet/access/security-attribute.ts';
import { SecurityStatus } from '../../../src/applet/access/security-status.ts';
import { Channels } from '../../../src/applet/channels.ts';
import type { CardFile } from '../../../src/applet/files/card-file.ts';
import { Holder } from '../../../src/applet/holder.ts';
import { openImage } from '../../../src/applet/image/card-image.ts';
import { personalise } from '../../../src/applet/image/personalise.ts';
import type { DirectorySpecification, FileSpecification } from '../../../src/applet/image/specification.ts';
import { KeyStore } from '../../../src/applet/keys/key-store.ts';
import { TransactionalNvm } from '../../../src/applet/nvm/transactional-nvm.ts';
import type { Pin } from '../../../src/applet/pin/pin-store.ts';
import { PinStore } from '../../../src/applet/pin/pin-store.ts';
import { SecureChannel } from '../../../src/applet/secure-messaging/secure-channel.ts';
import { nobleHashes } from '../../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { VirtualClock } from '../../../src/hal/virtual/clock.ts';
import { authorizationOf } from '../../../src/secure-channel/index.ts';
import { benchSpecification, code, FREE, reading } from '../bench-card.ts';

/** Rules judged without commands: the tree of files, codes and environments is a card's, the questions are asked here. */

function directory(fid: number, more: Partial<DirectorySpecification> = {}): DirectorySpecification {
  return {
    kind: 'directory',
    fid,
    name: null,
    label: null,
    access: FREE,
    pins: [],
    environments: [],
    children: [],
    ...more,
  };
}

function file(fid: number, more: Partial<FileSpecification> = {}): FileSpecification {
  return {
    kind: 'transparent',
    fid,
    sfi: null,
    access: reading(0xff),
    content: fromHex('00'),
    ...more,
  } as FileSpecification;
}

function ruleFile(fid: number, records: readonly string[], more: Partial<FileSpecification> = {}): FileSpecification {
  return {
    kind: 'linear-variable',
    fid,
    sfi: null,
    access: FREE,
    recordSize: 20,
    capacity: 8,
    records: records.map((record) => fromHex(record)),
    ...more,
  } as FileSpecification;
}

const referenced = (value: string): Partial<FileSpecification> => {
  const attribute = { form: 'referenced', value: fromHex(value) } as const;
  return { attributes: { contact: attribute, contactless: attribute, wired: attribute } };
};

const ALWAYS = '800101 9000';
const NEVER = '800101 9700';

/** MF { 6F06, 1000 { A: codes 81 82; 1100 { 1110 { files } } } }. */
function control(masterFile: Partial<DirectorySpecification> = {}) {
  const spec = { ...benchSpecification(), masterFile: directory(0x3f00, { ...masterFile }) };
  const nvm = new MemoryNvm(personalise(spec, nobleHashes()));
  const image = openImage(nvm);
  const clock = new VirtualClock();
  const holder = new Holder(clock, 60, 2);
  const pins = new PinStore(nvm, nobleHashes(), image.secret, image.pins);
  const keys = new KeyStore(new TransactionalNvm(nvm, null), image.keys, image.trust);
  const access = new AccessControl({ pins, keys }, holder, image.environments, nvm);
  const find = (...path: number[]): CardFile =>
    path.reduce<CardFile>((at, fid) => at.children.get(fid) as CardFile, image.files[0] as CardFile);
  const requester: Requester = {
    cardInterface: 'contact',
    command: { cla: 0, ins: 0xb0, p1: 0, p2: 0 },
    cardSecurity: new SecurityStatus(),
    channelSecurity: new SecurityStatus(),
    presentation: { window: 0 },
    byHolder: -1,
    secureChannel: new SecureChannel(new Channels(image.files[0] as CardFile), new SecurityStatus(), 261),
  };
  const pin = (reference: number): Pin => image.pins.find((each) => each.reference === reference) as Pin;
  return { nvm, access, keys, holder, clock, find, requester, pin };
}

describe('environments', () => {
  const nested = control({
    pins: [code(0x01, '39393939')],
    environments: [
      { id: 1, pin: 0x01, by: 'verify' },
      { id: 2, pin: 0x01, by: 'verify' },
    ],
    children: [
      directory(0x1000, {
        name: fromHex('F001'),
        pins: [code(0x81, '31323334'), code(0x82, '38383838')],
        environments: [
          { id: 1, pin: 0x82, by: 'verify' },
          { id: 3, pin: 0x81, by: 'verify' },
        ],
        children: [directory(0x1100, { children: [directory(0x1110)] })],
      }),
    ],
  });

  it.each([
    ['its own', [0x1000], 3, 0x81],
    ['its own before the one above', [0x1000], 1, 0x82],
    ['the second of its own', [], 2, 0x01],
    ['of the one above', [0x1000], 2, 0x01],
    ['of the nearest of several above', [0x1000, 0x1100, 0x1110], 1, 0x82],
    ['of the farthest above', [0x1000, 0x1100, 0x1110], 2, 0x01],
    ['none', [0x1000, 0x1100, 0x1110], 4, null],
    ['none in the MF', [], 3, null],
  ])('%s', (_, path, id, reference) => {
    const found = nested.access.environment(id, nested.find(...path));
    expect(found?.by === 'verify' ? found.pin.reference : null).toBe(reference);
  });

  it('a condition without one on a card without codes is never met', () => {
    const { access, find, requester } = control();
    expect(access.permits(CONDITION.USER_AUTHENTICATION, find(), requester)).toBe(false);
  });

  it('a condition with one that is not there is never met', () => {
    const { access, find, requester, pin } = nested;
    for (const reference of [0x01, 0x81, 0x82]) setVerified(pin(reference), requester, true);
    expect(access.permits(0x14, find(0x1000), requester)).toBe(false);
    expect(access.permits(0x13, find(0x1000), requester)).toBe(true);
    expect(access.permits(0x13, find(), requester)).toBe(false);
  });

  it('a verification belongs to the card or to the channel, as the code does', () => {
    const { requester, pin } = control({
      pins: [code(0x01, '39393939')],
      children: [directory(0x1000, { name: fromHex('F001'), pins: [code(0x81, '31323334')] })],
    });
    setVerified(pin(0x01), requester, true);
    expect([isVerified(pin(0x01), requester), isVerified(pin(0x81), requester)]).toEqual([true, false]);
    requester.channelSecurity.clear();
    expect(isVerified(pin(0x01), requester)).toBe(true);
    setVerified(pin(0x81), requester, true);
    requester.cardSecurity.clear();
    expect([isVerified(pin(0x01), requester), isVerified(pin(0x81), requester)]).toEqual([false, true]);
  });
});

describe("the holder's window", () => {
  /** The code stands first in the table of codes: its slot is 0. */
  const unlocked = () => {
    const made = control({
      children: [
        directory(0x1000, {
          name: fromHex('F001'),
          pins: [code(0x81, '31323334', { unlocksHolder: true })],
          environments: [{ id: 2, pin: 0x81, by: 'holder' }],
          children: [
            file(0xe001, { access: reading(0x12) }),
            file(0xe002, {
              attributes: { contact: { form: 'expanded', value: fromHex('800101 9E0112') } },
            }),
            file(0xe003),
          ],
        }),
      ],
    });
    made.holder.open(0);
    return made;
  };

  it.each([0xe001, 0xe002])('is noted as what the answer depends on, with the first code of the table (%i)', (fid) => {
    const { access, find, requester } = unlocked();
    expect(access.allows(find(0x1000, fid), 0, requester)).toBe(true);
    expect(requester.byHolder).toBe(0);
  });

  it.each([0xe001, 0xe002])('is not noted when it is closed (%i)', (fid) => {
    const { access, find, requester, holder } = unlocked();
    holder.lock();
    expect(access.allows(find(0x1000, fid), 0, requester)).toBe(false);
    expect(requester.byHolder).toBe(-1);
  });

  it('is not noted where nobody asks for it, before or after somebody did', () => {
    const { access, find, requester } = unlocked();
    expect(access.permits(0x00, find(0x1000), requester)).toBe(true);
    expect(access.permits(0x20, find(0x1000), requester)).toBe(false);
    expect(requester.byHolder).toBe(-1);
    access.allows(find(0x1000, 0xe001), 0, requester);
    requester.byHolder = -1;
    expect(access.permits(0x00, find(0x1000), requester)).toBe(true);
    expect(access.allows(find(0x1000, 0xe003), 0, requester)).toBe(false);
    expect(requester.byHolder).toBe(-1);
  });
});

describe('conditions one by one', () => {
  it('have their answers for the tools that explain', () => {
    const { access, find, requester, pin } = control({ pins: [code(0x01, '39393939')] });
    const judge = access.judgeFor(find(), requester);
    expect(judge.isKeyAuthenticated(1)).toBe(false);
    expect(judge.isSecurelyMessaged()).toBe(false);
    expect(judge.isCodeVerified(0x01)).toBe(false);
    setVerified(pin(0x01), requester, true);
    expect(judge.isCodeVerified(0x01)).toBe(true);
    expect(judge.isCodeVerified(0x02)).toBe(false);
  });

  it.each([
    ['always', 0x00, true],
    ['never', 0xff, false],
    ['a code', 0x10, true],
    ['secure messaging', 0x40, false],
    ['external authentication', 0x20, false],
    ['one of code and secure messaging', 0x50, true],
    ['one of code and external authentication', 0x30, true],
    ['all of code', 0x90, true],
    ['all of code and secure messaging', 0xd0, false],
    ['all of code and external authentication', 0xb0, false],
    ['an environment and nothing else', 0x01, false],
    ['all of nothing', 0x80, false],
  ])('%s', (_, condition, met) => {
    const { access, find, requester, pin } = control({ pins: [code(0x01, '39393939')] });
    setVerified(pin(0x01), requester, true);
    expect(access.permits(condition, find(), requester)).toBe(met);
  });
});

describe('what the reader has shown', () => {
  const AES = {
    uses: ['external-authentication'],
    algorithm: { kind: 'aes', bytes: 16 },
    value: new Uint8Array(16).fill(7),
    ciphers: [],
    tries: 0,
    access: { contact: 0, contactless: 0, wired: 0 },
    generate: { contact: 0xff, contactless: 0xff, wired: 0xff },
  } as const;
  const made = () =>
    control({
      pins: [code(0x01, '39393939')],
      keys: [
        { ...AES, reference: 0x05 },
        { ...AES, reference: 0x06 },
      ],
      environments: [
        { id: 1, pin: 0x01, by: 'verify' },
        { id: 3, by: 'terminal', right: { type: 'AT', right: 'read DG1', byCan: false } },
        { id: 4, by: 'terminal', right: { type: 'AT', right: 'read DG1', byCan: true } },
        { id: 5, by: 'key', key: 0x05 },
        { id: 6, by: 'terminal', right: { type: 'AT', right: null, byCan: false } },
      ],
      children: [
        ruleFile(0x6f06, ['800101 9E0123', '800101 B400', '800101 A406830105950180']),
        file(0xe001, { attributes: { contact: { form: 'expanded', value: fromHex('800101 AF06 9E0123 9E0111') } } }),
        file(0xe002, referenced('6F0601')),
        file(0xe003, referenced('6F0602')),
        file(0xe004, referenced('6F0603')),
        file(0xe005, { access: reading(0x23) }),
      ],
    });
  const CAN = 2;
  const PIN = 3;
  const granted = authorizationOf('AT', 'terminal', ['read DG1']);
  const NO_STANDING: ReaderStanding = {
    isProtected: false,
    password: 0,
    authorization: null,
    chipAuthenticated: false,
  };
  const channel: ReaderStanding = { ...NO_STANDING, isProtected: true, password: CAN };
  const authenticated: ReaderStanding = { ...channel, authorization: granted };
  const complete: ReaderStanding = { ...authenticated, chipAuthenticated: true };
  const standings = {
    nothing: NO_STANDING,
    channel,
    authenticated,
    complete,
    'complete, in clear': { ...complete, isProtected: false },
    'complete, by PIN': { ...complete, password: PIN },
    'another right': { ...complete, authorization: authorizationOf('AT', 'terminal', ['read DG2']) },
    'another type': { ...complete, authorization: authorizationOf('IS', 'terminal', ['read DG3']) },
  } as const;
  type Standing = keyof typeof standings;

  it.each<readonly [condition: number, Standing[]]>([
    [0x40, ['channel', 'authenticated', 'complete', 'complete, by PIN', 'another right', 'another type']],
    [0x20, ['complete', 'complete, by PIN', 'another right', 'another type']],
    [0x21, ['complete', 'complete, by PIN', 'another right', 'another type']],
    [0x23, ['complete', 'complete, by PIN']],
    [0x24, ['complete']],
    [0x25, []],
    [0x26, ['complete', 'complete, by PIN', 'another right']],
    [0x29, []],
    [0x63, ['channel', 'authenticated', 'complete', 'complete, by PIN', 'another right', 'another type']],
    [0xe3, ['complete', 'complete, by PIN']],
    [0xe4, ['complete']],
    [0xb1, []],
    [0x13, []],
    [0xc0, ['channel', 'authenticated', 'complete', 'complete, by PIN', 'another right', 'another type']],
  ])('condition %i is met by a reader with %j', (condition, expected) => {
    const { access, find, requester } = made();
    const met = (Object.keys(standings) as Standing[]).filter((standing) =>
      access.permits(condition, find(), { ...requester, secureChannel: standings[standing] }),
    );
    expect(met).toEqual(expected);
  });

  it('a key counts for its own environment, and for one that names no key', () => {
    const { access, find, requester, keys } = made();
    const [five, six] = keys.all;
    setAuthenticated(six!, requester, true);
    expect([0x25, 0x20, 0x21, 0x23].map((each) => access.permits(each, find(), requester))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    setAuthenticated(five!, requester, true);
    expect(access.permits(0x25, find(), requester)).toBe(true);
    setAuthenticated(five!, requester, false);
    expect(access.permits(0x25, find(), requester)).toBe(false);
    requester.cardSecurity.clear();
    expect(access.permits(0x20, find(), requester)).toBe(false);
  });

  it.each<readonly [fid: number, Standing, boolean]>([
    [0xe001, 'complete', false],
    [0xe002, 'complete', true],
    [0xe002, 'authenticated', false],
    [0xe003, 'nothing', false],
    [0xe003, 'channel', true],
    [0xe004, 'complete', false],
    [0xe005, 'complete', true],
    [0xe005, 'another right', false],
  ])('file %i, expanded, referenced or compact, with %s: %s', (fid, standing, allowed) => {
    const { access, find, requester } = made();
    expect(access.allows(find(fid), 0, { ...requester, secureChannel: standings[standing] })).toBe(allowed);
  });

  it('the code and the terminal together', () => {
    const { access, find, requester, pin } = made();
    setVerified(pin(0x01), requester, true);
    expect(access.allows(find(0xe001), 0, requester)).toBe(false);
    expect(access.allows(find(0xe001), 0, { ...requester, secureChannel: complete })).toBe(true);
  });

  it.each<readonly [Standing, string | null]>([
    ['nothing', 'channel'],
    ['channel', 'terminal-authentication'],
    ['authenticated', 'chip-authentication'],
    ['complete', null],
    ['complete, in clear', 'channel'],
    ['complete, by PIN', 'password'],
    ['another right', 'right'],
    ['another type', 'terminal-type'],
  ])('a reader with %s lacks %s, in words for the tools that explain', (standing, lack) => {
    const { access, find, requester } = made();
    const secureChannel = standings[standing];
    const { condition } = explainCondition(access, 0x24, find(), { ...requester, secureChannel }, lack === null);
    expect(condition).toEqual({
      kind: 'terminal',
      right: { type: 'AT', right: 'read DG1', byCan: true },
      lack,
      satisfied: lack === null,
    });
  });
});

describe('referenced rules', () => {
  const made = control({
    children: [
      ruleFile(0x6f06, [ALWAYS, NEVER]),
      ruleFile(0x6f07, [ALWAYS], { lifeCycle: 'terminated' }),
      ruleFile(0x6f09, [ALWAYS], { lifeCycle: 'deactivated' }),
      file(0x6f08),
      directory(0x1000, {
        children: [
          ruleFile(0x6f06, [NEVER, ALWAYS, 'FFFF']),
          directory(0x1100, {
            children: [
              file(0xe001, referenced('6F0601')),
              file(0xe002, referenced('6F0602')),
              file(0xe003, referenced('6F0603')),
              file(0xe004, referenced('6F0604')),
              file(0xe005, referenced('6F0701')),
              file(0xe006, referenced('6F0801')),
              file(0xe007, referenced('6F0A01')),
              file(0xe008, referenced('6F06 0201')),
              file(0xe009, referenced('6F0901')),
            ],
          }),
        ],
      }),
      file(0xe001, referenced('6F0601')),
    ],
  });
  const attributeOf = (target: CardFile) => target.attributeFor('contact') as ReferencedAttribute;

  it.each([
    ['the nearest file of that name, not the one in the MF', [0x1000, 0x1100, 0xe001], 'found', false],
    ['its second record', [0x1000, 0x1100, 0xe002], 'found', true],
    ['a record that is no rule', [0x1000, 0x1100, 0xe003], 'malformed', false],
    ['a record that is not there', [0x1000, 0x1100, 0xe004], 'no-record', false],
    ['a terminated file', [0x1000, 0x1100, 0xe005], 'file-not-usable', false],
    ['a deactivated file', [0x1000, 0x1100, 0xe009], 'file-not-usable', false],
    ['a file without records', [0x1000, 0x1100, 0xe006], 'no-file', false],
    ['no file', [0x1000, 0x1100, 0xe007], 'no-file', false],
    ['no record for this environment', [0x1000, 0x1100, 0xe008], 'no-record-number', false],
    ['the file in the MF for a file in the MF', [0xe001], 'found', true],
  ])('%s', (_, path, state, permitted) => {
    const { access, find, requester } = made;
    const target = find(...path);
    expect(access.resolve(attributeOf(target), target)).toBe(state);
    expect(access.allows(target, 0, requester)).toBe(permitted);
    expect(access.rulesOf(attributeOf(target), target)).toHaveLength(state === 'found' ? 1 : 0);
  });

  it('are compiled once, and again when any byte of the record is another', () => {
    const { access, find, nvm } = control({
      children: [ruleFile(0x6f06, [ALWAYS]), file(0xe001, referenced('6F0601'))],
    });
    const target = find(0xe001);
    const attribute = attributeOf(target);
    const first = access.rulesOf(attribute, target);
    expect(access.rulesOf(attribute, target)).toBe(first);
    // 80 01 01 90 00 to 80 01 03 90 00 and 80 01 03 97 00, behind the two bytes of its length
    const record = find(0x6f06).data + 2;
    const write = (at: number, value: number) => nvm.write(record + at, Uint8Array.of(value), 0, 1);
    write(2, 0x03);
    const second = access.rulesOf(attribute, target);
    expect(second[0]?.modes).toBe(3);
    expect(access.rulesOf(attribute, target)).toBe(second);
    write(3, 0x97);
    const third = access.rulesOf(attribute, target);
    expect(third).not.toBe(second);
    expect(third[0]?.program).not.toEqual(second[0]?.program);
    write(4, 0x01);
    expect(access.rulesOf(attribute, target)).toEqual([]);
    write(4, 0x00);
    expect(access.rulesOf(attribute, target)).toEqual(third);
  });

  it('of another length are compiled anew', () => {
    const { access, find, nvm } = control({
      children: [ruleFile(0x6f06, [ALWAYS]), file(0xe001, referenced('6F0601'))],
    });
    const target = find(0xe001);
    const attribute = attributeOf(target);
    expect(access.rulesOf(attribute, target)).toHaveLength(1);
    const rules = find(0x6f06);
    // The same first bytes, and one more rule behind them.
    nvm.write(rules.data, Uint8Array.of(0, 10, ...fromHex(`${ALWAYS} 800102 9000`)), 0, 12);
    expect(access.rulesOf(attribute, target)).toHaveLength(2);
    nvm.write(rules.data, Uint8Array.of(0, 0), 0, 2);
    expect(access.rulesOf(attribute, target)).toEqual([]);
  });

  it('may be filled up with FF, whatever their length, but not be FF alone', () => {
    for (const [record, count] of [
      ['800101 9000 FF', 1],
      ['800101 9000 FFFFFF', 1],
      ['FFFFFF', 0],
      ['800101 9EFF', 0],
    ] as const) {
      const { access, find } = control({ children: [ruleFile(0x6f06, [record]), file(0xe001, referenced('6F0601'))] });
      const target = find(0xe001);
      expect(access.rulesOf(attributeOf(target), target)).toHaveLength(count);
    }
  });
});

it('an observer is told every decision with its outcome', () => {
  const { access, find, requester } = control({ children: [file(0xe001, { access: reading(0x00) }), file(0xe002)] });
  const told: unknown[] = [];
  access.observer = {
    decided: (target, operation, _, permitted) => told.push([target.fid, operation, permitted]),
    judged: (condition, target, _, permitted) => told.push([condition, target.fid, permitted]),
  };
  access.allows(find(0xe001), 0, requester);
  access.allows(find(0xe002), 0, requester);
  access.permits(0xff, find(), requester);
  expect(told).toEqual([
    [0xe001, 0, true],
    [0xe002, 0, false],
    [0xff, 0x3f00, false],
  ]);
});
