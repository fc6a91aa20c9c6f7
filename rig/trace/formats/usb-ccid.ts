import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { LARGEST_COMMAND } from '../../../src/hal/apdu-size.ts';
import { maskedHex } from '../masked-hex.ts';
import type { TraceEvent } from '../model.ts';
import type { Losses } from '../stream.ts';
import type { Packet, PacketDecoder } from './packet.ts';
import { isT1Block, T1Reassembly } from './t1-reassembly.ts';
import type { TransferOf } from './usb-transfer.ts';

/* USB packets with the messages of USB smart card readers (CCID) in them. */

const CCID_HEADER = 10;

const MESSAGE = {
  POWER_ON: 0x62,
  POWER_OFF: 0x63,
  TRANSFER_BLOCK: 0x6f,
  DATA_BLOCK: 0x80,
  SLOT_STATUS: 0x81,
} as const;

/** Messages about a slot that tell nothing of what card and host say. */
const SILENT: ReadonlySet<number> = new Set([
  0x61, 0x65, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73, 0x82, 0x83, 0x84,
]);

/** How a block goes on: bits of the level parameter of a command and of the chain parameter of an answer. */
const CHAIN = { WHOLE: 0, BEGINS: 1, ENDS: 2, GOES_ON: 3, ASKS_FOR_MORE: 0x10 } as const;

interface Slot {
  powered: boolean;
  /** What the host asked last, by its sequence number. */
  asked: { readonly type: number; readonly sequence: number } | null;
  readonly t1: T1Reassembly;
  readonly chains: { reader: Uint8Array[]; card: Uint8Array[] };
}

/** The first slot of the first reader in the capture. */
export class UsbCcidDecoder implements PacketDecoder {
  readonly givesFrames = false;
  readonly #transferOf: TransferOf;
  readonly #losses: Losses;
  readonly #slot: Slot = { powered: false, asked: null, t1: new T1Reassembly(), chains: { reader: [], card: [] } };
  /** Bus, device and slot that the trace is about. */
  #subject: string | null = null;

  /** @param transferOf how the system that captured writes a bulk transfer */
  constructor(transferOf: TransferOf, losses: Losses) {
    this.#transferOf = transferOf;
    this.#losses = losses;
  }

  packet({ t, data, comments }: Packet): TraceEvent[] {
    const events: TraceEvent[] = comments.map((text) => ({ type: 'note', t, text }));
    const transfer = this.#transferOf(data);
    if (transfer === null) return events;
    const { isIn, device, data: message } = transfer;
    if (message.length < CCID_HEADER) return events;
    const length = new DataView(message.buffer, message.byteOffset, message.length).getUint32(1, true);
    if (length !== message.length - CCID_HEADER) {
      this.#losses.add('bulk transfers that are no CCID message');
      return events;
    }
    const type = message[0] as number;
    const isKnown = isIn
      ? type === MESSAGE.DATA_BLOCK || type === MESSAGE.SLOT_STATUS
      : type === MESSAGE.POWER_ON || type === MESSAGE.POWER_OFF || type === MESSAGE.TRANSFER_BLOCK;
    if (!isKnown) {
      this.#losses.add(
        SILENT.has(type) ? 'CCID messages about the reader itself' : 'bulk transfers that are no CCID message',
      );
      return events;
    }
    const subject = `${device}.${message[5]}`;
    this.#subject ??= subject;
    if (subject !== this.#subject) {
      this.#losses.add('CCID messages of other readers or slots');
      return events;
    }
    return [...events, ...(isIn ? this.#answer(t, type, message) : this.#ask(t, type, message))];
  }

  #ask(t: number, type: number, message: Uint8Array): TraceEvent[] {
    const slot = this.#slot;
    slot.asked = { type, sequence: message[6] as number };
    if (type !== MESSAGE.TRANSFER_BLOCK) return [];
    return this.#transfer(t, 'reader', message, message[8] as number);
  }

  #answer(t: number, type: number, message: Uint8Array): TraceEvent[] {
    const slot = this.#slot;
    const { asked } = slot;
    if (asked === null || asked.sequence !== message[6]) return [];
    const status = (message[7] as number) >> 6;
    // The card wants more time, and the answer comes later under the same number.
    if (status === 2) return [];
    slot.asked = null;
    if (status !== 0) {
      const text = `the reader reports error ${hex(message[8] as number)} for command ${hex(asked.type)}`;
      return [{ type: 'note', t, text }];
    }
    if (asked.type === MESSAGE.POWER_OFF) return this.#powerOff(t);
    if (type !== MESSAGE.DATA_BLOCK) return [];
    if (asked.type === MESSAGE.TRANSFER_BLOCK) return this.#transfer(t, 'card', message, message[9] as number);
    const state = slot.powered ? 'reset' : 'on';
    slot.powered = true;
    slot.t1.reset();
    slot.chains.reader = [];
    slot.chains.card = [];
    return [{ type: 'power', t, state, atr: maskedHex(message.subarray(CCID_HEADER)) }];
  }

  #powerOff(t: number): TraceEvent[] {
    if (!this.#slot.powered) return [];
    this.#slot.powered = false;
    return [{ type: 'power', t, state: 'off' }];
  }

  #transfer(t: number, from: 'reader' | 'card', message: Uint8Array, chain: number): TraceEvent[] {
    const data = message.subarray(CCID_HEADER);
    const type = from === 'reader' ? 'command' : 'response';
    const { chains, t1 } = this.#slot;
    if (chain === CHAIN.ASKS_FOR_MORE) return [];
    if (chain === CHAIN.WHOLE && isT1Block(data)) {
      this.#losses.add('T=1 blocks (their APDUs are kept)');
      const apdu = t1.next(from, data);
      return apdu === null ? [] : [{ type, t, apdu: maskedHex(apdu) }];
    }
    if (chain === CHAIN.WHOLE || chain === CHAIN.BEGINS) chains[from] = [];
    const parts = chains[from];
    parts.push(copyBytes(data));
    if (parts.reduce((sum, part) => sum + part.length, 0) > LARGEST_COMMAND) {
      chains[from] = [];
      this.#losses.add('parts of APDUs longer than any may be');
      return [];
    }
    if (chain === CHAIN.BEGINS || chain === CHAIN.GOES_ON) return [];
    chains[from] = [];
    const apdu = Buffer.concat(parts);
    return apdu.length === 0 ? [] : [{ type, t, apdu: maskedHex(apdu) }];
  }
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
