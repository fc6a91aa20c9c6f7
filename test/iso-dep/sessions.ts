import fc from 'fast-check';
import type * as isoDep from '../../src/iso-dep/index.ts';
import { PLAIN_ATS, TestCard } from './cards.ts';

/** The machines under test: the real ones, or mutants of them. */
export type Machines = Pick<typeof isoDep, 'IsoDepCard' | 'IsoDepReader' | 'BackToBack'>;

/** What happens to one frame. Bursts of up to 16 bits are what CRC_A is sure to notice. */
export type Fault =
  | { readonly kind: 'none' | 'lost' | 'late' | 'stale' }
  | { readonly kind: 'burst'; readonly at: number; readonly pattern: number };

/** One command, or a presence check. */
export interface Act {
  readonly kind: 'command' | 'presence';
  /** 0, or at least 4: the command begins with its own number. */
  readonly commandLength: number;
  readonly responseLength: number;
  /** What it costs, in frame waiting times. */
  readonly cost: number;
}

export interface Session {
  readonly fsdCode: number;
  readonly fsci: number;
  readonly cid: number | null;
  readonly cidSupported: boolean;
  readonly fwi: number;
  readonly rates: 1 | 2 | 4 | 8;
  readonly retries: number;
  readonly acts: readonly Act[];
  /** For the frames in the order in which they are sent; afterwards all arrive. */
  readonly faults: readonly Fault[];
}

/** What a session came to, for counting. */
export interface Outcome {
  readonly done: number;
  readonly lost: number;
  readonly frames: number;
}

export const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constantFrom('lost' as const, 'late' as const, 'stale' as const) }),
  fc.record({ kind: fc.constant('burst' as const), at: fc.nat(40_000), pattern: fc.integer({ min: 1, max: 0xffff }) }),
);

const sometimes: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fault>({ kind: 'none' }) },
  { weight: 1, arbitrary: fault },
);

/** Mostly short, around the borders of the small frames, now and then long. */
const length = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 4, max: 70 }) },
  { weight: 1, arbitrary: fc.integer({ min: 4, max: 3000 }) },
);

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.oneof(
    { weight: 9, arbitrary: fc.constant('command' as const) },
    { weight: 1, arbitrary: fc.constant('presence' as const) },
  ),
  commandLength: fc.oneof({ weight: 15, arbitrary: length }, { weight: 1, arbitrary: fc.constant(0) }),
  responseLength: length,
  cost: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 70, noNaN: true }) },
  ),
});

export function session(faults: fc.Arbitrary<readonly Fault[]>): fc.Arbitrary<Session> {
  return fc.record({
    fsdCode: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 12 })),
    fsci: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 12 })),
    cid: fc.option(fc.integer({ min: 0, max: 14 })),
    cidSupported: fc.boolean(),
    fwi: fc.integer({ min: 0, max: 14 }),
    rates: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
    retries: fc.constantFrom(0, 1, 2, 4),
    acts: fc.array(act, { minLength: 1, maxLength: 20 }),
    faults,
  });
}

export const faultySession: fc.Arbitrary<Session> = session(fc.array(sometimes, { maxLength: 150, size: 'max' }));

/** What the card answers: every byte depends on the whole command, and so is wrong when a byte of it was. */
function answerTo(command: Uint8Array, responseLength: number): Uint8Array {
  let state = 0x811c9dc5;
  for (const byte of command) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return Uint8Array.from({ length: responseLength }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

function commandOf(number: number, { commandLength }: Act): Uint8Array {
  const command = Uint8Array.from({ length: commandLength }, (_, i) => (i * 7 + number) & 0xff);
  if (commandLength >= 4) new DataView(command.buffer).setUint32(0, number);
  return command;
}

const SIZES = [16, 24, 32, 40, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096];
const MOST_FRAMES = 100_000;

/**
 * Runs a session and throws where it breaks the promise: a command that is `done` was carried out once and has the
 * card's own answer; one that is `lost` was carried out once or never; nothing else was carried out.
 * @param onEnd told of every act, to hold more against it
 */
export function runSession(
  machines: Machines,
  config: Session,
  onEnd: (end: 'done' | 'lost', act: Act | null) => void = () => {},
): Outcome {
  const { rates, fwi } = config;
  const fwt = 4096 * 2 ** fwi;
  const executions = new Map<number, number>();
  let work = 0;
  const numberOf = (command: Uint8Array): number => new DataView(command.buffer, command.byteOffset).getUint32(0);
  const linked = new TestCard((command) => {
    const number = command.length < 4 ? -1 : numberOf(command);
    executions.set(number, (executions.get(number) ?? 0) + 1);
    const asked = config.acts[number];
    work = (asked?.cost ?? 0) * fwt;
    return answerTo(command, asked?.responseLength ?? 0);
  });
  const offered = [2, 4, 8];
  const card = new machines.IsoDepCard(linked, {
    ats: {
      ...PLAIN_ATS,
      fsci: config.fsci,
      fwi,
      cidSupported: config.cidSupported,
      toCard: offered,
      toReader: offered,
    },
    cost: (command, offset) => (config.acts[numberOf(command.subarray(offset))]?.cost ?? 0) * fwt,
    largestCommand: 4000,
  });
  const reader = new machines.IsoDepReader({
    fsd: SIZES[config.fsdCode]!,
    cid: config.cid,
    retries: config.retries,
    wantedRates: { toCard: rates, toReader: rates },
    largestResponse: 4000,
  });
  let frames = 0;
  const air = {
    carry: (frame: Uint8Array, frameLength: number): isoDep.Fate => {
      if (frames > MOST_FRAMES) throw new Error('no end');
      const fate = config.faults[frames++] ?? { kind: 'none' };
      if (fate.kind === 'burst') flip(frame, frameLength, fate.at, fate.pattern);
      // A card that is being activated has no frame before: what came from another session is none of this one.
      if (fate.kind === 'stale' && reader.ats === null) return 'lost';
      return fate.kind === 'none' || fate.kind === 'burst' ? 'arrives' : fate.kind;
    },
  };
  const joined = new machines.BackToBack(reader, card, air, () => {
    const cycles = work;
    work = 0;
    return cycles;
  });
  const ends = { done: 0, lost: 0 };

  for (const [number, asked] of config.acts.entries()) {
    while (!reader.active) {
      card.fieldOff();
      card.start();
      onEnd(joined.run(reader.activate()), null);
    }
    const command = commandOf(number, asked);
    const step = asked.kind === 'presence' ? reader.presence() : reader.transmit(command, 0, command.length);
    const end = joined.run(step);
    ends[end]++;
    onEnd(end, asked);
    const times = executions.get(number) ?? 0;
    const carriedOut = asked.kind === 'command' && command.length > 0;
    if (times > (carriedOut ? 1 : 0)) throw new Error(`command ${number} was carried out ${times} times`);
    if (end === 'lost' && reader.reason === null) throw new Error('lost without a reason');
    if (end === 'lost' || asked.kind === 'presence') continue;
    if (times !== (carriedOut ? 1 : 0)) throw new Error(`command ${number} was never carried out, and is done`);
    const response = reader.response.subarray(0, reader.responseLength);
    const expected = carriedOut ? answerTo(command, asked.responseLength) : new Uint8Array(0);
    if (Buffer.compare(response, expected) !== 0) throw new Error(`wrong data in answer to command ${number}`);
  }
  const known = [...executions.keys()].every((number) => number >= 0 && number < config.acts.length);
  if (!known) throw new Error('the card carried out a command that nobody sent');
  return { ...ends, frames };
}

/** Flips the bits of `pattern` from bit `at` on, within the frame. */
function flip(frame: Uint8Array, frameLength: number, at: number, pattern: number): void {
  const bits = frameLength * 8;
  const start = at % bits;
  for (let i = 0; i < 16; i++) {
    const bit = start + i;
    if ((pattern & (1 << i)) !== 0 && bit < bits) frame[bit >> 3]! ^= 1 << (bit & 7);
  }
}

/** A reader that tries twice must come through when at most one frame of all goes wrong. */
export const oneFault: fc.Arbitrary<Session> = fc
  .tuple(fc.nat(60), fault, session(fc.constant([])))
  .map(([at, one, config]) => ({
    ...config,
    retries: 2,
    rates: 1,
    // Beyond what S(WTX) can give, the card would be late by itself.
    acts: config.acts.map((each) => ({ ...each, cost: Math.min(each.cost, 59, 2 ** (14 - config.fwi) * 0.99) })),
    // The ATS is sent once; a card that has sent it does not listen to RATS any more.
    faults: [...Array.from({ length: 2 + at }, (): Fault => ({ kind: 'none' })), one],
  }));
