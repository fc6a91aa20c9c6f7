import type { Card } from '../../src/applet/card.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import type {
  AccessRules,
  AccessVector,
  CardSpecification,
  DirectorySpecification,
  FileSpecification,
} from '../../src/applet/image/specification.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { bootCard, FIXED_SEED } from '../card/open.ts';

/** Cards of any size, made to see what grows with it. Their files are free to read and to write. */

/** Most records that a file can hold. */
export const RECORDS_PER_FILE = 254;
/** Bytes of every record. */
export const RECORD_SIZE = 16;

/** FIDs of the flat DF, and of the first named DF, record file and elementary file. */
const FLAT = 0x1000;
const FIRST_NAMED = 0x4000;
const FIRST_RECORD_FILE = 0x2000;
const FIRST_ELEMENTARY = 0x6000;

const OPEN: AccessVector = [0, 0, 0, 0, 0, 0, 0];
const FREE: AccessRules = { contact: OPEN, contactless: OPEN, wired: OPEN };

/** A card with `files` files below the MF: half of them EFs of one byte in one DF, half of them DFs with a name. */
export function cardOfFiles(files: number): Uint8Array {
  const elementary = Math.max(1, (files >> 1) - 1);
  const named = Math.max(1, files - elementary - 1);
  const flat = directory(FLAT, null, [
    ...Array.from(
      { length: elementary },
      (_, i): FileSpecification => ({
        kind: 'transparent',
        fid: FIRST_ELEMENTARY + i,
        sfi: i < 30 ? i + 1 : null,
        access: FREE,
        content: Uint8Array.of(i & 0xff),
      }),
    ),
  ]);
  const directories = Array.from({ length: named }, (_, i) => directory(FIRST_NAMED + i, nameOf(i), []));
  return image([flat, ...directories]);
}

/** A card with so many records, spread over as many linear variable EFs as it takes. The last byte of a record is its place. */
export function cardOfRecords(records: number): Uint8Array {
  const files: FileSpecification[] = [];
  for (let first = 0; first < records; first += RECORDS_PER_FILE) {
    const count = Math.min(RECORDS_PER_FILE, records - first);
    files.push({
      kind: 'linear-variable',
      fid: FIRST_RECORD_FILE + files.length,
      sfi: files.length < 30 ? files.length + 1 : null,
      access: FREE,
      recordSize: RECORD_SIZE,
      capacity: count,
      records: Array.from({ length: count }, (_, i) => new Uint8Array(RECORD_SIZE).fill(i + 1, RECORD_SIZE - 1)),
    });
  }
  return image(files);
}

/** A card in memory, its contact side powered. */
export function boot(content: Uint8Array): { readonly card: Card; readonly nvm: MemoryNvm } {
  const nvm = new MemoryNvm(content);
  return { card: bootCard(nvm, 'a card of the benchmark', FIXED_SEED), nvm };
}

/** SELECT commands by name, one for each of `count` DFs spread over the card. */
export function selectsByName(files: number, count: number): Uint8Array[] {
  const elementary = Math.max(1, (files >> 1) - 1);
  const named = Math.max(1, files - elementary - 1);
  return spread(named, count).map((i) => Uint8Array.of(0x00, 0xa4, 0x04, 0x0c, 8, ...nameOf(i)));
}

/** SELECT commands by identifier under the current DF, spread over the EFs of the flat DF. */
export function selectsByIdentifier(files: number, count: number): Uint8Array[] {
  const elementary = Math.max(1, (files >> 1) - 1);
  return spread(elementary, count).map((i) => Uint8Array.of(0x00, 0xa4, 0x02, 0x0c, 2, ...two(FIRST_ELEMENTARY + i)));
}

/** SELECT commands by path from the MF, spread likewise. */
export function selectsByPath(files: number, count: number): Uint8Array[] {
  const elementary = Math.max(1, (files >> 1) - 1);
  return spread(elementary, count).map((i) =>
    Uint8Array.of(0x00, 0xa4, 0x08, 0x0c, 4, ...two(FLAT), ...two(FIRST_ELEMENTARY + i)),
  );
}

/** SELECT of the flat DF. */
export const SELECT_FLAT: Uint8Array = Uint8Array.of(0x00, 0xa4, 0x08, 0x0c, 2, ...two(FLAT));

function spread(total: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor((i * total) / count) % total);
}

/** Eight bytes, different in the last ones, so that a comparison has to go to the end. */
function nameOf(index: number): Uint8Array {
  return Uint8Array.of(0xf0, 0x42, 0x45, 0x4e, 0x43, 0x48, index >> 8, index & 0xff);
}

function two(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}

function directory(
  fid: number,
  name: Uint8Array | null,
  children: readonly FileSpecification[],
): DirectorySpecification {
  return { kind: 'directory', fid, name, label: null, access: FREE, pins: [], environments: [], children };
}

function image(children: readonly FileSpecification[]): Uint8Array {
  const specification: CardSpecification = {
    profile: 'synthetic',
    serial: Uint8Array.of(1),
    secret: new Uint8Array(32),
    interface: 'contact',
    link: { protocol: 'T=1', historicalBytes: new Uint8Array(0), atr: null, uid: null },
    holder: null,
    masterFile: directory(0x3f00, null, children),
  };
  return personalise(specification, nobleHashes());
}
