import type { Clock } from '../../src/hal/clock.ts';
import type { FirmwareBoard } from '../../src/hal/firmware/index.ts';
import { FirmwareReader } from '../../src/hal/firmware/index.ts';
import { noRepairs, type Repairs } from '../../src/hal/pn532/repairs.ts';
import type { Reader } from '../../src/hal/reader.ts';
import type { SerialLineOpener } from '../../src/hal/serial-line.ts';
import type { BoardIdentity } from '../endpoint/board-identity.ts';
import type { TestedBoard } from './board-under-test.ts';

/** How long a board may take to boot and to make its curves. */
const PRESENT_MS = 30_000;

/** A board that runs the card as firmware, for the bring-up. */
export class FirmwareUnderTest implements TestedBoard {
  readonly name: string;
  readonly identity: BoardIdentity;
  /** Nothing on this line is repaired: what is lost is a fault. */
  readonly repairs: Repairs = noRepairs();
  /** The card on it; the port is opened when it is first needed. */
  readonly reader: Reader;
  readonly #reader: FirmwareReader;
  readonly #interrupted = new AbortController();

  constructor(identity: BoardIdentity, world: { readonly opener: SerialLineOpener; readonly clock: Clock }) {
    this.name = `firmware:${identity.port}`;
    this.identity = identity;
    this.#reader = new FirmwareReader({ path: identity.port, lines: world.opener, clock: world.clock });
    this.reader = this.#reader;
  }

  /** @throws {HalError} `no-card`: nothing answers; `aborted`; as the port */
  board(): Promise<FirmwareBoard> {
    return this.#reader.board({ timeoutMs: PRESENT_MS, signal: this.#interrupted.signal });
  }

  interrupt(): void {
    this.#interrupted.abort();
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }
}
