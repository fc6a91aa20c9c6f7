import { closeSync, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CardInterface } from '../../src/hal/card-link.ts';
import { HalError } from '../../src/hal/errors.ts';
import { giveName, removeQuietly, syncFolder, writeAll } from '../../src/hal/nvm/replace-file.ts';
import { storageError, systemErrorCode } from '../../src/hal/nvm/storage-error.ts';
import { openStream, writeTarget } from '../../src/hal/nvm/write-target.ts';
import { maskedHex } from './masked-hex.ts';
import {
  type BlockEvent,
  MASK_KINDS,
  TRACE_FORMAT,
  TRACE_VERSION,
  type TraceBackend,
  type TraceEvent,
  type TraceHeader,
} from './model.ts';
import { Pseudonyms } from './pseudonyms.ts';
import { redactText } from './redaction.ts';
import { SessionRedactor } from './session-redactor.ts';

/** What is known of a session when its recording begins. */
export interface TraceDescription {
  /** What makes the trace: `vitap tap`. */
  readonly source: string;
  readonly backend: TraceBackend;
  readonly reader?: string | null;
  /** Which driver of ours serves it. */
  readonly driver?: string | null;
  readonly interface?: CardInterface | null;
  readonly atr?: Uint8Array | null;
  readonly ats?: Uint8Array | null;
  /** For people: `profile vitale2`. */
  readonly card?: string | null;
  /** What the card draws from, where it is ours and draws from a seed. */
  readonly cardSeed?: string | null;
  /** Id of the file that the session keys go to. */
  readonly sessionKeys?: string | null;
  /** Wall time, ISO 8601; now by default. */
  readonly startedAt?: string;
}

export interface TraceOptions {
  /** Writes codes, keys, NIRs, names and birth dates as they are. Default false. */
  readonly keepSecrets?: boolean;
  /** Key of the hashes that masks have; by default a random one that is not kept. */
  readonly redactionKey?: Uint8Array;
  /** The clock's reading that is 0 in the trace; that of the first event by default. */
  readonly originNs?: number;
}

/** What a card answered to its activation. */
export interface PowerAnswer {
  readonly atr?: Uint8Array;
  /** With its length byte, without CRC. */
  readonly ats?: Uint8Array;
  readonly uid?: Uint8Array;
}

/** Characters gathered before they are written: a recording is to change the times of what it records but little. */
const BATCH_LENGTH = 65_536;
/** How long a line may stay in memory: after a kill, so much of the end is missing. */
const LONGEST_DELAY_MS = 1000;
const FILE_NAMES_TRIED = 1000;

/**
 * Writes a trace line by line, under a temporary name beside its own until `close`.
 *
 * The calls for events are synchronous, copy what they are given, and never throw for the disk's sake: a recording
 * that fails must not end the session. From the first failure on they do nothing; `failure` and `close` tell.
 */
export class TraceWriter {
  readonly path: string;
  /** Where the lines are until `close`: a device or a pipe has no other place. */
  readonly temporaryPath: string;
  readonly #descriptor: number;
  readonly #redactor: SessionRedactor | null;
  #originNs: number | null;
  #pending = '';
  #written = 0;
  #timer: NodeJS.Timeout | null = null;
  #failure: HalError | null = null;
  #open = true;

  private constructor(
    path: string,
    temporaryPath: string,
    descriptor: number,
    description: TraceDescription,
    options: TraceOptions,
    pseudonyms: Pseudonyms | null,
  ) {
    this.path = path;
    this.temporaryPath = temporaryPath;
    this.#descriptor = descriptor;
    const on = { interface: description.interface ?? null };
    this.#redactor = pseudonyms === null ? null : new SessionRedactor(on, pseudonyms);
    this.#originNs = options.originNs ?? null;
  }

  /** @throws {HalError} `storage` when the file cannot be made or its header not be written */
  static async create(path: string, description: TraceDescription, options: TraceOptions = {}): Promise<TraceWriter> {
    const [temporaryPath, descriptor] = writeTarget(path).kind === 'file' ? openBeside(path) : [path, openStream(path)];
    const pseudonyms = options.keepSecrets === true ? null : new Pseudonyms(options.redactionKey);
    const writer = new TraceWriter(path, temporaryPath, descriptor, description, options, pseudonyms);
    writer.#add(JSON.stringify(header(description, pseudonyms)));
    writer.#writePending();
    if (writer.#failure !== null) {
      const failure = writer.#failure;
      writer.#closeDescriptor();
      writer.#removeTemporary();
      throw storageError('cannot write', path, failure.cause);
    }
    return writer;
  }

  /** Why nothing is recorded any more, or null. */
  get failure(): HalError | null {
    return this.#failure;
  }

  /** The card's power came, went, or it was reset. @param answer the ATR, or ATS and UID, where known */
  power(state: 'on' | 'reset' | 'off', tNs: number, answer?: Uint8Array | PowerAnswer): void {
    if (!this.#records) return;
    const known = answer instanceof Uint8Array ? { atr: answer } : (answer ?? {});
    const { atr, ats, uid } = known;
    this.#event({
      type: 'power',
      t: this.#time(tNs),
      state,
      ...(atr === undefined ? {} : { atr: maskedHex(atr) }),
      ...(ats === undefined ? {} : { ats: maskedHex(ats) }),
      ...(uid === undefined ? {} : { uid: maskedHex(uid) }),
    });
  }

  field(state: 'on' | 'off', tNs: number): void {
    if (this.#records) this.#event({ type: 'field', t: this.#time(tNs), state });
  }

  /**
   * A frame below the APDUs. A trace without contacts takes it for ISO/IEC 14443 and masks in it what is masked in the
   * APDU; of other frames all but the first three bytes is masked.
   * @param frame with its CRC when `crc` is given
   */
  block(from: 'reader' | 'card', frame: Uint8Array, tNs: number, more: Pick<BlockEvent, 'crc' | 'bits'> = {}): void {
    if (!this.#records) return;
    this.#event({ type: 'block', t: this.#time(tNs), from, frame: maskedHex(frame), ...more }, frame);
  }

  /** @param apdu a command APDU, or whatever was sent as one */
  command(apdu: Uint8Array, tNs: number): void {
    if (this.#records) this.#event({ type: 'command', t: this.#time(tNs), apdu: maskedHex(apdu) }, apdu);
  }

  /** @param apdu a response APDU, status word included */
  response(apdu: Uint8Array, tNs: number): void {
    if (this.#records) this.#event({ type: 'response', t: this.#time(tNs), apdu: maskedHex(apdu) }, apdu);
  }

  note(text: string, tNs: number): void {
    if (this.#records) this.#event({ type: 'note', t: this.#time(tNs), text });
  }

  /**
   * Finishes the trace and gives it its name. Harmless the second time.
   * @throws {HalError} `storage`: what could be recorded is whole lines under the temporary name
   */
  async close(): Promise<void> {
    if (!this.#open) return;
    if (this.#failure === null) for (const event of this.#redactor?.end() ?? []) this.#add(JSON.stringify(event));
    this.#writePending();
    try {
      if (this.#failure === null && !this.#isStream) fsyncSync(this.#descriptor);
    } catch (cause) {
      this.#fail(cause);
    }
    this.#closeDescriptor();
    if (this.#failure !== null) throw this.#failure;
    if (this.#isStream) return;
    let path: string;
    try {
      path = giveName(this.temporaryPath, this.path);
    } catch (cause) {
      this.#fail(cause);
      throw this.#failure;
    }
    syncFolder(dirname(path), this.path);
  }

  /** Ends without a trace: what has the name already stays as it is. Harmless after `close`. */
  discard(): void {
    if (!this.#open) return;
    this.#pending = '';
    this.#closeDescriptor();
    this.#removeTemporary();
  }

  get #isStream(): boolean {
    return this.temporaryPath === this.path;
  }

  #removeTemporary(): void {
    if (!this.#isStream) removeQuietly(this.temporaryPath);
  }

  get #records(): boolean {
    if (!this.#open) throw new Error(`the trace ${this.path} was closed`);
    return this.#failure === null;
  }

  #time(tNs: number): number {
    this.#originNs ??= tNs;
    return Math.round(tNs - this.#originNs);
  }

  #event(event: TraceEvent, bytes?: Uint8Array): void {
    if (this.#redactor === null) this.#add(JSON.stringify(event));
    else for (const ready of this.#redactor.next(event, bytes)) this.#add(JSON.stringify(ready));
    if (this.#pending.length >= BATCH_LENGTH) this.#writePending();
  }

  #add(line: string): void {
    this.#pending += `${line}\n`;
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => this.#writePending(), LONGEST_DELAY_MS);
    this.#timer.unref();
  }

  #writePending(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#failure !== null || this.#pending === '') return;
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    try {
      writeAll(this.#descriptor, bytes);
      this.#written += bytes.length;
    } catch (cause) {
      this.#cutToWholeLines();
      this.#fail(cause);
    }
  }

  /** A disk that fills up takes a part of what it is given. */
  #cutToWholeLines(): void {
    try {
      ftruncateSync(this.#descriptor, this.#written);
    } catch {
      // A reader says which line is cut off.
    }
  }

  #fail(cause: unknown): void {
    this.#pending = '';
    const consequence = this.#isStream ? undefined : `what was recorded before is in ${this.temporaryPath}`;
    this.#failure =
      cause instanceof HalError
        ? new HalError('storage', `${cause.message}; ${consequence}`, { cause })
        : storageError('cannot write', this.path, cause, consequence);
  }

  #closeDescriptor(): void {
    this.#open = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    try {
      closeSync(this.#descriptor);
    } catch (cause) {
      if (this.#failure === null) this.#fail(cause);
    }
  }
}

function header(description: TraceDescription, pseudonyms: Pseudonyms | null): TraceHeader {
  const secretsKept = pseudonyms === null;
  const plain = (text: string): string => (secretsKept ? text : redactText(text).text);
  const { reader = null, card = null, atr = null, ats = null, driver = null, cardSeed = null } = description;
  const { sessionKeys = null } = description;
  return {
    type: 'header',
    format: TRACE_FORMAT,
    version: TRACE_VERSION,
    source: plain(description.source),
    backend: description.backend,
    reader: reader === null ? null : plain(reader),
    interface: description.interface ?? null,
    atr: atr === null ? null : maskedHex(atr),
    ats: ats === null ? null : maskedHex(ats),
    card: card === null ? null : plain(card),
    clock: 'ns',
    startedAt: description.startedAt ?? new Date().toISOString(),
    redactions: secretsKept ? [] : MASK_KINDS,
    secretsKept,
    ...(pseudonyms === null ? {} : { redactionKey: pseudonyms.keyId }),
    ...(driver === null ? {} : { driver: plain(driver) }),
    ...(cardSeed === null ? {} : { cardSeed: plain(cardSeed) }),
    ...(sessionKeys === null ? {} : { sessionKeys }),
  };
}

/**
 * A new file beside `path`, or beside what its symbolic links lead to; an old one, of whatever killed process, is left to
 * whoever wants to read it.
 * @throws {HalError} `storage`: also what is no plain file
 */
export function openBeside(path: string): [string, number] {
  const target = writeTarget(path);
  if (target.kind !== 'file') throw new HalError('storage', `cannot write ${path}: it is no plain file`);
  for (let number = 1; ; number++) {
    const temporaryPath = `${target.path}.${process.pid}-${number}.tmp`;
    try {
      return [temporaryPath, openSync(temporaryPath, 'wx', 0o600)];
    } catch (cause) {
      if (systemErrorCode(cause) !== 'EEXIST' || number === FILE_NAMES_TRIED) {
        throw storageError('cannot write', path, cause);
      }
    }
  }
}
