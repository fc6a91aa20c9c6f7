import type { CardLink } from '../../src/hal/card-link.ts';
import type { Clock } from '../../src/hal/clock.ts';
import { HalError } from '../../src/hal/errors.ts';
import { Pn532CardLink } from '../../src/hal/pn532/card-link.ts';
import { HsuTransport } from '../../src/hal/pn532/hsu.ts';
import { HsuConnection, HsuPort, POWER_UP_BAUD_RATE, SLEEP } from '../../src/hal/pn532/hsu-port.ts';
import { Pn532Reader } from '../../src/hal/pn532/reader.ts';
import { noRepairs, type Repairs } from '../../src/hal/pn532/repairs.ts';
import type { Timers } from '../../src/hal/pn532/transport.ts';
import type { Reader } from '../../src/hal/reader.ts';
import type { SerialLineOpener } from '../../src/hal/serial-line.ts';
import { systemRandom } from '../../src/hal/system/random.ts';
import type { BoardIdentity } from '../endpoint/board-identity.ts';
import type { BoardUnderTest, Firmware } from './board-under-test.ts';
import { BoardFault } from './phase.ts';

const DIAGNOSE = 0x00;
const GET_FIRMWARE_VERSION = 0x02;
const ANTENNA_TEST = 0x07;

/** Where a board's line and time come from. */
export interface Pn532BoardWorld {
  readonly opener: SerialLineOpener;
  readonly clock: Clock;
  /** Real ones by default. */
  readonly timers?: Timers;
}

/** A PN532 on a serial port, for the bring-up: nothing is taken for granted that a phase is there to find out. */
export class Pn532Board implements BoardUnderTest {
  readonly name: string;
  readonly identity: BoardIdentity;
  readonly repairs: Repairs = noRepairs();
  readonly #world: Pn532BoardWorld;
  #connection: HsuConnection | null = null;
  #closed = false;
  /** The chip was called and was not understood: it may be awake all the same. */
  #unheard = false;

  constructor(identity: BoardIdentity, world: Pn532BoardWorld) {
    this.name = `pn532:${identity.port}`;
    this.identity = identity;
    this.#world = world;
  }

  get baudRate(): number {
    return this.#connection?.baudRate ?? POWER_UP_BAUD_RATE;
  }

  async wakeUp(): Promise<void> {
    if (this.#closed) throw new Error(`${this.name} was closed`);
    const connection = this.#connection ?? (await this.#open());
    this.#unheard = true;
    await connection.wake();
    this.#unheard = false;
  }

  async firmware(): Promise<Firmware> {
    const answer = await this.#awake.chip.command(GET_FIRMWARE_VERSION, []);
    const [ic, version, revision, support] = answer;
    if (ic === undefined || version === undefined || revision === undefined || support === undefined) {
      throw new BoardFault(
        `the chip answers GetFirmwareVersion with ${answer.length} bytes, as a PN531 does, not with the 4 of a PN532`,
      );
    }
    return { ic, version, revision, support };
  }

  echo(data: Uint8Array): Promise<Uint8Array> {
    return this.#awake.chip.diagnoseCommunicationLine(data);
  }

  romIsSound(): Promise<boolean> {
    return this.#awake.chip.diagnoseRom();
  }

  ramIsSound(): Promise<boolean> {
    return this.#awake.chip.diagnoseRam();
  }

  async antenna(control: number): Promise<number> {
    const [result] = await this.#awake.chip.command(DIAGNOSE, [ANTENNA_TEST, control], {
      timeoutMs: 3000,
      repeatable: true,
    });
    if (result === undefined) throw new BoardFault('the antenna self-test gave no result');
    return result;
  }

  async readRegisters(addresses: readonly number[]): Promise<readonly number[]> {
    return [...(await this.#awake.chip.readRegister(...addresses))];
  }

  writeRegisters(values: readonly (readonly [number, number])[]): Promise<void> {
    return this.#awake.chip.writeRegister(...values);
  }

  async readGpio(): Promise<readonly number[]> {
    const { p3, p7, i } = await this.#awake.chip.readGpio();
    return [p3, p7, i];
  }

  async setBaudRate(rate: number): Promise<void> {
    const connection = this.#awake;
    if (connection.baudRate === rate) return;
    if (await connection.changeBaudRate(rate)) return;
    const words = `no right echo came back at ${rate} baud, in several tries`;
    throw new BoardFault(words, { cause: new HalError('timeout', words) });
  }

  async recover(): Promise<void> {
    const connection = this.#awake;
    await connection.wake();
    if (connection.baudRate !== POWER_UP_BAUD_RATE) await this.setBaudRate(POWER_UP_BAUD_RATE);
  }

  async cardLink(): Promise<CardLink> {
    await this.#letGo();
    return new Pn532CardLink({ port: this.#port(), ...this.#world, random: systemRandom });
  }

  async reader(): Promise<Reader> {
    await this.#letGo();
    return new Pn532Reader({ port: this.#port(), ...this.#world });
  }

  interrupt(): void {
    this.#connection?.transport.abort();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#letGo();
  }

  get #awake(): HsuConnection {
    if (this.#connection === null) throw new Error(`${this.name} was not woken`);
    return this.#connection;
  }

  #port(): HsuPort {
    return new HsuPort({ ...this.#world, path: this.identity.port, repairs: this.repairs });
  }

  async #open(): Promise<HsuConnection> {
    const line = await this.#world.opener.open(this.identity.port, POWER_UP_BAUD_RATE);
    this.#connection = new HsuConnection(new HsuTransport(line, this.#world.timers, this.repairs));
    return this.#connection;
  }

  async #letGo(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    if (connection === null) return;
    // A chip whose answers do not arrive may hear well.
    if (this.#unheard) await connection.transport.line.write(SLEEP as Uint8Array).catch(() => {});
    this.#unheard = false;
    await connection.close();
  }
}
