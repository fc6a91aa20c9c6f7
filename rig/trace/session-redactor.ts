import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { Conversation, type Part } from './frames/conversation.ts';
import { knownFields } from './known-fields.ts';
import { KnownPeople } from './known-people.ts';
import { bytesOf, maskedHex, masksIn } from './masked-hex.ts';
import {
  type BlockEvent,
  type CommandEvent,
  MASK_KINDS,
  type Mask,
  type NoteEvent,
  type PlainApdu,
  type ResponseEvent,
  type TraceEvent,
  type TraceHeader,
} from './model.ts';
import { NirStream } from './nir-spans.ts';
import { Pseudonyms } from './pseudonyms.ts';
import { Redactor, type RedactorOptions, redactText } from './redaction.ts';
import type { TraceSource } from './stream.ts';

/** Events held back until an APDU in blocks is whole; one of 65,544 bytes in the smallest frames needs half of them. */
const MOST_WAITING = 20_000;
/** Too short for a code after a header, or for a NIR. */
const SHORTEST_SUSPECT = 6;
/** NAD, PCB and length of a contact protocol's block. */
const CONTACT_PROLOGUE = 3;

/** A block of an APDU of which more is to come. */
interface Waiting {
  event: BlockEvent;
  readonly frame: Uint8Array;
  readonly part: Part;
  done: boolean;
}

/**
 * Masks all events of a session in their order: APDUs, the frames that carry them, notes.
 *
 * A frame with masked bytes has its checksum masked too, which would tell a short code. What was masked before stays.
 */
export class SessionRedactor {
  readonly #isContact: boolean;
  readonly #people: RedactorOptions;
  readonly #apdus: Redactor;
  /** What secure messaging protected, where it is shown: a conversation of its own. */
  readonly #inside: Redactor;
  /** Frames carry the same APDUs again, so they have a memory of their own; whom they met is known to both. */
  readonly #framed: Redactor;
  readonly #conversation = new Conversation();
  readonly #chains = new Map<number, Waiting[]>();
  /** Masks of the last whole APDU, for blocks that are repeated. */
  readonly #lastMasks = new Map<number, readonly Mask[]>();
  #queue: (TraceEvent | Waiting)[] = [];

  /** @param pseudonyms gives masks of whole secrets in APDUs and notes their hash; without it there is none */
  constructor(header: Pick<TraceHeader, 'interface'>, pseudonyms?: Pseudonyms) {
    const known = new KnownPeople();
    this.#people = pseudonyms === undefined ? { known } : { known, pseudonyms };
    this.#apdus = new Redactor(this.#people);
    this.#inside = new Redactor(this.#people);
    this.#framed = new Redactor({ known });
    this.#isContact = header.interface !== null && header.interface !== 'contactless';
  }

  /**
   * @param bytes of the APDU or frame, where the caller has them; not kept
   * @returns events that are ready, in order; a block may wait until its APDU is whole, and all behind it too
   */
  next(event: TraceEvent, bytes?: Uint8Array): TraceEvent[] {
    const ready = this.#redact(event, bytes);
    if (this.#queue.length === 0 && ready !== null) return [ready];
    if (ready !== null) this.#queue.push(ready);
    if (this.#queue.length > MOST_WAITING) this.#closeChains();
    return this.#flush();
  }

  /** What was held back. */
  end(): TraceEvent[] {
    this.#closeChains();
    return this.#flush();
  }

  /** @returns null when the event waits in the queue */
  #redact(event: TraceEvent, bytes: Uint8Array | undefined): TraceEvent | null {
    switch (event.type) {
      case 'power':
        return event;
      case 'field':
        this.#closeChains();
        this.#conversation.reset();
        return event;
      case 'note':
        return redactNote(event, this.#people);
      case 'command':
        return redactApdu(
          this.#redactInside(event, (apdu) => this.#inside.command(apdu)),
          bytes ?? bytesOf(event.apdu),
          (apdu) => this.#apdus.command(apdu),
        );
      case 'response':
        return redactApdu(
          this.#redactInside(event, (apdu) => this.#inside.response(apdu)),
          bytes ?? bytesOf(event.apdu),
          (apdu) => this.#apdus.response(apdu),
        );
      case 'block':
        return this.#block(event, bytes ?? bytesOf(event.frame));
    }
  }

  #redactInside<E extends CommandEvent | ResponseEvent>(event: E, find: (apdu: Uint8Array) => readonly Mask[]): E {
    const { plain } = event;
    if (plain === undefined) return event;
    const { apdu, masks } = plain;
    return { ...event, plain: redactApdu({ apdu, ...(masks && { masks }) }, bytesOf(apdu), find) };
  }

  #block(event: BlockEvent, frame: Uint8Array): TraceEvent | null {
    // What was made from APDUs is of ISO/IEC 14443 whatever the card was.
    if (this.#isContact && event.synthetic !== true) return maskFrom(event, frame, CONTACT_PROLOGUE);
    if (event.crc === 'bad') {
      const isSuspect = this.#conversation.isActive && frame.length >= SHORTEST_SUSPECT;
      return isSuspect ? maskFrom(event, frame, 1) : event;
    }
    const whole = event.crc === 'good' ? frame.subarray(0, frame.length - 2) : frame;
    const meaning = this.#conversation.hear(event.from, whole);
    if (meaning.kind !== 'part') {
      if (meaning.kind === 'deselected') this.#closeChains();
      const spans = whole.length < 13 ? [] : new NirStream().next(whole, 0, whole.length, false, false);
      return masked(
        event,
        frame,
        spans.map((span) => ({ ...span, what: 'nir' })),
      );
    }
    const { key, offset, start, end, repeated, last } = meaning;
    let chain = this.#chains.get(key);
    if (repeated && chain === undefined) {
      return masked(event, frame, masksIn(this.#lastMasks.get(key) ?? [], offset, end - start, start));
    }
    if (!repeated && offset === 0) {
      this.#closeChain(key);
      this.#closeChain(key ^ 1);
      chain = undefined;
    }
    // Its beginning was let go because it was too long for an APDU.
    if (!repeated && offset > 0 && chain === undefined) return maskFrom(event, frame, start);
    if (chain === undefined) {
      chain = [];
      this.#chains.set(key, chain);
    }
    const waiting: Waiting = { event, frame: copyBytes(whole), part: meaning, done: false };
    chain.push(waiting);
    this.#queue.push(waiting);
    if (last && !repeated) this.#closeChain(key);
    return null;
  }

  /** Masks the blocks of an APDU as the APDU is, whole or not. */
  #closeChain(key: number): void {
    const chain = this.#chains.get(key);
    if (chain === undefined) return;
    this.#chains.delete(key);
    const parts = chain.filter(({ part }) => !part.repeated);
    const apdu = Buffer.concat(parts.map(({ frame, part }) => frame.subarray(part.start, part.end)));
    const masks = key % 2 === 0 ? this.#framed.command(apdu) : this.#framed.response(apdu);
    this.#lastMasks.set(key, masks);
    for (const waiting of chain) {
      const { start, end, offset } = waiting.part;
      waiting.event = masked(waiting.event, bytesOf(waiting.event.frame), masksIn(masks, offset, end - start, start));
      waiting.done = true;
    }
  }

  #closeChains(): void {
    for (const key of [...this.#chains.keys()]) this.#closeChain(key);
  }

  #flush(): TraceEvent[] {
    const end = this.#queue.findIndex((item) => 'part' in item && !item.done);
    // A queue that waits is not copied for each event that joins it.
    if (end === 0) return [];
    const ready = end < 0 ? this.#queue : this.#queue.slice(0, end);
    this.#queue = end < 0 ? [] : this.#queue.slice(end);
    return ready.map((item) => ('part' in item ? item.event : item));
  }
}

/**
 * A source of which every event is redacted, and the texts of its header. Fields that nobody knows are left out.
 *
 * One that has hashes of another key already keeps them, and that key's name; what is masked besides has no hash.
 * @param key of the hashes; random by default
 * @param onLeftOut told of unknown fields, how many at a time
 */
export function redactedSource(
  source: TraceSource,
  key?: Uint8Array,
  onLeftOut?: (count: number) => void,
): TraceSource {
  const own = new Pseudonyms(key);
  const keyId = source.header.redactionKey ?? own.keyId;
  const pseudonyms = keyId === own.keyId ? own : undefined;
  return {
    header: redactedHeader(knownFields(source.header, onLeftOut), keyId),
    events: () => redactedEvents(source, pseudonyms, onLeftOut),
  };
}

async function* redactedEvents(
  source: TraceSource,
  pseudonyms: Pseudonyms | undefined,
  onLeftOut: ((count: number) => void) | undefined,
): AsyncGenerator<TraceEvent, void, undefined> {
  const redactor = new SessionRedactor(source.header, pseudonyms);
  try {
    for await (const event of source.events()) {
      for (const ready of redactor.next(knownFields(event, onLeftOut))) yield ready;
    }
  } catch (error) {
    // What was read before the fault is given.
    yield* redactor.end();
    throw error;
  }
  yield* redactor.end();
}

function redactedHeader(header: TraceHeader, redactionKey: string): TraceHeader {
  const plain = (text: string | null): string | null => (text === null ? null : redactText(text).text);
  return {
    ...header,
    source: redactText(header.source).text,
    reader: plain(header.reader),
    card: plain(header.card),
    ...(header.driver === undefined ? {} : { driver: redactText(header.driver).text }),
    ...(header.cardSeed === undefined ? {} : { cardSeed: redactText(header.cardSeed).text }),
    redactions: MASK_KINDS,
    secretsKept: false,
    redactionKey,
  };
}

function redactNote(event: NoteEvent, people: RedactorOptions): NoteEvent {
  const { text, masks } = redactText(event.text, people);
  if (masks.length === 0) return event;
  const all = [...(event.masks ?? []), ...masks].sort((a, b) => a.offset - b.offset);
  return { ...event, text, masks: all };
}

function redactApdu<E extends PlainApdu>(event: E, apdu: Uint8Array, find: (apdu: Uint8Array) => readonly Mask[]): E {
  const masks = union(event.masks, find(apdu));
  return masks.length === 0 ? event : { ...event, apdu: maskedHex(apdu, masks), masks };
}

function masked(event: BlockEvent, frame: Uint8Array, found: readonly Mask[]): BlockEvent {
  const masks = [...union(event.masks, found)];
  const last = masks.at(-1);
  if (last === undefined) return event;
  const checksumAt = frame.length - 2;
  if (event.crc !== undefined && last.offset + last.length <= checksumAt) {
    masks.push({ offset: checksumAt, length: 2, what: last.what });
  }
  return { ...event, frame: maskedHex(frame, masks), masks };
}

function maskFrom(event: BlockEvent, frame: Uint8Array, offset: number): BlockEvent {
  if (frame.length <= offset) return event;
  const what = event.from === 'reader' ? 'code' : 'nir';
  return masked(event, frame, [{ offset, length: frame.length - offset, what }]);
}

/** Masks of before, and what was found besides, in rising order without overlap. */
function union(before: readonly Mask[] | undefined, found: readonly Mask[]): readonly Mask[] {
  if (before === undefined || before.length === 0) return found;
  const masks: Mask[] = [...before];
  for (const mask of found) {
    let position = mask.offset;
    const end = mask.offset + mask.length;
    for (const old of before) {
      if (old.offset >= end || old.offset + old.length <= position) continue;
      if (old.offset > position) masks.push({ ...mask, offset: position, length: old.offset - position });
      position = old.offset + old.length;
    }
    if (position < end) masks.push({ ...mask, offset: position, length: end - position });
  }
  return masks.sort((a, b) => a.offset - b.offset);
}
