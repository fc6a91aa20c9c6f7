import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { joinedBytes } from './joined-bytes.ts';
import type { FoundSpan } from './person-spans.ts';

/** Tags of signatures: 5F37 and 5F3D of ISO/IEC 7816-6. Our card's file E00F has the first. */
const SIGNATURE_TAGS: ReadonlySet<number> = new Set([0x5f37, 0x5f3d]);
/** Lengths of signatures, in bytes: what is shorter or longer is something else that begins alike. */
const SHORTEST_SIGNATURE = 16;
const LONGEST_SIGNATURE = 1024;
/** A card verifiable certificate, and its body, which is the first thing in it: the keys of a hierarchy are public. */
const CERTIFICATE = [0x7f, 0x21];
const CERTIFICATE_BODY = [0x7f, 0x4e];
/** The object identifier of SignedData (CMS): the security object of a travel document, with the hashes of its files. */
const SIGNED_DATA = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const SEQUENCE = 0x30;
const NO_BYTES = new Uint8Array(0);

/** What begins at a place: where its value begins, how long that is, and whether anybody may read it. */
interface Object {
  readonly from: number;
  readonly length: number;
  readonly hide: boolean;
}

/**
 * Finds signatures and signed hashes in a stream of bytes that comes in pieces. Over files of which a few bytes are
 * masked, they say of every guess whether it is right.
 */
export class SignatureStream {
  /** The end of the piece before, where an object may have begun. */
  #tail: Uint8Array = NO_BYTES;
  /** Bytes of an object that are still to come. */
  #left = 0;
  #hides = false;

  /** @param goesOn whether the next piece may follow without a gap */
  next(piece: Uint8Array, from: number, to: number, goesOn: boolean): FoundSpan[] {
    const before = this.#tail.length;
    const text = joinedBytes(this.#tail, piece, from, to);
    const found: FoundSpan[] = [];
    const pass = (offset: number, length: number, whole: boolean): number => {
      const there = Math.min(length, text.length - offset);
      if (this.#hides && there > 0) {
        found.push({
          offset: offset - before + from,
          length: there,
          what: 'signature',
          whole: whole && there === length,
        });
      }
      this.#left = length - there;
      return offset + there;
    };
    let at = pass(0, this.#left, false);
    let open = text.length;
    while (at < text.length) {
      const object = objectAt(text, at);
      if (object === 'cut') {
        open = at;
        break;
      }
      if (object === null) at++;
      else {
        this.#hides = object.hide;
        at = pass(object.from, object.length, true);
      }
    }
    this.#tail = goesOn ? copyBytes(text, open) : NO_BYTES;
    if (!goesOn) this.#left = 0;
    return found;
  }
}

/** `cut`: more bytes are needed to tell. */
function objectAt(text: Uint8Array, at: number): Object | 'cut' | null {
  const first = text[at] as number;
  if (first === SEQUENCE) {
    const length = lengthAt(text, at + 1);
    if (length === null || length === 'cut') return length;
    const begins = beginsWith(text, length.from, SIGNED_DATA);
    if (begins !== 'yes') return begins;
    const rest = length.value - SIGNED_DATA.length;
    return rest > 0 ? { from: length.from + SIGNED_DATA.length, length: rest, hide: true } : null;
  }
  if (first === CERTIFICATE[0]) {
    const begins = beginsWith(text, at, CERTIFICATE);
    if (begins !== 'yes') return begins;
    const length = lengthAt(text, at + 2);
    if (length === null || length === 'cut') return length;
    const body = beginsWith(text, length.from, CERTIFICATE_BODY);
    return body === 'yes' ? { from: length.from, length: length.value, hide: false } : body;
  }
  if (first !== 0x5f) return null;
  if (at + 1 === text.length) return 'cut';
  if (!SIGNATURE_TAGS.has((first << 8) | (text[at + 1] as number))) return null;
  const length = lengthAt(text, at + 2);
  if (length === null || length === 'cut') return length;
  const fits = length.value >= SHORTEST_SIGNATURE && length.value <= LONGEST_SIGNATURE;
  return fits ? { from: length.from, length: length.value, hide: true } : null;
}

function beginsWith(text: Uint8Array, at: number, bytes: readonly number[]): 'yes' | 'cut' | null {
  for (let i = 0; i < bytes.length; i++) {
    if (at + i >= text.length) return 'cut';
    if (text[at + i] !== bytes[i]) return null;
  }
  return 'yes';
}

/** The definite length field at a place, of one to five bytes as ISO/IEC 7816-4 has them; null when there is none. */
export function lengthAt(
  text: Uint8Array,
  at: number,
): { readonly value: number; readonly from: number } | 'cut' | null {
  const first = text[at];
  if (first === undefined) return 'cut';
  if (first < 0x80) return { value: first, from: at + 1 };
  const bytes = first & 0x7f;
  if (bytes < 1 || bytes > 4) return null;
  if (at + bytes >= text.length) return 'cut';
  let value = 0;
  for (let i = 1; i <= bytes; i++) value = value * 256 + (text[at + i] as number);
  return { value, from: at + 1 + bytes };
}
