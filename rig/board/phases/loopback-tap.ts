import { sameBytes } from '../../../src/apdu/same-bytes.ts';
import { EchoCard, echoCommand } from '../../card/echo-card.ts';
import { quantileOf } from '../../figures/quantile.ts';
import { counted } from '../../report/words.ts';
import type { BoardUnderTest } from '../board-under-test.ts';
import { BoardFault, type Phase, type PhaseContext, RigFault } from '../phase.ts';

/** Within one block of any frame size, at the edges of a 64-byte frame, and chained. */
const LENGTHS = [1, 16, 54, 55, 56, 57, 58, 100, 200, 250];
const TAP_MS = 5000;

export const tapAsCard: Phase = tapPhase('tap-as-card', 'Tap: this board is the card', (context, partner) =>
  echoTap(context.board, partner, context),
);

export const tapAsReader: Phase = tapPhase('tap-as-reader', 'Tap: this board is the reader', (context, partner) =>
  echoTap(partner, context.board, context),
);

function tapPhase(
  id: string,
  title: string,
  tap: (context: PhaseContext, partner: BoardUnderTest) => Promise<TapOutcome>,
): Phase {
  return {
    id,
    title,
    fatal: false,
    needsPartner: true,
    measurements: [
      {
        id: `${id}-exchanges`,
        what: 'Commands that the card echoed',
        unit: '',
        limits: { equals: LENGTHS.length },
        timed: true,
      },
      { id: `${id}-wrong`, what: 'Echoes that came back wrong', unit: '', limits: { equals: 0 } },
      { id: `${id}-p50`, what: 'Median of an exchange', unit: 'ms', limits: null },
    ],
    async run(context) {
      const partner = context.partner as BoardUnderTest;
      await context.instruct(`Lay the antennas of ${context.board.name} and ${partner.name} on each other.`);
      try {
        await partner.wakeUp();
      } catch (cause) {
        throw new RigFault(`the second board, ${partner.name}, does not work: ${wordsOf(cause)}`, { cause });
      }
      const { times, wrong } = await tap(context, partner);
      context.keep({ id, what: 'Exchange', unit: 'ms', values: times });
      context.measure(`${id}-exchanges`, times.length);
      context.measure(`${id}-wrong`, wrong);
      if (times.length > 0) context.measure(`${id}-p50`, quantileOf(times, 0.5));
    },
  };
}

interface TapOutcome {
  readonly times: readonly number[];
  readonly wrong: number;
}

/** A card on one board, read by the other. */
async function echoTap(
  cardBoard: BoardUnderTest,
  readerBoard: BoardUnderTest,
  { signal, clock, recorded }: Pick<PhaseContext, 'signal' | 'clock' | 'recorded'>,
): Promise<TapOutcome> {
  const link = await cardBoard.cardLink();
  const served = link.serve(new EchoCard()).then(
    () => null,
    (error: unknown) => error,
  );
  const reader = recorded(await readerBoard.reader());
  const stop = (): void => {
    link.stop();
    // An exchange with a card may take seconds.
    void reader.close();
  };
  signal.addEventListener('abort', stop);
  const times: number[] = [];
  let wrong = 0;
  try {
    const session = await reader.connect({ timeoutMs: TAP_MS, signal });
    try {
      for (const length of LENGTHS) {
        signal.throwIfAborted();
        const sent = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff);
        const startNs = clock.nowNs();
        const { response } = await session.transmit(echoCommand(sent));
        times.push((clock.nowNs() - startNs) / 1e6);
        if (!sameBytes(response, Uint8Array.of(...sent, 0x90, 0x00))) wrong++;
      }
    } finally {
      await session.disconnect();
    }
  } catch (cause) {
    signal.throwIfAborted();
    link.stop();
    const refused = await served;
    const why = refused === null ? wordsOf(cause) : `${wordsOf(cause)}; and as a card: ${wordsOf(refused)}`;
    throw new BoardFault(`after ${counted(times.length, 'exchange')} the tap broke off: ${why}`, { cause });
  } finally {
    signal.removeEventListener('abort', stop);
    await reader.close();
    link.stop();
    await served;
  }
  return { times, wrong };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
