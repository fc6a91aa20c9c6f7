import type { AgainstAes } from './message-figures.ts';
import type { ProtocolFigures } from './protocol-figures.ts';

/** The most that a protocol may cost of its curve operations alone. */
const PROTOCOL_LIMIT = 1.1;
/** The most that the card may take for a protected READ RECORD of 100 bytes, in its four AES calls alone. */
const MESSAGE_LIMIT = 1.6;

/** The worst figure against its limit. */
export interface Target {
  readonly id: string;
  readonly title: string;
  readonly verdict: 'pass' | 'fail';
  readonly limit: number;
  readonly ratio: number;
  /** Where it was the worst. */
  readonly worst: string;
  /** Figures over the limit, and how many there are. */
  readonly over: number;
  readonly of: number;
}

export function targetsOf(protocols: readonly ProtocolFigures[], message: AgainstAes): Target[] {
  const sides = (['card', 'reader'] as const).flatMap((side) => {
    const rows = protocols.filter((row) => row.side === side);
    return [
      judged(`${side}-protocol`, `${side}: a protocol to its curve operations`, rows, ({ ratio }) => ratio),
      judged(
        `${side}-tap`,
        `${side}: in the tap, to those that cannot be done before`,
        rows,
        ({ tapRatio }) => tapRatio,
      ),
    ];
  });
  const title = 'card: protected READ RECORD of 100 bytes to its four AES calls';
  return [...sides, target('card-read-record', title, MESSAGE_LIMIT, [[message.ratio, 'AES-128']])];
}

function judged(
  id: string,
  title: string,
  rows: readonly ProtocolFigures[],
  ratioOf: (row: ProtocolFigures) => number,
): Target {
  return target(
    id,
    title,
    PROTOCOL_LIMIT,
    rows.map((row) => [ratioOf(row), `${row.protocol} ${row.curve}`]),
  );
}

function target(
  id: string,
  title: string,
  limit: number,
  figures: readonly (readonly [ratio: number, where: string])[],
): Target {
  const [ratio, worst] = figures.reduce((most, each) => (each[0] > most[0] ? each : most));
  const over = figures.filter(([each]) => each > limit).length;
  return { id, title, verdict: over === 0 ? 'pass' : 'fail', limit, ratio, worst, over, of: figures.length };
}
