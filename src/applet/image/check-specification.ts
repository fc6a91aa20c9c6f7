import type { CardInterface } from '../../hal/card-link.ts';
import { LARGEST_PASSWORD } from '../pin/pin-store.ts';
import type { CardSpecification, DirectorySpecification, FileSpecification } from './specification.ts';
import { SpecificationError } from './specification-error.ts';

/**
 * What no single field can show to be wrong: values out of the range that their place in the image has, names that
 * stand twice, and references to what is not there. A card made from such a specification would boot and misbehave.
 */
export function checkSpecification(spec: CardSpecification): void {
  if (spec.link.protocol === 'T=0' && spec.link.atr === null) {
    refuse('T=0 needs an ATR of its own: the one that is made otherwise offers T=1');
  }
  const names = new Set<string>();
  checkFile(spec, spec.masterFile, [], names);
  refuseTwice(passwordsOf(spec.masterFile), 'two codes are the same password of PACE');
}

const INTERFACES: readonly CardInterface[] = ['contact', 'contactless', 'wired'];
/** Identifiers with a meaning of their own: the MF, the current DF in a path, and reserved for the future. */
const RESERVED = [0x3f00, 0x3fff, 0xffff];

function checkFile(
  spec: CardSpecification,
  file: FileSpecification,
  above: readonly DirectorySpecification[],
  names: Set<string>,
): void {
  if (above.length > 0) checkIdentifier(file);
  const directories = file.kind === 'directory' ? [...above, file] : above;
  if (file.kind === 'directory') checkDirectory(spec, file, directories, names);
  else if (file.kind !== 'transparent' && file.kind !== 'ber-tlv') checkRecordFile(file);
  for (const cardInterface of INTERFACES) {
    for (const condition of file.access[cardInterface]) checkCondition(condition, directories, hex(file.fid));
  }
  if (file.kind === 'directory') for (const child of file.children) checkFile(spec, child, directories, names);
}

function checkIdentifier(file: FileSpecification): void {
  if (!isWhole(file.fid, 1, 0xffff) || RESERVED.includes(file.fid))
    refuse(`${hex(file.fid)} is no identifier for a file`);
}

function checkDirectory(
  spec: CardSpecification,
  directory: DirectorySpecification,
  directories: readonly DirectorySpecification[],
  names: Set<string>,
): void {
  const where = hex(directory.fid);
  const name = directory.name?.join() ?? null;
  if (name !== null && names.has(name)) refuse(`two DFs have the name of ${where}`);
  if (name !== null) names.add(name);
  refuseTwice(
    directory.pins.map(({ reference }) => reference),
    `two codes of one reference in ${where}`,
  );
  refuseTwice(
    directory.environments.map(({ id }) => id),
    `two security environments of one number in ${where}`,
  );
  for (const pin of directory.pins) {
    const what = `code ${pin.reference.toString(16).toUpperCase()} of ${where}`;
    if (!isWhole(pin.minLength, 1, pin.maxLength))
      refuse(`${what}: its least length is 1 or more, and not over its greatest`);
    if (!isWhole(pin.paddingByte, 0, 0xff)) refuse(`${what}: its padding is one byte`);
    if (pin.password !== undefined && (pin.paddedLength > 0 || pin.maxLength > LARGEST_PASSWORD)) {
      refuse(`${what} is a password of PACE: it has no padding, and ${LARGEST_PASSWORD} bytes at most`);
    }
    if (pin.unblockedBy !== null && !directory.pins.some(({ reference }) => reference === pin.unblockedBy)) {
      refuse(`${what} is unblocked by a code that is not there`);
    }
    for (const cardInterface of INTERFACES) checkCondition(pin.access[cardInterface], directories, what);
  }
  for (const key of directory.keys ?? []) {
    const what = `key ${key.reference.toString(16).toUpperCase()} of ${where}`;
    for (const cardInterface of INTERFACES) {
      checkCondition(key.access[cardInterface], directories, what);
      checkCondition(key.generate[cardInterface], directories, what);
    }
  }
  for (const { id, by } of directory.environments) {
    if (by === 'holder' && spec.holder === null) {
      refuse(`security environment ${id} of ${where} wants the holder, and this card has no holder's side`);
    }
  }
}

function checkRecordFile(file: Extract<FileSpecification, { readonly recordSize: number }>): void {
  const where = hex(file.fid);
  if (!isWhole(file.recordSize, 1, 65_535)) refuse(`record size of ${where}: ${file.recordSize}, allowed 1 to 65535`);
  if (!isWhole(file.capacity, 1, 254)) refuse(`records of ${where}: ${file.capacity}, allowed 1 to 254`);
  const bytes = file.recordSize * file.capacity;
  if (bytes > 65_535) refuse(`${where} has ${bytes} bytes of records, 65535 at most`);
}

/** A condition that asks for a user or for the other side must say who, where it says it by number. */
function checkCondition(condition: number, directories: readonly DirectorySpecification[], where: string): void {
  if (!isWhole(condition, 0, 0xff)) refuse(`${where}: ${condition} is no security condition byte`);
  if (condition === 0x00 || condition === 0xff) return;
  const id = condition & 0x0f;
  if ((condition & 0x30) === 0 || id === 0) return;
  if (id === 15 || !directories.some(({ environments }) => environments.some((each) => each.id === id))) {
    refuse(`${where}: a rule names security environment ${id}, which is not there`);
  }
}

function passwordsOf(directory: DirectorySpecification): string[] {
  return [
    ...directory.pins.flatMap(({ password }) => password ?? []),
    ...directory.children.flatMap((child) => (child.kind === 'directory' ? passwordsOf(child) : [])),
  ];
}

function refuseTwice(values: readonly (number | string)[], message: string): void {
  if (new Set(values).size < values.length) refuse(message);
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function hex(fid: number): string {
  return fid.toString(16).toUpperCase().padStart(4, '0');
}

function refuse(message: string): never {
  throw new SpecificationError(message);
}
