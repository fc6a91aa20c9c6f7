import { sameBytes } from '../../../src/apdu/same-bytes.ts';
import { BoardFault, type Phase } from '../phase.ts';

/** Empty; one byte; the longest that a normal frame carries back; the first and the longest that need an extended one. */
const LENGTHS = [0, 1, 16, 64, 128, 252, 253, 262];
/** Bits that stick, neighbours that couple, and bytes that look like the start of a frame. */
const PATTERNS: readonly ((i: number) => number)[] = [
  () => 0x00,
  () => 0xff,
  (i) => (i % 2 === 0 ? 0x55 : 0xaa),
  (i) => i,
];

export const communicationLine: Phase = {
  id: 'communication-line',
  title: 'Communication line',
  fatal: true,
  measurements: [
    { id: 'line-echoes', what: 'Echoes asked for', unit: '', limits: null },
    { id: 'line-errors', what: 'Echoes that came back wrong', unit: '', limits: { equals: 0 } },
    { id: 'line-longest', what: 'Longest echo that came back', unit: 'bytes', limits: { min: 262 } },
  ],
  async run({ board, measure, signal }) {
    let [echoes, errors, longest] = [0, 0, 0];
    for (const length of LENGTHS) {
      for (const pattern of PATTERNS) {
        signal.throwIfAborted();
        const sent = Uint8Array.from({ length }, (_, i) => pattern(i));
        const received = await board.echo(sent);
        echoes++;
        if (!sameBytes(sent, received)) errors++;
        else longest = Math.max(longest, length);
        if (length === 0) break;
      }
    }
    measure('line-echoes', echoes);
    measure('line-errors', errors);
    measure('line-longest', longest);
    if (errors === echoes)
      throw new BoardFault('no echo came back as it was sent: look at the line’s wiring and levels');
  },
};
