/**
 * Authenticated auxiliary data of terminal authentication version 2 (BSI TR-03110-3 A.7.5):
 * `67 { 73 { 06 object identifier, 53 value } … }`. Their meaning is known only after the terminal's signature held.
 */
import { copyBytes } from '../apdu/copy-bytes.ts';
import { fromHex, TlvError, TlvReader, TlvWriter } from '../apdu/index.ts';

export const AUXILIARY_DATA = 0x67;
const TEMPLATE = 0x73;
const OBJECT_IDENTIFIER = 0x06;
const DISCRETIONARY_DATA = 0x53;
/** id-AuxiliaryData is bsi-de applications(3) mrtd(1) 4. */
const ID_AUXILIARY_DATA = '04007F0007030104';

/** The date of birth that the holder must not be born after, YYYYMMDD in characters. */
export const ID_DATE_OF_BIRTH: Uint8Array = fromHex(`${ID_AUXILIARY_DATA}01`);
/** The terminal's date, which the document must not expire before, YYYYMMDD in characters. */
export const ID_DATE_OF_EXPIRY: Uint8Array = fromHex(`${ID_AUXILIARY_DATA}02`);
/** The first octets of the municipality's number. */
export const ID_MUNICIPALITY: Uint8Array = fromHex(`${ID_AUXILIARY_DATA}03`);

/** One template 73. */
export interface AuxiliaryDatum {
  readonly oid: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * @param data value of object 67
 * @returns null when it is malformed, or has the same object identifier twice: the standard would take the last one,
 *   clients refuse it, and no terminal has a reason to write it
 */
export function parseAuxiliaryData(data: Uint8Array): readonly AuxiliaryDatum[] | null {
  try {
    const items: AuxiliaryDatum[] = [];
    const reader = new TlvReader(data);
    while (reader.next()) {
      if (reader.tag !== TEMPLATE) return null;
      const template = reader.enter();
      if (!template.next() || template.tag !== OBJECT_IDENTIFIER) return null;
      const oid = copyBytes(template.value());
      if (!template.next() || !isTag(template, DISCRETIONARY_DATA)) return null;
      const value = copyBytes(template.value());
      if (template.next() || items.some((item) => String(item.oid) === String(oid))) return null;
      items.push({ oid, value });
    }
    return items;
  } catch (error) {
    if (error instanceof TlvError) return null;
    throw error;
  }
}

/** The value of object 67. */
export function encodeAuxiliaryData(items: readonly AuxiliaryDatum[]): Uint8Array {
  const writer = new TlvWriter(items.reduce((length, { oid, value }) => length + oid.length + value.length + 16, 0));
  for (const { oid, value } of items) {
    writer.open(TEMPLATE);
    writer.primitive(OBJECT_IDENTIFIER, oid);
    writer.primitive(DISCRETIONARY_DATA, value);
    writer.close();
  }
  return writer.finish();
}

function isTag(reader: TlvReader, tag: number): boolean {
  return reader.tag === tag;
}
