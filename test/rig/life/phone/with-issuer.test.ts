import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { CONTENT } from './blank-card.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

/** Two phones of one person, at the issuer as it is served: its registry, its HTTP interface, its personalisation. */
const folder = mkdtempSync(join(tmpdir(), 'vitap-phone-issuer-'));
const issuer = join(folder, 'issuer');
const stop = new AbortController();
let served: Promise<unknown>;
let origin: string;
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
  writeFileSync(join(folder, 'families'), `${JSON.stringify(family)}\n`);
  expect((await vitap({}, 'issuer', 'insured', 'import', issuer, join(folder, 'families'))).exit).toBe(0);
  const io = fakeIo({ signal: stop.signal });
  served = runCommandLine(['issuer', 'serve', issuer, '--quiet'], '0.0.0', VERBS, io);
  await vi.waitFor(() => expect(io.out.join('') + io.err.join('')).toMatch(/\/#\S+/), { timeout: 60_000 });
  secret = /\/#(\S+)/.exec(io.out.join('') + io.err.join(''))?.[1] as string;
});
afterAll(async () => {
  stop.abort();
  await served;
  rmSync(folder, { recursive: true, force: true });
});

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
