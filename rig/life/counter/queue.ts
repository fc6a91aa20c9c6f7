import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { HalError } from '../../../src/hal/errors.ts';
import { FileLock } from '../../../src/hal/nvm/file-lock.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import { CLAIM, type Claim } from '../credential/claim.ts';
import type { CounterFolder, Documents } from './counter-folder.ts';
import { CounterFailure } from './failures.ts';
import type { CounterIssuer } from './issuer.ts';

/** What a claim follows, and is proven with. */
export type ClaimProof =
  | { readonly kind: 'context'; readonly contextId: string; readonly token: string; readonly expiresAt: string }
  | { readonly kind: 'offline QR'; readonly tokenId: string; readonly text: string };

/** A claim on its way to the issuer. Instants are ISO 8601 in UTC. */
export interface QueuedClaim {
  readonly format: 'vitap counter claim';
  readonly version: 1;
  /** Names the request at the issuer: sent a second time, it is the same request. */
  readonly requestId: string;
  /** Address of the issuer that it goes to. */
  readonly issuer: string;
  readonly claim: Claim;
  readonly proof: ClaimProof;
  readonly queuedAt: string;
  /** `waiting`: not sent, or nobody knows whether it arrived. `refused`: the issuer will never take it. */
  readonly state: 'waiting' | 'sent' | 'refused';
  readonly attempts: number;
  /** Why the last try failed; null: it did not, or there was none. */
  readonly problem: { readonly code: string; readonly sentence: string; readonly at: string } | null;
  readonly sentAt: string | null;
}

/** What a claim is proven with, as it is kept. */
export const CLAIM_PROOF: z.ZodType<ClaimProof> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('context'),
    contextId: z.string().max(100),
    token: z.string().max(200),
    expiresAt: z.iso.datetime(),
  }),
  z.strictObject({
    kind: z.literal('offline QR'),
    tokenId: z.string().regex(/^[0-9a-f]{32}$/),
    text: z.string().max(1200),
  }),
]);

/** A claim as it lies in the queue. */
export const QUEUED_CLAIM: z.ZodType<QueuedClaim> = z.strictObject({
  format: z.literal('vitap counter claim'),
  version: z.literal(1),
  requestId: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/),
  issuer: z.string().max(300),
  claim: CLAIM,
  proof: CLAIM_PROOF,
  queuedAt: z.iso.datetime(),
  state: z.enum(['waiting', 'sent', 'refused']),
  attempts: z.int().min(0),
  problem: z.strictObject({ code: z.string(), sentence: z.string(), at: z.iso.datetime() }).nullable(),
  sentAt: z.iso.datetime().nullable(),
});

/** Claims that were sent are forgotten after the newest of this many. */
const MOST_SENT = 200;
/** How long a process waits for another that looks at the queue and adds to it: five seconds. */
const LOCK_TRIES = 100;
const LOCK_PAUSE_MS = 50;

/**
 * The claims of a counter: each is on disk before anything of it is sent, and stays until the issuer has it. A process
 * that is killed at any step leaves it waiting; the next one sends it under the same request identifier.
 */
export class ClaimQueue {
  readonly #folder: CounterFolder;
  readonly #documents: Documents<QueuedClaim>;

  constructor(folder: CounterFolder) {
    this.#folder = folder;
    this.#documents = folder.documents('queue', QUEUED_CLAIM);
  }

  /** Oldest first, without those whose file is damaged. */
  all(): QueuedClaim[] {
    return this.#documents
      .readAll()
      .whole.map(({ document }) => document)
      .sort((a, b) =>
        a.queuedAt < b.queuedAt ? -1 : a.queuedAt > b.queuedAt ? 1 : a.requestId < b.requestId ? -1 : 1,
      );
  }

  /** Paths of files that cannot be read: they stay, and keep no other claim. */
  damaged(): readonly string[] {
    return this.#documents.readAll().damaged;
  }

  /**
   * Looks at the queue and adds to it as one step: of two processes one waits for the other.
   * @throws {HalError} `busy`: the other one took too long
   */
  async alone<T>(step: () => T, signal: AbortSignal): Promise<T> {
    makeFolder(this.#folder.path, PRIVATE);
    const lock = await lockSoon(join(this.#folder.path, 'entries'), signal);
    try {
      return step();
    } finally {
      lock.release();
    }
  }

  add(entry: Pick<QueuedClaim, 'requestId' | 'issuer' | 'claim' | 'proof'>, now: Date): QueuedClaim {
    const document: QueuedClaim = {
      format: 'vitap counter claim',
      version: 1,
      ...entry,
      queuedAt: now.toISOString(),
      state: 'waiting',
      attempts: 0,
      problem: null,
      sentAt: null,
    };
    this.#documents.write(entry.requestId, document);
    return document;
  }

  /**
   * Sends one claim, or all that wait, oldest first; a claim that fails does not keep the others.
   * @param issuerAt the client for an issuer's address
   * @returns those that were tried, as they are now
   * @throws {HalError} `busy`: another process sends from this queue
   */
  async send(
    issuerAt: (url: string) => CounterIssuer,
    {
      only = null,
      now,
      signal,
    }: { readonly only?: string | null; readonly now: () => Date; readonly signal: AbortSignal },
  ): Promise<QueuedClaim[]> {
    makeFolder(this.#folder.path, PRIVATE);
    const lock = FileLock.acquire(join(this.#folder.path, 'queue'));
    try {
      const tried: QueuedClaim[] = [];
      for (const entry of this.all()) {
        if (entry.state !== 'waiting' || (only !== null && entry.requestId !== only)) continue;
        signal.throwIfAborted();
        tried.push(await this.#sendOne(entry, issuerAt(entry.issuer), now));
      }
      this.#forgetSent();
      return tried;
    } finally {
      lock.release();
    }
  }

  async #sendOne(entry: QueuedClaim, issuer: CounterIssuer, now: () => Date): Promise<QueuedClaim> {
    const { requestId, claim, proof } = entry;
    // On disk before it goes out: after a kill nobody believes that it was never tried.
    this.#documents.write(requestId, { ...entry, attempts: entry.attempts + 1 });
    let done: QueuedClaim;
    try {
      if (proof.kind === 'context') {
        await issuer.claimByContext({ id: proof.contextId, token: proof.token }, claim, requestId);
      } else await issuer.claimByOfflineQr(proof.text, claim, requestId);
      done = { ...entry, attempts: entry.attempts + 1, state: 'sent', problem: null, sentAt: now().toISOString() };
    } catch (error) {
      if (!(error instanceof CounterFailure)) throw error;
      const problem = { code: error.reason ?? error.code, sentence: error.message, at: now().toISOString() };
      done = { ...entry, attempts: entry.attempts + 1, state: error.isFinal ? 'refused' : 'waiting', problem };
    }
    this.#documents.write(requestId, done);
    return done;
  }

  #forgetSent(): void {
    const sent = this.all().filter(({ state }) => state === 'sent');
    for (const { requestId } of sent.slice(0, Math.max(0, sent.length - MOST_SENT))) this.#documents.remove(requestId);
  }
}

/** Whoever has it looks and writes one file. */
async function lockSoon(path: string, signal: AbortSignal): Promise<FileLock> {
  for (let tries = 1; ; tries++) {
    try {
      return FileLock.acquire(path);
    } catch (error) {
      if (!(error instanceof HalError && error.kind === 'busy') || tries === LOCK_TRIES) throw error;
      await setTimeout(LOCK_PAUSE_MS, undefined, { signal });
    }
  }
}
