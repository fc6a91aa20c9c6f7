import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceSigner } from '../../../../../rig/life/api/device-request.ts';
import { type PhoneLink, phoneLink } from '../../../../../rig/life/api/phone-link.ts';
import { type ProfessionalLink, professionalLink } from '../../../../../rig/life/api/professional-link.ts';
import { softwareSigner } from '../../../../../rig/life/credential/jws.ts';
import { readApplicationTicket } from '../../../../../rig/life/issuer/http/application-ticket.ts';
import { CardRelays, type RelayLimits } from '../../../../../rig/life/issuer/http/card-relays.ts';
import { Faults, readFault } from '../../../../../rig/life/issuer/http/faults.ts';
import { GUESSES_A_MINUTE, type IssuerHttp } from '../../../../../rig/life/issuer/http/issuer-http.ts';
import { createIssuerServer, type IssuerServerOptions } from '../../../../../rig/life/issuer/http/issuer-server.ts';
import { HTTP_TABLES } from '../../../../../rig/life/issuer/http/tables.ts';
import { addFamilies } from '../../../../../rig/life/issuer/registry.ts';
import { changeRollout, EVERYWHERE } from '../../../../../rig/life/issuer/rollout.ts';
import { type IssuerStore, openIssuerStore } from '../../../../../rig/life/issuer/store.ts';
import { testPrivateKey } from '../../../../../rig/pki/test-hierarchy.ts';
import { migrate } from '../../../../../rig/store/migrate.ts';
import { WebRefusal } from '../../../../../rig/web/refusal.ts';
import type { ServedAt, WebServer } from '../../../../../rig/web/server.ts';
import type { Crypto } from '../../../../../src/hal/crypto.ts';
import { nobleCrypto } from '../../../../../src/hal/noble/index.ts';
import type { CardSession } from '../../../../../src/hal/reader.ts';
import { systemRandom } from '../../../../../src/hal/system/random.ts';
import { device, type HierarchyOrder, hierarchy, type TestHierarchy } from '../../signers.ts';
import { ADRUN, LEA, NAMESAKE, NOW, ZOE } from '../people.ts';

export const crypto: Crypto = nobleCrypto();
/** Tickets of a digital identity, as far as these tests go. */
export const TICKETS = { zoe: 'identity:zoe-the-first-one', lea: 'identity:lea-the-first-one' } as const;
const PEOPLE: Readonly<Record<string, typeof ZOE>> = { [TICKETS.zoe]: ZOE, [TICKETS.lea]: LEA };

/** A registry in a folder of its own, with the two families of the tests, open everywhere. */
export interface TestRegistry {
  readonly folder: string;
  store: IssuerStore;
  reopen(): Promise<void>;
  remove(): Promise<void>;
}

export async function testRegistry(): Promise<TestRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-issuer-http-'));
  const open = async (): Promise<IssuerStore> => {
    const store = await openIssuerStore({ location: join(folder, 'store'), files: join(folder, 'files'), now: NOW });
    await migrate(store.sql, HTTP_TABLES, NOW);
    return store;
  };
  const store = await open();
  await addFamilies(store, { families: [ADRUN, NAMESAKE], now: NOW });
  await changeRollout(store, { departments: [EVERYWHERE], open: true, now: NOW });
  const registry: TestRegistry = {
    folder,
    store,
    reopen: async () => {
      await registry.store.sql.close();
      registry.store = await open();
    },
    remove: async () => {
      await registry.store.sql.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return registry;
}

export interface IssuerInTest extends ServedAt {
  readonly server: WebServer;
  readonly http: IssuerHttp;
  readonly lines: string[];
  readonly faults: unknown[];
  /** Milliseconds that the issuer's clock is ahead of the clients'. */
  ahead: number;
  readonly terminals: TestHierarchy;
  phone(signer?: DeviceSigner): PhoneLink;
  professional(order?: HierarchyOrder): ProfessionalLink;
  /** As the operator. */
  operate(method: string, path: string, body?: unknown): Promise<{ status: number; json: Record<string, unknown> }>;
  close(): Promise<void>;
}

export interface TestOrder {
  readonly faults?: readonly string[];
  readonly relays?: RelayLimits;
  readonly limits?: IssuerServerOptions['limits'];
  readonly timeoutMs?: number;
  readonly port?: number;
  readonly guessesAMinute?: number;
}

/** An issuer that listens on loopback. Everybody has the same clock, unless a test moves the issuer's. */
export async function issuerInTest(registry: TestRegistry, order: TestOrder = {}): Promise<IssuerInTest> {
  const lines: string[] = [];
  const faults: unknown[] = [];
  const terminals = hierarchy();
  const issuerKey = testPrivateKey(crypto, 'P-256', 'issuer of the tests');
  let clock = { ahead: 0 };
  let origin = '';
  const http: IssuerHttp = {
    crypto,
    store: registry.store,
    now: () => NOW + clock.ahead,
    root: terminals.anchor(0).key,
    signer: { publicKey: crypto.publicKey('P-256', issuerKey), sign: softwareSigner(crypto, issuerKey) },
    names: { issuer: 'https://issuer.test', statusList: 'https://issuer.test/v1/status/token-list' },
    cards: CARDS,
    relays: new CardRelays(order.relays),
    guessesAMinute: order.guessesAMinute ?? GUESSES_A_MINUTE,
    faults: new Faults((order.faults ?? []).map(readFault)),
    proofOf: async (ticket) => {
      const identity = PEOPLE[ticket];
      if (identity !== undefined) return { identity };
      const application = readApplicationTicket(ticket);
      if (application === null) throw new WebRefusal('ticket-malformed', 'no ticket', 400);
      return { application };
    },
    offerOf: async () => null,
    anotherOfferOf: async (activationId) => `openid-credential-offer://?for=${activationId}`,
    allowOffer: async () => NOW,
  };
  const server = await createIssuerServer(http, {
    host: '127.0.0.1',
    port: order.port ?? 0,
    tls: null,
    version: '1',
    log: (line) => lines.push(line),
    fault: (error) => faults.push(error),
    limits: { requests: 100_000, ...order.limits },
  });
  const at = await server.listen();
  origin = at.origin;
  const line = { origin, timeoutMs: order.timeoutMs ?? 20_000 };
  const world = { crypto, random: systemRandom, now: () => NOW };
  return {
    ...at,
    server,
    http,
    lines,
    faults,
    terminals,
    get ahead() {
      return clock.ahead;
    },
    set ahead(value: number) {
      clock = { ahead: value };
    },
    phone: (signer = device('phone a')) => phoneLink(line, signer, world),
    professional: (wanted) =>
      professionalLink(line, wanted === undefined ? terminals.keys : hierarchy(wanted).keys, world),
    async operate(method, path, body) {
      const headers = {
        authorization: `Bearer ${server.secret}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      };
      const answer = await fetch(`${origin}${path}`, {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
    },
    close: () => server.close(),
  };
}

/** Commands that the issuer of the tests sends to a card. */
const WRITE = Uint8Array.of(0x00, 0xd6, 0x00, 0x00);
const ASK_KEYS = Uint8Array.of(0x00, 0x46, 0x00, 0x00);
const OPERATE = Uint8Array.of(0x00, 0x44, 0x00, 0x00);

/** In place of a real card's personalisation: a write, then the card's two public keys in one answer. */
const CARDS: IssuerHttp['cards'] = {
  async personalise(session, _activationId, can) {
    await send(session, Uint8Array.of(...WRITE, can.length, ...Buffer.from(can)));
    const keys = await send(session, ASK_KEYS);
    return {
      device: Uint8Array.from(keys.subarray(0, 65)),
      holder: Uint8Array.from(keys.subarray(65, 130)),
      cardSecurity: Uint8Array.of(0x30, 0x00),
    };
  },
  async operate(session) {
    await send(session, OPERATE);
  },
};

async function send(session: CardSession, command: Uint8Array): Promise<Uint8Array> {
  const { response } = await session.transmit(command);
  const status = Buffer.from(response.subarray(response.length - 2)).toString('hex');
  if (status !== '9000') throw Object.assign(new Error(`the card answers ${status}`), { name: 'PersonalisationError' });
  return response.subarray(0, response.length - 2);
}

/** The card at the phone's end of the relay. */
export function cardOf(signer: DeviceSigner, holder: DeviceSigner): (command: Uint8Array) => Uint8Array {
  return (command) =>
    command[1] === 0x46
      ? Uint8Array.of(...signer.publicKey, ...holder.publicKey, 0x90, 0x00)
      : Uint8Array.of(0x90, 0x00);
}

/** Carries commands until the issuer is done. @returns how many there were */
export async function carry(
  link: PhoneLink,
  activationId: string,
  step: 'personalisation' | 'operation',
  card: (command: Uint8Array) => Uint8Array,
): Promise<number> {
  let commands = 0;
  let turn = await link.relay(activationId, step, null, null);
  while ('command' in turn) {
    commands++;
    turn = await link.relay(activationId, step, turn.relay, card(turn.command));
  }
  return commands;
}

/** From a ticket to an active card. */
export async function activate(
  issuer: IssuerInTest,
  name: string,
  ticket: string,
  cardSerial = '999000000001',
): Promise<{ link: PhoneLink; activationId: string; signer: DeviceSigner; holder: DeviceSigner }> {
  const [signer, holder] = [device(name), device(`${name} holder`)];
  const link = issuer.phone(signer);
  const { activationId } = await link.begin({ ticket, can: '500540', cardSerial });
  const card = cardOf(signer, holder);
  await carry(link, activationId, 'personalisation', card);
  await link.commit(activationId, holder.publicKey);
  await carry(link, activationId, 'operation', card);
  return { link, activationId, signer, holder };
}
