import { TlvWriter, toHex } from '../../../src/apdu/index.ts';
import {
  CardDataError,
  concatenate,
  encodeLatin1,
  encodePointers,
  encodeUtf8,
  FID,
  MF_VITALE_NAME,
  VITALE_AID,
} from '../../../src/applet/vitale/index.ts';
import { counted } from '../../report/words.ts';
import { encodeMessage, textRecord, uriRecord } from '../ndef/index.ts';
import { encodeRecordRules } from './access-expanded.ts';
import type { ContentDocument, DirectoryDocument, NdefDocument, PointersDocument, TlvDocument } from './document.ts';
import { fileName, type Generation, generate, type Placed } from './generators.ts';
import type { Path } from './source.ts';

const LONGEST_FILE = 65_535;

/** Files that readers in the field look into without being told, by application. */
const NOT_LISTED = [
  { application: MF_VITALE_NAME, fids: [FID.directory, FID.pan] },
  { application: VITALE_AID, fids: [FID.pointers] },
];

/** The content of a transparent file. Faults go to the issues, and the content is then of no use. */
export function transparentContent(content: ContentDocument, generation: Generation, placed: Placed): Uint8Array {
  const bytes = contentBytes(content, generation, placed);
  if (bytes !== null && bytes.length > LONGEST_FILE) {
    const message = `${bytes.length} bytes in ${fileName(placed.file)}, a file holds ${LONGEST_FILE} at most`;
    generation.issues.report(placed.path, message);
  } else if (bytes?.length === 0 && generation.issues.count === 0) {
    generation.issues.report(placed.path, `${fileName(placed.file)} would be empty`);
  }
  return bytes ?? new Uint8Array(0);
}

/** The data objects of a BER-TLV file; it may be empty. */
export function dataObjectContent(generation: Generation, placed: Placed): Uint8Array {
  const { content, size = 0 } = placed.file;
  const bytes = content === undefined ? null : contentBytes(content, generation, placed);
  if (bytes !== null && bytes.length > size) {
    const message = `${counted(bytes.length, 'byte')} in ${fileName(placed.file)}, which has room for ${size}`;
    generation.issues.report(placed.path, message);
  }
  return bytes ?? new Uint8Array(0);
}

/** The records of a file of records, checked against their length and number. */
export function recordContent(generation: Generation, placed: Placed, filePath: Path): readonly Uint8Array[] {
  const { file } = placed;
  const generator = file.content?.generator;
  const records =
    generator === undefined
      ? (file.records ?? []).map(
          (record, index) =>
            contentBytes(record, generation, { ...placed, path: [...filePath, 'records', index] }) ?? new Uint8Array(0),
        )
      : generate(generator, generation, placed);
  const { structure, recordSize = 0, capacity = 0 } = file;
  const path = (index: number): Path => (generator === undefined ? [...filePath, 'records', index] : placed.path);
  records.forEach((record, index) => {
    const what = `record ${index + 1} of ${fileName(file)} has ${counted(record.length, 'byte')}`;
    if (record.length === 0) return;
    if (record.length > recordSize) generation.issues.report(path(index), `${what}, ${recordSize} at most`);
    else if (record.length < recordSize && structure !== 'linear-variable') {
      generation.issues.report(path(index), `${what}, every record has ${recordSize}`);
    }
  });
  if (records.length > capacity) {
    const message = `${counted(records.length, 'record')} in ${fileName(file)}, which has room for ${capacity}`;
    generation.issues.report([...filePath, 'capacity'], message);
  }
  return records;
}

/** Null when it was too long to be made. */
function contentBytes(content: ContentDocument, generation: Generation, placed: Placed): Uint8Array | null {
  if (content.generator !== undefined) return concatenate(generate(content.generator, generation, placed));
  if (content.counting !== undefined) return Uint8Array.from({ length: content.counting }, (_, i) => i & 0xff);
  if (content.pointers !== undefined) return pointers(content.pointers, generation, [...placed.path, 'pointers']);
  if (content.rules !== undefined) {
    return encodeRecordRules(content.rules, placed.directory.environments, (mode, message) =>
      generation.issues.report([...placed.path, 'rules', mode], message),
    );
  }
  if (content.ndef !== undefined) return ndefFile(content.ndef, generation, [...placed.path, 'ndef']);
  return value(content, generation, placed.path);
}

function value(
  content: Omit<ContentDocument, 'generator' | 'pointers' | 'ndef' | 'counting' | 'rules'>,
  generation: Generation,
  path: Path,
): Uint8Array | null {
  const { issues } = generation;
  if (content.tlv !== undefined) return tlv(content.tlv, generation, [...path, 'tlv']);
  if (content.text !== undefined) {
    const bytes = content.encoding === 'latin-1' ? encodeLatin1(content.text) : encodeUtf8(content.text);
    if (bytes === null) issues.report([...path, 'text'], `a character that is not in ${content.encoding ?? 'utf-8'}`);
    return bytes ?? new Uint8Array(0);
  }
  const { hex = new Uint8Array(0), repeat = 1 } = content;
  if (hex.length * repeat > LONGEST_FILE) {
    issues.report([...path, 'repeat'], `${hex.length * repeat} bytes, a file holds ${LONGEST_FILE} at most`);
    return null;
  }
  const bytes = new Uint8Array(hex.length * repeat);
  for (let i = 0; i < repeat; i++) bytes.set(hex, i * hex.length);
  return bytes;
}

function tlv(objects: readonly TlvDocument[], generation: Generation, path: Path): Uint8Array {
  return concatenate(
    objects.map((object, index) => {
      const bytes = value(object, generation, [...path, index]) ?? new Uint8Array(0);
      const writer = new TlvWriter(bytes.length + 10);
      writer.primitive(object.tag, bytes);
      return writer.finish();
    }),
  );
}

/** Two bytes of length, the message, and zeros up to the size. */
function ndefFile({ size, records }: NdefDocument, { issues }: Generation, path: Path): Uint8Array {
  const message = encodeMessage(
    records.map(({ uri, text = '', language = '' }) =>
      uri === undefined ? textRecord(text, language) : uriRecord(uri),
    ),
  );
  const file = new Uint8Array(size);
  if (message.length > size - 2) {
    issues.report([...path, 'size'], `a message of ${message.length} bytes and its length need ${message.length + 2}`);
    return file;
  }
  file[0] = message.length >> 8;
  file[1] = message.length & 0xff;
  file.set(message, 2);
  return file;
}

function pointers(listed: readonly PointersDocument[], generation: Generation, path: Path): Uint8Array {
  const { issues, document } = generation;
  const applications = listed.map(({ application, files }, index) => {
    const directory = findNamed(document.masterFile, application);
    if (directory === null) {
      const message = `there is no application ${toHex(application)} on this card: a reader dies on it`;
      issues.report([...path, index, 'application'], message);
    }
    const notListed = NOT_LISTED.find((one) => toHex(one.application) === toHex(application))?.fids ?? [];
    files.forEach(({ fid }, fileIndex) => {
      const name = toHex(Uint8Array.of(fid >> 8, fid & 0xff));
      const at = [...path, index, 'files', fileIndex, 'fid'];
      if (directory !== null && !directory.files.some((file) => file.fid === fid)) {
        issues.report(at, `there is no file ${name} in that application`);
      } else if (notListed.some((one) => one === fid)) {
        issues.report(at, `readers look into ${name} by themselves: listed, it is shown twice`);
      }
    });
    return { aid: application, fid: directory?.fid ?? 0x3f00, files };
  });
  try {
    return encodePointers(applications);
  } catch (error) {
    if (!(error instanceof CardDataError)) throw error;
    issues.report(path, error.message);
    return new Uint8Array(0);
  }
}

function findNamed(directory: DirectoryDocument, name: Uint8Array): DirectoryDocument | null {
  if (directory.name !== undefined && toHex(directory.name) === toHex(name)) return directory;
  for (const child of directory.directories) {
    const found = findNamed(child, name);
    if (found !== null) return found;
  }
  return null;
}
