import { describe, expect, it } from 'vitest';
import { bytesInput } from '../../../rig/trace/byte-input.ts';
import type { TraceEvent } from '../../../rig/trace/model.ts';
import { redactedSource } from '../../../rig/trace/session-redactor.ts';
import { type ByteInput, HEAD_LENGTH, importedHeader, LossCount } from '../../../rig/trace/stream.ts';
import { writeBytes } from './formats/frame-trace.ts';
import { exporter, importer } from './formats/text-trace.ts';

/** That nothing is gathered: what is read ahead of the events does not grow with the trace. */

const EXCHANGES = 5000;
const PIECE = 4096;
/** What looks at the beginning, what is joined to a batch, and a block of a chain held back. */
const AHEAD = HEAD_LENGTH + 4 * PIECE;

async function* session(): AsyncGenerator<TraceEvent, void, undefined> {
  for (let i = 0; i < EXCHANGES; i++) {
    yield { type: 'command', t: 1000 * i, apdu: `00B0${(i & 0x7fff).toString(16).toUpperCase().padStart(4, '0')}40` };
    yield { type: 'response', t: 1000 * i + 500, apdu: `${'A5'.repeat(64)}9000` };
  }
}

const header = importedHeader({ source: 'test', interface: 'contactless' });

function counting(input: ByteInput): { readonly input: ByteInput; taken: number } {
  const counter = {
    taken: 0,
    input: {
      name: input.name,
      head: () => input.head(),
      async *chunks() {
        for await (const chunk of input.chunks()) {
          counter.taken += chunk.length;
          yield chunk;
        }
      },
    },
  };
  return counter;
}

describe('a long trace', () => {
  it.each(['vitap', 'pcapng', 'pcap', 'proxmark'])('is read as it is used: %s', async (name) => {
    const events: TraceEvent[] = [];
    for await (const event of session()) events.push(event);
    const { bytes } = await writeBytes(name, events, header);
    expect(bytes.length).toBeGreaterThan(6 * AHEAD);
    const counter = counting(bytesInput(bytes, 'x', PIECE));
    const source = redactedSource(await importer(name).open(counter.input, new LossCount()));
    let commands = 0;
    let mostAhead = 0;
    for await (const event of source.events()) {
      if (event.type !== 'command') continue;
      commands++;
      mostAhead = Math.max(mostAhead, counter.taken - (commands / EXCHANGES) * bytes.length);
    }
    expect(commands).toBe(EXCHANGES);
    expect(mostAhead).toBeLessThan(AHEAD);
  });

  it.each(['vitap', 'pcapng', 'pcap', 'gsmtap', 'proxmark'])('is written as it comes: %s', async (name) => {
    let given = 0;
    let written = 0;
    let mostKept = 0;
    const source = {
      header,
      async *events() {
        for await (const event of session()) {
          yield event;
          given += 'apdu' in event ? event.apdu.length / 2 : 0;
          mostKept = Math.max(mostKept, given - written);
        }
      },
    };
    // Every format takes at least a byte for a byte.
    const sink = {
      async write(chunk: Uint8Array | string) {
        written += chunk.length;
      },
    };
    await exporter(name).write(source, sink, new LossCount());
    expect(mostKept).toBeLessThan(128 * 1024);
    expect(written).toBeGreaterThan(given);
  });
});
