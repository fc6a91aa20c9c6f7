import { TlvError, TlvReader } from '../../apdu/ber-tlv-reader.ts';
import { copyBytes } from '../../apdu/copy-bytes.ts';
import { type AccessRule, AccessRuleError, compileRules } from './access-rule.ts';

/**
 * Security attributes of a file that are not compact, as its control parameters show them and as the image keeps them:
 *
 * | where | tag | |
 * |---|---|---|
 * | at the top | 8B, AB | referenced or expanded, for every interface |
 * | in A1 | 8B, AB | for contact |
 * | in A1 | 9B, BB | for contactless |
 * | in A1 | CB, EB | for wired |
 *
 * An interface that has none of these keeps its compact rule (in A1: 8C contact, 9C contactless, CC wired).
 */
export const ATTRIBUTE_TEMPLATE = 0xa1;
/** Tags of each interface, contact first. */
export const REFERENCED_TAGS: readonly number[] = [0x8b, 0x9b, 0xcb];
export const EXPANDED_TAGS: readonly number[] = [0xab, 0xbb, 0xeb];
export const COMPACT_TAGS: readonly number[] = [0x8c, 0x9c, 0xcc];

/** Most bytes of such attributes: the longest control information of a file then fits in 256 bytes. */
export const LARGEST_ATTRIBUTES = 180;

/** A rule of the expanded format that stands in the file's own control parameters. */
export interface ExpandedAttribute {
  readonly form: 'expanded';
  readonly rules: readonly AccessRule[];
}

/** A rule in a record of an EF.ARR, one for each security environment or one for all. */
export interface ReferencedAttribute {
  readonly form: 'referenced';
  /** Identifier of the EF.ARR, looked for in the file's DF and then upwards. */
  readonly fid: number;
  /** Environment number (0 for any) and record number, one after the other. */
  readonly records: Uint8Array;
  /** The record that was compiled last, whatever its number was; it holds as long as the bytes are the same. */
  source: Uint8Array;
  rules: readonly AccessRule[];
}

export type SecurityAttribute = ExpandedAttribute | ReferencedAttribute;

/** Attributes by interface: contact, contactless, wired; null where the rule is compact. */
export type SecurityAttributes = readonly (SecurityAttribute | null)[];

export const NO_ATTRIBUTES: SecurityAttributes = [null, null, null];

/**
 * Reads what {@link ATTRIBUTE_TEMPLATE} describes.
 * @throws {AccessRuleError} malformed, an interface twice, or rules that cannot be compiled
 */
export function readAttributes(bytes: Uint8Array): SecurityAttributes {
  const found: (SecurityAttribute | null)[] = [null, null, null];
  if (bytes.length === 0) return NO_ATTRIBUTES;
  if (bytes.length > LARGEST_ATTRIBUTES) throw new AccessRuleError('security attributes too long');
  try {
    const reader = new TlvReader(bytes);
    reader.next();
    if (reader.tag === ATTRIBUTE_TEMPLATE) {
      const inside = reader.enter();
      while (inside.next()) place(inside, found);
    } else {
      const attribute = readAttribute(reader, 0);
      if (attribute === null) throw new AccessRuleError('an unknown security attribute');
      found.fill(attribute);
    }
    if (reader.next()) throw new AccessRuleError('more than one security attribute');
  } catch (error) {
    if (error instanceof TlvError) throw new AccessRuleError(error.message);
    throw error;
  }
  return found;
}

function place(reader: TlvReader, found: (SecurityAttribute | null)[]): void {
  for (let cardInterface = 0; cardInterface < found.length; cardInterface++) {
    const attribute = readAttribute(reader, cardInterface);
    if (attribute === null) continue;
    if (found[cardInterface] !== null) throw new AccessRuleError('two rules for one interface');
    found[cardInterface] = attribute;
    return;
  }
  throw new AccessRuleError('an unknown security attribute');
}

/** The attribute that the reader stands on, or null when its tag is not of this interface. */
function readAttribute(reader: TlvReader, cardInterface: number): SecurityAttribute | null {
  if (reader.tag === EXPANDED_TAGS[cardInterface]) return { form: 'expanded', rules: compileRules(reader.value()) };
  return reader.tag === REFERENCED_TAGS[cardInterface] ? readReference(reader.value()) : null;
}

function readReference(value: Uint8Array): ReferencedAttribute {
  const single = value.length === 3;
  if (!single && (value.length < 4 || value.length % 2 !== 0)) {
    throw new AccessRuleError('a reference is a file and a record, or a file and pairs of environment and record');
  }
  return {
    form: 'referenced',
    fid: ((value[0] as number) << 8) | (value[1] as number),
    records: single ? Uint8Array.of(0, value[2] as number) : copyBytes(value, 2),
    source: new Uint8Array(0),
    rules: [],
  };
}

/** Record of the EF.ARR that holds in a security environment, or 0 for none. */
export function recordFor(attribute: ReferencedAttribute, environment: number): number {
  const { records } = attribute;
  for (let i = 0; i < records.length; i += 2) {
    if (records[i] === environment) return records[i + 1] as number;
  }
  for (let i = 0; i < records.length; i += 2) if (records[i] === 0) return records[i + 1] as number;
  return 0;
}
