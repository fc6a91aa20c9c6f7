import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { commitActivation } from '../../../../../rig/life/issuer/activation.ts';
import { enrol } from '../../../../../rig/life/issuer/enrolment.ts';
import { mintPresence, type Resolved, resolvePresence } from '../../../../../rig/life/issuer/presence.ts';
import type { RefusalCode } from '../../../../../rig/life/issuer/refusals.ts';
import { addFamilies } from '../../../../../rig/life/issuer/registry.ts';
import { changeRollout, EVERYWHERE } from '../../../../../rig/life/issuer/rollout.ts';
import { type IssuerStore, openIssuerStore } from '../../../../../rig/life/issuer/store.ts';
import type { Sql } from '../../../../../rig/store/sql.ts';
import { ADRUN, COUNTER, deviceKey, holderKey, NAMESAKE, NOW, request, serial, ZOE } from '../people.ts';

export const A: string = deviceKey('phone-A');
export const B: string = deviceKey('phone-B');
export const C: string = deviceKey('phone-C');

/** Every table of the issuer, for a store that is emptied between tests and for pictures of all that it holds. */
const TABLES = [
  ...[
    'insured',
    'departments',
    'activations',
    'device_keys',
    'wipes',
    'delegations',
    'presences',
    'contexts',
    'claims',
  ],
  ...['offline_uses', 'applications', 'audit_log', 'audit_head'],
];

/** An issuer on one database, which every test finds with two families and nothing else. */
export interface IssuerInStore {
  readonly store: IssuerStore;
  /** Enrols and commits; the activation's identifier. */
  activate(key: string, identity?: typeof ZOE, number?: number, now?: number): Promise<string>;
  commitOf(activationId: string, key: string, number?: number, now?: number): ActivationCommit;
  /** A presence of phone A. */
  present(agreed?: string[], now?: number): Promise<string>;
  resolve(presence: string, now?: number, requestId?: string, signer?: string): Promise<Resolved>;
  refuses(promise: Promise<unknown>, code: RefusalCode): Promise<void>;
  lastLine(): Promise<{ kind: string; details: Record<string, unknown> }>;
  /** All that the database holds. */
  picture(of?: Sql): Promise<string>;
}

type ActivationCommit = Parameters<typeof commitActivation>[1];

export function issuerInStore(location: () => string): IssuerInStore {
  let folder: string;
  const store = {} as IssuerStore;
  let at: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-issuer-'));
    at = location();
    Object.assign(store, await openIssuerStore({ location: at, files: join(folder, 'applications'), now: NOW }));
  }, 120_000);
  afterAll(async () => {
    await store.sql?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await store.sql.query(`truncate ${TABLES.join(', ')} restart identity cascade`);
    await store.sql.query(`insert into audit_head (sequence, hash) values (0, decode(repeat('00', 32), 'hex'))`);
    for (const each of readdirSync(store.files)) rmSync(join(store.files, each), { recursive: true });
    await addFamilies(store, { families: [ADRUN, NAMESAKE], now: NOW });
    await changeRollout(store, { departments: [EVERYWHERE], open: true, now: NOW });
  });

  async function activate(key: string, identity = ZOE, number = 1, now = NOW): Promise<string> {
    const { activationId } = await enrol(store, { deviceKey: key, identity, now });
    await commitActivation(store, commitOf(activationId, key, number, now));
    return activationId;
  }

  function commitOf(activationId: string, key: string, number = 1, now = NOW): ActivationCommit {
    const cardSecurity = Uint8Array.of(0x30, number);
    return {
      activationId,
      deviceKey: key,
      holderKey: holderKey(number),
      cardSerial: serial(number),
      cardSecurity,
      now,
    };
  }

  const present = async (agreed = ['insured'], now = NOW): Promise<string> =>
    (await mintPresence(store, { deviceKey: A, agreed, now })).presence;
  const resolve = (presence: string, now = NOW, requestId = request('r1'), signer = COUNTER): Promise<Resolved> =>
    resolvePresence(store, { presence, signer, requestId, now });
  const refuses = async (promise: Promise<unknown>, code: RefusalCode): Promise<void> => {
    await expect(promise).rejects.toMatchObject({ name: 'IssuerRefusal', code });
  };
  const lastLine = async (): Promise<{ kind: string; details: Record<string, unknown> }> => {
    const [row] = await store.sql.query<{ line: string }>('select line from audit_log order by sequence desc limit 1');
    return JSON.parse(row?.line as string);
  };
  /** All that the database holds. */
  const picture = async (of: Sql = store.sql): Promise<string> => {
    const rows: unknown[] = [];
    for (const table of TABLES)
      rows.push(table, await of.query(`select ${table}::text as row from ${table} order by 1`));
    return JSON.stringify(rows);
  };
  return { store, activate, commitOf, present, resolve, refuses, lastLine, picture };
}
