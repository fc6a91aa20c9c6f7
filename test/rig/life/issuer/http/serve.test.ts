import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { phoneLink } from '../../../../../rig/life/api/phone-link.ts';
import { type ProfessionalLink, professionalLink } from '../../../../../rig/life/api/professional-link.ts';
import { apply, decideApplication } from '../../../../../rig/life/issuer/application.ts';
import { verifyAudit } from '../../../../../rig/life/issuer/audit.ts';
import { applicationTicket } from '../../../../../rig/life/issuer/http/application-ticket.ts';
import { type ServeOptions, serveIssuer } from '../../../../../rig/life/issuer/http/serve.ts';
import { makeIssuer, openIssuer } from '../../../../../rig/life/issuer/issuer-folder.ts';
import { addFamilies } from '../../../../../rig/life/issuer/registry.ts';
import type { PhoneWorld } from '../../../../../rig/life/phone/held-card.ts';
import type { IssuerConnection } from '../../../../../rig/life/phone/issuer-connection.ts';
import { Phone } from '../../../../../rig/life/phone/phone.ts';
import { readTerminalKeys } from '../../../../../rig/pki/terminal-keys.ts';
import { systemClock } from '../../../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../../../src/hal/system/random.ts';
import { childEnd } from '../../../../child-end.ts';
import { fakeIo } from '../../../console/fake-io.ts';
import { ADRUN, CLAIM, ZOE } from '../people.ts';
import { crypto } from './issuer-in-test.ts';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));
const CHILD = fileURLToPath(new URL('./serve-in-child.ts', import.meta.url));
const CODE = '385127';
const root = mkdtempSync(join(tmpdir(), 'vitap-issuer-serve-'));
const folder = join(root, 'issuer');
const phoneFolder = join(root, 'phone');
const world = { crypto, random: systemRandom, now: () => Date.now() };
const cardWorld: PhoneWorld = { crypto, random: systemRandom, clock: systemClock };
const code = (): Uint8Array => new TextEncoder().encode(CODE);

let origin: string;
let ticket: string;
let connection: IssuerConnection;
let child: ChildProcess | null = null;

/** A port that nobody has: the issuer's tokens name it before it is served. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}

beforeAll(async () => {
  origin = `http://127.0.0.1:${await freePort()}`;
  connection = { origin, connect: (signer) => phoneLink({ origin, timeoutMs: 30_000 }, signer, world) };
  const now = Date.now();
  await makeIssuer({ folder, origin, store: null, departments: ['*'], now }, { crypto, random: systemRandom });
  const { store } = await openIssuer(folder, now);
  await addFamilies(store, { families: [ADRUN], now });
  const files = new Map([
    ['document-front', Uint8Array.of(1)],
    ['video', Uint8Array.of(2)],
  ] as const);
  const { id, ticket: secret } = await apply(store, { identity: ZOE, files, now });
  await decideApplication(store, { id, refuse: null, now });
  ticket = applicationTicket({ id, ticket: secret });
  await store.sql.close();
}, 120_000);
afterEach(() => kill());
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function start(): Promise<void> {
  const started = spawn(process.execPath, ['--import', 'tsx', CHILD, folder], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let err = '';
  started.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  await new Promise<void>((listening, failed) => {
    started.stdout.once('data', () => listening());
    started.once('exit', () => failed(new Error(`it ended: ${err}`)));
  });
}

async function kill(): Promise<void> {
  const ending = child;
  child = null;
  if (ending === null) return;
  ending.kill('SIGKILL');
  await childEnd(ending);
}

function counter(): ProfessionalLink {
  const keys = readTerminalKeys(join(folder, 'counter.keys.json'), crypto);
  return professionalLink({ origin, timeoutMs: 30_000 }, keys, world);
}

it('a phone with its own card activates over HTTP, presents, is billed, and sees the claim; the issuer killed between', async () => {
  await start();
  let phone = Phone.open(phoneFolder, cardWorld);
  const steps: string[] = [];
  const order = { ticket, issuer: connection, newCode: async () => code(), test: false };
  // Killed as soon as the card is filled: nothing of it is operational.
  const killed = phone.activate({
    ...order,
    onStep: (step) => {
      steps.push(step);
      if (step === 'personalised') child?.kill('SIGKILL');
    },
  });
  await expect(killed).rejects.toThrow();
  expect(steps.at(-1)).toBe('personalised');
  phone.close();
  await kill();

  await start();
  phone = Phone.open(phoneFolder, cardWorld);
  expect((await phone.activate({ ...order, onStep: (step) => steps.push(step) })).number).toBe(1);
  expect(phone.view().life).toBe('active');
  const { presence } = await phone.presence(code(), ['beneficiaries'], connection);
  await kill();

  await start();
  const id = counter().newRequestId();
  const { context, data } = await counter().resolve(presence, id);
  expect(data.beneficiaries?.[0]?.firstName).toBe('ZOÉ');
  await kill();

  await start();
  expect((await counter().resolve(presence, id)).context).toEqual(context);
  await counter().claim(context, CLAIM);
  await phone.sync(connection);
  expect((await phone.invoices(code())).map(({ number }) => number)).toContain(CLAIM.number);
  phone.close();
  await kill();
  const { store } = await openIssuer(folder, Date.now());
  expect((await verifyAudit(store.sql)).fault).toBeNull();
  await store.sql.close();
}, 180_000);

it('what was answered before a kill is there afterwards, whenever it comes', async () => {
  const link = (): ReturnType<Phone['link']> => phone.link(connection);
  const phone = Phone.open(phoneFolder, cardWorld);
  for (const afterAnswers of [1, 15]) {
    await start();
    const answered: string[] = [];
    const minting = Array.from({ length: 20 }, async () => {
      const { presence } = await link().presence(['affiliation']);
      answered.push(presence);
      if (answered.length === afterAnswers) child?.kill('SIGKILL');
    });
    await Promise.allSettled(minting);
    await kill();
    expect(answered.length).toBeGreaterThanOrEqual(afterAnswers);
    await start();
    for (const presence of answered) expect((await counter().resolve(presence)).data.affiliation?.regime).toBe('01');
    await kill();
  }
  phone.close();
  const { store } = await openIssuer(folder, Date.now());
  expect((await verifyAudit(store.sql)).fault).toBeNull();
  await store.sql.close();
}, 180_000);

describe('vitap issuer serve', () => {
  const options: ServeOptions = {
    ...{ folder, host: null, port: null, certificate: null, key: null },
    ...{ identityProviders: [], faults: [], requests: null, quiet: false },
  };
  const failing = (change: Partial<ServeOptions>): Promise<unknown> => serveIssuer({ ...options, ...change }, fakeIo());

  it.each<[string, Partial<ServeOptions>, string]>([
    ['no issuer', { folder: join(root, 'nothing') }, 'no issuer is there: make one with vitap issuer init'],
    ['beyond this machine without TLS', { host: '0.0.0.0' }, '0.0.0.0 can be reached from other machines'],
    ['half of TLS', { certificate: 'x.pem' }, 'TLS takes a certificate and its key: give both files or none'],
    ['a fault that is none', { faults: ['slow'] }, 'there is no fault "slow"'],
    [
      'an identity provider with a path',
      { identityProviders: ['http://127.0.0.1:1/x'] },
      'is no origin of an identity provider',
    ],
  ])('%s: one sentence', async (_name, change, words) => {
    await expect(failing(change)).rejects.toThrow(words);
  });

  it('a second one of the same folder: one sentence', async () => {
    await start();
    await expect(failing({})).rejects.toMatchObject({ name: 'HalError', kind: 'busy' });
  });

  it('says where it listens, ends on its signal, and logs no name', async () => {
    const end = new AbortController();
    const io = fakeIo({ signal: end.signal });
    const served = serveIssuer(
      { ...options, port: 0, faults: ['stale-clock=90x2'] },
      {
        ...io,
        stdout: (text) => {
          io.stdout(text);
          if (text.includes('Ctrl-C')) setTimeout(() => end.abort(), 10);
        },
      },
    );
    expect(await served).toBe(0);
    const said = io.out.join('');
    expect(said).toMatch(/^the test issuer: http:\/\/127\.0\.0\.1:\d+, described at /);
    expect(said).toMatch(/\/#[A-Za-z0-9_-]{43}\n/);
    expect(said).toContain('fault ordered: stale-clock=90, 2 times');
    expect(io.err.join('')).toMatch(
      /^note: cards and lists name http:\/\/127\.0\.0\.1:\d+, and this issuer listens on /,
    );
  });

  it('the transaction code of an offer goes another way, for the owner alone', () => {
    const [letter = ''] = readdirSync(join(folder, 'letters'));
    const path = join(folder, 'letters', letter);
    expect(readFileSync(path, 'utf8')).toMatch(/^\d+\n$/);
    expect(statSync(path).mode & 0o077).toBe(0);
  });
});
