import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Baselines } from '../../../../rig/lab/bench/baselines.ts';
import { parseBenchFile } from '../../../../rig/lab/bench/bench-file.ts';
import type { LocalDevice } from '../../../../rig/lab/bench/devices.ts';
import { type Echoing, echoDrift, echoesAt, openEcho, type Watch } from '../../../../rig/lab/bench/echo.ts';
import type { FaultName } from '../../../../rig/sim/faults/plan.ts';
import { simulatedPair } from '../../../../rig/sim/pair.ts';
import { HalError } from '../../../../src/hal/errors.ts';
import { HsuPort } from '../../../../src/hal/pn532/hsu-port.ts';

let folder = tmpdir();
let baselines: Baselines;
let said: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-echo-'));
  said = [];
  baselines = new Baselines(folder, 'echoes.json', (text) => void said.push(text));
});
afterEach(() => rmSync(folder, { recursive: true }));

const { signal } = new AbortController();
const onTime: Watch = { start() {}, stop: () => ({ longestMs: 2, totalMs: 0 }) };
const late: Watch = { start() {}, stop: () => ({ longestMs: 50, totalMs: 80 }) };

/** Gives these times in turn, an error where one is null; the last one for ever. */
function scripted(...times: readonly (number | null)[]): Echoing {
  let at = 0;
  const series = async (): Promise<number> => {
    const time = times[Math.min(at++, times.length - 1)]!;
    if (time === null) throw new HalError('timeout', 'the chip does not answer');
    return time;
  };
  return { name: 'pn532:/dev/ttyUSB0', open: async () => ({ series, close: async () => {} }) };
}
const drift = (echoing: Echoing, watch = onTime): Promise<string | null> =>
  echoDrift('reader', [echoing], baselines, signal, watch);

describe('the echo of a bench', () => {
  it.each([
    ['a quick one by 10 ms', 2, 12, 12.1, 'takes 12.1 ms, and took 2.0 ms on '],
    ['a slow one twice', 30, 60, 60.1, 'takes 60.1 ms, and took 30.0 ms on '],
  ])('drifts against the first time: %s', async (_, first, still, slow, words) => {
    expect(await drift(scripted(first))).toBe(null);
    expect(await drift(scripted(still))).toBe(null);
    expect(await drift(scripted(1))).toBe(null);
    expect(await drift(scripted(slow))).toContain(`the echo of pn532:/dev/ttyUSB0 ${words}`);
    // Until a person has looked at it.
    baselines.forget('reader ');
    expect(await drift(scripted(slow))).toBe(null);
  });

  it('is the median of five: two that a busy machine spoiled say nothing', async () => {
    await drift(scripted(5));
    expect(await drift(scripted(5, 400, 5, 400, 5))).toBe(null);
    expect(await drift(scripted(5, 400, 400, 400, 5))).toContain('takes 400.0 ms');
  });

  it('says nothing, and learns nothing, while this machine is late itself', async () => {
    expect(await drift(scripted(300), late)).toBe(null);
    expect(await drift(scripted(5))).toBe(null);
    expect(await drift(scripted(300), late)).toBe(null);
    expect(await drift(scripted(null), late)).toBe(null);
    expect(await drift(scripted(300))).toContain('took 5.0 ms');
  });

  it('that does not come is a drift; one that is lost once is none', async () => {
    expect(await drift(scripted(null, 5))).toBe(null);
    expect(await drift(scripted(null))).toBe('the echo of pn532:/dev/ttyUSB0 does not come: the chip does not answer');
  });

  it('begins anew where its file says nothing any more', async () => {
    await drift(scripted(5));
    const other = new Baselines(folder, 'echoes.json', (text) => void said.push(text));
    expect(other.first('reader pn532:/dev/ttyUSB0', 9)?.medianMs).toBe(5);
    rmSync(join(folder, 'echoes.json'));
    expect(await drift(scripted(400))).toBe(null);
    expect(said).toEqual([]);
  });

  it.each([
    ['is cut short', '{"reader pn532:/dev/ttyU'],
    ['is empty', ''],
    ['holds something else', '{"reader pn532:/dev/ttyUSB0":{"medianMs":-1,"measuredAt":"2026-11-29"}}'],
    ['is larger than any', ' '.repeat(70_000_000)],
  ])('puts a file aside that %s, says so once, and begins anew', async (_, text) => {
    const path = join(folder, 'echoes.json');
    writeFileSync(path, text);
    expect(await drift(scripted(5))).toBe(null);
    expect(await drift(scripted(400))).toContain('took 5.0 ms');
    expect(said).toEqual([
      `${path} is damaged: it is now echoes.json.damaged, and the first times of echoes are begun anew`,
    ]);
    expect(readFileSync(`${path}.damaged`, 'utf8') === text).toBe(true);
    // Another time, and the first one stays.
    rmSync(path);
    mkdirSync(path);
    baselines.forget('reader ');
    expect(said[1]).toContain('it is now echoes.json.damaged-2,');
  });
});

describe('the echo of a simulated PN532, in its own time', () => {
  const through = (name?: FaultName, value = 0): Echoing => {
    const faults = name === undefined ? {} : { faults: [{ name, value, from: 1, to: Number.POSITIVE_INFINITY }] };
    const pair = simulatedPair({ a: faults });
    const { clock } = pair;
    const timers = { after: (ms: number, action: () => void) => clock.after(ms * 1e6, action) };
    const port = new HsuPort({ opener: pair.opener, path: pair.paths.a, timers });
    return { name: 'pn532:sim-a', open: (until) => openEcho(port, clock, until) };
  };

  it.each<[string, FaultName, number]>([
    ['an adapter that was set back to its latency timer of 16 ms', 'latency-timer', 16],
    ['a chip that answers 40 ms late', 'slow-chip', 40],
  ])('%s is seen', async (_, name, value) => {
    expect(await drift(through())).toBe(null);
    expect(await drift(through())).toBe(null);
    expect(await drift(through(name, value))).toMatch(
      /^the echo of pn532:sim-a takes \d+\.\d ms, and took \d\.\d ms on /,
    );
  });
});

describe('what echoes at a device', () => {
  const bench = parseBenchFile(
    'version: 1\nreaders:\n  - {reader: "pn532:/tmp/a", link: "pn532:/tmp/b"}\n  - {reader: "acr122:ACS"}\n  - {reader: "pcsc:SCM"}\nboards:\n  - {board: "pn532:/tmp/c", partner: /tmp/d}\n  - {board: "stm32:/tmp/e"}\n',
    'b.yaml',
    folder,
  );
  const names = (device: Partial<LocalDevice>): string[] =>
    echoesAt({ reader: null, link: null, board: null, ...device } as LocalDevice).map(({ name }) => name);

  it('is each PN532 of the bench, and no board that is judged', () => {
    expect(bench.readers.map(names)).toEqual([['pn532:/tmp/a', 'pn532:/tmp/b'], ['acr122:ACS'], []]);
    expect(bench.boards.map((board) => names({ board }))).toEqual([['pn532:/tmp/d'], []]);
    expect(names({ reader: { driver: 'loopback' } })).toEqual([]);
  });
});
