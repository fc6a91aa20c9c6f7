import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { RESTART } from '../../firmware/card/host-link.ts';
import type { LocalDevice } from '../../rig/lab/bench/devices.ts';
import { flashCard } from '../../rig/lab/bench/judge-board.ts';
import type { Judged, LocalFile } from '../../rig/lab/bench/judged.ts';
import { SystemSerialPorts } from '../../src/hal/serial/serial-port.ts';
import { expectPublished } from '../rig/command/published-schemas.ts';
import { run } from './card.ts';
import {
  buildFirmware,
  exchangesOf,
  firmwareRuns,
  LIMIT_MS,
  RecordingRelay,
  type Said,
  vitap,
  withBoard,
} from './firmware.ts';
import { firmwareBadInput } from './firmware-bad-input.ts';
import { firmwareOfOtherBoards } from './firmware-other-boards.ts';
import { firmwareOfOtherCards } from './firmware-other-cards.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { PYSCARD } from './recorded-session.ts';
import { cardIsIn, SLOTS } from './vpcd-card.ts';

/** As a bench of the lab puts a card of a campaign into a board: its run has a folder of its own. */
function putByLab(path: string, inputs: string, image: string): Promise<Judged> {
  const folder = mkdtempSync(join(inputs, 'run-'));
  const device = {
    capability: { device: 'board', kind: 'board', backend: 'simulated', identity: 'here' },
    board: { driver: 'firmware', path, partner: null },
  } as unknown as LocalDevice;
  return flashCard(
    { kind: 'board-flash', image },
    {
      bench: 'table-1',
      ...{ device, folder, inputs, env: { XDG_STATE_HOME: folder }, imageKey: null, last: false },
      signal: new AbortController().signal,
      openPool: () => Promise.reject(new Error('none')),
      note: () => {},
      left: () => {},
    },
  );
}

/** The compiled core in an emulated Cortex-M4F: the emulator is real, the silicon is not. */
describeNeeds(['firmware'], 'firmware in qemu', () => {
  const firmware = firmwareRuns('--profile', 'vitale2', '--no-channel');
  const { at } = firmware;

  it(
    'is built as its schema says, twice the same bytes',
    async () => {
      expectPublished('firmware-build', firmware.built);
      const again = JSON.parse((await buildFirmware(at('again'), '--profile', 'vitale2', '--no-channel')).out);
      expect(again.sha256).toBe((firmware.built as { sha256: string }).sha256);
      for (const ending of ['elf', 'bin', 'hex']) {
        const [first, second] = ['fw', 'again'].map((name) => readFileSync(at(`${name}/mps2-an386.${ending}`)));
        expect(first?.equals(second as Buffer)).toBe(true);
      }
    },
    LIMIT_MS,
  );

  it(
    'is read whole, and says what the card in process says',
    async () => {
      const read = async (...where: string[]): Promise<Record<string, unknown>> => {
        const { exit, out } = await vitap('tap', ...where, '--pin-file', at('code'), '--json');
        expect(exit).toBe(0);
        return JSON.parse(out);
      };
      const [far, near] = [await read('--reader', `firmware:${firmware.host}`), await read('--profile', 'vitale2')];
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
      const { out } = await vitap('bench', 'tap', '--reader', `firmware:${firmware.host}`, ...counts, '--json');
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
      const only = ['--only', 'ram,flash,uarts,first-tap', '--records', at('records')];
      const { exit, out, err } = await vitap(
        'board',
        'test',
        '--board',
        `firmware:${firmware.host}`,
        ...only,
        '--json',
      );
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
      const wrong = await vitap('tap', '--reader', `firmware:${firmware.host}`, '--pin-file', at('wrong'));
      expect(wrong.exit).toBe(1);
      expect(wrong.out + wrong.err).toContain('2 tries left');
      const right = await vitap('tap', '--reader', `firmware:${firmware.host}`, '--pin-file', at('code'));
      expect([right.exit, right.exit === 0 ? '' : right.out + right.err]).toEqual([0, '']);
    },
    LIMIT_MS,
  );

  it(
    'keeps through a restart of the board what was written before it',
    async () => {
      await withBoard(at('fw/mps2-an386.elf'), at('restarted'), async ({ host }) => {
        const wrong = (): Promise<Said> => vitap('tap', '--reader', `firmware:${host}`, '--pin-file', at('wrong'));
        const first = await wrong();
        expect(first.out + first.err).toContain('2 tries left');
        const line = await new SystemSerialPorts().open(host, 115_200);
        let heard = Buffer.alloc(0);
        line.onData((chunk) => {
          heard = Buffer.concat([heard, chunk]);
        });
        await line.write(Uint8Array.of(0x00, 0x01, RESTART));
        await vi.waitFor(() => expect([...heard]).toEqual([0x00, 0x00]), { timeout: 60_000 });
        await line.close();
        const next = await wrong();
        expect(next.out + next.err).toContain('1 try left');
      });
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
      const far = await judge('--reader', `firmware:${firmware.host}`, '--profile', 'vitale2', '--destructive');
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
      relay = new RecordingRelay(at('session.jsonl'), firmware.host);
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
        const recorded = readFileSync(at('session.jsonl'), 'utf8');
        for (const command of commands) expect(recorded.toUpperCase()).toContain(command);
      },
      LIMIT_MS,
    );
  });

  it(
    'another card is put into it alone: what was there is told, and the board is the new one',
    async () => {
      const other = at('other.img');
      const made = await vitap('card', 'build', 'ndef', '--out', other);
      expect([made.exit, made.err]).toEqual([0, '']);
      await withBoard(at('fw/mps2-an386.elf'), at('put'), async ({ host }) => {
        const put = await vitap('firmware', 'put', host, '--image', other, '--timeout', '60');
        expect([put.exit, put.err]).toEqual([0, '']);
        expect(put.out).toMatch(/profile ndef, serial number \w+; read back: 7473 bytes, all as in the file\./);
        expect(put.out).toContain('It took the place of a card of profile vitale2, serial number ');
        const tap = await vitap('tap', '--reader', `firmware:${host}`, '--timeout', '60');
        expect(tap.out).toContain('https://');

        const ran = await putByLab(host, at('.'), 'other.img');
        expect(ran).toMatchObject({ verdict: 'passed', backend: 'simulated', card: 'other.img', board: 'here' });
        const [file] = ran.files as [LocalFile];
        const report = JSON.parse(readFileSync(file.path, 'utf8'));
        expectPublished('firmware-put', report);
        expect([file.role, file.name, ran.files.length]).toEqual(['report', 'firmware-put.json', 1]);
        const { cardSerial } = report;
        expect(report).toMatchObject({
          verdict: 'pass',
          source: 'other.img',
          replaced: { profile: 'ndef', cardSerial },
        });

        await vitap('card', 'build', 'lab', '--out', at('large.img'));
        const large = ['--image', at('large.img'), '--timeout', '60', '--json'];
        const refused = await vitap('firmware', 'put', host, ...large);
        const reason = expect.stringMatching(
          /^the image has 61016 bytes, and the flash of this board holds \d+; the board has its old card$/,
        );
        expectPublished('firmware-put', JSON.parse(refused.out));
        expect([refused.exit, JSON.parse(refused.out)]).toMatchObject([1, { verdict: 'fail', reason }]);
      });
    },
    LIMIT_MS,
  );

  firmwareBadInput({ at });

  it(
    'ends with Ctrl-C, and takes its port away',
    async () => {
      await withBoard(at('fw/mps2-an386.elf'), at('second'), async () => {
        expect(existsSync(at('second'))).toBe(true);
      });
      expect(existsSync(at('second'))).toBe(false);
    },
    LIMIT_MS,
  );
});

firmwareOfOtherBoards();
firmwareOfOtherCards();

describeNeeds(['firmware'], 'firmware measure', () => {
  it(
    'times the board by its own clock, and judges flash, RAM, start and commands',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
      try {
        expect((await buildFirmware(folder, '--profile', 'ndef', '--no-channel')).exit).toBe(0);
        const elf = join(folder, 'mps2-an386.elf');
        const { out } = await vitap('firmware', 'measure', elf, '--board', 'mps2-an386', '--json');
        const measured = JSON.parse(out);
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
