import { TlvReader } from '../../../src/apdu/ber-tlv-reader.ts';
import { type CommandFields, encodeCommand } from '../../../src/apdu/command.ts';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { INS } from '../../../src/apdu/instruction.ts';
import { formatStatusWord, SW } from '../../../src/apdu/status-word.ts';
import type { Card } from '../../../src/applet/card.ts';
import {
  decodeInvoice,
  encodeHeld,
  encodeInvoice,
  type Invoice,
  OWN_AID,
  readHeld,
} from '../../../src/applet/vitale/index.ts';
import { PUK as PUK_FILE, SCREEN } from './blank-card.ts';
import { PhoneRefusal } from './refusals.ts';
import { WiredSession } from './wired-session.ts';

const CODE = 0x81;
const PUK = 0x82;
export const DEVICE_KEY = 0x82;
export const HOLDER_KEY = 0x83;
const SFI = { beneficiaries: 0x02, invoices: 0x04, presence: 0x05, credential: 0x06, sdJwt: 0x07 } as const;
const SIZE = { presence: 128, credential: 1280, sdJwt: 6144, invoice: 112 } as const;
const BY_NUMBER = 0x04;
const PIECE = 0xf0;
const FORGET = 0xff;

/** The digits that the phone's screen shows. The first code is null once a code was chosen. */
export interface Screen {
  readonly can: string;
  readonly firstCode: string | null;
}

/** What the phone does with its card, by APDUs on its own interface. */
export class CardSide {
  readonly #session: WiredSession;

  constructor(card: Card, now: () => number) {
    this.#session = new WiredSession(card, now);
  }

  /** Whether TERMINATE CARD USAGE was carried out. */
  get isTerminated(): boolean {
    return this.#send({ ins: INS.SELECT, p1: 0x00, p2: 0x0c, data: fid(0x3f00) }).sw === SW.CONDITIONS_NOT_SATISFIED;
  }

  /** Life cycle status byte of the application. */
  get lifeCycle(): number {
    const { data } = this.#do({ ins: INS.SELECT, p1: 0x04, p2: 0x04, data: OWN_AID, ne: 256 });
    const outer = new TlvReader(data);
    const inner = outer.next() ? outer.enter() : null;
    while (inner?.next() === true) if (inner.tag === 0x8a) return inner.value()[0] ?? 0;
    return 0;
  }

  screen(): Screen {
    this.#selectScreen();
    const text = String.fromCharCode(...this.#do({ ins: INS.READ_BINARY, p1: 0, p2: 0, ne: 256 }).data);
    const part = (from: number, length: number): string | null => {
      const digits = text.slice(from, from + length);
      return /^[0-9]+$/.test(digits) ? digits : null;
    };
    return {
      can: part(0, SCREEN.CAN) ?? '',
      firstCode: part(SCREEN.CAN, SCREEN.CODE),
    };
  }

  clearFirstCode(): void {
    this.#selectScreen();
    this.#do({ ins: INS.UPDATE_BINARY, p1: 0, p2: SCREEN.CAN, data: new Uint8Array(SCREEN.CODE) });
  }

  /** After the code; null once it was cleared. */
  puk(): string | null {
    const digits = this.#read(PUK_FILE.SFI, PUK_FILE.LENGTH);
    return digits[0] === 0 ? null : String.fromCharCode(...digits);
  }

  /** In one transaction of the card. */
  clearPuk(): void {
    this.#write(PUK_FILE.SFI, new Uint8Array(PUK_FILE.LENGTH));
  }

  /** Tries of the code that are left. */
  triesLeft(): number {
    this.#select();
    const { sw } = this.#send({ ins: INS.VERIFY, p1: 0, p2: CODE });
    return (sw & 0xfff0) === SW.COUNTER ? sw & 0x0f : 0;
  }

  /** Types the code, which opens the window too. @throws {PhoneRefusal} `wrong-code`, `blocked-code`, `code-length` */
  verify(code: Uint8Array): void {
    if (code.length !== SCREEN.CODE) throw new PhoneRefusal('code-length');
    this.#select();
    const command = encodeCommand({ cla: 0, ins: INS.VERIFY, p1: 0, p2: CODE, data: code });
    try {
      refuseCode(statusOf(this.#session.exchange(command)), 'wrong-code', 'blocked-code');
    } finally {
      command.fill(0);
    }
  }

  /** Forgets the code that was typed, and closes the window. */
  forget(): void {
    this.#select();
    this.#send({ ins: INS.VERIFY, p1: FORGET, p2: CODE });
  }

  /** @throws {PhoneRefusal} `wrong-code`, `blocked-code` */
  changeCode(code: Uint8Array, fresh: Uint8Array): void {
    this.#withBoth(INS.CHANGE_REFERENCE_DATA, CODE, code, fresh, 'wrong-code', 'blocked-code');
  }

  /** @throws {PhoneRefusal} `wrong-puk`, `blocked-puk`, `puk-length` */
  unblock(puk: Uint8Array, fresh: Uint8Array): void {
    if (puk.length !== PUK_FILE.LENGTH) throw new PhoneRefusal('puk-length');
    this.#withBoth(INS.RESET_RETRY_COUNTER, CODE, puk, fresh, 'wrong-puk', 'blocked-puk');
  }

  /** Spends every try of the code. @param code the right one */
  blockCode(code: Uint8Array): void {
    const wrong = Uint8Array.from(code);
    wrong[0] = (code[0] as number) ^ 1;
    // A query while the code is verified says nothing of its tries.
    this.forget();
    for (let tries = this.triesLeft(); tries > 0; tries--) {
      try {
        this.verify(wrong);
      } catch (error) {
        if (!(error instanceof PhoneRefusal) || !['wrong-code', 'blocked-code'].includes(error.code)) throw error;
      }
    }
  }

  /** Tries of the PUK that are left. */
  pukTriesLeft(): number {
    this.#select();
    const { sw } = this.#send({ ins: INS.VERIFY, p1: 0, p2: PUK });
    return (sw & 0xfff0) === SW.COUNTER ? sw & 0x0f : 0;
  }

  /** `04 X Y`; null: the key was not generated yet. */
  publicKey(reference: number): Uint8Array | null {
    this.#select();
    const answer = this.#send({ ins: INS.GENERATE_ASYMMETRIC_KEY_PAIR, p1: 0x81, p2: reference, ne: 256 });
    if (answer.sw === SW.CONDITIONS_NOT_SATISFIED) return null;
    return pointOf(this.#given(answer).data);
  }

  /** After the code. @returns `04 X Y` */
  generateKey(reference: number): Uint8Array {
    this.#select();
    return pointOf(this.#do({ ins: INS.GENERATE_ASYMMETRIC_KEY_PAIR, p1: 0x80, p2: reference, ne: 256 }).data);
  }

  /** @param digest SHA-256. @returns r ‖ s */
  sign(reference: number, digest: Uint8Array): Uint8Array {
    this.#select();
    this.#do({ ins: INS.MANAGE_SECURITY_ENVIRONMENT, p1: 0x41, p2: 0xb6, data: Uint8Array.of(0x84, 0x01, reference) });
    return this.#do({ ins: INS.PERFORM_SECURITY_OPERATION, p1: 0x9e, p2: 0x9a, data: digest, ne: 256 }).data;
  }

  /** After the code, newest first. */
  invoices(): Invoice[] {
    return this.#records(SFI.invoices).map((record) => decodeInvoice(record));
  }

  /** After the code: records of E002. */
  beneficiaries(): Uint8Array[] {
    return this.#records(SFI.beneficiaries);
  }

  appendInvoice(invoice: Invoice): void {
    this.#select();
    this.#do({ ins: INS.APPEND_RECORD, p1: 0, p2: SFI.invoices << 3, data: encodeInvoice(invoice, SIZE.invoice) });
  }

  /** After the code. */
  writePresence(text: string): void {
    this.#write(SFI.presence, encodeHeld(new TextEncoder().encode(text), SIZE.presence));
  }

  clearPresence(): void {
    this.#write(SFI.presence, new Uint8Array(SIZE.presence));
  }

  /** After the code: the inner CWT; null: none was written. */
  credential(): Uint8Array | null {
    return readHeld(this.#read(SFI.credential, SIZE.credential));
  }

  /** After the code; null: none was written. */
  sdJwt(): string | null {
    const held = readHeld(this.#read(SFI.sdJwt, SIZE.sdJwt));
    return held === null ? null : new TextDecoder().decode(held);
  }

  /** After the code. @throws {CardDataError} it is longer than the file */
  writeSdJwt(text: string): void {
    this.#write(SFI.sdJwt, encodeHeld(new TextEncoder().encode(text), SIZE.sdJwt));
  }

  /** For ever: the card overwrites what it has held. */
  terminate(): void {
    this.#do({ ins: INS.TERMINATE_CARD_USAGE, p1: 0, p2: 0 });
  }

  #records(sfi: number): Uint8Array[] {
    this.#select();
    const records: Uint8Array[] = [];
    for (let number = 1; ; number++) {
      const answer = this.#send({ ins: INS.READ_RECORD, p1: number, p2: (sfi << 3) | BY_NUMBER, ne: 256 });
      if (answer.sw === SW.RECORD_NOT_FOUND) return records;
      records.push(this.#given(answer).data);
    }
  }

  #read(sfi: number, size: number): Uint8Array {
    this.#select();
    const content = new Uint8Array(size);
    for (let at = 0; at < size; at += PIECE) {
      const p1 = at === 0 ? 0x80 | sfi : at >> 8;
      const ne = Math.min(PIECE, size - at);
      content.set(this.#do({ ins: INS.READ_BINARY, p1, p2: at & 0xff, ne }).data, at);
    }
    return content;
  }

  #write(sfi: number, content: Uint8Array): void {
    this.#select();
    for (let at = 0; at < content.length; at += PIECE) {
      const p1 = at === 0 ? 0x80 | sfi : at >> 8;
      const data = copyBytes(content, at, Math.min(at + PIECE, content.length));
      this.#do({ ins: INS.UPDATE_BINARY, p1, p2: at & 0xff, data });
    }
  }

  #withBoth(
    ins: number,
    p2: number,
    first: Uint8Array,
    second: Uint8Array,
    wrong: 'wrong-code' | 'wrong-puk',
    blocked: 'blocked-code' | 'blocked-puk',
  ): void {
    this.#select();
    const data = Uint8Array.of(...first, ...second);
    const command = encodeCommand({ cla: 0, ins, p1: 0, p2, data });
    try {
      refuseCode(statusOf(this.#session.exchange(command)), wrong, blocked);
    } finally {
      data.fill(0);
      command.fill(0);
    }
  }

  #select(): void {
    this.#do({ ins: INS.SELECT, p1: 0x04, p2: 0x0c, data: OWN_AID });
  }

  #selectScreen(): void {
    this.#do({ ins: INS.SELECT, p1: 0x00, p2: 0x0c, data: fid(0x3f00) });
    this.#do({ ins: INS.SELECT, p1: 0x02, p2: 0x0c, data: fid(SCREEN.FID) });
  }

  #do(command: Omit<CommandFields, 'cla'>): Answer {
    return this.#given(this.#send(command));
  }

  /** @throws {PhoneRefusal} `not-kept`, `damaged` */
  #given(answer: Answer): Answer {
    if (answer.sw === SW.OK) return answer;
    throw unexpected(answer.sw);
  }

  #send(command: Omit<CommandFields, 'cla'>): Answer {
    const response = this.#session.exchange(encodeCommand({ cla: 0, ...command }));
    return { data: copyBytes(response, 0, response.length - 2), sw: statusOf(response) };
  }
}

interface Answer {
  readonly data: Uint8Array;
  readonly sw: number;
}

function refuseCode(sw: number, wrong: 'wrong-code' | 'wrong-puk', blocked: 'blocked-code' | 'blocked-puk'): void {
  if (sw === SW.OK) return;
  if (sw === SW.METHOD_BLOCKED) throw new PhoneRefusal(blocked);
  if ((sw & 0xfff0) !== SW.COUNTER) throw unexpected(sw);
  const triesLeft = sw & 0x0f;
  throw triesLeft === 0 ? new PhoneRefusal(blocked) : new PhoneRefusal(wrong, { triesLeft });
}

/** What a status word that no card gives in good order means. */
function unexpected(sw: number): PhoneRefusal {
  if (sw === SW.MEMORY_FAILURE) return new PhoneRefusal('not-kept');
  return new PhoneRefusal('damaged', { detail: `it answered ${formatStatusWord(sw)}` });
}

function pointOf(template: Uint8Array): Uint8Array {
  const outer = new TlvReader(template);
  const inner = outer.next() ? outer.enter() : null;
  if (inner?.next() !== true || inner.tag !== 0x86)
    throw new PhoneRefusal('damaged', { detail: 'it gave no public key' });
  return copyBytes(inner.value());
}

/** SW1 SW2 at the end of an answer. */
export function statusOf(response: Uint8Array): number {
  return ((response.at(-2) as number) << 8) | (response.at(-1) as number);
}

function fid(id: number): Uint8Array {
  return Uint8Array.of(id >> 8, id & 0xff);
}
