/**
 * The data of GENERAL AUTHENTICATE: `7C L { 80 …, 81 …, … }`, and a key pair's token over the same tags.
 *
 * | step of PACE (BSI TR-03110-3 B.1) | command | response |
 * |---|---|---|
 * | encrypted nonce | none | 80 encrypted nonce |
 * | map nonce | 81 mapping data | 82 mapping data |
 * | perform key agreement | 83 ephemeral public key | 84 ephemeral public key |
 * | mutual authentication | 85 token | 86 token, 87 and 88 certification authorities, 8A chip authentication data |
 *
 * Chip authentication (B.2): 80 ephemeral public key; 81 nonce, 82 token.
 */
import { TlvError, TlvReader, TlvWriter } from '../apdu/index.ts';

const DYNAMIC_AUTHENTICATION_DATA = 0x7c;
/** The longest that a chip writes: two points and a signature would be shorter. */
const LARGEST = 512;

/**
 * The objects in a template 7C that is all of `data`, each tag once, without copies.
 * @returns null for anything else
 */
export function readDynamicAuthenticationData(data: Uint8Array): ReadonlyMap<number, Uint8Array> | null {
  try {
    const outer = new TlvReader(data);
    if (!outer.next() || outer.tag !== DYNAMIC_AUTHENTICATION_DATA) return null;
    const objects = new Map<number, Uint8Array>();
    const inner = outer.enter();
    while (inner.next()) {
      if (objects.has(inner.tag)) return null;
      objects.set(inner.tag, inner.value());
    }
    return outer.next() ? null : objects;
  } catch (error) {
    if (error instanceof TlvError) return null;
    throw error;
  }
}

/** `7C L` with these objects in it, in their order. */
export function writeDynamicAuthenticationData(
  objects: readonly (readonly [tag: number, value: Uint8Array])[],
): Uint8Array {
  const writer = new TlvWriter(LARGEST);
  writer.open(DYNAMIC_AUTHENTICATION_DATA);
  for (const [tag, value] of objects) writer.primitive(tag, value);
  writer.close();
  return writer.finish();
}
