import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { toHex } from '../../../src/apdu/hex.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { FirmwareUnderTest } from '../firmware-board.ts';
import { BoardFault, type Phase } from '../phase.ts';

/** Every value of the byte that an echo carries. */
const ECHOES = 256;
/** Each is waited for; after so many the line is known to be bad. */
const LOST_ECHOES = 3;
/** Long enough that a line's delay is a thousandth of it. */
const CLOCK_MS = 2000;
/** The clock is read so often at each end: the reading that came back soonest says best when it was made. */
const CLOCK_READINGS = 5;
/** A UART follows a clock that is wrong by so much; beyond it, waiting times are wrong too. */
const CLOCK_PERCENT = 3;
const TAP_MS = 5000;
/** SELECT the master file, without an answer of its own. */
const SELECT_MF = Uint8Array.of(0x00, 0xa4, 0x00, 0x0c, 0x02, 0x3f, 0x00);

type FirmwarePhase = Phase<FirmwareUnderTest>;

const boot: FirmwarePhase = {
  id: 'boot',
  title: 'Firmware',
  fatal: true,
  measurements: [
    { id: 'boot-time', what: 'From the start to the first message, by the board', unit: 'ms', limits: null },
    { id: 'card-interface', what: 'What its card is to this host', unit: '', limits: null, words: true },
  ],
  async run({ board, measure, instruct }) {
    await instruct('Connect the board.');
    const asked = await heard(board.board());
    const [figures, card] = [await asked.figures(), await asked.card()];
    measure('boot-time', figures.bootUs / 1000);
    measure('card-interface', card.interface);
  },
};

/** The board's clock and this machine's at one moment, in microseconds. */
interface ClockReading {
  readonly board: number;
  readonly host: number;
  /** From the question to the answer. */
  readonly tookNs: number;
}

const clockPhase: FirmwarePhase = {
  id: 'clock',
  title: 'Clock',
  fatal: false,
  measurements: [
    {
      id: 'clock-deviation',
      what: 'By how much the clock of the board differs from that of this machine',
      unit: '%',
      limits: { min: -CLOCK_PERCENT, max: CLOCK_PERCENT },
      timed: true,
    },
  ],
  async run({ board, clock, measure, pause }) {
    const asked = await board.board();
    const read = async (): Promise<ClockReading> => {
      const beforeNs = clock.nowNs();
      const { microseconds } = await asked.selfTest('clock');
      const afterNs = clock.nowNs();
      return { board: microseconds, host: (beforeNs + afterNs) / 2000, tookNs: afterNs - beforeNs };
    };
    const readBest = async (): Promise<ClockReading> => {
      let best = await read();
      for (let i = 1; i < CLOCK_READINGS; i++) {
        const next = await read();
        if (next.tookNs < best.tookNs) best = next;
      }
      return best;
    };
    const first = await readBest();
    await pause(CLOCK_MS);
    const last = await readBest();
    // The board counts in 32 bits.
    const passed = (last.board - first.board + 2 ** 32) % 2 ** 32;
    measure('clock-deviation', 100 * (passed / (last.host - first.host) - 1));
  },
};

const ram: FirmwarePhase = {
  id: 'ram',
  title: 'RAM',
  fatal: false,
  measurements: [
    { id: 'ram-tested', what: 'Bytes of the heap that were tested', unit: '', limits: { min: 1 } },
    { id: 'ram-wrong', what: 'Cells that did not hold what was written', unit: '', limits: { equals: 0 } },
    { id: 'ram-first', what: 'Where the first of them is in the block', unit: '', limits: null, words: true },
  ],
  async run({ board, measure }) {
    const { bytes, wrong, first } = await (await board.board()).selfTest('ram');
    measure('ram-tested', bytes);
    measure('ram-wrong', wrong);
    measure('ram-first', wrong === 0 ? 'none' : `0x${first.toString(16).toUpperCase()}`);
  },
};

const flash: FirmwarePhase = {
  id: 'flash',
  title: 'Flash of the card',
  fatal: false,
  measurements: [
    { id: 'flash-pages', what: 'Pages for the memory of the card', unit: '', limits: { min: 1 } },
    { id: 'flash-bad', what: 'Pages that were set aside', unit: '', limits: { equals: 0 } },
    { id: 'flash-first', what: 'The first of them', unit: '', limits: null, words: true },
  ],
  async run({ board, measure }) {
    const { pages, setAside, first } = await (await board.board()).selfTest('flash');
    measure('flash-pages', pages);
    measure('flash-bad', setAside);
    measure('flash-first', setAside === 0 ? 'none' : `${first}`);
  },
};

const uarts: FirmwarePhase = {
  id: 'uarts',
  title: 'UARTs',
  fatal: false,
  measurements: [
    {
      id: 'echo-wrong',
      what: `Echoes that did not come back, of ${ECHOES} with every value (${LOST_ECHOES} end the test)`,
      unit: '',
      limits: { equals: 0 },
    },
    { id: 'echo-longest', what: 'The longest that an echo took', unit: 'ms', limits: null },
    { id: 'host-lost', what: 'Bytes from this host that had no room', unit: '', limits: { equals: 0 } },
    { id: 'chip-lost', what: 'Bytes from the PN532 that had no room', unit: '', limits: { equals: 0 } },
  ],
  async run({ board, clock, measure, keep, signal }) {
    const asked = await board.board();
    let wrong = 0;
    const values: number[] = [];
    for (let i = 0; i < ECHOES && wrong < LOST_ECHOES; i++) {
      signal.throwIfAborted();
      const startNs = clock.nowNs();
      if (await asked.echoes()) values.push((clock.nowNs() - startNs) / 1e6);
      else wrong++;
    }
    measure('echo-wrong', wrong);
    if (values.length > 0)
      measure(
        'echo-longest',
        values.reduce((most, each) => Math.max(most, each), 0),
      );
    keep({ id: 'echo-times', what: 'Time of each echo', unit: 'ms', values });
    const { hostLost, chipLost } = await asked.figures();
    measure('host-lost', hostLost);
    measure('chip-lost', chipLost);
  },
};

const pn532: FirmwarePhase = {
  id: 'pn532',
  title: 'PN532',
  fatal: false,
  measurements: [{ id: 'chip-answers', what: 'The PN532 on UART 1 answers', unit: '', limits: { equals: true } }],
  async run({ board, measure }) {
    measure('chip-answers', (await (await board.board()).selfTest('chip')).answers === 1);
  },
};

const firstTap: FirmwarePhase = {
  id: 'first-tap',
  title: 'First tap',
  fatal: false,
  measurements: [
    { id: 'tap-status', what: 'SELECT of the master file', unit: '', limits: { equals: '9000' }, words: true },
    { id: 'tap-time', what: 'Its time, line and all', unit: 'ms', limits: null },
    { id: 'tap-firmware', what: 'Of it in the firmware, by the board', unit: 'ms', limits: null },
  ],
  async run({ board, clock, measure, recorded, signal }) {
    const session = await recorded(board.reader).connect({ timeoutMs: TAP_MS, signal });
    try {
      const startNs = clock.nowNs();
      const { response } = await session.transmit(SELECT_MF);
      measure('tap-time', (clock.nowNs() - startNs) / 1e6);
      measure('tap-status', toHex(copyBytes(response, response.length - 2)));
      measure('tap-firmware', (await (await board.board()).figures()).commandUs / 1000);
    } finally {
      await session.disconnect();
    }
  },
};

/** The bring-up of a board that runs the card as firmware, in its order. */
export const FIRMWARE_PHASES: readonly FirmwarePhase[] = [boot, clockPhase, ram, flash, uarts, pn532, firstTap];

/** Nothing answering is the board's fault here, and no reader's without a card. */
async function heard<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof HalError && cause.kind === 'no-card') throw new BoardFault(cause.message, { cause });
    throw cause;
  }
}
