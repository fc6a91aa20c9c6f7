import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TraceError, TraceReader } from '../../../rig/trace/reader.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-read-'));
  path = join(folder, 'session.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const HEADER = {
  type: 'header',
  format: 'vitap-trace',
  version: 1,
  source: 'test',
  backend: 'simulated',
  reader: null,
  interface: null,
  atr: null,
  ats: null,
  card: null,
  clock: 'ns',
  startedAt: '2026-01-02T03:04:05.678Z',
  redactions: ['code', 'nir'],
  secretsKept: false,
};
const header = (fields: Record<string, unknown> = {}): string => JSON.stringify({ ...HEADER, ...fields });

/** Reads the file to its end or its first fault. */
async function readAll(): Promise<{ events: unknown[]; error: unknown }> {
  const events: unknown[] = [];
  try {
    for await (const event of await TraceReader.open(path)) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: null };
}

describe('TraceReader', () => {
  it('gives header and events as they stand, unknown fields too', async () => {
    const lines = [
      { type: 'power', t: 0, state: 'on', atr: '3B80' },
      { type: 'field', t: 1, state: 'off' },
      { type: 'block', t: 2, from: 'reader', frame: '0200A4' },
      { type: 'command', t: 3, apdu: '0020XX', masks: [{ offset: 2, length: 1, what: 'code' }] },
      { type: 'response', t: 4, apdu: '9000', later: { more: true } },
      { type: 'note', t: -5, text: 'NIR XXXXX', masks: [{ offset: 4, length: 5, what: 'nir' }] },
    ];
    writeFileSync(
      path,
      [header({ reader: 'r', atr: '3B80', interface: 'wired' }), ...lines.map((line) => JSON.stringify(line)), ''].join(
        '\n',
      ),
    );
    const trace = await TraceReader.open(path);
    expect(trace.header).toEqual({ ...HEADER, reader: 'r', atr: '3B80', interface: 'wired' });
    const events = [];
    for await (const event of trace) events.push(event);
    expect(events).toEqual(lines);
  });

  it.each([
    ['CR LF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
    ['empty lines', (text: string) => text.replaceAll('\n', '\n\n \n')],
    ['no line feed at the end', (text: string) => text.trimEnd()],
  ])('takes %s', async (_, change) => {
    writeFileSync(path, change(`${header()}\n{"type":"note","t":1,"text":"é"}\n`));
    expect(await readAll()).toEqual({ events: [{ type: 'note', t: 1, text: 'é' }], error: null });
  });

  it('does not care where reads end: lines of any lengths', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 150_000 }), { maxLength: 5 }), async (lengths) => {
        const texts = lengths.map((length) => 'é'.repeat(length / 2));
        writeFileSync(
          path,
          [header(), ...texts.map((text, t) => JSON.stringify({ type: 'note', t, text })), ''].join('\n'),
        );
        const { events, error } = await readAll();
        expect(error).toBeNull();
        expect(events).toEqual(texts.map((text, t) => ({ type: 'note', t, text })));
      }),
      { numRuns: 30 },
    );
  });

  it('can be left before the end', async () => {
    writeFileSync(path, `${header()}\n${'{"type":"note","t":1,"text":"a"}\n'.repeat(10)}`);
    for await (const event of await TraceReader.open(path)) {
      expect(event.t).toBe(1);
      break;
    }
    await (await TraceReader.open(path)).close();
  });

  it('says that there is no file', async () => {
    await expect(TraceReader.open(path)).rejects.toMatchObject({
      kind: 'storage',
      message: `cannot read ${path}: there is no such file or folder`,
    });
  });

  const notHeader = 'this is not a trace: its first line is no header of format vitap-trace';
  it.each([
    ['nothing', '', 1, 'this is not a trace: the file is empty'],
    ['other text', 'Hello\n', 1, 'this is not JSON'],
    ['other JSON', '[1]\n', 1, 'this is not a JSON object'],
    ['another object', '{"type":"header","format":"har"}\n', 1, notHeader],
    ['no header', '{"type":"note","t":1,"text":"a"}\n', 1, notHeader],
    ['no version', `${header({ version: '1' })}\n`, 1, '"version" is not a whole number from 1'],
    [
      'a newer version',
      `${header({ version: 2 })}\n`,
      1,
      'this is a trace of version 2, and this vitap reads version 1',
    ],
    ['no source', `${header({ source: 1 })}\n`, 1, '"source" is not text'],
    [
      'another backend',
      `${header({ backend: 'dream' })}\n`,
      1,
      '"backend" is "dream", not simulated or hardware or unknown',
    ],
    ['a wrong ATR', `${header({ atr: '3b' })}\n`, 1, '"atr" is not bytes in upper-case hexadecimal'],
    ['another unit', `${header({ clock: 'ms' })}\n`, 1, '"clock" is "ms", not ns'],
    ['no date', `${header({ startedAt: 'yesterday' })}\n`, 1, '"startedAt" is no date and time'],
    [
      'other redactions',
      `${header({ redactions: ['all'] })}\n`,
      1,
      '"redactions" is not a list of code, nir, name, birth, key, signature',
    ],
    ['no word on secrets', `${header({ secretsKept: 0 })}\n`, 1, '"secretsKept" is neither true nor false'],
    ['UTF-16', Buffer.from(`\ufeff${header()}\n`, 'utf16le'), 1, 'this is UTF-16 text; a trace is UTF-8'],
    ['bytes', Buffer.of(0x00, 0xff, 0xfe, 0x80), 1, 'this is not UTF-8 text'],
  ])('refuses %s, with the place', async (_, content, line, problem) => {
    writeFileSync(path, content);
    const { events, error } = await readAll();
    expect(events).toEqual([]);
    expect(error).toBeInstanceOf(TraceError);
    expect((error as Error).message).toBe(`${path}:${line}: ${problem}`);
    expect(error).toMatchObject({ path, line });
  });

  const good = '{"type":"note","t":1,"text":"a"}';
  const mask = (masks: unknown, apdu = '00XXXX00'): string => JSON.stringify({ type: 'command', t: 1, apdu, masks });
  it.each([
    ['another trace', header(), 'a second header: two traces in one file?'],
    ['no time', '{"type":"note","text":"a"}', '"t" is not a whole number of nanoseconds'],
    ['half a nanosecond', '{"type":"note","t":1.5,"text":"a"}', '"t" is not a whole number of nanoseconds'],
    ['an unknown event', '{"type":"nap","t":1}', 'unknown event "nap"'],
    ['power of another kind', '{"type":"power","t":1,"state":"half"}', '"state" is "half", not on or reset or off'],
    ['field of another kind', '{"type":"field","t":1,"state":"reset"}', '"state" is "reset", not on or off'],
    ['a block from nowhere', '{"type":"block","t":1,"frame":"00"}', '"from" is undefined, not reader or card'],
    ['no APDU', '{"type":"command","t":1}', '"apdu" is not text'],
    ['half a byte', '{"type":"response","t":1,"apdu":"900"}', '"apdu" is not bytes in upper-case hexadecimal'],
    ['half a masked byte', '{"type":"response","t":1,"apdu":"9X00"}', '"apdu" is not bytes in upper-case hexadecimal'],
    ['XX without masks', '{"type":"response","t":1,"apdu":"XX00"}', '"masks" and the XX of "apdu" do not fit'],
    ['masks that are no list', mask({}), '"masks" is not a list'],
    [
      'an unknown mask',
      mask([{ offset: 1, length: 2, what: 'x' }]),
      'a mask has no "offset", "length" or "what" of the right kind',
    ],
    ['no mask', mask([null]), 'a mask has no "offset", "length" or "what" of the right kind'],
    [
      'a mask outside',
      mask([{ offset: 3, length: 2, what: 'nir' }]),
      'a mask overlaps the one before it or lies outside',
    ],
    [
      'masks that overlap',
      mask([
        { offset: 1, length: 2, what: 'nir' },
        { offset: 2, length: 1, what: 'nir' },
      ]),
      'a mask overlaps the one before it or lies outside',
    ],
    ['a mask elsewhere', mask([{ offset: 0, length: 2, what: 'nir' }]), '"masks" and the XX of "apdu" do not fit'],
    ['a mask too short', mask([{ offset: 1, length: 1, what: 'nir' }]), '"masks" and the XX of "apdu" do not fit'],
    [
      'a note not masked',
      '{"type":"note","t":1,"text":"abc","masks":[{"offset":1,"length":1,"what":"nir"}]}',
      '"masks" and the X of "text" do not fit',
    ],
  ])('gives what comes before %s, and the place', async (_, line, problem) => {
    writeFileSync(path, `${header()}\n${good}\n\n${line}\n${good}\n`);
    const { events, error } = await readAll();
    expect(events).toEqual([{ type: 'note', t: 1, text: 'a' }]);
    expect(error).toBeInstanceOf(TraceError);
    expect((error as Error).message).toBe(`${path}:4: ${problem}`);
  });

  it('says that the last line is cut off, wherever it is', async () => {
    const last = '{"type":"response","t":1,"apdu":"9000"}';
    for (let length = 1; length < last.length; length++) {
      writeFileSync(path, `${header()}\n${good}\n${last.slice(0, length)}`);
      const { events, error } = await readAll();
      expect(events).toHaveLength(1);
      expect((error as Error).message).toBe(`${path}:3: the last line is cut off (this is not JSON)`);
    }
  });

  it('does not gather a line that has no end', async () => {
    writeFileSync(path, `${header()}\n${' '.repeat(3 * 1024 * 1024)}\n`);
    const { error } = await readAll();
    expect((error as Error).message).toBe(`${path}:2: the line is longer than any of a trace (1048576 bytes)`);
  });

  it('takes any bytes without any other error', async () => {
    const line = fc.oneof(fc.string(), fc.json(), fc.constant(good), fc.constant(header()));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 5 }), async (lines) => {
        writeFileSync(path, [header(), ...lines].join('\n'));
        const { error } = await readAll();
        if (error !== null) expect(error).toBeInstanceOf(TraceError);
      }),
      { numRuns: 200 },
    );
  });
});
