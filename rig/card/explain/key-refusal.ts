import { isProprietary } from '../../../src/apdu/class-byte.ts';
import type { CommandApdu } from '../../../src/apdu/command.ts';
import { INS } from '../../../src/apdu/instruction.ts';
import { SW } from '../../../src/apdu/status-word.ts';
import { hex } from './file-in-words.ts';

const VERIFY_CERTIFICATE = 0xbe;
const READ = 0x81;
/** Set DST and Set AT of terminal authentication, Set AT of chip authentication; Set DST for signatures. */
const TERMINAL_SETTINGS: readonly number[] = [0x81b6, 0x81a4, 0x41a4];
const SIGNATURE_SETTING = 0x41b6;

/** Why a command of terminals and keys was refused, or null for any other command or reason. */
export function keyRefusal(status: number, command: CommandApdu): string | null {
  const { cla, ins, p1, p2 } = command;
  if (isProprietary(cla)) return null;
  if (isOfTerminals(command)) return terminalRefusal(status);
  switch (ins) {
    case INS.EXTERNAL_AUTHENTICATE:
      return externalRefusal(status, p2);
    case INS.INTERNAL_AUTHENTICATE:
      if (status === SW.CONDITIONS_NOT_SATISFIED) return notGenerated(p2);
      return status === SW.REFERENCED_DATA_NOT_FOUND ? `no key ${hex(p2, 2)} for internal authentication here` : null;
    case INS.GENERATE_ASYMMETRIC_KEY_PAIR:
      if (status === SW.CONDITIONS_NOT_SATISFIED && p1 === READ) return notGenerated(p2);
      return status === SW.REFERENCED_DATA_NOT_FOUND ? `no key ${hex(p2, 2)} on a curve here` : null;
    case INS.PERFORM_SECURITY_OPERATION:
      return status === SW.CONDITIONS_NOT_SATISFIED
        ? 'no key is chosen, or it is not generated yet: MSE:Set DST 00 22 41 B6 chooses one, GENERATE ASYMMETRIC KEY PAIR makes it'
        : null;
    default:
      return ins === INS.MANAGE_SECURITY_ENVIRONMENT &&
        ((p1 << 8) | p2) === SIGNATURE_SETTING &&
        status === SW.REFERENCED_DATA_NOT_FOUND
        ? 'no such key for signatures here'
        : null;
  }
}

function isOfTerminals({ ins, p1, p2 }: CommandApdu): boolean {
  if (ins === INS.MANAGE_SECURITY_ENVIRONMENT) return TERMINAL_SETTINGS.includes((p1 << 8) | p2);
  if (ins === INS.PERFORM_SECURITY_OPERATION) return p2 === VERIFY_CERTIFICATE;
  return ins === INS.EXTERNAL_AUTHENTICATE && p2 === 0;
}

function terminalRefusal(status: number): string | null {
  switch (status) {
    case SW.SECURITY_STATUS_NOT_SATISFIED:
      return 'terminal and chip authentication belong inside a channel: PACE opens one, with a CHAT, and not with the PUK';
    case SW.CONDITIONS_NOT_SATISFIED:
      return 'a step before this one is missing: key, certificates, MSE:Set AT, GET CHALLENGE, EXTERNAL AUTHENTICATE, in this order, then chip authentication; and PACE with a CHAT before them';
    case SW.REFERENCED_DATA_NOT_FOUND:
      return 'the name in the data field is of no trust point, of no certificate that came before, and of no key of the card';
    case SW.AUTHENTICATION_FAILED:
      return 'the signature is wrong';
    default:
      return null;
  }
}

function externalRefusal(status: number, reference: number): string | null {
  const key = `key ${hex(reference, 2)}`;
  switch (status) {
    case SW.METHOD_BLOCKED:
      return `${key} is blocked, no try is left`;
    case SW.CONDITIONS_NOT_SATISFIED:
      return 'no challenge of 16 bytes waits on this logical channel: GET CHALLENGE 00 84 00 00 10 comes before';
    case SW.REFERENCED_DATA_NOT_FOUND:
      return `no ${key} for this here`;
    case SW.AUTHENTICATION_FAILED:
      return `the reader has not proven ${key}`;
    default:
      return null;
  }
}

function notGenerated(reference: number): string {
  return `key ${hex(reference, 2)} is not generated yet: GENERATE ASYMMETRIC KEY PAIR 00 46 80 ${hex(reference, 2)} makes it`;
}
