import { NdefError } from './ndef-error.ts';

/** What the capability container of an NFC Forum Type 4 Tag says. Sizes in bytes. */
export interface CapabilityContainer {
  /** `2.0`. */
  readonly mappingVersion: string;
  /** Most data that one READ BINARY may ask for (MLe). */
  readonly largestRead: number;
  /** Most data that one UPDATE BINARY may carry (MLc). */
  readonly largestUpdate: number;
  readonly fid: number;
  /** Size of the NDEF file, with its two length bytes. */
  readonly fileSize: number;
  readonly readable: boolean;
  readonly writable: boolean;
}

/** Length of a container with one NDEF file, and of the least that must be read of any. */
export const CAPABILITY_CONTAINER_LENGTH = 15;
const NDEF_FILE_CONTROL = 0x04;
/** Identifiers that are not the NDEF file's to have. */
const NOT_FOR_NDEF: readonly number[] = [0x0000, 0xe102, 0xe103, 0x3f00, 0x3fff, 0xffff];

/**
 * Reads a capability container with the NDEF File Control TLV of mapping versions 2 and 3.
 * @throws {NdefError} what a reader must refuse
 */
export function decodeCapabilityContainer(bytes: Uint8Array): CapabilityContainer {
  const u16 = (at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  if (bytes.length < CAPABILITY_CONTAINER_LENGTH || u16(0) < CAPABILITY_CONTAINER_LENGTH) {
    throw new NdefError(`a capability container of ${bytes.length < 2 ? bytes.length : u16(0)} bytes, 15 at least`);
  }
  const version = bytes[2] as number;
  if (version >> 4 !== 2 && version >> 4 !== 3) {
    throw new NdefError(`mapping version ${version >> 4}.${version & 0x0f}: 2 and 3 are known`);
  }
  if (bytes[7] !== NDEF_FILE_CONTROL || bytes[8] !== 6) {
    throw new NdefError('the capability container does not begin with an NDEF file control TLV');
  }
  const container: CapabilityContainer = {
    mappingVersion: `${version >> 4}.${version & 0x0f}`,
    largestRead: u16(3),
    largestUpdate: u16(5),
    fid: u16(9),
    fileSize: u16(11),
    readable: bytes[13] === 0x00,
    writable: bytes[14] === 0x00,
  };
  if (container.largestRead < 0x0f) throw new NdefError(`MLe is ${container.largestRead}, 15 at least`);
  if (container.largestUpdate < 0x01) throw new NdefError('MLc is 0, 1 at least');
  if (NOT_FOR_NDEF.includes(container.fid)) throw new NdefError('the NDEF file has an identifier that is reserved');
  if (container.fileSize < 5 || container.fileSize > 0xfffe) {
    throw new NdefError(`the NDEF file has ${container.fileSize} bytes, 5 to 65534 are allowed`);
  }
  return container;
}
