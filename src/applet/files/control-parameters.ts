import { TlvError, TlvReader } from '../../apdu/ber-tlv-reader.ts';
import { copyBytes } from '../../apdu/copy-bytes.ts';
import type { CardInterface } from '../../hal/card-link.ts';
import { AccessRuleError } from '../access/access-rule.ts';
import {
  ATTRIBUTE_TEMPLATE,
  COMPACT_TAGS,
  EXPANDED_TAGS,
  REFERENCED_TAGS,
  readAttributes,
} from '../access/security-attribute.ts';
import { encodeAttributeObjects } from '../image/attributes.ts';
import { FILE_KIND, type FileKind, INTERFACES, LARGEST_CAPACITY, LARGEST_FILE } from '../image/layout.ts';
import type { SecurityAttributeSpecification } from '../image/specification.ts';
import type { NewFile } from './file-store.ts';
import { CURRENT_DF_ID, MASTER_FILE_ID } from './file-tree.ts';
import { LIFE_CYCLE } from './life-cycle.ts';

/** Control parameters that describe no file which this card could have. */
export class ControlParametersError extends Error {}

const FCP_TEMPLATE = 0x62;
const LARGEST_NAME = 16;
/** File descriptor bytes without the bit "shareable", which is taken and means nothing here. */
const DESCRIPTORS: ReadonlyMap<number, FileKind> = new Map([
  [0x38, FILE_KIND.DIRECTORY],
  [0x01, FILE_KIND.TRANSPARENT],
  [0x02, FILE_KIND.LINEAR_FIXED],
  [0x04, FILE_KIND.LINEAR_VARIABLE],
  [0x06, FILE_KIND.CYCLIC],
  [0x39, FILE_KIND.BER_TLV],
]);
const SHAREABLE = 0x40;

/**
 * A new file as the data field of CREATE FILE describes it: a template 62 of what SELECT answers for the FCP.
 *
 * 80 size (an EF of records: all records together), 82 descriptor, 83 identifier, 84 DF name, 88 short identifier
 * (empty: none; absent: the low five bits of the identifier where they are 1 to 30), 8A life cycle (absent: activated),
 * and rules: 8C, 8B or AB for every interface, or A1 for each; wired that is not named there has the rule of contact.
 * The data coding byte in 82 is not kept. A file without rules is none: it could never be used nor removed.
 * @throws {ControlParametersError} malformed, or a part that is unknown, missing or contradicts another
 */
export function readControlParameters(bytes: Uint8Array, offset: number, length: number): NewFile {
  try {
    const outer = new TlvReader(bytes, offset, length);
    if (!outer.next() || outer.tag !== FCP_TEMPLATE) throw new ControlParametersError('no FCP template');
    const file = new Parameters(outer.enter()).file();
    if (outer.next()) throw new ControlParametersError('something behind the template');
    return file;
  } catch (error) {
    if (!(error instanceof TlvError || error instanceof AccessRuleError)) throw error;
    throw new ControlParametersError(error.message);
  }
}

class Parameters {
  readonly #objects = new Map<number, Uint8Array>();

  constructor(reader: TlvReader) {
    while (reader.next()) {
      if (this.#objects.has(reader.tag)) throw new ControlParametersError('a part twice');
      this.#objects.set(reader.tag, reader.value());
    }
  }

  file(): NewFile {
    const kind = this.#kind();
    const fid = this.#number(0x83, 2, 2);
    if (fid === null || fid === 0 || fid === MASTER_FILE_ID || fid === CURRENT_DF_ID || fid === 0xffff) {
      throw new ControlParametersError('no file identifier');
    }
    const directory = kind === FILE_KIND.DIRECTORY;
    const file = {
      kind,
      fid,
      ...this.#sizes(kind),
      name: directory ? this.#name() : null,
      sfi: directory ? 0 : this.#sfi(fid),
      lifeCycle: this.#lifeCycle(),
      ...this.#rules(),
    };
    if (this.#objects.size > 0) throw new ControlParametersError('an unknown part');
    return file;
  }

  #kind(): FileKind {
    const kind = DESCRIPTORS.get((this.#objects.get(0x82)?.[0] ?? 0) & ~SHAREABLE);
    if (kind === undefined) throw new ControlParametersError('no file descriptor');
    return kind;
  }

  /** Descriptor, data coding, record size in one or two bytes, number of records in one or two. */
  #sizes(kind: FileKind): Pick<NewFile, 'recordSize' | 'capacity' | 'dataSize'> {
    const descriptor = this.#take(0x82) as Uint8Array;
    const size = this.#number(0x80, 1, 4);
    const records = kind === FILE_KIND.LINEAR_FIXED || kind === FILE_KIND.LINEAR_VARIABLE || kind === FILE_KIND.CYCLIC;
    if (!records && descriptor.length > 2) throw new ControlParametersError('records in a file without them');
    if (kind === FILE_KIND.DIRECTORY) {
      if (size !== null) throw new ControlParametersError('a DF with a size');
      return { recordSize: 0, capacity: 0, dataSize: 0 };
    }
    if (!records) return { recordSize: 0, capacity: 0, dataSize: within(size, LARGEST_FILE) };
    if (descriptor.length < 3 || descriptor.length > 6) throw new ControlParametersError('no record size');
    const recordSize = within(unsigned(descriptor.subarray(2, Math.min(4, descriptor.length))), LARGEST_FILE);
    const stated = descriptor.length > 4 ? unsigned(descriptor.subarray(4)) : 0;
    // What SELECT states is how many records there are; the size says how many there can be.
    const capacity = size === null ? stated : Math.floor(size / recordSize);
    if (capacity < stated) throw new ControlParametersError('more records than the size holds');
    within(recordSize * capacity, LARGEST_FILE);
    return { recordSize, capacity: within(capacity, LARGEST_CAPACITY), dataSize: 0 };
  }

  #name(): Uint8Array | null {
    const name = this.#take(0x84);
    if (name === null) return null;
    if (name.length === 0 || name.length > LARGEST_NAME) throw new ControlParametersError('a DF name of no length');
    return copyBytes(name);
  }

  #sfi(fid: number): number {
    const value = this.#take(0x88);
    if (value === null) return (fid & 0x1f) === 0x1f ? 0 : fid & 0x1f;
    if (value.length === 0) return 0;
    const byte = value[0] as number;
    const sfi = byte >> 3;
    if (value.length !== 1 || (byte & 0x07) !== 0 || sfi === 0 || sfi === 0x1f) {
      throw new ControlParametersError('no short identifier');
    }
    return sfi;
  }

  /** Activated 05 or 07, deactivated 04 or 06, creation 01, initialisation 03. */
  #lifeCycle(): number {
    const state = this.#number(0x8a, 1, 1) ?? LIFE_CYCLE.ACTIVATED;
    switch (state) {
      case LIFE_CYCLE.CREATION:
      case LIFE_CYCLE.INITIALISATION:
        return state;
      case 0x04:
      case 0x06:
        return LIFE_CYCLE.DEACTIVATED;
      case 0x05:
      case 0x07:
        return LIFE_CYCLE.ACTIVATED;
      default:
        throw new ControlParametersError('no state in which a file can be made');
    }
  }

  #rules(): Pick<NewFile, 'rules' | 'attributes' | 'compiled'> {
    const rules = new Uint8Array(21).fill(0xff);
    const others: Partial<Record<CardInterface, SecurityAttributeSpecification>> = {};
    const template = this.#take(ATTRIBUTE_TEMPLATE);
    const inside = template === null ? null : new TlvReader(template);
    const ruled = [false, false, false];
    const give = (cardInterface: number, tag: number, value: Uint8Array): boolean => {
      const name = INTERFACES[cardInterface] as CardInterface;
      if (tag === COMPACT_TAGS[inside === null ? 0 : cardInterface]) rules.set(compactRule(value), 7 * cardInterface);
      else if (tag === EXPANDED_TAGS[inside === null ? 0 : cardInterface]) others[name] = { form: 'expanded', value };
      else if (tag === REFERENCED_TAGS[inside === null ? 0 : cardInterface])
        others[name] = { form: 'referenced', value };
      else return false;
      if (ruled[cardInterface]) throw new ControlParametersError('two rules for one interface');
      ruled[cardInterface] = true;
      return true;
    };
    if (inside === null) {
      for (const tag of [COMPACT_TAGS[0], EXPANDED_TAGS[0], REFERENCED_TAGS[0]] as number[]) {
        const value = this.#take(tag);
        if (value !== null)
          for (let cardInterface = 0; cardInterface < 3; cardInterface++) give(cardInterface, tag, value);
      }
    } else {
      while (inside.next()) {
        const value = inside.value();
        if (![0, 1, 2].some((cardInterface) => give(cardInterface, inside.tag, value)))
          throw new ControlParametersError('an unknown rule');
      }
      if (!ruled[2]) {
        rules.copyWithin(14, 0, 7);
        if (others.contact !== undefined) others.wired = others.contact;
      }
    }
    if (!ruled.includes(true)) throw new ControlParametersError('no rules');
    const attributes = encodeAttributeObjects(others);
    return { rules, attributes, compiled: readAttributes(attributes) };
  }

  #take(tag: number): Uint8Array | null {
    const value = this.#objects.get(tag) ?? null;
    this.#objects.delete(tag);
    return value;
  }

  #number(tag: number, least: number, most: number): number | null {
    const value = this.#take(tag);
    if (value === null) return null;
    if (value.length < least || value.length > most) throw new ControlParametersError('a number of no length');
    return unsigned(value);
  }
}

/** An access mode byte, then a security condition byte for each bit that is set, from b7 down. */
function compactRule(value: Uint8Array): Uint8Array {
  const mode = value[0] ?? 0x80;
  const rule = new Uint8Array(7).fill(0xff);
  let at = 1;
  for (let bit = 6; bit >= 0; bit--) if ((mode & (1 << bit)) !== 0) rule[bit] = value[at++] ?? 0xff;
  if ((mode & 0x80) !== 0 || at !== value.length) throw new ControlParametersError('no compact rule');
  return rule;
}

function unsigned(bytes: Uint8Array): number {
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}

function within(value: number | null, most: number): number {
  if (value === null || value < 1 || value > most) throw new ControlParametersError('a size that no file has');
  return value;
}
