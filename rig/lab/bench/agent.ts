import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel } from '../../../src/hal/distant/index.ts';
import { describeFailure } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import { type Enrolled, LAB_INTERFACE, MOST_RENEWED, type TakenRun } from '../api/bench.ts';
import type { BenchLink } from '../api/bench-link.ts';
import { LabRefused, LabUnreachable } from '../api/lab-refused.ts';
import type { BenchSigner } from './bench-key.ts';
import type { LocalDevice } from './devices.ts';
import { Drift, type DriftOptions } from './drift.ts';
import { isOfFullDisk } from './full-disk.ts';
import { LostLink } from './lost-link.ts';
import { doRun, LeftBehind } from './one-run.ts';
import type { Spool } from './spool.ts';
import { Things } from './things.ts';

export interface AgentOptions {
  readonly bench: string;
  readonly version: string;
  /** The lab's server. @param signal ends what is asked of it and has no signal of its own */
  readonly link: (signal: AbortSignal) => BenchLink;
  readonly signer: BenchSigner;
  readonly spool: Spool;
  readonly env: CommandIo['env'];
  readonly imageKey: string | null;
  /** Looks at what is there. Those that are in use are left alone and come as they were. */
  look(signal: AbortSignal): Promise<readonly LocalDevice[]>;
  /** As {@link DriftOptions} have them. */
  readonly drift: Omit<DriftOptions, 'say'>;
  /** Connects to the one who asked the lab for the reader of an attempt. */
  openPool(attempt: string, signal: AbortSignal): Promise<Channel>;
  say(text: string): void;
  /** Why this bench has no room on its disks for a run, in one sentence; null: it has. */
  noRoom(): string | null;
  readonly signal: AbortSignal;
}

/** Longest wait of one call for work: a Ctrl-C ends it at once. */
const WAIT_SECONDS = 15;
/** The same where another device waits for the same reader. */
const SHARED_WAIT_SECONDS = 2;
const LOOK_EVERY_MS = 15_000;
/** Between tries to reach a server that is away: doubled, up to the longest. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;
const PROGRESS_EVERY_MS = 1000;

/** After the stop: to give leases back, and to finish what is being sent. */
const LAST_WORDS_MS = 1500;

/** Before another run after one for which a disk was full. */
const FULL_PAUSE_MS = 10_000;
const ROOM_PAUSE_MS = 2000;
/** Before another run on a device whose link died: others have the first chance, and a moment passes before it counts again. */
const LOST_PAUSE_MS = 10_000;

/** What the bench does now, by attempt. */
interface Working {
  readonly device: string;
  readonly stop: AbortController;
}

/** The agent of a bench: says what it has, takes runs that fit, sends results, until it is stopped. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #link: BenchLink;
  readonly #things = new Things();
  readonly #working = new Map<string, Working>();
  #devices: readonly LocalDevice[] = [];
  readonly #loops = new Map<string, Promise<void>>();
  readonly #drift: Drift;
  #quarantined: string | null = null;
  #away = false;
  #noRoom: string | null = null;
  /** Devices that ask for a run now. */
  #asking = 0;
  #waitsToSend = false;
  #fullUntilMs = 0;
  /** Until when devices whose link died take nothing. */
  readonly #lostUntilMs = new Map<string, number>();
  #stop: unknown = null;
  readonly #end = new AbortController();
  /** Ends what is still asked of the server a moment after that. */
  readonly #cut = new AbortController();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#link = options.link(this.#cut.signal);
    this.#drift = new Drift({ ...options.drift, say: (text) => options.say(text) });
  }

  /**
   * Works until the signal fires; leases are then given back.
   * @throws {LabRefused} the server does not take this bench: a wrong or revoked token, another key, an old version
   */
  async run(): Promise<void> {
    const { signal } = this.#options;
    const ended = (): void => this.#end.abort(signal.reason);
    signal.addEventListener('abort', ended, { once: true });
    const cut = (): void => this.#cut.abort(new LabUnreachable('the bench has ended'));
    let cutting: NodeJS.Timeout | undefined;
    const cutSoon = (): void => {
      cutting = setTimeout(cut, LAST_WORDS_MS);
    };
    this.#signal.addEventListener('abort', cutSoon, { once: true });
    try {
      const enrolled = await this.#enrol();
      if (enrolled === null) return;
      try {
        this.#devices = await this.#options.look(this.#signal);
        this.#sayDevices();
        await Promise.all([this.#beat(enrolled.heartbeatSeconds * 1000), this.#watch(), this.#send()]);
        await Promise.all(this.#loops.values());
      } finally {
        await this.#leave();
      }
      if (this.#stop !== null) throw this.#stop;
    } finally {
      signal.removeEventListener('abort', ended);
      clearTimeout(cutting);
    }
  }

  /** Says good-bye; a server that does not hear it learns by time that this bench is gone. */
  async #leave(): Promise<void> {
    await this.#link.leave(this.#options.bench).catch(() => {});
  }

  get #signal(): AbortSignal {
    return this.#end.signal;
  }

  #askToEnrol(): Promise<Enrolled> {
    const { bench, version, signer } = this.#options;
    return this.#link.enrol({ name: bench, publicKey: signer.publicKey, interface: LAB_INTERFACE, version });
  }

  /** Waits for a server that is not there yet. */
  async #enrol(): Promise<Enrolled | null> {
    const { say } = this.#options;
    const enrolled = await this.#retried(() => this.#askToEnrol());
    if (enrolled === null) return null;
    say(`bench ${enrolled.name} is enrolled`);
    this.#setQuarantine(enrolled.quarantined);
    return enrolled;
  }

  /** Tells the server that the bench lives, and what it has; learns which leases are gone. */
  async #beat(everyMs: number): Promise<void> {
    const { bench, spool } = this.#options;
    while (!this.#signal.aborted) {
      try {
        const held = this.#held();
        const answer = await this.#link.heartbeat({
          bench,
          clock: Date.now(),
          devices: this.#devices.map(({ capability }) => capability),
          attempts: [...held].slice(0, MOST_RENEWED),
          drift: this.#drift.untold,
          spooled: spool.attempts().length,
        });
        this.#reached();
        this.#setQuarantine(answer.quarantined);
        this.#drift.heard(answer.quarantined);
        for (const attempt of answer.gone) this.#working.get(attempt)?.stop.abort(new LeaseGone());
        this.#startLoops();
      } catch (error) {
        await this.#notHeard(error);
      }
      await this.#pause(everyMs);
    }
  }

  /** A database that was brought back from a copy may not know this bench: it enrols again. */
  async #notHeard(error: unknown): Promise<void> {
    if (!(error instanceof LabRefused && error.code === 'bench-unknown')) return this.#notReached(error);
    try {
      await this.#askToEnrol();
      this.#options.say('the lab did not know this bench any more; it is enrolled again');
    } catch (again) {
      this.#notReached(again);
    }
  }

  #startLoops(): void {
    for (const { capability } of this.#devices) {
      const { device } = capability;
      if (this.#loops.has(device)) continue;
      const loop = this.#work(device).finally(() => this.#loops.delete(device));
      this.#loops.set(device, loop);
    }
  }

  /** Takes one run after the other for one device, as long as it is there. */
  async #work(name: string): Promise<void> {
    const { bench } = this.#options;
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#signal.aborted) {
      const device = this.#devices.find(({ capability }) => capability.device === name);
      if (device === undefined) return;
      if (this.#quarantined !== null || this.#drift.isThere) {
        await this.#pause(1000);
        continue;
      }
      const rests = performance.now() < (this.#lostUntilMs.get(name) ?? 0);
      if (rests || !device.isThere() || !this.#hasRoom() || !this.#mayHoldMore()) {
        await this.#pause(ROOM_PAUSE_MS);
        continue;
      }
      let release = (): void => {};
      try {
        release = await this.#things.take(device.things, this.#signal);
        await this.#drift.look(device, this.#signal);
        if (this.#drift.isThere || !this.#mayHoldMore()) continue;
        const waitSeconds = this.#isShared(device) ? SHARED_WAIT_SECONDS : WAIT_SECONDS;
        let taken: TakenRun | null;
        this.#asking++;
        try {
          taken = await this.#link.take({ bench, free: [name], waitSeconds }, this.#signal);
        } finally {
          this.#asking--;
        }
        pauseMs = FIRST_PAUSE_MS;
        if (taken !== null && !device.isThere()) await this.#giveBack(taken.attempt, new DeviceGone(name), false);
        else if (taken !== null) await this.#judge(taken, device);
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#notReached(error);
        release();
        await this.#pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      } finally {
        release();
      }
    }
  }

  /** A bench without room takes nothing, and says so once. */
  #hasRoom(): boolean {
    const why = this.#options.noRoom();
    if (why !== null && this.#noRoom === null)
      this.#options.say(`${why}: this bench takes nothing until there is room`);
    if (why === null && this.#noRoom !== null) this.#options.say('there is room on the disk again');
    this.#noRoom = why;
    return why === null && performance.now() >= this.#fullUntilMs;
  }

  /** Attempts whose leases this bench renews: those that run, and those whose results wait. */
  #held(): ReadonlySet<string> {
    return new Set([...this.#working.keys(), ...this.#options.spool.attempts()]);
  }

  /** A bench takes no run whose lease it could not renew, and says so once. */
  #mayHoldMore(): boolean {
    const waits = this.#options.spool.attempts().length >= MOST_RENEWED;
    if (waits && !this.#waitsToSend) {
      this.#options.say(
        `${MOST_RENEWED} results wait for the server: this bench takes nothing until it has taken some`,
      );
    }
    if (!waits && this.#waitsToSend) this.#options.say('the server took results: this bench takes runs again');
    this.#waitsToSend = waits;
    return this.#held().size + this.#asking < MOST_RENEWED;
  }

  #isShared({ things, capability }: LocalDevice): boolean {
    return this.#devices.some(
      (other) => other.capability.device !== capability.device && other.things.some((each) => things.includes(each)),
    );
  }

  async #judge(run: TakenRun, device: LocalDevice): Promise<void> {
    const { bench, signer, spool, env, imageKey, openPool, say } = this.#options;
    const link = this.#link;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#signal, stop.signal]);
    this.#working.set(run.attempt, { device: device.capability.device, stop });
    const what = `campaign ${run.campaign}: ${run.suite} on ${run.subject}, ${run.repetition}`;
    say(`${device.capability.device} takes ${what}${run.attemptNumber > 1 ? `, attempt ${run.attemptNumber}` : ''}`);
    let told = 0;
    const note = (text: string): void => {
      const now = performance.now();
      if (now - told < PROGRESS_EVERY_MS) return;
      told = now;
      // Progress is for eyes: a server that does not hear it loses nothing.
      link.progress(run.attempt, { bench, done: 0, total: 0, note: text.slice(0, 500) }).catch(() => {});
    };
    try {
      const judged = await doRun({ bench, run, device, link, signer, spool, env, imageKey, openPool, signal, note });
      say(`${device.capability.device}: ${what}: ${judged.verdict}${judged.reason === '' ? '' : `: ${judged.reason}`}`);
      await this.#sendOne(run.attempt);
    } catch (error) {
      if (isOfFullDisk(error)) this.#fullUntilMs = performance.now() + FULL_PAUSE_MS;
      if (error instanceof LostLink) this.#lostUntilMs.set(device.capability.device, performance.now() + LOST_PAUSE_MS);
      // Its result is kept, and sent later.
      if (error instanceof LabRefused || error instanceof LabUnreachable) this.#notReached(error);
      else await this.#giveBack(run.attempt, error, stop.signal.aborted);
    } finally {
      this.#working.delete(run.attempt);
    }
  }

  /** The run was not finished here: another bench may take it now, and not when the lease ends. */
  async #giveBack(attempt: string, error: unknown, gone: boolean): Promise<void> {
    const { bench, say } = this.#options;
    const left = error instanceof LeftBehind ? `; ${error.message}` : '';
    if (gone) return say(`the lease of that run is gone; it was stopped${left}`);
    const reason = this.#signal.aborted ? `the bench was stopped${left}` : reasonOf(error);
    say(`the run is given back: ${reason}`);
    try {
      await this.#link.release(
        attempt,
        bench,
        reason.slice(0, 500),
        error instanceof LostLink && !this.#signal.aborted,
      );
    } catch {
      // Then it goes back by itself when the lease ends.
    }
  }

  /** Sends what waits, again and again, as long as the server can be reached. */
  async #send(): Promise<void> {
    while (!this.#signal.aborted) {
      for (const attempt of this.#options.spool.attempts()) {
        if (this.#working.has(attempt)) continue;
        try {
          await this.#sendOne(attempt);
        } catch (error) {
          this.#notReached(error);
          break;
        }
      }
      await this.#pause(1000);
    }
  }

  async #sendOne(attempt: string): Promise<void> {
    const { spool, say } = this.#options;
    const became = await spool.send(attempt, this.#link);
    if (became === 'late') say(`the result of attempt ${attempt} came too late: the run was given to another bench`);
    if (became === 'refused')
      say(`the server refused the result of attempt ${attempt}; it was put aside in the folder of the bench`);
  }

  /** Looks again at what is there. */
  async #watch(): Promise<void> {
    const { look } = this.#options;
    while (!this.#signal.aborted) {
      await this.#pause(LOOK_EVERY_MS);
      if (this.#signal.aborted) return;
      const busy = new Set([...this.#working.values()].map(({ device }) => device));
      const seen = await look(this.#signal).catch(() => null);
      if (seen === null) continue;
      const kept = this.#devices.filter(({ capability }) => busy.has(capability.device));
      this.#devices = [...kept, ...seen.filter(({ capability }) => !busy.has(capability.device))];
    }
  }

  #sayDevices(): void {
    const { say } = this.#options;
    for (const { capability } of this.#devices) {
      const { device, backend, interfaces, card } = capability;
      const what = [backend, ...interfaces].join(', ');
      say(`${device}: ${what}${card === null ? '' : `, card ${card.label ?? card.atr}`}`);
    }
    if (this.#devices.length === 0) say('this bench has no reader and no board: it takes nothing until it has one');
  }

  #setQuarantine(reason: string | null): void {
    if (reason !== this.#quarantined) {
      const { say } = this.#options;
      say(
        reason === null ? 'this bench takes runs again' : `this bench is in quarantine, and takes nothing: ${reason}`,
      );
    }
    this.#quarantined = reason;
  }

  #reached(): void {
    if (this.#away) this.#options.say('the server answers again');
    this.#away = false;
  }

  /** Goes on without the server; a refusal that time does not mend ends the agent. */
  #notReached(error: unknown): void {
    if (this.#signal.aborted) return;
    // The next heartbeat brings the reason, or enrols the bench again.
    if (error instanceof LabRefused && (error.code === 'bench-quarantined' || error.code === 'bench-unknown')) return;
    if (error instanceof LabRefused && isFinal(error)) {
      this.#stop ??= error;
      this.#end.abort(error);
      return;
    }
    if (!(error instanceof LabRefused || error instanceof LabUnreachable)) {
      this.#stop ??= error;
      this.#end.abort(error);
      return;
    }
    if (!this.#away) this.#options.say(`${error.message}; the bench goes on and tries again`);
    this.#away = true;
  }

  async #retried<T>(ask: () => Promise<T>): Promise<T | null> {
    for (let pauseMs = FIRST_PAUSE_MS; !this.#signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        const answer = await ask();
        this.#reached();
        return answer;
      } catch (error) {
        // Nor does a bench that is refused with its name and key become another one.
        if (error instanceof LabRefused && (isFinal(error) || error.status === 409)) throw error;
        this.#notReached(error);
      }
      await this.#pause(pauseMs);
    }
    if (this.#stop !== null) throw this.#stop;
    return null;
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal }).catch(() => {});
  }
}

/** Why a run is given back before it began. */
class DeviceGone extends Error {
  override readonly name = 'DeviceGone';

  constructor(device: string) {
    super(`${device} is not there any more`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof DeviceGone || error instanceof LostLink) return error.message;
  return describeFailure(error).sentences.join(' ');
}

/** Why a run is stopped whose lease was given to another bench, or whose campaign was cancelled. */
class LeaseGone extends Error {
  override readonly name = 'LeaseGone';
}

/** No other answer comes later: the token, the name, the key or the version of this bench is not taken. */
function isFinal({ status }: LabRefused): boolean {
  return status >= 400 && status < 500 && ![404, 408, 409, 429].includes(status);
}
