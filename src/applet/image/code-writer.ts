import type { KeyedHashes } from '../../hal/crypto.ts';
import { PASSWORD } from '../../secure-channel/index.ts';
import { CODE_HASH_LENGTH, LARGEST_CODE, storedCode } from '../pin/pin-store.ts';
import { type ImageWriter, limit } from './image-writer.ts';
import { INTERFACE_INDEX, PIN } from './layout.ts';
import type { PinSpecification } from './specification.ts';
import { SpecificationError } from './specification-error.ts';

/** @throws {SpecificationError} */
export function writePin(
  image: ImageWriter,
  at: number,
  directory: number,
  pin: PinSpecification,
  secret: Uint8Array,
  crypto: KeyedHashes,
): void {
  const name = `code ${pin.reference.toString(16).toUpperCase()}`;
  const local = (pin.reference & 0x80) !== 0;
  const password = pin.password === undefined ? 0 : PASSWORD[pin.password];
  limit(pin.reference & 0x7f, 1, 0x1f, `reference of ${name}`);
  if (local === (directory === 0)) {
    throw new SpecificationError(`${name}: references 01 to 1F belong to the MF, 81 to 9F to another DF`);
  }
  limit(pin.tries, 1, 15, `tries of ${name}`);
  limit(pin.code.length, pin.minLength, pin.maxLength, `length of ${name}`);
  limit(pin.paddedLength, 0, LARGEST_CODE, `padded length of ${name}`);
  limit(pin.maxLength, 1, pin.paddedLength === 0 ? LARGEST_CODE : pin.paddedLength, `greatest length of ${name}`);
  const block = new Uint8Array(pin.paddedLength === 0 ? pin.code.length : pin.paddedLength).fill(pin.paddingByte);
  block.set(pin.code);

  image.fill(at, PIN.SIZE, 0);
  image.byte(at + PIN.REFERENCE, pin.reference);
  image.byte(at + PIN.FLAGS, (pin.unlocksHolder ? 1 : 0) | (pin.canBeDisabled === true ? 2 : 0));
  image.u16(at + PIN.DIRECTORY, directory);
  image.byte(at + PIN.MIN_LENGTH, pin.minLength);
  image.byte(at + PIN.MAX_LENGTH, pin.maxLength);
  image.byte(at + PIN.PADDED_LENGTH, pin.paddedLength);
  image.byte(at + PIN.PADDING, pin.paddingByte);
  image.byte(at + PIN.TRIES, pin.tries);
  for (const cardInterface of ['contact', 'contactless', 'wired'] as const) {
    image.byte(at + PIN.ACCESS + INTERFACE_INDEX[cardInterface], pin.access[cardInterface]);
  }
  image.byte(at + PIN.UNBLOCKED_BY, pin.unblockedBy ?? 0);
  image.byte(at + PIN.PASSWORD, password);
  image.checksum(at, PIN.CRC);
  image.byte(at + PIN.TRIES_LEFT, pin.tries);

  const hash = new Uint8Array(CODE_HASH_LENGTH);
  const scratch = new Uint8Array(3 + LARGEST_CODE);
  const code = { reference: pin.reference, directory: { index: directory }, password };
  storedCode(crypto.keyedHash('sha-256', secret), scratch, code, block, 0, block.length, hash);
  image.bytes(at + PIN.HASH, hash);
}
