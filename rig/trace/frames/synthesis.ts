import { type Ats, encodeAts, encodeRats, parseAts } from '../../../src/iso-dep/ats.ts';
import { writeBlockHeader } from '../../../src/iso-dep/block.ts';
import { withCrcA } from '../../../src/iso-dep/crc-a.ts';
import { frameSize } from '../../../src/iso-dep/frame-size.ts';
import { bytesOf, maskedHex, masksIn } from '../masked-hex.ts';
import type { BlockEvent, CommandEvent, Mask, PowerEvent, ResponseEvent, TraceEvent, TraceHeader } from '../model.ts';
import type { Losses } from '../stream.ts';

/** FSDI of the reader: what the PN532 and most others announce. */
const FSDI = 8;
/** PCB before and CRC behind the information field. */
const BLOCK_OVERHEAD = 3;
/** First byte of a single-size UID that is drawn by chance; a card without known UID gets one of those. */
const UNKNOWN_UID: Uint8Array = Uint8Array.of(0x08, 0x00, 0x00, 0x01);
const SELECT_CODES: readonly number[] = [0x93, 0x95, 0x97];
const CASCADE_TAG = 0x88;
const SAK = { ISO_DEP: 0x20, NOT_COMPLETE: 0x04 } as const;

/**
 * Makes the frames that an APDU trace has not: activation and blocks as ISO/IEC 14443-4 would have them, each marked
 * `synthetic` and with the time of its APDU. Frames that are there stay, and nothing is made beside them.
 */
export class FrameSynthesis {
  readonly #header: TraceHeader;
  readonly #losses: Losses;
  /** A block came since the last APDU of its side: it is in the trace as a block. */
  #seen = { reader: false, card: false };
  #active = false;
  #fieldOn = false;
  /** Frames were seen that nobody made here. */
  #real = false;
  #fsc: number;
  /** The card's block number. */
  #number = 1;
  /** The reader has said something that the card has not answered. */
  #asked = false;

  constructor(header: TraceHeader, losses: Losses) {
    this.#header = header;
    this.#losses = losses;
    this.#fsc = frameSize(FSDI);
  }

  /** @returns the events of the frame level for this one: frames, fields and notes, `power` and APDUs left out */
  next(event: TraceEvent): TraceEvent[] {
    switch (event.type) {
      case 'block':
        if (this.#isOfContacts && event.synthetic !== true) {
          this.#losses.add('blocks of a protocol with contacts (blocks of ISO 14443 are made from their APDUs)');
          return [];
        }
        this.#seen[event.from] = true;
        this.#real = true;
        return [event];
      case 'field':
        this.#fieldOn = event.state === 'on';
        if (!this.#fieldOn) this.#active = false;
        return [event];
      case 'note':
        return [event];
      case 'power':
        return this.#power(event);
      case 'command':
        this.#asked = true;
        return this.#apdu(event, 'reader');
      case 'response':
        return this.#response(event);
    }
  }

  get #isOfContacts(): boolean {
    return this.#header.interface !== null && this.#header.interface !== 'contactless';
  }

  #power(event: PowerEvent): TraceEvent[] {
    this.#asked = false;
    if (this.#real) return [];
    if (event.state === 'off') {
      const events = this.#active ? this.#deselect(event.t) : [];
      if (this.#fieldOn && this.#isOfContacts) events.push(this.#field('off', event.t));
      return events;
    }
    const before = this.#active ? this.#deselect(event.t) : [];
    return [...before, ...this.#activate(event.t, event)];
  }

  #field(state: 'on' | 'off', t: number): TraceEvent {
    this.#fieldOn = state === 'on';
    return { type: 'field', t, state };
  }

  #activate(t: number, known: { readonly ats?: string; readonly atr?: string; readonly uid?: string }): TraceEvent[] {
    const events: TraceEvent[] = this.#fieldOn ? [] : [this.#field('on', t)];
    const uid = known.uid === undefined ? UNKNOWN_UID : bytesOf(known.uid);
    const ats = this.#ats(known.ats, known.atr);
    const say = (from: 'reader' | 'card', bytes: Uint8Array, short = false): void => {
      const bits = short ? { bits: 7 } : {};
      events.push({ type: 'block', t, from, frame: maskedHex(bytes), ...bits, synthetic: true });
    };
    const sayWithCrc = (from: 'reader' | 'card', bytes: Uint8Array): void => {
      events.push({ type: 'block', t, from, frame: maskedHex(withCrcA(bytes)), crc: 'good', synthetic: true });
    };
    say('reader', Uint8Array.of(0x26), true);
    say('card', Uint8Array.of(uid.length === 4 ? 0x04 : uid.length === 7 ? 0x44 : 0x84, 0x00));
    const levels = uid.length === 4 ? 1 : uid.length === 7 ? 2 : 3;
    for (let level = 0; level < levels; level++) {
      const isLast = level === levels - 1;
      const part = uid.subarray(3 * level, 3 * level + (isLast ? 4 : 3));
      const four = isLast ? [...part] : [CASCADE_TAG, ...part];
      const whole = [...four, four.reduce((xor, byte) => xor ^ byte, 0)];
      say('reader', Uint8Array.of(SELECT_CODES[level] as number, 0x20));
      say('card', Uint8Array.from(whole));
      sayWithCrc('reader', Uint8Array.of(SELECT_CODES[level] as number, 0x70, ...whole));
      sayWithCrc('card', Uint8Array.of(isLast ? SAK.ISO_DEP : SAK.NOT_COMPLETE));
    }
    sayWithCrc('reader', encodeRats(FSDI));
    sayWithCrc('card', ats);
    this.#fsc = parseAts(ats)?.fsc ?? frameSize(FSDI);
    this.#active = true;
    this.#number = 1;
    return events;
  }

  /** The known one; else one with the historical bytes of an ATR as PC/SC makes it for cards without contacts. */
  #ats(known: string | undefined, atr: string | undefined): Uint8Array {
    const text = known ?? this.#header.ats;
    if (text !== null) {
      const ats = bytesOf(text);
      if (parseAts(ats) !== null) return ats;
    }
    const historicalBytes = historicalBytesOf(bytesOf(atr ?? this.#header.atr ?? ''));
    return encodeAts({ ...PLAIN_ATS, historicalBytes });
  }

  #deselect(t: number): TraceEvent[] {
    this.#active = false;
    return (['reader', 'card'] as const).map((from) => ({
      type: 'block',
      t,
      from,
      frame: maskedHex(withCrcA(Uint8Array.of(0xc2))),
      crc: 'good',
      synthetic: true,
    }));
  }

  /** A card says nothing unasked, and a block that it sends twice stands for one answer. */
  #response(event: ResponseEvent): TraceEvent[] {
    if (!this.#asked && !this.#seen.card) {
      this.#losses.add('responses that answer no command');
      return [];
    }
    this.#asked = false;
    return this.#apdu(event, 'card');
  }

  #apdu(event: CommandEvent | ResponseEvent, from: 'reader' | 'card'): TraceEvent[] {
    if (this.#seen[from]) {
      this.#seen[from] = false;
      return [];
    }
    const events = this.#active ? [] : this.#activate(event.t, {});
    const apdu = bytesOf(event.apdu);
    const size = (from === 'reader' ? this.#fsc : frameSize(FSDI)) - BLOCK_OVERHEAD;
    for (let offset = 0; ; offset += size) {
      const end = Math.min(offset + size, apdu.length);
      const chaining = end < apdu.length;
      events.push(this.#block(event, from, apdu.subarray(offset, end), offset, chaining));
      if (!chaining) return events;
      events.push(this.#acknowledge(event.t, from === 'reader' ? 'card' : 'reader'));
    }
  }

  #block(
    event: CommandEvent | ResponseEvent,
    from: 'reader' | 'card',
    information: Uint8Array,
    offset: number,
    chaining: boolean,
  ): BlockEvent {
    // The card takes over the number of every I-block, and answers with it.
    if (from === 'reader') this.#number ^= 1;
    const number = this.#number;
    const frame = new Uint8Array(1 + information.length);
    writeBlockHeader(frame, { kind: 'I', number, chaining });
    frame.set(information, 1);
    const masks = masksIn(event.masks ?? [], offset, information.length, 1);
    // A checksum tells a short code.
    const isMasked = masks.length > 0;
    if (isMasked) masks.push({ offset: frame.length, length: 2, what: (masks[0] as Mask).what });
    return {
      type: 'block',
      t: event.t,
      from,
      frame: maskedHex(withCrcA(frame), masks),
      crc: 'good',
      synthetic: true,
      ...(isMasked ? { masks } : {}),
    };
  }

  /** R(ACK): the card's with the number of the block that it took, the reader's with that of the block that it wants. */
  #acknowledge(t: number, from: 'reader' | 'card'): BlockEvent {
    if (from === 'reader') this.#number ^= 1;
    const frame = new Uint8Array(1);
    writeBlockHeader(frame, { kind: 'R-ACK', number: this.#number });
    return { type: 'block', t, from, frame: maskedHex(withCrcA(frame)), crc: 'good', synthetic: true };
  }
}

const PLAIN_ATS: Omit<Ats, 'fsc' | 'historicalBytes'> = {
  fsci: FSDI,
  toReader: [],
  toCard: [],
  sameRateOnly: false,
  fwi: 8,
  sfgi: 0,
  cidSupported: false,
  nadSupported: false,
};

/** Historical bytes of an ATR `3B 8n 80 01 T1..Tn TCK`; empty for any other ATR. */
function historicalBytesOf(atr: Uint8Array): Uint8Array {
  const count = (atr[1] ?? 0) & 0x0f;
  const fits = atr[0] === 0x3b && ((atr[1] ?? 0) & 0xf0) === 0x80 && atr[2] === 0x80 && atr[3] === 0x01;
  return fits && atr.length === 5 + count ? atr.subarray(4, 4 + count) : new Uint8Array(0);
}
