import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './card.ts';
import { PROGRAM } from './running-verb.ts';

/**
 * Rows that are run each time: one that computes, one that waits, one that follows a trace, and the quickest of all.
 * `npm run test:deep` runs every row.
 */
const SAMPLED: readonly string[] = ['bench core', 'bench soak', 'replay', 'tap'];
const DEEP = process.env.VITAP_DEEP_RUNS !== undefined;

/** Verbs that take long enough to be interrupted, and print a verdict or a result at their end. */
const VERBS: readonly (readonly string[])[] = [
  ['bench', 'core', '--count', '300000'],
  ['bench', 'apdu', '--count', '2000000'],
  ['bench', 'crypto', '--count', '10000'],
  ['bench', 'apdu', '--reader', 'loopback', '--profile', 'vitale2', '--count', '9999999'],
  ['bench', 'crowd', '--cards', '10', '--taps', '1000000', '--rate', '100'],
  ['bench', 'soak', '--profile', 'vitale2', '--minutes', '10'],
  ['bench', 'tap', '--profile', 'vitale2', '--taps', '50000'],
  ['bench', 'tap', '--profile', 'vitale2', '--taps', '1000', '--rate', '1'],
  ['bench', 'compare', '--a', 'sleep 2', '--b', 'sleep 2'],
  ['bench', 'trace', '--count', '100000'],
  ['bench', 'link', '--count', '10000'],
  ['doctor'],
  ['demo'],
  ['replay', 'SESSION', '--profile', 'vitale2', '--pace', '0.001'],
  ['convert', 'SESSION', 'FOLDER/out.pcapng'],
  ['tap', '--profile', 'vitale2'],
];

/** In milliseconds: while the program is loaded, and at work. */
const MOMENTS = [150, 4000] as const;
const HANGS_MS = 60_000;

describe('a verb that is interrupted', () => {
  let folder: string;
  let session: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-interrupted-'));
    session = join(folder, 'session.jsonl');
    await run(process.execPath, [
      PROGRAM,
      'tap',
      '--profile',
      'vitale2',
      '--sequence',
      'identity',
      '--record',
      session,
    ]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const rows = DEEP ? VERBS : VERBS.filter((args) => SAMPLED.some((name) => args.join(' ').startsWith(name)));
  it.for(rows)('%j', { timeout: 180_000 }, async (args) => {
    const forms = args[0] === 'demo' ? [false] : [false, true];
    // Together: most of it is waiting.
    await Promise.all(MOMENTS.flatMap((ms) => forms.map((json) => interrupt(args, ms, json))));
  });

  async function interrupt(args: readonly string[], ms: number, json: boolean): Promise<void> {
    const own = mkdtempSync(join(folder, 'run-'));
    const typed = args.map((each) => each.replace('FOLDER', own).replace('SESSION', session));
    const child = spawn(process.execPath, [PROGRAM, ...typed, ...(json ? ['--json'] : [])], {
      env: { ...process.env, VITAP_PIN: '274916' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const ended = once(child, 'close');
    await Promise.race([ended, pause(ms)]);
    child.kill('SIGINT');
    const [code, signal] = (await Promise.race([ended, pause(HANGS_MS, ['hangs', null], { ref: false })])) as [
      number | string | null,
      string | null,
    ];
    child.kill('SIGKILL');
    // Quicker than the signal; or before the program listens for signals, or when it is done: the system ends it then.
    if (code === 0 || (signal === 'SIGINT' && (ms === MOMENTS[0] || args[0] === 'tap' || args[0] === 'convert')))
      return;
    expect(code).toBe(130);
    expect(err).not.toMatch(/fault of vitap|\n\s+at /);
    expect(err.trim().split('\n').at(-1)).toBe('vitap: interrupted');
    // A demo shows whole taps, a replay its exchanges as they come: what is missing is the end.
    const whole =
      args[0] === 'demo' || args[0] === 'replay' ? /^verdict|"counts"/m : /"verdict"|PASS|FAIL|INCONCLUSIVE|p50|median/;
    expect(out).not.toMatch(whole);
    if (json) expect(JSON.parse(out)).toMatchObject({ error: { kind: 'aborted', message: 'interrupted' } });
    expect(readdirSync(own)).toEqual([]);
  }
});
