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
