import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { keepAlive, SOCKET_LIMITS, type Socket } from '../../../src/hal/distant/index.ts';
import type { WebApp } from '../../web/server.ts';
import type { Capability, Requirement } from '../api/capability.ts';
import { listBenches } from '../store/benches.ts';
import { cancelCampaign } from '../store/campaigns.ts';
import { LabRefusal } from '../store/refusals.ts';
import type { LabStore } from '../store/store.ts';
import { submitCampaign } from '../store/submit.ts';
import { BENCH, OPERATOR, watchToken } from './roles.ts';
import type { WaitingBenches } from './waiting-benches.ts';

/** What is used of a WebSocket. */
interface PoolSocket extends Omit<Socket, 'close'> {
  close(code: number, reason: string): void;
}

type PoolRequest = Pick<FastifyRequest, 'labStillOpen'> & { readonly raw: object };

const ASKED = z.object({ label: z.string().min(1).max(100) });
const ATTEMPT = z.object({ attempt: z.uuid() });

/**
 * Readers of benches for whoever asks: both ends come to this server by WebSocket, and it passes texts on. A reader that
 * is lent is a run like any other, with a lease and a result. Both ends must come to the same server.
 */
export async function addPoolRoutes(app: WebApp, store: LabStore, waiting: WaitingBenches): Promise<void> {
  const { default: websocket } = await import('@fastify/websocket');
  const options = { ...SOCKET_LIMITS };
  await app.register(websocket, { options, preClose });
  const pool = new Pool(store, waiting);
  const found = new WeakMap<object, { readonly label: string; readonly requirement: Requirement }>();
  app.get(
    '/v1/pool',
    {
      config: OPERATOR,
      websocket: true,
      schema: { hide: true },
      preHandler: async (request) => {
        const asked = ASKED.safeParse(request.query);
        if (!asked.success) throw new LabRefusal('reader-unknown');
        const { label } = asked.data;
        found.set(request.raw, { label, requirement: await readerOf(store, label) });
      },
    },
    (socket: PoolSocket, request: PoolRequest) => {
      const { label, requirement } = found.get(request.raw) as { label: string; requirement: Requirement };
      endWithToken(socket, request);
      pool.ask(socket, label, requirement);
    },
  );
  const campaigns = new WeakMap<object, number>();
  app.get(
    '/v1/pool/attempts/:attempt',
    {
      config: BENCH,
      websocket: true,
      schema: { hide: true },
      preHandler: async (request) => {
        const asked = ATTEMPT.safeParse(request.params);
        if (!asked.success) throw new LabRefusal('attempt-unknown');
        const campaign = await campaignOf(store, asked.data.attempt);
        if (campaign === null || !pool.waits(campaign)) throw new LabRefusal('attempt-unknown', asked.data.attempt);
        campaigns.set(request.raw, campaign);
      },
    },
    (socket: PoolSocket, request: PoolRequest) => {
      endWithToken(socket, request);
      pool.join(campaigns.get(request.raw) as number, socket);
    },
  );
}

/** Both ends hear why; one that has vanished holds nothing up. */
function preClose(this: WebApp, done: () => void): void {
  const { websocketServer } = this;
  for (const socket of websocketServer.clients) socket.close(GOING_AWAY, 'the server of the lab has ended');
  websocketServer.close();
  done();
}

/** A reader that is lent is held for hours: not longer than the token opens. */
function endWithToken(socket: PoolSocket, request: PoolRequest): void {
  const stop = watchToken(request, () => socket.close(TOKEN_REVOKED, 'the token was revoked'));
  socket.on('close', stop);
}

interface SeenReader {
  readonly bench: string;
  readonly capability: Capability;
  readonly busy: boolean;
}

/** What a label may be, the first that anything has: a card of that label, a bench of that name, a part of a reader's name. */
const WAYS: readonly ((label: string, seen: SeenReader) => Requirement | null)[] = [
  (label, { capability: { card } }) => (card?.label === label ? { kind: 'reader', card: label } : null),
  (label, { bench, capability: { driver } }) => (bench === label ? { kind: 'reader', bench, driver } : null),
  (label, { capability: { driver, model } }) =>
    model.toLowerCase().includes(label.toLowerCase()) ? { kind: 'reader', driver, model: label } : null,
];

/** A reader that a label names, of a bench that lives: of several kinds of readers one that is free now, if any is. */
async function readerOf(store: LabStore, label: string): Promise<Requirement> {
  const benches = (await listBenches(store)).filter(({ alive, quarantined }) => alive && quarantined === null);
  const seen = benches
    .flatMap(({ name, devices, running }) =>
      devices.filter(lendable).map((capability): SeenReader => {
        return { bench: name, capability, busy: running.some(({ device }) => device === capability.device) };
      }),
    )
    .sort((a, b) => Number(a.busy) - Number(b.busy));
  for (const way of WAYS) {
    for (const each of seen) {
      const requirement = way(label, each);
      if (requirement !== null) return requirement;
    }
  }
  throw new LabRefusal('reader-unknown', label);
}

/** A reader in process has no card of its own. */
function lendable({ kind, driver }: Capability): boolean {
  return kind === 'reader' && driver !== 'loopback';
}

async function campaignOf(store: LabStore, attempt: string): Promise<number | null> {
  const [row] = await store.sql.query<{ campaign: number }>(
    `select r.campaign_id as campaign from lab_leases l join lab_runs r on r.id = l.run_id where l.attempt_id = $1::uuid`,
    [attempt],
  );
  return row === undefined ? null : Number(row.campaign);
}

/** How long one who asks waits for a bench. */
const LONGEST_WAIT_MS = 30_000;
/** Texts that are kept until the bench is there. */
const MOST_KEPT = 64;
const LONGEST_SESSION_SECONDS = 43_200;
/** Close codes of RFC 6455: a server that ends, and a connection that broke. */
const GOING_AWAY = 1001;
const NO_WORD = 1006;
/** Close codes for applications (RFC 6455). */
const NO_BENCH = 4408;
const OTHER_END_GONE = 4410;
const TOKEN_REVOKED = 4401;

interface Asking {
  readonly socket: PoolSocket;
  kept: string[];
  bench: PoolSocket | null;
}

class Pool {
  readonly #store: LabStore;
  readonly #waiting: WaitingBenches;
  readonly #asking = new Map<number, Asking>();

  constructor(store: LabStore, waiting: WaitingBenches) {
    this.#store = store;
    this.#waiting = waiting;
  }

  waits(campaign: number): boolean {
    return this.#asking.get(campaign)?.bench === null;
  }

  ask(socket: PoolSocket, label: string, requirement: Requirement): void {
    const asking: Asking = { socket, kept: [], bench: null };
    keepAlive(socket);
    let gone = false;
    let campaign: number | null = null;
    socket.on('message', (data, isBinary) => {
      const text = data.toString('utf8');
      if (isBinary || asking.kept.length >= MOST_KEPT)
        socket.close(OTHER_END_GONE, 'this is not how a reader is asked');
      else if (asking.bench === null) asking.kept.push(text);
      else asking.bench.send(text);
    });
    const end = (): void => {
      if (gone) return;
      gone = true;
      clearTimeout(timer);
      asking.bench?.close(OTHER_END_GONE, 'the one who asked for the reader has gone');
      if (campaign === null) return;
      this.#asking.delete(campaign);
      if (asking.bench === null) this.#cancel(campaign);
    };
    const timer = setTimeout(() => {
      if (asking.bench !== null) return;
      socket.close(
        NO_BENCH,
        `no bench gave the reader ${label} within ${LONGEST_WAIT_MS / 1000} s: it is in use`.slice(0, 120),
      );
      end();
    }, LONGEST_WAIT_MS);
    socket.on('close', end);
    socket.on('error', end);
    this.#submit(label, requirement).then(
      (id) => {
        campaign = id;
        if (gone) return this.#cancel(id);
        this.#asking.set(id, asking);
        this.#waiting.wake();
      },
      () => socket.close(NO_BENCH, 'the lab could not ask its benches: try again'),
    );
  }

  join(campaign: number, bench: PoolSocket): void {
    const asking = this.#asking.get(campaign);
    if (asking === undefined || asking.bench !== null) {
      bench.close(OTHER_END_GONE, 'nobody waits for this reader');
      return;
    }
    keepAlive(bench);
    asking.bench = bench;
    const end = (reason: string): void => asking.socket.close(OTHER_END_GONE, reason);
    bench.on('message', (data, isBinary) => {
      if (isBinary) end('the bench does not keep to the protocol');
      else asking.socket.send(data.toString('utf8'));
    });
    bench.on('close', (code) =>
      end(code === NO_WORD ? 'the bench of this reader has gone' : 'the bench took its reader back'),
    );
    bench.on('error', () => end('the bench of this reader has gone'));
    for (const text of asking.kept) bench.send(text);
    asking.kept = [];
  }

  async #submit(label: string, requirement: Requirement): Promise<number> {
    const run = {
      subject: label,
      suite: 'reader lent',
      repetition: 1,
      requirement,
      work: { kind: 'pool' },
      inputs: [],
      limitSeconds: LONGEST_SESSION_SECONDS,
    };
    const submission = {
      name: `reader ${label}`.slice(0, 100),
      source: '',
      runs: [run],
      dryRun: false,
      attempts: 1,
      key: randomUUID(),
    };
    const { campaign } = await submitCampaign(this.#store, submission, Date.now());
    if (campaign === null) throw new Error('a reader that is asked for is a campaign');
    return campaign;
  }

  #cancel(campaign: number): void {
    // Where the database is away, the run ends by its own limit.
    cancelCampaign(this.#store, campaign).catch(() => {});
  }
}
