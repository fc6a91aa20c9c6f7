import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { LAYERS, STAGES, type TapBenchResult } from '../../../../rig/measure/tap/result.ts';
import { fakeIo } from '../../console/fake-io.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-bench-tap-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function vitap(
  line: string,
  change: Parameters<typeof fakeIo>[0] = {},
): Promise<{ readonly exit: number; readonly out: string; readonly err: string }> {
  const io = fakeIo(change);
  const exit = await runCommandLine(['bench', 'tap', ...line.split(' ')], '0.0.0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

/** With the CAN of apcv and the code of all: used where the card wants them. */
const ENV = { VITAP_CAN: '161803', VITAP_PIN: '274916' };

async function result(line: string, env: Readonly<Record<string, string>> = {}): Promise<TapBenchResult> {
  const { exit, out, err } = await vitap(`${line} --json`, { json: true, env });
  expect([exit, err]).toEqual([0, expect.stringContaining('none failed')]);
  return JSON.parse(out);
}

const total = ({ startNs, endNs }: { startNs: number; endNs: number }): number => endNs - startNs;

/** Each of these looks around first and taps a whole card: quick, but not on a machine that is busy. */
const LONG = { timeout: 120_000 };

describe('bench tap in process', LONG, () => {
  it.each(['vitale2', 'apcv', 'ndef', 'reference'])('taps %s, and the parts sum to each tap', async (profile) => {
    const { taps, figures, setup, environment, diagnosis } = await result(
      `--profile ${profile} --taps 20`,
      profile === 'apcv' ? ENV : {},
    );
    expect(taps).toHaveLength(20);
    for (const tap of taps) {
      expect(LAYERS.reduce((sum, layer) => sum + tap.layers[layer], 0)).toBe(total(tap));
      expect(STAGES.reduce((sum, stage) => sum + tap.stages[stage], 0)).toBe(total(tap));
      expect(tap.layers.card).toBeGreaterThan(0);
    }
    expect(setup).toMatchObject({ reader: 'loopback', seed: 'vitap', taps: 20 });
    expect(environment).toMatchObject({ backend: 'simulated', node: process.version });
    expect(environment.atr).toMatch(/^3B/);
    expect(figures?.median.exchanges.length).toBe(figures?.floor.exchanges);
    expect(diagnosis.findings.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['versions', 'governor', 'noise', 'clock', 'echo', 'reader-polling', 'schedule', 'model']),
    );
  });

  it('both plans read the same card; the minimal one in fewer exchanges', async () => {
    const count = async (plan: string): Promise<number> =>
      (await result(`--profile apcv --sequence own --plan ${plan} --taps 3`, ENV)).figures?.floor.exchanges as number;
    expect(await count('minimal')).toBeLessThan(await count('classic'));
  });

  it.each([
    ['apcv', ''],
    ['vitale2', ' --interface contactless'],
  ])('%s over an antenna without a CAN: one sentence says what is missing', async (profile, more) => {
    const { exit, err } = await vitap(`--profile ${profile}${more} --taps 2`, { env: { VITAP_PIN: ENV.VITAP_PIN } });
    expect(exit).toBe(1);
    expect(err).toContain('what the card refuses (6982) needs PACE: --can-file FILE or VITAP_CAN)\n');
  });

  it('a plan is named where the own application is read, and nowhere else', async () => {
    const plan = async (line: string): Promise<string | null> => (await result(`${line} --taps 1`)).setup.plan;
    expect(await plan('--profile vitale2 --sequence own')).toBe('classic');
    expect(await plan('--profile vitale2 --sequence identity')).toBeNull();
    expect(await plan('--profile reference')).toBeNull();
    const { out } = await vitap('--profile vitale2 --sequence identity --taps 1');
    expect(out).toMatch(/, identity\n/);
  });

  it('Ctrl-C is heard between two taps, and leaves no result', async () => {
    const io = fakeIo({ json: true, signal: AbortSignal.timeout(1500) });
    await runCommandLine(['bench', 'tap', '--profile', 'ndef', '--taps', '50000', '--json'], '0.0.0', VERBS, io);
    expect(JSON.parse(io.out.join(''))).toEqual({ error: { kind: 'aborted', message: 'interrupted' } });
  });

  it('Ctrl-C before the first tap leaves an earlier result alone', async () => {
    const saved = join(folder, 'r.json');
    writeFileSync(saved, 'earlier');
    const { exit, out } = await vitap(`--profile ndef --taps 5 --save ${saved}`, { signal: AbortSignal.abort() });
    expect([exit, out]).toEqual([2, '']);
    expect(readFileSync(saved, 'utf8')).toBe('earlier');
  });

  it('predicts what was asked for, first', async () => {
    const { figures } = await result('--profile ndef --taps 5 --what-if rate=848,fsd=256 --what-if fsc=64,rate=106');
    const [first, second, ...rest] = figures?.whatIf ?? [];
    expect([first?.label, second?.label]).toEqual(['rate=848,fsd=256', 'rate=106,fsc=64']);
    expect(rest.every(({ asked }) => !asked)).toBe(true);
    // Put on air, the same bytes take at least what the floor says.
    const least = figures?.floor.air.find(({ rate, frameSize }) => rate === 848 && frameSize === 256);
    expect(first?.predictedP50).toBeGreaterThanOrEqual(least?.totalNs as number);
  });

  it('writes all its files', async () => {
    const at = (name: string): string => join(folder, name);
    const { exit, out } = await vitap(
      `--profile vitale2 --taps 12 --rate 500/s --save ${at('r.json')} --csv ${at('r.csv')} --html ${at('r.html')} --traces ${at('traces')}`,
    );
    expect(exit).toBe(0);
    expect(out).toContain('vitale2, a fresh card in memory');
    const saved: TapBenchResult = JSON.parse(readFileSync(at('r.json'), 'utf8'));
    expect(saved).toMatchObject({ schema: 'vitap-bench-tap', version: 1 });
    expect(saved.schedule.arrivals).toEqual({ kind: 'fixed', ratePerSecond: 500 });
    const rows = readFileSync(at('r.csv'), 'utf8').trim().split('\n');
    expect(rows).toHaveLength(13);
    expect(rows[0]?.split(',')).toHaveLength(rows[1]?.split(',').length as number);
    expect(readFileSync(at('r.html'), 'utf8')).toContain('</html>');
    expect(saved.figures?.slowest.trace).toBe(join(at('traces'), `tap-${saved.figures?.slowest.sample.index}.jsonl`));
    const traces = readdirSync(at('traces')).map((name) => readFileSync(join(at('traces'), name), 'utf8'));
    expect(traces.length).toBeGreaterThan(0);
    // The code is in none of them, nor in what was saved.
    for (const text of [...traces, readFileSync(at('r.json'), 'utf8'), out]) {
      expect(text.toUpperCase()).not.toContain('323734393136');
      expect(text).not.toContain('274916');
    }
  });

  it('is compared with what was saved', async () => {
    const saved = join(folder, 'r.json');
    await vitap(`--profile ndef --taps 20 --save ${saved}`);
    const { out } = await vitap(`--profile ndef --taps 20 --baseline ${saved}`);
    expect(out).toContain('Verdict: ');
    const few = await vitap(`--profile ndef --taps 2 --baseline ${saved}`);
    expect([few.exit, few.err]).toEqual([2, expect.stringContaining('good taps')]);
    expect(few.out).toContain('p50');
  });

  it('a wrong code is presented once; the run could not be done', async () => {
    const file = join(folder, 'code');
    writeFileSync(file, '111111\n', { mode: 0o600 });
    const { exit, err } = await vitap(`--profile vitale2 --pin-file ${file}`);
    expect(exit).toBe(2);
    expect(err).toBe('vitap: the card says that the code is wrong (2 tries left); no more are spent\n');
  });

  it('a card that gives nothing fails every tap, with the reason', async () => {
    const { exit, out, err } = await vitap('--profile lab --taps 30');
    expect(exit).toBe(1);
    expect(err).toContain('10 of 10 taps of 30 asked for failed');
    expect(out).toContain('no tap was good');
  });
});

describe('what cannot be, is said before anything is tapped', LONG, () => {
  it('as data, where data were asked for', async () => {
    const { exit, out } = await vitap('--profile ndef --csv - --json', { json: true });
    expect(exit).toBe(2);
    expect(JSON.parse(out)).toEqual({
      error: { kind: 'usage', message: '--csv - and --json both want standard output' },
    });
  });

  it.each([
    ['--reader loopback', 'name one with --profile or --image'],
    ['--reader pcsc --image x.img', '--image goes with --reader loopback'],
    ['--reader pn532:/dev/x --profile ndef --interface contact', 'has an interface of its own'],
    ['--profile ndef --what-if baud=921600', 'no serial line'],
    ['--profile ndef --what-if rate=300', 'one of 106, 212, 424, 848'],
    ['--profile ndef --what-if rate=106,rate=848', 'twice'],
    ['--profile ndef --what-if speed=3', 'rate=, fsd=, fsc= and baud='],
    ['--profile ndef --air 424', '--air goes with a PN532'],
    ['--reader pn532:/dev/x --air 848', '106, 212, 424'],
    ['--profile ndef --taps 50001', 'at most 50000'],
    ['--profile ndef --taps 0', 'whole number'],
    ['--profile ndef --rate 0', 'a number over 0'],
    ['--profile ndef --arrivals fixed', 'needs --rate'],
    ['--profile ndef --arrivals closed --rate 5', 'takes it away'],
    ['--profile ndef --sequence ndef --plan minimal', 'own application'],
    ['--profile ndef --apdu 00A4040000 --sequence all', 'give one of them'],
    ['--profile ndef --fail-if-slower 5%', 'needs --baseline'],
    ['--profile ndef --keep-secrets', 'give --traces'],
    ['--profile ndef --save /there/is/no/such/folder/r.json', 'there is no folder'],
    ['--profile ndef --baseline /there/is/none.json', 'there is no such file'],
    ['--profile ndef --apdu 00A4040000;00A4', 'command 2 is shorter than four bytes'],
    ['--profile nobody', 'nobody'],
    ['--reader pn532:/dev/there-is-none', 'there-is-none'],
  ])('%s', async (line, words) => {
    const { exit, out, err } = await vitap(line);
    expect([exit, out]).toEqual([2, '']);
    expect(err).toContain(words);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(existsSync('/there')).toBe(false);
  });
});
