import { loadVectors } from '../vectors/load.ts';

/** One block of a reader and what a card makes of it; hex without CRC. */
export interface ExchangeStep {
  readonly pcd: string;
  readonly picc: string | null;
  readonly pcdFrame: string;
  readonly piccFrame?: string;
  readonly damaged?: boolean;
  readonly answerLost?: boolean;
}

export interface ExchangeRow {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly ExchangeStep[];
  readonly fsd?: number;
  readonly cid?: number;
}

interface AtsRow {
  readonly ats: string;
  readonly note: string;
  readonly frame: string;
  readonly expect: {
    readonly fsci: number;
    readonly fsc: number;
    readonly sameD: boolean;
    readonly ds: readonly number[];
    readonly dr: readonly number[];
    readonly fwi: number;
    readonly sfgi: number;
    readonly nad: boolean;
    readonly cid: boolean;
    readonly historical: string;
    readonly fwtCycles: number;
    readonly sfgtCycles: number;
    readonly maxInf: number;
  };
}

interface Vectors {
  readonly crcA: {
    readonly vectors: readonly { readonly data: string; readonly crc: string; readonly note: string }[];
  };
  readonly frameSizes: Readonly<Record<string, number>>;
  readonly frameWaitingTimes: readonly {
    readonly fwi: number;
    readonly cycles: number;
    readonly microseconds: number;
  }[];
  readonly ats: {
    readonly vectors: readonly AtsRow[];
    readonly malformed: readonly { readonly ats: string; readonly why: string }[];
  };
  readonly rats: {
    readonly vectors: readonly { readonly rats: string; readonly fsd: number; readonly cid: number }[];
    readonly refused: readonly { readonly rats: string; readonly why: string }[];
  };
  readonly pps: { readonly vectors: readonly { readonly pps: string; readonly expect: string }[] };
  readonly pcb: { readonly values: Readonly<Record<string, string>> };
  readonly exchanges: { readonly vectors: readonly ExchangeRow[] };
  readonly splitting: {
    readonly rows: readonly {
      readonly fsc: number;
      readonly commandLength: number;
      readonly informationFieldSizes: readonly number[];
      readonly blocks: number;
    }[];
  };
}

/** Where they come from is said in the file itself. */
export const vectors: Vectors = loadVectors('iso14443');
