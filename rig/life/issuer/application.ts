import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { SqlRow, Statements } from '../../store/sql.ts';
import type { IdentityClaims } from '../identity/claims.ts';
import {
  APPLICATION_FILES,
  type ApplicationFile,
  FILES_KEPT_MS,
  sweepApplications,
  writeApplicationFiles,
} from './application-files.ts';
import { audit } from './audit.ts';
import { decided, Refused } from './decided.ts';
import { hashOf, newIdentifier } from './identifiers.ts';
import { IssuerRefusal } from './refusals.ts';
import { type FoundPerson, findPerson } from './registry.ts';
import { isOpen } from './rollout.ts';
import type { IssuerStore } from './store.ts';

const LARGEST_FILE: number = 20 * 1024 * 1024;

/** Why an operator refuses, as the person is told. */
export const REFUSAL_REASONS = ['unreadable', 'not-the-same-person', 'document-expired', 'not-a-document'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/**
 * The way without a digital identity: the person says who they are and sends a document and a video, which an operator
 * looks at. The files are destroyed when that is done, and within 96 hours in any case.
 * @returns the ticket that the person asks and activates with; only its hash is stored
 * @throws {IssuerRefusal} `application-malformed`, `unknown-person`, `department-closed`; {HalError} `storage`
 */
export async function apply(
  store: IssuerStore,
  order: {
    readonly identity: IdentityClaims;
    readonly files: ReadonlyMap<ApplicationFile, Uint8Array>;
    readonly now: number;
  },
): Promise<{ readonly id: string; readonly ticket: string; readonly destroyBy: number }> {
  const { identity, files, now } = order;
  const named = [...files.keys()];
  const sizes = [...files.values()].map(({ length }) => length);
  const isWhole = files.has('document-front') && files.has('video');
  if (
    !isWhole ||
    named.some((file) => !APPLICATION_FILES.includes(file)) ||
    sizes.some((size) => size === 0 || size > LARGEST_FILE)
  ) {
    throw new IssuerRefusal('application-malformed');
  }
  await sweepApplications(store, now);
  const id = newIdentifier('app');
  const ticket = randomBytes(16).toString('hex');
  const destroyBy = now + FILES_KEPT_MS;
  await decided(store, { verb: 'apply', now }, async (statements) => {
    const person = await findPerson(statements, identity);
    if (person === null) return new Refused('unknown-person');
    const { insuredId: insured } = person;
    if (!(await isOpen(statements, person.department))) return new Refused('department-closed', { insured });
    await statements.query(
      `insert into applications (id, ticket_hash, insured_id, state, received_at, destroy_by)
       values ($1, $2, $3, 'receiving', $4, $5)`,
      [id, hashOf(ticket), insured, now, destroyBy],
    );
    return null;
  });
  writeApplicationFiles(store, id, files);
  await store.sql.transaction(async (statements) => {
    await statements.query(`update applications set state = 'waiting' where id = $1 and state = 'receiving'`, [id]);
    await audit(statements, now, 'application-received', { application: id });
  });
  return { id, ticket, destroyBy };
}

export type ApplicationState = 'receiving' | 'waiting' | 'accepted' | 'refused' | 'expired' | 'used';

interface ApplicationRow extends SqlRow {
  readonly id: string;
  readonly insured_id: number;
  readonly department: string;
  readonly ticket_hash: Uint8Array;
  readonly state: ApplicationState;
  readonly reason: RefusalReason | null;
  readonly received_at: number;
  readonly destroy_by: number;
  readonly files_destroyed_at: number | null;
  readonly activation_id: string | null;
}

/** What the person is told. @throws {IssuerRefusal} `application-unknown` */
export async function applicationState(
  store: IssuerStore,
  { id, ticket, now }: { readonly id: string; readonly ticket: string; readonly now: number },
): Promise<{
  readonly state: ApplicationState;
  readonly reason: RefusalReason | null;
  readonly filesDestroyed: boolean;
}> {
  await sweepApplications(store, now);
  const row = await applicationOf(store.sql, { id, ticket });
  if (row === null) throw new IssuerRefusal('application-unknown');
  return { state: row.state, reason: row.reason, filesDestroyed: row.files_destroyed_at !== null };
}

/** An application that an operator can decide on. */
export interface WaitingApplication {
  readonly id: string;
  readonly insuredId: number;
  readonly receivedAt: number;
  readonly destroyBy: number;
}

/** Those that wait for an operator, the oldest first. */
export async function waitingApplications(store: IssuerStore, now: number): Promise<readonly WaitingApplication[]> {
  await sweepApplications(store, now);
  const rows = await store.sql.query<{ id: string; insured_id: number; received_at: number; destroy_by: number }>(
    `select id, insured_id, received_at, destroy_by from applications where state = 'waiting' order by received_at, id`,
  );
  return rows.map(({ id, insured_id, received_at, destroy_by }) => ({
    id,
    insuredId: insured_id,
    receivedAt: received_at,
    destroyBy: destroy_by,
  }));
}

/**
 * An operator's decision; the files are destroyed with it.
 * @param refuse null: accepted
 * @throws {IssuerRefusal} `application-unknown`, `application-decided`, `application-expired`
 */
export async function decideApplication(
  store: IssuerStore,
  order: { readonly id: string; readonly refuse: RefusalReason | null; readonly now: number },
): Promise<void> {
  const { id, refuse, now } = order;
  await sweepApplications(store, now);
  await decided(store, { verb: 'decide', now, application: id }, async (statements) => {
    const [row] = await statements.query<Pick<ApplicationRow, 'state'>>(
      'select state from applications where id = $1 for update',
      [id],
    );
    if (row === undefined || row.state === 'receiving') return new Refused('application-unknown');
    if (row.state === 'expired') return new Refused('application-expired');
    if (row.state !== 'waiting') return new Refused('application-decided');
    const state = refuse === null ? 'accepted' : 'refused';
    await statements.query('update applications set state = $2, reason = $3, decided_at = $4 where id = $1', [
      id,
      state,
      refuse,
      now,
    ]);
    const details = { application: id, ...(refuse !== null && { reason: refuse }) };
    await audit(statements, now, `application-${state}`, details);
    return null;
  });
  await sweepApplications(store, now);
}

/**
 * The person of an accepted application, and the pending activation that was begun with it. When that was abandoned, the
 * application serves once more.
 */
export async function personOfApplication(
  statements: Statements,
  proof: { readonly id: string; readonly ticket: string },
): Promise<FoundPerson | Refused> {
  const row = await applicationOf(statements, proof, 'for update of applications');
  if (row === null) return new Refused('application-unknown');
  const about = { application: row.id };
  const person: FoundPerson = { insuredId: row.insured_id, department: row.department, begun: null };
  if (row.state === 'accepted') return person;
  if (row.state === 'refused') return new Refused('application-refused', about);
  if (row.state === 'expired') return new Refused('application-expired', about);
  if (row.state !== 'used') return new Refused('application-waiting', about);
  const [begun] = await statements.query<{ state: string }>('select state from activations where id = $1', [
    row.activation_id,
  ]);
  if (begun?.state === 'pending') return { ...person, begun: row.activation_id };
  return begun?.state === 'abandoned' ? person : new Refused('application-used', about);
}

async function applicationOf(
  statements: Statements,
  { id, ticket }: { readonly id: string; readonly ticket: string },
  lock = '',
): Promise<ApplicationRow | null> {
  const [row] = await statements.query<ApplicationRow>(
    `select applications.id, insured_id, department, ticket_hash, state, reason, received_at, destroy_by, files_destroyed_at,
       activation_id from applications join insured on insured.id = insured_id where applications.id = $1 ${lock}`,
    [id],
  );
  return row !== undefined && timingSafeEqual(row.ticket_hash, hashOf(ticket)) ? row : null;
}
