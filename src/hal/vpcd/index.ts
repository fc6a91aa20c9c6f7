/**
 * The card side of vpcd, the virtual reader of vsmartcard: our card in the machine's PC/SC service, over TCP.
 *
 * | can | cannot |
 * |---|---|
 * | commands up to 65535 bytes, responses up to 65535 with their status word | longer ones: the length has two bytes |
 * | power on, power off, reset | tell a warm reset from another, deselect |
 * | wait for the answer of a card in another reader | |
 * | wait its turn while another card holds the slot, come back after pcscd died | know that the turn will come |
 * | | tell a command of one byte 00, 01, 02 or 04 from a control message: readers must not send any |
 *
 * vpcd asks for the ATR before it powers the card on, and every 400 ms. Each pcscd has two slots, on ports 35963 and
 * 35964. pcscd sees a card come or go up to 400 ms late: a card that takes another's place in less is the same card to
 * it, a session with the first one then fails once and goes on with the second.
 */
import type { CardInterface, DistantCard, LinkEvent, LinkedCard, LinkLimits, PatientCardLink } from '../card-link.ts';
import type { Clock } from '../clock.ts';
import { HalError } from '../errors.ts';
import { LARGEST_BODY } from './messages.ts';
import { type Peer, Serving } from './serving.ts';

/** The first slot of Debian's vpcd, 0x8C7B; the second is one higher. */
export const VPCD_PORT = 35_963;

export interface VpcdLinkOptions {
  /** What a reader is told that this card is; vpcd itself has no opinion. */
  readonly interface: CardInterface;
  /** Gives the times of exchanges and events. */
  readonly clock: Clock;
  /** Name or address; 127.0.0.1 by default. */
  readonly host?: string;
  /** `VPCD_PORT` by default. */
  readonly port?: number;
  /** Waits for a vpcd that is not there yet instead of failing with `no-port`; false by default. */
  readonly waitForPeer?: boolean;
  /** How long a peer that was reached may say nothing before the event `waiting`; 3000 by default. */
  readonly silenceMs?: number;
}

const LIMITS: LinkLimits = {
  largestCommand: LARGEST_BODY,
  largestResponse: LARGEST_BODY,
  historicalBytes: 15,
  fixedAts: null,
  uid: 'any',
};

export class VpcdLink implements PatientCardLink {
  readonly patient = true;
  readonly name: string;
  readonly interface: CardInterface;
  readonly limits: LinkLimits = LIMITS;
  #peer: Peer;
  #clock: Clock;
  #serving: Serving | null = null;

  constructor(options: VpcdLinkOptions) {
    const { host = '127.0.0.1', port = VPCD_PORT, waitForPeer = false, silenceMs = 3000 } = options;
    this.name = `vpcd:${host}:${port}`;
    this.interface = options.interface;
    this.#clock = options.clock;
    this.#peer = { host, port, waitForPeer, silenceMs };
  }

  async serve(card: LinkedCard | DistantCard, onEvent?: (event: LinkEvent) => void): Promise<void> {
    if (this.#serving !== null) throw new HalError('busy', `a card is already served on ${this.name}`);
    const serving = new Serving(this.#peer, this.#clock, card, onEvent);
    this.#serving = serving;
    try {
      await serving.ended;
    } finally {
      if (this.#serving === serving) this.#serving = null;
    }
  }

  stop(): void {
    this.#serving?.stop();
    this.#serving = null;
  }
}
