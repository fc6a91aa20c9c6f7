import { CommandApdu, SW } from '../../src/apdu/index.ts';
import { protectCommand, unprotectCommand } from '../../src/secure-channel/command-protection.ts';
import { protectResponse } from '../../src/secure-channel/response-protection.ts';
import { SecureSession, type SessionCrypto } from '../../src/secure-channel/secure-session.ts';
import { crypto, parsed } from './bench-session.ts';

/*
 * Prints as JSON how many bytes of heap a protected message takes on the card's side. Run with --expose-gc and a young
 * generation so large that it is not collected in between: what is still there at the end was allocated.
 */
const CALLS = 20_000;
/** The least of them counts: on a busy machine the optimising compiler comes late, and takes heap of its own. */
const ROUNDS = 9;

function bytesPerCall(call: () => void): number {
  for (let i = 0; i < CALLS; i++) call();
  const rounds = Array.from({ length: ROUNDS }, () => {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < CALLS; i++) call();
    return (process.memoryUsage().heapUsed - before) / CALLS;
  });
  // What every call allocates is in every round; what the engine allocates while it compiles is not.
  return Math.min(...rounds);
}

/** Stands in for AES so that only the room itself is measured: adds bytes up, and changes nothing. */
const STAND_IN: SessionCrypto = {
  blockCipher: () => ({ encryptBlock: nothing, cbcEncrypt: nothing, cbcDecrypt: nothing, wipe: nothing }),
  blockMac: () => {
    let sum = 0;
    return {
      update: (data, offset, length) => {
        for (let i = 0; i < length; i++) sum = (sum + (data[offset + i] as number)) & 0xff;
      },
      finish: (target, offset, size) => {
        target.fill(sum, offset, offset + size);
        sum = 0;
      },
      wipe: nothing,
    };
  },
};

function nothing(): void {}

/** A command opened and its answer of `length` bytes protected, each time as the first of the channel. */
function message(primitives: SessionCrypto, plainCommand: string, length: number): () => void {
  const open = (): SecureSession =>
    new SecureSession(primitives, { cipher: 'AES-128', enc: new Uint8Array(16), mac: new Uint8Array(16) });
  const session = open();
  const bytes = protectCommand(open(), parsed(plainCommand));
  const command = new CommandApdu();
  const plain = new Uint8Array(512);
  const buffer = new Uint8Array(512);
  return () => {
    session.counter.fill(0);
    command.parse(bytes, 0, bytes.length);
    if (unprotectCommand(session, command, plain) !== SW.OK) throw new Error('refused');
    if (protectResponse(session, buffer, length, SW.OK, false) === 0) throw new Error('closed');
  };
}

const leaked: Uint8Array[] = [];
console.log(
  JSON.stringify({
    // Proves that the measure sees an allocation.
    view: bytesPerCall(() => void leaked.push(new Uint8Array(8))),
    read: bytesPerCall(message(STAND_IN, '00B2011400', 100)),
    verify: bytesPerCall(message(STAND_IN, '0020008106313233343536', 0)),
    update: bytesPerCall(message(STAND_IN, `00D6000064${'42'.repeat(100)}`, 0)),
    noble: bytesPerCall(message(crypto, '00B2011400', 100)),
  }),
);
