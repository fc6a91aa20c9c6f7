import { audit } from './audit.ts';
import { LONGEST_CONTEXT_MS } from './context.ts';
import type { IssuerStore } from './store.ts';

/**
 * How long a presence, and what it opened, is kept after its end: whoever asks late is told why, and not that it never
 * was. Afterwards the audit log alone says that it was there.
 */
export const KEPT_AFTER_END_MS: number = LONGEST_CONTEXT_MS;

/**
 * Removes contexts that have ended, and presences that nobody resolved in time or whose context is gone.
 * @returns how many of each
 */
export async function purgeExpired(
  store: IssuerStore,
  now: number,
): Promise<{ readonly presences: number; readonly contexts: number }> {
  const before = now - KEPT_AFTER_END_MS;
  return store.sql.transaction(async (statements) => {
    const contexts = await statements.query<{ id: string }>(
      'delete from contexts where expires_at <= $1 or ended_at <= $1 returning id',
      [before],
    );
    const presences = await statements.query<{ id: number }>(
      `delete from presences p where expires_at <= $1
         and not exists (select 1 from contexts c where c.presence_id = p.id) returning id`,
      [before],
    );
    for (const [what, { length: count }] of Object.entries({ contexts, presences })) {
      if (count > 0) await audit(statements, now, `${what as 'contexts' | 'presences'}-purged`, { count });
    }
    return { presences: presences.length, contexts: contexts.length };
  });
}
