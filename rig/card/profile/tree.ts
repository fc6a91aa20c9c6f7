import { toHex } from '../../../src/apdu/index.ts';
import type {
  DirectorySpecification,
  FileSpecification,
  PinSpecification,
  SecurityEnvironmentSpecification,
} from '../../../src/applet/image/specification.ts';
import { encodeLatin1 } from '../../../src/applet/vitale/index.ts';
import { counted } from '../../report/words.ts';
import { accessRules, conditionBytes } from './access.ts';
import { RESERVED_WORDS } from './condition-words.ts';
import { dataObjectContent, recordContent, transparentContent } from './content.ts';
import {
  type AccessDocument,
  type CodeDocument,
  DF_MODES,
  type DirectoryDocument,
  EF_MODES,
  type FileDocument,
} from './document.ts';
import type { Generation } from './generators.ts';
import type { Issues } from './issues.ts';
import { keySpecifications } from './keys.ts';
import type { Path } from './source.ts';

/** The whole file tree. Faults go to the issues of the generation, and the tree is then of no use. */
export function masterFile(generation: Generation): DirectorySpecification {
  const root = generation.document.masterFile;
  checkNames(root, ['masterFile'], new Set(), generation.issues);
  return directorySpecification(root, 0x3f00, ['masterFile'], generation);
}

function directorySpecification(
  directory: DirectoryDocument,
  fid: number,
  path: Path,
  generation: Generation,
): DirectorySpecification {
  const { issues } = generation;
  const { environments } = directory;
  checkSiblings(directory, path, issues);
  const children: FileSpecification[] = [
    ...directory.files.map((file, index) => fileSpecification(file, directory, [...path, 'files', index], generation)),
    ...directory.directories.map((child, index) =>
      directorySpecification(child, child.fid ?? 0, [...path, 'directories', index], generation),
    ),
  ];
  return {
    kind: 'directory',
    fid,
    name: directory.name ?? null,
    label: labelBytes(directory, path, issues),
    fci: directory.fci ?? 'full',
    lifeCycle: directory.lifeCycle ?? 'activated',
    ...accessRules(directory.access, DF_MODES, environments, issues, [...path, 'access']),
    pins: directory.codes.map((code, index) => pin(code, index, directory, path, generation)),
    environments: securityEnvironments(directory, path, generation),
    keys: keySpecifications(directory, fid === 0x3f00, generation.keys, issues, path),
    children,
  };
}

function fileSpecification(
  file: FileDocument,
  directory: DirectoryDocument,
  path: Path,
  generation: Generation,
): FileSpecification {
  const { fid, sfi = null, structure, content } = file;
  const placed = { file, directory, path: [...path, 'content'] };
  const rules = accessRules(file.access, EF_MODES, directory.environments, generation.issues, [...path, 'access']);
  checkReference(file.access, directory, generation, [...path, 'access']);
  const common = { fid, sfi, ...rules, lifeCycle: file.lifeCycle ?? 'activated' };
  if (structure === 'transparent') {
    return { kind: structure, ...common, content: transparentContent(content ?? {}, generation, placed) };
  }
  if (structure === 'ber-tlv') {
    return { kind: structure, ...common, capacity: file.size ?? 0, content: dataObjectContent(generation, placed) };
  }
  const { recordSize = 0, capacity = 0 } = file;
  return { kind: structure, ...common, recordSize, capacity, records: recordContent(generation, placed, path) };
}

/** The EF.ARR of a rule: in the file's own directory or in the master file, with a record of that number. */
function checkReference(
  access: AccessDocument,
  directory: DirectoryDocument,
  { document, issues }: Generation,
  path: Path,
): void {
  const { reference } = access;
  if (reference === undefined) return;
  const rules = [...directory.files, ...document.masterFile.files].find(({ fid }) => fid === reference.file);
  if (rules === undefined || !rules.structure.startsWith('linear')) {
    issues.report([...path, 'in'], `there is no linear file ${hex(reference.file, 4)} here or in the master file`);
    return;
  }
  const there = rules.records?.length ?? 0;
  for (const number of Object.values(reference.records)) {
    if (number !== undefined && number > there) {
      issues.report(
        [...path, 'rule'],
        `${hex(reference.file, 4)} has ${counted(there, 'record')}, no record ${number}`,
      );
    }
  }
}

function labelBytes({ label }: DirectoryDocument, path: Path, issues: Issues): Uint8Array | null {
  if (label === undefined) return null;
  const bytes = encodeLatin1(label);
  if (bytes === null || bytes.length > 16)
    issues.report([...path, 'label'], 'a label is at most 16 characters of Latin-1');
  return bytes;
}

/** What is wrong with a code is said without the code. */
function pin(
  code: CodeDocument,
  index: number,
  directory: DirectoryDocument,
  path: Path,
  { document, issues }: Generation,
): PinSpecification {
  const at = (key: string): Path => [...path, 'codes', index, key];
  const isMasterFile = directory === document.masterFile;
  const [least, most] = isMasterFile ? [0x01, 0x1f] : [0x81, 0x9f];
  const { reference, minLength, maxLength, paddedLength, paddingByte, unblockedBy } = code;
  if (reference < least || reference > most) {
    const where = isMasterFile ? 'in the master file' : 'outside the master file';
    issues.report(at('reference'), `the reference of a code ${where} is ${hex(least)} to ${hex(most)}`);
  }
  if (directory.codes.findIndex((one) => one.reference === reference) !== index) {
    issues.report(at('reference'), `a code with reference ${hex(reference)} is already there`);
  }
  if (minLength > maxLength) issues.report(at('minLength'), `minLength ${minLength} is over maxLength ${maxLength}`);
  else if (code.code.length < minLength || code.code.length > maxLength) {
    const format = minLength === maxLength ? `${minLength}` : `${minLength} to ${maxLength}`;
    issues.report(at('code'), `the code has ${code.code.length} digits, its own format says ${format}`);
  }
  if (paddedLength !== 0 && paddedLength < maxLength) {
    issues.report(at('paddedLength'), `a block of ${paddedLength} bytes is too short for codes of ${maxLength} digits`);
  }
  if (paddedLength !== 0 && paddingByte >= 0x30 && paddingByte <= 0x39) {
    issues.report(at('paddingByte'), `${hex(paddingByte)} is a digit: padding could not be told from the code`);
  }
  if (unblockedBy !== undefined && !directory.codes.some((one) => one !== code && one.reference === unblockedBy)) {
    issues.report(at('unblockedBy'), `there is no other code ${hex(unblockedBy)} here`);
  }
  if (code.unlocksHolder && document.holder === undefined) {
    issues.report(at('unlocksHolder'), 'this card has no `holder`: there is no window to open');
  }
  return {
    reference,
    code: Uint8Array.from(code.code, (digit) => digit.charCodeAt(0)),
    minLength,
    maxLength,
    paddedLength,
    paddingByte,
    tries: code.tries,
    access: conditionBytes(code.access, directory.environments, issues, at('access')),
    unlocksHolder: code.unlocksHolder,
    canBeDisabled: code.requirementOptional,
    unblockedBy: unblockedBy ?? null,
    ...(code.password !== undefined && { password: code.password }),
  };
}

function securityEnvironments(
  directory: DirectoryDocument,
  path: Path,
  { document, issues }: Generation,
): SecurityEnvironmentSpecification[] {
  const ids = new Set<number>();
  return Object.entries(directory.environments).map(([word, environment]) => {
    const { id } = environment;
    const at = [...path, 'environments', word];
    if (RESERVED_WORDS.has(word) || !/^[a-z][a-z0-9-]*$/.test(word)) {
      issues.report(at, `\`${word}\` cannot be the word of an environment`);
    }
    if (ids.has(id)) issues.report([...at, 'id'], `an environment ${id} is already there`);
    ids.add(id);
    if (environment.by === 'terminal') return { id, by: environment.by, right: environment.right };
    const named = environment.by === 'key' ? environment.key : environment.reference;
    const holder = named < 0x80 ? document.masterFile : directory;
    const where = named < 0x80 ? 'in the master file' : 'in this directory';
    if (environment.by === 'key') {
      const key = holder.keys.find((one) => one.reference === named && one.algorithm.kind === 'aes');
      if (key === undefined) issues.report([...at, 'key'], `there is no AES key ${hex(named)} ${where}`);
      return { id, by: 'key', key: named };
    }
    const code = holder.codes.find((one) => one.reference === named);
    if (code === undefined) {
      issues.report([...at, 'reference'], `there is no code ${hex(named)} ${where}`);
    } else if (environment.by === 'holder' && !code.unlocksHolder) {
      issues.report([...at, 'by'], `code ${hex(named)} does not say \`unlocksHolder: yes\``);
    }
    return { id, pin: named, by: environment.by };
  });
}

/** Identifiers that are there twice in one directory. */
function checkSiblings(directory: DirectoryDocument, path: Path, issues: Issues): void {
  const fids = new Set<number>();
  const sfis = new Set<number>();
  const once = (set: Set<number>, value: number, at: Path, what: string): void => {
    if (set.has(value)) issues.report(at, `${what} is already there in this directory`);
    set.add(value);
  };
  directory.files.forEach(({ fid, sfi }, index) => {
    once(fids, fid, [...path, 'files', index, 'fid'], `file identifier ${hex(fid, 4)}`);
    if (sfi !== undefined) once(sfis, sfi, [...path, 'files', index, 'sfi'], `short EF identifier ${hex(sfi)}`);
  });
  directory.directories.forEach(({ fid = 0 }, index) => {
    once(fids, fid, [...path, 'directories', index, 'fid'], `file identifier ${hex(fid, 4)}`);
  });
}

/** Names that two directories have, anywhere on the card. */
function checkNames(directory: DirectoryDocument, path: Path, seen: Set<string>, issues: Issues): void {
  if (directory.name !== undefined) {
    const name = toHex(directory.name);
    if (seen.has(name)) issues.report([...path, 'name'], `another directory already has the name ${name}`);
    seen.add(name);
  }
  directory.directories.forEach((child, index) => {
    checkNames(child, [...path, 'directories', index], seen, issues);
  });
}

function hex(value: number, length = 2): string {
  return value.toString(16).toUpperCase().padStart(length, '0');
}
