/**
 * The PN532 inside of an ACR122U or its like, reached by pseudo-APDUs through the machine's PC/SC service.
 *
 * | can | cannot |
 * |---|---|
 * | what the PN532 can as a reader, commands of 254 bytes (InDataExchange: 252) | frames of its own, another speed |
 * | be a card, responses of 253 bytes, when the driver lets commands through without a card | call a command back |
 * | | wait longer than the firmware does, some 5 s: then it is asked again |
 * | | say how fast: the firmware and the USB polls stand between, so there is no raw target mode |
 *
 * Readers of other chips (ACR1252U and later) do not pass commands on.
 */
import { HalError } from '../errors.ts';
import { Pn532 } from '../pn532/chip.ts';
import { identify } from '../pn532/identify.ts';
import type { Pn532Connection, Pn532Port } from '../pn532/port.ts';
import { PcscChannel } from './pcsc-channel.ts';
import { type PseudoApduChannel, PseudoApduTransport } from './pseudo-apdu.ts';

export { type PseudoApduChannel, PseudoApduTransport } from './pseudo-apdu.ts';

/** TgSetData's code takes one byte of what a pseudo-APDU carries. */
export const ACR122_LARGEST_RESPONSE = 253;

/** Whether the reader itself looks for cards, which would get in our way: `FF 00 51 P2 00`, b8 of P2. */
const OPERATING_PARAMETER = [0xff, 0x00, 0x51] as const;
const WITHOUT_POLLING = 0x7f;
const AS_DELIVERED = 0xff;

export interface Acr122PortOptions {
  /** The reader's name in PC/SC or a part of it. */
  readonly reader: string;
  /** Opens the way to the reader's firmware; the PC/SC service by default. */
  readonly openChannel?: (reader: string) => Promise<PseudoApduChannel>;
}

export class Acr122Port implements Pn532Port {
  readonly name: string;
  readonly #reader: string;
  readonly #openChannel: (reader: string) => Promise<PseudoApduChannel>;
  #openedReader: string | null = null;

  constructor(options: Acr122PortOptions) {
    this.#reader = options.reader;
    this.name = `acr122:${options.reader}`;
    this.#openChannel = options.openChannel ?? ((reader) => PcscChannel.open(reader));
  }

  /** The whole name of the reader that was opened last; null before. */
  get openedReader(): string | null {
    return this.#openedReader;
  }

  async open(): Promise<Pn532Connection> {
    const channel = await this.#openChannel(this.#reader);
    this.#openedReader = channel.reader;
    const transport = new PseudoApduTransport(channel);
    const chip = new Pn532(transport);
    try {
      const firmware = await identify(chip);
      await setPolling(transport, false);
      return { chip, firmware, baudRate: null, close: () => leave(chip, transport) };
    } catch (error) {
      await transport.close();
      throw error;
    }
  }
}

/** The reader goes back to its own work: its firmware needs the chip awake. */
async function leave(chip: Pn532, transport: PseudoApduTransport): Promise<void> {
  transport.abort();
  try {
    await chip.inRelease(0).catch(() => {});
    await chip.rfField(false);
    await setPolling(transport, true);
  } catch {
    // It is gone, or beyond being told.
  }
  await transport.close().catch(() => {});
}

/** Older firmware does not know it, and does not poll either. */
async function setPolling(transport: PseudoApduTransport, on: boolean): Promise<void> {
  try {
    const parameter = on ? AS_DELIVERED : WITHOUT_POLLING;
    await transport.firmwareCommand(Uint8Array.of(...OPERATING_PARAMETER, parameter, 0x00));
  } catch (error) {
    if (!(error instanceof HalError) || error.kind === 'reader-lost' || error.kind === 'no-service') throw error;
  }
}
