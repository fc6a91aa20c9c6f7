import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SerialLine, SerialLineOpener } from '../../src/hal/serial-line.ts';

export interface SerialSubject {
  readonly opener: SerialLineOpener;
  /** The two ends of one cable. */
  readonly paths: readonly [string, string];
  /** Pulls out the adapter of the first path; asked only where that can be done. */
  unplug?(): void;
  dispose(): Promise<void>;
}

const BAUD_RATE = 115_200;

/**
 * What every SerialLine and its opener promise.
 * @param device whether a test can pull it out
 */
export function serialLineContract(
  name: string,
  device: 'unpluggable' | 'fixed',
  setup: () => Promise<SerialSubject>,
): void {
  describe(`SerialLine contract: ${name}`, () => {
    let subject: SerialSubject;
    let lines: SerialLine[] = [];
    const open = async (end: 0 | 1): Promise<SerialLine> => {
      const line = await subject.opener.open(subject.paths[end], BAUD_RATE);
      lines.push(line);
      return line;
    };
    beforeEach(async () => {
      subject = await setup();
      lines = [];
    });
    afterEach(async () => {
      for (const line of lines) await line.close();
      await subject.dispose();
    });

    it('says its path and baud rate', async () => {
      const line = await open(0);
      expect([line.path, line.baudRate]).toEqual([subject.paths[0], BAUD_RATE]);
      await line.setBaudRate(9600);
      expect(line.baudRate).toBe(9600);
    });

    it('delivers all the bytes of all the writes in their order, both ways', async () => {
      const [near, far] = [await open(0), await open(1)];
      const sent = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 0xff);
      const [atFar, atNear] = [collect(far), collect(near)];
      // Not awaited one by one: the order of the calls is the order on the line.
      const writes = [];
      for (let i = 0; i < sent.length; i += 100) {
        writes.push(near.write(sent.subarray(i, i + 100)), far.write(sent.subarray(i, i + 100)));
      }
      await Promise.all(writes);
      expect(await atFar.until(1000)).toEqual(sent);
      expect(await atNear.until(1000)).toEqual(sent);
    });

    it.each([
      ['a Uint8Array', Uint8Array.of(1, 2, 3)],
      ['a Node Buffer', Buffer.of(1, 2, 3)],
    ])('has taken the bytes of %s when write returns: the caller may use his buffer again', async (_, buffer) => {
      const [near, far] = [await open(0), await open(1)];
      const received = collect(far);
      await near.write(buffer);
      buffer.fill(9);
      expect(await received.until(3)).toEqual(Uint8Array.of(1, 2, 3));
    });

    it('keeps the bytes that came before a listener was set', async () => {
      const [near, far] = [await open(0), await open(1)];
      await near.write(Uint8Array.of(4, 5));
      await settle();
      expect(await collect(far).until(2)).toEqual(Uint8Array.of(4, 5));
    });

    it('throws away what was not delivered yet on flush', async () => {
      const [near, far] = [await open(0), await open(1)];
      await near.write(Uint8Array.of(6, 7));
      await settle();
      await far.flush();
      const received = collect(far);
      await near.write(Uint8Array.of(8));
      expect(await received.until(1)).toEqual(Uint8Array.of(8));
    });

    it('is one user’s alone until it is closed', async () => {
      const line = await open(0);
      await expect(subject.opener.open(subject.paths[0], BAUD_RATE)).rejects.toMatchObject({ kind: 'busy' });
      await line.close();
      await open(0);
    });

    it('has no port of another name', async () => {
      await expect(subject.opener.open(`${subject.paths[0]}-none`, BAUD_RATE)).rejects.toMatchObject({
        kind: 'no-port',
      });
    });

    it('tells once that it was closed, without a reason, and takes no more bytes', async () => {
      const line = await open(0);
      const reasons: (Error | null)[] = [];
      line.onClose((reason) => reasons.push(reason));
      await line.close();
      await line.close();
      await settle();
      expect(reasons).toEqual([null]);
      await expect(line.write(Uint8Array.of(1))).rejects.toMatchObject({ kind: 'aborted' });
    });

    it('delivers nothing after it was closed', async () => {
      const [near, far] = [await open(0), await open(1)];
      let chunks = 0;
      far.onData(() => chunks++);
      await far.close();
      await near.write(Uint8Array.of(1));
      await settle();
      expect(chunks).toBe(0);
    });

    if (device === 'unpluggable') {
      it('tells once, with the reason, that the device went away', async () => {
        const line = await open(0);
        const reasons: (Error | null)[] = [];
        line.onClose((reason) => reasons.push(reason));
        subject.unplug?.();
        await settle();
        await line.close();
        await settle();
        expect(reasons).toHaveLength(1);
        expect(reasons[0]).toMatchObject({ kind: 'reader-lost' });
        await expect(line.write(Uint8Array.of(1))).rejects.toMatchObject({ kind: 'reader-lost' });
      });
    }
  });
}

/** Copies what a line receives, for a chunk is valid during the call only. */
function collect(line: SerialLine): { until(length: number): Promise<Uint8Array> } {
  const bytes: number[] = [];
  let wake = (): void => {};
  line.onData((chunk) => {
    bytes.push(...chunk);
    wake();
  });
  return {
    async until(length) {
      while (bytes.length < length) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return Uint8Array.from(bytes);
    },
  };
}

/** Lets everything that is under way in this process, and a little of what is in the kernel, arrive. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
