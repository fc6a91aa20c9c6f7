import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Enrol, Heartbeat, TakenRun } from '../../../../rig/lab/api/bench.ts';
import type { BenchLink } from '../../../../rig/lab/api/bench-link.ts';
import { LabRefused, LabUnreachable } from '../../../../rig/lab/api/lab-refused.ts';

/** A lab's server as a bench meets it, in memory: what it was told, and what it answers. */
export class LabDouble implements BenchLink {
  readonly queue: TakenRun[] = [];
  readonly enrolled: Enrol[] = [];
  readonly beats: Heartbeat[] = [];
  readonly blobs: Map<string, Uint8Array> = new Map();
  readonly results: Map<string, string> = new Map();
  readonly released: { readonly attempt: string; readonly reason: string }[] = [];
  /** Attempts that were given back because the link had died. */
  readonly lost: string[] = [];
  readonly notes: string[] = [];
  /** Benches that said good-bye. */
  readonly left: string[] = [];
  gone: string[] = [];
  quarantined: string | null = null;
  /** Nobody answers. */
  away = false;
  /** What the next result meets. */
  refusal: LabRefused | null = null;

  add(work: object, more: Partial<TakenRun> = {}): TakenRun {
    const run: TakenRun = {
      attempt: randomUUID(),
      attemptNumber: 1,
      attemptsAllowed: 3,
      device: '',
      run: randomUUID(),
      campaign: 1,
      subject: 'card',
      suite: 'suite',
      repetition: 1,
      work: work as TakenRun['work'],
      inputs: [],
      limitSeconds: 60,
      ...more,
    };
    this.queue.push(run);
    return run;
  }

  addInput(content: string | Uint8Array): string {
    const sha256 = createHash('sha256').update(content).digest('hex');
    this.blobs.set(sha256, Buffer.from(content as Uint8Array));
    return sha256;
  }

  async enrol(bench: Enrol): ReturnType<BenchLink['enrol']> {
    this.#reach();
    this.enrolled.push(bench);
    return { name: bench.name, leaseSeconds: 6, heartbeatSeconds: 0.02, quarantined: this.quarantined };
  }

  async heartbeat(beat: Heartbeat): ReturnType<BenchLink['heartbeat']> {
    this.#reach();
    this.beats.push(beat);
    this.quarantined ??= beat.drift;
    return { now: Date.now(), gone: this.gone, quarantined: this.quarantined };
  }

  async take({ free }: Parameters<BenchLink['take']>[0], signal?: AbortSignal): Promise<TakenRun | null> {
    this.#reach();
    const run = this.queue.shift();
    if (run !== undefined) return { ...run, device: free[0] as string };
    await sleep(20, undefined, signal === undefined ? {} : { signal });
    return null;
  }

  async progress(_attempt: string, { note }: Parameters<BenchLink['progress']>[1]): Promise<void> {
    this.#reach();
    this.notes.push(note);
  }

  async release(attempt: string, _bench: string, reason: string, linkLost: boolean): Promise<void> {
    this.#reach();
    this.released.push({ attempt, reason });
    if (linkLost) this.lost.push(attempt);
  }

  async leave(bench: string): Promise<void> {
    this.#reach();
    this.left.push(bench);
  }

  async record(attempt: string, jws: string): ReturnType<BenchLink['record']> {
    this.#reach();
    const { refusal } = this;
    this.refusal = null;
    if (refusal !== null) throw refusal;
    if (this.results.has(attempt)) throw new Error('this result was written twice');
    this.results.set(attempt, jws);
    return { recordedAt: 0 };
  }

  async missing(hashes: readonly string[]): Promise<readonly string[]> {
    this.#reach();
    return hashes.filter((each) => !this.blobs.has(each));
  }

  async upload(sha256: string, content: Uint8Array): Promise<void> {
    this.#reach();
    this.blobs.set(sha256, content);
  }

  async download(sha256: string, _limits?: { readonly signal?: AbortSignal }): Promise<Uint8Array> {
    this.#reach();
    const found = this.blobs.get(sha256);
    if (found === undefined) throw new LabRefused(404, 'no-blob', 'there is no such file');
    return found;
  }

  #reach(): void {
    if (this.away) throw new LabUnreachable('http://127.0.0.1:1 cannot be reached: is it running?');
  }
}
