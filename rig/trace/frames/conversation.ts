import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { sameBytes } from '../../../src/apdu/same-bytes.ts';
import { type Block, parseBlock } from '../../../src/iso-dep/block.ts';

/*
 * Follows a session of ISO/IEC 14443 from outside, as a sniffer does: who was activated, which frames are parts of
 * which APDU, and which are said a second time.
 */

/** A part of an APDU: the information field of an I-block. */
export interface Part {
  readonly kind: 'part';
  /** Parts with the same key follow one another: a card, and a direction. */
  readonly key: number;
  /** Where the information field lies in the frame. */
  readonly start: number;
  readonly end: number;
  /** Where the part lies in its APDU. */
  readonly offset: number;
  /** The APDU is whole with it. */
  readonly last: boolean;
  /** It had come before: the other side asked for it again. */
  readonly repeated: boolean;
}

export type Meaning =
  | Part
  /** The card answers to APDUs now. */
  | { readonly kind: 'activated'; readonly ats: Uint8Array | null; readonly uid: Uint8Array | null }
  | { readonly kind: 'deselected' }
  /** Nothing above the frames. */
  | { readonly kind: 'frame' };

const FRAME: Meaning = { kind: 'frame' };
const CASCADE_TAG = 0x88;
const SAK_NOT_COMPLETE = 0x04;
const NO_BYTES = new Uint8Array(0);

type ReaderFrame = 'nothing' | 'select' | 'rats' | 'attrib' | 'block';

export class Conversation {
  readonly #cards = new Map<number, CardTalk>();
  /** No activation has been seen: the recording may have begun in the middle of a session. */
  #beginningMissed = true;
  #uid: Uint8Array = NO_BYTES;
  #uidComplete = false;
  #readerSaid: ReaderFrame = 'nothing';
  /** CID in the RATS, ATTRIB or block that the reader sent last. */
  #cid = 0;

  /** Whether frames are blocks now, as far as can be told. */
  get isActive(): boolean {
    return this.#cards.size > 0;
  }

  /** The field went: no card is active. */
  reset(): void {
    this.#cards.clear();
    this.#beginningMissed = false;
    this.#readerSaid = 'nothing';
  }

  /** @param frame without its CRC, which was right if there was one */
  hear(from: 'reader' | 'card', frame: Uint8Array): Meaning {
    if (frame.length === 0) return FRAME;
    return from === 'reader' ? this.#reader(frame) : this.#card(frame);
  }

  #reader(frame: Uint8Array): Meaning {
    this.#readerSaid = 'nothing';
    const first = frame[0] as number;
    if (frame.length === 1 && (first === 0x26 || first === 0x52)) return this.#search();
    if ((first === 0x93 || first === 0x95 || first === 0x97) && frame[1] === 0x70 && frame.length === 7) {
      return this.#select(frame);
    }
    if (first === 0xe0 && frame.length === 2) {
      this.#readerSaid = 'rats';
      this.#cid = (frame[1] as number) & 0x0f;
      return FRAME;
    }
    // Type B: REQB or WUPB, then ATTRIB.
    if (first === 0x05 && frame.length === 3) return this.#search();
    if (first === 0x1d && frame.length >= 9) {
      this.#readerSaid = 'attrib';
      this.#uid = copyBytes(frame, 1, 5);
      this.#uidComplete = true;
      this.#cid = (frame[8] as number) & 0x0f;
      return FRAME;
    }
    return this.#readerBlock(frame);
  }

  #search(): Meaning {
    this.#beginningMissed = false;
    this.#uid = NO_BYTES;
    this.#uidComplete = false;
    return FRAME;
  }

  #select(frame: Uint8Array): Meaning {
    this.#readerSaid = 'select';
    if (frame[0] === 0x93) this.#uid = NO_BYTES;
    const part = frame.subarray(frame[2] === CASCADE_TAG ? 3 : 2, 6);
    this.#uid = Uint8Array.from([...this.#uid, ...part]);
    this.#uidComplete = false;
    return FRAME;
  }

  #readerBlock(frame: Uint8Array): Meaning {
    const block = wholeBlock(frame);
    if (block === null) return FRAME;
    const cid = block.cid ?? 0;
    const talk = this.#talk(cid);
    if (talk === null) return FRAME;
    this.#readerSaid = 'block';
    this.#cid = cid;
    return talk.reader(block, frame);
  }

  #card(frame: Uint8Array): Meaning {
    const said = this.#readerSaid;
    if (said === 'block') return this.#cardBlock(frame);
    this.#readerSaid = 'nothing';
    if (said === 'select' && frame.length === 1) {
      this.#uidComplete = ((frame[0] as number) & SAK_NOT_COMPLETE) === 0;
    }
    if (said === 'rats' && frame[0] === frame.length) return this.#activate(copyBytes(frame));
    if (said === 'attrib') return this.#activate(null);
    return FRAME;
  }

  #activate(ats: Uint8Array | null): Meaning {
    this.#beginningMissed = false;
    this.#cards.set(this.#cid, new CardTalk(this.#cid));
    return { kind: 'activated', ats, uid: this.#uidComplete ? this.#uid : null };
  }

  #cardBlock(frame: Uint8Array): Meaning {
    const block = wholeBlock(frame);
    if (block === null) return FRAME;
    const cid = block.cid ?? this.#cid;
    const talk = this.#talk(cid);
    if (talk === null) return FRAME;
    if (block.kind === 'S-DESELECT') {
      this.#cards.delete(cid);
      return { kind: 'deselected' };
    }
    return talk.card(block, frame);
  }

  #talk(cid: number): CardTalk | null {
    const known = this.#cards.get(cid);
    if (known !== undefined) return known;
    if (!this.#beginningMissed) return null;
    const talk = new CardTalk(cid);
    this.#cards.set(cid, talk);
    return talk;
  }
}

/** A block, if the frame is one by its length too: commands of other tags look like R-blocks otherwise. */
function wholeBlock(frame: Uint8Array): Block | null {
  const block = parseBlock(frame, 0, frame.length);
  if (block === null) return null;
  const information = frame.length - block.headerLength;
  switch (block.kind) {
    case 'I':
    case 'S-PARAMETERS':
      return block;
    case 'R-ACK':
    case 'R-NAK':
    case 'S-DESELECT':
      return information === 0 ? block : null;
    case 'S-WTX':
      return information === 1 ? block : null;
  }
}

/** One activated card. */
class CardTalk {
  readonly #fromReader: Direction;
  readonly #fromCard: Direction;
  /** The card has not answered yet what the reader said last that wants something new. */
  #wantsNew = true;

  constructor(cid: number) {
    this.#fromReader = new Direction(2 * cid);
    this.#fromCard = new Direction(2 * cid + 1);
  }

  reader(block: Block, frame: Uint8Array): Meaning {
    if (block.kind === 'R-ACK') {
      // With the number of the card's last block it asks for that again.
      if (block.number !== this.#fromCard.number) this.#wantsNew = true;
      return FRAME;
    }
    if (block.kind !== 'I') return FRAME;
    const part = this.#fromReader.part(block, frame, !this.#fromCard.heard);
    this.#fromCard.heard = false;
    if (!part.repeated) {
      this.#wantsNew = true;
      if (part.offset === 0) this.#fromCard.abandon();
    }
    return part;
  }

  card(block: Block, frame: Uint8Array): Meaning {
    if (block.kind !== 'I') return FRAME;
    const part = this.#fromCard.part(block, frame, !this.#wantsNew);
    this.#fromCard.heard = true;
    this.#wantsNew = false;
    this.#fromReader.abandon();
    return part;
  }
}

/** The I-blocks of one side. */
class Direction {
  readonly #key: number;
  /** Block number of the last block; -1 before the first. */
  number = -1;
  /** A block of this side came since the other side's last. */
  heard = false;
  #last: Uint8Array = NO_BYTES;
  #lastOffset = 0;
  /** Where the next part goes; 0: a new APDU begins. */
  #next = 0;

  constructor(key: number) {
    this.#key = key;
  }

  /** What was begun is not gone on with. */
  abandon(): void {
    this.#next = 0;
  }

  part(block: Block, frame: Uint8Array, mayRepeat: boolean): Part {
    const information = { start: block.headerLength, end: frame.length };
    const last = !block.chaining;
    if (mayRepeat && block.number === this.number && sameBytes(frame, this.#last)) {
      return { kind: 'part', key: this.#key, ...information, offset: this.#lastOffset, last, repeated: true };
    }
    const offset = this.#next;
    this.number = block.number;
    this.#last = copyBytes(frame);
    this.#lastOffset = offset;
    this.#next = last ? 0 : offset + frame.length - block.headerLength;
    return { kind: 'part', key: this.#key, ...information, offset, last, repeated: false };
  }
}
