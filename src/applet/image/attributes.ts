import { TlvWriter } from '../../apdu/ber-tlv-writer.ts';
import type { CardInterface } from '../../hal/card-link.ts';
import {
  ATTRIBUTE_TEMPLATE,
  EXPANDED_TAGS,
  LARGEST_ATTRIBUTES,
  REFERENCED_TAGS,
} from '../access/security-attribute.ts';
import { INTERFACE_INDEX, INTERFACES } from './layout.ts';
import type { SecurityAttributeSpecification } from './specification.ts';

/**
 * Rules that are not compact as they stand in a file's control parameters: once for every interface when they are the
 * same, otherwise inside A1 for those that have one. Empty when all rules are compact.
 */
export function encodeAttributeObjects(
  attributes: Readonly<Partial<Record<CardInterface, SecurityAttributeSpecification>>> = {},
): Uint8Array {
  const given = INTERFACES.filter((cardInterface) => attributes[cardInterface] !== undefined);
  if (given.length === 0) return new Uint8Array(0);
  const lengths = given.map(
    (cardInterface) => (attributes[cardInterface] as SecurityAttributeSpecification).value.length,
  );
  const writer = new TlvWriter(lengths.reduce((sum, length) => sum + length + 8, 8) + LARGEST_ATTRIBUTES);
  const first = attributes[given[0] as CardInterface] as SecurityAttributeSpecification;
  if (given.length === INTERFACES.length && given.every((cardInterface) => isSame(attributes[cardInterface], first))) {
    write(writer, first, 0);
    return writer.finish();
  }
  writer.open(ATTRIBUTE_TEMPLATE);
  for (const cardInterface of given) {
    write(writer, attributes[cardInterface] as SecurityAttributeSpecification, INTERFACE_INDEX[cardInterface]);
  }
  writer.close();
  return writer.finish();
}

function write(writer: TlvWriter, { form, value }: SecurityAttributeSpecification, cardInterface: number): void {
  writer.primitive((form === 'expanded' ? EXPANDED_TAGS : REFERENCED_TAGS)[cardInterface] as number, value);
}

function isSame(a: SecurityAttributeSpecification | undefined, b: SecurityAttributeSpecification): boolean {
  return a?.form === b.form && a.value.length === b.value.length && a.value.every((byte, i) => byte === b.value[i]);
}
