import { createLoopback } from '../../src/hal/loopback/index.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { openCard } from '../card/open.ts';
import { CannotRun } from '../console/failure.ts';
import { quantile } from '../figures/quantile.ts';
import { readNdef } from '../tap/ndef.ts';
import { emptyReading } from '../tap/reading.ts';
import { CardTerminal } from '../tap/terminal.ts';

/** Whole taps through the loopback, with everything that a reader's program does. */
export interface LoopbackTaps {
  readonly id: 'loopback-taps';
  readonly profile: string;
  readonly taps: number;
  readonly commandsPerTap: number;
  /** All of them together, warm-up apart. */
  readonly totalMs: number;
  readonly p50us: number;
  readonly p99us: number;
}

/** A card without cryptography: what is left is dispatching, files, and the way there and back. */
const PROFILE = 'ndef';
const WARM_UP_TAPS = 200;

/** Connects, reads the NDEF message as a phone does, and disconnects, again and again. */
export async function measureLoopbackTaps(taps: number): Promise<LoopbackTaps> {
  const opened = await openCard({ kind: 'profile', name: PROFILE });
  const { link, reader } = createLoopback({ interface: 'contactless', clock: systemClock });
  const served = link.serve(opened.card.port('contactless', link.limits));
  const tap = async (): Promise<number> => {
    const session = await reader.connect({ timeoutMs: 1000, mode: 'cold' });
    const terminal = new CardTerminal(session);
    const reading = emptyReading();
    await readNdef(terminal, reading);
    await session.disconnect('unpower');
    if (reading.ndef === null) throw new CannotRun(`the ${PROFILE} card did not show its message`);
    return terminal.exchanges.length;
  };
  try {
    for (let i = 0; i < Math.min(WARM_UP_TAPS, taps); i++) await tap();
    const samples = new Float64Array(taps);
    let commandsPerTap = 0;
    const start = performance.now();
    for (let i = 0; i < taps; i++) {
      const from = performance.now();
      commandsPerTap = await tap();
      samples[i] = (performance.now() - from) * 1000;
    }
    const totalMs = performance.now() - start;
    samples.sort();
    const [p50us, p99us] = [quantile(samples, 0.5), quantile(samples, 0.99)];
    return { id: 'loopback-taps', profile: PROFILE, taps, commandsPerTap, totalMs, p50us, p99us };
  } finally {
    await reader.close();
    link.stop();
    await served;
    opened.close();
  }
}
