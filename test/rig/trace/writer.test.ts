import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bytesOf } from '../../../rig/trace/masked-hex.ts';
import type { TraceHeader } from '../../../rig/trace/model.ts';
import { TraceReader } from '../../../rig/trace/reader.ts';
import { TraceWriter } from '../../../rig/trace/writer.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-trace-'));
  path = join(folder, 'session.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const DESCRIPTION = { source: 'test', backend: 'simulated', startedAt: '2026-01-02T03:04:05.678Z' } as const;
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const text = (ascii: string): Uint8Array => Uint8Array.from(Buffer.from(ascii, 'latin1'));
const PIN = '274916';
const NIR = '275126322074974';

describe('TraceWriter', () => {
  it('writes the documented lines', async () => {
    const description = {
      ...DESCRIPTION,
      source: 'vitap tap',
      reader: 'pcsc: Virtual PCD 00 00',
      interface: 'contact',
      atr: bytes('3B800181'),
      card: 'profile vitale2',
      cardSeed: `vitap ${NIR}`,
    } as const;
    const trace = await TraceWriter.create(path, description, { redactionKey: text('a key for this test') });
    trace.power('on', 5_000_000_000, bytes('3B80'));
    trace.field('on', 5_000_000_001);
    trace.command(Uint8Array.of(0x00, 0x20, 0x00, 0x81, 0x06, ...text(PIN)), 5_000_000_100);
    trace.response(bytes('9000'), 5_000_000_250);
    trace.note('é "quoted"', 5_000_000_300);
    trace.power('reset', 5_000_000_400);
    trace.power('off', 5_000_000_500);
    await trace.close();
    expect(readFileSync(path, 'utf8').split('\n')).toEqual([
      '{"type":"header","format":"vitap-trace","version":1,"source":"vitap tap","backend":"simulated",' +
        '"reader":"pcsc: Virtual PCD 00 00","interface":"contact","atr":"3B800181","ats":null,"card":"profile vitale2",' +
        '"clock":"ns","startedAt":"2026-01-02T03:04:05.678Z","redactions":["code","nir","name","birth","key","signature"],"secretsKept":false,' +
        '"redactionKey":"0AF8E00FF476B499","cardSeed":"vitap XXXXXXXXXXXXXXX"}',
      '{"type":"power","t":0,"state":"on","atr":"3B80"}',
      '{"type":"field","t":1,"state":"on"}',
      '{"type":"command","t":100,"apdu":"0020008106XXXXXXXXXXXX","masks":[{"offset":5,"length":6,"what":"code",' +
        '"hash":"F713C35DF5012F2F"}]}',
      '{"type":"response","t":250,"apdu":"9000"}',
      '{"type":"note","t":300,"text":"é \\"quoted\\""}',
      '{"type":"power","t":400,"state":"reset"}',
      '{"type":"power","t":500,"state":"off"}',
      '',
    ]);
  });

  it('keeps secrets when told to, and says so', async () => {
    const trace = await TraceWriter.create(path, { ...DESCRIPTION, card: NIR }, { keepSecrets: true });
    trace.command(Uint8Array.of(0x00, 0x20, 0x00, 0x81, 0x06, ...text(PIN)), 0);
    trace.response(Uint8Array.of(...text(NIR), 0x90, 0x00), 1);
    trace.note(NIR, 2);
    await trace.close();
    const [head, ...events] = readFileSync(path, 'utf8').trim().split('\n');
    expect(JSON.parse(head as string)).toMatchObject({ redactions: [], secretsKept: true, card: NIR });
    expect(events).toEqual([
      '{"type":"command","t":0,"apdu":"0020008106323734393136"}',
      '{"type":"response","t":1,"apdu":"3237353132363332323037343937349000"}',
      `{"type":"note","t":2,"text":"${NIR}"}`,
    ]);
  });

  it('counts from the given origin', async () => {
    const trace = await TraceWriter.create(path, DESCRIPTION, { originNs: 1000 });
    trace.note('a', 1500);
    await trace.close();
    expect(readFileSync(path, 'utf8')).toContain('"t":500');
  });

  it('tells the time of now when it is not given', async () => {
    const before = new Date().toISOString();
    const trace = await TraceWriter.create(path, { source: 'test', backend: 'hardware' });
    await trace.close();
    const { startedAt, backend } = await headerOf(path);
    const time = startedAt ?? '';
    expect(time >= before && time <= new Date().toISOString()).toBe(true);
    expect(backend).toBe('hardware');
  });

  it('copies what it is given at once', async () => {
    const trace = await TraceWriter.create(path, DESCRIPTION);
    const buffer = bytes('00A4');
    trace.command(buffer, 0);
    buffer.fill(0xff);
    await trace.close();
    expect(readFileSync(path, 'utf8')).toContain('"apdu":"00A4"');
  });

  it('has its name only when it is finished; before, all but the last second is readable', async () => {
    vi.useFakeTimers();
    try {
      const trace = await TraceWriter.create(path, DESCRIPTION);
      expect(readdirSync(folder)).toEqual([`session.jsonl.${process.pid}-1.tmp`]);
      const lines = (): number => readFileSync(trace.temporaryPath, 'utf8').split('\n').length - 1;
      expect(lines()).toBe(1);
      trace.note('a', 0);
      expect(lines()).toBe(1);
      vi.advanceTimersByTime(1000);
      expect(lines()).toBe(2);
      trace.note('b'.repeat(70_000), 0);
      expect(lines()).toBe(3);
      expect(existsSync(path)).toBe(false);
      await trace.close();
      await trace.close();
      expect(readdirSync(folder)).toEqual(['session.jsonl']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('replaces an older trace of its name, but leaves what a killed process left', async () => {
    writeFileSync(path, 'old');
    writeFileSync(`${path}.${process.pid}-1.tmp`, 'left');
    const trace = await TraceWriter.create(path, DESCRIPTION);
    expect(readFileSync(path, 'utf8')).toBe('old');
    await trace.close();
    expect((await headerOf(path)).source).toBe('test');
    expect(readFileSync(`${path}.${process.pid}-1.tmp`, 'utf8')).toBe('left');
  });

  it('takes nothing after close', async () => {
    const trace = await TraceWriter.create(path, DESCRIPTION);
    await trace.close();
    expect(() => trace.note('late', 0)).toThrow(/was closed/);
  });

  it('says that its folder is missing', async () => {
    const lost = join(folder, 'none', 'session.jsonl');
    await expect(TraceWriter.create(lost, DESCRIPTION)).rejects.toMatchObject({
      kind: 'storage',
      message: `cannot write ${lost}: there is no such file or folder`,
    });
  });

  it('says before anything is recorded that its name is that of a folder', async () => {
    mkdirSync(path);
    await expect(TraceWriter.create(path, DESCRIPTION)).rejects.toMatchObject({
      kind: 'storage',
      message: `cannot write ${path}: it is a folder`,
    });
    expect(readdirSync(folder)).toEqual(['session.jsonl']);
  });

  it('leaves nothing when it is discarded, and an older trace as it was', async () => {
    writeFileSync(path, 'older');
    const trace = await TraceWriter.create(path, DESCRIPTION);
    trace.note('a', 0);
    trace.discard();
    await trace.close();
    expect(readdirSync(folder)).toEqual(['session.jsonl']);
    expect(readFileSync(path, 'utf8')).toBe('older');
  });

  it('says that its name was taken by a folder meanwhile, and where the trace is', async () => {
    const trace = await TraceWriter.create(path, DESCRIPTION);
    mkdirSync(path);
    trace.note('a', 0);
    await expect(trace.close()).rejects.toMatchObject({
      kind: 'storage',
      message: `cannot write ${path}: it is a folder; what was recorded before is in ${trace.temporaryPath}`,
    });
    expect(await eventsOf(trace.temporaryPath)).toHaveLength(1);
  });
});

async function headerOf(file: string): Promise<TraceHeader> {
  const trace = await TraceReader.open(file);
  await trace.close();
  return trace.header;
}

async function eventsOf(file: string): Promise<unknown[]> {
  const events = [];
  for await (const event of await TraceReader.open(file)) events.push(event);
  return events;
}

const CHILD = ['--import', 'tsx', join(import.meta.dirname, 'record-in-child.ts')];

describe('TraceWriter in a process of its own', { timeout: 30_000 }, () => {
  it.each(['SIGINT', 'end of input'])('leaves the trace whole on %s', async (end) => {
    const child = spawn(process.execPath, [...CHILD, path, '100'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    if (end === 'SIGINT') child.kill('SIGINT');
    else child.stdin.end();
    await once(child, 'exit');
    expect(readdirSync(folder)).toEqual(['session.jsonl']);
    expect(await eventsOf(path)).toHaveLength(200);
  });

  it('leaves whole lines under the temporary name when it is killed', async () => {
    const child = spawn(process.execPath, [...CHILD, path, '1000'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const [left] = readdirSync(folder);
    expect(left).toBe(`session.jsonl.${child.pid}-1.tmp`);
    const events = await eventsOf(join(folder, left as string));
    expect(events.length).toBeGreaterThan(1000);
    expect(events.length).toBeLessThanOrEqual(2000);
  });

  it('says that the disk took no more, and keeps whole lines of what it took', async () => {
    // 200 blocks of 1024 bytes; the exchanges need some 600 KB.
    const script = `ulimit -f 200 && exec '${process.execPath}' ${CHILD.join(' ')} '${path}' 1000`;
    const { stdout } = spawnSync('bash', ['-c', script], { encoding: 'utf8', input: '' });
    const { kind, message, temporaryPath } = JSON.parse(stdout.trim().split('\n')[1] as string) as Record<
      string,
      string
    >;
    expect([kind, message]).toEqual([
      'storage',
      `cannot write ${path}: it would be longer than a file may be here; what was recorded before is in ${temporaryPath}`,
    ]);
    expect(existsSync(path)).toBe(false);
    const events = await eventsOf(temporaryPath as string);
    expect(events.length).toBeGreaterThan(100);
    expect(events.length).toBeLessThan(1000);
  });
});

describe('a recorded session', () => {
  /** A file of two people, and what its trace is to say. */
  const file = Buffer.concat([
    bytes('65 1B 80 05'),
    text('ADRUN'),
    bytes('82 08'),
    text('19751231'),
    bytes('93 0F'),
    text(NIR),
    bytes('650280 00'),
  ]);

  it('holds neither code nor NIR in any form, whatever the chunks, and all the rest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.stringMatching(/^[0-9]{6,12}$/).filter((pin) => !NIR.includes(pin) && !'19751231'.includes(pin)),
        async (size, pin) => {
          const trace = await TraceWriter.create(path, { ...DESCRIPTION, card: `card of ${NIR}` });
          let t = 0;
          const verify = Uint8Array.of(0x00, 0x20, 0x00, 0x81, pin.length, ...text(pin));
          trace.command(verify, t++);
          trace.response(bytes('9000'), t++);
          for (let offset = 0; offset < file.length; offset += size) {
            const part = file.subarray(offset, offset + size);
            trace.command(Uint8Array.of(0x00, 0xb0, 0x00, offset, size), t++);
            trace.response(Uint8Array.of(...part, 0x90, 0x00), t++);
          }
          trace.note(`NIR ${NIR}`, t++);
          await trace.close();

          const content = readFileSync(path, 'utf8');
          // Headers of commands and hashes are digits too.
          const texts = content.replaceAll(/"(?:apdu|hash|redactionKey)":"[0-9A-FX]*"/g, '');
          for (const secret of [pin, NIR, NIR.slice(0, 13)]) {
            expect(texts).not.toContain(secret);
            expect(content).not.toContain(Buffer.from(secret).toString('hex').toUpperCase());
          }
          const events = (await eventsOf(path)) as { type: string; apdu: string }[];
          expect(events).toHaveLength(t);
          const read = events
            .filter(({ type }, i) => type === 'response' && i > 1)
            .map(({ apdu }) => apdu.slice(0, -4))
            .join('');
          const shown = Buffer.from(file).toString('hex').toUpperCase();
          const hidden = Buffer.from(NIR).toString('hex').toUpperCase();
          // No digit of the number itself.
          expect(read.slice(shown.indexOf(hidden), shown.indexOf(hidden) + hidden.length)).toBe(
            'XX'.repeat(NIR.length),
          );
          for (const told of ['ADRUN', '19751231']) expect(content).not.toContain(Buffer.from(told).toString('hex'));
          for (let i = 0; i < shown.length; i += 2) {
            const inside = [NIR, 'ADRUN', '19751231'].some((value) => {
              const from = shown.indexOf(Buffer.from(value).toString('hex').toUpperCase());
              return i >= from && i < from + 2 * value.length;
            });
            if (!inside) expect(read.slice(i, i + 2), `byte ${i / 2}`).toBe(shown.slice(i, i + 2));
          }
          expect(bytesOf(read)).toHaveLength(file.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('read at once, loses the NIR, the name and the birth date alone', async () => {
    const trace = await TraceWriter.create(path, DESCRIPTION);
    trace.command(bytes('00B0000000'), 0);
    trace.response(Uint8Array.of(...file, 0x90, 0x00), 1);
    await trace.close();
    const [, response] = (await eventsOf(path)) as { apdu: string }[];
    expect(response?.apdu).toBe(
      Buffer.concat([file, bytes('9000')])
        .toString('hex')
        .toUpperCase()
        .replace(Buffer.from(NIR).toString('hex').toUpperCase(), 'XX'.repeat(15))
        .replace(Buffer.from('ADRUN').toString('hex').toUpperCase(), 'XX'.repeat(5))
        .replace(Buffer.from('19751231').toString('hex').toUpperCase(), 'XX'.repeat(8)),
    );
  });
});
