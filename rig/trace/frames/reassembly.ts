import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { LARGEST_COMMAND } from '../../../src/hal/apdu-size.ts';
import { counted } from '../../report/words.ts';
import { bytesOf, maskedHex } from '../masked-hex.ts';
import type { BlockEvent, Mask, TraceEvent } from '../model.ts';
import { Conversation, type Part } from './conversation.ts';

const NO_MASKS: readonly Mask[] = [];

/** An APDU of which not all parts have come. */
interface Unfinished {
  readonly parts: Uint8Array[];
  masks: Mask[];
  length: number;
  blocks: number;
}

/**
 * Makes APDUs of frames: for each event all events that it leads to, itself first.
 *
 * I-blocks become `command` and `response` events with the time of their last block; activation and its end become
 * `power` events. The frames stay. Repeated blocks count once, damaged ones not at all.
 */
export class FrameReassembly {
  readonly #conversation = new Conversation();
  readonly #unfinished = new Map<number, Unfinished>();
  #powered = false;

  /** @param frame the bytes of a block event, where the caller has them */
  next(event: TraceEvent, frame?: Uint8Array): TraceEvent[] {
    if (event.type === 'field') return this.#field(event.state, event.t, event);
    if (event.type !== 'block') return [event];
    if (event.crc === 'bad') return [event];
    const whole = frame ?? bytesOf(event.frame);
    const bytes = event.crc === 'good' ? whole.subarray(0, whole.length - 2) : whole;
    const meaning = this.#conversation.hear(event.from, bytes);
    switch (meaning.kind) {
      case 'frame':
        return [event];
      case 'part':
        return this.#part(event, bytes, meaning);
      case 'activated': {
        const { ats, uid } = meaning;
        const state = this.#powered ? 'reset' : 'on';
        this.#powered = true;
        const known = {
          ...(ats === null ? {} : { ats: maskedHex(ats) }),
          ...(uid === null ? {} : { uid: maskedHex(uid) }),
        };
        return [event, { type: 'power', t: event.t, state, ...known }];
      }
      case 'deselected':
        return [event, ...this.#off(event.t)];
    }
  }

  /** What to say at the end of the recording. */
  end(t: number): TraceEvent[] {
    return [...this.#unfinished.keys()].flatMap((key) => this.#abandon(key, t));
  }

  #field(state: 'on' | 'off', t: number, event: TraceEvent): TraceEvent[] {
    const before = state === 'off' ? [...this.end(t), ...this.#off(t)] : [];
    this.#conversation.reset();
    return [...before, event];
  }

  #off(t: number): TraceEvent[] {
    if (!this.#powered) return [];
    this.#powered = false;
    return [{ type: 'power', t, state: 'off' }];
  }

  #part(event: BlockEvent, frame: Uint8Array, part: Part): TraceEvent[] {
    if (part.repeated) return [event];
    const events: TraceEvent[] = [event];
    if (part.offset === 0) events.push(...this.#abandon(part.key, event.t));
    let apdu = this.#unfinished.get(part.key);
    if (apdu === undefined) {
      // Nobody takes a part of an empty block for an APDU: readers ask with them whether a card is there.
      if (part.last && part.start === part.end) return events;
      apdu = { parts: [], masks: [], length: 0, blocks: 0 };
      this.#unfinished.set(part.key, apdu);
    }
    this.#add(apdu, event, frame, part);
    if (apdu.length > LARGEST_COMMAND) {
      if (part.last) events.push(...this.#abandon(part.key, event.t));
      return events;
    }
    if (!part.last) return events;
    this.#unfinished.delete(part.key);
    const bytes = apdu.parts.length === 1 ? (apdu.parts[0] as Uint8Array) : Buffer.concat(apdu.parts);
    const masks = apdu.masks.length === 0 ? {} : { masks: apdu.masks };
    const type = event.from === 'reader' ? 'command' : 'response';
    events.push({ type, t: event.t, apdu: maskedHex(bytes, apdu.masks), ...masks });
    return events;
  }

  #add(apdu: Unfinished, event: BlockEvent, frame: Uint8Array, part: Part): void {
    const size = part.end - part.start;
    if (apdu.length + size <= LARGEST_COMMAND) {
      for (const mask of event.masks ?? NO_MASKS) {
        const from = Math.max(mask.offset, part.start);
        const to = Math.min(mask.offset + mask.length, part.end);
        if (from < to) apdu.masks.push({ ...mask, offset: from - part.start + apdu.length, length: to - from });
      }
      apdu.parts.push(copyBytes(frame, part.start, part.end));
    } else {
      apdu.parts.length = 0;
      apdu.masks = [];
    }
    apdu.length += size;
    apdu.blocks++;
  }

  #abandon(key: number, t: number): TraceEvent[] {
    const apdu = this.#unfinished.get(key);
    if (apdu === undefined) return [];
    this.#unfinished.delete(key);
    const what = key % 2 === 0 ? 'command' : 'response';
    const size = `${counted(apdu.length, 'byte')} in ${counted(apdu.blocks, 'block')}`;
    const text =
      apdu.length > LARGEST_COMMAND
        ? `a ${what} of ${size} is longer than any APDU and was left out`
        : `a ${what} broke off after ${size}`;
    return [{ type: 'note', t, text }];
  }
}

/** The events of frames with the APDUs in them. */
export async function* reassembled(events: AsyncIterable<TraceEvent>): AsyncGenerator<TraceEvent, void, undefined> {
  const reassembly = new FrameReassembly();
  let t = 0;
  for await (const event of events) {
    t = event.t;
    for (const derived of reassembly.next(event)) yield derived;
  }
  yield* reassembly.end(t);
}
