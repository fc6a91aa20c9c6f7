import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { LinkPeer } from '../../contract/card-link.ts';

/** Plays vpcd: listens, and asks and orders what pcscd would, one thing after the other. */
export class FakeVpcd implements LinkPeer {
  #server: Server | null = null;
  #port = 0;
  #socket: Socket | null = null;
  #arrival: () => void = () => {};
  #received: Buffer = Buffer.alloc(0);
  #change: () => void = () => {};

  static async listen(): Promise<FakeVpcd> {
    const fake = new FakeVpcd();
    await fake.comeBack();
    return fake;
  }

  get port(): number {
    return this.#port;
  }

  /** What has come and was not taken by `receive`. */
  get received(): Buffer {
    return this.#received;
  }

  /** Waits for a connection, and then says nothing. */
  async accept(): Promise<void> {
    while (this.#socket === null) {
      await new Promise<void>((resolve) => {
        this.#arrival = resolve;
      });
    }
  }

  async powerOn(): Promise<void> {
    await this.accept();
    // vpcd asks who is there before it gives power.
    await this.getAtr();
    this.send(Buffer.of(0, 1, 1));
  }

  async getAtr(): Promise<Buffer> {
    this.send(Buffer.of(0, 1, 4));
    return this.receive();
  }

  async transmit(command: Uint8Array): Promise<Uint8Array> {
    this.send(message(command));
    return new Uint8Array(await this.receive());
  }

  async warmReset(): Promise<void> {
    this.send(Buffer.of(0, 1, 2));
  }

  async powerOff(): Promise<void> {
    this.send(Buffer.of(0, 1, 0));
  }

  send(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  /** The next message. @throws when the card goes away */
  async receive(): Promise<Buffer> {
    for (;;) {
      const received = this.#received;
      const end = received.length < 2 ? Number.POSITIVE_INFINITY : 2 + received.readUInt16BE();
      if (received.length >= end) {
        this.#received = received.subarray(end);
        return Buffer.from(received.subarray(2, end));
      }
      if (this.#socket === null) throw new Error('the card went away');
      await new Promise<void>((resolve) => {
        this.#change = resolve;
      });
    }
  }

  async missesCard(): Promise<void> {
    while (this.#socket !== null) {
      await new Promise<void>((resolve) => {
        this.#change = resolve;
      });
    }
  }

  async leave(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#socket?.resetAndDestroy();
    this.#socket = null;
    if (server !== null) await new Promise((resolve) => server.close(resolve));
  }

  async comeBack(): Promise<void> {
    const server = createServer((socket) => this.#accepted(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Ends the connection and goes on listening. */
  hangUp(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #accepted(socket: Socket): void {
    this.#socket = socket;
    this.#received = Buffer.alloc(0);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#change();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = null;
      this.#change();
    });
    this.#arrival();
  }
}

/** Length and body. */
export function message(body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(body.length >> 8, body.length & 0xff), body]);
}
