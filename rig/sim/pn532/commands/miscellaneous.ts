import { type ChipCommand, type ChipState, type CommandTable, immediate, NO_DATA } from '../state.ts';
import { STATUS } from '../status.ts';
import { pauseNs, type Work } from '../work.ts';

/** Diagnose, status, registers, pins, the serial line, power: what has nothing to do with cards. */

/** Indices of SetSerialBaudRate. */
export const BAUD_RATES: readonly number[] = [
  9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 1_288_000,
];

const LARGEST_ECHO = 262;
const NOT_OK = 0xff;
const POLL_ATTEMPTS = 128;

const diagnose: ChipCommand = {
  name: 'Diagnose',
  *run(chip, parameters) {
    const [test, ...rest] = parameters;
    switch (test) {
      case 0x00:
        return rest.length > LARGEST_ECHO ? null : parameters;
      case 0x01:
        yield* pauseNs(20_000_000);
        return rest.length > 0 ? null : Uint8Array.of(chip.faults.holds('rom-fail') === null ? STATUS.ok : NOT_OK);
      case 0x02:
        yield* pauseNs(20_000_000);
        return rest.length > 0 ? null : Uint8Array.of(chip.faults.holds('ram-fail') === null ? STATUS.ok : NOT_OK);
      case 0x04:
        return yield* pollFelica(chip, rest);
      case 0x05:
        return yield* echoBack(chip, rest);
      case 0x06:
        return yield* attentionRequest(chip, rest);
      case 0x07:
        return yield* antennaTest(chip, rest);
      default:
        return null;
    }
  },
};

/** Polls a FeliCa card 128 times: no simulated one ever answers. */
function* pollFelica(chip: ChipState, parameters: readonly number[]): Work<Uint8Array | null> {
  if (parameters.length !== 1 || (parameters[0] !== 0x01 && parameters[0] !== 0x02)) return null;
  chip.target.end();
  yield* chip.poller.fieldOn();
  yield* pauseNs(POLL_ATTEMPTS * 3_000_000);
  return Uint8Array.of(POLL_ATTEMPTS);
}

/** As a card, sends back every frame after a delay; ends only when the host sends something. */
function* echoBack(chip: ChipState, parameters: readonly number[]): Work<Uint8Array | null> {
  const [delay] = parameters;
  if (parameters.length !== 3) return null;
  chip.target.listen({
    atqa: Uint8Array.of(0x04, 0x00),
    uidRest: Uint8Array.of(0x00, 0x00, 0x00),
    selRes: 0x00,
    historical: NO_DATA,
    picc: false,
    onlyRats: false,
    asksForTime: false,
  });
  for (let sent = false; ; ) {
    yield { until: (wake) => chip.target.onceChanged(wake) };
    if (chip.target.state !== 'activated') continue;
    const frame = sent ? chip.target.takeFrame()?.bytes : chip.target.firstFrame;
    if (frame === undefined) continue;
    sent = true;
    yield* pauseNs(delay! * 500_000);
    chip.target.sendRaw(frame);
  }
}

function* attentionRequest(chip: ChipState, parameters: readonly number[]): Work<Uint8Array | null> {
  if (parameters.length > 0) return null;
  const listed = chip.cards.find((card) => card !== null && !card.deselected);
  if (listed === undefined || listed === null || listed.isoDep === null) return chip.failed(STATUS.wrongContext);
  return (yield* listed.isoDep.isPresent()) ? Uint8Array.of(STATUS.ok) : chip.failed(STATUS.timeout);
}

/** Milliamperes that the two thresholds of the antenna detector stand for. */
const LOW_THRESHOLDS: readonly number[] = [5, 15, 25, 35];
const HIGH_THRESHOLDS: readonly number[] = [45, 60, 75, 90, 105, 120, 130, 150];
const TOO_LOW = 0x80;
const TOO_HIGH = 0x40;

/** The parameter is the detector's register: b6 b5 the low threshold, b4 to b2 the high one, b1 switches it on. */
function* antennaTest(chip: ChipState, parameters: readonly number[]): Work<Uint8Array | null> {
  const [threshold] = parameters;
  if (parameters.length !== 1 || threshold === undefined) return null;
  yield* chip.poller.fieldOn();
  yield* pauseNs(10_000_000);
  const current = chip.antennaMilliamps;
  const low = current < LOW_THRESHOLDS[(threshold >> 4) & 0x03]! ? TOO_LOW : 0;
  const high = current > HIGH_THRESHOLDS[(threshold >> 1) & 0x07]! ? TOO_HIGH : 0;
  const detected = (threshold & 0x01) === 0 ? 0 : low | high;
  return Uint8Array.of(detected === 0 ? STATUS.ok : detected | (threshold & 0x3f));
}

const IC = 0x32;
const VERSION = 0x01;
const REVISION = 0x06;
/** ISO/IEC 14443 type A and type B, ISO/IEC 18092. */
const SUPPORT = 0x07;

const getFirmwareVersion: ChipCommand = immediate('GetFirmwareVersion', (chip, parameters) => {
  if (parameters.length > 0) return null;
  const ic = chip.faults.holds('other-chip')?.value ?? IC;
  const revision = chip.faults.holds('old-firmware')?.value ?? REVISION;
  return Uint8Array.of(ic, VERSION, revision, SUPPORT);
});

const getGeneralStatus: ChipCommand = immediate('GetGeneralStatus', (chip, parameters) => {
  if (parameters.length > 0) return null;
  const cards = chip.cards.flatMap((listed, i) => {
    if (listed === null) return [];
    const [toCard, toReader] = listed.isoDep?.rates ?? [0, 0];
    return [[i + 1, toReader, toCard, 0x00]];
  });
  const field = chip.place.inForeignField ? 0x01 : 0x00;
  return Uint8Array.of(chip.lastError, field, cards.length, ...cards.flat(), 0x00);
});

const readRegister: ChipCommand = immediate('ReadRegister', (chip, parameters) => {
  if (parameters.length < 2 || parameters.length % 2 !== 0) return null;
  const values: number[] = [];
  for (let at = 0; at < parameters.length; at += 2) {
    values.push(chip.registers.read((parameters[at]! << 8) | parameters[at + 1]!));
  }
  return Uint8Array.from(values);
});

const writeRegister: ChipCommand = immediate('WriteRegister', (chip, parameters) => {
  if (parameters.length < 3 || parameters.length % 3 !== 0) return null;
  for (let at = 0; at < parameters.length; at += 3) {
    chip.registers.write((parameters[at]! << 8) | parameters[at + 1]!, parameters[at + 2]!);
  }
  return NO_DATA;
});

/** HSU is chosen: I0 and I1 are low. */
const INTERFACE_PINS = 0x00;
const VALIDATE = 0x80;

const readGpio: ChipCommand = immediate('ReadGPIO', (chip, parameters) => {
  return parameters.length > 0 ? null : Uint8Array.of(chip.gpio.p3, chip.gpio.p7, INTERFACE_PINS);
});

const writeGpio: ChipCommand = immediate('WriteGPIO', (chip, parameters) => {
  if (parameters.length !== 2) return null;
  const [p3, p7] = parameters as unknown as [number, number];
  if ((p3 & VALIDATE) !== 0) chip.gpio.p3 = p3 & 0x3f;
  if ((p7 & VALIDATE) !== 0) chip.gpio.p7 = p7 & 0x07;
  return NO_DATA;
});

const setSerialBaudRate: ChipCommand = immediate('SetSerialBaudRate', (chip, parameters) => {
  const baudRate = BAUD_RATES[parameters[0] ?? -1];
  if (parameters.length !== 1 || baudRate === undefined) return null;
  chip.nextBaudRate = baudRate;
  return NO_DATA;
});

const setParameters: ChipCommand = immediate('SetParameters', (chip, parameters) => {
  if (parameters.length !== 1) return null;
  chip.parameters = parameters[0]! & ~(0x08 | 0x80);
  return NO_DATA;
});

const samConfiguration: ChipCommand = immediate('SAMConfiguration', (chip, parameters) => {
  const [mode] = parameters;
  if (mode === undefined || mode < 0x01 || mode > 0x04 || parameters.length > 3) return null;
  chip.samConfigured = true;
  return NO_DATA;
});

const powerDown: ChipCommand = immediate('PowerDown', (chip, parameters) => {
  if (parameters.length < 1 || parameters.length > 2) return null;
  const sources = parameters[0]!;
  // b3 is not used.
  if ((sources & 0x04) !== 0) return chip.failed(STATUS.parameter);
  chip.powerDown = sources;
  return Uint8Array.of(STATUS.ok);
});

/** Lengths of the items of RFConfiguration. */
const RF_ITEMS: Readonly<Record<number, number>> = { 1: 1, 2: 3, 4: 1, 5: 3, 10: 11, 11: 8, 12: 3, 13: 9 };
const FIELD_ON = 0x01;

const rfConfiguration: ChipCommand = {
  name: 'RFConfiguration',
  *run(chip, parameters) {
    const [item, ...data] = parameters;
    if (item === undefined || RF_ITEMS[item] !== data.length) return null;
    if (item === 0x01) {
      if ((data[0]! & FIELD_ON) === 0) {
        chip.poller.fieldOff();
        chip.cards.fill(null);
      } else {
        chip.target.end();
        yield* chip.poller.fieldOn();
      }
    } else if (item === 0x02) chip.timeouts = { atr: data[1]!, retry: data[2]! };
    else if (item === 0x05) chip.retries = { atr: data[0]!, psl: data[1]!, passiveActivation: data[2]! };
    return NO_DATA;
  },
};

export const MISCELLANEOUS: CommandTable = {
  0: diagnose,
  2: getFirmwareVersion,
  4: getGeneralStatus,
  6: readRegister,
  8: writeRegister,
  12: readGpio,
  14: writeGpio,
  16: setSerialBaudRate,
  18: setParameters,
  20: samConfiguration,
  22: powerDown,
  50: rfConfiguration,
};
