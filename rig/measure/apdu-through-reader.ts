import { setImmediate as turn } from 'node:timers/promises';
import { SW } from '../../src/apdu/status-word.ts';
import type { CardSession, Exchange } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import type { CardSource } from '../card/card-source.ts';
import { CannotRun } from '../console/failure.ts';
import { openReader } from '../endpoint/open-reader.ts';
import type { ReaderChoice } from '../endpoint/readers.ts';
import { quantile } from '../figures/quantile.ts';
import { RecordedSession } from '../trace/record/recorded-reader.ts';
import { traceSession } from '../trace/record/session-trace.ts';
import type { RecordChoice } from '../trace/record-choice.ts';
import type { TraceWriter } from '../trace/writer.ts';
import { type ApduMeasurement, type ApduRow, rowName } from './apdu-row.ts';
import { type Measured, refusalInWords, workloadFor } from './workload.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const WARM_UP = 50;
const LISTEN_EVERY_MS = 50;

type Times = Pick<Exchange, 'startNs' | 'endNs'>;

/**
 * The same commands through a reader, whose driver times each exchange.
 * @param record gets each command once, before it is measured
 * @param card the card behind a loopback; for another reader its profile says which commands the card there takes
 */
export async function measureThroughReader(
  choice: ReaderChoice,
  card: CardSource,
  count: number,
  signal: AbortSignal,
  record: RecordChoice = { file: null, keepSecrets: false },
): Promise<ApduMeasurement> {
  const source = await openReader(choice, { card, signal });
  const profile = source.own?.opened.card.image.profile ?? (card.kind === 'profile' ? card.name : '');
  const figures: ApduRow[] = [];
  let failure: unknown = null;
  let name: string = choice.driver;
  let reader = source.name ?? '';
  try {
    const session = await source.reader.connect({
      timeoutMs: CONNECT_TIMEOUT_MS,
      mode: 'cold',
      signal,
      ...(source.name === null ? {} : { reader: source.name }),
    });
    reader = session.reader;
    name = `${reader}, ${session.protocol}`;
    let trace: TraceWriter | null = null;
    try {
      trace = await traceSession(source, session, record, {
        source: 'vitap bench apdu',
        card: profile === '' ? null : profile,
      });
      for (const measured of workloadFor(profile).commands) {
        if (signal.aborted || failure !== null) break;
        const exchanges: Times[] = [];
        try {
          if (trace !== null) await sendOnce(new RecordedSession(session, trace, systemClock), measured);
          await measure(session, measured, count, signal, exchanges);
        } catch (error) {
          failure = error;
        }
        // What was measured before the reader failed counts.
        if (exchanges.length > 0) figures.push(rowOf(measured.name, exchanges));
      }
    } finally {
      await session.disconnect();
      await trace?.close();
    }
  } catch (error) {
    failure = error;
  } finally {
    await source.close();
  }
  return { label: profile, card: `${profile} in ${name}`, backend: source.backendAt(reader), figures, failure };
}

async function sendOnce(session: CardSession, { before, command }: Measured): Promise<void> {
  await session.reset('warm');
  for (const each of [...before, command]) await session.transmit(each);
}

/** @param exchanges filled with those that are measured */
async function measure(
  session: CardSession,
  { before, command }: Measured,
  count: number,
  signal: AbortSignal,
  exchanges: Times[],
): Promise<void> {
  await session.reset('warm');
  for (const each of before) expectOk(each, await session.transmit(each));
  for (let i = 0; i < Math.min(WARM_UP, count); i++) expectOk(command, await session.transmit(command));
  let turnedMs = performance.now();
  for (let i = 0; i < count && !signal.aborted; i++) {
    // A card in process answers without a turn of the event loop, and Ctrl-C would not be heard.
    if (performance.now() - turnedMs > LISTEN_EVERY_MS) {
      await turn();
      turnedMs = performance.now();
    }
    const exchange = await session.transmit(command);
    expectOk(command, exchange);
    exchanges.push({ startNs: exchange.startNs, endNs: exchange.endNs });
  }
}

function rowOf(name: string, exchanges: readonly Times[]): ApduRow {
  const samples = exchanges.map(({ startNs, endNs }) => (endNs - startNs) / 1000).sort((a, b) => a - b);
  const [first, last] = [exchanges[0] as Times, exchanges.at(-1) as Times];
  return {
    ...rowName(name),
    n: samples.length,
    p50us: quantile(samples, 0.5),
    p99us: quantile(samples, 0.99),
    perSecond: (1e9 * samples.length) / (last.endNs - first.startNs),
    bestUs: samples[0] as number,
    clockUs: 0,
  };
}

function expectOk(command: Uint8Array, { response }: Exchange): void {
  const sw = ((response.at(-2) ?? 0) << 8) | (response.at(-1) ?? 0);
  if (sw === SW.OK) return;
  throw new CannotRun(refusalInWords(command, sw, 'the card in the reader'));
}
