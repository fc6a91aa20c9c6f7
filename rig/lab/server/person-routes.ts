import * as z from 'zod';
import type { WebApp } from '../../web/server.ts';
import { BENCHES, QUARANTINE } from '../api/bench.ts';
import { CAMPAIGNS, MATRIX, SUBMISSION, SUBMITTED } from '../api/campaign.ts';
import { CASE_PAGE } from '../api/case.ts';
import { BENCH_NAME, NOTHING } from '../api/fields.ts';
import { FOUND, RESULT_PAGE, RUN_DETAIL, RUN_PAGE, RUN_STATES } from '../api/run.ts';
import { ME, NEW_TOKEN, type Role, TOKEN, TOKENS } from '../api/token.ts';
import { CHECK, PRUNE, PRUNED } from '../api/upkeep.ts';
import { listBenches, quarantine } from '../store/benches.ts';
import { sweepBlobs } from '../store/blobs.ts';
import { campaignMatrix, cancelCampaign, listCampaigns } from '../store/campaigns.ts';
import { runsOfCase } from '../store/cases.ts';
import { checkStore } from '../store/check.ts';
import { pruneFiles } from '../store/prune.ts';
import { listResults, listRuns, runDetail } from '../store/runs.ts';
import { searchRuns } from '../store/search.ts';
import type { LabStore } from '../store/store.ts';
import { submitCampaign } from '../store/submit.ts';
import { addToken, listTokens, revokeToken } from '../store/tokens.ts';
import { ANY_ROLE, OPERATOR, VIEWER } from './roles.ts';
import type { WaitingBenches } from './waiting-benches.ts';

const MOST_SUBMISSION_BYTES = 67_108_864;
const SUBMIT_MS = 120_000;
/** What reads whole tables. */
const UPKEEP_MS = 120_000;

const whole = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const CAMPAIGN_IN_PATH = z.object({ campaign: whole });
const MATRIX_ASKED = z.strictObject({
  afterSubject: z.string().max(100).default(''),
  afterSuite: z.string().max(100).default(''),
});
const RUNS_ASKED = z.strictObject({
  state: z.enum(RUN_STATES).optional(),
  subject: z.string().max(100).optional(),
  suite: z.string().max(100).optional(),
  after: whole.optional(),
});

/** What viewers and operators ask for. @param revoked told that a token was revoked here */
export function addPersonRoutes(app: WebApp, store: LabStore, waiting: WaitingBenches, revoked: () => void): void {
  addCampaignRoutes(app, store, waiting);
  addRunRoutes(app, store);
  addBenchesRoutes(app, store, waiting);
  addTokenRoutes(app, store, revoked);
  addPruneRoute(app, store);
}

function addCampaignRoutes(app: WebApp, store: LabStore, waiting: WaitingBenches): void {
  const tags = ['campaign'];
  app.post(
    '/v1/campaigns',
    {
      config: { ...OPERATOR, changes: true },
      bodyLimit: MOST_SUBMISSION_BYTES,
      handlerTimeout: SUBMIT_MS,
      schema: { tags, summary: 'Submits a campaign', body: SUBMISSION, response: { 200: SUBMITTED } },
    },
    async ({ body }) => {
      const submitted = await submitCampaign(store, body, Date.now());
      waiting.wake();
      return { ...submitted, unfit: [...submitted.unfit], missing: [...submitted.missing] };
    },
  );
  app.get(
    '/v1/campaigns',
    {
      config: VIEWER,
      schema: {
        tags,
        summary: 'Campaigns, the newest first, a page at a time',
        querystring: z.strictObject({ before: whole.optional() }),
        response: { 200: CAMPAIGNS },
      },
    },
    ({ query: { before } }) => listCampaigns(store, before ?? null),
  );
  app.get(
    '/v1/campaigns/:campaign',
    {
      config: VIEWER,
      schema: {
        tags,
        summary: 'A campaign as a matrix, a page at a time',
        params: CAMPAIGN_IN_PATH,
        querystring: MATRIX_ASKED,
        response: { 200: MATRIX },
      },
    },
    ({ params: { campaign }, query: { afterSubject, afterSuite } }) =>
      campaignMatrix(store, campaign, { subject: afterSubject, suite: afterSuite }),
  );
  app.get(
    '/v1/campaigns/:campaign/runs',
    {
      config: VIEWER,
      schema: {
        tags,
        summary: 'Runs of a campaign, a page at a time',
        params: CAMPAIGN_IN_PATH,
        querystring: RUNS_ASKED,
        response: { 200: RUN_PAGE },
      },
    },
    ({ params: { campaign }, query }) => listRuns(store, { campaign, ...query }),
  );
  app.get(
    '/v1/campaigns/:campaign/results',
    {
      config: VIEWER,
      schema: {
        tags,
        summary: 'Runs with their signed results, a page at a time',
        params: CAMPAIGN_IN_PATH,
        querystring: z.strictObject({ after: whole }),
        response: { 200: RESULT_PAGE },
      },
    },
    ({ params: { campaign }, query: { after } }) => listResults(store, campaign, after),
  );
  app.post(
    '/v1/campaigns/:campaign/cancel',
    {
      config: { ...OPERATOR, changes: true },
      schema: {
        tags,
        summary: 'Cancels what waits and what runs',
        params: CAMPAIGN_IN_PATH,
        body: z.strictObject({}),
        response: { 200: NOTHING },
      },
    },
    async ({ params: { campaign } }) => {
      await cancelCampaign(store, campaign);
      return {};
    },
  );
}

function addRunRoutes(app: WebApp, store: LabStore): void {
  const tags = ['run'];
  app.get(
    '/v1/runs/:run',
    {
      config: VIEWER,
      schema: {
        tags,
        summary: 'A run with its attempts and its result',
        params: z.object({ run: z.uuid() }),
        response: { 200: RUN_DETAIL },
      },
    },
    ({ params: { run } }) => runDetail(store, run),
  );
  app.get(
    '/v1/search',
    {
      config: VIEWER,
      schema: {
        tags,
        summary: 'Runs that hold the words',
        querystring: z.strictObject({ words: z.string().min(1).max(100) }),
        response: { 200: FOUND },
      },
    },
    async ({ query: { words } }) => ({ runs: [...(await searchRuns(store, words))] }),
  );
  app.get(
    '/v1/cases',
    {
      config: VIEWER,
      schema: {
        tags,
        summary: 'Runs in which a case failed or was inconclusive, a page at a time',
        querystring: z.strictObject({
          id: z.string().min(1).max(200),
          campaign: whole.optional().describe('without it all campaigns, the newest first'),
          after: z.uuid().optional(),
        }),
        response: { 200: CASE_PAGE },
      },
    },
    ({ query: { id, campaign = null, after = null } }) => runsOfCase(store, { id, campaign, after }),
  );
  app.get(
    '/v1/check',
    {
      config: VIEWER,
      handlerTimeout: UPKEEP_MS,
      schema: { tags, summary: 'Whether anything is lost or doubled, by the store', response: { 200: CHECK } },
    },
    () => checkStore(store),
  );
}

function addPruneRoute(app: WebApp, store: LabStore): void {
  app.post(
    '/v1/prune',
    {
      config: OPERATOR,
      handlerTimeout: UPKEEP_MS,
      schema: { tags: ['file'], summary: 'Drops files of old runs', body: PRUNE, response: { 200: PRUNED } },
    },
    async ({ body }) => {
      if (!body.dryRun && body.after === null) await sweepBlobs(store);
      return pruneFiles(store, body);
    },
  );
}

function addBenchesRoutes(app: WebApp, store: LabStore, waiting: WaitingBenches): void {
  const tags = ['bench'];
  app.get(
    '/v1/benches',
    { config: VIEWER, schema: { tags, summary: 'Benches and what they do', response: { 200: BENCHES } } },
    async () => ({ benches: [...(await listBenches(store))] }),
  );
  app.post(
    '/v1/benches/:bench/quarantine',
    {
      config: { ...OPERATOR, changes: true },
      schema: {
        tags,
        summary: 'Puts a bench into quarantine, or lets it back',
        params: z.object({ bench: BENCH_NAME }),
        body: QUARANTINE,
        response: { 200: NOTHING },
      },
    },
    async ({ params: { bench }, body: { reason } }) => {
      await quarantine(store, bench, reason);
      waiting.wake();
      return {};
    },
  );
}

function addTokenRoutes(app: WebApp, store: LabStore, revoked: () => void): void {
  const tags = ['token'];
  app.get(
    '/v1/me',
    { config: ANY_ROLE, schema: { tags, summary: 'Role of the token that asks', response: { 200: ME } } },
    ({ labRole }) => ({ role: labRole as Role }),
  );
  app.get(
    '/v1/tokens',
    { config: OPERATOR, schema: { tags, summary: 'Tokens, without their text', response: { 200: TOKENS } } },
    async () => ({ tokens: [...(await listTokens(store))] }),
  );
  app.post(
    '/v1/tokens',
    {
      config: OPERATOR,
      schema: { tags, summary: 'Makes a token, and shows it this once', body: NEW_TOKEN, response: { 200: TOKEN } },
    },
    async ({ body: { name, role } }) => ({ token: await addToken(store, name, role) }),
  );
  app.post(
    '/v1/tokens/:token/revoke',
    {
      config: { ...OPERATOR, changes: true },
      schema: {
        tags,
        summary: 'Revokes a token',
        params: z.object({ token: whole }),
        body: z.strictObject({}),
        response: { 200: NOTHING },
      },
    },
    async ({ params: { token } }) => {
      await revokeToken(store, token);
      revoked();
      return {};
    },
  );
}
