import { HostLink } from '../../../firmware/card/host-link.ts';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { FirmwareReader } from '../../../src/hal/firmware/index.ts';
import { MemorySerialCable } from '../../../src/hal/serial/memory.ts';
import type { SerialLine } from '../../../src/hal/serial-line.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { readerContract } from '../../contract/reader.ts';
import type { ToyCard } from '../../contract/toy-card.ts';

/** The board's end runs the firmware's own link; a board that restarts says so, one without a card is silent. */
readerContract('firmware, over a cable in memory', async () => {
  const cable = new MemorySerialCable(['host', 'board'], { chunk: (length) => Math.min(length, 113) });
  const board = await cable.open('board', 115_200);
  let occupied: SerialLine | null = null;
  let link: HostLink | null = null;
  board.onData((chunk) => link?.receive(chunk, chunk.length, 0));
  const start = (card: ToyCard): HostLink => {
    const started: HostLink = new HostLink(card, (bytes, offset, length) => {
      if (link === started) void board.write(copyBytes(bytes, offset, offset + length));
    });
    return started;
  };
  return {
    reader: new FirmwareReader({ path: 'host', lines: cable, clock: systemClock }),
    readerName: 'firmware:host',
    largestCommand: 65_535,
    insert: async (card) => {
      link = start(card);
      link.started();
    },
    remove: async () => {
      link?.started();
      link = null;
    },
    missesCard: async () => {},
    occupy: async () => {
      occupied = await cable.open('host', 115_200);
    },
    dispose: async () => {
      await occupied?.close();
      await board.close();
    },
  };
});
