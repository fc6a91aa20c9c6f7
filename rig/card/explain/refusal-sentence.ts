import { isProprietary, logicalChannel, proprietaryChannel } from '../../../src/apdu/class-byte.ts';
import type { CommandApdu } from '../../../src/apdu/command.ts';
import { toHex } from '../../../src/apdu/hex.ts';
import { commandName, INS } from '../../../src/apdu/instruction.ts';
import { SW, statusWordMeaning } from '../../../src/apdu/status-word.ts';
import type { Channel } from '../../../src/applet/channel.ts';
import type { CardFile } from '../../../src/applet/files/card-file.ts';
import { isUsableState, LIFE_CYCLE, lifeCycleOf } from '../../../src/applet/files/life-cycle.ts';
import { recordCount } from '../../../src/applet/files/record-file.ts';
import { ISO7816_COMMANDS } from '../../../src/applet/iso7816/index.ts';
import type { Nvm } from '../../../src/hal/nvm.ts';
import { announcesSecureMessaging } from '../../../src/secure-channel/index.ts';
import { counted } from '../../report/words.ts';
import { fileInWords, hex, structureInWords } from './file-in-words.ts';
import { keyRefusal } from './key-refusal.ts';

/** What a refusal is explained from: the command, and what its channel had selected before and after it. */
export interface RefusalScene {
  readonly command: CommandApdu;
  readonly channel: Channel | null;
  readonly nvm: Nvm;
  readonly cardTerminated: boolean;
}

const WITH_SFI_IN_P1: ReadonlySet<number> = new Set([
  INS.READ_BINARY,
  INS.UPDATE_BINARY,
  INS.WRITE_BINARY,
  INS.ERASE_BINARY,
  INS.SEARCH_BINARY,
]);
const WITH_SFI_IN_P2: ReadonlySet<number> = new Set([
  INS.READ_RECORD,
  INS.READ_RECORD_ODD,
  INS.UPDATE_RECORD,
  INS.UPDATE_RECORD_ODD,
  INS.WRITE_RECORD,
  INS.APPEND_RECORD,
  INS.ERASE_RECORD,
  INS.SEARCH_RECORD,
]);

/** Why the card answered this status word, in one sentence, for every refusal that is not one of access rules. */
export function refusalSentence(status: number, scene: RefusalScene): string {
  const { command, channel } = scene;
  const name = commandName(command.cla, command.ins);
  const ofKeys = keyRefusal(status, command);
  if (ofKeys !== null) return ofKeys;
  const file = addressedFile(scene);
  const known = file === null || file === undefined ? null : file;
  switch (status) {
    case SW.CLASS_NOT_SUPPORTED:
      return classRefusal(scene);
    case SW.CHANNEL_NOT_SUPPORTED:
      return `logical channel ${logicalChannel(command.cla)} is not open: MANAGE CHANNEL opens one`;
    case SW.SECURE_MESSAGING_NOT_SUPPORTED:
      return announcesSecureMessaging(command.cla)
        ? 'no secure channel is open on this logical channel: PACE opens one'
        : 'the class byte announces a secure messaging that this card has not: CLA with both bits of 0C has it';
    case SW.SM_OBJECTS_MISSING:
      return 'a data object of secure messaging is missing: the channel is closed and its keys are gone';
    case SW.SM_OBJECTS_INCORRECT:
      return 'a data object of secure messaging is incorrect, or its MAC is: the channel is closed and its keys are gone';
    case SW.LAST_COMMAND_OF_CHAIN_EXPECTED:
      return 'a chain of commands was open, and this command does not go on with it: the chain is dropped';
    case SW.CHAINING_NOT_SUPPORTED:
      return `${name} takes no command chaining`;
    case SW.INSTRUCTION_NOT_SUPPORTED:
      if (isProprietary(command.cla)) {
        return `the application selected has no command with instruction ${hex(command.ins, 2)} in class ${hex(command.cla, 2)}`;
      }
      return `the card has no command with instruction ${hex(command.ins, 2)}; \`vitap card commands\` lists its commands`;
    case SW.WRONG_LENGTH:
      return wrongLength(command, name);
    case SW.WRONG_P1_P2:
      return `${name} has no meaning for P1-P2 ${hex(command.p1, 2)} ${hex(command.p2, 2)}; \`vitap card commands\` lists its commands`;
    case SW.FILE_NOT_FOUND:
      return notFound(scene);
    case SW.NO_CURRENT_EF:
      return `no EF is current in ${directoryInWords(channel)}: SELECT one, or name it by its short identifier`;
    case SW.INCOMPATIBLE_FILE_STRUCTURE:
      return known === null
        ? `${name} does not work on a file of this structure`
        : `${name} does not work on ${fileInWords(known)}, which is ${structureInWords(known)}`;
    case SW.CONDITIONS_NOT_SATISFIED:
      return conditionsOfUse(scene, known, name);
    case SW.RECORD_NOT_FOUND:
      return known?.hasRecords === true
        ? `${fileInWords(known)} has ${recordsInWords(recordCount(scene.nvm, known))}, and ${recordInWords(command)} is none of them`
        : 'there is no such record';
    case SW.WRONG_OFFSET:
      return known === null || known.isDirectory
        ? statusWordMeaning(status)
        : `the offset is outside ${fileInWords(known)}, which has ${counted(known.dataSize, 'byte')}`;
    case SW.METHOD_BLOCKED:
      return `code ${hex(command.p2, 2)} is blocked, no try is left: RESET RETRY COUNTER unblocks it, where the card has a code for that`;
    case SW.REFERENCED_DATA_NOT_FOUND:
      return command.ins === INS.VERIFY
        ? `no code ${hex(command.p2, 2)} in ${directoryInWords(channel)} or of the card`
        : 'what P1-P2 or the data field name is not there';
    default:
      return statusWordMeaning(status);
  }
}

/** The file that a command names or finds current: undefined when it names one that is not there, null for none. */
function addressedFile({ command, channel }: RefusalScene): CardFile | null | undefined {
  // Where a proprietary command names a file, if it does, its application alone knows.
  if (channel === null || isProprietary(command.cla)) return null;
  if (WITH_SFI_IN_P1.has(command.ins) && (command.p1 & 0x80) !== 0) return channel.directory.bySfi[command.p1 & 0x1f];
  if (WITH_SFI_IN_P2.has(command.ins) && command.p2 >> 3 !== 0) return channel.directory.bySfi[command.p2 >> 3];
  if (command.ins === INS.SELECT || command.nc === 2) {
    const named = channel.directory.children.get(identifier(command));
    if (named !== undefined) return named;
  }
  return channel.elementary;
}

function notFound(scene: RefusalScene): string {
  const { command, channel } = scene;
  const where = directoryInWords(channel);
  if (WITH_SFI_IN_P1.has(command.ins)) return `no EF in ${where} has the short identifier ${hex(command.p1 & 0x1f, 2)}`;
  if (WITH_SFI_IN_P2.has(command.ins)) return `no EF in ${where} has the short identifier ${hex(command.p2 >> 3, 2)}`;
  const data = command.bytes.subarray(command.dataOffset, command.dataOffset + command.nc);
  switch (command.p1) {
    case 0x03:
      return 'the MF is current, and nothing is above it';
    case 0x04:
      return `no directory of this card has a name that begins with ${toHex(data)}; what was selected stays`;
    case 0x08:
      return `there is no path ${toHex(data)} from the MF; what was selected stays`;
    case 0x09:
      return `there is no path ${toHex(data)} from ${where}; what was selected stays`;
    default: {
      const kind = command.p1 === 0x01 ? 'directory' : command.p1 === 0x02 ? 'EF' : 'file';
      const near = command.p1 === 0x00 ? ', beside it or above it' : '';
      return `there is no ${kind} ${toHex(data)} in ${where}${near}; what was selected stays`;
    }
  }
}

function classRefusal({ command, channel }: RefusalScene): string {
  const cla = hex(command.cla, 2);
  if (command.cla === 0xff) return 'class FF is invalid in ISO/IEC 7816-4';
  if (!isProprietary(command.cla)) return `class ${cla} is reserved in ISO/IEC 7816-4`;
  const number = proprietaryChannel(command.cla);
  if (channel === null) return `class ${cla} is proprietary, and names logical channel ${number}, which is not open`;
  return `class ${cla} is proprietary, and the application selected has no commands of it`;
}

function conditionsOfUse(scene: RefusalScene, file: CardFile | null, name: string): string {
  const { command, channel, nvm } = scene;
  if (scene.cardTerminated) return 'the card is terminated: it will never carry out a command again';
  if (command.ins === INS.GET_RESPONSE) return 'the last command left nothing to fetch';
  for (let at = file ?? channel?.directory ?? null; at !== null; at = at.parent) {
    const state = lifeCycleOf(nvm, at);
    if (!isUsableState(state)) {
      const word = state === LIFE_CYCLE.TERMINATED ? 'terminated, for ever' : 'deactivated: ACTIVATE FILE ends that';
      return `${fileInWords(at)} is ${word}`;
    }
    if (at.parent === at) break;
  }
  if (command.ins === INS.DELETE_FILE) return 'the MF stays, and so does a file that is current on another channel';
  return `${name} is not possible in the state that the card is in`;
}

function wrongLength(command: CommandApdu, name: string): string {
  if (command.encoding === 'malformed') return 'Lc, Le and the length of the command disagree';
  const row = isProprietary(command.cla) ? undefined : ISO7816_COMMANDS.find((each) => each.ins === command.ins);
  const number = (command.nc > 0 ? 3 : 1) + (command.ne > 0 ? 1 : 0);
  if (row !== undefined && !row.cases.some((each) => each === number)) {
    return `${name} is a command of case ${row.cases.join(' or ')}, and this one is of case ${number}`;
  }
  return `a data field of ${counted(command.nc, 'byte')} is not what ${name} takes here`;
}

function recordsInWords(count: number): string {
  return counted(count, 'record');
}

function recordInWords({ p1, p2 }: CommandApdu): string {
  if ((p2 & 0x04) !== 0) return p1 === 0 ? 'the current one' : `record ${p1}`;
  return p1 === 0 ? 'the one asked for' : `one with identifier ${hex(p1, 2)} there`;
}

function directoryInWords(channel: Channel | null): string {
  return channel === null ? 'the current directory' : fileInWords(channel.directory);
}

function identifier(command: CommandApdu): number {
  const at = command.dataOffset + command.nc - 2;
  return ((command.bytes[at] as number) << 8) | (command.bytes[at + 1] as number);
}
