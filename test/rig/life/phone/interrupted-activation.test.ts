import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { bootCard } from '../../../../rig/card/open.ts';
import { IssuerUnreachable } from '../../../../rig/life/api/issuer-refused.ts';
import { type PhoneLink, phoneLink } from '../../../../rig/life/api/phone-link.ts';
import { identityOf } from '../../../../rig/life/bench/registry-figures.ts';
import { verifyStatusListJwt } from '../../../../rig/life/credential/status-list-jwt.ts';
import { commitActivation } from '../../../../rig/life/issuer/activation.ts';
import { apply, decideApplication } from '../../../../rig/life/issuer/application.ts';
import { verifyAudit } from '../../../../rig/life/issuer/audit.ts';
import { enrol } from '../../../../rig/life/issuer/enrolment.ts';
import { applicationTicket } from '../../../../rig/life/issuer/http/application-ticket.ts';
import { makeIssuer, openIssuer, readIssuerKeys, statusListUrl } from '../../../../rig/life/issuer/issuer-folder.ts';
import { addFamilies } from '../../../../rig/life/issuer/registry.ts';
import type { IssuerStore } from '../../../../rig/life/issuer/store.ts';
import { syntheticFamilies } from '../../../../rig/life/issuer/synthetic-family.ts';
import { CardSide, DEVICE_KEY } from '../../../../rig/life/phone/card-side.ts';
import type { PhoneWorld } from '../../../../rig/life/phone/held-card.ts';
import type { IssuerConnection } from '../../../../rig/life/phone/issuer-connection.ts';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import { FileNvm } from '../../../../src/hal/nvm/file.ts';
import { PowerLoss } from '../../../../src/hal/nvm/power-loss.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { childEnd } from '../../../child-end.ts';
import { deviceKey, holderKey, serial } from '../issuer/people.ts';
import { crypto } from './blank-card.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/*
 * A person has an active card, and activates a second phone, at the issuer as it is served in a process of its own. That is
 * interrupted, in each row elsewhere. Then one of the two cards is active, neither both nor none; the same activation goes
 * on under the same number; and the registry has two activations of that person, one of them active.
 */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const CHILDREN = {
  issuer: fileURLToPath(new URL('../issuer/http/serve-in-child.ts', import.meta.url)),
  phone: fileURLToPath(new URL('./activate-in-child.ts', import.meta.url)),
};
const CODE = '385127';
const OPERATIONAL = 0x05;
/** An exchange in the middle of the personalisation. */
const MIDDLE = 15;

const root = mkdtempSync(join(tmpdir(), 'vitap-interrupted-activation-'));
const issuerFolder = join(root, 'issuer');
const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
const world: PhoneWorld = {
  crypto,
  random: systemRandom,
  clock: systemClock,
  onFault: (fault) => {
    throw fault;
  },
};
let origin: string;
let operator: string;
let serving: ChildProcess | null = null;
let connection: IssuerConnection;

/** The person of a row, whose first activation is active in the registry. */
interface Person {
  readonly ticket: string;
  /** Another ticket. */
  readonly more: string;
}

interface Row {
  /** Gives the person another first phone. */
  readonly prepare?: (folder: string, person: Person) => Promise<unknown>;
  readonly interrupt: (folder: string, person: Person) => Promise<unknown>;
  /** Whose card is active afterwards: that of before, or that of the new phone; null: either. */
  readonly active: 'old' | 'new' | null;
}

const cutLine =
  (call: 'begin' | 'relay' | 'commit', when: 'before' | 'after', place = 1): Row['interrupt'] =>
  (folder, { ticket }) => {
    const dead = (): never => {
      throw new IssuerUnreachable('the line is dead');
    };
    const issuer = onCall(call, place, async (run) => {
      if (when === 'before') dead();
      await run();
      dead();
    });
    return expect(activate(folder, ticket, issuer)).rejects.toMatchObject({ code: 'issuer-unreachable' });
  };

const ROWS: Readonly<Record<string, Row>> = {
  'the line is cut before the beginning reaches the issuer': { interrupt: cutLine('begin', 'before'), active: 'old' },
  'the answer to the beginning is lost': { interrupt: cutLine('begin', 'after'), active: 'old' },
  'a command of the personalisation is lost': { interrupt: cutLine('relay', 'before', MIDDLE), active: 'old' },
  'the answer of the card to one is lost': { interrupt: cutLine('relay', 'after', MIDDLE), active: 'old' },
  'the line is cut before the commit reaches the issuer': { interrupt: cutLine('commit', 'before'), active: 'old' },
  'the answer to the commit is lost': { interrupt: cutLine('commit', 'after'), active: 'new' },
  'power is cut in the card while it is written': {
    active: 'old',
    interrupt: async (folder, { ticket }) => {
      const flush = vi.spyOn(FileNvm.prototype, 'flush');
      const issuer = onCall('relay', MIDDLE, (run) => {
        // From here on nothing reaches the file, also when the phone is closed.
        flush.mockImplementation(() => {
          throw new PowerLoss(0);
        });
        return run();
      });
      await expect(activate(folder, ticket, issuer)).rejects.toThrow(PowerLoss);
      flush.mockRestore();
    },
  },
  'the issuer is killed in the personalisation': {
    active: 'old',
    interrupt: async (folder, { ticket }) => {
      const issuer = onCall('relay', MIDDLE, (run) => {
        serving?.kill('SIGKILL');
        return run();
      });
      await expect(activate(folder, ticket, issuer)).rejects.toMatchObject({ code: 'issuer-unreachable' });
      await startIssuer();
    },
  },
  'the issuer is killed while it commits': {
    active: null,
    interrupt: async (folder, { ticket }) => {
      const issuer = onCall('commit', 1, async (run) => {
        const committed = run();
        setTimeout(() => serving?.kill('SIGKILL'), 5);
        await committed;
        throw new IssuerUnreachable('it was killed');
      });
      await expect(activate(folder, ticket, issuer)).rejects.toMatchObject({ code: 'issuer-unreachable' });
      await startIssuer();
    },
  },
  'the phone is killed in the personalisation': {
    active: 'old',
    interrupt: async (folder, { ticket }) => {
      const child = spawn(process.execPath, ['--import', 'tsx', CHILDREN.phone, folder, origin], environment(ticket));
      let steps = '';
      for await (const part of child.stdout as AsyncIterable<Buffer>) {
        steps += part.toString();
        if (steps.includes('code\n')) child.kill('SIGKILL');
      }
      await childEnd(child);
      expect(steps).toBe('blank card\nkeys\nenrolled\ncode\n');
    },
  },
  'the disk of the phone is full': {
    active: 'old',
    interrupt: async (folder, { ticket }) => {
      const script =
        'mount -t tmpfs -o size=512k tmpfs "$1"; folder="$1"; shift; "$@"; mkdir "$0"; cp "$folder"/p/* "$0"';
      const disk = join(root, 'disk');
      mkdirSync(disk);
      const phone = [
        process.execPath,
        '--import',
        'tsx',
        CHILDREN.phone,
        join(disk, 'p'),
        origin,
        join(disk, 'filler'),
      ];
      const child = spawn('unshare', ['-m', 'sh', '-ec', script, folder, disk, ...phone], environment(ticket));
      let steps = '';
      for await (const part of child.stdout as AsyncIterable<Buffer>) steps += part.toString();
      expect(steps).toMatch(/^blank card\nkeys\nrefused: the card could not keep what it was given: is there room/);
    },
  },
  'the clock of the issuer is a day wrong': {
    active: 'old',
    interrupt: async (folder, { ticket }) => {
      const clock = '/v1/operator/faults/stale-clock';
      const issuer = onCall('relay', MIDDLE, async (run) => {
        await operate('PUT', clock, { value: 86_400 });
        return run();
      });
      await expect(activate(folder, ticket, issuer)).rejects.toMatchObject({
        code: 'issuer-refused',
        cause: expect.objectContaining({ code: 'clock-wrong' }),
      });
      await operate('DELETE', clock);
    },
  },
  'the old phone is wiped in the middle, and the line cut': {
    // Its card stays the active one of the registry until the new one is committed.
    active: 'old',
    prepare: async (folder, { more }) => {
      const old = Phone.open(`${folder}-old`, world);
      await old.activate(order(more, connection));
      old.close();
    },
    interrupt: async (folder, { ticket }) => {
      const old = Phone.open(`${folder}-old`, world);
      const issuer = onCall('relay', MIDDLE, () => {
        old.wipe();
        throw new IssuerUnreachable('the line is dead');
      });
      await expect(activate(folder, ticket, issuer)).rejects.toMatchObject({ code: 'issuer-unreachable' });
      expect(old.view().life).toBe('wiped');
      old.close();
    },
  },
};
const NAMES = Object.keys(ROWS);
const people = new Map<string, Person>();

beforeAll(async () => {
  origin = `http://127.0.0.1:${await freePort()}`;
  const world = { crypto, random: systemRandom, now: () => Date.now() };
  connection = { origin, connect: (signer) => phoneLink({ origin, timeoutMs: 30_000 }, signer, world) };
  const now = Date.now();
  await makeIssuer({ folder: issuerFolder, origin, store: null, departments: ['*'], now }, world);
  const { store } = await openIssuer(issuerFolder, now);
  const families = [...syntheticFamilies('interrupted', NAMES.length)];
  await addFamilies(store, { families, now });
  for (const [i, name] of NAMES.entries()) {
    const identity = identityOf(families[i]!);
    const key = deviceKey(`old-${i}`);
    const { activationId } = await enrol(store, { deviceKey: key, identity, now });
    const card = { holderKey: holderKey(i), cardSerial: serial(i + 1), cardSecurity: Uint8Array.of(0x30, 0) };
    await commitActivation(store, { activationId, deviceKey: key, ...card, now });
    people.set(name, { ticket: await ticketFor(store, identity), more: await ticketFor(store, identity) });
  }
  await store.sql.close();
  await startIssuer();
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await stopIssuer();
  rmSync(root, { recursive: true, force: true });
});

describe('an activation that is interrupted leaves one active card, and goes on', () => {
  it.for(Object.entries(ROWS))('%s', async ([name, { prepare, interrupt, active }], context) => {
    context.skip(name.includes('disk') && !mayMount, 'needs the right to mount a tmpfs in a namespace (root)');
    const folder = join(root, `phone${NAMES.indexOf(name)}`);
    const person = people.get(name) as Person;
    await prepare?.(folder, person);
    const before = await revoked();
    await interrupt(folder, person);

    expect(shownBy(folder).life).toBe('pending');
    expect(lifeCycleIn(folder)).not.toBe(OPERATIONAL);
    const state = await standingOf(folder);
    if (active !== null) expect(state === 'active' ? 'new' : 'old').toBe(active);
    // The old one ends with the beginning of the new one, and not before.
    expect(await revoked()).toBe(before + (state === 'active' ? 1 : 0));

    const { number } = await activate(folder, person.ticket);
    expect(number).toBe(prepare === undefined ? 2 : 3);
    expect([shownBy(folder).life, await standingOf(folder), await revoked()]).toEqual(['active', 'active', before + 1]);
    expect(lifeCycleIn(folder)).toBe(OPERATIONAL);
  });

  it('and the registry has nothing twice', async () => {
    await stopIssuer();
    const { store } = await openIssuer(issuerFolder, Date.now());
    const rows = await store.sql.query<{ numbers: string; states: string }>(
      `select string_agg(number::text, ' ' order by number) as numbers, string_agg(state, ' ' order by number) as states
       from activations group by insured_id order by insured_id`,
    );
    expect(rows.length).toBe(NAMES.length);
    for (const [i, { numbers, states }] of rows.entries()) {
      const third = ROWS[NAMES[i] as string]?.prepare !== undefined;
      expect([NAMES[i], numbers, states]).toEqual([
        NAMES[i],
        third ? '1 2 3' : '1 2',
        third ? 'revoked revoked active' : 'revoked active',
      ]);
    }
    expect((await verifyAudit(store.sql)).fault).toBeNull();
    await store.sql.close();
  });
});

function order(ticket: string, issuer: IssuerConnection): Parameters<Phone['activate']>[0] {
  return { ticket, issuer, newCode: () => Promise.resolve(new TextEncoder().encode(CODE)), test: false };
}

async function activate(folder: string, ticket: string, issuer = connection): ReturnType<Phone['activate']> {
  const phone = Phone.open(folder, world);
  const activated = phone.activate(order(ticket, issuer));
  await activated.catch(() => {});
  phone.close();
  return activated;
}

/** The issuer, of whose calls of one kind the n-th does something else. */
function onCall(
  call: 'begin' | 'relay' | 'commit',
  place: number,
  instead: (run: () => Promise<unknown>) => Promise<unknown>,
): IssuerConnection {
  let calls = 0;
  return {
    origin,
    connect: (signer) => {
      const link = connection.connect(signer);
      const asIs = link[call] as (...values: unknown[]) => Promise<unknown>;
      const changed = (...values: unknown[]): Promise<unknown> => {
        const run = (): Promise<unknown> => asIs(...values);
        return ++calls === place ? instead(run) : run();
      };
      return { ...link, [call]: changed } as PhoneLink;
    },
  };
}

function shownBy(folder: string): ReturnType<Phone['view']> {
  const phone = Phone.open(folder, world);
  try {
    return phone.view();
  } finally {
    phone.close();
  }
}

function cardSide(folder: string): CardSide {
  const card = bootCard(FileNvm.load(join(folder, 'phone.img')), 'phone', null, world, crypto);
  return new CardSide(card, () => systemClock.nowNs());
}

/** Of the card's application. */
function lifeCycleIn(folder: string): number {
  return cardSide(folder).lifeCycle;
}

/** What the issuer says to the device key of that phone. */
async function standingOf(folder: string): Promise<string> {
  const side = cardSide(folder);
  const publicKey = side.publicKey(DEVICE_KEY) as Uint8Array;
  const link = connection.connect({ publicKey, signDigest: (digest) => side.sign(DEVICE_KEY, digest) });
  return (await link.standing()).state;
}

/** How many activations the published list says are over. */
async function revoked(): Promise<number> {
  const list = await (await fetch(statusListUrl(origin))).text();
  const signers = [readIssuerKeys(issuerFolder, crypto).signer.publicKey];
  const now = Math.floor(Date.now() / 1000);
  const { statuses } = verifyStatusListJwt(list, { uri: statusListUrl(origin), signers, now, crypto });
  return statuses.bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
}

async function ticketFor(store: IssuerStore, identity: Parameters<typeof apply>[1]['identity']): Promise<string> {
  const files = new Map([
    ['document-front', Uint8Array.of(1)],
    ['video', Uint8Array.of(2)],
  ] as const);
  const applied = await apply(store, { identity, files, now: Date.now() });
  await decideApplication(store, { id: applied.id, refuse: null, now: Date.now() });
  return applicationTicket(applied);
}

function environment(ticket: string): { cwd: string; env: NodeJS.ProcessEnv; stdio: ['ignore', 'pipe', 'inherit'] } {
  return { cwd: ROOT, env: { ...process.env, TICKET: ticket, CODE }, stdio: ['ignore', 'pipe', 'inherit'] };
}

async function startIssuer(): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILDREN.issuer, issuerFolder], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  serving = child;
  let told = '';
  child.stdout.on('data', (part: Buffer) => {
    told += part.toString();
  });
  await vi.waitFor(() => JSON.parse(told), { timeout: 60_000, interval: 50 });
  operator = new URL((JSON.parse(told) as { operator: string }).operator).hash.slice(1);
}

async function stopIssuer(): Promise<void> {
  if (serving === null) return;
  serving.kill('SIGKILL');
  await childEnd(serving);
}

async function operate(method: string, path: string, body?: object): Promise<void> {
  const headers = { authorization: `Bearer ${operator}`, ...(body && { 'content-type': 'application/json' }) };
  const answer = await fetch(`${origin}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  expect(answer.status).toBe(200);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}
