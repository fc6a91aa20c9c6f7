import type { Clock } from '../../../src/hal/clock.ts';
import type { Pn532Port } from '../../../src/hal/pn532/port.ts';
import { realTimers } from '../../../src/hal/pn532/transport.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { LatenessWatch, TOO_LATE_MS } from '../../board/lateness.ts';
import { describeFailure } from '../../console/failure.ts';
import type { ChipPort } from '../../endpoint/pn532.ts';
import { serialChip, usbChip } from '../../endpoint/pn532.ts';
import { median } from '../../figures/quantile.ts';
import { echoOfChip } from '../../measure/tap/echo.ts';
import type { Baselines } from './baselines.ts';
import { onItsDay } from './baselines.ts';
import type { LocalDevice } from './devices.ts';

/*
 * The echo of a bench: how long something takes that no card has a part in. At a PN532 it is the chip's own test of the
 * line (Diagnose 00). It says what the way to the reader costs: adapter, its latency timer, hub, driver, machine.
 */

/** Medians of so many series, of which the median counts. */
const SERIES = 5;
/** Series that this machine was not late in; with fewer nothing is said. */
const LEAST_SERIES = 3;
/** What is twice as slow as the first time has another way to its reader: */
const MOST_TIMES = 2;
/** but not what a busy machine adds, nor a board that is a program. An FTDI adapter that was set back adds 16 ms. */
const LEAST_MORE_MS = 10;

/** What gives an echo at a bench. */
export interface Echoing {
  /** `pn532:/dev/ttyUSB0` */
  readonly name: string;
  /** @throws {HalError} */
  open(signal: AbortSignal): Promise<OpenEcho>;
}

interface OpenEcho {
  /** @returns the median of a series in milliseconds @throws {HalError} */
  series(): Promise<number>;
  /** Never fails. */
  close(): Promise<void>;
}

/** How late this machine itself was, from one call to the other. */
export type Watch = Pick<LatenessWatch, 'start' | 'stop'>;

/**
 * Measures the echo of what a bench reads with, and compares it with the first time. A series in which this machine was
 * late counts for nothing.
 * @param device its name, under which the first times are kept
 * @returns what is not as it was, in one sentence; null: nothing, or nothing can be said now
 * @throws the reason of the signal; {HalError} `storage`
 */
export async function echoDrift(
  device: string,
  echoing: readonly Echoing[],
  baselines: Baselines,
  signal: AbortSignal,
  watch: Watch = new LatenessWatch(systemClock, realTimers),
): Promise<string | null> {
  for (const each of echoing) {
    const found = await driftOf(device, each, baselines, signal, watch);
    if (found !== null) return found;
  }
  return null;
}

async function driftOf(
  device: string,
  echoing: Echoing,
  baselines: Baselines,
  signal: AbortSignal,
  watch: Watch,
): Promise<string | null> {
  const { name } = echoing;
  let taken = await take(echoing, signal, watch);
  // Once without an answer may be an accident on the line.
  if (taken.failure !== null) taken = await take(echoing, signal, watch);
  if (taken.failure !== null) return taken.late ? null : `the echo of ${name} does not come: ${taken.failure}`;
  if (taken.series.length < LEAST_SERIES) return null;
  const nowMs = median([...taken.series]);
  const first = baselines.first(`${device} ${name}`, nowMs);
  if (first === null || nowMs <= Math.max(first.medianMs * MOST_TIMES, first.medianMs + LEAST_MORE_MS)) return null;
  return `the echo of ${name} takes ${nowMs.toFixed(1)} ms, and took ${onItsDay(first)}`;
}

interface Taken {
  /** Of those in which this machine was not late. */
  readonly series: readonly number[];
  /** Why there are no more; null: all were taken. */
  readonly failure: string | null;
  /** Whether this machine was late when it failed. */
  readonly late: boolean;
}

async function take({ open }: Echoing, signal: AbortSignal, watch: Watch): Promise<Taken> {
  const series: number[] = [];
  let opened: OpenEcho | null = null;
  watch.start();
  try {
    opened = await open(signal);
    for (let i = 0; i < SERIES; i++) {
      watch.stop();
      signal.throwIfAborted();
      watch.start();
      const took = await opened.series();
      if (watch.stop().longestMs < TOO_LATE_MS) series.push(took);
      watch.start();
    }
    return { series, failure: null, late: false };
  } catch (error) {
    signal.throwIfAborted();
    const failure = describeFailure(error).sentences.join(' ');
    return { series, failure, late: watch.stop().longestMs >= TOO_LATE_MS };
  } finally {
    watch.stop();
    await opened?.close();
  }
}

/**
 * What echoes at a device: each PN532 that reads or shows cards there. A board under test is judged, and not looked at here;
 * its partner is. A reader of PC/SC has no echo without a card: its reference card tells.
 */
export function echoesAt({ reader, link, board }: LocalDevice): readonly Echoing[] {
  const ends = [reader, link].filter((each) => each !== null);
  const partner = board?.partner ?? null;
  return [
    ...ends.flatMap((each): Echoing[] => {
      if (each.driver === 'pn532') return [chipEcho(`pn532:${each.path}`, () => serialChip(each))];
      return each.driver === 'acr122' ? [chipEcho(`acr122:${each.name}`, () => usbChip(each))] : [];
    }),
    ...(partner === null
      ? []
      : [chipEcho(`pn532:${partner}`, () => serialChip({ driver: 'pn532', path: partner, baudRate: null }))]),
  ];
}

function chipEcho(name: string, find: () => Promise<ChipPort>): Echoing {
  return { name, open: async (signal) => openEcho((await find()).port, systemClock, signal) };
}

/** Wakes the chip; it sleeps again when this is closed. */
export async function openEcho(port: Pn532Port, clock: Clock, signal: AbortSignal): Promise<OpenEcho> {
  const connection = await port.open(signal);
  return {
    series: async () => (await echoOfChip(connection.chip, clock)).medianNs / 1e6,
    close: () => connection.close(),
  };
}
