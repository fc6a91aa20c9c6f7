import { InvalidArgumentError } from 'commander';
import type { CardSource, PinState } from '../card/card-source.ts';
import type { ChannelChoice, PaceCode } from '../channel/choice.ts';
import { UsageError } from '../console/failure.ts';
import type { PinChoice } from '../console/pin.ts';
import { type LinkChoice, parseLink as linkOf } from '../endpoint/links.ts';
import { type ReaderChoice, parseReader as readerOf } from '../endpoint/readers.ts';
import type { EvidenceChoice } from '../judge/evidence/plan.ts';
import type { RecordChoice } from '../trace/record-choice.ts';

/** Values of options: from what a person types to what the actions take. */

/** `--reader`. @throws {InvalidArgumentError} */
export function parseReader(text: string): ReaderChoice {
  return asArgument(() => readerOf(text));
}

/** `--link`. @throws {InvalidArgumentError} */
export function parseLink(text: string): LinkChoice {
  return asArgument(() => linkOf(text));
}

/** Commander names the option in a sentence of its own, so that what follows is one too. */
function asArgument<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UsageError) throw new InvalidArgumentError(asSentence(error.message));
    throw error;
  }
}

function asSentence(message: string): string {
  return `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
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
/** A TCP port to listen on; 0: any free one. */
export function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('It must be a port: 0 to 65535, where 0 is any free one.');
}

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

/** `--profile` with `--state`, or `--image`; null when neither was given. @throws {UsageError} both, or a state alone */
export function cardSource(options: { profile?: string; image?: string; state?: PinState }): CardSource | null {
  if (options.profile !== undefined && options.image !== undefined) {
    throw new UsageError('--profile and --image name two cards; give one of them');
  }
  const { profile, state } = options;
  if (profile !== undefined) return { kind: 'profile', name: profile, ...(state !== undefined && { state }) };
  if (state !== undefined) throw new UsageError('--state is that of a fresh card: it goes with --profile');
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

/** Options of the secure channel as they are typed. */
export interface TypedChannel {
  readonly canFile?: string;
  readonly channel?: PaceCode;
  readonly channelFile?: string;
  readonly terminalKeys?: string;
  readonly sessionKeys?: string;
  readonly record?: string;
}

/**
 * `--can-file`, `--channel`, `--channel-file`, `--terminal-keys`, `--session-keys`.
 * @throws {UsageError} two codes, or session keys without a trace
 */
export function channelChoice(typed: TypedChannel, recorded: boolean = typed.record !== undefined): ChannelChoice {
  const { canFile, channel, channelFile, terminalKeys = null, sessionKeys = null } = typed;
  if (canFile !== undefined && (channelFile !== undefined || (channel !== undefined && channel !== 'can'))) {
    throw new UsageError(
      '--can-file opens the channel with the CAN, and --channel with another code: give one of them',
    );
  }
  if (sessionKeys !== null && !recorded) {
    throw new UsageError('--session-keys keeps the keys of a trace; give --record FILE too');
  }
  const code = canFile === undefined ? (channel ?? (channelFile === undefined ? null : 'can')) : 'can';
  return { code, codeFile: canFile ?? channelFile ?? null, terminalKeys, sessionKeys };
}

/** `--evidence`, `--evidence-key`, `--image-key`; null without the first. @throws {UsageError} one without the other */
export function evidenceChoice(options: {
  evidence?: string;
  evidenceKey?: string;
  imageKey?: string;
}): EvidenceChoice | null {
  const { evidence: folder, evidenceKey: key, imageKey = null } = options;
  if ((folder === undefined) !== (key === undefined)) {
    throw new UsageError('--evidence FOLDER and --evidence-key FILE go together (a key: vitap evidence keygen)');
  }
  if (imageKey !== null && folder === undefined) throw new UsageError('--image-key goes with --evidence');
  return folder === undefined || key === undefined ? null : { folder, key, imageKey };
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

/** An origin as a server names itself. @throws {UsageError} */
export function checkOrigin(text: string): void {
  if (/^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text) return;
  throw new UsageError(`"${text}" is no origin: scheme, host and port, such as http://127.0.0.1:8620`);
}

/** An address or an identifier, as debuggers write them. @throws {InvalidArgumentError} */
export function parseAddress(text: string): number {
  if (!/^0x[0-9A-Fa-f]{1,8}$/.test(text))
    throw new InvalidArgumentError('It is written in hexadecimal, as 0x08000000.');
  return Number(text);
}
