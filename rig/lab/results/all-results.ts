import type { PersonLink } from '../api/person-link.ts';
import type { ResultStatement } from '../api/result.ts';
import type { ResultPage, RunResult } from '../api/run.ts';
import { statementOf } from '../store/record.ts';

/** A run and what its bench said of it; null: no bench judged it. */
export interface JudgedRun extends RunResult {
  readonly statement: ResultStatement | null;
}

/** All runs of a campaign with their results, asked for a page at a time. */
export async function* allResults(link: PersonLink, campaign: number): AsyncGenerator<JudgedRun> {
  for (let after: number | null = 0; after !== null; ) {
    const page: ResultPage = await link.results(campaign, after);
    for (const each of page.results) yield { ...each, statement: each.jws === null ? null : statementOf(each.jws) };
    after = page.after;
  }
}

/**
 * When the attempt that counts began and ended, milliseconds since 1970: the beginning by the clock of the lab's database, as
 * every other time in the lab, since a bench's clock may be wrong; how long it took by the bench. Null: no bench judged it.
 */
export function timesOf({
  attempts,
  statement,
}: JudgedRun): { readonly startedAt: number; readonly endedAt: number } | null {
  const attempt = attempts.find(({ id }) => id === statement?.attempt);
  if (statement === null || attempt === undefined) return null;
  const { startedAt } = attempt;
  return { startedAt, endedAt: startedAt + Math.max(0, statement.endedAt - statement.startedAt) };
}
