import * as z from 'zod';
import type { WebApp } from '../../web/server.ts';
import { COMPARISON, LISTED, MOST_LISTED } from '../api/comparison.ts';
import { compareCampaigns } from '../store/compare.ts';
import type { LabStore } from '../store/store.ts';
import { VIEWER } from './roles.ts';

const campaign = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** For two large campaigns. */
const COMPARE_MS = 120_000;

/** What `lab compare` and the page say. */
export function addCompareRoute(app: WebApp, store: LabStore): void {
  app.get(
    '/v1/compare',
    {
      config: VIEWER,
      handlerTimeout: COMPARE_MS,
      schema: {
        tags: ['campaign'],
        summary: 'What is different in the second of two campaigns',
        querystring: z.strictObject({
          first: campaign,
          second: campaign,
          most: z.coerce
            .number()
            .int()
            .min(0)
            .max(MOST_LISTED)
            .default(LISTED)
            .describe('items of each list; all are counted'),
        }),
        response: { 200: COMPARISON },
      },
    },
    ({ query, signal }) => compareCampaigns(store, query, signal),
  );
}
