import { createHash, randomBytes } from 'node:crypto';
import type { Role } from '../api/token.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

export interface TokenRow {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly madeAt: number;
  readonly revokedAt: number | null;
}

/** @returns the token's text, which is stored nowhere */
export async function addToken(store: LabStore, name: string, role: Role): Promise<string> {
  const token = newToken();
  await keepToken(store, { name, role, token });
  return token;
}

/** The text of a token that opens nothing yet. */
export function newToken(): string {
  return `vlab_${randomBytes(32).toString('base64url')}`;
}

export async function keepToken(
  store: LabStore,
  { name, role, token }: { readonly name: string; readonly role: Role; readonly token: string },
): Promise<void> {
  await store.sql.query('insert into lab_tokens (name, role, hash, made_at) values ($1, $2, $3, lab_now())', [
    ...[name, role],
    hashOf(token),
  ]);
}

/** Newest first. */
export async function listTokens(store: LabStore): Promise<readonly TokenRow[]> {
  return store.sql.query<TokenRow & Record<string, never>>(
    `select id, name, role, made_at as "madeAt", revoked_at as "revokedAt" from lab_tokens order by id desc`,
  );
}

/** @throws {LabRefusal} `token-unknown` */
export async function revokeToken(store: LabStore, id: number): Promise<void> {
  const rows = await store.sql.query(
    'update lab_tokens set revoked_at = coalesce(revoked_at, lab_now()) where id = $1 returning id',
    [id],
  );
  if (rows.length === 0) throw new LabRefusal('token-unknown', id);
}

/** Role of a token that is not revoked; null: there is none. */
export async function roleOfToken(store: LabStore, token: string): Promise<Role | null> {
  const [row] = await store.sql.query<{ role: Role }>(
    'select role from lab_tokens where hash = $1 and revoked_at is null',
    [hashOf(token)],
  );
  return row?.role ?? null;
}

/** Which of these open something. @param tokens their texts */
export async function liveTokens(store: LabStore, tokens: readonly string[]): Promise<ReadonlySet<string>> {
  const byHash = new Map(tokens.map((token) => [Buffer.from(hashOf(token)).toString('hex'), token]));
  const rows = await store.sql.query<{ hash: string }>(
    `select encode(hash, 'hex') as hash from lab_tokens
     where revoked_at is null and hash in (select decode(value, 'hex') from json_array_elements_text($1::json))`,
    [JSON.stringify([...byHash.keys()])],
  );
  return new Set(rows.flatMap(({ hash }) => byHash.get(hash) ?? []));
}

function hashOf(token: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(token).digest());
}
