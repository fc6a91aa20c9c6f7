import '../../seed.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACK, ERROR_FRAME, encodeFrame, FrameReader, TFI } from '../../../src/hal/pn532/frame.ts';
import { HsuTransport } from '../../../src/hal/pn532/hsu.ts';
import { Pn532SyntaxError } from '../../../src/hal/pn532/status.ts';
import type { Timers } from '../../../src/hal/pn532/transport.ts';
import type { SerialLine } from '../../../src/hal/serial-line.ts';

/** Time that goes on only when nothing is left to be done. */
class Time implements Timers {
  now = 0;
  #events: { readonly at: number; readonly action: () => void }[] = [];

  after(ms: number, action: () => void): () => void {
    const event = { at: this.now + ms, action };
    const behind = this.#events.findIndex((each) => each.at > event.at);
    this.#events.splice(behind < 0 ? this.#events.length : behind, 0, event);
    return () => {
      this.#events = this.#events.filter((each) => each !== event);
    };
  }

  async run(untilMs = Number.POSITIVE_INFINITY): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      const next = this.#events[0];
      if (next === undefined || next.at > untilMs) break;
      this.#events.shift();
      this.now = next.at;
      next.action();
      for (let i = 0; i < 12; i++) await Promise.resolve();
    }
    if (untilMs !== Number.POSITIVE_INFINITY) this.now = untilMs;
  }
}

interface Fault {
  readonly kind: 'none' | 'lost' | 'flipped' | 'late';
  /** A bit of the frame, or milliseconds. */
  readonly value: number;
}

/** One direction of the line: keeps the order, whatever it does to what it carries. */
class Direction {
  faults: readonly Fault[];
  readonly #time: Time;
  readonly #deliver: (bytes: Uint8Array) => void;
  #free = 0;
  #count = 0;

  constructor(time: Time, faults: readonly Fault[], deliver: (bytes: Uint8Array) => void) {
    this.#time = time;
    this.faults = faults;
    this.#deliver = deliver;
  }

  write(frame: Uint8Array): void {
    const fault = this.faults[this.#count++] ?? { kind: 'none', value: 0 };
    const bytes = Uint8Array.from(frame);
    if (fault.kind === 'lost') return;
    if (fault.kind === 'flipped') bytes[(fault.value >> 3) % bytes.length]! ^= 1 << (fault.value & 7);
    this.#free = Math.max(this.#free, this.#time.now + 1 + (fault.kind === 'late' ? fault.value : 0));
    this.#time.after(this.#free - this.#time.now, () => this.#deliver(bytes));
  }
}

const UNKNOWN = 0x99;
const FIRMWARE = [0x03, 0x32, 0x01, 0x06, 0x07];

/** What the chip says to a command; null for its error frame. */
function rightAnswer([code, ...data]: readonly number[]): readonly number[] | null {
  if (code === UNKNOWN) return null;
  if (code === 0x02) return FIRMWARE;
  return [code! + 1, ...data];
}

/** A chip that works on one command at a time. */
class FaithfulChip {
  readonly #time: Time;
  readonly #workMs: readonly number[];
  readonly #toHost: Direction;
  #cancel: (() => void) | null = null;
  #last: Uint8Array | null = null;
  #count = 0;
  readonly frames: FrameReader = new FrameReader(TFI.hostToChip);

  constructor(time: Time, workMs: readonly number[], toHost: Direction) {
    this.#time = time;
    this.#workMs = workMs;
    this.#toHost = toHost;
  }

  hear(bytes: Uint8Array): void {
    // The chip gives up a frame that does not go on; here every frame arrives in one piece.
    this.frames.reset();
    this.frames.push(bytes, (event) => {
      if (event.kind === 'nack' && this.#cancel === null && this.#last !== null) this.#toHost.write(this.#last);
      if (event.kind === 'ack') this.#stop();
      if (event.kind === 'data') this.#carryOut([...event.payload]);
    });
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #carryOut(command: readonly number[]): void {
    this.#stop();
    this.#toHost.write(ACK as Uint8Array);
    const right = rightAnswer(command);
    const frame = right === null ? (ERROR_FRAME as Uint8Array) : encodeFrame(TFI.chipToHost, Uint8Array.from(right));
    this.#cancel = this.#time.after(this.#workMs[this.#count++] ?? 1, () => {
      this.#cancel = null;
      this.#last = frame;
      this.#toHost.write(frame);
    });
  }
}

function join(time: Time, faults: { toChip: readonly Fault[]; toHost: readonly Fault[]; workMs: readonly number[] }) {
  let onData: (chunk: Uint8Array) => void = () => {};
  const toHost = new Direction(time, faults.toHost, (bytes) => onData(bytes));
  const chip = new FaithfulChip(time, faults.workMs, toHost);
  const toChip = new Direction(time, faults.toChip, (bytes) => chip.hear(bytes));
  const line: SerialLine = {
    path: '/dev/host',
    baudRate: 921_600,
    write: async (bytes) => toChip.write(bytes),
    onData: (listener) => {
      onData = listener;
    },
    onClose: () => {},
    setBaudRate: async () => {},
    flush: async () => {},
    close: async () => {},
  };
  return { hsu: new HsuTransport(line, time), toChip, toHost };
}

interface Step {
  /** Diagnose, GetFirmwareVersion, InDataExchange, TgGetData, and one that the chip does not know. */
  readonly code: number;
  readonly timeoutMs: number | null;
  readonly repeatable: boolean;
  /** Until the next step, which does not wait for this one. */
  readonly pauseMs: number;
  readonly abort: boolean;
}

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fault>({ kind: 'none', value: 0 }) },
  { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'lost', value: 0 }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flipped' as const), value: fc.nat(400) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('late' as const), value: fc.constantFrom(8, 60, 130, 300) }) },
);
const step: fc.Arbitrary<Step> = fc.record({
  code: fc.constantFrom(0x00, 0x02, 0x40, 0x40, 0x40, 0x86, UNKNOWN),
  timeoutMs: fc.constantFrom(20, 50, 200, null),
  repeatable: fc.boolean(),
  pauseMs: fc.constantFrom(0, 5, 40, 150, 400),
  abort: fc.boolean(),
});
const scene = fc.record({
  toChip: fc.array(fault, { maxLength: 20 }),
  toHost: fc.array(fault, { maxLength: 30 }),
  workMs: fc.array(fc.constantFrom(1, 1, 30, 100, 250), { maxLength: 20 }),
  steps: fc.array(step, { minLength: 1, maxLength: 12 }),
});

const exchange = { code: 0x40, timeoutMs: 20, repeatable: false, pauseMs: 0, abort: false };
const none: Fault = { kind: 'none', value: 0 };
/** A marker is sent twice; the answer to the first comes in time for the second, its own when a third is on its way. */
const TWO_MARKERS = {
  toChip: [{ kind: 'lost', value: 0 } as const],
  toHost: [{ kind: 'late', value: 130 } as const, none, none, { kind: 'late', value: 300 } as const],
  workMs: [],
  steps: [{ ...exchange, pauseMs: 400 }, exchange, { ...exchange, timeoutMs: 200 }],
};

const commandOf = (code: number, id: number): readonly number[] =>
  code === 0x00 ? [code, 0x00, id, 0xaa] : code === 0x02 ? [code] : [code, id, 0x55];

describe('HsuTransport on a line that delays, loses and damages frames and keeps their order', () => {
  it('never brings an exchange what belongs to another, ends every one, and is whole again afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async ({ steps, ...faults }) => {
        const time = new Time();
        const { hsu, toChip, toHost } = join(time, faults);
        let open = 0;
        const wrong: string[] = [];
        const ask = (code: number, id: number, options: Pick<Step, 'timeoutMs' | 'repeatable'>): Promise<boolean> => {
          const command = commandOf(code, id);
          const right = rightAnswer(command);
          open++;
          return hsu
            .exchange(Uint8Array.from(command), options)
            .then(
              (got) => {
                if (String([...got]) !== String(right)) wrong.push(`to ${command}: ${[...got]}`);
                return true;
              },
              (error: unknown) => {
                const syntax = error instanceof Pn532SyntaxError;
                if (syntax && right !== null) wrong.push(`to ${command}: the error frame`);
                return syntax;
              },
            )
            .finally(() => open--);
        };
        for (const [id, { code, timeoutMs, repeatable, pauseMs, abort }] of steps.entries()) {
          void ask(code, id, { timeoutMs, repeatable });
          await time.run(time.now + pauseMs);
          if (abort) hsu.abort();
        }
        await time.run(time.now + 1000);
        hsu.abort();
        toChip.faults = toHost.faults = [];
        await time.run(time.now + 10_000);
        expect(wrong).toEqual([]);
        expect(open).toBe(0);
        const last = ask(0x40, 0xfe, { timeoutMs: 500, repeatable: false });
        await time.run();
        expect(await last).toBe(true);
        expect(wrong).toEqual([]);
      }),
      { numRuns: 2000, examples: [[TWO_MARKERS]] },
    );
  }, 60_000);
});
