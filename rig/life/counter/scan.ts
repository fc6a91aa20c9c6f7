import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { CannotRun } from '../../console/failure.ts';
import { readInputFile } from '../../console/input-file.ts';
import type { CommandIo, ExitCode } from '../../console/io.ts';
import { MOST_QR_CHARACTERS } from '../credential/offline-qr.ts';
import { PRESENCE_PREFIX, parsePresenceQr } from '../credential/presence-qr.ts';
import { QrRefusal } from '../credential/qr-refusal.ts';
import { readScannerLine, type ScannedLine } from '../credential/scanner-line.ts';
import { CounterFolder } from './counter-folder.ts';
import { CounterFailure } from './failures.ts';
import { readingOfOfflineCode } from './offline-code.ts';
import { type CounterReading, dayOf, judged } from './reading.ts';
import { readingOfPresence } from './resolve-presence.ts';
import { withIssuers } from './signed-issuers.ts';
import { tellReading } from './tell-reading.ts';
import { loadTrust, type TrustChoice } from './trust-sources.ts';

/** Of a picture file: a photograph of a good phone. */
const LARGEST_PICTURE = 16 * 1024 * 1024;

export interface CounterScanOptions extends TrustChoice {
  /** Picture file; null: a line on standard input. */
  readonly image: string | null;
  /** Keys of the terminal, which sign requests to the issuer; null: none. */
  readonly keys: string | null;
  /** Folder of the counter; null: the station's own. */
  readonly counter: string | null;
  readonly rightsOn: string | null;
  readonly show: boolean;
  readonly timeoutMs: number;
}

/** `vitap counter scan`: a presence or an offline code, from a scanner's line, pasted text or a picture. */
export async function counterScan(
  options: CounterScanOptions,
  io: CommandIo,
  input: NodeJS.ReadableStream = process.stdin,
): Promise<ExitCode> {
  // Before anybody scans for nothing.
  CounterFolder.of(options.counter, io.env);
  return tellReading(await readScanned(await scannedText(options, io, input), options, io), options.show, io);
}

/** The reading of the text of a QR code; of somebody who is refused without the people. @throws {CounterFailure} */
export async function readScanned(
  text: string,
  options: Omit<CounterScanOptions, 'image' | 'show'>,
  io: CommandIo,
): Promise<CounterReading> {
  const at = new Date();
  const time = { at, rightsOn: options.rightsOn ?? dayOf(at) };
  const folder = CounterFolder.of(options.counter, io.env);
  const { issuer: origin, timeoutMs } = options;
  if (text.startsWith(PRESENCE_PREFIX)) {
    const presence = believable(() => parsePresenceQr(text));
    if (origin === null) throw new CounterFailure('no-issuer');
    const reading = await withIssuers(options, io, (issuerAt) =>
      readingOfPresence(presence, 'presence QR', issuerAt(origin), origin, folder, time),
    );
    return judged(reading);
  }
  const crypto = nobleCrypto();
  const { trust, warnings } = await loadTrust(options, { crypto, folder, signal: io.signal, timeoutMs });
  if (trust === null) throw new CounterFailure('no-trust');
  const reading = await readingOfOfflineCode(text, trust, crypto, origin, folder, time, options.acceptUnchecked);
  return judged({ ...reading, warnings: [...warnings, ...reading.warnings] });
}

/** What was scanned or pasted, or stands in a picture, before anybody believes it. @throws {CounterFailure} {CannotRun} */
async function scannedText(
  { image }: CounterScanOptions,
  io: CommandIo,
  input: NodeJS.ReadableStream,
): Promise<string> {
  if (image !== null) return textOfPicture(readInputFile(image, 'a picture', LARGEST_PICTURE), image);
  if (io.stdinIsTty) io.stderr('Scan the code, or paste it and press Enter.\n');
  const line = await firstLine(input, MOST_QR_CHARACTERS + 64, io.signal);
  const { text, repairs } = scannedLine(line);
  for (const repair of repairs) io.stderr(`what the scanner typed was put right: ${repair}\n`);
  return text;
}

/** The text of a scanner's line, and what was put right. @throws {CounterFailure} */
export function scannedLine(line: string): ScannedLine {
  return believable(() => readScannerLine(line));
}

/** @param name for the sentence @throws {CounterFailure} */
export async function textOfPicture(picture: Uint8Array, name: string): Promise<string> {
  const { QrPictureError, readQrPicture } = await import('../credential/read-qr-picture.ts');
  try {
    return await readQrPicture(picture);
  } catch (cause) {
    if (!(cause instanceof QrPictureError)) throw cause;
    throw new CounterFailure('picture-unreadable', `${name}: ${cause.message}`, { cause });
  }
}

function believable<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof QrRefusal)) throw cause;
    throw new CounterFailure('qr-refused', cause.message, { cause, reason: cause.code });
  }
}

/** The first line that is not empty, without its end. @throws {CannotRun} none, or a longer one */
async function firstLine(input: NodeJS.ReadableStream, most: number, signal: AbortSignal): Promise<string> {
  let text = '';
  const stop = (): void => void ('destroy' in input && (input as { destroy(): void }).destroy());
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of input) {
      text = `${text}${chunk}`.replace(/^[\r\n]+/, '');
      const end = text.search(/[\r\n]/);
      if (end >= 0) text = text.slice(0, end);
      if (text.length > most)
        throw new CannotRun(`the line is longer than ${most} characters, which no code of ours is`);
      if (end >= 0) return text;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  if (text === '') throw new CannotRun('nothing was scanned: standard input ended before a line came');
  return text;
}
