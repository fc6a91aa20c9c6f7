import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../../rig/console/failure.ts';
import type { ConvertOptions } from '../../../rig/trace/convert.ts';
import { convert, listFormats } from '../../../rig/trace/convert.ts';
import { TraceError } from '../../../rig/trace/lines.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { type FakeIo, fakeIo } from '../console/fake-io.ts';

let folder: string;
let io: FakeIo;
let stop: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-convert-'));
  stop = new AbortController();
  io = fakeIo({ signal: stop.signal });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const HEADER =
  '{"type":"header","format":"vitap-trace","version":1,"source":"test","backend":"simulated","reader":null,"interface":"contactless","atr":null,"ats":null,"card":null,"clock":"ns","startedAt":"2026-01-02T03:04:05.678Z","redactions":[],"secretsKept":true}';
const VERIFY = '{"type":"command","t":1,"apdu":"002000810431323334"}\n{"type":"response","t":2,"apdu":"9000"}';

const at = (name: string): string => join(folder, name);
const options = (input: string, output: string, more: Partial<ConvertOptions> = {}): ConvertOptions => ({
  input: at(input),
  output: output === '-' ? '-' : at(output),
  from: null,
  to: null,
  card: 1,
  keepSecrets: false,
  redactionKey: null,
  keepPartial: false,
  ...more,
});

describe('convert', () => {
  it('says what it read, what it wrote and what was lost, and masks codes', async () => {
    writeFileSync(at('in'), `${HEADER}\n${VERIFY}\n{"type":"note","t":3,"text":"x"}\n`);
    expect(await convert(options('in', 'out.pcap'), io)).toBe(0);
    expect(io.err.join('').split('\n')).toEqual([
      `${at('in')}: vitap (our own: one JSON object a line), told by its content`,
      `${at('out.pcap')}: pcap, 1 command and 1 answer in 3 events`,
      'not written: fields of the header of the trace',
      'not written: signs that a frame was made from the APDUs: 10',
      'not written: signs that bytes of a frame are masked (they are 00)',
      'not written: notes',
      'events with masked bytes: 1',
      '',
    ]);
    expect(readFileSync(at('out.pcap')).includes('1234')).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(['in', 'out.pcap']);
  });

  it('leaves out fields that nobody knows, and says so: they may hold what is masked elsewhere', async () => {
    const extra = '"raw":"0020008104 31323334"';
    const lines = `${HEADER}\n${VERIFY}\n`.replace('"card":null', `"card":null,${extra}`);
    writeFileSync(at('in'), lines.replace('"t":1,', `"t":1,${extra},"more":{"code":"31323334"},`));
    expect(await convert(options('in', 'out.jsonl'), io)).toBe(0);
    const written = readFileSync(at('out.jsonl'), 'utf8');
    expect(written).not.toContain('31323334');
    expect(written).toContain('"apdu":"0020008104XXXXXXXX"');
    expect(io.err.join('')).toContain('not written: fields that vitap does not know, which may hold secrets: 3\n');
    expect(await convert(options('in', 'kept.jsonl', { keepSecrets: true }), io)).toBe(0);
    expect(readFileSync(at('kept.jsonl'), 'utf8').split(extra)).toHaveLength(3);
  });

  it('keeps secrets when told so', async () => {
    writeFileSync(at('in'), `${HEADER}\n${VERIFY}\n`);
    expect(await convert(options('in', 'out.pcapng', { keepSecrets: true }), io)).toBe(0);
    expect(readFileSync(at('out.pcapng')).includes('1234')).toBe(true);
  });

  it('our own to our own changes nothing but what is masked', async () => {
    writeFileSync(at('in'), `${HEADER}\n${VERIFY}\n`);
    await convert(options('in', 'one.jsonl'), io);
    await convert(options('one.jsonl', 'two.jsonl'), io);
    const one = readFileSync(at('one.jsonl'), 'utf8');
    expect(one.split('\n')[1]).toMatch(
      /^{"type":"command","t":1,"apdu":"0020008104XXXXXXXX","masks":\[{"offset":5,"length":4,"what":"code","hash":"[0-9A-F]{16}"}\]}$/,
    );
    expect(readFileSync(at('two.jsonl'), 'utf8')).toBe(one);
    await convert(options('in', 'kept.jsonl', { keepSecrets: true }), io);
    expect(readFileSync(at('kept.jsonl'), 'utf8')).toBe(readFileSync(at('in'), 'utf8'));
  });

  it('keeps what comes before a fault, under another name, and fails', async () => {
    writeFileSync(at('in'), `${HEADER}\n${VERIFY}\nbroken\n${VERIFY}\n`);
    expect(await convert(options('in', 'out.jsonl'), io)).toBe(1);
    expect(io.err.join('')).toContain(
      `vitap: ${at('in')}:4: this is not JSON\nvitap: what comes before that is in ${at('out.jsonl')}.partial\n`,
    );
    expect(existsSync(at('out.jsonl'))).toBe(false);
    expect(readFileSync(at('out.jsonl.partial'), 'utf8').trim().split('\n')).toHaveLength(3);
  });

  it('gives it the name when asked to', async () => {
    writeFileSync(at('in'), `${HEADER}\n${VERIFY}\nbroken\n`);
    expect(await convert(options('in', 'out.jsonl', { keepPartial: true }), io)).toBe(1);
    expect(readdirSync(folder).sort()).toEqual(['in', 'out.jsonl']);
  });

  it.each([
    ['no trace', 'just some text\n', {}, TraceError, /:1: this is no trace of a format that vitap reads/],
    ['nothing', '', {}, TraceError, /:1: this is no trace/],
    ['another format forced', `${HEADER}\n`, { from: 'pcapng' }, TraceError, /: byte 0: this is no pcapng file/],
    ['a fault before the first event', `${HEADER}\nbroken\n`, {}, TraceError, /:2: this is not JSON/],
    ['an unknown --from', HEADER, { from: 'morse' }, UsageError, /--from morse: that format is not read/],
    ['an unknown --to', HEADER, { to: 'morse' }, UsageError, /--to morse: that format is not written/],
  ])('makes no file of %s', async (_, content, more, kind, message) => {
    writeFileSync(at('in'), content);
    const done = convert(options('in', 'out.jsonl', more), io);
    await expect(done).rejects.toBeInstanceOf(kind);
    await expect(done).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual(['in']);
  });

  it('asks for --to when the name does not tell', async () => {
    writeFileSync(at('in'), HEADER);
    await expect(convert(options('in', 'out'), io)).rejects.toThrow(/does not tell what to write: give --to/);
    await expect(convert(options('in', 'out.log'), io)).rejects.toThrow(
      /may stand for several formats: give --to with one of/,
    );
  });

  it('says that there is no such trace, and that the folder is missing', async () => {
    await expect(convert(options('in', 'out.jsonl'), io)).rejects.toThrow(
      `cannot read ${at('in')}: there is no such file`,
    );
    writeFileSync(at('in'), HEADER);
    await expect(convert(options('in', 'no/out.jsonl'), io)).rejects.toThrow(/^cannot write .*no such file or folder$/);
  });

  it.runIf(existsSync('/dev/full'))('says that the disk is full', async () => {
    writeFileSync(at('in'), `${HEADER}\n${VERIFY}\n`);
    const done = convert({ ...options('in', 'x', { to: 'vitap' }), output: '/dev/full' }, io);
    await expect(done).rejects.toBeInstanceOf(HalError);
    await expect(done).rejects.toThrow('cannot write /dev/full: no space is left on its disk');
  });

  it('leaves nothing behind when it is ended', async () => {
    writeFileSync(at('in'), `${HEADER}\n${`${VERIFY}\n`.repeat(1000)}`);
    stop.abort();
    await expect(convert(options('in', 'out.jsonl'), io)).rejects.toMatchObject({ kind: 'aborted' });
    expect(readdirSync(folder)).toEqual(['in']);
  });

  it('lists the formats', () => {
    expect(listFormats(io)).toBe(0);
    expect(io.out.join('')).toMatch(/^vitap +in out {2}our own: one JSON object a line \(\.jsonl\)$/m);
    expect(io.out.join('')).toMatch(/^gsmtap +out {2}capture file/m);
  });
});
