import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { UF2_FAMILY, writeUf2 } from '../../rig/board/firmware/uf2.ts';
import type { RunDetail } from '../../rig/lab/api/run.ts';
import { program } from '../rig/board/stm32/bench.ts';
import { describeNeeds } from './real-parts.ts';
import { RunningLab } from './running-lab.ts';
import { PROGRAM, RunningProgram, type RunningVerb } from './running-verb.ts';

const LIMIT_MS = 180_000;
const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
/** Where the card of a board lies in its flash. */
const CARD_AT = '0x08080000';

/** Two tables of a maker: server, benches and simulated boards are processes of their own. */
describeNeeds(['socat'], 'boards at the benches of a lab', () => {
  const lab = new RunningLab('lab-boards');
  const { at } = lab;
  const startBench = (name: string, file: string): RunningVerb =>
    lab.startBench(name, `inProcess: 0\npcsc: no\n${file}`);
  const stm32 = (name: string): string => `  - {board: "stm32:${at(`stm/${name}`)}", line: 8n1}\n`;

  beforeAll(async () => {
    vi.stubEnv('XDG_STATE_HOME', at('state'));
    mkdirSync(at('stm'));
    const sims = [
      lab.start('board', 'sim', '--pair', '--link-a', at('a'), '--link-b', at('b')),
      lab.start('board', 'sim', '--bootloader', 'uf2', '--link-a', at('drive')),
      // The power of the third fails in the middle of its flashing, and comes back.
      lab.start(
        ...['board', 'sim', '--bootloader', 'stm32', '--chip', '0x480', '--card-at', CARD_AT],
        ...['--boards', '3', '--links', at('stm'), '--fault', '3:power-fail=1@4'],
      ),
    ];
    await lab.serve();
    writeFileSync(at('p.bin'), program(3000));
    writeFileSync(at('p.uf2'), writeUf2([{ address: 0x10000000, bytes: program(3000) }], UF2_FAMILY.RP2040));
    expect((await lab.vitap('card', 'build', 'ndef', '--out', at('ndef.img'))).exit).toBe(0);
    await Promise.all(sims.map((each) => each.says('ready')));
    startBench(
      'one',
      `boards:\n  - {board: "pn532:${at('a')}", partner: "pn532:${at('b')}"}\n${stm32('board-1')}  - {board: "firmware:${at('stm/board-1')}"}\nreaders: [{reader: "firmware:${at('stm/board-1')}"}]\ncards: [{label: fw, reader: board-1}]\n`,
    );
    startBench('two', `boards:\n  - {board: "uf2:${at('drive')}"}\n${stm32('board-2')}${stm32('board-3')}`);
    await vi.waitFor(
      async () => expect((await lab.person.benches()).map(({ devices }) => devices.length)).toEqual([4, 3]),
      { timeout: LIMIT_MS, interval: 200 },
    );
  }, LIMIT_MS);
  afterAll(async () => {
    await lab.stop();
    vi.unstubAllEnvs();
  }, LIMIT_MS);

  const inShort = (runs: readonly RunDetail[]) =>
    runs.map(({ run: { suite, subject, state, bench, reason } }) => [suite, subject, state, bench, reason]);
  const names = ({ statement }: RunDetail) => statement!.blobs.map(({ role, name }) => `${role} ${name}`);
  const key = (path: string): string => `port-${at(path).slice(1).replaceAll('/', '_')}`;
  const document = async ({ statement }: RunDetail, name: string) => {
    const { sha256 } = statement!.blobs.find((each) => each.name === name)!;
    return Buffer.from(await lab.person.download(sha256)).toString();
  };

  it('tests a PN532 with its partner, and puts a card onto it', { timeout: LIMIT_MS }, async () => {
    const [tested, flashed] = (await lab.judged(
      'pn532',
      'boards: [{id: pn}]\njudge:\n  - {boardTest: [tap-as-card]}\n  - {boardFlash: ndef.img}\n',
    )) as [RunDetail, RunDetail];
    const { verdict, cases, board } = tested.statement!;
    const ran = cases.filter((each) => each.verdict !== 'not-applicable').map(({ id }) => id);
    expect(ran).toEqual(['wake-up', 'firmware', 'communication-line', 'tap-as-card', 'sleep']);
    // On a busy machine a phase may need a repair, or not be judged: the verdict is that of the phases.
    expect(verdict === 'passed').toBe(cases.every((each) => ['pass', 'not-applicable'].includes(each.verdict)));
    expect(board).toBe(key('a'));
    expect(names(tested)).toEqual(['report board-test.json', 'html board-test.html', 'trace trace.jsonl']);
    expect(await document(tested, 'trace.jsonl')).toMatch(/^\{.*"vitap board test".*"type":"command"/s);
    expect(inShort([flashed])).toEqual([
      [
        'board flash of ndef.img',
        'pn',
        'passed',
        'one',
        expect.stringMatching(/^read back by pn532:.*as in the image$/),
      ],
    ]);
    expect([flashed.statement!.board, names(flashed)]).toEqual([
      key('a'),
      ['report board-flash.json', 'trace trace.jsonl'],
    ]);
    expect(JSON.parse(await document(flashed, 'board-flash.json'))).toMatchObject({ source: 'ndef.img' });
  });

  it('flashes the boards of all tables: one loses its power, and its result says what it is', {
    timeout: LIMIT_MS,
  }, async () => {
    const runs = await lab.judged(
      'batch',
      `boards:
  - {id: pico, driver: uf2}
  - {id: h7, driver: stm32, every: yes}
judge:
  - {id: program, boardFlash: p.bin, image: ndef.img, cardAt: "${CARD_AT}", chip: "0x480", boards: [h7]}
  - {id: drive, boardFlash: p.uf2, boards: [pico]}
`,
    );
    const read = 'STM32H7A3/7B3: read back: 10473 bytes, all as in the file';
    const torn = `the serial port ${at('stm/board-3')} was unplugged; the board is in its bootloader without a program that starts; flash it again`;
    const row = (bench: string, name: string): string => `h7 ${bench} ${key(`stm/${name}`)}`.slice(-99);
    expect(inShort(runs)).toEqual([
      ['program', expect.stringContaining(row('one', 'board-1')), 'passed', 'one', read],
      ['program', expect.stringContaining(row('two', 'board-2')), 'passed', 'two', read],
      ['program', expect.stringContaining(row('two', 'board-3')), 'error', 'two', torn],
      ['drive', 'pico', 'passed', 'two', expect.stringContaining('12 blocks taken by the bootloader, which has left')],
    ]);
    const boards = runs.map(({ statement }) => statement!.board);
    expect(boards.slice(0, 2)).toEqual(
      ['board-1', 'board-2'].map((name) => expect.stringMatching(`^${key(`stm/${name}`)}, chip [0-9A-F]{24}$`)),
    );
    expect(boards.slice(2)).toEqual([key('stm/board-3'), key('drive')]);
    expect(existsSync(at('drive'))).toBe(false);
    // The drive has left, and is no device any more; the board has its power again.
    await vi.waitFor(
      async () => {
        const devices = (await lab.person.benches()).flatMap((each) => each.devices);
        expect([devices.some(({ driver }) => driver === 'uf2'), devices.length]).toEqual([false, 6]);
      },
      { timeout: LIMIT_MS, interval: 500 },
    );
    const again = await lab.judged(
      'again',
      `boards: [{id: h7, driver: stm32, identity: ${key('stm/board-3')}}]\njudge:\n  - {id: again, boardFlash: p.bin, image: ndef.img, cardAt: "${CARD_AT}", resume: yes}\n`,
    );
    expect(inShort(again)).toEqual([['again', 'h7', 'passed', 'two', read]]);
  });

  it('brings up what was flashed, and judges the card in it by suite, taps and replay', {
    timeout: LIMIT_MS,
  }, async () => {
    mkdirSync(at('traces'));
    const tap = ['--profile', 'ndef', '--interface', 'contact', '--sequence', 'ndef'];
    expect((await lab.vitap('tap', ...tap, '--record', at('traces/ndef.jsonl'))).exit).toBe(0);
    writeFileSync(at('traces/suite.yaml'), 'version: 1\nname: ndef\ntraces: [{id: ndef, file: ndef.jsonl}]\n');
    const runs = await lab.judged(
      'firmware',
      `boards: [{id: fw, driver: firmware}]
cards: [{id: fw, label: fw}]
judge:
  - {id: test, boardTest: [ram, first-tap]}
  - {id: conform, conform: iso7816-4, only: "SEL-MF*"}
  - {id: taps, benchTap: 2, warmUp: 0, sequence: ndef}
  - {id: replay, replay: traces}
`,
    );
    expect(inShort(runs).map(([suite, , state, bench]) => [suite, state, bench])).toEqual(
      ['test', 'conform', 'taps', 'replay'].map((suite) => [suite, 'passed', 'one']),
    );
    expect(runs.map((each) => names(each).at(-1))).toEqual([
      'trace trace.jsonl',
      'trace trace.jsonl',
      expect.stringMatching(/^trace tap-\d\.jsonl$/),
      'trace ndef.attempt-1.jsonl',
    ]);
    expect(runs.map(({ statement }) => statement!.card ?? statement!.board)).toEqual([
      key('stm/board-1'),
      'fw',
      'fw',
      'fw',
    ]);
    expect(await lab.person.check()).toMatchObject({ lost: [], doubled: [], stranded: [] });
  });

  it('gives a run back when the disk of its bench is full, takes nothing then, and judges it when there is room', {
    timeout: LIMIT_MS,
  }, async (context) => {
    context.skip(!mayMount, 'needs the right to mount a tmpfs in a namespace (root)');
    // A disk of its own, which fills up in the middle of the run and is emptied later.
    const script = `
      mount -t tmpfs -o size=100m tmpfs "$1"
      (until [ -e "$2/fill" ]; do sleep 0.05; done; dd if=/dev/zero of="$1/filler" bs=65536 2>/dev/null
       until [ -e "$2/empty" ]; do sleep 0.05; done; rm "$1/filler") &
      filler=$!; trap 'kill $filler 2>/dev/null' EXIT
      TMPDIR="$1" "$3" "$4" "\${@:5}" & bench=$!
      trap 'kill $bench' TERM; wait $bench; wait $bench`;
    for (const name of ['disk', 'signs']) mkdirSync(at(name));
    const bench = new RunningProgram('unshare', [
      '-m',
      'bash',
      '-c',
      script,
      'bash',
      at('disk'),
      at('signs'),
      process.execPath,
      PROGRAM,
      ...lab.benchOf('three', 'inProcess: 1\npcsc: no\n'),
    ]);
    try {
      await bench.says('loopback:1');
      const done = lab.judged(
        'full',
        'cards: [{id: v2, profile: vitale2}]\njudge: [{conform: iso7816-4, only: "SEL-*", needs: {bench: three}}]\n',
      );
      await bench.says('loopback:1 takes');
      writeFileSync(at('signs/fill'), '');
      await bench.says('this bench takes nothing until there is room');
      writeFileSync(at('signs/empty'), '');
      const [{ attempts, run: judgedRun }] = (await done) as [RunDetail];
      expect(attempts.map(({ state }) => state)).toEqual(['given-back', 'finished']);
      expect(attempts[0]!.reason).toMatch(/no space is left on its disk/);
      expect(judgedRun.state).toBe('passed');
      expect(bench.out).toContain('there is room on the disk again');
    } finally {
      await bench.stop('SIGTERM');
    }
  });
});
