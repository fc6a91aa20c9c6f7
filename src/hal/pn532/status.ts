import { HalError, type HalErrorKind } from '../errors.ts';

/** Bits of the status byte that many responses begin with. */
export const STATUS = { nadPresent: 0x80, moreInformation: 0x40, error: 0x3f } as const;

/** Error codes that the drivers act on; their names are the manual's. */
export const CHIP_ERROR = {
  none: 0x00,
  timeout: 0x01,
  fieldNotInTime: 0x0a,
  invalidParameter: 0x10,
  notAllowed: 0x26,
  wrongContext: 0x27,
  releasedByInitiator: 0x29,
  cardDisappeared: 0x2b,
} as const;

const MEANINGS: Readonly<Record<number, readonly [string, string, HalErrorKind]>> = {
  1: ['timeout', 'the card did not answer in time', 'timeout'],
  2: ['crc', 'a checksum was wrong on the air', 'protocol'],
  3: ['parity', 'a parity bit was wrong on the air', 'protocol'],
  4: ['bit-count', 'a wrong number of bits came during anticollision', 'protocol'],
  5: ['mifare-framing', 'a MIFARE frame was malformed', 'protocol'],
  6: ['bit-collision', 'cards collided during anticollision', 'protocol'],
  7: ['buffer-size', 'the communication buffer is too small', 'too-long'],
  9: ['rf-buffer-overflow', 'the RF buffer overflowed', 'too-long'],
  10: ['field-not-in-time', 'the other side did not switch its field on in time', 'timeout'],
  11: ['rf-protocol', 'the other side broke the RF protocol', 'protocol'],
  13: ['overheated', 'the antenna drivers are too hot and were switched off', 'protocol'],
  14: ['internal-buffer-overflow', 'an internal buffer overflowed', 'too-long'],
  16: ['invalid-parameter', 'a parameter was invalid', 'protocol'],
  18: ['dep-unsupported-command', 'the initiator sent a command that is not supported', 'protocol'],
  19: ['dep-format', 'a frame did not have the format of its protocol', 'protocol'],
  20: ['mifare-authentication', 'MIFARE authentication failed', 'protocol'],
  35: ['uid-check-byte', 'the check byte of a UID was wrong', 'protocol'],
  37: ['dep-state', 'the command does not fit the state of the protocol', 'protocol'],
  38: ['not-allowed', 'the operation is not allowed in this configuration', 'protocol'],
  39: ['wrong-context', 'the command does not fit what the chip is doing', 'protocol'],
  41: ['released-by-initiator', 'the reader released us', 'card-removed'],
  42: ['id-mismatch', 'another card has taken the place of the one that was there', 'card-removed'],
  43: ['card-disappeared', 'the card has gone', 'card-removed'],
  44: ['nfcid3-mismatch', 'the two sides disagree about an identifier', 'protocol'],
  45: ['over-current', 'the antenna drew too much current', 'protocol'],
  46: ['nad-missing', 'a node address is missing', 'protocol'],
};

/** A command that the chip understood and could not carry out. */
export class Pn532StatusError extends HalError {
  /** The code without the flags beside it, 0x01 to 0x3F. */
  readonly status: number;
  /** For programs: `timeout`, `released-by-initiator`. */
  readonly reason: string;

  constructor(status: number, command: string, device: string) {
    const [reason, words, kind] = MEANINGS[status] ?? [
      `error-${hex(status)}`,
      'an error it has no name for',
      'protocol',
    ];
    super(kind, `the PN532 on ${device} reports for ${command}: ${words} (error ${hex(status)})`);
    this.status = status;
    this.reason = reason;
  }
}

/** The chip answered with its error frame: it does not know the command, or not like this. */
export class Pn532SyntaxError extends HalError {
  constructor(command: number, device: string) {
    super('protocol', `the PN532 on ${device} does not understand the command ${hex(command)} as it was sent`);
  }
}

export function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
