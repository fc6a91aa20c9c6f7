import { InvalidArgumentError } from 'commander';
import type { CardSource } from '../card/card-source.ts';
import { UsageError } from '../console/failure.ts';
import type { PinChoice } from '../console/pin.ts';
import type { LinkChoice, Pn532Choice, ReaderChoice } from '../endpoint/choice.ts';
import type { RecordChoice } from '../trace/record-choice.ts';

/** Values of options: from what a person types to what the actions take. */

/** Where vpcd listens as Debian installs it: the driver's own defaults, which every command would load for a number. */
const VPCD_HOST = '127.0.0.1';
const VPCD_PORT = 35963;

/** The chip's baud rates from that of its power-up on: the driver's own, which every command would load for them. */
const PN532_BAUD_RATES: readonly number[] = [115_200, 230_400, 460_800, 921_600, 1_288_000];

/** What `--reader` takes, for its help. */
export const READERS = 'loopback, pcsc, pcsc:NAME, pn532:PORT or acr122:NAME';
/** What `--link` takes, for its help. */
export const LINKS = 'vpcd, vpcd:HOST, vpcd:HOST:PORT, pn532:PORT, pn532:PORT,raw or acr122:NAME';

/**
 * `loopback`, `pcsc`, `pcsc:NAME` or `acr122:NAME` where the name is a part of the reader's, `pn532:PORT` or
 * `pn532:PORT:BAUD`. @throws {InvalidArgumentError}
 */
export function parseReader(text: string): ReaderChoice {
  if (text === 'loopback') return { driver: 'loopback' };
  if (text === 'pcsc') return { driver: 'pcsc', name: null };
  if (text.startsWith('pcsc:') && text.length > 'pcsc:'.length) {
    return { driver: 'pcsc', name: text.slice('pcsc:'.length) };
  }
  const pn532 = parsePn532(text);
  if (pn532 !== null) return pn532;
  throw new InvalidArgumentError(`A reader is ${READERS}.`);
}

/** A port may have colons in its name; what comes after the last is a baud rate only when it is a number. */
function parsePn532(text: string): Pn532Choice | null {
  const acr122 = /^acr122:(.+)$/.exec(text)?.[1];
  if (acr122 !== undefined) return { driver: 'acr122', name: acr122 };
  const match = /^pn532:(.+?)(?::(\d+))?$/.exec(text);
  if (match === null) return null;
  const baudRate = match[2] === undefined ? null : Number(match[2]);
  if (baudRate !== null && !PN532_BAUD_RATES.includes(baudRate)) {
    throw new InvalidArgumentError(`A PN532 is driven at ${PN532_BAUD_RATES.join(', ')} baud, not at ${baudRate}.`);
  }
  return { driver: 'pn532', path: match[1] as string, baudRate };
}

/**
 * `vpcd`, `vpcd:HOST` or `vpcd:HOST:PORT`, where an IPv6 address stands in brackets; a PN532 as for a reader, with
 * `,raw` for our own ISO/IEC 14443-4. @throws {InvalidArgumentError}
 */
export function parseLink(text: string): LinkChoice {
  const raw = text.endsWith(',raw');
  const pn532 = parsePn532(raw ? text.slice(0, -',raw'.length) : text);
  if (pn532?.driver === 'acr122' && raw) {
    throw new InvalidArgumentError('An ACR122 is too slow for raw: its firmware stands between us and the chip.');
  }
  if (pn532 !== null) return { ...pn532, raw };
  const match = /^vpcd(?::(\[[0-9A-Fa-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?)?$/.exec(text);
  const port = match?.[2] === undefined ? VPCD_PORT : Number(match[2]);
  if (match === null || port < 1 || port > 65535) {
    throw new InvalidArgumentError(`A link is ${LINKS}.`);
  }
  const host = match[1]?.replace(/^\[|\]$/g, '') ?? VPCD_HOST;
  return { driver: 'vpcd', host, port };
}

/** Which card of a log: from 1. @throws {InvalidArgumentError} */
export function parseCard(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('Cards are counted from 1.');
  return Number(text);
}

/** Seconds, with a fraction if need be, as whole milliseconds. @throws {InvalidArgumentError} */
export function parseSeconds(text: string): number {
  const ms = /^\d{1,6}(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : 0;
  if (ms < 1) throw new InvalidArgumentError('It takes a number of seconds over 0.');
  return ms;
}

/** A share in per cent, `5%`, as a fraction: without the sign nobody knows what 0.05 means. @throws {InvalidArgumentError} */
export function parseShare(text: string): number {
  const share = /^\d{1,4}(\.\d+)?%$/.test(text) ? Number.parseFloat(text) / 100 : Number.NaN;
  if (Number.isNaN(share)) throw new InvalidArgumentError('It takes a share in per cent, as 5%.');
  return share;
}

/** A whole number of 1 or more. @throws {InvalidArgumentError} */
export function parseCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw new InvalidArgumentError('It takes a whole number from 1 to 999999999.');
  return count;
}

/** A command APDU in hexadecimal, spaces allowed; judging it is the card's part. @throws {InvalidArgumentError} */
export function parseApdu(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (!/^(?:[0-9A-Fa-f]{2})+$/.test(digits)) {
    throw new InvalidArgumentError('A command is written in hexadecimal, two digits a byte, as 00B2012400.');
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Several of them, separated by semicolons. @throws {InvalidArgumentError} */
export function parseApdus(text: string): Uint8Array[] {
  return text.split(';').map((part) => parseApdu(part));
}

/** `--profile` or `--image`; null when neither was given. @throws {UsageError} both */
export function cardSource(options: { profile?: string; image?: string }): CardSource | null {
  if (options.profile !== undefined && options.image !== undefined) {
    throw new UsageError('--profile and --image name two cards; give one of them');
  }
  if (options.profile !== undefined) return { kind: 'profile', name: options.profile };
  if (options.image !== undefined) return { kind: 'image', fileOrName: options.image };
  return null;
}

/** `--pin` and `--pin-file`. @throws {UsageError} both */
export function pinChoice(options: { pin?: boolean; pinFile?: string }): PinChoice {
  if (options.pin === true && options.pinFile !== undefined) {
    throw new UsageError('--pin asks for the code and --pin-file reads it; give one of them');
  }
  return { file: options.pinFile ?? null, ask: options.pin === true };
}

/** `--record`, `--keep-secrets`, `--redaction-key`. @throws {UsageError} one of these without the first, or both */
export function recordChoice(options: { record?: string; keepSecrets?: boolean; redactionKey?: string }): RecordChoice {
  const { record, keepSecrets = false, redactionKey } = options;
  if (keepSecrets && record === undefined) {
    throw new UsageError('--keep-secrets says how to write a trace; give --record FILE too');
  }
  if (redactionKey === undefined) return { file: record ?? null, keepSecrets };
  if (record === undefined) throw new UsageError('--redaction-key says how to write a trace; give --record FILE too');
  if (keepSecrets)
    throw new UsageError('--redaction-key is for masks, and --keep-secrets makes none; give one of them');
  return { file: record, keepSecrets, redactionKey };
}
