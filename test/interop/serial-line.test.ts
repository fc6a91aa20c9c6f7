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
    await once(this.#socat, 'spawn');
    await vi.waitFor(() => {
      if (!this.paths.every((path) => existsSync(path))) throw new Error('socat has made no pty yet');
    }, 5000);
  }

  /** Nothing is passed on any more. */
  freeze(): void {
    this.#socat?.kill('SIGSTOP');
  }

  async unplug(): Promise<void> {
    const socat = this.#socat;
    this.#socat = null;
    if (socat === null) return;
    const ended = once(socat, 'exit');
    // It does not listen to less while it is stopped.
    socat.kill('SIGKILL');
    for (const path of this.paths) rmSync(path, { force: true });
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

const open = (path: string): Promise<SerialLine> => new SystemSerialPorts().open(path, 115_200);

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

  itNeeds(
    ['socat'],
    'carries more than the port takes at once, whole and in order, and drains it before a change of rate',
    async () => {
      const cable = new Cable();
      await cable.plugIn();
      const [near, far] = [await open(cable.paths[0]), await open(cable.paths[1])];
      const sent = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
      const received: number[] = [];
      const all = new Promise<void>((resolve) => {
        far.onData((chunk) => {
          for (const byte of chunk) received.push(byte);
          if (received.length === sent.length) resolve();
        });
      });
      const writes: Promise<void>[] = [];
      for (let i = 0; i < sent.length; i += 7500) writes.push(near.write(sent.subarray(i, i + 7500)));
      await Promise.all([all, ...writes]);
      expect(Buffer.from(received).equals(sent)).toBe(true);
      await near.setBaudRate(921_600);
      await near.close();
      await far.close();
      await cable.dispose();
    },
  );

  itNeeds(['socat'], 'ends writes that wait when the port is closed, and when it goes away', async () => {
    for (const kind of ['aborted', 'reader-lost']) {
      const cable = new Cable();
      await cable.plugIn();
      const line = await open(cable.paths[0]);
      cable.freeze();
      const writes = Array.from({ length: 3 }, () => line.write(new Uint8Array(200_000)));
      const ended = Promise.all(writes.map((write) => expect(write).rejects.toMatchObject({ kind })));
      if (kind === 'aborted') await line.close();
      else await cable.unplug();
      await ended;
      await line.close();
      await cable.dispose();
    }
  });

  itNeeds(['socat'], 'is nobody else’s when its number is used again', async () => {
    const cable = new Cable();
    await cable.plugIn();
    const far = await open(cable.paths[1]);
    let arrived = (): void => {};
    let stale = 0;
    far.onData(() => arrived());
    for (let turn = 0; turn < 30; turn++) {
      const line = await open(cable.paths[0]);
      line.onData(() => stale++);
      const came = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      await line.write(Uint8Array.of(turn));
      await came;
      await line.close();
      await expect(line.write(Uint8Array.of(turn))).rejects.toMatchObject({ kind: 'aborted' });
    }
    expect(stale).toBe(0);
    await far.close();
    await cable.dispose();
  });

  itNeeds(['socat'], 'can be opened again at once when its adapter is back', async () => {
    const cable = new Cable();
    await cable.plugIn();
    for (let turn = 0; turn < 3; turn++) {
      const line = await open(cable.paths[0]);
      const gone = new Promise<Error | null>((resolve) => line.onClose(resolve));
      await cable.unplug();
      expect(await gone).toMatchObject({ kind: 'reader-lost' });
      await line.close();
      await cable.plugIn();
    }
    await cable.dispose();
  });

  itNeeds(['socat'], 'has no port in what is no serial port', async () => {
    await expect(open('/etc/hostname')).rejects.toMatchObject({
      kind: 'no-port',
      message: '/etc/hostname is not a serial port',
    });
    await expect(open('/tmp')).rejects.toMatchObject({ kind: 'no-port' });
    await expect(open('/dev/ttyNone')).rejects.toMatchObject({ message: 'there is no serial port /dev/ttyNone' });
  });
});
