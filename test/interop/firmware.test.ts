import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeBlock } from 'uf2';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RESTART } from '../../firmware/card/host-link.ts';
import { buildFolder } from '../../rig/board/firmware/engine.ts';
import { findMark } from '../../rig/board/firmware/mark.ts';
import { readFirmware } from '../../rig/board/firmware/read-firmware.ts';
import { runCommandLine } from '../../rig/command/program.ts';
import { VERBS } from '../../rig/command/verbs/index.ts';
import { SystemSerialPorts } from '../../src/hal/serial/serial-port.ts';
import { expectPublished } from '../rig/command/published-schemas.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { CODE, run } from './card.ts';
import { BoardPair, EmulatedBoard, RecordingRelay } from './firmware.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { PYSCARD } from './recorded-session.ts';
import { RunningVerb } from './running-verb.ts';
import { cardIsIn, SLOTS } from './vpcd-card.ts';

const LIMIT_MS = 300_000;

/** What went over the wire, without the times. */
function exchangesOf(tap: Record<string, unknown>): unknown[] {
  const { exchanges } = tap.time as { readonly exchanges: readonly Record<string, unknown>[] };
  expect(exchanges.length).toBeGreaterThan(20);
  return exchanges.map(({ phase, command, header, status, sentBytes, receivedBytes }) => [
    ...[phase, command, header, status, sentBytes, receivedBytes],
  ]);
}

/** The compiled core in an emulated Cortex-M4F: the emulator is real, the silicon is not. */
describeNeeds(['firmware'], 'firmware in qemu', () => {
  let folder: string;
  let code: string;
  let board: EmulatedBoard;
  let built: unknown;

  async function vitap(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
    const io = fakeIo({ env: {}, json: args.includes('--json') });
    const exit = await runCommandLine(args, '0.0.0', VERBS, io);
    return { exit, out: io.out.join(''), err: io.err.join('') };
  }

  const build = (out: string, ...more: string[]): ReturnType<typeof vitap> =>
    vitap('firmware', 'build', '--board', 'mps2-an386', '--out', out, '--json', ...more);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
    code = join(folder, 'code');
    writeFileSync(code, CODE, { mode: 0o600 });
    const { exit, out, err } = await build(join(folder, 'fw'), '--profile', 'vitale2', '--no-channel');
    expect([exit, err.includes('fault')]).toEqual([0, false]);
    built = JSON.parse(out);
    board = new EmulatedBoard(join(folder, 'fw/mps2-an386.elf'), join(folder, 'host'));
    await board.started();
  }, LIMIT_MS);
  afterAll(async () => {
    await board?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, LIMIT_MS);

  it(
    'is built as its schema says, twice the same bytes',
    async () => {
      expectPublished('firmware-build', built);
      const again = JSON.parse((await build(join(folder, 'again'), '--profile', 'vitale2', '--no-channel')).out);
      expect(again.sha256).toBe((built as { sha256: string }).sha256);
      for (const ending of ['elf', 'bin', 'hex']) {
        const [first, second] = ['fw', 'again'].map((name) => readFileSync(join(folder, name, `mps2-an386.${ending}`)));
        expect(first?.equals(second as Buffer)).toBe(true);
      }
    },
    LIMIT_MS,
  );

  it(
    'is read whole, and says what the card in process says',
    async () => {
      const read = async (...where: string[]): Promise<Record<string, unknown>> => {
        const { exit, out } = await vitap('tap', ...where, '--pin-file', code, '--json');
        expect(exit).toBe(0);
        return JSON.parse(out);
      };
      const [far, near] = [await read('--reader', `firmware:${board.host}`), await read('--profile', 'vitale2')];
      for (const key of Object.keys(near)) {
        if (['driver', 'reader', 'protocol', 'time', 'seed'].includes(key)) continue;
        expect([key, far[key]]).toEqual([key, near[key]]);
      }
      expect(exchangesOf(far)).toEqual(exchangesOf(near));
      expectPublished('tap', far);
      type Account = { firmware: { exchanges: number; microseconds: number } | null };
      const [onBoard, here] = [far.time as Account, near.time as Account];
      expect(onBoard.firmware?.exchanges).toBe((far.time as { exchanges: unknown[] }).exchanges.length);
      expect(onBoard.firmware?.microseconds).toBeGreaterThan(0);
      expect(here.firmware).toBe(null);
    },
    LIMIT_MS,
  );

  it(
    'is benched, and its card is timed by the board',
    async () => {
      const counts = ['--taps', '3', '--warm-up', '1', '--profile', 'vitale2'];
      const { out } = await vitap('bench', 'tap', '--reader', `firmware:${board.host}`, ...counts, '--json');
      const { layers, taps } = JSON.parse(out) as {
        layers: Record<string, { basis: string }>;
        taps: { startNs: number; endNs: number; layers: Record<string, number> }[];
      };
      expect([layers.card?.basis, layers.link?.basis]).toEqual(['measured', 'residual']);
      expect(taps).toHaveLength(3);
      for (const each of taps) {
        expect(each.layers.card).toBeGreaterThan(0);
        expect(Object.values(each.layers).reduce((sum, ns) => sum + ns, 0)).toBe(each.endNs - each.startNs);
      }
    },
    LIMIT_MS,
  );

  it(
    'brings itself up: RAM, flash, UARTs, first tap',
    async () => {
      const only = ['--only', 'ram,flash,uarts,first-tap', '--records', join(folder, 'records')];
      const { exit, out, err } = await vitap('board', 'test', '--board', `firmware:${board.host}`, ...only, '--json');
      const { phases } = JSON.parse(out) as { phases: { id: string; verdict: string }[] };
      const judged = phases.filter(({ verdict }) => verdict !== 'skipped');
      expect(
        judged.map(({ id, verdict }) => [id, verdict]),
        err,
      ).toEqual(['boot', 'ram', 'flash', 'uarts', 'first-tap'].map((id) => [id, 'pass']));
      expect(exit).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'refuses a wrong code, and counts it',
    async () => {
      writeFileSync(join(folder, 'wrong'), '123456', { mode: 0o600 });
      const wrong = await vitap('tap', '--reader', `firmware:${board.host}`, '--pin-file', join(folder, 'wrong'));
      expect(wrong.exit).toBe(1);
      expect(wrong.out + wrong.err).toContain('2 tries left');
      const right = await vitap('tap', '--reader', `firmware:${board.host}`, '--pin-file', code);
      expect([right.exit, right.exit === 0 ? '' : right.out + right.err]).toEqual([0, '']);
    },
    LIMIT_MS,
  );

  it(
    'keeps through a restart of the board what was written before it',
    async () => {
      const second = new EmulatedBoard(join(folder, 'fw/mps2-an386.elf'), join(folder, 'restarted'));
      await second.started();
      const wrong = (): ReturnType<typeof vitap> =>
        vitap('tap', '--reader', `firmware:${second.host}`, '--pin-file', join(folder, 'wrong'));
      try {
        writeFileSync(join(folder, 'wrong'), '123456', { mode: 0o600 });
        const first = await wrong();
        expect(first.out + first.err).toContain('2 tries left');
        const line = await new SystemSerialPorts().open(second.host, 115_200);
        let heard = Buffer.alloc(0);
        line.onData((chunk) => {
          heard = Buffer.concat([heard, chunk]);
        });
        await line.write(Uint8Array.of(0x00, 0x01, RESTART));
        await vi.waitFor(() => expect([...heard]).toEqual([0x00, 0x00]), { timeout: 60_000 });
        await line.close();
        const next = await wrong();
        expect(next.out + next.err).toContain('1 try left');
      } finally {
        await second.stop();
      }
    },
    LIMIT_MS,
  );

  it(
    'is judged as the card in process is',
    async () => {
      const judge = async (...where: string[]): Promise<[string, string][]> => {
        const { out } = await vitap('conform', ...where, '--suite', 'iso7816-4', '--only', 'RR*', '--json');
        return (JSON.parse(out).cases as { id: string; verdict: string }[]).map(({ id, verdict }) => [id, verdict]);
      };
      const far = await judge('--reader', `firmware:${board.host}`, '--profile', 'vitale2', '--destructive');
      const near = await judge('--profile', 'vitale2', '--destructive');
      expect(far.length).toBeGreaterThan(10);
      expect(far).toEqual(near);
    },
    LIMIT_MS,
  );

  describeNeeds([...PCSC_STACK, 'opensc-tool', 'pyscard'], 'behind pcscd', () => {
    let daemon: Pcscd;
    let relay: RecordingRelay;
    beforeAll(async () => {
      daemon = await Pcscd.start();
      relay = new RecordingRelay(join(folder, 'session.jsonl'), board.host);
      await cardIsIn();
    }, LIMIT_MS);
    afterAll(async () => {
      await relay?.stop();
      await daemon?.stop();
    }, LIMIT_MS);

    /** SELECT of the application and of the master file, and READ BINARY of the identities by short identifier. */
    const commands = ['00A404000BD250000002564954414C4500', '00A4000C023F00', '00B0820000'];

    it(
      'opensc-tool reads its ATR and its free identities',
      async () => {
        const told = await run('opensc-tool', ['-r', SLOTS[0], '-a']);
        expect(told.out.trim().toUpperCase()).toBe('3B:8A:80:01:80:31:F8:73:F7:41:FF:82:90:00:6A');
        const sent = await run('opensc-tool', ['-r', SLOTS[0], '-c', 'default', ...commands.flatMap((c) => ['-s', c])]);
        expect(sent.out.match(/SW1=0x90, SW2=0x00/g)).toHaveLength(3);
        // The first person's name, as the layout of the card has it: ADRUN.
        expect(sent.out).toContain('65 16 80 05 41 44 52 55 4E');
      },
      LIMIT_MS,
    );

    it(
      'pyscard gets the same answers, and the trace has them',
      async () => {
        const told = await run('/usr/bin/python3', ['-c', PYSCARD, SLOTS[0], ...commands]);
        const [atr, ...answers] = told.out.trim().split('\n');
        expect(atr).toBe('3B8A80018031F873F741FF8290006A');
        expect(answers.map((answer) => answer.slice(-4))).toEqual(['9000', '9000', '9000']);
        expect(answers[2]).toContain('6516800541445255 4E'.replace(' ', ''));
        // As the shell says of a program that Ctrl-C has ended.
        expect(await relay.stop()).toBe(130);
        const recorded = readFileSync(join(folder, 'session.jsonl'), 'utf8');
        for (const command of commands) expect(recorded.toUpperCase()).toContain(command);
      },
      LIMIT_MS,
    );
  });

  it(
    'another card is put into it alone: what was there is told, and the board is the new one',
    async () => {
      const other = join(folder, 'other.img');
      const made = await vitap('card', 'build', 'ndef', '--out', other);
      expect([made.exit, made.err]).toEqual([0, '']);
      const second = new EmulatedBoard(join(folder, 'fw/mps2-an386.elf'), join(folder, 'put'));
      await second.started();
      try {
        const put = await vitap('firmware', 'put', second.host, '--image', other, '--timeout', '60');
        expect([put.exit, put.err]).toEqual([0, '']);
        expect(put.out).toMatch(/profile ndef, serial number \w+; read back: 7473 bytes, all as in the file\./);
        expect(put.out).toContain('It took the place of a card of profile vitale2, serial number ');
        const tap = await vitap('tap', '--reader', `firmware:${second.host}`, '--timeout', '60');
        expect(tap.out).toContain('https://');
      } finally {
        await second.stop();
      }
    },
    LIMIT_MS,
  );

  describe('bad input', () => {
    it.each([
      [['firmware', 'build', '--board', 'nowhere', '--profile', 'vitale2'], 'there is no board nowhere; there is '],
      [['firmware', 'build', '--board', 'mps2-an386'], 'which card?'],
      [['firmware', 'build', '--board', 'mps2-an386', '--image', '/none.img'], '/none.img'],
    ])('%j', async (args, sentence) => {
      const { exit, err } = await vitap(...args);
      expect([exit, err.includes(sentence)]).toEqual([2, true]);
    });

    it('an image that its pages do not hold', async () => {
      const { exit, err } = await vitap('firmware', 'build', '--board', 'mps2-an386', '--profile', 'lab');
      // 61016 bytes are 16 pages of a snapshot; two of these, one of changes and a spare one.
      expect([exit, err]).toEqual([
        2,
        expect.stringMatching(/image of 61016 bytes needs 34 pages of 4096; mps2-an386 has 32/),
      ]);
    });

    it('a folder that cannot be made, before anything is compiled', async () => {
      writeFileSync(join(folder, 'file'), '');
      const { exit, err } = await build(join(folder, 'file/x'), '--profile', 'vitale2', '--no-channel');
      expect([exit, err.includes('compiling'), err.includes('file/x')]).toEqual([2, false, true]);
    });

    it.each([
      ['/none.elf', 'mps2-an386', '/none.elf'],
      ['fw/mps2-an386.bin', 'mps2-an386', 'is no ELF file: give the one that vitap firmware build made'],
      ['fw/mps2-an386.elf', 'pico-plus-2', 'qemu has no pico-plus-2'],
      ['foreign.elf', 'mps2-an386', 'is for another board: it was built for mps2-an385 (an emulator)'],
      ['unmarked.elf', 'mps2-an386', 'is no firmware that vitap firmware build made'],
    ])('run %s on %s', async (elf, on, sentence) => {
      const whole = readFileSync(join(folder, 'fw/mps2-an386.elf'), 'latin1');
      writeFileSync(join(folder, 'foreign.elf'), whole.replace('1mps2-an386', '1mps2-an385'), 'latin1');
      writeFileSync(join(folder, 'unmarked.elf'), whole.replace('vitap firmware 1', 'other firmware 1'), 'latin1');
      const { exit, out, err } = await vitap(
        'firmware',
        'run',
        join(folder, elf),
        '--board',
        on,
        '--host',
        join(folder, 'x'),
      );
      expect([exit, out, err.includes(sentence), err.trim().split('\n').length]).toEqual([2, '', true, 1]);
    });

    it('a port in a folder that is not there', async () => {
      const args = [join(folder, 'fw/mps2-an386.elf'), '--board', 'mps2-an386', '--host', join(folder, 'none/x')];
      const { exit, err } = await vitap('firmware', 'run', ...args);
      expect([exit, err]).toEqual([2, expect.stringContaining('cannot be made: there is no such folder')]);
    });

    it('a qemu that dies is told, in one line, and its port is taken away', async () => {
      const dying = new EmulatedBoard(join(folder, 'fw/mps2-an386.elf'), join(folder, 'dying'));
      await dying.started();
      const closed = once(dying.child, 'close');
      // Its own child alone.
      await run('pkill', ['-KILL', '-P', String(dying.child.pid), 'qemu']);
      expect(await closed).toEqual([2, null]);
      expect(dying.err).toBe('vitap: qemu ended (SIGKILL)\n');
      expect(existsSync(join(folder, 'dying'))).toBe(false);
    });

    it('Ctrl-C while it is compiled: no file, and no folder of work', async () => {
      const out = join(folder, 'cut');
      const card = ['--profile', 'ndef', '--no-channel'];
      const building = new RunningVerb('firmware', 'build', '--board', 'mps2-an386', ...card, '--out', out);
      await building.says('compiling the card');
      expect([await building.stop(), building.out]).toEqual([130, '']);
      expect(readdirSync(out)).toEqual([]);
      expect(readdirSync(buildFolder())).not.toContain(`work-${building.child.pid}`);
    });

    it('leaves what is not its own where the port should be', async () => {
      const taken = join(folder, 'taken');
      writeFileSync(taken, 'mine');
      const args = [join(folder, 'fw/mps2-an386.elf'), '--board', 'mps2-an386', '--host', taken];
      const { exit, err } = await vitap('firmware', 'run', ...args);
      expect([exit, err.includes('is there already')]).toEqual([2, true]);
      expect(readFileSync(taken, 'utf8')).toBe('mine');
    });
  });

  it(
    'ends with Ctrl-C, and takes its port away',
    async () => {
      const second = new EmulatedBoard(join(folder, 'fw/mps2-an386.elf'), join(folder, 'second'));
      await second.started();
      expect(existsSync(join(folder, 'second'))).toBe(true);
      await second.stop();
      expect(existsSync(join(folder, 'second'))).toBe(false);
    },
    LIMIT_MS,
  );
});

describeNeeds(['firmware'], 'firmware for boards that nobody has tried', () => {
  it.each([
    ['nucleo-u575zi-q', 0x20000000, 0x08000000, null, 'stm32:482'],
    ['pico-plus-2', 0x20000000, 0x10000000, 0xe48bff59, 'uf2:RP2350'],
  ] as const)(
    '%s: compiles, links and fits; its vectors, its mark and its UF2 file are right',
    async (name, ram, flash, family, chip) => {
      const folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
      try {
        const io = fakeIo({ json: true });
        const args = ['build', '--board', name, '--profile', 'vitale2', '--no-channel', '--out', folder, '--json'];
        expect(await runCommandLine(['firmware', ...args], '0.0.0', VERBS, io)).toBe(0);
        const { files, sizes, heapNeed } = JSON.parse(io.out.join(''));
        expect(sizes.flashLeft).toBeGreaterThan(0);
        // What the emulated board has seen the card take.
        expect([heapNeed.start > 300_000, heapNeed.work > heapNeed.start, heapNeed.work <= sizes.heap]).toEqual([
          true,
          true,
          true,
        ]);
        const program = readFileSync(files.bin);
        expect(sizes.ram).toBe(program.readUInt32LE(0) - ram);
        expect(program.readUInt32LE(4) % 2).toBe(1);
        const read = readFirmware(files.elf, null).segments;
        expect(read[0]?.address).toBe(flash);
        expect(findMark(read)).toEqual({ board: name, chip });
        expect(findMark(readFirmware(files.hex, null).segments)).toEqual({ board: name, chip });
        expect(files.uf2 === null).toBe(family === null);
        if (files.uf2 === null) return;
        const uf2 = readFileSync(files.uf2);
        const copy = Buffer.alloc(Math.ceil(program.length / 256) * 256, 0xff);
        for (let at = 0; at < uf2.length; at += 512) {
          const { flashAddress, payload, boardFamily } = decodeBlock(Uint8Array.from(uf2.subarray(at, at + 512)));
          expect(boardFamily).toBe(family);
          copy.set(payload, flashAddress - flash);
        }
        expect(copy.subarray(0, program.length).equals(program)).toBe(true);
        // RP2350: the block that its bootloader looks for.
        expect(program.subarray(0, 4096).includes(Buffer.from('d3deffff42012110ff01000000000000793512ab', 'hex'))).toBe(
          true,
        );
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    LIMIT_MS,
  );
});

describeNeeds(['firmware'], 'firmware whose card takes more RAM than its board has', () => {
  it(
    'is not made, and that of before stays: the figures, and the boards that have room, are told',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
      try {
        const before = join(folder, 'nucleo-u575zi-q.elf');
        writeFileSync(before, 'of before');
        const io = fakeIo();
        const args = ['build', '--board', 'nucleo-u575zi-q', '--profile', 'apcv', '--out', folder];
        expect(await runCommandLine(['firmware', ...args], '0.0.0', VERBS, io)).toBe(2);
        expect(io.err.join('')).toMatch(
          /does not fit on nucleo-u575zi-q: the card takes [\d.]+ kB of heap to start, and nucleo-u575zi-q has 712\.\d kB for the heap, [\d.]+ kB too little; build it for .*pico-plus-2.*--no-channel/,
        );
        expect([readdirSync(folder), readFileSync(before, 'utf8')]).toEqual([['nucleo-u575zi-q.elf'], 'of before']);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    LIMIT_MS,
  );
});

describeNeeds(['firmware'], 'firmware with a secure channel', () => {
  it(
    'opens PACE with chip authentication mapping, and answers inside it',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
      let board: EmulatedBoard | null = null;
      try {
        const args = ['build', '--board', 'mps2-an386', '--profile', 'eac', '--out', folder];
        expect(await runCommandLine(['firmware', ...args], '0.0.0', VERBS, fakeIo())).toBe(0);
        board = new EmulatedBoard(join(folder, 'mps2-an386.elf'), join(folder, 'host'));
        await board.started();
        const reader = ['--reader', `firmware:${board.host}`];
        // Until the curves' tables are made nobody answers.
        const io = fakeIo({ env: { VITAP_CAN: '500540' } });
        await vi.waitFor(
          async () => {
            io.out.length = 0;
            expect(
              await runCommandLine(['apdu', ...reader, 'secure open', '00B0850000=9000'], '0.0.0', VERBS, io),
            ).toBe(0);
          },
          { timeout: 240_000, interval: 500 },
        );
        expect(io.out.join('')).toMatch(/PACE with the CAN \(chip authentication mapping/);
      } finally {
        await board?.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    },
    LIMIT_MS,
  );
});

describeNeeds(['firmware'], 'firmware of a phone', () => {
  let folder: string;
  let board: EmulatedBoard;
  const env = { VITAP_CAN: '161803' };
  const keys = { pin: '', wrong: '' };

  async function vitap(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
    const io = fakeIo({ env, json: args.includes('--json') });
    const exit = await runCommandLine(args, '0.0.0', VERBS, io);
    return { exit, out: io.out.join(''), err: io.err.join('') };
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
    for (const [name, code] of [
      ['pin', CODE],
      ['wrong', '123456'],
    ] as const) {
      keys[name] = join(folder, name);
      writeFileSync(keys[name], code, { mode: 0o600 });
    }
    const built = await vitap('firmware', 'build', '--board', 'mps2-an386', '--profile', 'apcv', '--out', folder);
    expect(built.exit).toBe(0);
    expect((await vitap('pki', 'init', join(folder, 'pki'), '--test')).exit).toBe(0);
    board = new EmulatedBoard(join(folder, 'mps2-an386.elf'), join(folder, 'host'));
    await board.started();
  }, LIMIT_MS);
  afterAll(async () => {
    await board?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, LIMIT_MS);

  it(
    'takes the code on its screen, opens a channel, and says what the card in process says',
    async () => {
      const terminal = ['--terminal-keys', join(folder, 'pki/FRVITAPAT00001.keys.json')];
      const read = async (...where: string[]): Promise<Record<string, unknown>> => {
        const tap = await vitap('tap', ...where, '--pin-file', keys.pin, ...terminal, '--timeout', '240', '--json');
        expect([tap.exit, tap.err]).toEqual([0, '']);
        return JSON.parse(tap.out);
      };
      const [far, near] = [await read('--reader', `firmware:${board.host}`), await read('--profile', 'apcv')];
      expect(far.code).toEqual({ outcome: 'unlocked-by-holder' });
      for (const key of Object.keys(near)) {
        if (['driver', 'reader', 'protocol', 'time', 'seed', 'channel'].includes(key)) continue;
        expect([key, far[key]]).toEqual([key, near[key]]);
      }
      expect(exchangesOf(far)).toEqual(exchangesOf(near));
    },
    LIMIT_MS,
  );

  it(
    'is unlocked and locked by its holder, who needs no reader',
    async () => {
      expect(await vitap('firmware', 'unlock', board.host, '--pin-file', keys.pin)).toMatchObject({
        exit: 0,
        out: 'unlocked for 60 s\n',
      });
      expect(await vitap('firmware', 'lock', board.host)).toMatchObject({ exit: 0, out: 'locked\n' });
      const wrong = await vitap('firmware', 'unlock', board.host, '--pin-file', keys.wrong);
      expect([wrong.exit, wrong.err]).toEqual([1, expect.stringContaining('2 tries left')]);
      expect((await vitap('firmware', 'unlock', board.host, '--pin-file', keys.pin)).exit).toBe(0);
      expect(await vitap('firmware', 'unlock', board.host)).toMatchObject({
        exit: 2,
        err: expect.stringContaining('unlock needs the code'),
      });
    },
    LIMIT_MS,
  );

  it(
    'gives the terminal nothing when the code is wrong, and counts it',
    async () => {
      const tap = await vitap('tap', '--reader', `firmware:${board.host}`, '--pin-file', keys.wrong);
      expect([tap.exit, tap.err]).toEqual([1, expect.stringContaining('2 tries left')]);
    },
    LIMIT_MS,
  );
});

describeNeeds(['firmware'], 'firmware measure', () => {
  it(
    'times the board by its own clock, and judges flash, RAM, start and commands',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
      try {
        const args = ['build', '--board', 'mps2-an386', '--profile', 'ndef', '--no-channel', '--out', folder];
        expect(await runCommandLine(['firmware', ...args], '0.0.0', VERBS, fakeIo())).toBe(0);
        const io = fakeIo({ json: true });
        const elf = join(folder, 'mps2-an386.elf');
        await runCommandLine(['firmware', 'measure', elf, '--board', 'mps2-an386', '--json'], '0.0.0', VERBS, io);
        const measured = JSON.parse(io.out.join(''));
        expectPublished('firmware-measure', measured);
        // What lies in flash is the BIN, to the byte; the emulator's stack is that of the description.
        expect(measured.flash).toBe(readFileSync(join(folder, 'mps2-an386.bin')).length);
        const { all, variables, stack, heap, stackUsed } = measured.ram;
        expect(all).toBe(variables + stack + heap);
        expect([stackUsed < stack, stackUsed > 1000]).toEqual([true, true]);
        const told = measured.phases.map(({ phase }: { phase: string }) => phase);
        expect(told).toEqual(['free files', 'select', 'ndef']);
        const met = (of: string): boolean => measured.targets.find(({ words }: { words: string }) => words === of).met;
        expect([met('flash'), met('a command, median')]).toEqual([true, true]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    LIMIT_MS,
  );
});

describeNeeds(['firmware', 'libnfc', 'socat'], 'firmware with a PN532 on its UART', () => {
  it(
    'is a card in the field of the other board, for libnfc and for our reader',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
      const at = (name: string): string => join(folder, name);
      const boards = new BoardPair(at('a'), at('b'));
      let board: EmulatedBoard | null = null;
      try {
        await boards.started();
        const args = ['build', '--board', 'mps2-an386', '--profile', 'ndef', '--out', folder];
        expect(await runCommandLine(['firmware', ...args], '0.0.0', VERBS, fakeIo())).toBe(0);
        board = new EmulatedBoard(at('mps2-an386.elf'), at('host'), '--pn532', at('a'));
        await board.started();
        await boards.targeted();
        const list = await run('/usr/bin/env', [`LIBNFC_DEVICE=pn532_uart:${at('b')}`, 'nfc-list', '-v']);
        expect(list.out).toContain('1 ISO14443A passive target(s) found');
        expect(list.out).toMatch(/SAK \(SEL_RES\): 20/);
        const io = fakeIo();
        expect(await runCommandLine(['tap', '--reader', `pn532:${at('b')}`], '0.0.0', VERBS, io)).toBe(0);
        expect(io.out.join('')).toContain('https://');
      } finally {
        await board?.stop();
        await boards.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    },
    LIMIT_MS,
  );
});
