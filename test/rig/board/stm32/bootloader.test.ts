import { describe, expect, it } from 'vitest';
import { Stm32Bootloader } from '../../../../rig/board/stm32/bootloader.ts';
import { ByteLine } from '../../../../rig/board/stm32/byte-line.ts';
import { MemoryPorts } from '../../../../rig/sim/serial/memory-port.ts';
import { VirtualTimeline } from '../../../../rig/sim/timeline.ts';
import { fromHex, toHex } from '../../../../src/apdu/hex.ts';
import { realTimers } from '../../../../src/hal/pn532/transport.ts';
import { MemorySerialCable } from '../../../../src/hal/serial/memory.ts';
import { FLASH, simulatedBoard, timersOf } from './bench.ts';

const ACK = '79';
const COMMANDS = '00 01 02 11 21 31 43 63 73 82 92';

/** A bootloader that answers each frame as a script says; gives what it was sent. */
async function scripted(
  answers: readonly string[],
  work: (loader: Stm32Bootloader) => Promise<unknown>,
): Promise<readonly string[]> {
  const cable = new MemorySerialCable(['host', 'chip']);
  const [host, chip] = [await cable.open('host', 115_200), await cable.open('chip', 115_200)];
  const sent: string[] = [];
  const rest = [...answers];
  chip.onData((chunk) => {
    sent.push(toHex(chunk));
    void chip.write(fromHex(rest.shift() ?? ''));
  });
  await work(new Stm32Bootloader(new ByteLine(host, realTimers)));
  return sent;
}

describe('the frames of AN3155, by hand', () => {
  // Get of an older bootloader, which has Erase Memory (43) and no extended one.
  const get = [ACK, `0B 22 ${COMMANDS} ${ACK}`];
  const oldOne = (answers: readonly string[], work: (loader: Stm32Bootloader) => Promise<unknown>) =>
    scripted([get.join(''), ...answers], async (loader) => {
      expect(await loader.get()).toEqual({ version: 0x22, commands: [...fromHex(COMMANDS)] });
      await work(loader);
    });

  it.each<[string, readonly string[], (loader: Stm32Bootloader) => Promise<unknown>, readonly string[]]>([
    ['Erase Memory of pages 3, 4 and 250', [ACK, ACK], (l) => l.erase([3, 4, 250]), ['43BC', '020304FAFF']],
    ['Erase Memory of all', [ACK, ACK], (l) => l.eraseAll(), ['43BC', 'FF00']],
    [
      'Write Memory',
      [ACK, ACK, ACK],
      (l) => l.write(0x08001000, Uint8Array.of(1, 2, 4, 8)),
      ['31CE', '0800100018', '03010204080C'],
    ],
    ['Go', [ACK, ACK], (l) => l.go(0x08000000), ['21DE', '0800000008']],
    ['Write Protect of sectors 0 and 5', [ACK, ACK], (l) => l.writeProtect([0, 5]), ['639C', '01000504']],
    ['Write Unprotect', [ACK + ACK], (l) => l.writeUnprotect(), ['738C']],
    ['Readout Protect', [ACK + ACK], (l) => l.readoutProtect(), ['827D']],
    ['Readout Unprotect, after BUSY', [`${ACK} 76 76 ${ACK}`], (l) => l.readoutUnprotect(), ['926D']],
  ])('%s', async (_, answers, work, frames) => {
    expect(await oldOne(answers, work)).toEqual(['00FF', ...frames]);
  });

  it('Get ID, Get Version and Read Memory', async () => {
    const got: unknown[] = [];
    const sent = await scripted(
      [`${ACK} 01 04 50 ${ACK}`, `${ACK} 31 00 00 ${ACK}`, ACK, ACK, `${ACK} AA BB`],
      async (l) => {
        got.push(await l.getId(), await l.getVersion(), toHex(await l.read(0x1ff1e800, 2)));
      },
    );
    expect(got).toEqual([0x450, { version: 0x31, options: [0, 0] }, 'AABB']);
    expect(sent).toEqual(['02FD', '01FE', '11EE', '1FF1E80006', '01FE']);
  });

  it.each<[string, readonly string[], string]>([
    ['NACK to the command', ['1F'], 'the bootloader refuses Read Memory (NACK)'],
    ['NACK to the address', [ACK, '1F'], 'the bootloader refuses Read Memory of the address 0x08000000 (NACK)'],
    ['another byte', ['42'], 'the bootloader answers Read Memory with 42, neither ACK nor NACK'],
  ])('%s is one sentence', async (_, answers, sentence) => {
    await scripted(answers, async (l) => expect(l.read(FLASH, 4)).rejects.toThrow(sentence));
  });

  it('a command that Get does not name is not sent', async () => {
    const sent = await oldOne([], async (l) => {
      await expect(l.eraseBank(1)).rejects.toThrow('this bootloader does not have the command Extended Erase Memory');
    });
    expect(sent).toEqual(['00FF']);
  });
});

describe('on the simulated bootloader', () => {
  it('erases all, or one bank, and protects', async () => {
    const clock = new VirtualTimeline();
    const board = simulatedBoard(clock, 'sim', 0x480);
    const line = await new MemoryPorts([board]).open('sim', 115_200, '8E1');
    const loader = new Stm32Bootloader(new ByteLine(line, timersOf(clock)));
    const { bytes } = board.chip.flash;
    const half = bytes.length / 2;
    const halves = (): boolean[] =>
      [bytes.subarray(0, half), bytes.subarray(half)].map((each) => each.every((b) => b === 0xff));
    await loader.sync();
    await loader.get();
    bytes.fill(0);
    await loader.eraseBank(2);
    expect(halves()).toEqual([false, true]);
    bytes.fill(0);
    await loader.eraseBank(1);
    expect(halves()).toEqual([true, false]);
    await loader.eraseAll();
    expect(halves()).toEqual([true, true]);

    await loader.writeProtect([2]);
    await new Promise<void>((resolve) => clock.after(20_000_000, resolve));
    await loader.sync();
    await loader.write(FLASH + 2 * 8192, Uint8Array.of(1, 2, 3, 4));
    // No error is returned, and nothing is written.
    expect(bytes[2 * 8192]).toBe(0xff);
    await loader.readoutProtect();
    await new Promise<void>((resolve) => clock.after(20_000_000, resolve));
    await loader.sync();
    await expect(loader.read(FLASH, 4)).rejects.toThrow('refuses Read Memory (NACK)');
  });
});
