import type { Sql } from '../../../store/sql.ts';

/** Forgets what has expired; above all identities that were presented and never used. @param now milliseconds since 1970 */
export async function purgeOpenId(sql: Sql, now: number): Promise<void> {
  for (const table of ['presentations', 'offers', 'tokens', 'used_nonces', 'offer_requests']) {
    await sql.query(`delete from openid_${table} where expires_at <= $1`, [now]);
  }
}
