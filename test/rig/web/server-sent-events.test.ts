import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { EventStream } from '../../../rig/web/event-stream.ts';
import { readEvents } from '../../../rig/web/server-sent-events.ts';

/** What is read of these pieces, and what was heard behind each block. */
async function read(...pieces: readonly string[]) {
  const body = new ReadableStream<Uint8Array>({
    start(control) {
      for (const piece of pieces) control.enqueue(Buffer.from(piece, 'latin1'));
      control.close();
    },
  });
  const heard: (string | null)[] = [];
  const events: (readonly [string, string])[] = [];
  for await (const { event, data } of readEvents(body, (id) => heard.push(id))) events.push([event, data]);
  return { events, heard };
}

describe('events as text/event-stream has them', () => {
  // The first three are the examples of the standard (WHATWG HTML, 9.2.6 "Interpreting an event stream").
  it.each<readonly [string, string, readonly (readonly [string, string])[]]>([
    ['lines of data', 'data: YHOO\ndata: +2\ndata: 10\n\n', [['message', 'YHOO\n+2\n10']]],
    [
      'data with nothing in it',
      'data\n\ndata\ndata\n\ndata:',
      [
        ['message', ''],
        ['message', '\n'],
      ],
    ],
    [
      'one space that does not count',
      'data:test\n\ndata: test\n\n',
      [
        ['message', 'test'],
        ['message', 'test'],
      ],
    ],
    [
      'a name, which holds for one event',
      'event: run\ndata: 1\n\ndata: 2\n\n',
      [
        ['run', '1'],
        ['message', '2'],
      ],
    ],
    ['comments and fields that nobody knows', ': x\n\nretry: 3\nwhat: 4\ndata: 1\n\n', [['message', '1']]],
    [
      'ends of lines of all three kinds',
      'data: 1\r\rdata: 2\r\n\r\ndata: 3\n\n',
      [
        ['message', '1'],
        ['message', '2'],
        ['message', '3'],
      ],
    ],
    ['a block without data, which is no event', 'event: run\n\ndata: 1\n\n', [['message', '1']]],
    ['an event that was cut', 'data: 1\n\ndata: 2\n', [['message', '1']]],
  ])('%s, in one piece and in single bytes', async (_name, text, events) => {
    expect((await read(text)).events).toEqual(events);
    expect((await read(...text)).events).toEqual(events);
  });

  it('a letter that is cut between two pieces is whole', async () => {
    expect((await read('data: \xc3', '\xa9\n\n')).events).toEqual([['message', 'é']]);
  });

  it('says where to go on, also behind an identifier without data', async () => {
    expect((await read('id: 1\ndata: a\n\n', 'data: b\n\n', 'id: 2\n\n', ':\n\n')).heard).toEqual(['1', '1', '2', '2']);
  });

  it('reads no event without an end', async () => {
    const line = `data: ${'a'.repeat(100_000)}`;
    await expect(read(...Array.from({ length: 11 }, () => line))).rejects.toThrow('longer than a megabyte');
    await expect(read(...Array.from({ length: 11 }, () => `${line}\n`))).rejects.toThrow('longer than a megabyte');
  });
});

describe('a stream of events', () => {
  it('gives a reader that does not keep up nothing more, and costs no more memory', async () => {
    const stream = new EventStream();
    const events = Array.from({ length: 10_000 }, (_, number) => stream.send('run', { number, text: 'x'.repeat(100) }));
    const taken = events.filter((sent) => sent).length;
    expect(events.slice(0, taken)).not.toContain(false);
    expect(stream.readableLength).toBeLessThan(65_536 + 300);
    expect(stream.mark('9') || stream.beat()).toBe(false);
    expect(stream.behindMs()).toBeGreaterThan(0);
    const text = stream.read() as Buffer;
    expect(text.toString().match(/^event: run$/gm)).toHaveLength(taken);
    expect(stream.behindMs()).toBe(0);
    expect(stream.send('run', {})).toBe(true);
    stream.finish();
    stream.finish();
    expect(stream.send('run', {})).toBe(false);
    stream.resume();
    await once(stream, 'end');
  });

  it('is read as it was written', async () => {
    const stream = new EventStream();
    stream.send('start', {}, '7');
    stream.send('run', { reason: 'two\nlines' });
    stream.mark('8');
    stream.finish();
    const { events, heard } = await read((await stream.toArray()).join(''));
    expect(events).toEqual([
      ['start', '{}'],
      ['run', '{"reason":"two\\nlines"}'],
    ]);
    expect(heard).toEqual(['7', '7', '8']);
  });
});
