import { quantileOf } from '../../figures/quantile.ts';
import { type Spread, spreadOf, spreadText } from '../../figures/spread.ts';

/** One exchange done directly and one through the lab, and one round trip between both ends, in turn; milliseconds. */
export interface Turn {
  readonly direct: number;
  readonly throughLab: number;
  /** Of that through the lab, at the far reader, as the bench told it. */
  readonly far: number;
  /** The rest of it. */
  readonly network: number;
  readonly roundTrip: number;
}

/** What a reader of the lab costs over one way, in milliseconds. */
export interface WayFigures {
  /** Of each part of the way, in each direction: four times in a round trip. */
  readonly delayMs: number;
  readonly direct: Spread;
  readonly throughLab: Spread;
  readonly roundTrip: Spread;
  /** Through the lab without the direct exchange of the same turn. */
  readonly added: Spread;
  /** The same without the round trip of the same turn. */
  readonly beyond: Spread;
  readonly far: Spread;
  /** What the lab adds beyond the round trip, as it tells far time and network's apart itself. */
  readonly beyondAsTold: Spread;
  /** Median of the far time, as told, to the direct one of the same turn. */
  readonly farToDirect: number;
}

/** @param turns one at least */
export function wayFigures(delayMs: number, turns: readonly Turn[]): WayFigures {
  const spread = (value: (turn: Turn) => number): Spread => spreadOf(turns.map(value)) as Spread;
  return {
    delayMs,
    direct: spread(({ direct }) => direct),
    throughLab: spread(({ throughLab }) => throughLab),
    roundTrip: spread(({ roundTrip }) => roundTrip),
    added: spread(({ throughLab, direct }) => throughLab - direct),
    beyond: spread(({ throughLab, direct, roundTrip }) => throughLab - direct - roundTrip),
    far: spread(({ far }) => far),
    beyondAsTold: spread(({ network, roundTrip }) => network - roundTrip),
    farToDirect: quantileOf(
      turns.map(({ far, direct }) => far / direct),
      0.5,
    ),
  };
}

export function wayLines(way: WayFigures): readonly string[] {
  const text = (spread: Spread): string => spreadText(spread, 'ms', 2);
  return [
    way.delayMs === 0 ? 'nothing delays:' : `${way.delayMs} ms on each part of the way, four times in a round trip:`,
    `  directly: ${text(way.direct)}`,
    `  through the lab: ${text(way.throughLab)}`,
    `  round trip of a bare way: ${text(way.roundTrip)}`,
    `  added: ${text(way.added)}`,
    `  added beyond the round trip: ${text(way.beyond)}`,
    `  the far reader's own time, as the bench tells it: ${text(way.far)}; ${way.farToDirect.toFixed(3)} of the direct one`,
    `  beyond the round trip, as told apart: ${text(way.beyondAsTold)}`,
  ];
}
