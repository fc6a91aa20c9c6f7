import { AccessRuleError } from '../access/access-rule.ts';
import { readAttributes } from '../access/security-attribute.ts';
import { encodeAttributeObjects } from './attributes.ts';
import type { FileSizes } from './file-entry.ts';
import { fidInHex } from './image-writer.ts';
import { FILE_KIND, type FileKind, NO_PARENT } from './layout.ts';
import type { DirectorySpecification, FileSpecification } from './specification.ts';
import { SpecificationError } from './specification-error.ts';

const KINDS: Readonly<Record<FileSpecification['kind'], FileKind>> = {
  directory: FILE_KIND.DIRECTORY,
  transparent: FILE_KIND.TRANSPARENT,
  'linear-fixed': FILE_KIND.LINEAR_FIXED,
  'linear-variable': FILE_KIND.LINEAR_VARIABLE,
  cyclic: FILE_KIND.CYCLIC,
  'ber-tlv': FILE_KIND.BER_TLV,
};

/** A file with its entry of the file table. */
export interface PlacedFile {
  readonly index: number;
  readonly parent: number;
  readonly spec: FileSpecification;
  /** Rules that are not compact, as they stand behind the data. */
  readonly attributes: Uint8Array;
}

/** Every DF before its children, the MF first. @throws {SpecificationError} */
export function place(masterFile: DirectorySpecification): PlacedFile[] {
  if (masterFile.fid !== 0x3f00) throw new SpecificationError('the master file has identifier 3F00');
  const files: PlacedFile[] = [{ index: 0, parent: NO_PARENT, spec: masterFile, attributes: attributesOf(masterFile) }];
  for (let i = 0; i < files.length; i++) {
    const { spec } = files[i] as PlacedFile;
    if (spec.kind !== 'directory') continue;
    const fids = new Set<number>();
    const sfis = new Set<number>();
    for (const child of spec.children) {
      if (fids.has(child.fid))
        throw new SpecificationError(`two files ${fidInHex(child.fid)} in ${fidInHex(spec.fid)}`);
      fids.add(child.fid);
      if (child.kind !== 'directory' && child.sfi !== null) {
        if (child.sfi < 1 || child.sfi > 30) throw new SpecificationError(`${fidInHex(child.fid)}: an SFI is 1 to 30`);
        if (sfis.has(child.sfi))
          throw new SpecificationError(`two files with SFI ${child.sfi} in ${fidInHex(spec.fid)}`);
        sfis.add(child.sfi);
      }
      files.push({ index: files.length, parent: i, spec: child, attributes: attributesOf(child) });
    }
  }
  return files;
}

/** @throws {SpecificationError} rules that the card could not judge */
function attributesOf(spec: FileSpecification): Uint8Array {
  const bytes = encodeAttributeObjects(spec.attributes);
  try {
    readAttributes(bytes);
  } catch (error) {
    if (!(error instanceof AccessRuleError)) throw error;
    throw new SpecificationError(`access rules of ${fidInHex(spec.fid)}: ${error.message}`);
  }
  return bytes;
}

export function sizes(spec: FileSpecification): FileSizes {
  const kind = KINDS[spec.kind];
  switch (spec.kind) {
    case 'directory':
      return { kind, dataSize: 0, capacity: 0, recordSize: 0 };
    case 'transparent':
      return { kind, dataSize: spec.content.length, capacity: 0, recordSize: 0 };
    case 'ber-tlv':
      return { kind, dataSize: spec.capacity, capacity: 0, recordSize: 0 };
    default:
      return { kind, dataSize: 0, capacity: spec.capacity, recordSize: spec.recordSize };
  }
}
