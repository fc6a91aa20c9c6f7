import { type ChipCommand, type CommandTable, takeField, timeoutNs } from '../state.ts';
import { STATUS } from '../status.ts';
import { pauseNs, type Work } from '../work.ts';

/** The chip as an initiator of NFC-DEP. No simulated target speaks it: each search ends as it does without one. */

const NFCID3_LENGTH = 10;
const LONGEST_GENERAL_BYTES = 48;
/** `Next` of InJumpForDEP and InJumpForPSL: which of the optional parts follow, in this order. */
const NEXT = { passiveInitiatorData: 0x01, nfcid3: 0x02, generalBytes: 0x04 } as const;
/** `Next` of InATR has the last two only. */
const NEXT_OF_ATR = { nfcid3: 0x01, generalBytes: 0x02 } as const;
const HIGHEST_RATE = 0x02;
const FOR_EVER = 0xff;
/** In passive mode ATR_REQ is sent twice more, whatever RFConfiguration says. */
const PASSIVE_ATR_RETRIES = 2;
const POLL_NS = 5_000_000;

/** Tries once and `retries` times more. No target comes, so without end is to wait for the host. */
function* tries(retries: number, ns: number): Work<void> {
  if (retries === FOR_EVER) yield { until: () => () => {} };
  for (let done = 0; done <= retries; done++) yield* pauseNs(ns);
}

/** General bytes are what is left, and are there only when they are announced. */
function generalBytesFit(rest: number, announced: boolean): boolean {
  return announced ? rest >= 0 && rest <= LONGEST_GENERAL_BYTES : rest === 0;
}

function jumpIsWellFormed(parameters: Uint8Array): boolean {
  const [mode, rate, next] = parameters;
  if (mode === undefined || rate === undefined || next === undefined) return false;
  if (mode > 1 || rate > HIGHEST_RATE || (next & ~0x07) !== 0) return false;
  let rest = parameters.length - 3;
  // An identifier of four bytes at 106 kbit/s, the payload of a polling request at the others.
  if ((next & NEXT.passiveInitiatorData) !== 0) rest -= rate === 0 ? 4 : 5;
  if ((next & NEXT.nfcid3) !== 0) rest -= NFCID3_LENGTH;
  return generalBytesFit(rest, (next & NEXT.generalBytes) !== 0);
}

/** InJumpForDEP, and InJumpForPSL, which differs in what it tells of a target that it found. */
function jump(name: string): ChipCommand {
  return {
    name,
    *run(chip, parameters) {
      if (!jumpIsWellFormed(parameters)) return null;
      yield* takeField(chip);
      chip.cards.fill(null);
      const active = parameters[0] === 1;
      yield* active
        ? tries(chip.retries.atr, timeoutNs(chip.timeouts.atr))
        : tries(chip.retries.passiveActivation, POLL_NS);
      // In active mode the target was to switch its field on.
      return chip.failed(active ? STATUS.fieldNotInTime : STATUS.timeout);
    },
  };
}

const inAtr: ChipCommand = {
  name: 'InATR',
  *run(chip, parameters) {
    const [tg, next] = parameters;
    if (tg === undefined || next === undefined || (next & ~0x03) !== 0) return null;
    const rest = parameters.length - 2 - ((next & NEXT_OF_ATR.nfcid3) === 0 ? 0 : NFCID3_LENGTH);
    if (!generalBytesFit(rest, (next & NEXT_OF_ATR.generalBytes) !== 0)) return null;
    const card = tg === 0 ? undefined : chip.cards[tg - 1];
    if (card === undefined) return chip.failed(STATUS.parameter);
    // A card that was activated as one of ISO/IEC 14443-4 is in that protocol.
    if (card === null || card.isoDep !== null || card.deselected) return chip.failed(STATUS.wrongContext);
    yield* tries(PASSIVE_ATR_RETRIES, timeoutNs(chip.timeouts.atr));
    return chip.failed(STATUS.timeout);
  },
};

/** Sends random data on air until the host sends something. */
const rfRegulationTest: ChipCommand = {
  name: 'RFRegulationTest',
  *run(chip, parameters) {
    if (parameters.length !== 1) return null;
    yield* takeField(chip);
    for (;;) yield { until: () => () => {} };
  },
};

export const NFC_DEP: CommandTable = {
  70: jump('InJumpForPSL'),
  80: inAtr,
  86: jump('InJumpForDEP'),
  88: rfRegulationTest,
};
