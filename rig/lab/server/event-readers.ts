import { StoreError } from '../../store/store-error.ts';
import { EventStream } from '../../web/event-stream.ts';
import type { LabEvent } from '../api/event.ts';
import { campaignChanges, changedRuns } from '../store/changes.ts';
import { LAB_REFUSALS, LabRefusal } from '../store/refusals.ts';
import type { LabStore } from '../store/store.ts';
import { liveTokens } from '../store/tokens.ts';
import type { ChangeBell } from './change-bell.ts';
import { ChangeLook, LONG_OVERLAP_MS, MOST_RUNS_TOLD } from './change-look.ts';

/** Open at one server, and with one token. */
const MOST_READERS = 200;
const MOST_OF_A_TOKEN = 20;
/** Between two looks at the store. */
const PAUSE_MS = 200;
/** When nobody rang: a server that died may not have. */
const LOOK_MS = 2000;
/** When the rings of other servers are not heard. */
const DEAF_LOOK_MS = 500;
const BEAT_MS = 15_000;
/** A token that was revoked ends its streams. */
const TOKENS_MS = 1500;
/** So long a stream goes on while the database cannot say whether its token is good. */
const UNKNOWN_TOKEN_MS = 3000;
/** A reader that takes nothing for so long is dropped. */
const MOST_BEHIND_MS = 30_000;

export interface EventsAsked {
  /** Null: the secret of this start, which nobody revokes. */
  readonly token: string | null;
  /** Events of this campaign alone; null: all. */
  readonly campaign: number | null;
  /** As it was marked; null: from now on. */
  readonly lastId: number | null;
}

interface Reader extends EventsAsked {
  readonly stream: EventStream;
  /** What was before is told: it hears what comes. */
  ready: boolean;
  /** It did not get all: it is told to ask anew as soon as it can take that. */
  missed: boolean;
}

/** Those who hear events from this server, and the one look at the store for all of them. Nobody hears: nobody looks. */
export class EventReaders {
  readonly #store: LabStore;
  readonly #bell: ChangeBell;
  readonly #fault: (error: unknown) => void;
  readonly #readers = new Set<Reader>();
  #look: ChangeLook | null = null;
  #waking: Promise<ChangeLook> | null = null;
  #looking: Promise<void> | null = null;
  #asking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lookAt = 0;
  #beatAt = 0;
  #tokensAt = 0;
  #tokensKnownAt = 0;
  #closed = false;

  constructor(store: LabStore, bell: ChangeBell, fault: (error: unknown) => void) {
    this.#store = store;
    this.#bell = bell;
    this.#fault = fault;
    bell.hear(() => {
      this.#lookAt = 0;
    });
  }

  /** @throws {LabRefusal} `streams-full`, `token-wrong`; {StoreError} */
  async open(asked: EventsAsked): Promise<EventStream> {
    const { token } = asked;
    // Routes believe a token for a while; a stream would outlive that.
    if (token !== null && !(await liveTokens(this.#store, [token])).has(token)) throw new LabRefusal('token-wrong');
    const same = [...this.#readers].filter((each) => each.token === token).length;
    if (this.#readers.size >= MOST_READERS || same >= MOST_OF_A_TOKEN) throw new LabRefusal('streams-full');
    const reader: Reader = { ...asked, stream: new EventStream(), ready: false, missed: false };
    this.#readers.add(reader);
    reader.stream.once('close', () => this.#leave(reader));
    try {
      const look = await this.#awake();
      if (asked.lastId === null) this.#start(reader, look.id());
      else await this.#goOn(reader, asked.lastId, look.id());
      reader.ready = true;
      // The server ended meanwhile, and nobody else would end this stream.
      if (this.#closed) reader.stream.finish();
    } catch (error) {
      reader.stream.destroy();
      throw error;
    }
    return reader.stream;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { stream } of this.#readers) stream.finish();
    this.#rest();
    await Promise.all([this.#looking, this.#asking]);
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size === 0) this.#rest();
  }

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#look = null;
  }

  async #awake(): Promise<ChangeLook> {
    if (this.#look !== null) return this.#look;
    this.#waking ??= ChangeLook.start(this.#store).finally(() => {
      this.#waking = null;
    });
    const look = await this.#waking;
    if (this.#closed) return look;
    if (this.#look === null) {
      const now = performance.now();
      this.#look = look;
      [this.#lookAt, this.#beatAt, this.#tokensAt, this.#tokensKnownAt] = [0, now + BEAT_MS, now, now];
      this.#timer = setInterval(() => this.#tick(), PAUSE_MS).unref();
    }
    return this.#look;
  }

  #tick(): void {
    if (this.#readers.size === 0) {
      this.#rest();
      return;
    }
    const now = performance.now();
    const beats = now >= this.#beatAt;
    if (beats) this.#beatAt = now + BEAT_MS;
    for (const { stream, token } of this.#readers) {
      if (beats) stream.beat();
      const unknown = token !== null && now - this.#tokensKnownAt > UNKNOWN_TOKEN_MS;
      if (unknown || stream.behindMs() > MOST_BEHIND_MS) stream.destroy();
    }
    if (now >= this.#tokensAt) this.#asking ??= this.#askTokens().finally(() => (this.#asking = null));
    if (now >= this.#lookAt) this.#looking ??= this.#lookNow().finally(() => (this.#looking = null));
  }

  async #lookNow(): Promise<void> {
    // Before the look: who rings while it goes on wants another one.
    this.#lookAt = performance.now() + (this.#bell.hearsAll() ? LOOK_MS : DEAF_LOOK_MS);
    const look = this.#look;
    try {
      const events = (await look?.next()) ?? null;
      if (look === null || look !== this.#look) return;
      for (const reader of this.#readers) this.#tell(reader, events, look.id());
    } catch (error) {
      this.#say(error);
    }
  }

  async #askTokens(): Promise<void> {
    this.#tokensAt = performance.now() + TOKENS_MS;
    const tokens = [...this.#readers].flatMap(({ token }) => token ?? []);
    try {
      const live = tokens.length === 0 ? new Set() : await liveTokens(this.#store, [...new Set(tokens)]);
      this.#tokensKnownAt = performance.now();
      for (const { token, stream } of this.#readers) {
        if (token === null || live.has(token) || !tokens.includes(token)) continue;
        stream.send('end', { error: 'token-wrong', message: LAB_REFUSALS['token-wrong'].sentence });
        stream.finish();
      }
    } catch (error) {
      this.#say(error);
    }
  }

  /** What the world does to a database is told by the requests that need it. */
  #say(error: unknown): void {
    if (!(error instanceof StoreError)) this.#fault(error);
  }

  /** @param events null: more than are told one by one */
  #tell(reader: Reader, events: readonly LabEvent[] | null, id: string): void {
    if (!reader.ready) {
      reader.missed = true;
      return;
    }
    if (events === null || reader.missed) {
      this.#start(reader, id);
      return;
    }
    const wanted = events.filter((each) => isFor(each, reader.campaign));
    if (wanted.length === 0) return;
    const all = wanted.every(({ event, data }) => reader.stream.send(event, data)) && reader.stream.mark(id);
    reader.missed = !all;
  }

  #start(reader: Reader, id: string): void {
    reader.missed = !reader.stream.send('start', {}, id);
  }

  /** What changed while its connection was lost. */
  async #goOn(reader: Reader, lastId: number, id: string): Promise<void> {
    const since = lastId - LONG_OVERLAP_MS;
    const { campaign } = reader;
    const runs = await changedRuns(this.#store, { since, campaign, most: MOST_RUNS_TOLD + 1 });
    if (lastId > Number(id) || runs.length > MOST_RUNS_TOLD) {
      this.#start(reader, id);
      return;
    }
    const campaigns = (await campaignChanges(this.#store)).filter(
      ({ submittedAt, endedAt }) => Math.max(submittedAt, endedAt ?? 0) > since,
    );
    const events: LabEvent[] = [
      ...campaigns.map((data): LabEvent => ({ event: 'campaign', data })),
      ...runs.map(({ run }): LabEvent => ({ event: 'run', data: run })),
    ];
    const wanted = events.filter((each) => isFor(each, campaign));
    const all = wanted.every(({ event, data }) => reader.stream.send(event, data)) && reader.stream.mark(id);
    reader.missed ||= !all;
  }
}

function isFor({ event, data }: LabEvent, campaign: number | null): boolean {
  if (campaign === null) return true;
  return event !== 'bench' && 'campaign' in data && data.campaign === campaign;
}
