import { CommandApdu, encodeCommand } from '../../src/apdu/command.ts';
import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { encodeResponse } from '../../src/apdu/response.ts';
import { SW } from '../../src/apdu/status-word.ts';
import type { Crypto } from '../../src/hal/crypto.ts';
import { ChannelError, SecureSession, unprotectCommand, unprotectResponse } from '../../src/secure-channel/index.ts';
import type { RecordedKeys, SessionKeyFile } from '../channel/session-key-file.ts';
import { CannotRun } from '../console/failure.ts';
import { counted } from '../report/words.ts';
import { bytesOf, maskedHex } from './masked-hex.ts';
import type { CommandEvent, ResponseEvent, TraceEvent } from './model.ts';
import { isProtectedCommand } from './protected-form.ts';
import type { TraceSource } from './stream.ts';

/** How much of what was protected could be opened. */
export interface OpenedCount {
  protected: number;
  opened: number;
}

/** `12 of 14 protected commands were opened with keys.json` */
export function openedInWords({ protected: all, opened: some }: OpenedCount, keys: string): string {
  if (all === 0) return `nothing in the trace is protected: ${keys} was not needed`;
  return `${some} of ${counted(all, 'protected command')} ${some === 1 ? 'was' : 'were'} opened with ${keys}`;
}

/**
 * A trace with the plain APDUs beside the protected ones.
 * @param count is counted up while the events are read
 * @throws {CannotRun} the keys are those of another trace
 */
export function withPlain(
  { header, events }: TraceSource,
  file: SessionKeyFile,
  crypto: Pick<Crypto, 'blockCipher' | 'blockMac'>,
  count: OpenedCount,
): TraceSource {
  if (header.sessionKeys !== undefined && header.sessionKeys !== file.id) {
    throw new CannotRun(
      `these are session keys ${file.id}, and the trace was made with ${header.sessionKeys}: they open nothing in it`,
    );
  }
  return { header, events: () => opened(events(), new Inside(file.keys, crypto), count) };
}

/** The same with the keys in a file; null: as it is. @throws {CannotRun} no such keys, or those of another trace */
export async function openedWith(source: TraceSource, keys: string | null, count: OpenedCount): Promise<TraceSource> {
  if (keys === null) return source;
  const [{ readSessionKeys }, { nobleCiphers }] = await Promise.all([
    import('../channel/session-key-file.ts'),
    import('../../src/hal/noble/ciphers.ts'),
  ]);
  return withPlain(source, readSessionKeys(keys), nobleCiphers(), count);
}

async function* opened(
  events: AsyncIterable<TraceEvent>,
  inside: Inside,
  count: OpenedCount,
): AsyncGenerator<TraceEvent, void, undefined> {
  for await (const event of events) {
    if (event.type === 'command') yield withInner(event, inside.command(bytesOf(event.apdu)), count, true);
    else if (event.type === 'response') yield withInner(event, inside.response(bytesOf(event.apdu)), count, false);
    else {
      if (event.type === 'power' || event.type === 'field') inside.reset();
      yield event;
    }
  }
}

function withInner<E extends CommandEvent | ResponseEvent>(
  event: E,
  outcome: Uint8Array | 'closed' | null,
  count: OpenedCount,
  isCommand: boolean,
): E {
  // What was opened before, and masked, stays.
  if (outcome === null || event.plain !== undefined) return event;
  if (isCommand) count.protected++;
  if (outcome === 'closed') return event;
  if (isCommand) count.opened++;
  return { ...event, plain: { apdu: maskedHex(outcome) } };
}

const GET_RESPONSE = 0xc0;
const MORE_DATA = 0x61;
const WRONG_LE = 0x6c;
/** Of the longest command and a block of padding. */
const LONGEST = 65_536 + 16;

/** Follows the sessions of a trace, each with its keys. The MAC says which keys are the right ones. */
class Inside {
  readonly #keys: readonly RecordedKeys[];
  readonly #crypto: Pick<Crypto, 'blockCipher' | 'blockMac'>;
  readonly #view = new CommandApdu();
  readonly #buffer = new Uint8Array(LONGEST);
  /** Keys before this one belong to sessions that have begun. */
  #next = 0;
  #current: RecordedKeys | null = null;
  /** Counter after the last message that was opened. */
  readonly #counter = new Uint8Array(16);
  /** Of the protected command that waits for its answer; null when none does. */
  #waiting: { readonly odd: boolean; readonly before: Uint8Array; parts: Uint8Array } | null = null;

  constructor(keys: readonly RecordedKeys[], crypto: Pick<Crypto, 'blockCipher' | 'blockMac'>) {
    this.#keys = keys;
    this.#crypto = crypto;
  }

  reset(): void {
    this.#current = null;
    this.#waiting = null;
  }

  /** @returns the plain command; `closed`: protected, and no keys fit; null: in clear */
  command(apdu: Uint8Array): Uint8Array | 'closed' | null {
    if (this.#waiting !== null && apdu[1] === GET_RESPONSE && !isProtectedCommand(apdu)) return null;
    this.#waiting = null;
    if (!isProtectedCommand(apdu)) return null;
    const current = this.#current === null ? null : this.#open(this.#current, this.#counter, apdu);
    if (current !== null) return current;
    for (let i = this.#next; i < this.#keys.length; i++) {
      const keys = this.#keys[i] as RecordedKeys;
      const plain = this.#open(keys, new Uint8Array(16), apdu);
      if (plain === null) continue;
      this.#current = keys;
      this.#next = i + 1;
      return plain;
    }
    return 'closed';
  }

  /** @returns the plain answer; null: in clear, or a part of one that goes on */
  response(apdu: Uint8Array): Uint8Array | null {
    const waiting = this.#waiting;
    if (waiting === null || this.#current === null) return null;
    // The transport asks for another Le: the same command comes again.
    if (apdu.length === 2 && apdu[0] === WRONG_LE) {
      this.#counter.set(waiting.before);
      this.#waiting = null;
      return null;
    }
    const whole = Uint8Array.from([...waiting.parts, ...apdu]);
    const session = this.#session(this.#current, this.#counter);
    try {
      const { data, status } = unprotectResponse(session, whole, { odd: waiting.odd });
      this.#counter.set(session.counter);
      this.#waiting = null;
      return encodeResponse(data, status);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      if (apdu.at(-2) === MORE_DATA) waiting.parts = whole.subarray(0, -2);
      else this.#waiting = null;
      return null;
    } finally {
      session.close();
    }
  }

  #open(keys: RecordedKeys, counter: Uint8Array, apdu: Uint8Array): Uint8Array | null {
    const view = this.#view;
    if (!view.parse(apdu, 0, apdu.length) || view.encoding === 'malformed') return null;
    const session = this.#session(keys, counter);
    const before = copyBytes(counter);
    try {
      if (unprotectCommand(session, view, this.#buffer) !== SW.OK) return null;
      this.#waiting = { odd: (view.ins & 1) !== 0, before, parts: new Uint8Array(0) };
      this.#counter.set(session.counter);
      const { cla, ins, p1, p2, nc, ne, extended } = view;
      const data = view.bytes.subarray(view.dataOffset, view.dataOffset + nc);
      return encodeCommand({ cla, ins, p1, p2, data, ne, extended });
    } finally {
      session.close();
    }
  }

  #session({ cipher, enc, mac }: RecordedKeys, counter: Uint8Array): SecureSession {
    return new SecureSession(this.#crypto, { cipher, enc: copyBytes(enc), mac: copyBytes(mac) }, counter);
  }
}

/**
 * The conversation inside the channel alone, as a card and a reader without secure messaging would have it: the plain
 * APDUs in the place of the protected ones. What was in clear stays; frames, which carry what was protected, go.
 * @param protectedOnes gets the commands that are given in the place of protected ones; absent: nobody is told
 */
export async function* plainOnly(
  events: AsyncIterable<TraceEvent>,
  protectedOnes?: WeakSet<TraceEvent>,
): AsyncGenerator<TraceEvent, void, undefined> {
  let inside = false;
  for await (const event of events) {
    if (event.type === 'block') continue;
    if (event.type === 'command') {
      // The rest of an answer; the whole comes with the last part.
      if (event.plain === undefined && inside && event.apdu.slice(2, 4) === 'C0') continue;
      inside = event.plain !== undefined;
      const command = inPlace(event);
      if (inside) protectedOnes?.add(command);
      yield command;
    } else if (event.type === 'response') {
      if (event.plain === undefined && inside && event.apdu.slice(-4, -2) === '61') continue;
      inside = false;
      yield inPlace(event);
    } else yield event;
  }
}

function inPlace(event: CommandEvent | ResponseEvent): TraceEvent {
  const { type, t, plain } = event;
  return plain === undefined ? event : { type, t, ...plain };
}

/** A channel was open in the trace from here on. */
export interface ChannelEvent {
  readonly type: 'channel';
  readonly t: number;
}

const MSE = '22';
const GENERAL_AUTHENTICATE = '86';
/** P1-P2 of MSE that belong to the opening: PACE, terminal authentication, chip authentication. */
const OPENING: ReadonlySet<string> = new Set(['C1A4', '81B6', '81A4', '41A4']);
const VERIFY_CERTIFICATE = '2A00BE';
const READ_BINARY = 'B0';
/** P1 of READ BINARY with the short identifier 1D. */
const CARD_SECURITY = '9D';
const GET_CHALLENGE = '84';
const EXTERNAL_AUTHENTICATE = '82';

/**
 * The plain conversation without the exchanges that opened its channels, whose keys and signatures are never the same
 * twice: in their place stands where a channel has to be open.
 */
export async function* withoutOpening(
  events: AsyncIterable<TraceEvent>,
): AsyncGenerator<TraceEvent | ChannelEvent, void, undefined> {
  let opened: 'no' | 'opening' | 'yes' = 'no';
  let terminal = false;
  let security = false;
  let leftOut = false;
  for await (const event of events) {
    if (event.type === 'power' || event.type === 'field') opened = 'no';
    if (event.type === 'response' && leftOut) continue;
    if (event.type !== 'command') {
      yield event;
      continue;
    }
    const [instruction, parameters] = [event.apdu.slice(2, 4), event.apdu.slice(4, 8)];
    // EF.CardSecurity, read between terminal and chip authentication: by its short identifier, then on from an offset.
    const reads = opened === 'opening' && instruction === READ_BINARY;
    security = reads && (parameters.startsWith(CARD_SECURITY) || (security && parameters < '80'));
    leftOut =
      security ||
      (instruction === MSE && OPENING.has(parameters)) ||
      instruction === GENERAL_AUTHENTICATE ||
      instruction + parameters === VERIFY_CERTIFICATE ||
      (terminal && (instruction === GET_CHALLENGE || instruction === EXTERNAL_AUTHENTICATE));
    if (instruction === MSE) terminal = parameters === '81A4';
    if (leftOut) {
      opened = 'opening';
      continue;
    }
    if (opened === 'opening') {
      opened = 'yes';
      yield { type: 'channel', t: event.t };
    }
    yield event;
  }
}
