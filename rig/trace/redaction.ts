import { CodeStream, signs } from './code-spans.ts';
import { commandLayout } from './command-layout.ts';
import { KnownPeople } from './known-people.ts';
import type { Mask, MaskKind } from './model.ts';
import { nirSpansOfText, type Span } from './nir-spans.ts';
import { endWithoutFiller, isFiller } from './padding.ts';
import { type FoundSpan, personOfTag } from './person-spans.ts';
import { beginsSealed, isProtectedCommand, isProtectedResponse } from './protected-form.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import { secretOfNote } from './secret-note.ts';
import { SecretStream } from './secret-stream.ts';
import { lengthAt } from './signature-spans.ts';

const NOTHING: readonly Mask[] = [];
const NO_BYTES = new Uint8Array(0);
const CHAINING = 0x10;
const GET_RESPONSE = 0xc0;
const ENVELOPE = 0xc2;
const ENVELOPE_TLV = 0xc3;
const GET_DATA = 0xca;
const PUT_DATA = 0xda;
const MORE_DATA = 0x61;
const PSO = 0x2a;
const GENERAL_AUTHENTICATE = 0x86;
const GENERAL_AUTHENTICATE_TLV = 0x87;
const PLAIN_VALUE = 0x80;
const PADDED_CRYPTOGRAM = 0x86;
const OFFSET_OBJECT = 0x54;
const DISCRETIONARY_DATA = 0x53;
/** What a span counts as where several overlap: the first of these. */
const ORDER: readonly MaskKind[] = ['code', 'key', 'signature', 'nir', 'birth', 'name'];

export interface RedactorOptions {
  /** Shared by those who look at the same session. */
  readonly known?: KnownPeople;
  /** Gives each mask of a whole secret its keyed hash. */
  readonly pseudonyms?: Pseudonyms;
}

/**
 * Says which bytes of a session are secret: codes and keys in commands; NIRs, names, birth dates and signatures
 * in commands and responses.
 *
 * A value may be cut by the reader: READ BINARY in pieces, UPDATE BINARY in pieces, chained commands, GET RESPONSE. So
 * the redactor wants all the APDUs of a session in their order, and remembers the end of the last one, and whom it met.
 */
export class Redactor {
  readonly #codes = new CodeStream();
  readonly #known: KnownPeople;
  readonly #pseudonyms: Pseudonyms | null;
  // The contents of transparent files apart from all else, which may come in between.
  readonly #updated: SecretStream;
  readonly #sent: SecretStream;
  readonly #read: SecretStream;
  readonly #answered: SecretStream;
  /** Instruction byte of the last command other than GET RESPONSE. */
  #instruction = -1;
  #parameters = 0;
  #ne: number | null = null;
  /** The last command was protected: what came of its answer by now. Null: it was in clear. */
  #sealed: Uint8Array | null = null;

  constructor(options: RedactorOptions = {}) {
    this.#known = options.known ?? new KnownPeople();
    this.#pseudonyms = options.pseudonyms ?? null;
    this.#updated = new SecretStream(this.#known);
    this.#sent = new SecretStream(this.#known);
    this.#read = new SecretStream(this.#known);
    this.#answered = new SecretStream(this.#known);
  }

  command(apdu: Uint8Array): readonly Mask[] {
    // The rest of a protected answer.
    if (this.#sealed !== null && apdu[1] === GET_RESPONSE) return NOTHING;
    this.#sealed = isProtectedCommand(apdu) ? NO_BYTES : null;
    if (this.#sealed !== null) return this.#sealedMasks(apdu, apdu.length);
    const instruction = apdu[1] ?? -1;
    const { dataOffset, dataLength, ne } = commandLayout(apdu);
    if (instruction !== GET_RESPONSE) {
      this.#instruction = instruction;
      this.#parameters = ((apdu[2] ?? 0) << 8) | (apdu[3] ?? 0);
    }
    this.#ne = ne;
    const found: FoundSpan[] = this.#codes.next(apdu);
    for (const { offset, length: size, what, whole } of found) {
      if (what === 'code' && whole) this.#known.codes.add(apdu.subarray(offset, offset + size));
    }
    if (dataLength === 0) return NOTHING;
    const end = dataOffset + dataLength;
    if (instruction === PUT_DATA) this.#bareValue(found, dataOffset, end);
    if (isUpdateBinary(instruction)) {
      const [from, to] = instruction === 0xd7 ? updatedIn(apdu, dataOffset, end) : [dataOffset, end];
      found.push(...this.#updated.next(apdu, from, to, true, true, true));
    } else {
      const isEnvelope = instruction === ENVELOPE || instruction === ENVELOPE_TLV;
      // Steps of a protocol are whole objects each, mostly random bytes: an end that looks like the beginning of a NIR is none.
      const isStep = instruction === GENERAL_AUTHENTICATE || instruction === GENERAL_AUTHENTICATE_TLV;
      const goesOn = !isStep && (isEnvelope || ((apdu[0] as number) & CHAINING) !== 0);
      found.push(...this.#sent.next(apdu, dataOffset, end, goesOn, goesOn));
    }
    found.push(...this.#known.codes.find(apdu, dataOffset, end));
    return this.#masks(apdu, found);
  }

  response(apdu: Uint8Array): readonly Mask[] {
    const length = apdu.length - 2;
    if (length <= 0) return NOTHING;
    if (this.#sealed !== null && this.#isSealed(apdu)) return this.#sealedMasks(apdu, length);
    const hasMore = apdu[length] === MORE_DATA;
    const found: FoundSpan[] = [];
    if (this.#instruction === GET_DATA) this.#bareValue(found, 0, length);
    if (this.#instruction === PSO && this.#parameters === ((PLAIN_VALUE << 8) | PADDED_CRYPTOGRAM)) {
      // DECIPHER: what comes back is the key, or the text, that was enciphered.
      found.push({ offset: 0, length, what: 'key', whole: !hasMore });
    }
    if (this.#instruction === PSO && signs(this.#parameters)) {
      found.push({ offset: 0, length, what: 'signature', whole: !hasMore });
    }
    if (isReadBinary(this.#instruction)) {
      const isFull = this.#ne !== null && length >= this.#ne;
      const [from, to] = this.#instruction === 0xb1 ? valueIn(apdu, 0, length) : [0, length];
      found.push(...this.#read.next(apdu, from, to, true, hasMore || isFull, true));
    } else found.push(...this.#answered.next(apdu, 0, length, hasMore, hasMore));
    found.push(...this.#known.codes.find(apdu, 0, length));
    return this.#masks(apdu, found);
  }

  /** Whether an answer, with the parts of it that came before, is protected or may still become so. */
  #isSealed(apdu: Uint8Array): boolean {
    const length = apdu.length - 2;
    const so = Uint8Array.from([...(this.#sealed ?? NO_BYTES), ...apdu.subarray(0, length)]);
    this.#sealed = so;
    return apdu[length] === MORE_DATA ? beginsSealed(so) : isProtectedResponse(so, so.length);
  }

  /**
   * What is protected shows nothing, if the cipher is one: a number or a name that can be read in it all the same is
   * masked. BCD is not looked for: every other cryptogram would have some.
   */
  #sealedMasks(apdu: Uint8Array, length: number): readonly Mask[] {
    const text = Buffer.from(apdu.buffer, apdu.byteOffset, length).toString('latin1');
    return redactText(text, { known: this.#known }).masks;
  }

  #bareValue(found: FoundSpan[], from: number, to: number): void {
    const what = personOfTag(this.#parameters);
    if (what !== null) found.push({ offset: from, length: to - from, what, whole: true });
  }

  #masks(apdu: Uint8Array, found: readonly FoundSpan[]): readonly Mask[] {
    const masks = masksOf(found);
    const pseudonyms = this.#pseudonyms;
    if (pseudonyms === null || masks.length === 0) return masks;
    return masks.map((mask) => {
      const { offset, length, what } = mask;
      const isWhole = found.some(
        (span) => span.whole && span.what === what && span.offset === offset && span.length === length,
      );
      return isWhole ? { ...mask, hash: pseudonyms.of(what, apdu.subarray(offset, offset + length)) } : mask;
    });
  }
}

/** A note or a description without what tells of people in it, and where that was. */
export function redactText(
  text: string,
  options: RedactorOptions = {},
): { readonly text: string; readonly masks: readonly Mask[] } {
  const nirs = nirSpansOfText(text).map((span): FoundSpan => ({ ...span, what: 'nir', whole: true }));
  const known = options.known;
  const met = known === undefined ? [] : [...known.findInText(text), ...known.codes.findInText(text)];
  const masks = masksOf([...nirs, ...secretOfNote(text), ...met]);
  let redacted = text;
  const hashed: Mask[] = [];
  for (const mask of masks) {
    const { offset, length, what } = mask;
    const secret = text.slice(offset, offset + length);
    redacted = redacted.slice(0, offset) + 'X'.repeat(length) + redacted.slice(offset + length);
    const hash = options.pseudonyms?.of(what, Buffer.from(secret));
    hashed.push(hash === undefined ? mask : { ...mask, hash });
  }
  return { text: redacted, masks: hashed };
}

function isReadBinary(instruction: number): boolean {
  return instruction === 0xb0 || instruction === 0xb1;
}

function isUpdateBinary(instruction: number): boolean {
  return instruction === 0xd6 || instruction === 0xd7;
}

/** UPDATE BINARY with odd INS: offset data object, then the bytes themselves in another one. */
function updatedIn(apdu: Uint8Array, from: number, end: number): readonly [from: number, to: number] {
  const offset = withoutFillerBefore(apdu, from, end);
  return apdu[offset] === OFFSET_OBJECT ? valueIn(apdu, offset + 2 + (apdu[offset + 1] ?? 0), end) : [from, end];
}

/**
 * Where the bytes of the file lie in the discretionary data object of odd INS, with filler around it or not; everything
 * when there is no such object.
 */
function valueIn(apdu: Uint8Array, from: number, end: number): readonly [from: number, to: number] {
  const tag = withoutFillerBefore(apdu, from, end);
  if (tag >= end || apdu[tag] !== DISCRETIONARY_DATA) return [Math.min(from, end), end];
  const length = lengthAt(apdu.subarray(0, end), tag + 1);
  if (length === null || length === 'cut') return [Math.min(tag + 1, end), end];
  const to = length.from + length.value;
  // Behind it something else may stand, which is looked at too; filler would part a number from its other half.
  return [length.from, to < end && endWithoutFiller(apdu, to, end) === to ? to : end];
}

function withoutFillerBefore(apdu: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isFiller(apdu[at])) at++;
  return at;
}

/** Without overlap, in rising order. */
function masksOf(found: readonly FoundSpan[]): readonly Mask[] {
  if (found.length === 0) return NOTHING;
  const masks: Mask[] = [];
  const sure = found.filter((span) => span.doubtful !== true || !found.some((other) => cuts(other, span)));
  for (const what of ORDER) {
    const spans = sure.filter((span) => span.what === what).sort((a, b) => a.offset - b.offset);
    const before = [...masks].sort((a, b) => a.offset - b.offset);
    for (const span of joined(spans)) for (const rest of without(span, before)) masks.push({ ...rest, what });
  }
  return masks.sort((a, b) => a.offset - b.offset);
}

/** Whether a secret of another kind has a part of this one, and not all. */
function cuts(other: FoundSpan, span: FoundSpan): boolean {
  if (other.what === span.what) return false;
  const [start, end] = [
    Math.max(other.offset, span.offset),
    Math.min(other.offset + other.length, span.offset + span.length),
  ];
  return start < end && end - start < span.length;
}

/** Joins what overlaps; of one kind and in rising order. What only touches stays apart: it is two values. */
function joined(spans: readonly Span[]): Span[] {
  const result: { offset: number; length: number }[] = [];
  for (const { offset, length } of spans) {
    const last = result.at(-1);
    if (last !== undefined && offset < last.offset + last.length) {
      last.length = Math.max(last.length, offset + length - last.offset);
    } else result.push({ offset, length });
  }
  return result;
}

function without(span: Span, holes: readonly Span[]): Span[] {
  const rest: Span[] = [];
  let position = span.offset;
  const end = span.offset + span.length;
  for (const hole of holes) {
    if (hole.offset >= end || hole.offset + hole.length <= position) continue;
    if (hole.offset > position) rest.push({ offset: position, length: hole.offset - position });
    position = hole.offset + hole.length;
  }
  if (position < end) rest.push({ offset: position, length: end - position });
  return rest;
}
