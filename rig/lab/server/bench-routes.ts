import * as z from 'zod';
import { StoreError } from '../../store/store-error.ts';
import type { WebApp } from '../../web/server.ts';
import {
  ENROL,
  ENROLLED,
  HEARTBEAT,
  HEARTBEAT_ANSWER,
  LEAVE,
  MOST_WAIT_SECONDS,
  PROGRESS,
  RELEASE,
  TAKE,
  TAKEN,
  type Take,
  type TakenRun,
} from '../api/bench.ts';
import { NOTHING } from '../api/fields.ts';
import { MOST_RESULT_BYTES, RECORDED } from '../api/result.ts';
import { enrolBench, heartbeat, leave } from '../store/benches.ts';
import { HEARTBEAT_SECONDS, LEASE_SECONDS, releaseLease } from '../store/leases.ts';
import { recordResult } from '../store/record.ts';
import { LabRefusal } from '../store/refusals.ts';
import { noteProgress } from '../store/runs.ts';
import type { LabStore } from '../store/store.ts';
import { takeRun } from '../store/take.ts';
import { BENCH } from './roles.ts';
import type { WaitingBenches } from './waiting-benches.ts';

const tags = ['bench'];
const ATTEMPT_IN_PATH = z.object({ attempt: z.uuid() });

export interface BenchRoutes {
  readonly waiting: WaitingBenches;
  /** Told when a bench that lives was refused its heartbeat. */
  unheard(): void;
}

/** What a bench asks for, with a token of its role. */
export function addBenchRoutes(app: WebApp, store: LabStore, { waiting, unheard }: BenchRoutes): void {
  app.post(
    '/v1/benches',
    {
      config: BENCH,
      schema: { tags, summary: 'Makes a bench known by its key', body: ENROL, response: { 200: ENROLLED } },
    },
    async ({ body }) => {
      const quarantined = await enrolBench(store, body);
      return { name: body.name, leaseSeconds: LEASE_SECONDS, heartbeatSeconds: HEARTBEAT_SECONDS, quarantined };
    },
  );
  app.post(
    '/v1/heartbeat',
    {
      config: BENCH,
      schema: {
        tags,
        summary: 'What a bench has; renews its leases',
        body: HEARTBEAT,
        response: { 200: HEARTBEAT_ANSWER },
      },
    },
    async ({ body }) => {
      const { gone, ...answer } = await heartbeat(store, body).catch((error: unknown) => {
        if (error instanceof StoreError) unheard();
        throw error;
      });
      return { ...answer, gone: [...gone] };
    },
  );
  app.post(
    '/v1/take',
    {
      config: { ...BENCH, changes: true },
      handlerTimeout: (MOST_WAIT_SECONDS + 10) * 1000,
      schema: { tags, summary: 'Waits for a run that fits', body: TAKE, response: { 200: TAKEN } },
    },
    async (request, reply) => ({
      taken: await waitForRun(store, waiting, request.body, {
        isGone: () => request.raw.socket.destroyed || reply.sent,
        isOpen: async () => (await request.labStillOpen?.()) === true,
      }),
    }),
  );
  app.post(
    '/v1/leave',
    {
      config: { ...BENCH, changes: true },
      schema: { tags, summary: 'Says that a bench ends', body: LEAVE, response: { 200: NOTHING } },
    },
    async ({ body }) => {
      await leave(store, body.bench);
      return {};
    },
  );
  addAttemptRoutes(app, store, waiting);
}

function addAttemptRoutes(app: WebApp, store: LabStore, waiting: WaitingBenches): void {
  app.post(
    '/v1/attempts/:attempt/progress',
    {
      config: { ...BENCH, changes: true },
      schema: {
        tags,
        summary: 'How far a run is',
        params: ATTEMPT_IN_PATH,
        body: PROGRESS,
        response: { 200: NOTHING },
      },
    },
    async ({ params: { attempt }, body }) => {
      await noteProgress(store, attempt, body);
      return {};
    },
  );
  app.post(
    '/v1/attempts/:attempt/release',
    {
      config: { ...BENCH, changes: true },
      schema: {
        tags,
        summary: 'Gives a lease back',
        params: ATTEMPT_IN_PATH,
        body: RELEASE,
        response: { 200: NOTHING },
      },
    },
    async ({ params: { attempt }, body }) => {
      await releaseLease(store, attempt, body);
      waiting.wake();
      return {};
    },
  );
  app.post(
    '/v1/attempts/:attempt/result',
    {
      config: { ...BENCH, changes: true },
      bodyLimit: MOST_RESULT_BYTES,
      schema: {
        tags,
        summary: 'The signed result of a run (JWS)',
        consumes: ['application/jose'],
        params: ATTEMPT_IN_PATH,
        body: z.string(),
        response: { 200: RECORDED },
      },
    },
    async ({ params: { attempt }, body }) => ({ recordedAt: await recordResult(store, attempt, body) }),
  );
}

async function waitForRun(
  store: LabStore,
  waiting: WaitingBenches,
  { bench, free, waitSeconds }: Take,
  asker: { isGone(): boolean; isOpen(): Promise<boolean> },
): Promise<TakenRun | null> {
  const end = performance.now() + waitSeconds * 1000;
  for (;;) {
    const left = end - performance.now();
    const woken = waiting.next(left);
    // Nobody would hear of a run that is taken for a connection that is gone, or that is cut with this server.
    if (asker.isGone() || waiting.closed) return null;
    if (!(await asker.isOpen())) throw new LabRefusal('token-wrong');
    const taken = await takeOnce(store, bench, free);
    if (taken !== null || left <= 0) return taken;
    await woken;
  }
}

async function takeOnce(store: LabStore, bench: string, free: readonly string[]): Promise<TakenRun | null> {
  try {
    return await takeRun(store, bench, free);
  } catch (error) {
    // Another question of the same bench, or another transaction, was faster.
    if (error instanceof StoreError && (error.kind === 'conflict' || error.kind === 'busy')) return null;
    throw error;
  }
}
