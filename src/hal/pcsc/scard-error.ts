import { HalError, type HalErrorKind } from '../errors.ts';

/** SCARD_ codes of PC/SC that a caller can do something about; every other one is `protocol`. */
export const SCARD = {
  cancelled: 0x80100002,
  invalidHandle: 0x80100003,
  insufficientBuffer: 0x80100008,
  unknownReader: 0x80100009,
  timeout: 0x8010000a,
  sharingViolation: 0x8010000b,
  noSmartcard: 0x8010000c,
  protocolMismatch: 0x8010000f,
  notReady: 0x80100010,
  communicationError: 0x80100013,
  notTransacted: 0x80100016,
  readerUnavailable: 0x80100017,
  noService: 0x8010001d,
  serviceStopped: 0x8010001e,
  unsupportedFeature: 0x8010001f,
  noReaders: 0x8010002e,
  unresponsiveCard: 0x80100066,
  unpoweredCard: 0x80100067,
  resetCard: 0x80100068,
  removedCard: 0x80100069,
  securityViolation: 0x8010006a,
} as const;

const MEANINGS: ReadonlyMap<number, readonly [HalErrorKind, (reader: string) => string]> = new Map<
  number,
  readonly [HalErrorKind, (reader: string) => string]
>([
  [SCARD.invalidHandle, ['no-service', () => 'the PC/SC service has forgotten this session; it may have restarted']],
  [SCARD.insufficientBuffer, ['too-long', (reader) => `the card's answer was longer than "${reader}" can carry`]],
  [SCARD.unknownReader, ['reader-lost', (reader) => `the reader "${reader}" is gone`]],
  [SCARD.timeout, ['timeout', (reader) => `the reader "${reader}" gave no answer in time`]],
  [SCARD.sharingViolation, ['busy', (reader) => `another program is using the reader "${reader}"`]],
  [SCARD.noSmartcard, ['no-card', (reader) => `no card in the reader "${reader}"`]],
  [
    SCARD.protocolMismatch,
    ['protocol', (reader) => `the card in "${reader}" speaks neither T=0 nor T=1, or is already used with the other`],
  ],
  [SCARD.notReady, ['no-card', (reader) => `the reader "${reader}" is not ready`]],
  [SCARD.communicationError, ['no-service', () => 'the PC/SC service (pcscd) went away']],
  [SCARD.notTransacted, ['protocol', (reader) => `the card in "${reader}" did not answer the command`]],
  [SCARD.readerUnavailable, ['reader-lost', (reader) => `the reader "${reader}" was unplugged`]],
  [SCARD.noService, ['no-service', () => 'the PC/SC service (pcscd) does not run']],
  [SCARD.serviceStopped, ['no-service', () => 'the PC/SC service (pcscd) was stopped']],
  [SCARD.unsupportedFeature, ['unsupported', (reader) => `the reader "${reader}" or its driver cannot do this`]],
  [SCARD.noReaders, ['no-reader', () => 'no reader is connected']],
  [SCARD.unresponsiveCard, ['protocol', (reader) => `the card in "${reader}" gives no answer to reset`]],
  [SCARD.unpoweredCard, ['card-removed', (reader) => `the card in "${reader}" lost its power`]],
  [SCARD.resetCard, ['card-removed', (reader) => `another program reset the card in "${reader}"`]],
  [SCARD.removedCard, ['card-removed', (reader) => `the card was taken out of "${reader}"`]],
  [SCARD.securityViolation, ['permission', () => 'the system does not let this user talk to cards (polkit)']],
]);

/** The code at the end of a message of the binding, as in `SCardTransmit error: Card was removed.(0x80100069)`. */
export function scardCode(error: unknown): number | null {
  const digits = /\(0x([0-9a-f]+)\)\s*$/i.exec(error instanceof Error ? error.message : '')?.[1];
  // A LONG of 64 bits may be printed with its sign extended.
  return digits === undefined ? null : Number.parseInt(digits.slice(-8), 16);
}

/** The code that a function of PC/SC returned, as an error of ours. */
export function scardFailure(code: number, reader: string): HalError {
  const cause = new Error(`PC/SC (0x${code.toString(16).toUpperCase().padStart(8, '0')})`);
  return scardError(cause, reader);
}

/** The binding's error as an error of ours. */
export function scardError(error: unknown, reader: string): HalError {
  const code = scardCode(error);
  const meaning = code === null ? undefined : MEANINGS.get(code);
  if (meaning !== undefined) return new HalError(meaning[0], meaning[1](reader), { cause: error });
  const words = error instanceof Error ? error.message : String(error);
  return new HalError('protocol', `PC/SC failed on "${reader}": ${words}`, { cause: error });
}
