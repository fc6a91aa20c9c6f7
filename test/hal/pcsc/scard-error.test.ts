import { describe, expect, it } from 'vitest';
import { scardCode, scardError } from '../../../src/hal/pcsc/scard-error.ts';

describe('errors of PC/SC', () => {
  // The messages are pcsclite's own, with its words for each code.
  it.each([
    ['SCardTransmit error: Card was removed.(0x80100069)', 'card-removed'],
    ['SCardTransmit error: Card was reset.(0x80100068)', 'card-removed'],
    ['SCardTransmit error: Transaction failed.(0x80100016)', 'protocol'],
    ['SCardTransmit error: RPC transport error.(0x80100013)', 'no-service'],
    ['SCardTransmit error: Invalid handle.(0x80100003)', 'no-service'],
    ['SCardConnect error: Sharing violation.(0x8010000b)', 'busy'],
    ['SCardConnect error: No smart card inserted.(0x8010000c)', 'no-card'],
    ['SCardConnect error: Unknown reader specified.(0x80100009)', 'reader-lost'],
    ['SCardConnect error: Reader is unavailable.(0x80100017)', 'reader-lost'],
    ['SCardConnect error: Card is unresponsive.(0x80100066)', 'protocol'],
    ['SCardConnect error: Service not available.(0x8010001d)', 'no-service'],
    ['SCardControl error: Feature not supported.(0x8010001f)', 'unsupported'],
    ['SCardEstablishContext error: Access denied.(0x8010006a)', 'permission'],
    // From another system, with the sign of a 32-bit number extended.
    ['SCardConnect error: Sharing violation.(0xffffffff8010000b)', 'busy'],
  ])('%s is %s', (message, kind) => {
    expect(scardError(new Error(message), 'A Reader')).toMatchObject({ kind, cause: { message } });
  });

  it('names the reader in its sentence', () => {
    const busy = new Error('SCardConnect error: Sharing violation.(0x8010000b)');
    expect(scardError(busy, 'ACME 7').message).toBe('another program is using the reader "ACME 7"');
  });

  it('keeps the words of an error that it does not know', () => {
    const unknown = scardError(new Error('SCardTransmit error: Strange.(0x80100077)'), 'ACME 7');
    expect(unknown).toMatchObject({ kind: 'protocol', message: expect.stringContaining('Strange.(0x80100077)') });
    expect(scardError(new Error('no code at all'), 'ACME 7').message).toContain('no code at all');
  });

  it.each([
    ['SCardTransmit error: Card was removed.(0x80100069)', 0x80100069],
    ['Card Reader not connected', null],
    ['something (0x80100069) in the middle', null],
  ])('reads the code of %s', (message, code) => {
    expect(scardCode(new Error(message))).toBe(code);
  });
});
