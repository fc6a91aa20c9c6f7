import { InvalidArgumentError } from 'commander';
import { UsageError } from './failure.ts';
import type { CardSource, LinkChoice, PinChoice, ReaderChoice, RecordChoice } from './options.ts';

/** Values of options: from what a person types to what the actions take. */

/** Where vpcd listens as Debian installs it: the driver's own defaults, which every command would load for a number. */
const VPCD_HOST = '127.0.0.1';
const VPCD_PORT = 35963;

/** `loopback`, `pcsc`, or `pcsc:NAME` where the name is a part of the reader's. @throws {InvalidArgumentError} */
export function parseReader(text: string): ReaderChoice {
  if (text === 'loopback') return { driver: 'loopback' };
  if (text === 'pcsc') return { driver: 'pcsc', name: null };
  if (text.startsWith('pcsc:') && text.length > 'pcsc:'.length) {
    return { driver: 'pcsc', name: text.slice('pcsc:'.length) };
  }
  throw new InvalidArgumentError('A reader is loopback, pcsc or pcsc:NAME.');
}

/** `vpcd`, `vpcd:HOST` or `vpcd:HOST:PORT`; an IPv6 address stands in brackets. @throws {InvalidArgumentError} */
export function parseLink(text: string): LinkChoice {
  const match = /^vpcd(?::(\[[0-9A-Fa-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?)?$/.exec(text);
  const port = match?.[2] === undefined ? VPCD_PORT : Number(match[2]);
  if (match === null || port < 1 || port > 65535) {
    throw new InvalidArgumentError('A link is vpcd, vpcd:HOST or vpcd:HOST:PORT.');
  }
  const host = match[1]?.replace(/^\[|\]$/g, '') ?? VPCD_HOST;
  return { driver: 'vpcd', host, port };
}

/** Seconds, with a fraction if need be, as whole milliseconds. @throws {InvalidArgumentError} */
export function parseSeconds(text: string): number {
  const ms = /^\d{1,6}(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : 0;
  if (ms < 1) throw new InvalidArgumentError('It takes a number of seconds over 0.');
  return ms;
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
