import { describe, expect, it } from 'vitest';
import { HostLink } from '../../../firmware/card/host-link.ts';
import { FirmwareReader } from '../../../src/hal/firmware/index.ts';
import { MemorySerialCable } from '../../../src/hal/serial/memory.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { TOY, ToyCard, toyCommand } from '../../contract/toy-card.ts';

describe('a board that is late', () => {
  it('has answered an earlier question, which is not taken for the answer to this one', async () => {
    const cable = new MemorySerialCable(['host', 'board']);
    const board = await cable.open('board', 115_200);
    const link: HostLink = new HostLink(new ToyCard(), (bytes, offset, length) => {
      void board.write(bytes.subarray(offset, offset + length));
    });
    // It boots while it is asked: what came meanwhile lies in its receiver, and is answered afterwards.
    const received: Uint8Array[] = [];
    let booted = false;
    board.onData((chunk) => {
      if (booted) link.receive(chunk, chunk.length, 0);
      else received.push(Uint8Array.from(chunk));
    });
    setTimeout(() => {
      booted = true;
      for (const chunk of received) link.receive(chunk, chunk.length, 0);
    }, 700);
    const reader = new FirmwareReader({ path: 'host', lines: cable, clock: systemClock });
    const session = await reader.connect({ timeoutMs: 10_000 });
    for (let i = 0; i < 3; i++) {
      const { response } = await session.transmit(toyCommand(TOY.echo, 5 + i, i));
      expect(response).toEqual(Uint8Array.of(...toyCommand(TOY.echo, 5 + i, i), 0x90, 0x00));
    }
    await reader.close();
    await board.close();
  });
});
