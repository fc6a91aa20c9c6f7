import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildFolder } from '../../rig/board/firmware/engine.ts';
import { run } from './card.ts';
import { buildFirmware, EmulatedBoard, type RunningFirmware, vitap } from './firmware.ts';
import { RunningVerb } from './running-verb.ts';

/** @param firmware where that of the emulated board lies */
export function firmwareBadInput({ at }: Pick<RunningFirmware, 'at'>): void {
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
      writeFileSync(at('file'), '');
      const { exit, err } = await buildFirmware(at('file/x'), '--profile', 'vitale2', '--no-channel');
      expect([exit, err.includes('compiling'), err.includes('file/x')]).toEqual([2, false, true]);
    });

    it.each([
      ['/none.elf', 'mps2-an386', '/none.elf'],
      ['fw/mps2-an386.bin', 'mps2-an386', 'is no ELF file: give the one that vitap firmware build made'],
      ['fw/mps2-an386.elf', 'pico-plus-2', 'qemu has no pico-plus-2'],
      ['foreign.elf', 'mps2-an386', 'is for another board: it was built for mps2-an385 (an emulator)'],
      ['unmarked.elf', 'mps2-an386', 'is no firmware that vitap firmware build made'],
    ])('run %s on %s', async (elf, on, sentence) => {
      const whole = readFileSync(at('fw/mps2-an386.elf'), 'latin1');
      writeFileSync(at('foreign.elf'), whole.replace('1mps2-an386', '1mps2-an385'), 'latin1');
      writeFileSync(at('unmarked.elf'), whole.replace('vitap firmware 1', 'other firmware 1'), 'latin1');
      const { exit, out, err } = await vitap('firmware', 'run', at(elf), '--board', on, '--host', at('x'));
      expect([exit, out, err.includes(sentence), err.trim().split('\n').length]).toEqual([2, '', true, 1]);
    });

    it('a port in a folder that is not there', async () => {
      const args = [at('fw/mps2-an386.elf'), '--board', 'mps2-an386', '--host', at('none/x')];
      const { exit, err } = await vitap('firmware', 'run', ...args);
      expect([exit, err]).toEqual([2, expect.stringContaining('cannot be made: there is no such folder')]);
    });

    it('a qemu that dies is told, in one line, and its port is taken away', async () => {
      const dying = new EmulatedBoard(at('fw/mps2-an386.elf'), at('dying'));
      await dying.started();
      const closed = once(dying.child, 'close');
      // Its own child alone.
      await run('pkill', ['-KILL', '-P', String(dying.child.pid), 'qemu']);
      expect(await closed).toEqual([2, null]);
      expect(dying.err).toBe('vitap: qemu ended (SIGKILL)\n');
      expect(existsSync(at('dying'))).toBe(false);
    });

    it('Ctrl-C while it is compiled: no file, and no folder of work', async () => {
      const out = at('cut');
      const card = ['--profile', 'ndef', '--no-channel'];
      const building = new RunningVerb('firmware', 'build', '--board', 'mps2-an386', ...card, '--out', out);
      await building.says('compiling the card');
      expect([await building.stop(), building.out]).toEqual([130, '']);
      expect(readdirSync(out)).toEqual([]);
      expect(readdirSync(buildFolder())).not.toContain(`work-${building.child.pid}`);
    });

    it('leaves what is not its own where the port should be', async () => {
      const taken = at('taken');
      writeFileSync(taken, 'mine');
      const args = [at('fw/mps2-an386.elf'), '--board', 'mps2-an386', '--host', taken];
      const { exit, err } = await vitap('firmware', 'run', ...args);
      expect([exit, err.includes('is there already')]).toEqual([2, true]);
      expect(readFileSync(taken, 'utf8')).toBe('mine');
    });
  });
}
