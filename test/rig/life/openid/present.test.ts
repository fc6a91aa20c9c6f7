import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { redeemIdentityTicket } from '../../../../rig/life/issuer/openid/presentation.ts';
import { openSql } from '../../../../rig/store/open.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { startWorld, type World } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-openid-present-'));
let world: World;
beforeAll(async () => {
  world = await startWorld(await openSql(join(folder, 'store')));
}, 120_000);
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

async function present(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = fakeIo({ json: args.includes('--json') });
  const where = [
    ...(args.includes('--issuer') ? [] : ['--issuer', world.issuer]),
    ...(args.includes('--identity') ? [] : ['--identity', world.identity]),
  ];
  const code = await runCommandLine(['identity', 'present', ...where, ...args], '0.0.0', VERBS, io);
  return { code, out: io.out.join(''), err: io.err.join('') };
}

it('prints the ticket alone, and says beside it what was given', async () => {
  const { code, out, err } = await present();
  expect(code).toBe(0);
  expect(err).toBe(`${world.issuer} was given family_name, given_name, birthdate, birth_place_code\n`);
  expect(await redeemIdentityTicket(world.context, out.trim())).toMatchObject({ familyName: 'ADRUN' });
});

it('names the issuer that refuses, and the provider that it does not trust', async () => {
  const { code, out, err } = await present('--identity', 'http://127.0.0.1:9');
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/^vitap: /);
  expect(err).toContain(
    `${world.issuer} refuses an identity of http://127.0.0.1:9 (provider-unknown): this issuer trusts`,
  );
});

it('says how many people a provider knows, and where those are that it does not name', async () => {
  const [zoe] = world.people;
  const family = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ ...zoe!, id: `${i + 1}`, givenName: `G${i + 1}`, familyName: 'ADRUN' }));
  const known = world.people;
  try {
    world.people = family(2);
    const few = await present();
    expect([few.code, few.err]).toEqual([
      2,
      'vitap: the identity provider knows 2 people: name one with --person: 1 G1 ADRUN, 2 G2 ADRUN\n',
    ]);
    world.people = family(57);
    const { code, err } = await present();
    expect(code).toBe(2);
    expect(err).toMatch(
      /^vitap: the identity provider knows 57 people: name one with --person; the first 20, the others are in its people\.json: 1 G1 ADRUN, .*, 20 G20 ADRUN\n$/,
    );
    expect((await present('--person', '41')).code).toBe(0);
  } finally {
    world.people = known;
  }
});

it('says who refused, and why', async () => {
  const unknown = await present('--person', 'nobody');
  expect([unknown.code, unknown.out]).toEqual([1, '']);
  expect(unknown.err).toMatch(
    /^vitap: http:\/\/127\.0\.0\.1:\d+ refuses \(person-unknown\): the identity provider knows no such person/,
  );
  expect(unknown.err).toContain(world.identity);
  world.providerIsDown = true;
  const down = await present('--json');
  world.providerIsDown = false;
  expect([down.code, JSON.parse(down.out)]).toEqual([
    1,
    expect.objectContaining({ ticket: null, refused: 'provider-not-reached' }),
  ]);
});

it.each<[string, string[], string]>([
  [
    'an issuer that is not there',
    ['--issuer', 'http://127.0.0.1:2'],
    'http://127.0.0.1:2 cannot be reached: nothing listens there: is it running?',
  ],
  ['what is no issuer', ['--issuer', 'IDENTITY'], 'refuses (no-such-route)'],
  ['no origin', ['--issuer', 'http://127.0.0.1:1/x'], '"http://127.0.0.1:1/x" is no origin'],
])('says so of %s', async (_, args, sentence) => {
  const { code, err } = await present(...args.map((arg) => (arg === 'IDENTITY' ? world.identity : arg)));
  expect(code).toBeGreaterThan(0);
  expect(err).toContain(sentence);
});
