import type { TimedExchange } from './terminal.ts';

/** One phase of a tap, in the order in which phases began. */
export interface PhaseAccount {
  readonly phase: string;
  /** 0 for a phase without APDUs, such as connecting. */
  readonly exchanges: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Sum of the exchanges' own times, or the phase's time when it has none. */
  readonly microseconds: number;
  /** What of it was spent in the firmware of the card, by the clock of its board; null: nobody tells. */
  readonly firmwareMicroseconds: number | null;
}

export interface TapAccount {
  readonly phases: readonly PhaseAccount[];
  readonly exchanges: number;
  /** First connect to last status word; what the program itself took between the exchanges is `host`. */
  readonly totalMicroseconds: number;
  readonly hostMicroseconds: number;
  /** What protecting commands and checking answers took of `host`; null: all was sent in clear. */
  readonly protection: { readonly exchanges: number; readonly microseconds: number } | null;
  /** What all exchanges took in the firmware of the card, as its board says; null: it is no such board. */
  readonly firmware: { readonly exchanges: number; readonly microseconds: number } | null;
  readonly slowest: TimedExchange | null;
}

interface PhaseSum {
  exchanges: number;
  sentBytes: number;
  receivedBytes: number;
  ns: number;
  firmwareNs: number | null;
}

const NOTHING: Readonly<PhaseSum> = { exchanges: 0, sentBytes: 0, receivedBytes: 0, ns: 0, firmwareNs: null };

/** Where the time of a tap went. Times of `exchanges` are nanoseconds of one clock. */
export function accountOf(
  connectStartNs: number,
  connectEndNs: number,
  exchanges: readonly TimedExchange[],
): TapAccount {
  const phases = new Map<string, PhaseSum>();
  phases.set('connect', { ...NOTHING, ns: connectEndNs - connectStartNs });
  let slowest: TimedExchange | null = null;
  let lastNs = connectEndNs;
  let inExchangesNs = 0;
  for (const exchange of exchanges) {
    const phase = phases.get(exchange.phase) ?? { ...NOTHING };
    const ns = exchange.endNs - exchange.startNs;
    phase.exchanges++;
    phase.sentBytes += exchange.sentBytes;
    phase.receivedBytes += exchange.receivedBytes;
    phase.ns += ns;
    if (exchange.firmwareNs !== undefined) phase.firmwareNs = (phase.firmwareNs ?? 0) + exchange.firmwareNs;
    phases.set(exchange.phase, phase);
    inExchangesNs += ns;
    lastNs = exchange.endNs;
    if (slowest === null || ns > slowest.endNs - slowest.startNs) slowest = exchange;
  }
  const totalNs = lastNs - connectStartNs;
  return {
    phases: [...phases].map(([phase, { ns, firmwareNs, ...rest }]) => ({
      ...{ phase, ...rest, microseconds: ns / 1000 },
      firmwareMicroseconds: firmwareNs === null ? null : firmwareNs / 1000,
    })),
    exchanges: exchanges.length,
    totalMicroseconds: totalNs / 1000,
    protection: sumOf(exchanges.map(({ protectionNs }) => protectionNs)),
    firmware: sumOf(exchanges.map(({ firmwareNs }) => firmwareNs)),
    hostMicroseconds: (totalNs - inExchangesNs - (connectEndNs - connectStartNs)) / 1000,
    slowest,
  };
}

/** Of the exchanges that have such a time; null: none has. */
function sumOf(times: readonly (number | undefined)[]): TapAccount['protection'] {
  const known = times.filter((ns) => ns !== undefined);
  if (known.length === 0) return null;
  return { exchanges: known.length, microseconds: known.reduce((sum, ns) => sum + ns, 0) / 1000 };
}
