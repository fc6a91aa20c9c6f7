import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { CONTROL, LENGTH_BYTES, MessageReader } from '../../../src/hal/vpcd/messages.ts';
import type { SimulatedAcr122 } from './reader.ts';

/** Between two looks for a card. */
const POLL_MS = 20;
/** A card that was there and is not found so often is gone. */
const LOOKS = 10;

/**
 * Puts a simulated ACR122 behind vpcd: the machine's PC/SC service then has a reader that answers as an ACR122U does
 * with a card in it. Only SCardTransmit reaches it: vpcd knows no SCardControl.
 */
export class Acr122OnVpcd {
  readonly #reader: SimulatedAcr122;
  readonly #socket: Socket;
  readonly #messages = new MessageReader();
  #order: Promise<void> = Promise.resolve();

  private constructor(reader: SimulatedAcr122, socket: Socket) {
    this.#reader = reader;
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#messages.push(chunk, chunk.length, (buffer, offset, length) => {
        const message = copyBytes(buffer, offset, offset + length);
        this.#order = this.#order.then(() => this.#message(message));
        return true;
      });
    });
  }

  /**
   * Polls until a card is in the field: to vpcd a connection is a card, so there is none without one.
   * @param signal ends the wait for a card
   * @returns when vpcd has taken the connection; it has not looked yet
   */
  static async connect(
    reader: SimulatedAcr122,
    host: string,
    port: number,
    signal?: AbortSignal,
  ): Promise<Acr122OnVpcd> {
    while (!(await reader.poll())) await pause(POLL_MS, undefined, { signal });
    const socket = connect({ host, port, noDelay: true });
    await once(socket, 'connect');
    return new Acr122OnVpcd(reader, socket);
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }

  async #message(message: Uint8Array): Promise<void> {
    const code = message.length === 1 ? message[0] : undefined;
    if (code === CONTROL.getAtr) this.#send(this.#reader.atr);
    else if (code === CONTROL.powerOn || code === CONTROL.reset) await this.#find();
    else if (code !== CONTROL.powerOff) this.#send(await this.#reader.transmit(message));
  }

  /** A card may miss its activation, on a machine that is busy too. */
  async #find(): Promise<void> {
    for (let look = 1; !(await this.#reader.poll()) && look < LOOKS; look++) await pause(POLL_MS);
  }

  #send(body: Uint8Array): void {
    const out = Buffer.alloc(LENGTH_BYTES + body.length);
    out.writeUInt16BE(body.length);
    out.set(body, LENGTH_BYTES);
    if (!this.#socket.destroyed) this.#socket.write(out);
  }
}
