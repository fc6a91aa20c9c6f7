import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { readInnerCwt } from '../../../../rig/life/credential/inner-cwt.ts';
import { pointToJwk, readP256Jwk } from '../../../../rig/life/credential/jws.ts';
import { verifySdJwtVc } from '../../../../rig/life/identity/sd-jwt/verify.ts';
import { CARD_VCT } from '../../../../rig/life/issuer/openid/metadata.ts';
import { fetchCredential } from '../../../../rig/life/phone/card-credential.ts';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import type { PhoneState } from '../../../../rig/life/phone/phone-state.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { NAMESAKE } from '../issuer/people.ts';
import { CONTENT, crypto } from './blank-card.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

/** Two phones of one person, at the issuer as it is served: its registry, its HTTP interface, its personalisation. */
const folder = mkdtempSync(join(tmpdir(), 'vitap-phone-issuer-'));
const issuer = join(folder, 'issuer');
const stop = new AbortController();
const served: Promise<unknown>[] = [];
let origin: string;
let identity: string;
let secret: string;

async function vitap(env: Record<string, string>, ...words: string[]) {
  const io = fakeIo({ env, json: words.includes('--json') });
  const exit = await runCommandLine(words, '0.0.0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

beforeAll(async () => {
  origin = `http://127.0.0.1:${await freePort()}`;
  await vitap({}, 'issuer', 'init', issuer, '--origin', origin);
  const family = { department: '75', insured: { nir: '2751263220749', key: '74' }, ...CONTENT };
  writeFileSync(join(folder, 'families'), [family, NAMESAKE].map((each) => `${JSON.stringify(each)}\n`).join(''));
  expect((await vitap({}, 'issuer', 'insured', 'import', issuer, join(folder, 'families'))).exit).toBe(0);
  identity = `http://127.0.0.1:${await freePort()}`;
  await vitap({}, 'identity', 'init', join(folder, 'identity'), '--origin', identity);
  await serve(['identity', 'serve', join(folder, 'identity')], /(Ctrl-C)/);
  secret = await serve(['issuer', 'serve', issuer, '--identity', identity, '--quiet'], /\/#(\S+)/);
});
afterAll(async () => {
  stop.abort();
  await Promise.all(served);
  rmSync(folder, { recursive: true, force: true });
});

/** Serves until the end. @returns what the pattern found in what it says when it is ready */
async function serve(words: string[], ready: RegExp): Promise<string> {
  const io = fakeIo({ signal: stop.signal });
  served.push(runCommandLine(words, '0.0.0', VERBS, io));
  const said = () => io.out.join('') + io.err.join('');
  await vi.waitFor(() => expect(said()).toMatch(ready), { timeout: 60_000 });
  return ready.exec(said())?.[1] as string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

async function post(
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as Record<string, unknown>;
}

/** The way without a digital identity: pictures, and an operator who accepts them. */
async function ticket(): Promise<string> {
  const identity = { familyName: 'ADRUN', givenName: 'ZOE', birthDate: '1975-12-31', birthPlaceCode: '63220' };
  const files = { 'document-front': 'cGljdHVyZQ==', video: 'dmlkZW8=' };
  const applied = (await post('/v1/applications', { identity, files })).ticket as string;
  const id = applied.split(':')[1]?.split('.')[0] as string;
  await post(`/v1/operator/applications/${id}/decision`, { refuse: null }, { authorization: `Bearer ${secret}` });
  return applied;
}

it('the first phone is activated and presents; a second one ends it, and it wipes itself at its next sync', async () => {
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  const pin = { VITAP_PIN: '385127', VITAP_NEW_PIN: '385127' };
  const activate = async (phone: string) =>
    vitap(
      { ...pin, VITAP_TICKET: await ticket() },
      'phone',
      'activate',
      '--issuer',
      origin,
      '--phone',
      phone,
      '--json',
    );
  const made = await activate(first);
  expect(made.err).toContain('the card is operational');
  expect(JSON.parse(made.out)).toMatchObject({ number: 1 });
  const presence = await vitap(pin, 'phone', 'qr', '--presence', '--text', '--phone', first);
  expect(presence.out).toMatch(/^VP1:[A-Z2-7]{32}\n$/);
  const offline = await vitap(pin, 'phone', 'qr', '--offline', '--text', '--phone', first);
  expect(offline.out).toMatch(/^VT1:/);

  expect(JSON.parse((await activate(second)).out)).toMatchObject({ number: 2 });
  const late = await vitap(pin, 'phone', 'qr', '--presence', '--text', '--phone', first);
  expect([late.exit, late.err]).toEqual([1, expect.stringContaining('revoked')]);
  const synced = await vitap({}, 'phone', 'sync', '--phone', first, '--json');
  expect(JSON.parse(synced.out)).toEqual({
    schema: 'vitap-phone-sync',
    life: 'revoked',
    claims: 0,
    alreadyOnCard: 0,
    credential: 'none',
    endedBecause: 'replaced',
    acknowledged: true,
  });
  for (const name of readdirSync(first)) {
    for (const word of ['ADRUN', '2751263220749', '19751231'])
      expect(readFileSync(join(first, name)).includes(word)).toBe(false);
  }
  expect(JSON.parse((await vitap({}, 'phone', 'sync', '--phone', second, '--json')).out)).toMatchObject({
    life: 'active',
  });
});

it('a person agrees at the identity provider, and the SD-JWT VC in the card says what the card says', async () => {
  const folderOfPhone = join(folder, 'third');
  const phone = ['--phone', folderOfPhone];
  const pin = { VITAP_PIN: '385127', VITAP_NEW_PIN: '385127' };
  const note = () => (JSON.parse(readFileSync(join(folderOfPhone, 'phone.json'), 'utf8')) as PhoneState).credential;
  const made = await vitap(pin, 'phone', 'activate', '--issuer', origin, '--identity', identity, ...phone, '--json');
  expect(made.err).toContain(`${origin} was given family_name, given_name, birthdate, birth_place_code`);
  expect(made.exit).toBe(0);
  expect(note()).toMatchObject({ offer: JSON.parse(made.out).credentialOffer, refreshToken: null });

  const without = await vitap(pin, 'phone', 'credential', ...phone);
  expect([without.exit, without.err]).toEqual([2, expect.stringContaining('the transaction code is needed')]);
  const { activationId } = JSON.parse(readFileSync(join(folderOfPhone, 'phone.json'), 'utf8')) as PhoneState;
  const letter = join(issuer, 'letters', `${activationId}.txt`);
  const wrong = readFileSync(letter, 'utf8').replace(/\d/g, (digit) => `${9 - Number(digit)}`);
  const mistyped = await vitap({ ...pin, VITAP_TX_CODE: wrong }, 'phone', 'credential', ...phone);
  expect([mistyped.exit, mistyped.err]).toEqual([1, expect.stringContaining('there is no SD-JWT VC for this card: ')]);
  const another = () => vitap({}, 'phone', 'credential', '--another-offer', ...phone, '--json');
  const open = await another();
  expect([open.exit, open.err]).toEqual([1, expect.stringContaining('an offer is open')]);
  const [first, ended] = [readFileSync(letter, 'utf8'), note()?.offer];
  await post(`/v1/operator/activations/${activationId}/offer`, {}, { authorization: `Bearer ${secret}` });
  const offered = await another();
  expect(JSON.parse(offered.out)).toEqual({ schema: 'vitap-phone-credential', state: 'offered', expiresAt: null });
  expect(note()?.offer).not.toBe(ended);
  expect(readFileSync(letter, 'utf8')).not.toBe(first);
  const obtained = await vitap(pin, 'phone', 'credential', '--tx-code-file', letter, ...phone, '--json');
  expect([obtained.err, obtained.exit]).toEqual(['', 0]);
  expect(JSON.parse(obtained.out)).toEqual({
    schema: 'vitap-phone-credential',
    state: 'obtained',
    expiresAt: note()?.expiresAt,
  });
  expect(note()).toMatchObject({ offer: null, refreshToken: expect.stringMatching(/^[\w-]{43}$/) });

  // Judged by the issuer's published key alone, against the files that the issuer wrote by APDUs.
  const world = { crypto, random: systemRandom, clock: systemClock };
  const opened = Phone.open(folderOfPhone, world);
  const code = () => Buffer.from('385127');
  const text = (await opened.sdJwt(code())) as string;
  const inner = await opened.withCredential(code(), (cwt) => Promise.resolve(readInnerCwt(cwt)));
  opened.close();
  const published = (await (await fetch(`${origin}/.well-known/jwt-vc-issuer`)).json()) as {
    jwks: { keys: unknown[] };
  };
  const { claims } = await verifySdJwtVc({
    crypto,
    text,
    now: Math.floor(Date.now() / 1000),
    issuerKeys: () => published.jwks.keys.map(readP256Jwk),
    binding: 'absent',
    vct: CARD_VCT,
  });
  expect({ affiliation: claims.affiliation, beneficiaries: claims.beneficiaries }).toEqual(CONTENT);
  expect(claims.insured).toEqual({ nir: '2751263220749', key: '74' });
  const { uri, index } = inner.content.status;
  expect(claims.status).toEqual({ status_list: { uri, idx: index } });
  expect(claims.cnf).toEqual({ jwk: pointToJwk(inner.content.holderKey) });

  // Nothing is asked for while it is good for long; near its end the code renews it, and without the code sync says so.
  const sync = (env: Record<string, string>) => vitap(env, 'phone', 'sync', ...phone, '--json');
  expect(JSON.parse((await sync(pin)).out)).toMatchObject({ life: 'active', credential: 'current' });
  const state = JSON.parse(readFileSync(join(folderOfPhone, 'phone.json'), 'utf8')) as PhoneState;
  const near = { ...state, credential: { ...state.credential, expiresAt: Date.now() + 6 * 86_400_000 } };
  writeFileSync(join(folderOfPhone, 'phone.json'), JSON.stringify(near));
  expect(JSON.parse((await sync({})).out)).toMatchObject({ credential: 'due' });
  expect(JSON.parse((await sync(pin)).out)).toMatchObject({ credential: 'renewed' });
  expect(note()?.expiresAt).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  expect(note()?.refreshToken).not.toBe(near.credential.refreshToken);
  // The line goes dead after the token was spent: the next try has the token that came in its place.
  const dead: typeof fetch = (address, init) =>
    String(address).endsWith('/openid/credential') ? Promise.reject(new TypeError('dead')) : fetch(address, init);
  const cut = Phone.open(folderOfPhone, world);
  const unreachable = { code: 'issuer-unreachable' };
  await expect(fetchCredential(cut, code(), '', { fetch: dead })).rejects.toMatchObject(unreachable);
  cut.close();
  const renewed = await vitap(pin, 'phone', 'credential', '--renew', ...phone, '--json');
  expect(JSON.parse(renewed.out)).toMatchObject({ state: 'renewed' });
  for (const secret of ['ADRUN', '2751263220749', '19751231', '385127'])
    expect(readFileSync(join(folderOfPhone, 'phone.json'), 'utf8')).not.toContain(secret);
  expect((await vitap({}, 'phone', 'wipe', '--yes', ...phone)).exit).toBe(0);
  expect(note()).toBeNull();
});

it.each([
  ['somebody whom the provider does not know', ['--person', '99'], 1, /^vitap: the identity was refused: /m],
  ['nobody there', ['--identity', 'http://127.0.0.1:9'], 1, /trusts no identity provider of that address/],
  ['no origin', ['--identity', 'here'], 2, /"here" is no origin/],
  ['a ticket too', ['--ticket-file', 'ticket'], 2, /cannot be used with/],
])('an identity at %s', async (name, more, exit, sentence) => {
  const phone = ['--phone', join(folder, name.replaceAll(' ', '-'))];
  const words = ['phone', 'activate', '--issuer', origin, '--identity', identity, ...more, ...phone];
  const refused = await vitap({ VITAP_NEW_PIN: '385127' }, ...words);
  expect([refused.exit, refused.out]).toEqual([exit, '']);
  expect(refused.err).toMatch(sentence);
});

it('without a digital identity, a delegation to another phone, and both ways to report a loss', async () => {
  const at = (name: string): string => join(folder, name);
  const [one, two] = [
    ['--phone', at('zoe')],
    ['--phone', at('lea')],
  ] as const;
  const pin = { VITAP_PIN: '385127', VITAP_NEW_PIN: '385127' };
  const json = async (env: Record<string, string>, ...words: string[]) => {
    const { exit, out, err } = await vitap(env, ...words, '--json');
    expect([words.slice(0, 2), exit, err]).toEqual([words.slice(0, 2), 0, expect.anything()]);
    return JSON.parse(out);
  };
  const decide = (id: string, refuse: string | null) =>
    post(`/v1/operator/applications/${id}/decision`, { refuse }, { authorization: `Bearer ${secret}` });
  for (const file of ['front', 'video']) writeFileSync(at(file), `a synthetic ${file}`);
  writeFileSync(
    at('zoe.json'),
    '{"familyName":"ADRUN","givenName":"ZOE","birthDate":"1975-12-31","birthPlaceCode":"63220"}',
  );
  writeFileSync(
    at('lea.json'),
    '{"familyName":"D’ŒUVRÉ","givenName":"LÉA","birthDate":"1975-12-31","birthPlaceCode":"63220"}',
  );
  const files = ['--document-front', at('front'), '--video', at('video')];
  const apply = (name: string) => {
    const words = ['--person-file', at(`${name}.json`), ...files, '--out', at(`${name}.ticket`)];
    return vitap({}, 'phone', 'apply', '--issuer', origin, ...words);
  };
  const state = (name: string, ...more: string[]) =>
    vitap({}, 'phone', 'application', '--issuer', origin, '--ticket-file', at(`${name}.ticket`), ...more);
  const idOf = (name: string): string =>
    /application:(\w+)\./.exec(readFileSync(at(`${name}.ticket`), 'utf8'))?.[1] ?? '';

  // Refused, with the reason; then with better pictures.
  expect((await apply('lea')).exit).toBe(0);
  expect(statSync(at('lea.ticket')).mode & 0o777).toBe(0o600);
  expect(await state('lea')).toMatchObject({ exit: 0, out: 'waiting: nobody has decided yet\n' });
  const early = await vitap(pin, 'phone', 'activate', '--issuer', origin, '--ticket-file', at('lea.ticket'), ...two);
  expect([early.exit, early.err]).toEqual([1, expect.stringContaining('nobody has decided on this application yet')]);
  await decide(idOf('lea'), 'unreadable');
  const refused = await state('lea');
  expect([refused.exit, refused.out]).toEqual([
    1,
    'refused (unreadable): apply again with better pictures\nIts files are destroyed.\n',
  ]);
  for (const name of ['lea', 'zoe']) {
    expect((await apply(name)).exit).toBe(0);
    const waited = state(name, '--wait');
    await decide(idOf(name), null);
    const accepted = 'accepted: `vitap phone activate` takes the same ticket\n';
    // Whoever waits may hear of the decision in the moment before the files are destroyed.
    expect((await waited).out).toMatch(new RegExp(`^${accepted}`));
    expect((await state(name)).out).toBe(`${accepted}Its files are destroyed.\n`);
  }
  for (const [name, phone] of [
    ['zoe', one],
    ['lea', two],
  ] as const) {
    await json(pin, 'phone', 'activate', '--issuer', origin, '--ticket-file', at(`${name}.ticket`), ...phone);
  }

  // Lea's phone presents for Zoé's child, as far as Zoé agreed.
  const { key } = await json({}, 'phone', 'delegations', ...two);
  const given = ['--to', key, '--beneficiary', '2', '--days', '2', '--disclose', 'insured', 'beneficiaries'];
  const wrong = await vitap({ VITAP_PIN: '385128' }, 'phone', 'delegate', ...given, ...one);
  expect([wrong.exit, wrong.err]).toEqual([1, 'vitap: the code is wrong: 2 tries left\n']);
  const made = await json(pin, 'phone', 'delegate', ...given, ...one);
  expect(made).toMatchObject({ beneficiaryIndex: 2, agreed: ['insured', 'beneficiaries'], revokedAt: null });
  expect(await json({}, 'phone', 'delegations', ...two)).toMatchObject({ given: [], received: [{ id: made.id }] });
  const qr = (...more: string[]) => vitap(pin, 'phone', 'qr', '--delegation', made.id, ...more, ...two);
  expect((await qr('--png', at('qr.png'))).exit).toBe(0);
  const keys = ['--keys', join(issuer, 'counter.keys.json'), '--issuer', origin, '--counter', at('counter')];
  const reading = await json({}, 'counter', 'scan', '--image', at('qr.png'), ...keys, '--show');
  expect(JSON.stringify(reading)).toContain('ECETINSI');
  for (const other of ['ADRUN', 'D’ŒUVRÉ']) expect(JSON.stringify(reading)).not.toContain(other);
  // The counter's context lives longer, and then no more: nothing follows it.
  const context = (action: string) =>
    json({}, 'counter', 'context', action, '--keys', join(issuer, 'counter.keys.json'), '--counter', at('counter'));
  const { followUp } = reading as { followUp: { id: string; expiresAt: string } };
  const longer = await context('renew');
  expect(longer).toMatchObject({ context: followUp.id, state: 'renewed' });
  expect(Date.parse(longer.expiresAt)).toBeGreaterThan(Date.parse(followUp.expiresAt));
  expect(await context('destroy')).toMatchObject({ context: followUp.id, state: 'destroyed', expiresAt: null });
  const after = ['--keys', join(issuer, 'counter.keys.json'), '--counter', at('counter')];
  expect(await vitap({}, 'counter', 'context', 'renew', followUp.id, ...after)).toMatchObject({
    exit: 2,
    err: `vitap: no reading here has the name ${followUp.id}\n`,
  });
  const more = await qr('--disclose', 'rights', '--text');
  expect([more.exit, more.out, more.err]).toEqual([1, '', expect.stringContaining('does not let the other phone')]);
  expect((await vitap({}, 'phone', 'undelegate', made.id, ...two)).err).toContain('there is no such delegation');
  expect((await vitap({}, 'phone', 'undelegate', made.id, ...one)).out).toBe(`${made.id} has ended.\n`);
  const ended = await qr('--text');
  expect([ended.exit, ended.err]).toEqual([1, expect.stringContaining('has ended or was revoked')]);

  // Zoé's phone is lost: she says so from elsewhere, and her phone wipes itself when it asks.
  const lost = ['phone', 'lost', '--issuer', origin, '--identity', identity];
  expect(await json({}, ...lost)).toMatchObject({ by: 'person', why: 'lost', wiped: null });
  expect(await json({}, ...lost)).toMatchObject({ why: 'lost' });
  expect(await json({}, 'phone', 'sync', ...one)).toMatchObject({ life: 'revoked', endedBecause: 'lost' });
  // Léa's was found again, and she does not trust it any more.
  expect(await json({}, 'phone', 'lost', ...two)).toMatchObject({ by: 'phone', why: 'lost', wiped: true });
  expect((await vitap({}, 'phone', 'status', ...two)).out).toMatch(/^card {7}revoked, number 1 \(lost\)\n/);
});

it.each<[string, string[], number, RegExp]>([
  ['a person without a birth place', ['--person-file', 'BAD'], 2, /a person is \{ "familyName"/],
  ['a person who is not there', ['--person-file', 'NONE'], 2, /there is no such file/],
  ['an empty video', ['--video', 'EMPTY'], 2, /is empty where a picture or video was expected/],
  ['nobody whom the issuer knows', ['--person-file', 'EVE'], 1, /nobody insured here has this identity/],
])('an application of %s is refused in one sentence that names nobody', async (_, change, exit, sentence) => {
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('BAD'), '{"familyName":"ADRUN","givenName":"ZOE","birthDate":"1975-12-31"}');
  writeFileSync(
    at('EVE'),
    '{"familyName":"ADRUN","givenName":"EVE","birthDate":"1975-12-31","birthPlaceCode":"63220"}',
  );
  writeFileSync(at('EMPTY'), '');
  writeFileSync(at('front'), 'x');
  const given: Record<string, string> = { '--person-file': 'EVE', '--document-front': 'front', '--video': 'front' };
  const [option = '', file = ''] = change;
  const words = Object.entries({ ...given, [option]: file }).flatMap(([name, value]) => [name, at(value)]);
  const outcome = await vitap({}, 'phone', 'apply', '--issuer', origin, ...words);
  expect([outcome.exit, outcome.out]).toEqual([exit, '']);
  expect(outcome.err).toMatch(sentence);
  expect(outcome.err.trim().split('\n')).toHaveLength(1);
  expect(outcome.err).not.toMatch(/ADRUN|EVE\b|1975/);
});
