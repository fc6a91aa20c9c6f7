import { bytesOf, maskedHex, masksIn } from '../masked-hex.ts';
import type { CommandEvent, Mask, ResponseEvent, TraceEvent } from '../model.ts';
import type { Losses } from '../stream.ts';
import { dataDirection } from './gsmtap-direction.ts';
import { maskComment, masksOfComment } from './mask-comment.ts';
import type { OutgoingPacket, Packet, PacketDecoder } from './packet.ts';
import { datagramOf, ipv4Packet, LONGEST_PAYLOAD } from './udp.ts';

/* GSMTAP of Osmocom in UDP: one packet holds a command and its answer, or an ATR. */

const PORT = 4729;
const HEADER_LENGTH = 16;
const VERSION = 2;
const TYPE_SIM = 4;
const SUBTYPE = { APDU: 0, ATR: 1 } as const;
const SUBTYPE_AT = 12;

/** Remarks by which our own exports are read again whole. */
const COMMAND_COMMENT = /^command: (\d{1,6}) bytes(?:, sent (\d{1,15}) ns before the answer|, no answer)$/;
const POWER_COMMENT = /^power: (on|reset)$/;

export class GsmtapDecoder implements PacketDecoder {
  readonly givesFrames = false;
  readonly #linkType: number;
  readonly #losses: Losses;

  constructor(linkType: number, losses: Losses) {
    this.#linkType = linkType;
    this.#losses = losses;
  }

  packet({ t, data, comments }: Packet): TraceEvent[] {
    const datagram = datagramOf(this.#linkType, data);
    if (datagram === null || (datagram.to !== PORT && datagram.from !== PORT))
      return this.#lost('packets that are no GSMTAP');
    const { payload } = datagram;
    const headerLength = 4 * (payload[1] ?? 0);
    if (headerLength < HEADER_LENGTH || payload.length < headerLength) return this.#lost('packets that are no GSMTAP');
    if (payload[2] !== TYPE_SIM) return this.#lost('GSMTAP packets that are not of a smart card');
    const bytes = payload.subarray(headerLength);
    let state: 'on' | 'reset' = 'reset';
    let command: RegExpExecArray | null = null;
    let masks: readonly Mask[] = [];
    const notes: TraceEvent[] = [];
    for (const comment of comments) {
      const power = POWER_COMMENT.exec(comment)?.[1];
      const told = masksOfComment(comment, bytes.length);
      command ??= COMMAND_COMMENT.exec(comment);
      if (power !== undefined) state = power as 'on' | 'reset';
      else if (told !== null) masks = told;
      else if (!COMMAND_COMMENT.test(comment)) notes.push({ type: 'note', t, text: comment });
    }
    if (payload[SUBTYPE_AT] === SUBTYPE.ATR) return [...notes, { type: 'power', t, state, atr: maskedHex(bytes) }];
    if (payload[SUBTYPE_AT] !== SUBTYPE.APDU) return this.#lost('GSMTAP packets with parts of an exchange');
    const told = command === null ? null : Number(command[1]);
    const length = told !== null && told <= bytes.length ? told : commandLength(bytes);
    if (length === null) return this.#lost('GSMTAP packets too short for an APDU');
    const sentT = earlier(t, Number(command?.[2] ?? 0));
    const events: TraceEvent[] = [...notes, apdu('command', sentT, bytes, 0, length, masks)];
    if (bytes.length >= length + 2) events.push(apdu('response', t, bytes, length, bytes.length, masks));
    return events;
  }

  #lost(what: string): TraceEvent[] {
    this.#losses.add(what);
    return [];
  }
}

function apdu(
  type: 'command' | 'response',
  t: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  masks: readonly Mask[],
): TraceEvent {
  const own = masksIn(masks, from, to - from, 0);
  return { type, t, apdu: maskedHex(bytes.subarray(from, to), own), ...(own.length > 0 ? { masks: own } : {}) };
}

/** The remark may be anybody's: times stay whole numbers. */
function earlier(t: number, ns: number): number {
  return Number.isSafeInteger(t - ns) ? t - ns : t;
}

/** Where the answer begins; nothing in the packet says it, but a SIM takes short commands without Le. */
function commandLength(bytes: Uint8Array): number | null {
  if (bytes.length < 5) return null;
  const whole = 5 + (bytes[4] as number);
  return dataDirection(bytes) === 'out' || bytes.length < whole + 2 ? 5 : whole;
}

export class GsmtapEncoder {
  readonly #losses: Losses;
  #command: CommandEvent | null = null;

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  next(event: TraceEvent): OutgoingPacket[] {
    switch (event.type) {
      case 'command': {
        const unanswered = this.#unanswered();
        this.#command = event;
        return unanswered;
      }
      case 'response':
        return this.#exchange(event);
      case 'power':
        return [...this.#unanswered(), ...this.#power(event)];
      case 'field':
        this.#losses.add('field events');
        return [];
      case 'block':
        this.#losses.add('frames (their APDUs are kept)');
        return [];
      case 'note':
        return [];
    }
  }

  /** A last command without answer comes too late to be written. */
  end(): void {
    if (this.#command !== null) this.#losses.add('commands without answer at the end');
  }

  #power({ t, state, atr }: Extract<TraceEvent, { type: 'power' }>): OutgoingPacket[] {
    if (state === 'off' || atr === undefined) {
      this.#losses.add('power events without ATR');
      return [];
    }
    return this.#packet(t, SUBTYPE.ATR, bytesOf(atr), [`power: ${state}`]);
  }

  #unanswered(): OutgoingPacket[] {
    const command = this.#command;
    if (command === null) return [];
    this.#command = null;
    const bytes = bytesOf(command.apdu);
    return this.#packet(command.t, SUBTYPE.APDU, bytes, [
      `command: ${bytes.length} bytes, no answer`,
      ...remark(command.masks ?? []),
    ]);
  }

  #exchange(response: ResponseEvent): OutgoingPacket[] {
    const command = this.#command;
    if (command === null) {
      this.#losses.add('answers without command');
      return [];
    }
    this.#command = null;
    const sent = bytesOf(command.apdu);
    const answered = bytesOf(response.apdu);
    const before = Math.max(0, response.t - command.t);
    const masks = [
      ...(command.masks ?? []),
      ...(response.masks ?? []).map((mask) => ({ ...mask, offset: mask.offset + sent.length })),
    ];
    return this.#packet(response.t, SUBTYPE.APDU, Buffer.concat([sent, answered]), [
      `command: ${sent.length} bytes, sent ${before} ns before the answer`,
      ...remark(masks),
    ]);
  }

  #packet(t: number, subtype: number, bytes: Uint8Array, comments: readonly string[]): OutgoingPacket[] {
    if (bytes.length > LONGEST_PAYLOAD - HEADER_LENGTH) {
      this.#losses.add('exchanges too long for one packet');
      return [];
    }
    const payload = new Uint8Array(HEADER_LENGTH + bytes.length);
    payload[0] = VERSION;
    payload[1] = HEADER_LENGTH / 4;
    payload[2] = TYPE_SIM;
    payload[SUBTYPE_AT] = subtype;
    payload.set(bytes, HEADER_LENGTH);
    return [{ t, data: ipv4Packet(PORT, payload), comments }];
  }
}

function remark(masks: readonly Mask[]): string[] {
  const comment = maskComment(masks);
  return comment === null ? [] : [comment];
}
