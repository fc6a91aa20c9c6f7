import { type AccountedTaps, accountAll, figuresOf } from '../../../../rig/measure/tap/assemble.ts';
import { MeteredLines } from '../../../../rig/measure/tap/meter.ts';
import { Pn532Source } from '../../../../rig/measure/tap/pn532-source.ts';
import type { Figures, WhatIfChange } from '../../../../rig/measure/tap/result.ts';
import { type Run, type RunOptions, runTaps } from '../../../../rig/measure/tap/run.ts';
import { commandScript } from '../../../../rig/measure/tap/script.ts';
import type { Fault } from '../../../../rig/sim/faults/plan.ts';
import { FieldCard } from '../../../../rig/sim/field/card.ts';
import { simulatedPair } from '../../../../rig/sim/pair.ts';
import type { LinkedCard } from '../../../../src/hal/card-link.ts';
import { HsuPort } from '../../../../src/hal/pn532/hsu-port.ts';
import type { Timers } from '../../../../src/hal/pn532/transport.ts';

type Ats = ConstructorParameters<typeof FieldCard>[3]['isoDep']['ats'];

export interface FieldTaps {
  readonly run: Run;
  readonly accounted: AccountedTaps;
  readonly figures: Figures | null;
  readonly source: Pn532Source;
}

/** Commands and the lengths of their answers: short, chained, and longer than the chip's buffer. */
export const COMMANDS: readonly Uint8Array[] = [
  Uint8Array.of(0x00, 0xa4, 0x04, 0x00, 0x05, 1, 2, 3, 4, 5),
  Uint8Array.of(0x00, 0xb0, 0x00, 0x00, 0x64),
  Uint8Array.of(0x00, 0xb0, 0x00, 0x00, 0xff),
  Uint8Array.of(0x00, 0xd6, 0x00, 0x00, 0xc8, ...new Uint8Array(200)),
];

/** Answers READ BINARY with as many bytes as it asks for, and all else with 9000. */
export function answering(): LinkedCard {
  const response = new Uint8Array(300);
  return {
    response,
    atr: () => Uint8Array.of(0x3b, 0x80, 0x80, 0x01, 0x01),
    powerOn() {},
    reset() {},
    fieldOff() {},
    deselect() {},
    process(command, offset, length) {
      const wanted = command[offset + 1] === 0xb0 ? (command[offset + length - 1] as number) : 0;
      response.fill(0x5a, 0, wanted);
      response[wanted] = 0x90;
      response[wanted + 1] = 0x00;
      return wanted + 2;
    },
  };
}

/** ATS of a card that offers 424 kbit/s and, with FSCI 8, frames of 256 bytes. */
export function fieldAts(fsci: number): Ats {
  return {
    fsci,
    toReader: [2, 4],
    toCard: [2, 4],
    sameRateOnly: false,
    fwi: 8,
    sfgi: 0,
    cidSupported: true,
    nadSupported: false,
    historicalBytes: Uint8Array.of(1, 2, 3),
  };
}

/** Taps a card in the simulated field with a simulated PN532 as the reader, in virtual time. */
export async function tapInField(options: {
  readonly baudRate: number;
  readonly rate: number;
  /** The card's FSCI. */
  readonly fsci?: number;
  readonly taps?: number;
  readonly arrivals?: RunOptions['arrivals'];
  readonly faults?: readonly Fault[];
  readonly card?: LinkedCard;
  readonly whatIf?: readonly WhatIfChange[];
}): Promise<FieldTaps> {
  const pair = simulatedPair({ a: { faults: options.faults ?? [] } });
  const { clock } = pair;
  const timers: Timers = { after: (ms, action) => clock.after(Math.round(ms * 1e6), action) };
  const ats = fieldAts(options.fsci ?? 8);
  new FieldCard(clock, pair.field, options.card ?? answering(), { isoDep: { ats } });
  const lines = new MeteredLines(pair.opener, clock);
  const port = new HsuPort({ opener: lines, path: pair.paths.a, baudRate: options.baudRate, timers });
  const meter = (): ReturnType<MeteredLines['take']> => lines.take();
  const source = await Pn532Source.open({
    port,
    clock,
    backend: () => 'simulated',
    meter,
    rate: options.rate,
    timeoutMs: 1000,
    timers,
  });
  try {
    const run = await runTaps({
      source,
      script: commandScript(COMMANDS),
      taps: options.taps ?? 3,
      warmUp: 1,
      arrivals: options.arrivals ?? { kind: 'closed' },
      waiter: { clock, until: (atNs) => new Promise((resolve) => void clock.after(atNs - clock.nowNs(), resolve)) },
      signal: new AbortController().signal,
    });
    const accounted = accountAll(run.taps, source.link, source.accounting);
    return { run, accounted, figures: figuresOf(run.taps, accounted, options.whatIf ?? []), source };
  } finally {
    await source.close();
  }
}
