import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { SystemSerialPorts } from '../../src/hal/serial/serial-port.ts';
import type { SerialLine, SerialLineOpener } from '../../src/hal/serial-line.ts';
import { serialLineContract } from '../contract/serial-line.ts';
import { describeNeeds, itNeeds } from './real-parts.ts';

/** socat passes bytes on some time after they were written: longer than a test that counts turns of the loop waits. */
const ARRIVAL_MS = 300;

/** Two pseudo-terminals joined by socat. */
class Cable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'vitap-serial-'));
  readonly paths: readonly [string, string] = [join(this.folder, 'near'), join(this.folder, 'far')];
  #socat: ChildProcess | null = null;

  async plugIn(): Promise<void> {
    const ends = this.paths.map((path) => `pty,raw,echo=0,link=${path}`);
    this.#socat = spawn('socat', ends, { stdio: 'ignore' });
    await vi.waitFor(() => {
      if (!this.paths.every((path) => existsSync(path))) throw new Error('socat has made no pty yet');
    }, 5000);
  }

  async unplug(): Promise<void> {
    const socat = this.#socat;
    this.#socat = null;
    if (socat === null) return;
    const ended = once(socat, 'exit');
    socat.kill();
    await ended;
  }

  async dispose(): Promise<void> {
    await this.unplug();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Throws away what is under way too: socat has had the time to pass it on. */
const unhurried: SerialLineOpener = {
  async open(path, baudRate) {
    const line: SerialLine = await new SystemSerialPorts().open(path, baudRate);
    const flush = line.flush.bind(line);
    line.flush = async () => {
      await pause(ARRIVAL_MS);
      await flush();
    };
    return line;
  },
};

describeNeeds(['socat'], 'serialport on pseudo-terminals', () => {
  serialLineContract('serialport', 'fixed', async () => {
    const cable = new Cable();
    await cable.plugIn();
    return { opener: unhurried, paths: cable.paths, dispose: () => cable.dispose() };
  });

  itNeeds(['socat'], 'tells once, with the reason, that the device went away', async () => {
    const cable = new Cable();
    await cable.plugIn();
    const line = await new SystemSerialPorts().open(cable.paths[0], 115_200);
    const reasons: (Error | null)[] = [];
    line.onClose((reason) => reasons.push(reason));
    await cable.unplug();
    await vi.waitFor(() => expect(reasons).toHaveLength(1), 5000);
    expect(reasons[0]).toMatchObject({ kind: 'reader-lost' });
    await expect(line.write(Uint8Array.of(1))).rejects.toMatchObject({ kind: 'reader-lost' });
    await line.close();
    expect(reasons).toHaveLength(1);
    await cable.dispose();
  });

  itNeeds(['socat'], 'keeps its rate until it is told another', async () => {
    const cable = new Cable();
    await cable.plugIn();
    const line = await new SystemSerialPorts().open(cable.paths[0], 115_200);
    for (const rate of [921_600, 1_288_000, 230_400]) {
      await line.setBaudRate(rate);
      expect(line.baudRate).toBe(rate);
    }
    await line.close();
    await cable.dispose();
  });

  itNeeds(['socat'], 'has no port in what is no serial port', async () => {
    const open = (path: string): Promise<SerialLine> => new SystemSerialPorts().open(path, 115_200);
    await expect(open('/etc/hostname')).rejects.toMatchObject({
      kind: 'no-port',
      message: '/etc/hostname is not a serial port.',
    });
    await expect(open('/tmp')).rejects.toMatchObject({ kind: 'no-port' });
    await expect(open('/dev/ttyNone')).rejects.toMatchObject({ message: 'There is no serial port /dev/ttyNone.' });
  });
});
