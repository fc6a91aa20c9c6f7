import { connect, type Socket } from 'node:net';
import { copyBytes } from '../../apdu/copy-bytes.ts';
import type { DistantCard, LinkEvent, LinkedCard } from '../card-link.ts';
import type { Clock } from '../clock.ts';
import { CONTROL, LARGEST_BODY, LENGTH_BYTES, MessageReader } from './messages.ts';
import { refusal } from './refusal.ts';

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1000;

export interface Peer {
  readonly host: string;
  readonly port: number;
  /** Whether to wait for a peer that is not there yet. */
  readonly waitForPeer: boolean;
  /** How long a peer may be silent before it is worth a word: pcscd asks for the ATR every 400 ms. */
  readonly silenceMs: number;
}

/** One card on one vpcd slot, from `serve` to `stop`, over as many connections as it takes. */
export class Serving {
  /** Settles when the card is no longer served: rejects with the peer's refusal or with a bug of the card. */
  readonly ended: Promise<void>;
  #peer: Peer;
  #clock: Clock;
  #card: LinkedCard | DistantCard;
  #onEvent: ((event: LinkEvent) => void) | undefined;
  #resolve: () => void = () => {};
  #reject: (reason: unknown) => void = () => {};
  #over = false;
  #inCard = false;
  #socket: Socket | null = null;
  /** Whether a connection was ever made, and whether the peer has spoken on this one. */
  #everConnected = false;
  #spoke = false;
  #powered = false;
  #retryMs: number = FIRST_RETRY_MS;
  #timer: NodeJS.Timeout | undefined;
  // All made once: what the socket reads into, messages in pieces, what goes out.
  #chunk: Buffer = Buffer.allocUnsafe(LENGTH_BYTES + LARGEST_BODY);
  #messages: MessageReader = new MessageReader();
  #out: Buffer = Buffer.allocUnsafe(LENGTH_BYTES + LARGEST_BODY);
  /** What came while a distant card had not answered yet; null while none is waited for. */
  #held: Uint8Array[] | null = null;

  constructor(
    peer: Peer,
    clock: Clock,
    card: LinkedCard | DistantCard,
    onEvent: ((event: LinkEvent) => void) | undefined,
  ) {
    this.#peer = peer;
    this.#clock = clock;
    this.#card = card;
    this.#onEvent = onEvent;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#connect();
  }

  stop(): void {
    if (this.#over) return;
    this.#finish();
    this.#resolve();
    // A card that is in the middle of a command hears of it when it has come to its end.
    if (!this.#inCard) this.#card.fieldOff();
  }

  /** Ends with a bug of the card or of the listener, or with a refusal of the peer. */
  #fail(reason: unknown): void {
    if (this.#over) return;
    this.#finish();
    this.#reject(reason);
  }

  #finish(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
    this.#socket = null;
  }

  #connect(): void {
    const { host, port, silenceMs } = this.#peer;
    const onread = { buffer: this.#chunk, callback: (length: number) => this.#guard(() => this.#received(length)) };
    const socket = connect({ host, port, noDelay: true, onread });
    let failure: NodeJS.ErrnoException | null = null;
    this.#socket = socket;
    this.#spoke = false;
    this.#powered = false;
    this.#messages.reset();
    this.#held = null;
    socket.on('connect', () => {
      this.#everConnected = true;
      this.#timer = setTimeout(() => this.#guard(() => this.#report('waiting')), silenceMs);
    });
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('close', () => {
      if (this.#socket === socket) this.#guard(() => this.#closed(failure));
    });
  }

  #closed(failure: NodeJS.ErrnoException | null): void {
    const { host, port, waitForPeer } = this.#peer;
    this.#socket = null;
    clearTimeout(this.#timer);
    if (!this.#everConnected && !waitForPeer) {
      this.#fail(refusal(host, port, failure));
      return;
    }
    if (this.#spoke) {
      this.#retryMs = FIRST_RETRY_MS;
      this.#card.fieldOff();
      this.#report('lost');
      if (this.#over) return;
    }
    this.#timer = setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  #received(length: number): void {
    if (!this.#spoke) {
      // Only now: the peer's kernel takes connections that vpcd does not serve, when another card holds the slot.
      this.#spoke = true;
      clearTimeout(this.#timer);
      this.#report('attached');
    }
    this.#messages.push(this.#chunk, length, this.#onMessage);
  }

  #onMessage = (buffer: Uint8Array, offset: number, length: number): boolean => {
    if (this.#held !== null) {
      this.#held.push(copyBytes(buffer, offset, offset + length));
      return true;
    }
    if (length === 1 && this.#control(buffer[offset]!)) return !this.#over;
    // A card that took another's place between two looks of pcscd is believed to have power: now it has.
    if (!this.#powered) this.#powerOn();
    if (this.#over) return false;
    const atNs = this.#clock.nowNs();
    const answered = this.#inside(() => this.#card.process(buffer, offset, length));
    if (typeof answered !== 'number') {
      this.#wait(answered, copyBytes(buffer, offset, offset + length), atNs);
      return true;
    }
    if (!this.#over) this.#answered(buffer.subarray(offset, offset + length), answered, atNs);
    return !this.#over;
  };

  #answered(command: Uint8Array, length: number, atNs: number): void {
    const doneNs = this.#clock.nowNs();
    this.#send(this.#card.response, length);
    const response = this.#card.response.subarray(0, length);
    this.#onEvent?.({ type: 'exchange', atNs, doneNs, command, response });
  }

  /** The reader is asked to wait; whatever it says meanwhile is kept for later, and it is not listened to. */
  #wait(answer: Promise<number>, command: Uint8Array, atNs: number): void {
    const socket = this.#socket!;
    this.#held = [];
    socket.pause();
    answer.then(
      (length) => {
        // A connection that ended meanwhile has taken its question with it.
        if (this.#socket === socket) this.#guard(() => this.#goOn(socket, command, length, atNs));
      },
      (fault: unknown) => this.#fail(fault),
    );
  }

  #goOn(socket: Socket, command: Uint8Array, length: number, atNs: number): void {
    const held = this.#held ?? [];
    this.#held = null;
    this.#answered(command, length, atNs);
    for (const message of held) if (!this.#over) this.#onMessage(message, 0, message.length);
    if (this.#held === null && !this.#over) socket.resume();
  }

  /** @returns false when it is no control message */
  #control(code: number): boolean {
    switch (code) {
      case CONTROL.getAtr: {
        const atr = this.#card.atr();
        this.#send(atr, atr.length);
        return true;
      }
      case CONTROL.powerOn:
        this.#powerOn();
        return true;
      case CONTROL.powerOff:
        this.#powered = false;
        this.#inside(() => this.#card.fieldOff());
        this.#report('field-off');
        return true;
      case CONTROL.reset:
        this.#inside(() => this.#card.reset());
        this.#report('reset');
        return true;
      default:
        return false;
    }
  }

  #powerOn(): void {
    this.#powered = true;
    this.#inside(() => this.#card.powerOn());
    this.#report('power-on');
  }

  /** Calls the card; if the link was stopped meanwhile, tells it so. */
  #inside<T>(call: () => T): T {
    this.#inCard = true;
    try {
      return call();
    } finally {
      this.#inCard = false;
      if (this.#over) this.#card.fieldOff();
    }
  }

  #send(source: Uint8Array, length: number): void {
    // An empty answer would hang vpcd and pcscd's slot with it for good.
    if (length < 2 || length > LARGEST_BODY) throw new RangeError(`the card answered ${length} bytes`);
    const socket = this.#socket!;
    // The kernel usually takes all at once. While it still holds a part of the last message, its buffer is not ours.
    const out = socket.writableLength === 0 ? this.#out : Buffer.allocUnsafe(LENGTH_BYTES + length);
    out[0] = length >> 8;
    out[1] = length & 0xff;
    out.set(source.subarray(0, length), LENGTH_BYTES);
    // In one piece: length and body apart would wait for each other's acknowledgement.
    socket.write(out.subarray(0, LENGTH_BYTES + length));
  }

  #report(type: Exclude<LinkEvent['type'], 'exchange'>): void {
    if (!this.#over) this.#onEvent?.({ type, atNs: this.#clock.nowNs() });
  }

  /** For callbacks of the socket, from which nothing may be thrown. @returns whether to go on */
  #guard(work: () => void): boolean {
    if (this.#over) return false;
    try {
      work();
    } catch (fault) {
      this.#fail(fault);
    }
    return !this.#over;
  }
}
