import type * as z from 'zod';
import { BENCHES, type BenchSummary } from './bench.ts';
import { type BlobLink, blobLink } from './blob-link.ts';
import { call, type LabLine } from './call.ts';
import {
  CAMPAIGNS,
  type CampaignPage,
  type CellPlace,
  MATRIX,
  type Matrix,
  SUBMITTED,
  type Submission,
  type Submitted,
} from './campaign.ts';
import { CASE_PAGE, type CaseAsked, type CasePage } from './case.ts';
import { type CampaignComparison, COMPARISON } from './comparison.ts';
import { NOTHING } from './fields.ts';
import {
  FOUND,
  RESULT_PAGE,
  type ResultPage,
  RUN_DETAIL,
  RUN_PAGE,
  type RunDetail,
  type RunPage,
  type RunState,
  type RunSummary,
} from './run.ts';
import { type Role, TOKEN, TOKENS, type TokenSummary } from './token.ts';
import { CHECK, type Check, PRUNED, type Prune, type Pruned } from './upkeep.ts';

export interface RunsAsked {
  readonly campaign: number;
  readonly state?: RunState;
  readonly subject?: string;
  readonly suite?: string;
  /** Number of a run: those behind it. */
  readonly after?: number;
}

/**
 * The lab as a person asks it, with a token of the role `viewer`; what changes something takes `operator`. Throws
 * `LabRefused` and `LabUnreachable`.
 */
export interface PersonLink extends BlobLink {
  submit(submission: Submission): Promise<Submitted>;
  /** Newest first, a page at a time. @param before number of a campaign: those older than it */
  campaigns(before?: number): Promise<CampaignPage>;
  /** A page at a time. @param after a cell: those behind it */
  matrix(campaign: number, after?: CellPlace): Promise<Matrix>;
  runs(asked: RunsAsked): Promise<RunPage>;
  run(id: string): Promise<RunDetail>;
  /** Cancels what waits and what runs. */
  cancel(campaign: number): Promise<void>;
  /** @param most items of each list */
  compare(first: number, second: number, most: number): Promise<CampaignComparison>;
  /** Runs in which a case failed or was inconclusive, a page at a time. */
  runsOfCase(asked: CaseAsked): Promise<CasePage>;
  benches(): Promise<readonly BenchSummary[]>;
  /** @param reason null: lets the bench back */
  quarantine(bench: string, reason: string | null): Promise<void>;
  check(): Promise<Check>;
  /** Runs with their signed results, in the order of their numbers. @param after number of a run: those behind it */
  results(campaign: number, after: number): Promise<ResultPage>;
  /** A part of it: it is asked again with `after` of the answer. */
  prune(asked: Prune): Promise<Pruned>;
  /** Runs that hold the words; newest first. */
  search(words: string): Promise<readonly RunSummary[]>;
  /** @returns the token's text, which cannot be had again */
  addToken(name: string, role: Role): Promise<string>;
  tokens(): Promise<readonly TokenSummary[]>;
  revokeToken(id: number): Promise<void>;
}

const SUBMIT_MS = 120_000;
/** What reads whole tables. */
const UPKEEP_MS = 120_000;
/** For two large campaigns, and all that differs between them. */
const COMPARE_MS = 120_000;
const MOST_COMPARISON_BYTES = 67_108_864;
/** A campaign with many subjects and suites. */
const MOST_ANSWER_BYTES = 33_554_432;

/** The same over HTTP. */
export function personLink(given: LabLine): PersonLink {
  const line = { mostBytes: MOST_ANSWER_BYTES, ...given };
  const get = <T>(path: string, answer: z.ZodType<T>): Promise<T> =>
    call(line, { method: 'GET', path, body: null }, answer);
  const post = <T>(path: string, body: object, answer: z.ZodType<T>, more: Partial<LabLine> = {}): Promise<T> => {
    const json = { type: 'application/json', content: JSON.stringify(body) };
    return call({ ...line, idempotent: true, ...more }, { method: 'POST', path, body: json }, answer);
  };
  return {
    ...blobLink(line),
    submit: (submission) => post('/v1/campaigns', submission, SUBMITTED, { timeoutMs: SUBMIT_MS }),
    campaigns: (before) => get(`/v1/campaigns${before === undefined ? '' : `?before=${before}`}`, CAMPAIGNS),
    matrix: (campaign, after) => {
      const query = after && new URLSearchParams({ afterSubject: after.subject, afterSuite: after.suite });
      return get(`/v1/campaigns/${campaign}${query === undefined ? '' : `?${query}`}`, MATRIX);
    },
    runs: ({ campaign, ...filter }) => {
      const query = new URLSearchParams(
        Object.entries(filter).map(([name, value]) => [name, `${value}`] as [string, string]),
      );
      return get(`/v1/campaigns/${campaign}/runs?${query}`, RUN_PAGE);
    },
    run: (id) => get(`/v1/runs/${encodeURIComponent(id)}`, RUN_DETAIL),
    cancel: async (campaign) => void (await post(`/v1/campaigns/${campaign}/cancel`, {}, NOTHING)),
    compare: (first, second, most) =>
      call(
        { ...line, timeoutMs: COMPARE_MS, mostBytes: MOST_COMPARISON_BYTES },
        { method: 'GET', path: `/v1/compare?first=${first}&second=${second}&most=${most}`, body: null },
        COMPARISON,
      ),
    runsOfCase: ({ id, campaign, after }) => {
      const query = new URLSearchParams({
        ...{ id, ...(campaign !== null && { campaign: `${campaign}` }), ...(after !== null && { after }) },
      });
      return get(`/v1/cases?${query}`, CASE_PAGE);
    },
    benches: async () => (await get('/v1/benches', BENCHES)).benches,
    quarantine: async (bench, reason) =>
      void (await post(`/v1/benches/${encodeURIComponent(bench)}/quarantine`, { reason }, NOTHING)),
    check: () => call({ ...line, timeoutMs: UPKEEP_MS }, { method: 'GET', path: '/v1/check', body: null }, CHECK),
    results: (campaign, after) => get(`/v1/campaigns/${campaign}/results?after=${after}`, RESULT_PAGE),
    prune: (asked) => post('/v1/prune', asked, PRUNED, { timeoutMs: UPKEEP_MS, idempotent: false }),
    search: async (words) => (await get(`/v1/search?${new URLSearchParams({ words })}`, FOUND)).runs,
    addToken: async (name, role) => (await post('/v1/tokens', { name, role }, TOKEN, { idempotent: false })).token,
    tokens: async () => (await get('/v1/tokens', TOKENS)).tokens,
    revokeToken: async (id) => void (await post(`/v1/tokens/${id}/revoke`, {}, NOTHING)),
  };
}
