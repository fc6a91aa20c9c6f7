import { TlvError, TlvReader, TlvWriter } from '../../apdu/index.ts';
import { CardDataError } from './card-data-error.ts';
import { type Format, FormatError } from './format.ts';

/** One data object inside a template. */
export interface Field<V> {
  readonly tag: number;
  encode(value: V): Uint8Array | null;
  /** `bytes` is null when the template lacks the tag. */
  decode(bytes: Uint8Array | null): V;
}

/** A data object that must be there. */
export function required<V>(tag: number, format: Format<V>): Field<V> {
  return {
    tag,
    encode: (value) => format.encode(value),
    decode: (bytes) => {
      if (bytes === null) throw new FormatError('missing');
      return format.decode(bytes);
    },
  };
}

/** A data object that is left out when its value is null. */
export function optional<V>(tag: number, format: Format<V>): Field<V | null> {
  return {
    tag,
    encode: (value) => (value === null ? null : format.encode(value)),
    decode: (bytes) => (bytes === null ? null : format.decode(bytes)),
  };
}

/**
 * A constructed data object whose fields are rows of data, so that one table serves both directions.
 *
 * Decoding is strict about what it knows (bounds, lengths, each tag once) and skips the tags it does not.
 */
export class Template<T> {
  readonly file: string;
  readonly tag: number;
  readonly #fields: readonly (readonly [keyof T, Field<unknown>])[];

  constructor(file: string, tag: number, fields: { readonly [K in keyof T]: Field<T[K]> }) {
    this.file = file;
    this.tag = tag;
    this.#fields = (Object.keys(fields) as (keyof T)[]).map((name) => [name, fields[name] as Field<unknown>]);
  }

  /** The template with its tag and length. @throws {CardDataError} a value that its field cannot hold */
  encode(value: T): Uint8Array {
    const parts: [number, Uint8Array][] = [];
    let capacity = 8;
    for (const [name, field] of this.#fields) {
      const bytes = this.#explained(field.tag, () => field.encode(value[name]));
      if (bytes === null) continue;
      parts.push([field.tag, bytes]);
      capacity += bytes.length + 8;
    }
    const writer = new TlvWriter(capacity);
    writer.open(this.tag);
    for (const [tag, bytes] of parts) writer.primitive(tag, bytes);
    writer.close();
    return writer.finish();
  }

  /** One after the other, as in a transparent file. */
  encodeAll(values: readonly T[]): Uint8Array {
    return concatenate(values.map((value) => this.encode(value)));
  }

  /**
   * A record that holds this template and nothing else but padding with 00 or FF after it.
   * @throws {CardDataError}
   */
  decode(record: Uint8Array): T {
    return this.#reading(() => {
      const reader = new TlvReader(record);
      if (!reader.next()) throw new CardDataError(this.file, 0, 'empty');
      if (reader.tag !== this.tag) {
        throw new CardDataError(this.file, reader.tag, `${hex(this.tag)} expected in its place`);
      }
      const end = reader.valueOffset + reader.valueLength;
      const padding = record[end];
      if (record.subarray(end).some((byte) => byte !== padding) || (padding !== undefined && !isPadding(padding))) {
        throw new CardDataError(this.file, this.tag, 'bytes that are no padding after it');
      }
      return this.#decodeFields(reader);
    });
  }

  /** Every such template in a transparent file; other tags are skipped. @throws {CardDataError} */
  decodeAll(bytes: Uint8Array): T[] {
    return this.#reading(() => {
      const reader = new TlvReader(bytes);
      const values: T[] = [];
      while (reader.next()) if (reader.tag === this.tag) values.push(this.#decodeFields(reader));
      return values;
    });
  }

  #decodeFields(template: TlvReader): T {
    const found = new Map<number, Uint8Array>();
    const reader = template.enter();
    while (reader.next()) {
      if (found.has(reader.tag)) throw new CardDataError(this.file, reader.tag, 'there twice');
      found.set(reader.tag, reader.value());
    }
    const value: Partial<T> = {};
    for (const [name, field] of this.#fields) {
      value[name] = this.#explained(field.tag, () => field.decode(found.get(field.tag) ?? null)) as T[keyof T];
    }
    return value as T;
  }

  #explained<R>(tag: number, action: () => R): R {
    try {
      return action();
    } catch (error) {
      if (error instanceof FormatError) throw new CardDataError(this.file, tag, error.message, { cause: error });
      throw error;
    }
  }

  #reading<R>(action: () => R): R {
    try {
      return action();
    } catch (error) {
      if (error instanceof TlvError) throw new CardDataError(this.file, 0, error.message, { cause: error });
      throw error;
    }
  }
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function isPadding(byte: number): boolean {
  return byte === 0x00 || byte === 0xff;
}

function hex(tag: number): string {
  return tag.toString(16).toUpperCase();
}
