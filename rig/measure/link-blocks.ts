import type { LinkedCard } from '../../src/hal/card-link.ts';
import { BackToBack } from '../../src/iso-dep/back-to-back.ts';
import { IsoDepCard } from '../../src/iso-dep/card.ts';
import { frameSize } from '../../src/iso-dep/frame-size.ts';
import { IsoDepReader } from '../../src/iso-dep/reader.ts';
import { type Figures, measureCalls, WARM_UP } from './figures.ts';

/** One kind of exchange between the two block machines; times are of whole exchanges. */
export interface BlockFigures extends Figures {
  readonly id: string;
  readonly frameSize: number;
  readonly commandLength: number;
  readonly responseLength: number;
  /** Blocks that one exchange takes, both ways together. */
  readonly blocks: number;
  readonly blocksPerSecond: number;
}

const EXCHANGES = [
  { id: 'iso-dep-short', fsci: 8, commandLength: 13, responseLength: 13 },
  { id: 'iso-dep-read', fsci: 5, commandLength: 5, responseLength: 258 },
  { id: 'iso-dep-small-frames', fsci: 0, commandLength: 261, responseLength: 258 },
  { id: 'iso-dep-extended', fsci: 12, commandLength: 4000, responseLength: 4000 },
] as const;

/**
 * Blocks a second of the ISO-DEP pair in memory: both machines, and every CRC made and checked, on a card that does
 * nothing. No wire and no waiting.
 * @param count exchanges of each kind
 */
export function measureBlocks(count: number): BlockFigures[] {
  return EXCHANGES.map(({ id, fsci, commandLength, responseLength }) => {
    const { joined, reader } = activatedPair(fsci, responseLength);
    const command = new Uint8Array(commandLength);
    const exchange = (): void => {
      if (joined.run(reader.transmit(command, 0, commandLength)) !== 'done')
        throw new Error('a block was lost in memory');
    };
    const before = joined.frames;
    exchange();
    const blocks = joined.frames - before;
    if (reader.responseLength !== responseLength) throw new Error('a response was cut in memory');
    const figures = measureCalls(exchange, count, Math.min(count, WARM_UP));
    const sizes = { frameSize: frameSize(fsci), commandLength, responseLength };
    return { id, ...sizes, blocks, blocksPerSecond: figures.perSecond * blocks, ...figures };
  });
}

function activatedPair(fsci: number, responseLength: number): { joined: BackToBack; reader: IsoDepReader } {
  const rates = { toCard: [], toReader: [], sameRateOnly: false };
  const rest = { fwi: 4, sfgi: 0, cidSupported: true, nadSupported: false, historicalBytes: new Uint8Array(0) };
  const card = new IsoDepCard(idleCard(responseLength), { ats: { fsci, ...rates, ...rest } });
  const reader = new IsoDepReader({ fsd: frameSize(fsci) });
  const joined = new BackToBack(reader, card);
  card.start();
  if (joined.run(reader.activate()) !== 'done') throw new Error('no activation in memory');
  return { joined, reader };
}

/** Answers without looking at the command. */
function idleCard(responseLength: number): LinkedCard {
  const nothing = (): void => {};
  return {
    response: new Uint8Array(responseLength),
    atr: () => new Uint8Array(0),
    powerOn: nothing,
    reset: nothing,
    fieldOff: nothing,
    deselect: nothing,
    process: () => responseLength,
  };
}
