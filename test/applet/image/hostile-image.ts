import { fromHex } from '../../../src/apdu/hex.ts';
import { Card } from '../../../src/applet/card.ts';
import { openImage } from '../../../src/applet/image/card-image.ts';
import { ImageError } from '../../../src/applet/image/image-error.ts';
import { CARD, ENVIRONMENT, FILE, PIN, SUPERBLOCK } from '../../../src/applet/image/layout.ts';
import { exportApplets } from '../../../src/applet/vitale/export-object.ts';
import { UNLIMITED } from '../../../src/hal/apdu-size.ts';
import { crc32 } from '../../../src/hal/crc32.ts';
import { nobleHashes } from '../../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { VirtualClock } from '../../../src/hal/virtual/clock.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';

/** A change of an image: bytes at an address; the checksums of what holds them are made right again. */
export interface Mutation {
  readonly address: number;
  readonly bytes: readonly number[];
}

/** A part of an image with a checksum of its own. */
interface Checked {
  readonly start: number;
  readonly crcAt: number;
}

const crypto = nobleHashes();

/** Every part of an image with a checksum, the security attributes of its files among them. */
export function checkedParts(image: Uint8Array): Checked[] {
  const view = new DataView(image.buffer, image.byteOffset);
  const u32 = (at: number): number => view.getUint32(at);
  const u16 = (at: number): number => view.getUint16(at);
  const table = (at: number, count: number, size: number, crcAt: number): Checked[] =>
    Array.from({ length: u16(count) }, (_, i) => ({ start: u32(at) + i * size, crcAt }));
  return [
    { start: 0, crcAt: SUPERBLOCK.CRC },
    { start: u32(SUPERBLOCK.CARD), crcAt: CARD.CRC },
    ...table(SUPERBLOCK.FILES, SUPERBLOCK.FILE_COUNT, FILE.SIZE, FILE.CRC),
    ...table(SUPERBLOCK.PINS, SUPERBLOCK.PIN_COUNT, PIN.SIZE, PIN.CRC),
    ...table(SUPERBLOCK.ENVIRONMENTS, SUPERBLOCK.ENVIRONMENT_COUNT, ENVIRONMENT.SIZE, ENVIRONMENT.CRC),
    ...openImage(new MemoryNvm(image))
      .files.filter(({ attributeBytes }) => attributeBytes.length > 0)
      .map((file) => {
        const slots = file.hasRecords ? file.capacity * file.slotSize : file.dataSize;
        return { start: file.data + slots, crcAt: file.attributeBytes.length };
      }),
  ];
}

/** The image with a change made, and checksums that fit it: what a program that knows the format could write. */
export function mutated(image: Uint8Array, parts: readonly Checked[], mutations: readonly Mutation[]): Uint8Array {
  const bytes = Uint8Array.from(image);
  const view = new DataView(bytes.buffer);
  for (const { address, bytes: change } of mutations) {
    change.forEach((byte, i) => {
      if (address + i < bytes.length) bytes[address + i] = byte;
    });
    for (const { start, crcAt } of parts) {
      if (address < start + crcAt && address + change.length > start) {
        view.setUint32(start + crcAt, crc32(bytes, start, crcAt));
      }
    }
  }
  return bytes;
}

/** Selects, reads, searches, writes, creates and deletes, on whatever files there are. */
const COMMANDS: readonly string[] = [
  '00A40000023F00',
  '00A4000C023F00',
  '00A40400',
  '00A40800047F206F01',
  '00B0000000000000',
  '00B2010400',
  '00B201050000000',
  '0020008100',
  '002000810431323334',
  '00200001083939393939393939',
  '00B0810000',
  '00B2010C00',
  '00B2FF0C00',
  '00B0820000000000',
  '00A2010C01A1',
  '00D6810002CAFE',
  '00E2001004A1020000',
  '00DC010C04A1020000',
  '00CA00C100',
  '00CBFF00025C0000',
  '00DB3FFF095C0300010253020102',
  '00CABF40000000',
  '000E810000',
  '00E0000016621480020020820201418302' + '6F77' + '8801B88C03030000',
  '00E4000000',
  '0044000000',
  '0004000000',
].map((hex) => hex.padEnd(hex.length + (hex.length % 2), '0'));

/** Bytes that the answers of a card may take whatever its image says: every file of the application in one answer. */
export const MOST_RESPONSE: number = 31 * 65_540;

/** What became of an image: it was refused with a sentence, or the card worked. */
export type Outcome = 'refused' | 'works';

/**
 * Boots a card of an image, and has it answer commands on every interface and over every file that it has.
 * @throws whatever is no `ImageError`, and any fault that the card met
 */
export function tryImage(image: Uint8Array): Outcome {
  let card: Card;
  const faults: unknown[] = [];
  const nvm = new MemoryNvm(image);
  const boot = (): Card =>
    new Card({
      random: new SeededRandom('hostile'),
      nvm,
      clock: new VirtualClock(),
      crypto,
      applets: exportApplets,
      onFault: (fault) => faults.push(fault),
    });
  try {
    card = boot();
  } catch (error) {
    if (error instanceof ImageError) return 'refused';
    throw error;
  }
  const paths = card.image.files.slice(0, 12).map(pathOf);
  for (const cardInterface of ['contactless', 'wired', 'contact'] as const) {
    const port = card.port(cardInterface, UNLIMITED);
    if (port.response.length > MOST_RESPONSE) throw new Error(`a response of ${port.response.length} bytes`);
    port.powerOn();
    const send = (hex: string): void => {
      const command = fromHex(hex);
      const length = port.process(command, 0, command.length);
      if (length < 2 || length > port.response.length) throw new Error(`an answer of ${length} bytes to ${hex}`);
    };
    for (const path of cardInterface === 'contact' ? paths : paths.slice(0, 2)) {
      if (path.length > 0) send(`00A40800${(path.length / 2).toString(16).padStart(2, '0')}${path}00`);
      for (const command of ['00B0000000', '00B2010400', '00B2010500', '00CA00C100', '00A4000000']) send(command);
    }
    for (const command of COMMANDS) send(command);
  }
  if (faults.length > 0) throw faults[0];
  // What the commands wrote boots again.
  boot();
  return 'works';
}

function pathOf(file: Card['image']['files'][number]): string {
  let path = '';
  for (let at = file; at.parent !== at && path.length < 40; at = at.parent) {
    path = at.fid.toString(16).padStart(4, '0') + path;
  }
  return path;
}
