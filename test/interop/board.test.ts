import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { run } from './card.ts';
import { describeNeeds } from './real-parts.ts';
import { PROGRAM, RunningVerb } from './running-verb.ts';

/** Boards on real ports: the built program against simulated boards on pseudo-terminals. */

let folder: string;
let simulator: RunningVerb | null;
let before: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-boards-'));
  simulator = null;
  before = process.env.XDG_STATE_HOME;
  process.env.XDG_STATE_HOME = join(folder, 'state');
});
afterEach(async () => {
  await simulator?.stop();
  if (before === undefined) delete process.env.XDG_STATE_HOME;
  else process.env.XDG_STATE_HOME = before;
  rmSync(folder, { recursive: true });
});

const vitap = (...args: string[]): ReturnType<typeof run> => run(process.execPath, [PROGRAM, ...args]);

/** What opens the secure channel of a card of profile vitale2, as the terminal that it trusts. */
function inChannel(): string[] {
  const can = join(folder, 'can');
  writeFileSync(can, '314159\n', { mode: 0o600 });
  return ['--can-file', can, '--terminal-keys', 'test'];
}

/** Boards on ports `board-1` … , or `board-a` and `board-b`; each two in one field. */
async function boards(count: number, ...faults: string[]): Promise<(name: string) => string> {
  const links = join(folder, 'ports');
  const options = faults.flatMap((fault) => ['--fault', fault]);
  simulator = new RunningVerb('board', 'sim', '--pair', '--boards', `${count}`, '--links', links, ...options);
  await simulator.says('ready');
  return (name) => join(links, `board-${name}`);
}

/** What the simulator last said about each chip that was woken. A mute chip does not even sleep. */
async function allAsleep(except: readonly string[] = []): Promise<void> {
  await vi.waitFor(() => {
    const last = new Map<string, string>();
    for (const [, board, state] of (simulator?.out ?? '').matchAll(/^(\w+)\s+(asleep|awake|waking)$/gm)) {
      last.set(board as string, state as string);
    }
    const awake = [...last].filter(([board, state]) => state !== 'asleep' && !except.includes(board));
    expect(awake, simulator?.out.slice(-1500)).toEqual([]);
    expect(last.size).toBeGreaterThan(0);
  }, 5000);
}

const NOT_IN_TIME = /this machine was up to \d+ ms late|^FAIL +Baud ladder: Repairs on the line/m;

/**
 * A bring-up on a machine that kept up. Where it was late the rig itself says so and judges nothing (ERROR): that outcome
 * is no answer about the board, and it is asked again. So is a line that needed repairs while its rate changed, which the
 * pseudo-terminal of a busy machine does; a line that always needs them is still found.
 */
async function judgedOnTime(...args: string[]): ReturnType<typeof run> {
  for (let left = 10; ; left--) {
    const ran = await vitap(...args);
    if (left === 0 || !NOT_IN_TIME.test(ran.err + ran.out)) return ran;
  }
}

describeNeeds(['socat'], 'boards on real ports', () => {
  it('are listed with who holds them, and a missing one fails', async () => {
    const port = await boards(2);
    const { exit: code, out } = await vitap('board', 'list', port('a'), join(folder, 'none'), '--json');
    expect(code).toBe(1);
    const { ports } = JSON.parse(out);
    expect(ports[0]).toMatchObject({
      exists: true,
      mayOpen: true,
      identity: { backend: 'simulated', knownBy: 'port' },
    });
    expect(ports[0].holders.map(({ program }: { program: string }) => program)).toContain('socat');
    expect(ports[1]).toMatchObject({ exists: false });
  });

  it('pass the whole bring-up, with a record and a page, and sleep afterwards', async () => {
    const port = await boards(2);
    const page = join(folder, 'page.html');
    const args = [
      'board',
      'test',
      '--board',
      `pn532:${port('a')}`,
      '--partner',
      `pn532:${port('b')}`,
      '--serial',
      'B1',
    ];
    const { exit: code, out, err } = await judgedOnTime(...args, '--html', page, '--json');
    expect(err.match(/^(FAIL|ERROR).*$/gm)).toBeNull();
    expect(code).toBe(0);
    const record = JSON.parse(out);
    expect(record).toMatchObject({
      verdict: 'pass',
      backend: 'simulated',
      complete: true,
      board: { serialNumber: 'B1' },
    });
    expect(JSON.parse(readFileSync(record.file, 'utf8'))).toMatchObject({
      schema: 'vitap-board-test',
      schemaVersion: 1,
    });
    expect(readFileSync(page, 'utf8')).toMatch(/This board is simulated[\s\S]*<svg/);
    await allAsleep();
    // A second time it is compared with the first.
    const again = await vitap(...args, '--only', 'rom', '--json');
    expect(JSON.parse(again.out).comparison.length).toBeGreaterThan(0);
  }, 180_000);

  it.each([
    ['a:ram-fail', 1, 'ram'],
    ['a:weak-antenna', 1, 'antenna'],
    ['a:latency-timer', 2, 'latency-timer'],
    ['a:unplug@2000', 2, 'communication-line'],
  ])(
    'with fault %s exit with %i, in phase %s, and no stack trace',
    async (fault, exit, phase) => {
      const port = await boards(2, fault);
      const { exit: code, out, err } = await judgedOnTime('board', 'test', '--board', port('a'), '--json');
      expect(code).toBe(exit);
      const wrong = JSON.parse(out).phases.filter(
        ({ verdict }: { verdict: string }) => verdict === 'fail' || verdict === 'error',
      );
      expect(
        wrong.map(({ id }: { id: string }) => id),
        err,
      ).toEqual([phase]);
      expect(code).toBe(exit);
      expect(err).not.toMatch(/\n\s+at |fault of vitap/);
    },
    180_000,
  );

  it('sleep after Ctrl-C in the middle of a test, and the record is no pass', async () => {
    const port = await boards(2);
    let test = new RunningVerb('board', 'test', '--board', port('a'));
    // A machine that is late ends the bring-up with an error of the rig: that run says nothing about Ctrl-C.
    for (let run = 0; run < 5; run++) {
      await vi.waitFor(() => expect(test.out).toMatch(/PASS {3}Registers|machine was late/), 60_000);
      if (test.out.includes('PASS   Registers')) break;
      await test.stop();
      test = new RunningVerb('board', 'test', '--board', port('a'));
    }
    expect(await test.stop()).toBe(130);
    expect(test.out).toContain('ERROR of the rig');
    await allAsleep();
  });

  it('get a card that is read back over the field, and emulate it without being told which', async () => {
    const port = await boards(2);
    const image = join(folder, 'card.img');
    await vitap('card', 'build', 'vitale2', '--out', image);
    const flashed = await vitap(
      'board',
      'flash',
      '--board',
      port('a'),
      '--image',
      image,
      '--verify-with',
      `pn532:${port('b')}`,
    );
    expect(flashed).toMatchObject({
      exit: 0,
      out: expect.stringMatching(/read back by pn532:.* bytes, all as in the image/),
    });
    await allAsleep();
    const card = new RunningVerb('emulate', '--link', `pn532:${port('a')}`);
    await vi.waitFor(() => expect(card.out).toContain('Ctrl-C ends it'), 10_000);
    // Over an antenna the card tells nothing about a person outside a channel.
    const tap = await vitap('tap', '--reader', `pn532:${port('b')}`, ...inChannel(), '--json');
    const inProcess = await vitap('tap', '--image', image, '--json');
    expect(JSON.parse(tap.out).identities).toEqual(JSON.parse(inProcess.out).identities);
    expect(JSON.parse(tap.out).identities).not.toEqual([]);
    expect(await card.stop()).toBe(130);
    await allAsleep();
  }, 60_000);

  it('carry a conformance suite from one to the card on the other, to its end', async () => {
    const port = await boards(2);
    const card = new RunningVerb('emulate', '--link', `pn532:${port('a')}`, '--profile', 'vitale2');
    try {
      await vi.waitFor(() => expect(card.out).toContain('Ctrl-C ends it'), 10_000);
      const reader = `pn532:${port('b')}`;
      const judged = await vitap('conform', '--reader', reader, '--suite', 'vitale', ...inChannel(), '--json');
      expect(judged.exit, judged.err).toBe(0);
      const { verdict, environment, counts } = JSON.parse(judged.out);
      expect([verdict, environment.protocol]).toEqual(['pass', 'ISO-DEP']);
      expect(counts).toMatchObject({ fail: 0, inconclusive: 0 });
      expect(counts.pass).toBeGreaterThan(0);
    } finally {
      await card.stop();
    }
  }, 60_000);

  it('keep their card when the image is another one’s, damaged, or no image', async () => {
    const port = await boards(2);
    const image = join(folder, 'card.img');
    await vitap('card', 'build', 'vitale2', '--out', image);
    const damaged = join(folder, 'damaged.img');
    const bytes = readFileSync(image);
    bytes[5000] = (bytes[5000] as number) ^ 1;
    writeFileSync(damaged, bytes);
    const flash = (...args: string[]): ReturnType<typeof run> =>
      vitap('board', 'flash', '--board', port('a'), '--image', ...args);
    for (const [args, words] of [
      [[image, '--profile', 'reference'], /is a card of profile vitale2, not of reference; the board was not changed/],
      [[damaged], /damaged/],
      [[PROGRAM], /not a card image/],
      [[join(folder, 'none.img')], /there is no card image/],
    ] as const) {
      const { exit: code, err } = await flash(...args);
      expect(err).toMatch(words);
      expect(err.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(2);
    }
    expect(existsSync(join(folder, 'state'))).toBe(false);
  });

  it('are flashed in a batch of twelve with two bad ones, through a Ctrl-C, and resumed', async () => {
    const port = await boards(12, '3:mute', '8:other-chip');
    const names = Array.from({ length: 12 }, (_, i) => `${i + 1}`);
    const list = join(folder, 'list.csv');
    writeFileSync(list, `serial,profile,port\n${names.map((name) => `B${name},vitale2,${port(name)}`).join('\n')}\n`);
    const args = ['board', 'flash', '--boards', 'all', '--list', list, '--parallel', '2', '--json'];
    const first = new RunningVerb(...args);
    await vi.waitFor(() => expect(first.err.match(/ {2}done$/gm)?.length ?? 0).toBeGreaterThanOrEqual(2), {
      timeout: 20_000,
      interval: 5,
    });
    expect(await first.stop()).toBe(130);
    await allAsleep(['3']);
    const begun = JSON.parse(first.out);
    expect(begun.done).toBeGreaterThanOrEqual(2);
    expect(begun.open).toBeGreaterThan(0);

    const { exit: code, out, err } = await vitap(...args, '--resume');
    const ended = JSON.parse(out);
    expect(ended).toMatchObject({ verdict: 'fail', done: 10, failed: 2, errors: 0, open: 0 });
    expect(code).toBe(1);
    // What was done was not done again.
    expect(err).toContain(`${begun.done} of 12 boards done already`);
    const reasons = ended.rows.filter((row: { outcome: string }) => row.outcome === 'failed');
    expect(reasons.map((row: { serialNumber: string; reason: string }) => `${row.serialNumber} ${row.reason}`)).toEqual(
      [expect.stringMatching(/^B3 nothing answers on/), expect.stringMatching(/^B8 the chip is not a PN532/)],
    );
    await allAsleep(['3']);
  }, 90_000);
});
