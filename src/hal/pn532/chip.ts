import { HalError } from '../errors.ts';
import { BAUD_RATES, BAUD_TYPE, COMMAND } from './codes.ts';
import { CHIP_ERROR, Pn532StatusError, STATUS } from './status.ts';
import type { CommandOptions, Pn532Transport } from './transport.ts';
import { parseTypeATargets, type TypeATarget } from './type-a-target.ts';

export interface FirmwareVersion {
  /** 32 for the PN532. */
  readonly ic: number;
  readonly version: number;
  readonly revision: number;
  /** b0: type A, b1: type B, b2: ISO/IEC 18092. */
  readonly support: number;
}

export interface GeneralStatus {
  /** Error code of the last command that failed. */
  readonly error: number;
  /** Whether a field from outside is there. */
  readonly externalField: boolean;
  readonly targets: readonly {
    readonly number: number;
    readonly rx: number;
    readonly tx: number;
    readonly type: number;
  }[];
  readonly samStatus: number;
}

/** What a data exchange brought. */
export interface ChipData {
  /** 00, or an error code of the chip. */
  readonly status: number;
  readonly more: boolean;
  readonly data: Uint8Array;
}

export interface TargetConfiguration {
  readonly mode: number;
  /** SENS_RES, least significant byte first; NFCID1 bytes 1 to 3; SEL_RES. */
  readonly mifare: Uint8Array;
  readonly felica?: Uint8Array;
  readonly nfcid3?: Uint8Array;
  readonly generalBytes?: Uint8Array;
  readonly historicalBytes?: Uint8Array;
}

const QUICK: CommandOptions = { timeoutMs: 500, repeatable: true };
/** Self-tests of memories take longer. */
const SLOW: CommandOptions = { timeoutMs: 3000, repeatable: true };
/** A card that asks for time may take 5 s and more; never twice. */
const CARD: CommandOptions = { timeoutMs: 15_000, repeatable: false };
const ONCE: CommandOptions = { timeoutMs: 1000, repeatable: false };
/** Waits for the world. Asked again, the chip begins again. */
const ENDLESS: CommandOptions = { timeoutMs: null, repeatable: true };
/** Looks for cards: one that was found speaks blocks then, and is not found again. */
const LOOK: CommandOptions = { ...SLOW, undoesItself: true };
const AS_TARGET: CommandOptions = { ...ENDLESS, undoesItself: true };

/** The PN532's commands, one method each. What they take and give is in the order of the manual. */
export class Pn532 {
  readonly transport: Pn532Transport;

  constructor(transport: Pn532Transport) {
    this.transport = transport;
  }

  get name(): string {
    return this.transport.name;
  }

  /** The port or the reader, without the driver's name. */
  get device(): string {
    return this.name.slice(this.name.indexOf(':') + 1);
  }

  /** @param code command code @returns the response without its code */
  async command(code: number, data: ArrayLike<number>, options: CommandOptions = QUICK): Promise<Uint8Array> {
    const request = new Uint8Array(1 + data.length);
    request[0] = code;
    request.set(data, 1);
    const response = await this.transport.exchange(request, options);
    return response.subarray(1);
  }

  // --- Miscellaneous ---

  /** Test 00, communication line: @returns what came back, which is what was sent when all is well */
  async diagnoseCommunicationLine(data: Uint8Array): Promise<Uint8Array> {
    return (await this.command(COMMAND.diagnose, [0x00, ...data], SLOW)).subarray(1);
  }

  /** Test 01. @returns whether the ROM's checksum is right */
  diagnoseRom(): Promise<boolean> {
    return this.#diagnose(0x01);
  }

  /** Test 02. @returns whether the RAM holds what is written */
  diagnoseRam(): Promise<boolean> {
    return this.#diagnose(0x02);
  }

  /** Test 04, polling test with a FeliCa card. @returns how many of 128 polls failed */
  async diagnosePolling(baud: 212 | 424): Promise<number> {
    return this.#byte(await this.command(COMMAND.diagnose, [0x04, baud === 212 ? 1 : 2], SLOW));
  }

  /** Test 06. @returns whether the ISO/IEC 14443-4 card in use is still there: it is asked with an R(NAK) */
  async diagnosePresence(): Promise<boolean> {
    return this.#byte(await this.command(COMMAND.diagnose, [0x06], SLOW)) === 0;
  }

  /** Test 07, antenna. @param threshold of the detector @returns whether the antenna draws what it should */
  async diagnoseAntenna(threshold: number): Promise<boolean> {
    return this.#byte(await this.command(COMMAND.diagnose, [0x07, threshold], SLOW)) === 0;
  }

  async #diagnose(test: number): Promise<boolean> {
    return this.#byte(await this.command(COMMAND.diagnose, [test], SLOW)) === 0;
  }

  async getFirmwareVersion(): Promise<FirmwareVersion> {
    const [ic, version, revision, support] = await this.command(COMMAND.getFirmwareVersion, []);
    if (support === undefined) throw this.#short('GetFirmwareVersion');
    return { ic: ic as number, version: version as number, revision: revision as number, support };
  }

  async getGeneralStatus(): Promise<GeneralStatus> {
    const status = await this.command(COMMAND.getGeneralStatus, []);
    const count = status[2] ?? 0;
    if (status.length < 4 + 4 * count) throw this.#short('GetGeneralStatus');
    const targets = Array.from({ length: count }, (_, i) => {
      const [number, rx, tx, type] = status.subarray(3 + 4 * i, 7 + 4 * i) as unknown as [
        number,
        number,
        number,
        number,
      ];
      return { number, rx, tx, type };
    });
    return { error: status[0]!, externalField: status[1] === 1, targets, samStatus: status[3 + 4 * count]! };
  }

  /** @param addresses 6301 to 633E for the contactless interface unit, FFxx for the processor's own */
  async readRegister(...addresses: readonly number[]): Promise<Uint8Array> {
    const values = await this.command(COMMAND.readRegister, addresses.flatMap(word));
    if (values.length !== addresses.length) throw this.#short('ReadRegister');
    return values;
  }

  async writeRegister(...registers: readonly (readonly [address: number, value: number])[]): Promise<void> {
    await this.command(
      COMMAND.writeRegister,
      registers.flatMap(([address, value]) => [...word(address), value]),
    );
  }

  async readGpio(): Promise<{ readonly p3: number; readonly p7: number; readonly i: number }> {
    const [p3, p7, i] = await this.command(COMMAND.readGpio, []);
    if (i === undefined) throw this.#short('ReadGPIO');
    return { p3: p3 as number, p7: p7 as number, i };
  }

  /** Null leaves a port as it is. */
  async writeGpio(ports: { readonly p3: number | null; readonly p7: number | null }): Promise<void> {
    const validated = (port: number | null): number => (port === null ? 0 : 0x80 | port);
    await this.command(COMMAND.writeGpio, [validated(ports.p3), validated(ports.p7)]);
  }

  /** The chip waits for an ACK frame afterwards, and only then changes: see `changeBaudRate` of open.ts. */
  async setSerialBaudRate(baudRate: number): Promise<void> {
    const index = BAUD_RATES.indexOf(baudRate);
    if (index < 0) throw new RangeError(`${baudRate} is no baud rate of the PN532`);
    await this.command(COMMAND.setSerialBaudRate, [index], ONCE);
  }

  /** @param flags of `PARAMETER` */
  async setParameters(flags: number): Promise<void> {
    await this.command(COMMAND.setParameters, [flags]);
  }

  /** @param mode 1 normal, 2 virtual card, 3 wired card, 4 dual card; @param timeout in steps of 50 ms */
  async samConfiguration(mode: 1 | 2 | 3 | 4, timeout = 0, irq?: boolean): Promise<void> {
    const data = irq === undefined && timeout === 0 ? [mode] : [mode, timeout, Number(irq ?? true)];
    await this.command(COMMAND.samConfiguration, data);
  }

  /** @param wakeUp b0 INT0, b1 INT1, b3 RF level, b4 HSU, b5 SPI, b6 GPIO, b7 I2C */
  async powerDown(wakeUp: number): Promise<void> {
    this.#check(await this.command(COMMAND.powerDown, [wakeUp], ONCE), 'PowerDown');
  }

  /** One item of RFConfiguration with its data. */
  async rfConfiguration(item: number, data: ArrayLike<number>): Promise<void> {
    await this.command(COMMAND.rfConfiguration, [item, ...Array.from(data)]);
  }

  /** Switches the field; `avoidCollisions` looks for another field first. */
  rfField(on: boolean, avoidCollisions = false): Promise<void> {
    return this.rfConfiguration(0x01, [(avoidCollisions ? 2 : 0) | Number(on)]);
  }

  /** Time limits n: none for 0, otherwise 100 µs times 2 to the power of n - 1. */
  rfTimings(atrRes: number, retry: number): Promise<void> {
    return this.rfConfiguration(0x02, [0x00, atrRes, retry]);
  }

  /** How often is tried again, FF for ever: activation of a peer, PSL, and a look for a card. */
  maxRetries(atr: number, psl: number, passiveActivation: number): Promise<void> {
    return this.rfConfiguration(0x05, [atr, psl, passiveActivation]);
  }

  // --- As initiator (reader) ---

  /** @returns the raw response: NbTg and the targets' data */
  inListPassiveTarget(maxTargets: 1 | 2, baudType: number, initiatorData: ArrayLike<number> = []): Promise<Uint8Array> {
    return this.command(COMMAND.inListPassiveTarget, [maxTargets, baudType, ...Array.from(initiatorData)], LOOK);
  }

  /** Looks for type A cards; with AutoRATS those of ISO/IEC 14443-4 are activated. */
  async listTypeA(maxTargets: 1 | 2 = 1): Promise<readonly TypeATarget[]> {
    return parseTypeATargets(await this.inListPassiveTarget(maxTargets, BAUD_TYPE.a106), () =>
      this.#short('InListPassiveTarget'),
    );
  }

  /** @param more further parts follow: the card gets them as one */
  async inDataExchange(target: number, data: Uint8Array, more = false): Promise<ChipData> {
    const request = new Uint8Array(2 + data.length);
    request[0] = COMMAND.inDataExchange;
    request[1] = target | (more ? STATUS.moreInformation : 0);
    request.set(data, 2);
    return this.#data(await this.transport.exchange(request, CARD));
  }

  /** One frame as it is, there and back. */
  async inCommunicateThru(data: Uint8Array): Promise<ChipData> {
    const request = new Uint8Array(1 + data.length);
    request[0] = COMMAND.inCommunicateThru;
    request.set(data, 1);
    return this.#data(await this.transport.exchange(request, CARD));
  }

  /** @param target its number, 0 for all */
  async inDeselect(target: number): Promise<void> {
    this.#check(await this.command(COMMAND.inDeselect, [target], ONCE), 'InDeselect');
  }

  /** @param target its number, 0 for all */
  async inRelease(target: number): Promise<void> {
    this.#check(await this.command(COMMAND.inRelease, [target], ONCE), 'InRelease');
  }

  async inSelect(target: number): Promise<void> {
    this.#check(await this.command(COMMAND.inSelect, [target], ONCE), 'InSelect');
  }

  /** Rates as 0, 1, 2 for 106, 212, 424 kbit/s: from initiator to target, and back. */
  async inPsl(target: number, toTarget: number, toInitiator: number): Promise<void> {
    this.#check(await this.command(COMMAND.inPsl, [target, toTarget, toInitiator], ONCE), 'InPSL');
  }

  /** @param polls FF without end; @param period in steps of 150 ms @returns the raw response: NbTg, types and data */
  inAutoPoll(polls: number, period: number, types: readonly number[]): Promise<Uint8Array> {
    const options =
      polls === 0xff ? ENDLESS : { timeoutMs: polls * types.length * period * 150 + 1000, repeatable: false };
    return this.command(COMMAND.inAutoPoll, [polls, period, ...types], options);
  }

  // --- As target (card) ---

  /**
   * Waits until a reader activates us.
   * @returns how it did, and the first command; null when a USB reader's firmware gave up waiting: ask again
   */
  async tgInitAsTarget(
    target: TargetConfiguration,
  ): Promise<{ readonly mode: number; readonly command: Uint8Array } | null> {
    const general = target.generalBytes ?? NONE;
    const historical = target.historicalBytes ?? NONE;
    const response = await this.command(
      COMMAND.tgInitAsTarget,
      [
        target.mode,
        ...target.mifare,
        ...(target.felica ?? new Uint8Array(18)),
        ...(target.nfcid3 ?? new Uint8Array(10)),
        general.length,
        ...general,
        historical.length,
        ...historical,
      ],
      AS_TARGET,
    );
    return response.length === 0 ? null : { mode: response[0] as number, command: response.subarray(1) };
  }

  /** The command that a reader sent us in the chip's own protocol, or a part of it. */
  async tgGetData(): Promise<ChipData> {
    return this.#data(await this.transport.exchange(TG_GET_DATA, ENDLESS));
  }

  /** Our response. @returns the status */
  tgSetData(data: Uint8Array): Promise<number> {
    return this.#answer(COMMAND.tgSetData, data);
  }

  /** A part of our response; more follow. Documented for NFC-DEP. @returns the status */
  tgSetMetaData(data: Uint8Array): Promise<number> {
    return this.#answer(COMMAND.tgSetMetaData, data);
  }

  /** A frame as the reader sent it, without CRC. */
  async tgGetInitiatorCommand(): Promise<ChipData> {
    return this.#data(await this.transport.exchange(TG_GET_INITIATOR_COMMAND, ENDLESS));
  }

  /** A frame as it goes out, without CRC. @returns the status */
  tgResponseToInitiator(frame: Uint8Array): Promise<number> {
    return this.#answer(COMMAND.tgResponseToInitiator, frame);
  }

  async tgGetTargetStatus(): Promise<{ readonly state: number; readonly rx: number; readonly tx: number }> {
    const [state, rates] = await this.command(COMMAND.tgGetTargetStatus, []);
    if (state === undefined) throw this.#short('TgGetTargetStatus');
    return { state, rx: ((rates ?? 0) >> 4) & 7, tx: (rates ?? 0) & 7 };
  }

  async tgSetGeneralBytes(bytes: Uint8Array): Promise<void> {
    this.#check(await this.command(COMMAND.tgSetGeneralBytes, bytes, ONCE), 'TgSetGeneralBytes');
  }

  async #answer(code: number, data: Uint8Array): Promise<number> {
    const request = new Uint8Array(1 + data.length);
    request[0] = code;
    request.set(data, 1);
    return this.#data(await this.transport.exchange(request, CARD)).status;
  }

  /** @param response with its code */
  #data(response: Uint8Array): ChipData {
    const status = response[1];
    // A USB reader whose firmware gave up waiting says nothing at all.
    if (status === undefined) return GAVE_UP;
    return {
      status: status & STATUS.error,
      more: (status & STATUS.moreInformation) !== 0,
      data: response.subarray(2),
    };
  }

  #check(response: Uint8Array, command: string): void {
    const status = this.#byte(response) & STATUS.error;
    if (status !== CHIP_ERROR.none) throw new Pn532StatusError(status, command, this.device);
  }

  #byte(response: Uint8Array): number {
    const byte = response[0];
    if (byte === undefined) throw this.#short('a command');
    return byte;
  }

  #short(command: string): HalError {
    return new HalError('protocol', `the PN532 on ${this.device} answered ${command} with too few bytes`);
  }
}

const NONE = new Uint8Array(0);
const TG_GET_DATA: Uint8Array = Uint8Array.of(COMMAND.tgGetData);
const TG_GET_INITIATOR_COMMAND: Uint8Array = Uint8Array.of(COMMAND.tgGetInitiatorCommand);
const GAVE_UP: ChipData = { status: CHIP_ERROR.timeout, more: false, data: NONE };

function word(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}
