import { copyBytes } from '../../../../src/apdu/copy-bytes.ts';
import { LARGEST_DATA } from '../picc.ts';
import { type ChipCommand, type ChipState, type CommandTable, immediate } from '../state.ts';
import { PARAMETER, STATUS } from '../status.ts';
import { saysIsoDep } from '../target.ts';
import { pauseNs, type Work } from '../work.ts';

/** The chip as a card. */

const LONGEST_GENERAL_BYTES = 47;
const LONGEST_HISTORICAL = 48;
const MODE = { passiveOnly: 0x01, depOnly: 0x02, piccOnly: 0x04 } as const;
/** b4 of the first byte of the response: ISO/IEC 14443-4 PICC. */
const ACTIVATED_AS_PICC = 0x08;

const initAsTarget: ChipCommand = {
  name: 'TgInitAsTarget',
  *run(chip, parameters) {
    // Mode, MifareParams 6, FeliCaParams 18, NFCID3t 10, then two lengths with what they tell.
    const generalLength = parameters[35];
    if (generalLength === undefined || generalLength > LONGEST_GENERAL_BYTES) return null;
    const historicalLength = parameters[36 + generalLength];
    if (historicalLength === undefined || historicalLength > LONGEST_HISTORICAL) return null;
    if (parameters.length !== 37 + generalLength + historicalLength) return null;
    const mode = parameters[0]!;
    const selRes = parameters[6]!;
    chip.poller.fieldOff();
    chip.cards.fill(null);
    chip.target.deafInGaps = chip.faults.holds('deaf-gap') !== null;
    chip.target.listen({
      atqa: copyBytes(parameters, 1, 3),
      uidRest: copyBytes(parameters, 3, 6),
      selRes,
      historical: copyBytes(parameters, 37 + generalLength),
      picc: chip.has(PARAMETER.picc) && saysIsoDep(selRes) && (mode & MODE.depOnly) === 0,
      onlyRats: (mode & MODE.piccOnly) !== 0,
      asksForTime: chip.asksForTime,
    });
    try {
      while (chip.target.state === 'listening') yield { until: (wake) => chip.target.onceChanged(wake) };
    } finally {
      // Aborted by the host: no card any more.
      if (chip.target.state === 'listening') chip.target.end();
    }
    return Uint8Array.of(chip.target.speaksIsoDep ? ACTIVATED_AS_PICC : 0x00, ...chip.target.firstFrame);
  },
};

/** Status when there is no reader to talk to, or null. */
function contextFault(chip: ChipState, picc: boolean): number | null {
  if (chip.faults.strikes('release') !== null) chip.target.forceRelease();
  const { state } = chip.target;
  if (state === 'released' || state === 'deselected') return STATUS.released;
  if (state !== 'activated' || (chip.target.picc !== null) !== picc) return STATUS.wrongContext;
  return null;
}

const getData: ChipCommand = {
  name: 'TgGetData',
  *run(chip, parameters) {
    if (parameters.length > 0) return null;
    const fault = contextFault(chip, true);
    if (fault !== null) return chip.failed(fault);
    for (;;) {
      const command = chip.target.picc?.takeCommand() ?? null;
      if (command !== null) return Uint8Array.of(command.more ? STATUS.moreInformation : STATUS.ok, ...command.data);
      if (chip.target.state !== 'activated') return chip.failed(STATUS.released);
      yield { until: (wake) => chip.target.onceChanged(wake) };
    }
  },
};

const setData: ChipCommand = {
  name: 'TgSetData',
  *run(chip, parameters) {
    if (parameters.length > LARGEST_DATA) return chip.failed(STATUS.bufferSize);
    const fault = contextFault(chip, true);
    if (fault !== null) return chip.failed(fault);
    if (chip.target.picc?.awaitsResponse !== true) return chip.failed(STATUS.wrongContext);
    chip.target.picc.respond(copyBytes(parameters));
    for (;;) {
      const { picc } = chip.target;
      if (picc === null) return chip.failed(STATUS.released);
      const leavesIn = picc.responseLeavesIn;
      if (leavesIn !== null) {
        yield* pauseNs(leavesIn);
        return Uint8Array.of(STATUS.ok);
      }
      yield { until: (wake) => chip.target.onceChanged(wake) };
    }
  },
};

/** For NFC-DEP alone, which is not simulated: never in the right context. */
const setMetaData: ChipCommand = immediate('TgSetMetaData', (chip, parameters) => {
  return parameters.length > LARGEST_DATA ? null : chip.failed(STATUS.wrongContext);
});

const getInitiatorCommand: ChipCommand = {
  name: 'TgGetInitiatorCommand',
  *run(chip, parameters) {
    if (parameters.length > 0) return null;
    const fault = contextFault(chip, false);
    if (fault !== null) return chip.failed(fault);
    chip.target.hostListens = true;
    try {
      return yield* nextFrame(chip);
    } finally {
      chip.target.hostListens = false;
    }
  },
};

function* nextFrame(chip: ChipState): Work<Uint8Array> {
  for (;;) {
    const frame = chip.target.takeFrame();
    if (frame !== null) {
      chip.registers.setLastBitsReceived(frame.bits % 8);
      if (frame.damaged === true) return chip.failed(STATUS.crc);
      return Uint8Array.of(STATUS.ok, ...frame.bytes);
    }
    if (chip.target.state !== 'activated') return chip.failed(STATUS.released);
    yield { until: (wake) => chip.target.onceChanged(wake) };
  }
}

const responseToInitiator: ChipCommand = {
  name: 'TgResponseToInitiator',
  *run(chip, parameters) {
    if (parameters.length > LARGEST_DATA) return chip.failed(STATUS.bufferSize);
    const fault = contextFault(chip, false);
    if (fault !== null) return chip.failed(fault);
    yield* pauseNs(chip.target.sendRaw(copyBytes(parameters)));
    return Uint8Array.of(STATUS.ok);
  },
};

const TARGET_STATES = { none: 0x00, listening: 0x00, activated: 0x01, deselected: 0x02, released: 0x00 } as const;
const AS_PICC = 0x80;

const getTargetStatus: ChipCommand = immediate('TgGetTargetStatus', (chip, parameters) => {
  if (parameters.length > 0) return null;
  const { state, speaksIsoDep, picc } = chip.target;
  const asPicc = speaksIsoDep && state !== 'none' ? AS_PICC : 0;
  const received = Math.log2(picc?.toCard ?? 1);
  const sent = Math.log2(picc?.toReader ?? 1);
  return Uint8Array.of(asPicc | TARGET_STATES[state], (received << 4) | sent);
});

const setGeneralBytes: ChipCommand = immediate('TgSetGeneralBytes', (chip, parameters) => {
  return parameters.length > LONGEST_GENERAL_BYTES ? null : chip.failed(STATUS.wrongContext);
});

export const TARGET: CommandTable = {
  134: getData,
  136: getInitiatorCommand,
  138: getTargetStatus,
  140: initAsTarget,
  142: setData,
  144: responseToInitiator,
  146: setGeneralBytes,
  148: setMetaData,
};
