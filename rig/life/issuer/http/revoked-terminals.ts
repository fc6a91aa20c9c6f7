import type { Statements } from '../../../store/sql.ts';

export interface RevokedTerminal {
  /** Holder reference of a terminal, or of a document verifier with all terminals below it. */
  readonly holder: string;
  /** Milliseconds since 1970. */
  readonly revokedAt: number;
}

/** Harmless the second time: the first day stays. */
export async function revokeTerminal(statements: Statements, holder: string, now: number): Promise<void> {
  await statements.query('insert into revoked_terminals (holder, revoked_at) values ($1, $2) on conflict do nothing', [
    holder,
    now,
  ]);
}

export async function revokedTerminals(statements: Statements): Promise<readonly RevokedTerminal[]> {
  const rows = await statements.query<{ holder: string; revoked_at: number }>(
    'select holder, revoked_at from revoked_terminals order by holder',
  );
  return rows.map(({ holder, revoked_at }) => ({ holder, revokedAt: revoked_at }));
}

/** Which of these holders are revoked. */
export async function revokedOf(statements: Statements, holders: readonly string[]): Promise<readonly string[]> {
  const rows = await statements.query<{ holder: string }>(
    'select holder from revoked_terminals where holder in (select value from json_array_elements_text($1::json))',
    [JSON.stringify(holders)],
  );
  return rows.map(({ holder }) => holder);
}
