import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from './card.ts';
import { describeNeeds } from './real-parts.ts';
import { PROGRAM, RunningVerb } from './running-verb.ts';

/** How other programs open a PN532. */
const HOSTS = new URL('./hosts/pn532-hosts.py', import.meta.url).pathname;
/** `vitap board sim` as a person runs it. */

let folder: string;
let board: RunningVerb | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-sim-'));
  board = null;
});
afterEach(() => {
  board?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function sim(...args: string[]): Promise<RunningVerb> {
  board = new RunningVerb('board', 'sim', ...args);
  await board.says('ready');
  return board;
}

describeNeeds(['socat'], 'vitap board sim', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('makes ports, and at %s takes them away with its children', async (signal, exit) => {
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    const started = await sim('--pair', '--link-a', a, '--link-b', b);
    expect(started.out).toContain(`board a: ${a} (${readlinkSync(a)}), simulated PN532, firmware 1.6`);
    expect(await started.stop(signal)).toBe(exit);
    expect([existsSync(a), existsSync(b)]).toEqual([false, false]);
    expect(spawnSync('pgrep', ['-f', folder]).stdout.toString()).toBe('');
  });

  it('leaves nothing behind when it is killed: socat ends with it', async () => {
    const a = join(folder, 'a');
    const started = await sim('--link-a', a);
    started.kill();
    await vi.waitFor(() => expect(spawnSync('pgrep', ['-f', folder]).stdout.toString()).toBe(''), 5000);
  });

  it('makes a folder of its own for the links of many boards, as JSON tells', async () => {
    const started = await sim('--boards', '3', '--json');
    const documents = started.documents as Record<string, unknown>[];
    const ports = documents.filter(({ event }) => event === 'port');
    expect(ports.map(({ board }) => board)).toEqual(['1', '2', '3']);
    expect(documents.at(-1)).toEqual({
      atNs: expect.any(Number),
      event: 'ready',
      boards: 3,
      pair: false,
      simulated: true,
    });
    const path = String(ports[0]?.path);
    expect(existsSync(path)).toBe(true);
    await started.stop();
    expect(existsSync(join(path, '..'))).toBe(false);
  });

  // Answers by the PN532's manual: ACK, then version 1.6, SAMConfiguration, SetSerialBaudRate, Diagnose 00.
  const ACK = '0000ff00ff00';
  const VERSION = `${ACK}0000ff06fad50332010607e800`;
  const SAM = `${ACK}0000ff02fed5151600`;
  it.each([
    [
      'nfcpy',
      ['version', VERSION],
      ['sam', SAM],
      ['speed', `${ACK}0000ff02fed5111a00`],
      ['version at 921600', VERSION],
    ],
    ['hsu', ['version', VERSION], ['sam', SAM]],
    ['adafruit', ['sam', SAM], ['version', VERSION]],
    ['libnfc', ['sam', SAM], ['echo', `${ACK}0000ff09f7d501006c69626e6663bc00`]],
    ['rebaud', ['followed', '8 of 8']],
  ])(
    'is opened as %s opens a PN532',
    async (host, ...steps) => {
      const a = join(folder, 'a');
      await sim('--link-a', a);
      const { stdout, stderr } = spawnSync('python3', [HOSTS, a, host], { encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(stdout).toBe(steps.map(([step, came]) => `${step}: ${came}\n`).join(''));
    },
    30_000,
  );

  it('has a card in its field that a reader of ours reads', async () => {
    const a = join(folder, 'a');
    await sim('--link-a', a, '--card', 'a:ndef');
    const { exit, out: read } = await run(process.execPath, [
      PROGRAM,
      'tap',
      '--reader',
      `pn532:${a}`,
      '--sequence',
      'ndef',
    ]);
    expect(read).toContain('https://example.com/vitap');
    expect(exit).toBe(0);
  });

  it.each(['', ',raw'])(
    'a recorded session is played on a board%s, slower than a reader waits without being asked',
    async (mode) => {
      const [a, b, trace, record] = [
        join(folder, 'a'),
        join(folder, 'b'),
        join(folder, 't.jsonl'),
        join(folder, 'r.jsonl'),
      ];
      const vitap = (...args: string[]) => run(process.execPath, [PROGRAM, ...args]);
      await vitap('tap', '--profile', 'ndef', '--interface', 'contact', '--sequence', 'ndef', '--record', trace);
      await sim('--pair', '--link-a', a, '--link-b', b);
      const as = ['--as-card', '--link', `pn532:${a}${mode}`, '--match', 'best', '--response-time', '400'];
      const card = new RunningVerb('replay', trace, ...as, '--record', record);
      await vi.waitFor(() => expect(card.err).not.toBe(''), 20_000);
      let { exit, out: read } = await vitap('tap', '--reader', `pn532:${b}`, '--sequence', 'ndef');
      // With `raw` each block is due in 155 ms, from programs that a busy machine may hold up for longer: then once more.
      for (let tries = 1; exit !== 0 && mode === ',raw' && tries < 3; tries++) {
        ({ exit, out: read } = await vitap('tap', '--reader', `pn532:${b}`, '--sequence', 'ndef'));
      }
      await card.stop();
      expect(read).toContain('https://example.com/vitap');
      expect(exit).toBe(0);
      expect(card.out).toMatch(/^PASS: \d+ as expected, 0 not$/m);
      const header = JSON.parse(readFileSync(record, 'utf8').split('\n')[0] as string);
      expect(header).toMatchObject({ backend: 'simulated', interface: 'contactless' });
    },
    60_000,
  );

  it('says what socat could not do', async () => {
    const { exit, err } = await run(process.execPath, [PROGRAM, 'board', 'sim', '--link-a', join(folder, 'no', 'a')]);
    expect(exit).toBe(2);
    expect(err).toMatch(/^vitap: the port .*\/no\/a could not be made: .+\n$/);
  });

  it('says that socat is missing, and where it comes from', () => {
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'board', 'sim'], { env: { PATH: '/nowhere' } });
    expect(status).toBe(2);
    expect(stderr.toString()).toMatch(/^vitap: socat is not installed, .* \(Debian: socat\)\n$/);
  });
});

describe('vitap board sim refuses', () => {
  it.each([
    ['a fault that there is not', ['--fault', 'a:lose-ak'], /Line 1, column 3: there is no fault `lose-ak`/],
    ['a board that there is not', ['--fault', 'b:mute'], /there is no board `b`; there is a$/],
    ['a card for a board that there is not', ['--card', 'b:ndef'], /there is no board `b`; there is a$/],
    ['a profile that there is not', ['--card', 'a:nothing'], /nothing/],
    ['a pair of three', ['--pair', '--boards', '3'], /--pair needs an even number of boards/],
    ['too many boards', ['--boards', '65'], /--boards takes up to 64/],
    ['a rate that no PN532 has', ['--rate', '848'], /848/],
    ['a link for a board that there is not', ['--link-b', '/tmp/x'], /there is no board `b` to link/],
    ['a script that there is not', ['--faults', '/none.yaml'], /\/none\.yaml: there is no such file/],
  ])('%s', async (_, args, words) => {
    const { exit, out: said, err } = await run(process.execPath, [PROGRAM, 'board', 'sim', ...args]);
    expect([exit, said]).toEqual([2, '']);
    expect(err.trim()).toMatch(words);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('a bad script, each fault with its place', async () => {
    const script = join(folder, 'faults.yaml');
    writeFileSync(script, 'faults:\n  - board: a\n    fault: lose-ak\n  - board: z\n    fault: mute\n');
    const { exit, err } = await run(process.execPath, [PROGRAM, 'board', 'sim', '--faults', script]);
    expect(exit).toBe(2);
    expect(err).toContain(`${script}:3:12: there is no fault \`lose-ak\``);
    expect(err).toContain(`${script}:4:12: there is no board \`z\``);
  });
});
