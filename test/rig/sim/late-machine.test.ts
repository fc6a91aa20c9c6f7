import { afterEach, expect, it } from 'vitest';
import { SimulatedBoard } from '../../../rig/sim/board.ts';
import { Field } from '../../../rig/sim/field/field.ts';
import { MemoryPorts } from '../../../rig/sim/serial/memory-port.ts';
import { RealTimeline } from '../../../rig/sim/timeline.ts';
import type { DistantCard } from '../../../src/hal/card-link.ts';
import { Pn532CardLink } from '../../../src/hal/pn532/card-link.ts';
import { HsuPort } from '../../../src/hal/pn532/hsu-port.ts';
import { Pn532Reader } from '../../../src/hal/pn532/reader.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import { whileServed } from '../../contract/served-link.ts';

/** Longer than the frame waiting time of the chip as a card (FWI 9: 154.7 ms) and what its reader waits on top. */
const STALL_NS = 300_000_000;

/** How far the clock is ahead of the machine's: the time that this process got no processor for. */
let stalledNs = 0;
const clock = { ...systemClock, nowNs: () => systemClock.nowNs() + stalledNs };
const timeline = new RealTimeline(clock);
afterEach(() => timeline.stop());

/** A card that echoes, after the machine has stood still so often. */
class StalledCard implements DistantCard {
  readonly response = new Uint8Array(258);
  readonly #stalls: number;

  constructor(stalls: number) {
    this.#stalls = stalls;
  }

  atr = (): Uint8Array => Uint8Array.of(0x3b, 0x80, 0x80, 0x01, 0x01);
  powerOn = (): void => {};
  reset = (): void => {};
  fieldOff = (): void => {};
  deselect = (): void => {};

  async process(buffer: Uint8Array, offset: number, length: number): Promise<number> {
    const command = Uint8Array.from(buffer.subarray(offset, offset + length));
    for (let stall = 0; stall < this.#stalls; stall++) {
      stalledNs += STALL_NS;
      await new Promise<void>((resolve) => void timeline.after(5_000_000, resolve));
    }
    this.response.set([...command, 0x90, 0x00]);
    return length + 2;
  }
}

it('simulated chips of a machine that stands still keep each other’s time: the reader loses no card', async () => {
  const field = new Field(timeline);
  const opener = new MemoryPorts(['a', 'b'].map((name) => new SimulatedBoard(name, timeline, field)));
  const link = new Pn532CardLink({
    port: new HsuPort({ opener, path: 'b' }),
    clock,
    random: new SeededRandom('late machine'),
  });
  const reader = new Pn532Reader({ port: new HsuPort({ opener, path: 'a' }), clock });
  await whileServed(link, new StalledCard(5), async () => {
    const session = await reader.connect({ timeoutMs: 10_000 });
    for (const command of ['00a4000002', '00b0000004']) {
      const { response } = await session.transmit(Uint8Array.from(Buffer.from(command, 'hex')));
      expect(Buffer.from(response).toString('hex')).toBe(`${command}9000`);
    }
    await session.disconnect();
    await reader.close();
  });
}, 60_000);
