import { copyBytes } from '../../apdu/copy-bytes.ts';
import { TlvError, TlvReader, TlvWriter } from '../../apdu/index.ts';
import { CardDataError } from './card-data-error.ts';
import { decodeLatin1, encodeLatin1, isPrintable } from './text.ts';

/** An application in 2001 POINTERS, with the files that a reader may look into. */
export interface PointedApplication {
  readonly aid: Uint8Array;
  /** What is written in the two bytes that readers ignore; the identifier of the DF. */
  readonly fid: number;
  readonly files: readonly PointedFile[];
}

export interface PointedFile {
  /** At most 8 characters of Latin-1. */
  readonly name: string;
  readonly fid: number;
}

const FILE = '2001';
const LIST = 0xe0;
const APPLICATIONS = 0xa0;
const FILE_ENTRY = 0x80;
const APPLICATION_ENTRY = 0x82;
const NAME_LENGTH = 8;

/**
 * 2001 POINTERS: `E0 { A0 { 82 key(2) fid(2) AID } 80 name(8) key(2) fid(2) … }`.
 *
 * The key of an application, 0001 for the first, ties its files to it. Names are padded with spaces.
 * @throws {CardDataError} a name over 8 characters, no file at all (a reader in the field fails on that)
 */
export function encodePointers(applications: readonly PointedApplication[]): Uint8Array {
  const files = applications.flatMap((application) => application.files);
  if (files.length === 0) throw new CardDataError(FILE, FILE_ENTRY, 'at least one file must be listed');
  const writer = new TlvWriter(16 + applications.length * 32 + files.length * 16);
  writer.open(LIST);
  writer.open(APPLICATIONS);
  applications.forEach((application, index) => {
    if (application.aid.length === 0 || application.aid.length > 16) {
      throw new CardDataError(FILE, APPLICATION_ENTRY, `an AID of ${application.aid.length} bytes`);
    }
    writer.header(APPLICATION_ENTRY, 4 + application.aid.length);
    writeNumber(writer, index + 1);
    writeNumber(writer, application.fid);
    writer.raw(application.aid);
  });
  writer.close();
  applications.forEach((application, index) => {
    for (const file of application.files) {
      const name = file.name.length <= NAME_LENGTH ? encodeLatin1(file.name.padEnd(NAME_LENGTH)) : null;
      if (name === null || file.name === '' || !isPrintable(file.name)) {
        throw new CardDataError(FILE, FILE_ENTRY, `file name '${file.name}' is not 1 to 8 characters of Latin-1`);
      }
      writer.header(FILE_ENTRY, NAME_LENGTH + 4);
      writer.raw(name);
      writeNumber(writer, index + 1);
      writeNumber(writer, file.fid);
    }
  });
  writer.close();
  return writer.finish();
}

/** Takes any key, any order of entries after A0, and skips other tags, as readers in the field do. @throws {CardDataError} */
export function decodePointers(bytes: Uint8Array): PointedApplication[] {
  try {
    const outer = new TlvReader(bytes);
    if (!outer.next() || outer.tag !== LIST) throw new CardDataError(FILE, LIST, 'missing');
    const applications = new Map<number, PointedApplication & { files: PointedFile[] }>();
    const reader = outer.enter();
    while (reader.next()) {
      const value = reader.value();
      if (reader.tag === APPLICATIONS) {
        const inner = reader.enter();
        while (inner.next()) if (inner.tag === APPLICATION_ENTRY) readApplication(inner.value(), applications);
      } else if (reader.tag === FILE_ENTRY) {
        if (value.length < NAME_LENGTH + 4)
          throw new CardDataError(FILE, FILE_ENTRY, `${value.length} bytes, 12 needed`);
        const key = number(value, NAME_LENGTH);
        const application = applications.get(key);
        if (application === undefined) throw new CardDataError(FILE, FILE_ENTRY, `no application has key ${key}`);
        const name = decodeLatin1(value.subarray(0, NAME_LENGTH)).trimEnd();
        if (!isPrintable(name)) throw new CardDataError(FILE, FILE_ENTRY, 'a control character');
        application.files.push({ name, fid: number(value, NAME_LENGTH + 2) });
      }
    }
    return [...applications.values()];
  } catch (error) {
    if (error instanceof TlvError) throw new CardDataError(FILE, 0, error.message, { cause: error });
    throw error;
  }
}

function readApplication(value: Uint8Array, into: Map<number, PointedApplication & { files: PointedFile[] }>): void {
  if (value.length < 5 || value.length > 20) {
    throw new CardDataError(FILE, APPLICATION_ENTRY, `${value.length} bytes, 5 to 20 allowed`);
  }
  const key = number(value, 0);
  if (into.has(key)) throw new CardDataError(FILE, APPLICATION_ENTRY, `key ${key} is there twice`);
  into.set(key, { aid: copyBytes(value, 4), fid: number(value, 2), files: [] });
}

function writeNumber(writer: TlvWriter, value: number): void {
  writer.byte(value >> 8);
  writer.byte(value & 0xff);
}

function number(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) * 256 + (bytes[at + 1] as number);
}
