import type * as z from 'zod';
import { storable } from '../../web/storable-text.ts';
import {
  ENROLLED,
  type Enrol,
  type Enrolled,
  HEARTBEAT_ANSWER,
  type Heartbeat,
  type HeartbeatAnswer,
  type Progress,
  TAKEN,
  type Take,
  type TakenRun,
} from './bench.ts';
import { type BlobLink, blobLink } from './blob-link.ts';
import { call, type LabLine } from './call.ts';
import { NOTHING } from './fields.ts';
import { RECORDED, type Recorded } from './result.ts';

/** The lab as a bench asks it, with a token of the role `bench`. Throws `LabRefused` and `LabUnreachable`. */
export interface BenchLink extends BlobLink {
  enrol(bench: Enrol): Promise<Enrolled>;
  heartbeat(beat: Heartbeat): Promise<HeartbeatAnswer>;
  /** Waits as long as the request says; null: no run that fits came. @throws the reason of `signal` */
  take(asked: Take, signal?: AbortSignal): Promise<TakenRun | null>;
  progress(attempt: string, progress: Progress): Promise<void>;
  /** Writes a result. Sent again, it gets the same answer; `attempt-over` (409): the lease was given back before. */
  record(attempt: string, jws: string): Promise<Recorded>;
  /**
   * Gives the lease back at once; the run waits again for a bench.
   * @param reason one sentence
   * @param linkLost the way to the card died at this bench, which counts when benches are compared; false by default
   */
  release(attempt: string, bench: string, reason: string, linkLost?: boolean): Promise<void>;
  /** Says that the bench ends: it is not called alive until its next heartbeat. */
  leave(bench: string): Promise<void>;
}

const TAKE_MARGIN_MS = 10_000;
const RECORD_MS = 60_000;
/** What is asked twice is done once. */
const REPEATABLE = { idempotent: true } as const;
/** A bench that ends does not wait for a server that is away. */
const LEAVE_MS = 2000;

/** The same over HTTP. */
export function benchLink(line: LabLine): BenchLink {
  const post = <T>(path: string, body: object, answer: z.ZodType<T>, more: Partial<LabLine> = {}): Promise<T> => {
    const json = { type: 'application/json', content: JSON.stringify(storable(body)) };
    return call({ ...line, ...REPEATABLE, ...more }, { method: 'POST', path, body: json }, answer);
  };
  return {
    ...blobLink(line),
    enrol: (bench) => post('/v1/benches', bench, ENROLLED),
    heartbeat: (beat) => post('/v1/heartbeat', beat, HEARTBEAT_ANSWER),
    take: async (asked, signal) => {
      const timeoutMs = asked.waitSeconds * 1000 + TAKE_MARGIN_MS;
      return (
        await post('/v1/take', asked, TAKEN, { timeoutMs, idempotent: false, ...(signal !== undefined && { signal }) })
      ).taken;
    },
    progress: async (attempt, progress) => void (await post(`/v1/attempts/${attempt}/progress`, progress, NOTHING)),
    release: async (attempt, bench, reason, linkLost = false) =>
      void (await post(`/v1/attempts/${attempt}/release`, { bench, reason, linkLost }, NOTHING)),
    leave: async (bench) => void (await post('/v1/leave', { bench }, NOTHING, { timeoutMs: LEAVE_MS })),
    record: (attempt, jws) => {
      const body = { type: 'application/jose', content: jws };
      const path = `/v1/attempts/${attempt}/result`;
      return call({ ...line, ...REPEATABLE, timeoutMs: RECORD_MS }, { method: 'POST', path, body }, RECORDED);
    },
  };
}
