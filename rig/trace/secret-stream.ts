import { BcdNirStream } from './bcd-nir.ts';
import type { KnownPeople } from './known-people.ts';
import { NirStream, withoutSeparators } from './nir-spans.ts';
import { type FoundSpan, PersonStream } from './person-spans.ts';
import { SignatureStream } from './signature-spans.ts';

const NIR_LENGTH = 13;
const NIR_AND_KEY_LENGTH = 15;

/** Finds all that tells of people in a stream of bytes that comes in pieces, and remembers who was met. */
export class SecretStream {
  readonly #known: KnownPeople;
  readonly #nir = new NirStream();
  readonly #bcd: BcdNirStream;
  readonly #people = new PersonStream();
  readonly #signatures = new SignatureStream();

  constructor(known: KnownPeople) {
    this.#known = known;
    this.#bcd = new BcdNirStream(known);
  }

  /**
   * @param piece looked at from `from` to `to`
   * @param goesOn whether the next piece may follow without a gap
   * @param isCut whether this piece may end in the middle of a value
   * @param isFile whether it is the content of a file: an end that may be half of a NIR in BCD then counts as one
   * @returns in no order, and they may overlap
   */
  next(piece: Uint8Array, from: number, to: number, goesOn: boolean, isCut: boolean, isFile = false): FoundSpan[] {
    const found: FoundSpan[] = [];
    for (const span of this.#nir.next(piece, from, to, goesOn, isCut)) {
      const { offset, length } = span;
      const number = withoutSeparators(piece.subarray(offset, offset + length));
      const whole = number.length >= NIR_LENGTH && number.length <= NIR_AND_KEY_LENGTH;
      if (whole) this.#known.addNir(Buffer.from(number.subarray(0, NIR_LENGTH)).toString('latin1'));
      found.push({ offset, length, what: 'nir', whole });
    }
    for (const span of this.#people.next(piece, from, to, goesOn)) {
      const { offset, length, what, whole } = span;
      if (whole && (what === 'name' || what === 'birth'))
        this.#known.add(piece.subarray(offset, offset + length), what);
      found.push(span);
    }
    found.push(...this.#signatures.next(piece, from, to, goesOn));
    found.push(...this.#bcd.next(piece, from, to, goesOn, isCut && isFile), ...this.#known.find(piece, from, to));
    return found;
  }
}
