import { withCrcA } from '../../../src/iso-dep/crc-a.ts';
import { ChecksumRules } from '../frames/checksum.ts';
import { bytesOf, maskedHex } from '../masked-hex.ts';
import type { BlockEvent, Mask, TraceEvent } from '../model.ts';
import type { Losses } from '../stream.ts';
import { maskComment, masksOfComment } from './mask-comment.ts';
import type { Packet, PacketDecoder } from './packet.ts';

/** Pseudo-header of link type 264: version 0, event, length of the frame (high byte first). */
const HEADER_LENGTH = 4;
const EVENT = {
  CARD_WITHOUT_CRC: 0xfb,
  READER_WITHOUT_CRC: 0xfa,
  FIELD_ON: 0xfc,
  FIELD_OFF: 0xfd,
  READER: 0xfe,
  CARD: 0xff,
} as const;

/** Remarks on packets by which our own exports are read again whole. */
const SYNTHETIC_COMMENT = 'synthetic: made from the APDUs, never on the air';

/** REQA and WUPA: the only frames of seven bits that the reader sends as a whole. */
export const SHORT_FRAMES: ReadonlySet<number> = new Set([0x26, 0x52]);

/** Frames of ISO/IEC 14443 as capture files hold them. */
export class Iso14443Decoder implements PacketDecoder {
  readonly givesFrames = true;
  readonly #losses: Losses;
  readonly #checksums = new ChecksumRules();

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  packet({ t, data, comments, originalLength }: Packet): TraceEvent[] {
    const length = ((data[2] ?? 0) << 8) | (data[3] ?? 0);
    if (data.length < HEADER_LENGTH || data[0] !== 0) return this.#lost('packets with an unknown ISO 14443 header');
    if (data.length < HEADER_LENGTH + length) {
      return this.#lost(
        originalLength > data.length ? 'frames that the capture cut short' : 'packets shorter than their header says',
      );
    }
    const frame = data.subarray(HEADER_LENGTH, HEADER_LENGTH + length);
    const notes: TraceEvent[] = [];
    let synthetic: { readonly synthetic?: true } = {};
    let masks: readonly Mask[] = [];
    for (const comment of comments) {
      const told = masksOfComment(comment, frame.length);
      if (comment === SYNTHETIC_COMMENT) synthetic = { synthetic: true };
      else if (told !== null) masks = told;
      else notes.push({ type: 'note', t, text: comment });
    }
    const more = { ...(masks.length > 0 ? { masks } : {}), ...synthetic };
    switch (data[1]) {
      case EVENT.FIELD_ON:
        return [...notes, { type: 'field', t, state: 'on' }];
      case EVENT.FIELD_OFF:
        return [...notes, { type: 'field', t, state: 'off' }];
      case EVENT.READER:
        return [...notes, this.#block(t, 'reader', frame, more)];
      case EVENT.CARD:
        return [...notes, this.#block(t, 'card', frame, more)];
      case EVENT.READER_WITHOUT_CRC:
      case EVENT.CARD_WITHOUT_CRC: {
        const from = data[1] === EVENT.READER_WITHOUT_CRC ? 'reader' : 'card';
        this.#checksums.isBare(from, frame);
        return [...notes, { type: 'block', t, from, frame: maskedHex(frame, masks), ...more }];
      }
      default:
        return this.#lost('packets with an unknown ISO 14443 event');
    }
  }

  #block(
    t: number,
    from: 'reader' | 'card',
    frame: Uint8Array,
    more: Pick<BlockEvent, 'masks' | 'synthetic'>,
  ): TraceEvent {
    const crc = this.#checksums.judge(from, frame);
    const isShort = from === 'reader' && frame.length === 1 && SHORT_FRAMES.has(frame[0] as number);
    return {
      type: 'block',
      t,
      from,
      frame: maskedHex(frame, more.masks),
      ...(crc === undefined ? {} : { crc }),
      ...(isShort ? { bits: 7 } : {}),
      ...more,
    };
  }

  #lost(what: string): TraceEvent[] {
    this.#losses.add(what);
    return [];
  }
}

/** A frame as such a packet, and what is to be remarked on it. */
export class Iso14443Encoder {
  readonly #losses: Losses;
  readonly #checksums = new ChecksumRules();

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  field(state: 'on' | 'off'): Uint8Array {
    return Uint8Array.of(0, state === 'on' ? EVENT.FIELD_ON : EVENT.FIELD_OFF, 0, 0);
  }

  block(event: BlockEvent): Uint8Array {
    const frame = frameBytes(event);
    const isBare = this.#checksums.isBare(event.from, frame);
    if (event.bits !== undefined && !(frame.length === 1 && SHORT_FRAMES.has(frame[0] as number))) {
      this.#losses.add('numbers of bits of frames that do not end with a whole byte');
    }
    const hasAll = event.crc !== undefined || isBare;
    const packet = new Uint8Array(HEADER_LENGTH + frame.length);
    packet[1] =
      event.from === 'reader'
        ? hasAll
          ? EVENT.READER
          : EVENT.READER_WITHOUT_CRC
        : hasAll
          ? EVENT.CARD
          : EVENT.CARD_WITHOUT_CRC;
    packet[2] = frame.length >> 8;
    packet[3] = frame.length & 0xff;
    packet.set(frame, HEADER_LENGTH);
    return packet;
  }

  comments(event: BlockEvent): string[] {
    const { masks = [], synthetic } = event;
    const masked = maskComment(masks);
    return [...(synthetic ? [SYNTHETIC_COMMENT] : []), ...(masked === null ? [] : [masked])];
  }
}

/** The bytes of a frame for formats without masks: masked ones are 00, and a good checksum fits again. */
export function frameBytes(event: BlockEvent): Uint8Array {
  const bytes = bytesOf(event.frame);
  const isMasked = event.masks !== undefined && event.masks.length > 0;
  return isMasked && event.crc === 'good' ? withCrcA(bytes.subarray(0, bytes.length - 2)) : bytes;
}
