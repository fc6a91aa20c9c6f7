import type { CardSession } from '../../../src/hal/reader.ts';
import type { Metered } from './meter.ts';
import type { Layer, LayerBasis, LinkParameters, Stage } from './result.ts';

/** A tap that has begun: the card answers. Times are of the run's clock. */
export interface BegunTap {
  readonly session: CardSession;
  readonly startNs: number;
  readonly endNs: number;
  /** Measured while finding and activating the card. */
  readonly metered: Metered;
}

/** What the account of a tap over this link can say. */
export interface Accounting {
  /** What the residual of an exchange, after what is measured and modelled, is called. */
  readonly residual: Layer;
  readonly layers: Readonly<Record<Layer, LayerBasis>>;
  readonly stages: Readonly<Record<Stage, LayerBasis>>;
}

/** A reader with a card in it, tapped again and again. */
export interface TapSource {
  /** For people. */
  readonly reader: string;
  readonly card: string;
  /** A card of ours in process, or a board on a pseudo-terminal, is a simulation. */
  readonly backend: 'simulated' | 'hardware';
  /** Hexadecimal, or null where there was none yet. */
  readonly atr: string | null;
  /** `T=1`; empty where it is not known yet. */
  readonly protocol: string;
  /** What the card was made with for this run, or null. */
  readonly seed: string | null;
  readonly accounting: Accounting;
  /** Known after the first tap has begun. */
  readonly link: LinkParameters;
  /** Brings reader and card to where a tap begins; no part of it. @throws {HalError} */
  prepare(): Promise<void>;
  /** Finds the card and activates it. @throws {HalError} */
  begin(signal: AbortSignal): Promise<BegunTap>;
  /** What was seen on the link since the last call. */
  take(): Metered;
  /** The tap is over: what was proven is forgotten. Never fails. */
  end(session: CardSession): Promise<void>;
  close(): Promise<void>;
}

export function none(note: string): LayerBasis {
  return { basis: 'none', note };
}

export function measured(note: string): LayerBasis {
  return { basis: 'measured', note };
}

export function modelled(note: string): LayerBasis {
  return { basis: 'modelled', note };
}

export function residual(note: string): LayerBasis {
  return { basis: 'residual', note };
}

export function unknown(note: string): LayerBasis {
  return { basis: 'unknown', note };
}

/** The same for every link, as a layer and as the stage `between`. */
export const HOST: LayerBasis = measured('the reading program, between exchanges: the tap without all else');
