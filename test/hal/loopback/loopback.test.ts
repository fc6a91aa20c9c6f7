import { describe, expect, it } from 'vitest';
import type { LinkEvent } from '../../../src/hal/card-link.ts';
import { createLoopback, type Loopback } from '../../../src/hal/loopback/index.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { VirtualClock } from '../../../src/hal/virtual/clock.ts';
import { cardLinkContract } from '../../contract/card-link.ts';
import { readerContract } from '../../contract/reader.ts';
import { type CardOnLink, putOnLink } from '../../contract/served-link.ts';
import { TOY, ToyCard, toyCommand } from '../../contract/toy-card.ts';

cardLinkContract('loopback', 'leaves', () => {
  const loopback = createLoopback({ interface: 'contact', clock: systemClock });
  let session: CardSession | null = null;
  return {
    link: loopback.link,
    peer: {
      async powerOn() {
        await session?.disconnect('leave');
        session = await loopback.reader.connect({ timeoutMs: 5000 });
      },
      async transmit(command) {
        return (await session!.transmit(command)).response;
      },
      warmReset: () => session!.reset('warm'),
      powerOff: () => session!.disconnect('unpower'),
      missesCard: async () => {},
      leave: async () => loopback.unplug(),
      comeBack: async () => loopback.plug(),
    },
    dispose: () => loopback.reader.close(),
  };
});

readerContract('loopback', () => {
  const { link, reader } = createLoopback({ interface: 'contact', clock: systemClock });
  let inserted: CardOnLink | null = null;
  return {
    reader,
    readerName: 'loopback',
    largestCommand: link.limits.largestCommand,
    async insert(card) {
      inserted = putOnLink(link, card);
    },
    async remove() {
      await inserted?.remove();
    },
    missesCard: async () => {},
    async occupy() {
      await reader.connect({ timeoutMs: 0 });
    },
    async dispose() {
      await inserted?.remove();
    },
  };
});

describe('loopback', () => {
  /** A session with a toy card, over a loopback that keeps its events. */
  async function begin(loopback: Loopback): Promise<{ card: ToyCard; session: CardSession; events: LinkEvent[] }> {
    const card = new ToyCard();
    const events: LinkEvent[] = [];
    putOnLink(loopback.link, card, (event) => events.push(event));
    return { card, session: await loopback.reader.connect({ timeoutMs: 0 }), events };
  }

  it('calls the card before transmit returns', async () => {
    const { card, session } = await begin(createLoopback({ interface: 'contact', clock: systemClock }));
    const answer = session.transmit(toyCommand(TOY.echo, 4));
    expect(card.told.process).toBe(1);
    await answer;
  });

  it('takes its times from the clock it was given', async () => {
    const clock = new VirtualClock();
    const { card, session, events } = await begin(createLoopback({ interface: 'contactless', clock }));
    card.inCommand = () => clock.advance(250);
    clock.advance(1000);
    const before = clock.nowNs();
    const { startNs, endNs } = await session.transmit(toyCommand(TOY.echo, 4));
    expect([startNs, endNs]).toEqual([before, before + 250]);
    expect(events.at(-1)).toMatchObject({ type: 'exchange', atNs: before, doneNs: before + 250 });
  });

  it('fails a session with reader-lost when the reader is unplugged, and lists it no more', async () => {
    const loopback = createLoopback({ interface: 'contact', clock: systemClock });
    const { card, session, events } = await begin(loopback);
    loopback.unplug();
    await expect(session.transmit(toyCommand(TOY.echo, 4))).rejects.toMatchObject({ kind: 'reader-lost' });
    expect(await loopback.reader.list()).toEqual([]);
    await expect(loopback.reader.connect({ timeoutMs: 0 })).rejects.toMatchObject({ kind: 'no-reader' });
    expect([card.told.process, card.told.fieldOff, events.at(-1)?.type]).toEqual([0, 1, 'lost']);
    loopback.plug();
    await expect(session.transmit(toyCommand(TOY.echo, 4))).rejects.toMatchObject({ kind: 'reader-lost' });
    const fresh = await loopback.reader.connect({ timeoutMs: 0 });
    expect((await fresh.transmit(toyCommand(TOY.odd, 4))).response).toEqual(Uint8Array.of(0x12, 0x34));
  });

  it('carries no more than the limits it was made with', async () => {
    const limits = {
      largestCommand: 261,
      largestResponse: 258,
      historicalBytes: 5,
      fixedAts: null,
      uid: 'any',
    } as const;
    const loopback = createLoopback({ interface: 'contactless', clock: systemClock, limits });
    const card = new ToyCard();
    const ended = loopback.link.serve(card);
    const session = await loopback.reader.connect({ timeoutMs: 0 });
    expect((await session.transmit(toyCommand(TOY.produce, 261, 256))).response).toHaveLength(258);
    await expect(session.transmit(toyCommand(TOY.echo, 262))).rejects.toMatchObject({ kind: 'too-long' });
    // The card was told the limit of responses: to break it is a bug of the card.
    await Promise.all([
      expect(session.transmit(toyCommand(TOY.produce, 5, 257))).rejects.toMatchObject({ kind: 'card-removed' }),
      expect(ended).rejects.toThrow(RangeError),
    ]);
  });

  it('has no commands for the reader itself', async () => {
    const { session } = await begin(createLoopback({ interface: 'contact', clock: systemClock }));
    await expect(session.control(1, new Uint8Array(0))).rejects.toMatchObject({ kind: 'unsupported' });
  });
});
