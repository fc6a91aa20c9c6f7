import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';

/*
 * Prints as JSON how many bytes of heap a call takes. Run with --expose-gc and a young generation so large that it is
 * not collected in between: what is still there at the end was allocated.
 */
const CALLS = 50_000;
const WARM_UP = 20_000;

function bytesPerCall(call: () => void): number {
  for (let i = 0; i < WARM_UP; i++) call();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < CALLS; i++) call();
  return (process.memoryUsage().heapUsed - before) / CALLS;
}

const nvm = new MemoryNvm(4096);
const buffer = new Uint8Array(256);
const keyed = nobleHashes().keyedHash('sha-256', new Uint8Array(32));
let sum = 0;
console.log(
  JSON.stringify({
    // Proves that the measure sees an allocation.
    view: bytesPerCall(() => {
      sum += Uint8Array.from(buffer.subarray(0, 8)).length;
    }),
    read: bytesPerCall(() => nvm.read(17, buffer, 0, 200)),
    readByte: bytesPerCall(() => {
      sum += nvm.readByte(17);
    }),
    write: bytesPerCall(() => nvm.write(17, buffer, 0, 16)),
    hmac: bytesPerCall(() => keyed.digest(buffer, 0, 20, buffer, 32)),
    sum,
  }),
);
