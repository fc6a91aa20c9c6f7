import { describe, expect, it } from 'vitest';
import { NO_CHANNEL } from '../../../rig/channel/choice.ts';
import type { PlanName } from '../../../rig/tap/options.ts';
import { readOwnApplication } from '../../../rig/tap/own-application.ts';
import { READ_PLANS } from '../../../rig/tap/plan.ts';
import { comparePlans, type PlanComparison, type PlanCost } from '../../../rig/tap/plan-cost.ts';
import { splitObjects, withoutPadding } from '../../../rig/tap/plan-minimal.ts';
import { type CardReading, emptyReading } from '../../../rig/tap/reading.ts';
import { tap } from '../../../rig/tap/tap.ts';
import { CardTerminal } from '../../../rig/tap/terminal.ts';
import { fromHex, toHex } from '../../../src/apdu/hex.ts';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { fakeIo } from '../console/fake-io.ts';
import { answerOf, HOLDER_ALONE, poweredPort, sessionWith } from './card-session.ts';

const CODE = Buffer.from('274916');

interface Read {
  readonly reading: CardReading;
  readonly terminal: CardTerminal;
  readonly headers: readonly string[];
}

async function readWith(session: CardSession, plan: PlanName, code: Uint8Array | null): Promise<Read> {
  const terminal = new CardTerminal(session);
  const reading = emptyReading();
  await readOwnApplication(terminal, reading, code, READ_PLANS[plan]);
  return { reading, terminal, headers: terminal.exchanges.map(({ header }) => header) };
}

async function read(profile: string, cardInterface: CardInterface, plan: PlanName): Promise<Read> {
  const port = await poweredPort(profile, cardInterface);
  const protocol = profile.endsWith('-t0') ? 'T=0' : 'T=1';
  return readWith(sessionWith(answerOf(port), protocol), plan, cardInterface === 'contactless' ? null : CODE);
}

/** What was read, without the way it came: cyclic records are padded when they come one by one. */
function contentOf({ reading }: Read): unknown {
  const { own, signed, refusals, checks, affiliation, beneficiaries, rights, invoices } = reading;
  const bytes = (records: readonly Uint8Array[]): string[] => records.map((record) => toHex(withoutPadding(record)));
  return {
    files: [own!.affiliation, own!.beneficiaries, own!.rights, own!.invoices].map(({ records }) => bytes(records)),
    signature: toHex(own!.signature.data),
    signed: signed!.files.map((records) => bytes(records)),
    decoded: { affiliation, beneficiaries, rights, invoices },
    refusals,
    checks,
  };
}

const CARDS = [
  [HOLDER_ALONE, 'contactless'],
  ['apcv', 'contact'],
  ['vitale2', 'contact'],
  ['vitale2-t0', 'contact'],
] as const;

describe('read plans', () => {
  it.each(CARDS)('%s on %s: both give the same content', async (profile, cardInterface) => {
    const classic = await read(profile, cardInterface, 'classic');
    const minimal = await read(profile, cardInterface, 'minimal');
    expect(classic.reading.invoices).toHaveLength(8);
    expect(contentOf(minimal)).toEqual(contentOf(classic));
    expect(minimal.terminal.exchanges.length).toBeLessThan(classic.terminal.exchanges.length);
  });

  it('minimal after the unlock on the phone: SELECT and one GET DATA', async () => {
    const { headers } = await read(HOLDER_ALONE, 'contactless', 'minimal');
    expect(headers).toEqual(['00A4040C', '00CABF40']);
  });

  it('classic: each record, the end of each file, the signature in two pieces', async () => {
    const { headers } = await read(HOLDER_ALONE, 'contactless', 'classic');
    // 1 affiliation, 3 beneficiaries, 4 rights, 8 invoices; four times that there are no more; SELECT.
    expect(headers.filter((header) => header.startsWith('00B2'))).toHaveLength(1 + 3 + 4 + 8 + 4);
    expect(headers.filter((header) => header.startsWith('00B0'))).toHaveLength(2);
    expect(headers).toHaveLength(23);
  });

  it.each(['classic', 'minimal'] as const)('%s before the code reads nothing and says so', async (plan) => {
    const port = await poweredPort('vitale2', 'contact');
    const { reading, terminal } = await readWith(sessionWith(answerOf(port)), plan, null);
    expect(reading.own).toBeNull();
    expect(reading).toMatchObject({ affiliation: null, beneficiaries: [], invoices: [] });
    expect(reading.refusals).toMatchObject([{ what: 'own application', status: '6982' }]);
    // Status words only, from the first command after SELECT on.
    expect(terminal.exchanges.slice(1).map(({ receivedBytes }) => receivedBytes)).toEqual(
      terminal.exchanges.slice(1).map(() => 2),
    );
  });
});

describe('the minimal plan on other links and cards', () => {
  const expected = async (): Promise<unknown> => contentOf(await read(HOLDER_ALONE, 'contactless', 'classic'));

  it('whose link cuts answers: the rest by GET RESPONSE', async () => {
    // A PN532 as the card carries 262 bytes a response.
    const port = await poweredPort(HOLDER_ALONE, 'contactless', 262);
    const minimal = await readWith(sessionWith(answerOf(port)), 'minimal', null);
    expect(minimal.headers).toEqual(['00A4040C', '00CABF40', ...new Array(4).fill('00C00000')]);
    expect(contentOf(minimal)).toEqual(await expected());
  });

  it('whose card knows no extended length: asked once, then short', async () => {
    const answer = answerOf(await poweredPort(HOLDER_ALONE, 'contactless'));
    const refusing = (command: Uint8Array): Uint8Array => (command.length === 7 ? fromHex('6700') : answer(command));
    const minimal = await readWith(sessionWith(refusing), 'minimal', null);
    expect(minimal.headers.slice(0, 3)).toEqual(['00A4040C', '00CABF40', '00CABF40']);
    expect(contentOf(minimal)).toEqual(await expected());
  });

  it('whose reader carries no extended length', async () => {
    const answer = answerOf(await poweredPort(HOLDER_ALONE, 'contactless'));
    const session = sessionWith((command) => {
      if (command.length === 7) throw new HalError('too-long', 'This reader carries 261 bytes.');
      return answer(command);
    });
    expect(contentOf(await readWith(session, 'minimal', null))).toEqual(await expected());
  });

  it('whose reader fails otherwise: the failure is told', async () => {
    const answer = answerOf(await poweredPort(HOLDER_ALONE, 'contactless'));
    const session = sessionWith((command) => {
      if (command[1] === 0xca) throw new HalError('card-removed', 'the card was taken away');
      return answer(command);
    });
    await expect(readWith(session, 'minimal', null)).rejects.toThrow('the card was taken away');
  });

  it.each([
    ['6D00', 'no GET DATA'],
    ['6A88', 'no such object'],
    ['6A86', 'other parameters'],
    ['6986', 'the common GET DATA'],
    ['6984', 'something else'],
  ])('whose card answers GET DATA with %s (%s): one READ RECORD a file, one READ BINARY', async (status) => {
    const answer = answerOf(await poweredPort(HOLDER_ALONE, 'contactless'));
    const session = sessionWith((command) => (command[1] === 0xca ? fromHex(status) : answer(command)));
    const minimal = await readWith(session, 'minimal', null);
    expect(minimal.headers.slice(2)).toEqual(['00B2010D', '00B20115', '00B2011D', '00B20125', '00B08F00']);
    expect(contentOf(minimal)).toEqual(await expected());
  });

  it('whose card knows no READ RECORD of several: record by record', async () => {
    const answer = answerOf(await poweredPort(HOLDER_ALONE, 'contactless'));
    const session = sessionWith((command) => {
      if (command[1] === 0xca) return fromHex('6D00');
      if (command[1] === 0xb2 && (command[3]! & 7) === 5) return fromHex('6A86');
      return answer(command);
    });
    expect(contentOf(await readWith(session, 'minimal', null))).toEqual(await expected());
  });

  it('whose object is nonsense: the files are read', async () => {
    const answer = answerOf(await poweredPort(HOLDER_ALONE, 'contactless'));
    const session = sessionWith((command) =>
      command[1] === 0xca ? fromHex('E3820FFF 9000'.replace(' ', '')) : answer(command),
    );
    expect(contentOf(await readWith(session, 'minimal', null))).toEqual(await expected());
  });
});

describe('data objects in a row', () => {
  it.each([
    ['E10101E20102', ['E10101', 'E20102']],
    ['E10101FFFFE2010200', ['E10101', 'E20102']],
    ['5F200101', ['5F200101']],
    ['', []],
    // Longer than there is; a length of no known form.
    ['E10501', null],
    ['E18501', null],
  ])('%s', (hex, objects) => {
    expect(splitObjects(fromHex(hex))?.map((object) => toHex(object)) ?? null).toEqual(objects);
  });

  it('a record that is none stays whole', () => {
    expect(toHex(withoutPadding(fromHex('010203FF')))).toBe('010203FF');
    expect(toHex(withoutPadding(fromHex('E101AAFFFF')))).toBe('E101AA');
  });
});

describe('what plans cost', () => {
  const LINK = { protocol: 'T=1', carriesAll: true };

  const comparison = ({ reading, terminal }: Read, plan: PlanName, link = LINK): PlanComparison =>
    comparePlans(plan, terminal.exchanges, reading.own!, link);
  const cost = ({ costs }: PlanComparison, name: PlanName): PlanCost => costs.find(({ plan }) => plan === name)!;

  it.each(CARDS.slice(0, 3))('%s on %s: what is predicted is what is exchanged', async (profile, cardInterface) => {
    const classic = comparison(await read(profile, cardInterface, 'classic'), 'classic');
    const minimal = comparison(await read(profile, cardInterface, 'minimal'), 'minimal');
    for (const name of ['classic', 'minimal'] as const) {
      const ran = cost(name === 'classic' ? classic : minimal, name);
      const told = cost(name === 'classic' ? minimal : classic, name);
      expect([ran.basis, told.basis]).toEqual(['exchanged', 'predicted']);
      expect({ ...told, basis: ran.basis }).toEqual(ran);
    }
    expect(minimal.dataBytes).toBe(classic.dataBytes);
  });

  it.each(CARDS)('%s on %s: minimal carries no more than 1.15 of the data', async (profile, cardInterface) => {
    const link = { ...LINK, protocol: profile.endsWith('-t0') ? 'T=0' : 'T=1' };
    const { carriedRatio } = cost(
      comparison(await read(profile, cardInterface, 'minimal'), 'minimal', link),
      'minimal',
    );
    expect(carriedRatio).toBeGreaterThan(1);
    expect(carriedRatio).toBeLessThanOrEqual(1.15);
  });

  it('after the unlock on the phone, at 848 kbit/s: within 1.05 of one exchange with the data', async () => {
    const compared = comparison(await read(HOLDER_ALONE, 'contactless', 'minimal'), 'minimal');
    const [at106, at848] = cost(compared, 'minimal').air;
    expect([at106!.kbitPerSecond, at848!.kbitPerSecond]).toEqual([106, 848]);
    expect(at848!.microseconds / compared.floor[1]!.microseconds).toBeLessThanOrEqual(1.05);
    expect(at106!.microseconds / compared.floor[0]!.microseconds).toBeLessThanOrEqual(1.05);
  });

  it('over T=0, and where a link may cut answers, it says at least', async () => {
    const t0 = await read('vitale2-t0', 'contact', 'minimal');
    expect(cost(comparison(t0, 'minimal', { protocol: 'T=0', carriesAll: true }), 'classic').basis).toBe('at least');
    const classic = await read(HOLDER_ALONE, 'contactless', 'classic');
    const over = { protocol: 'ISO-DEP', carriesAll: false };
    expect(cost(comparison(classic, 'classic', over), 'minimal').basis).toBe('at least');
    const minimal = await read(HOLDER_ALONE, 'contactless', 'minimal');
    expect(cost(comparison(minimal, 'minimal', over), 'classic').basis).toBe('predicted');
  });

  it('is shown by tap --plan, and in its JSON', async () => {
    const options = {
      reader: { driver: 'loopback' },
      card: { kind: 'profile', name: 'apcv' },
      interface: null,
      sequence: 'own',
      plan: 'minimal',
      pin: { file: null, ask: false },
      record: { file: null, keepSecrets: false },
      timeoutMs: 1000,
    } as const;
    const env = { VITAP_PIN: '274916', VITAP_CAN: '161803' };
    const io = fakeIo({ env });
    expect(await tap({ ...options, channel: NO_CHANNEL }, io)).toBe(0);
    expect(io.out.join('')).toMatch(/minimal {2}exchanged {10}2 +58 +1333 +1\.087/);
    const json = fakeIo({ env, json: true });
    expect(await tap({ ...options, channel: NO_CHANNEL }, json)).toBe(0);
    expect(JSON.parse(json.out.join('')).plans).toMatchObject({
      dataBytes: 1280,
      costs: [
        { plan: 'classic', basis: 'predicted', exchanges: 23 },
        { plan: 'minimal', basis: 'exchanged', exchanges: 2 },
      ],
    });
    // Nothing was read, so nothing can be compared.
    const locked = fakeIo({ json: true });
    expect(await tap(options, locked)).toBe(0);
    expect(JSON.parse(locked.out.join(''))).not.toHaveProperty('plans');
  });
});
