import type { TraceEvent } from '../trace/model.ts';
import { importedHeader, type TraceSource } from '../trace/stream.ts';

/** A SELECT, a READ BINARY of 96 bytes, a READ RECORD that fails, and a code: again and again. */
const EXCHANGES: readonly (readonly [string, string])[] = [
  ['00A4040008D25000000256495400', '6F0A8408D2500000025649549000'],
  ['00B0000060', `${'A1'.repeat(96)}9000`],
  ['00B2012400', '6A82'],
  ['0020008106313233343536', '63C2'],
];
const INTERVAL_NS = 2_000_000;
const ANSWER_NS = 900_000;

/** A session of so many exchanges, made as it is read. */
export function syntheticSession(count: number): TraceSource {
  return {
    header: importedHeader({
      source: 'vitap bench',
      backend: 'simulated',
      interface: 'contactless',
      startedAt: '2026-01-01T00:00:00.000Z',
    }),
    events: () => exchanges(count),
  };
}

async function* exchanges(count: number): AsyncGenerator<TraceEvent, void, undefined> {
  for (let i = 0; i < count; i++) {
    const [command, response] = EXCHANGES[i % EXCHANGES.length] as readonly [string, string];
    yield { type: 'command', t: i * INTERVAL_NS, apdu: command };
    yield { type: 'response', t: i * INTERVAL_NS + ANSWER_NS, apdu: response };
  }
}
