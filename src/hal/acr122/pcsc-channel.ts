import { HalError } from '../errors.ts';
import type { Channel } from '../pcsc/channel.ts';
import { absence, named } from '../pcsc/named-readers.ts';
import { PcscService, type WatchedReader } from '../pcsc/service.ts';
import type { PseudoApduChannel } from './pseudo-apdu.ts';

/** SCARD_CTL_CODE(3500) of Windows, and that of pcsc-lite with the number that its CCID driver has. */
const ESCAPE = process.platform === 'win32' ? 0x003136b0 : 0x42000001;

/**
 * A reader in the machine's PC/SC service. With a card in it pseudo-APDUs go the way of APDUs; without one, straight to
 * the reader, which the CCID driver only allows when it is told to.
 */
export class PcscChannel implements PseudoApduChannel {
  readonly reader: string;
  readonly #service: PcscService;
  readonly #channel: Channel;
  /** 1 for T=0, 2 for T=1, 0 for no card. */
  readonly #protocol: number;

  /** @param name a part of the reader's name @throws {HalError} `no-service`, `no-reader`, `busy`, `unsupported` */
  static async open(name: string): Promise<PcscChannel> {
    const service = await PcscService.open();
    try {
      await service.ready();
      if (service.failure !== null) throw service.failure;
      const seen = find(service.readers, name);
      const channel = service.takeChannel(seen.name);
      const protocol = await channel.connect(seen.cardPresent ? 'shared' : 'direct');
      return new PcscChannel(service, channel, seen.name, protocol);
    } catch (error) {
      await service.close();
      throw error;
    }
  }

  private constructor(service: PcscService, channel: Channel, reader: string, protocol: number) {
    this.#service = service;
    this.#channel = channel;
    this.reader = reader;
    this.#protocol = protocol;
  }

  async send(apdu: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (this.#service.failure !== null) throw this.#service.failure;
    if (this.#protocol === 1 || this.#protocol === 2) {
      return this.#channel.transmit(apdu, this.#protocol, timeoutMs, () => {});
    }
    try {
      return await this.#channel.control(ESCAPE, apdu, timeoutMs);
    } catch (error) {
      if (error instanceof HalError && ['unsupported', 'protocol'].includes(error.kind)) throw this.#refused(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    if (!this.#channel.stuck) {
      await this.#channel.disconnect('leave').catch(() => {});
      this.#service.giveBack(this.#channel);
    }
    await this.#service.close();
  }

  #refused(cause: HalError): HalError {
    const cure =
      process.platform === 'win32'
        ? 'set EscapeCommandEnable to 1 for it in the registry'
        : 'set ifdDriverOptions to 0x0001 in libccid_Info.plist and restart pcscd';
    const words = `the driver of "${this.reader}" lets no command through to the reader itself: ${cure}`;
    return new HalError('unsupported', words, { cause });
  }
}

function find(readers: readonly WatchedReader[], name: string): WatchedReader {
  const candidates = named(readers, name);
  const found = candidates[0];
  if (found === undefined) throw absence(readers, candidates, name);
  return found;
}
