import { readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { HalError } from '../../../src/hal/errors.ts';
import { quantileOf } from '../../figures/quantile.ts';
import { type Phase, type PhaseContext, RigFault } from '../phase.ts';

const ROUNDS = 200;
/** GetFirmwareVersion out, ACK and answer back. */
const BYTES = 9 + 6 + 13;
const BITS_A_BYTE = 10;

/** Milliseconds that the bytes of one round trip take on the wire. */
export function wireMs(baudRate: number): number {
  return (BYTES * BITS_A_BYTE * 1000) / baudRate;
}

export const roundTrip: Phase = {
  id: 'round-trip',
  title: 'Round-trip time',
  fatal: false,
  measurements: [
    { id: 'round-trips', what: 'Round trips of GetFirmwareVersion', unit: '', limits: null },
    { id: 'round-trips-lost', what: 'Round trips without an answer', unit: '', limits: { equals: 0 }, timed: true },
    { id: 'round-trip-wire', what: 'Time of the bytes alone', unit: 'ms', limits: null },
    // Under these a USB bridge with its latency timer at 16 ms passes: that is the next phase’s affair.
    { id: 'round-trip-p50', what: 'Median', unit: 'ms', limits: { max: 50 }, timed: true },
    { id: 'round-trip-p90', what: '90 % within', unit: 'ms', limits: null },
    { id: 'round-trip-p99', what: '99 % within', unit: 'ms', limits: null },
    { id: 'round-trip-max', what: 'Longest', unit: 'ms', limits: null },
  ],
  async run(context) {
    const { board, measure, keep } = context;
    const { times, lost } = await measureRoundTrips(context, ROUNDS);
    keep({ id: 'round-trip', what: 'Round trip of GetFirmwareVersion', unit: 'ms', values: times });
    measure('round-trips', ROUNDS);
    measure('round-trips-lost', lost);
    measure('round-trip-wire', wireMs(board.baudRate));
    if (times.length === 0) return;
    measure('round-trip-p50', quantileOf(times, 0.5));
    measure('round-trip-p90', quantileOf(times, 0.9));
    measure('round-trip-p99', quantileOf(times, 0.99));
    measure('round-trip-max', Math.max(...times));
  },
};

async function measureRoundTrips(
  { board, clock, signal }: PhaseContext,
  rounds: number,
): Promise<{ readonly times: number[]; readonly lost: number }> {
  const times: number[] = [];
  let lost = 0;
  for (let i = 0; i < rounds; i++) {
    signal.throwIfAborted();
    const startNs = clock.nowNs();
    try {
      await board.firmware();
      times.push((clock.nowNs() - startNs) / 1e6);
    } catch (error) {
      if (!(error instanceof HalError) || (error.kind !== 'timeout' && error.kind !== 'protocol')) throw error;
      lost++;
      // A board that has gone silent is not asked two hundred times.
      if (lost >= 3 && times.length === 0) throw error;
    }
  }
  return { times, lost };
}

const LATENCY_ROUNDS = 60;
/** Half of FTDI's 16 ms: no board and no system takes that by itself, as a rule. */
const HELD_BACK_MS = 8;
const USUAL_LATENCY_MS = 16;
/** What is longer than the timer by this has another cause, or one more. */
const SLACK_MS = 10;
/** And hardly an answer comes sooner than this. The timer runs freely: an answer asked for late waits less for its end. */
const SOONEST_MS = 7;

/** FTDI bridges hold back what does not fill a packet, by default for 16 ms. That is a setting of the station. */
export const latencyTimer: Phase = {
  id: 'latency-timer',
  title: 'Latency timer',
  fatal: false,
  measurements: [
    {
      id: 'held-back',
      what: 'Time over that of the bytes, median',
      unit: 'ms',
      limits: null,
    },
    {
      id: 'held-back-p10',
      what: 'The same, that 90 % of the answers take at least',
      unit: 'ms',
      limits: null,
    },
    { id: 'latency-timer', what: 'Latency timer that the driver says', unit: 'ms', limits: null, words: true },
  ],
  async run(context) {
    const { board, measure, keep } = context;
    const { times } = await measureRoundTrips(context, LATENCY_ROUNDS);
    keep({ id: 'held-back', what: 'Round trip', unit: 'ms', values: times });
    if (times.length === 0) return;
    // A busy machine delays some answers, a timer nearly every one.
    const heldBack = quantileOf(times, 0.5) - wireMs(board.baudRate);
    const soonest = quantileOf(times, 0.1) - wireMs(board.baudRate);
    const file = latencyFile(board.identity.port);
    const setting = file === null ? null : readLatency(file);
    measure('held-back', heldBack);
    measure('held-back-p10', soonest);
    measure('latency-timer', setting ?? 'none');
    if (heldBack < HELD_BACK_MS || soonest < SOONEST_MS) return;
    if (heldBack > (setting ?? USUAL_LATENCY_MS) + SLACK_MS) {
      const timer = setting === null ? 'a latency timer, as a rule 16 ms' : `the latency timer, which is ${setting} ms`;
      throw new RigFault(
        `every answer is held back for ${heldBack.toFixed(0)} ms, longer than by ${timer}: ` +
          'look at the USB bridge, its hub, and what else this machine is doing',
      );
    }
    const cure = setting === null ? 'lower the latency timer of the USB bridge' : `as root: echo 1 > ${file}`;
    throw new RigFault(
      `the USB bridge holds every answer back for ${heldBack.toFixed(0)} ms, as a latency timer of ${setting ?? USUAL_LATENCY_MS} ms does: ${cure}`,
    );
  },
};

function latencyFile(port: string): string | null {
  try {
    return `/sys/bus/usb-serial/devices/${basename(realpathSync(port))}/latency_timer`;
  } catch {
    return null;
  }
}

function readLatency(file: string): number | null {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
