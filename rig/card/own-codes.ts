import { openImage } from '../../src/applet/image/card-image.ts';
import { PinStore } from '../../src/applet/pin/pin-store.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { PASSWORD } from '../../src/secure-channel/index.ts';

/** Codes of a card of ours, in digits; null where it has none that PACE uses. */
export interface OwnCodes {
  readonly can: string | null;
  readonly pin: string | null;
}

/**
 * What a card of ours has on its screen or in its letter: whoever makes a card from an image knows its codes.
 * @throws {ImageError} no sound image
 */
export function codesOf(contents: Uint8Array): OwnCodes {
  const nvm = new MemoryNvm(contents);
  const { secret, pins } = openImage(nvm);
  const store = new PinStore(nvm, nobleHashes(), secret, pins);
  const read = (password: number): string | null => {
    const code = store.passwordCode(password);
    return code === null ? null : Buffer.from(store.reveal(code)).toString('latin1');
  };
  return { can: read(PASSWORD.CAN), pin: read(PASSWORD.PIN) };
}
