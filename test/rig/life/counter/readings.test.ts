import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChannelAccount } from '../../../../rig/channel/open-channel.ts';
import type { CardContent } from '../../../../rig/life/counter/card-content.ts';
import { CounterFolder } from '../../../../rig/life/counter/counter-folder.ts';
import { CounterFailure } from '../../../../rig/life/counter/failures.ts';
import { FollowUps } from '../../../../rig/life/counter/follow-ups.ts';
import { readingOfCard } from '../../../../rig/life/counter/from-card.ts';
import { readingOfOfflineCode } from '../../../../rig/life/counter/offline-code.ts';
import { readingInWords } from '../../../../rig/life/counter/presentation.ts';
import { type CounterReading, isRefused, judged, masked, READING } from '../../../../rig/life/counter/reading.ts';
import { readingOfPresence } from '../../../../rig/life/counter/resolve-presence.ts';
import { CounterTrust, type ListAtHand } from '../../../../rig/life/counter/trust.ts';
import {
  content,
  crypto,
  DAY,
  holder,
  ISSUER,
  innerCwt,
  issuer,
  keyPair,
  NOW,
  offlineQr,
  people,
  statusList,
} from '../credential/card.ts';
import { IssuerDouble } from './issuer-double.ts';

let folder: CounterFolder;
beforeEach(() => {
  folder = new CounterFolder(mkdtempSync(join(tmpdir(), 'vitap-readings-')));
});
afterEach(() => rmSync(folder.path, { recursive: true }));

const time = { at: new Date((NOW + 5) * 1000), rightsOn: '20261129' };

function trustIn(list: ReturnType<typeof statusList> | null, from: ListAtHand['from'] = 'file'): CounterTrust {
  const atHand = list === null ? null : { list, from };
  const issuers = [{ issuer: ISSUER, publicKey: issuer.publicKey }];
  return new CounterTrust(issuers, { newest: async () => atHand, warnings: () => [] }, crypto);
}

async function failure(made: Promise<unknown>): Promise<CounterFailure> {
  const error = await made.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CounterFailure)) throw new Error(`not refused: ${String(error)}`);
  return error;
}

const offline = async (
  text: Promise<string> | string,
  trust: CounterTrust = trustIn(statusList()),
  acceptUnchecked = false,
): Promise<CounterReading> => readingOfOfflineCode(await text, trust, crypto, null, folder, time, acceptUnchecked);

describe('an offline code', () => {
  it('says who is here, since when that is known, and how old the list is', async () => {
    const reading = READING.parse(await offline(offlineQr()));
    expect(reading.people.map(({ firstName, open }) => [firstName, open])).toEqual([
      ['ZOÉ', true],
      ['JEAN-BAPTISTE', true],
      ['MARIE', true],
    ]);
    expect(reading.known).toEqual({ from: 'signature', since: new Date((NOW - 30 * DAY) * 1000).toISOString() });
    // The list is an hour old when the code is made, and is read 5 s later; it is good for half a day.
    expect(reading.activation).toEqual({
      state: 'active',
      list: {
        from: 'file',
        issuedAt: new Date((NOW - 3600) * 1000).toISOString(),
        ageSeconds: 3605,
        goodForSeconds: DAY / 2,
        stale: false,
      },
    });
    expect(reading.warnings).toEqual([]);
    const words = readingInWords(reading);
    expect(words).toContain(
      '  signed by the issuer 2026-10-30 12:00:00 UTC, 30 days ago: rights may have changed since\n',
    );
    expect(words).toContain('PASS          activation: active, by a list from a file, 60 min old\n');
    expect(masked(reading).people[0]).toMatchObject({ firstName: '***', usualName: '***', birthDate: '***' });
  });

  it('leaves what a claim may follow, without a name in clear', async () => {
    const reading = await offline(offlineQr());
    const { proof, issuer: to } = new FollowUps(folder).find('last');
    expect(to).toBe(ISSUER);
    expect(proof).toMatchObject({ kind: 'offline QR', tokenId: reading.followUp?.id });
    const [file] = readdirSync(join(folder.path, 'readings'));
    expect(readFileSync(join(folder.path, 'readings', file as string), 'utf8')).not.toContain('ADRENE');
  });

  it('is used once at this counter, also after a restart', async () => {
    const text = await offlineQr();
    await offline(text);
    folder = new CounterFolder(folder.path);
    expect(await failure(offline(text))).toMatchObject({ code: 'qr-refused', reason: 'used', exitCode: 1 });
  });

  it.each([
    [
      'of a revoked card',
      () => offlineQr(),
      [[1234, 1]],
      'revoked',
      /^the card is revoked, by a list from a file, 60 min old$/,
    ],
    ['of a suspended card', () => offlineQr(), [[1234, 2]], 'suspended', /^the card is suspended, by /],
    ['from a minute before', () => offlineQr({ now: NOW - 120 }), [], 'expired', /has expired/],
    ['of another issuer', () => offlineQr({ inner: innerCwt({}, keyPair(7)) }), [], 'other-issuer', /not trusted/],
    ['by another key', () => offlineQr({ signer: keyPair(9) }), [], 'altered', /altered/],
  ] as const)('%s is refused, and used up nothing', async (_, text, revoked, reason, words) => {
    const error = await failure(offline(text(), trustIn(statusList(revoked))));
    expect(error).toMatchObject({ code: 'qr-refused', reason, exitCode: 1 });
    expect(error.message).toMatch(words);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('with a stale list says how stale it is, and a stale list still revokes', async () => {
    const old = { issuedAt: NOW - 3 * DAY, expires: NOW - DAY };
    const reading = await offline(offlineQr(), trustIn(statusList([], old), 'cache'));
    expect(reading.activation.list).toMatchObject({ from: 'cache', ageSeconds: 3 * DAY + 5, stale: true });
    expect(reading.warnings).toEqual([
      'the list of states is stale: it is 259205 s old, and is good for 43200 s; a card revoked since then is not noticed',
    ]);
    expect(readingInWords(reading)).toContain('by the list kept here, 3 days old (STALE)');
    const error = await failure(offline(offlineQr(), trustIn(statusList([[1234, 1]], old))));
    expect(error.reason).toBe('revoked');
  });

  it('without a list shows nobody and is not used up; told to, it is read, and the reading says that nobody looked', async () => {
    const text = await offlineQr();
    const error = await failure(offline(text, trustIn(null)));
    expect(error).toMatchObject({ code: 'activation-unknown', exitCode: 1 });
    const reading = await offline(text, trustIn(null), true);
    expect(reading.activation).toEqual({ state: 'not checked', list: null });
    expect(reading.warnings).toEqual(['the activation was not looked up: no list of states is at hand']);
  });
});

describe('a presence', () => {
  const PRESENCE = 'VP1:ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const resolve = (double: IssuerDouble): Promise<CounterReading> =>
    readingOfPresence(PRESENCE, 'presence QR', double, 'http://127.0.0.1:1', folder, time);

  it('gives what the issuer tells now, and a context that a claim may follow; the token is shown to nobody', async () => {
    const reading = READING.parse(await resolve(new IssuerDouble()));
    expect(reading).toMatchObject({
      way: 'presence QR',
      known: { from: 'issuer', since: time.at.toISOString() },
      activation: { state: 'active', list: null },
      followUp: { kind: 'context', id: 'context-1', expiresAt: '2026-11-29T12:05:00.000Z' },
    });
    expect(JSON.stringify(reading) + readingInWords(reading)).not.toContain('secret-token');
    expect(new FollowUps(folder).find('context-1').proof).toMatchObject({ token: 'secret-token-of-context-1' });
  });

  it('after a lost answer is the same request, also for another process', async () => {
    const double = new IssuerDouble();
    double.fault = 'answer lost';
    expect(await failure(resolve(double))).toMatchObject({ code: 'issuer-silent', exitCode: 2 });
    double.fault = null;
    folder = new CounterFolder(folder.path);
    expect((await resolve(double)).people).toHaveLength(2);
    expect(new Set(double.asked).size).toBe(1);
    expect(readdirSync(join(folder.path, 'requests'))[0]).not.toContain('ABCDEF');
  });

  it('of two readers that race for one phone goes to the first; the other is told', async () => {
    const double = new IssuerDouble();
    await resolve(double);
    const first = folder;
    folder = new CounterFolder(mkdtempSync(join(tmpdir(), 'vitap-readings-')));
    const error = await failure(resolve(double));
    rmSync(first.path, { recursive: true });
    expect(error).toMatchObject({ code: 'issuer-refuses', reason: 'presence-used', exitCode: 1 });
    expect(error.message).toBe('the issuer refuses: this presence was used already');
  });
});

describe('a tap', () => {
  const account: ChannelAccount = {
    ...({ mapping: 'GM', cipher: 'AES-128', curve: 'brainpoolP256r1' } as unknown as ChannelAccount),
    password: 'CAN',
    passwordStatus: 0x9000,
    terminal: { name: 'FRVITAPAT00001', chain: [], rights: [] },
    chip: { by: 'chip authentication', signer: 'CN=Vitap test document signer' },
  };

  async function card(change: Partial<CardContent> = {}): Promise<CardContent> {
    const { affiliation } = content();
    return { people: people(3), affiliation, invoices: null, signed: null, credential: await innerCwt(), ...change };
  }

  const tapped = async (held: Promise<CardContent>, trust: CounterTrust | null): Promise<CounterReading> =>
    readingOfCard(await held, account, time, trust, crypto);

  it('of the active card looks its state up by the credential on the card', async () => {
    const reading = READING.parse(await tapped(card(), trustIn(statusList())));
    expect(reading.activation.state).toBe('active');
    expect(isRefused(reading)).toBe(false);
  });

  it('of a revoked card shows nobody', async () => {
    const reading = await tapped(card(), trustIn(statusList([[1234, 1]])));
    expect(reading.activation.state).toBe('revoked');
    expect(isRefused(reading)).toBe(true);
    const words = readingInWords(judged(reading));
    expect(words).toContain('Nobody is shown: a check failed');
    expect(words).toContain('FAIL          activation: REVOKED, by a list from a file, 60 min old');
    expect(words).not.toMatch(/ADRENE|ZOÉ/);
  });

  it.each([
    ['other people', card({ people: people(2) }), /not those of the files/],
    ['a name changed', card({ people: people(3, 'each') }), /not those of the files/],
    [
      'another affiliation',
      card({ affiliation: { ...content().affiliation, caisse: '349' } }),
      /not those of the files/,
    ],
    [
      'a credential of another issuer',
      innerCwt({}, keyPair(7)).then((credential) => card({ credential })),
      /not trusted/,
    ],
    ['a credential that is none', card({ credential: Uint8Array.of(1, 2, 3) }), /damaged/],
    ['an expired credential', innerCwt({ expires: NOW }).then((credential) => card({ credential })), /have expired/],
  ])('of a card with %s is refused', async (_, held, words) => {
    const reading = await tapped(held, trustIn(statusList()));
    expect(isRefused(reading)).toBe(true);
    expect(reading.checks.find(({ verdict }) => verdict === 'fail')?.detail).toMatch(words);
  });

  it.each([
    ['nobody’s keys', card(), null, /the issuer’s keys were not given/],
    ['no credential', card({ credential: null }), trustIn(statusList()), /holds no credential/],
    ['no list', card(), trustIn(null), /no list of states/],
  ])('with %s says that nobody looked', async (_, held, trust, words) => {
    const reading = await tapped(held, trust);
    expect(reading.activation.state).toBe('not checked');
    expect(reading.warnings[0]).toMatch(words);
    expect(isRefused(reading)).toBe(false);
  });

  it('of a card that did not prove its key says so', async () => {
    const reading = await readingOfCard(await card(), { ...account, chip: null }, time, null, crypto);
    expect(reading.checks[0]).toMatchObject({ what: 'genuine card', verdict: 'not checked' });
    expect(holder.publicKey).toHaveLength(65);
  });
});
