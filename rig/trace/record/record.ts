import { setTimeout as pause } from 'node:timers/promises';
import type { CardInterface, CardLink, LinkEvent, PatientCardLink } from '../../../src/hal/card-link.ts';
import { HalError, type HalErrorKind } from '../../../src/hal/errors.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import type { CardSource } from '../../card/card-source.ts';
import { type ChannelChoice, NO_CHANNEL } from '../../channel/choice.ts';
import { ReaderChannel } from '../../channel/reader-channel.ts';
import { ReopeningSession } from '../../channel/reopening-session.ts';
import { SessionKeyRecorder } from '../../channel/session-key-file.ts';
import { channelInWords } from '../../channel/words.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import type { Backend } from '../../endpoint/driver.ts';
import { type LinkChoice, linkDriver } from '../../endpoint/links.ts';
import { openLink } from '../../endpoint/open-link.ts';
import { type OpenedReader, openReader } from '../../endpoint/open-reader.ts';
import { type ReaderChoice, readerDriver } from '../../endpoint/readers.ts';
import { counted } from '../../report/words.ts';
import { secrecyOf } from '../pseudonyms.ts';
import { TraceWriter } from '../writer.ts';
import { AddedLatency } from './latency.ts';
import { watchPresence } from './presence.ts';
import { RecordedSession, type SessionRecorder } from './recorded-reader.ts';
import { RelayCard } from './relay-card.ts';
import { aboutSession } from './session-trace.ts';

export interface RecordOptions {
  /** The trace to write. */
  readonly output: string;
  readonly keepSecrets: boolean;
  /** File with the key of the masks' hashes; null: a random one that is not kept. */
  readonly redactionKey: string | null;
  readonly reader: ReaderChoice;
  /** The card behind a loopback reader; null for a reader with a card of its own. */
  readonly card: CardSource | null;
  readonly to: LinkChoice;
  /** The secure channel that the relay opens to the card, for a terminal that knows none; absent: none. */
  readonly channel?: ChannelChoice;
  /** Interface of a foreign card; null: unknown, because a PC/SC reader does not tell. */
  readonly interface: CardInterface | null;
  /** End when the card is taken out. */
  readonly once: boolean;
  readonly forMs: number | null;
  /** Wait for the terminal's side when it is not there yet. */
  readonly wait: boolean;
  /** How long to wait for the reader and the first card. */
  readonly timeoutMs: number;
}

/** After these the card may come back; others say that the reader can do no more. */
const CARD_LEFT: ReadonlySet<HalErrorKind> = new Set(['card-removed', 'reader-lost', 'no-card', 'no-reader']);
/** After these too, as the card on a link waits for a service that is restarted. */
const SERVICE_LEFT: HalErrorKind = 'no-service';
/** A card that comes back sooner than pcscd looks (every 400 ms) would be the old one to it, only broken. */
const ABSENCE_MS = 600;
/** Longest single wait for the next card. */
const NEXT_CARD_MS = 3_600_000;

/**
 * `vitap record`: stands between a card in a reader and a terminal, and writes down what they say.
 * @throws {CannotRun} nothing was exchanged; {HalError}
 */
export async function record(options: RecordOptions, io: CommandIo): Promise<ExitCode> {
  const ending = new AbortController();
  const signal = AbortSignal.any([io.signal, ending.signal]);
  const timer = options.forMs === null ? null : setTimeout(() => ending.abort(), options.forMs);
  const channel = await ReaderChannel.from(options.channel ?? NO_CHANNEL, io, options.card !== null);
  const source = await openReader(options.reader, { ...options, signal });
  try {
    return await new Recording(source, options, io, signal, channel).run();
  } finally {
    channel?.wipe();
    if (timer !== null) clearTimeout(timer);
    await source.close();
  }
}

class Recording {
  readonly #source: OpenedReader;
  readonly #options: RecordOptions;
  readonly #io: CommandIo;
  readonly #signal: AbortSignal;
  readonly #latency = new AddedLatency();
  readonly #counts = { cards: 0, commands: 0, removals: 0, failures: 0, tooShort: 0, resets: 0, restarts: 0 };
  /** Card time of the exchange under way. */
  #cardNs: number | null = null;
  /** What is to be said when the terminal's side is there. */
  #announcement: string | null = null;

  readonly #channel: ReaderChannel | null;
  readonly #keys: SessionKeyRecorder | null;

  constructor(
    source: OpenedReader,
    options: RecordOptions,
    io: CommandIo,
    signal: AbortSignal,
    channel: ReaderChannel | null,
  ) {
    const { sessionKeys = null } = options.channel ?? NO_CHANNEL;
    this.#channel = channel;
    this.#keys = sessionKeys === null ? null : new SessionKeyRecorder(sessionKeys);
    this.#source = source;
    this.#options = options;
    this.#io = io;
    this.#signal = signal;
  }

  async run(): Promise<ExitCode> {
    const first = await this.#connect(this.#source.name, this.#options.timeoutMs);
    if (first === null) throw new CannotRun('nothing was recorded: the wait for a card was ended');
    const reader = first.reader;
    const cardInterface =
      this.#options.interface ?? this.#source.own?.cardInterface ?? readerDriver(this.#options.reader).interface;
    let trace: TraceWriter;
    let link: PatientCardLink;
    try {
      link = await this.#openLink(cardInterface, this.#options.wait);
      trace = await this.#openTrace(first, cardInterface);
    } catch (error) {
      await first.disconnect();
      throw error;
    }
    try {
      await this.#relay(first, link, trace, cardInterface);
    } catch (error) {
      if (await this.#finish(trace)) this.#io.stderr(`What was recorded is in ${shown(trace.path)}.\n`);
      throw error;
    }
    if (!(await this.#finish(trace))) {
      throw new CannotRun(`no command came to the card, and ${trace.path} was not written`);
    }
    this.#report(reader, link, trace.path);
    return EXIT.pass;
  }

  /** An older trace is worth more than one of nothing. @returns whether anything was recorded */
  async #finish(trace: TraceWriter): Promise<boolean> {
    if (this.#counts.commands === 0) trace.discard();
    else {
      await trace.close();
      this.#keys?.write();
    }
    return this.#counts.commands > 0;
  }

  async #relay(
    first: CardSession,
    link: PatientCardLink,
    trace: TraceWriter,
    cardInterface: CardInterface | null,
  ): Promise<void> {
    let session: CardSession | null = first;
    while (session !== null) {
      this.#counts.cards++;
      this.#announcement = `The card in ${session.reader} is at ${link.name} now. Ctrl-C ends it.`;
      const gone = await this.#serve(session, link, trace);
      await session.disconnect();
      if (gone === null || this.#signal.aborted) return;
      trace.power('off', systemClock.nowNs());
      trace.note(gone.kind, systemClock.nowNs());
      if (CARD_LEFT.has(gone.kind)) this.#counts.removals++;
      else if (gone.kind === SERVICE_LEFT) this.#counts.restarts++;
      else this.#counts.failures++;
      const wait = gone.kind === SERVICE_LEFT ? '; waiting for it to come back' : '; waiting for a card';
      this.#say(gone.kind, `${gone.message}${this.#options.once ? '' : wait}`);
      if (this.#options.once) return;
      await this.#pause();
      session = await this.#nextCard(session.reader);
      if (gone.kind !== SERVICE_LEFT || session === null) continue;
      trace.note('the PC/SC service is back', systemClock.nowNs());
      // The terminal's side may hang on the same service, and come back a moment later.
      link = await this.#openLink(cardInterface, true);
    }
  }

  /** @returns what took the card away, or null when the relay was ended */
  async #serve(session: CardSession, link: PatientCardLink, trace: TraceWriter): Promise<HalError | null> {
    const signal = this.#signal;
    const { session: relayed, recorder } = await this.#inChannel(session, trace);
    const card = new RelayCard({
      session: relayed,
      clock: systemClock,
      recorder,
      largestResponse: link.limits.largestResponse,
      onExchange: (cardNs) => {
        this.#cardNs = cardNs;
      },
      onGone: () => link.stop(),
    });
    const stop = (): void => {
      card.end();
      link.stop();
    };
    // With a driver that would have to ask the card itself, the next command finds out.
    const unwatch = readerDriver(this.#options.reader).watchable
      ? watchPresence(this.#source.reader, session.reader, (error) => card.lose(error))
      : () => {};
    signal.addEventListener('abort', stop);
    try {
      if (signal.aborted) return null;
      await link.serve(card, (event) => this.#linkEvent(event, trace));
    } catch (error) {
      if (error !== card.failure) throw error;
    } finally {
      unwatch();
      signal.removeEventListener('abort', stop);
      this.#counts.commands += card.commands;
      this.#counts.tooShort += card.tooShort;
      card.end();
    }
    return card.failure;
  }

  /** The session that the terminal's commands go to. Inside a channel the trace holds what crosses to the card. */
  async #inChannel(
    session: CardSession,
    trace: TraceWriter,
  ): Promise<{ readonly session: CardSession; readonly recorder: SessionRecorder }> {
    const channel = this.#channel;
    if (channel === null) return { session, recorder: trace };
    const { wire, rest } = besides(trace);
    const keys = this.#keys;
    const relayed = await ReopeningSession.over(new RecordedSession(session, wire, systemClock), (card) =>
      channel.open(card, this.#signal, keys === null ? {} : { onKeys: keys.add }),
    );
    if (relayed.channel === null) return { session, recorder: trace };
    const words = channelInWords(relayed.channel.account).join('; ');
    trace.note(`the relay opened a secure channel: ${words}`, systemClock.nowNs());
    this.#say('channel', `The relay opened a secure channel: ${words}.`);
    return { session: relayed, recorder: rest };
  }

  #linkEvent(event: LinkEvent, trace: TraceWriter): void {
    switch (event.type) {
      case 'exchange':
        if (this.#cardNs !== null) this.#latency.add(event.doneNs - event.atNs, this.#cardNs);
        this.#cardNs = null;
        return;
      case 'reset':
        this.#counts.resets++;
        return;
      case 'attached':
        // Not before: the terminal's side may be missing.
        if (this.#announcement !== null) this.#say('card', this.#announcement);
        this.#announcement = null;
        trace.note(`terminal's side: attached`, event.atNs);
        return;
      case 'waiting':
      case 'lost':
        trace.note(`terminal's side: ${event.type}`, event.atNs);
        if (event.type === 'waiting') {
          this.#io.stderr('The reader takes no notice: another card emulator seems to hold this slot.\n');
        }
    }
  }

  /** @returns null when the wait was ended by Ctrl-C or by the time */
  async #connect(name: string | null, timeoutMs: number): Promise<CardSession | null> {
    const signal = this.#signal;
    try {
      const reader = name === null ? {} : { reader: name };
      return await this.#source.reader.connect({ ...reader, timeoutMs, mode: 'cold', signal });
    } catch (error) {
      if (error instanceof HalError && error.kind === 'aborted' && signal.aborted) return null;
      throw error;
    }
  }

  /** In the same reader: any other could be the one that this relay is a card in. */
  async #nextCard(reader: string): Promise<CardSession | null> {
    for (;;) {
      try {
        return await this.#connect(reader, NEXT_CARD_MS);
      } catch (error) {
        if (!(error instanceof HalError)) throw error;
        if (!CARD_LEFT.has(error.kind) && error.kind !== SERVICE_LEFT) throw error;
        // A reader that is gone is not waited for by every driver, and a service that is gone by none.
        await this.#pause();
      }
    }
  }

  async #pause(): Promise<void> {
    await pause(ABSENCE_MS, undefined, { signal: this.#signal }).catch(() => {});
  }

  async #openLink(cardInterface: CardInterface | null, wait: boolean): Promise<PatientCardLink> {
    const { to } = this.#options;
    return patient(await openLink(to, cardInterface ?? linkDriver(to).interface ?? 'contact', wait));
  }

  async #openTrace(session: CardSession, cardInterface: CardInterface | null): Promise<TraceWriter> {
    const { output, keepSecrets, redactionKey, to } = this.#options;
    const description = {
      ...aboutSession(this.#source, session),
      source: 'vitap record',
      backend: all(this.#source.backendAt(session.reader), await linkDriver(to).backend(to)),
      interface: cardInterface,
      sessionKeys: this.#keys?.id ?? null,
    };
    const choice = { file: output, keepSecrets, ...(redactionKey === null ? {} : { redactionKey }) };
    return TraceWriter.create(output, description, secrecyOf(choice));
  }

  #say(event: string, text: string): void {
    if (!this.#io.json) this.#io.stderr(`${shown(text)}\n`);
    else if (event === 'card') this.#io.stderr(`${JSON.stringify({ event, text })}\n`);
  }

  #report(reader: string, link: CardLink, file: string): void {
    const { exchanges, medianUs, p99Us, worstUs } = this.#latency.summary;
    const counts = this.#counts;
    if (this.#io.json) {
      const addedLatency = { medianUs, p99Us, worstUs };
      const { keepSecrets: secretsKept } = this.#options;
      writeJson(this.#io, {
        id: 'record',
        file,
        reader,
        link: link.name,
        exchanges,
        ...counts,
        addedLatency,
        secretsKept,
      });
      return;
    }
    const lines = [
      `${shown(file)}: ${counted(exchanges, 'exchange')} of ${shown(reader)}, relayed to ${shown(link.name)}`,
    ];
    if (counts.removals > 0) lines.push(`the card left ${times(counts.removals)}`);
    if (counts.restarts > 0) lines.push(`the PC/SC service went away ${times(counts.restarts)}`);
    if (counts.failures > 0) lines.push(`the card did not answer ${times(counts.failures)}`);
    if (counts.tooShort > 0) lines.push(`commands of less than 4 bytes, refused by the relay: ${counts.tooShort}`);
    if (medianUs !== null && p99Us !== null && worstUs !== null) {
      const [median, p99, worst] = [medianUs, p99Us, worstUs].map((us) => `${(us / 1000).toFixed(3)} ms`);
      lines.push(`added by the relay: median ${median}, 99 % within ${p99}, at most ${worst}`);
    }
    this.#io.stdout(`${lines.join('\n')}\n`);
  }
}

/** One trace in two parts: what crosses to the card, and all else. */
function besides(trace: TraceWriter): { readonly wire: SessionRecorder; readonly rest: SessionRecorder } {
  const nothing = (): void => {};
  return {
    wire: {
      command: (apdu, tNs) => trace.command(apdu, tNs),
      response: (apdu, tNs) => trace.response(apdu, tNs),
      power: nothing,
      note: nothing,
    },
    rest: {
      command: nothing,
      response: nothing,
      power: (...args) => trace.power(...args),
      note: (text, tNs) => trace.note(text, tNs),
    },
  };
}

/** A relay is software only where both its sides are. */
function all(...sides: readonly Backend[]): Backend {
  return sides.includes('hardware') ? 'hardware' : 'simulated';
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function patient(link: CardLink): PatientCardLink {
  if ('patient' in link && link.patient === true) return link as PatientCardLink;
  throw new CannotRun(
    `${link.name} cannot keep its reader waiting for a card elsewhere: relay without "raw", or to vpcd`,
  );
}
