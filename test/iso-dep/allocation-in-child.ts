import { BackToBack } from '../../src/iso-dep/back-to-back.ts';
import { IsoDepCard } from '../../src/iso-dep/card.ts';
import { IsoDepReader } from '../../src/iso-dep/reader.ts';
import { counting, PLAIN_ATS } from './cards.ts';

/*
 * Prints as JSON how many bytes of heap an exchange takes. Run with --expose-gc and a young generation so large that it
 * is not collected in between: what is still there at the end was allocated.
 */
const CALLS = 20_000;

/** The median of five rounds: on a busy machine the optimising compiler comes late, and takes heap of its own. */
const ROUNDS = 5;

function bytesPerCall(call: () => void): number {
  for (let i = 0; i < CALLS; i++) call();
  const rounds = Array.from({ length: ROUNDS }, () => {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < CALLS; i++) call();
    return (process.memoryUsage().heapUsed - before) / CALLS;
  });
  return rounds.sort((a, b) => a - b)[(ROUNDS - 1) / 2] as number;
}

/** An exchange of a reader and a card, with a card that answers `responseLength` bytes after `work` cycles. */
function exchange(commandLength: number, responseLength: number, work: number): () => void {
  const nothing = (): void => {};
  const linked = {
    response: counting(responseLength),
    atr: () => counting(0),
    powerOn: nothing,
    reset: nothing,
    fieldOff: nothing,
    deselect: nothing,
    process: () => responseLength,
  };
  const card = new IsoDepCard(linked, { ats: { ...PLAIN_ATS, fsci: 2 }, cost: () => work });
  const reader = new IsoDepReader({ fsd: 32, cid: 1 });
  const joined = new BackToBack(reader, card);
  card.start();
  joined.run(reader.activate());
  const command = counting(commandLength);
  return () => {
    if (joined.run(reader.transmit(command, 0, commandLength)) !== 'done') throw new Error('lost');
    // Or the clock outgrows the numbers that the engine keeps without an object.
    joined.cycles = 0;
    joined.frames = 0;
  };
}

const plain = exchange(13, 13, 0);
const leaked: Uint8Array[] = [];
console.log(
  JSON.stringify({
    // Proves that the measure sees an allocation.
    view: bytesPerCall(() => void leaked.push(new Uint8Array(8))),
    plain: bytesPerCall(plain),
    chained: bytesPerCall(exchange(100, 100, 0)),
    extended: bytesPerCall(exchange(13, 13, 200_000)),
  }),
);
