import { setImmediate as turn } from 'node:timers/promises';
import { CommandApdu } from '../../../src/apdu/command.ts';
import { fromHex, SW } from '../../../src/apdu/index.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import {
  protectCommand,
  protectResponse,
  SecureSession,
  unprotectCommand,
  unprotectResponse,
} from '../../../src/secure-channel/index.ts';
import { CannotRun } from '../../console/failure.ts';
import { ascending, quantile } from '../../figures/quantile.ts';

export interface Microseconds {
  readonly p50us: number;
  readonly p99us: number;
}

/** What secure messaging adds to one command. Bytes are those of command and response APDU. */
export interface MessageFigures {
  readonly id: string;
  readonly command: string;
  readonly n: number;
  readonly plain: { readonly out: number; readonly in: number };
  readonly protected: { readonly out: number; readonly in: number };
  readonly addedBytes: number;
  /** Opening the command and protecting its answer. */
  readonly card: Microseconds;
  /** Protecting the command and opening its answer. */
  readonly reader: Microseconds;
}

/** The card's side of one command against its AES calls alone, in turn. */
export interface AgainstAes {
  readonly id: 'read-record-100-aes';
  readonly n: number;
  readonly card: Microseconds;
  readonly aes: Microseconds;
  /** Median to median. */
  readonly ratio: number;
}

/** Name, plain command, bytes of the answer's data. */
const COMMANDS: readonly (readonly [name: string, command: string, answer: number])[] = [
  ['SELECT by AID, FCI 11', '00A4040007 F042454E434801 00', 11],
  ['VERIFY', '0020000108 313233343536FFFF', 0],
  ['READ RECORD 100', '00B2010C64', 100],
  ['UPDATE RECORD 100', `00DC010C64${'42'.repeat(100)}`, 0],
  ['READ BINARY 231', '00B00000E7', 231],
  ['READ BINARY 1000', '00B00000 0003E8', 1000],
];

const WARM_UP = 5000;
const MOST_DATA = 4096;
const TURN = 2000;

export async function messageFigures(
  crypto: Crypto,
  count: number,
  signal: AbortSignal,
  warmUp: number = WARM_UP,
): Promise<MessageFigures[]> {
  const rows: MessageFigures[] = [];
  for (const [name, hex, length] of COMMANDS) {
    const message = new Message(crypto, parsed(fromHex(hex)), length);
    const times = await inTurn([() => message.onCard(), () => message.onReader()], count, signal, warmUp);
    if (times === null) return rows;
    const plain = { out: message.plain.length, in: length + 2 };
    const sealed = { out: message.sent.length, in: message.answer.length };
    rows.push({
      id: `sm-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`,
      command: name,
      n: count,
      plain,
      protected: sealed,
      addedBytes: sealed.out + sealed.in - plain.out - plain.in,
      card: times[0] as Microseconds,
      reader: times[1] as Microseconds,
    });
  }
  return rows;
}

/**
 * A protected READ RECORD of 100 bytes on the card's side, and the four AES calls that it cannot do without: MAC of the
 * command, initial vector, cryptogram and MAC of the answer, each with a key schedule made before.
 */
export async function readRecordAgainstAes(
  crypto: Crypto,
  count: number,
  signal: AbortSignal,
  warmUp: number = WARM_UP,
): Promise<AgainstAes | null> {
  const message = new Message(crypto, parsed(fromHex('00B2010C64')), 100);
  const key = new Uint8Array(16);
  const [cipher, mac] = [crypto.blockCipher(key), crypto.blockMac(key)];
  const [iv, checksum] = [new Uint8Array(16), new Uint8Array(8)];
  const data = new Uint8Array(256);
  // Counter, header and 97 01 64, each in one block; counter, and 87 71 01 … 99 02 90 00 padded to 8 blocks.
  const [commandMac, cryptogram, answerMac] = [3 * 16, 7 * 16, 9 * 16];
  const alone = (): void => {
    mac.update(data, 0, commandMac);
    mac.finish(checksum, 0, 8);
    cipher.encryptBlock(iv, 0);
    cipher.cbcEncrypt(iv, data, 0, cryptogram);
    mac.update(data, 0, answerMac);
    mac.finish(checksum, 0, 8);
  };
  const times = await inTurn([() => message.onCard(), alone], count, signal, warmUp);
  if (times === null) return null;
  const [card, aes] = times as [Microseconds, Microseconds];
  return { id: 'read-record-100-aes', n: count, card, aes, ratio: card.p50us / aes.p50us };
}

/** One command in a channel, always as its first, so that it can be done again and again. */
class Message {
  /** The plain command, and what goes over the wire: the protected command and its answer, status word included. */
  readonly plain: Uint8Array;
  readonly sent: Uint8Array;
  readonly answer: Uint8Array;
  readonly #command: CommandApdu;
  readonly #length: number;
  readonly #card: SecureSession;
  readonly #reader: SecureSession;
  readonly #received = new CommandApdu();
  readonly #data = new Uint8Array(MOST_DATA);
  readonly #buffer = new Uint8Array(MOST_DATA);

  constructor(crypto: Crypto, command: CommandApdu, length: number) {
    const keys = () => ({ cipher: 'AES-128', enc: new Uint8Array(16), mac: new Uint8Array(16) }) as const;
    this.#card = new SecureSession(crypto, keys());
    this.#reader = new SecureSession(crypto, keys());
    this.#command = command;
    this.#length = length;
    this.plain = command.bytes;
    this.sent = protectCommand(this.#reader, command);
    const sealed = this.onCard();
    this.answer = new Uint8Array(sealed + 2);
    this.answer.set(this.#buffer.subarray(0, sealed));
    this.answer[sealed] = SW.OK >> 8;
  }

  /** @returns bytes of the protected data field */
  onCard(): number {
    this.#card.counter.fill(0);
    const { ins } = this.#command;
    this.#received.parse(this.sent, 0, this.sent.length);
    const status = unprotectCommand(this.#card, this.#received, this.#data);
    if (status !== SW.OK) throw new CannotRun('the card refused a command that was protected for it');
    return protectResponse(this.#card, this.#buffer, this.#length, SW.OK, (ins & 1) !== 0);
  }

  onReader(): void {
    this.#reader.counter.fill(0);
    protectCommand(this.#reader, this.#command);
    unprotectResponse(this.#reader, this.answer, { odd: (this.#command.ins & 1) !== 0 });
  }
}

function parsed(bytes: Uint8Array): CommandApdu {
  const command = new CommandApdu();
  command.parse(bytes, 0, bytes.length);
  return command;
}

/** Times of single calls, less what reading the clock takes, each call in turn with the others. @returns null: aborted */
async function inTurn(
  calls: readonly (() => unknown)[],
  count: number,
  signal: AbortSignal,
  warmUp: number,
): Promise<Microseconds[] | null> {
  for (let i = 0; i < warmUp; i++) for (const call of calls) call();
  const samples = calls.map(() => new Float64Array(count));
  const clock = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    if (i % TURN === 0) {
      await turn();
      if (signal.aborted) return null;
    }
    const before = performance.now();
    let from = performance.now();
    clock[i] = from - before;
    for (const [index, call] of calls.entries()) {
      from = performance.now();
      call();
      (samples[index] as Float64Array)[i] = performance.now() - from;
    }
  }
  const clockMs = quantile(clock.sort(), 0.5);
  return samples.map((each) => {
    const sorted = ascending(each);
    // A nanosecond is the least that can be told.
    const us = (share: number): number => Math.max((quantile(sorted, share) - clockMs) * 1000, 0.001);
    return { p50us: us(0.5), p99us: us(0.99) };
  });
}
