import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ACK, ERROR_FRAME, encodeFrame, TFI } from '../../../src/hal/pn532/frame.ts';
import { HsuTransport } from '../../../src/hal/pn532/hsu.ts';
import type { CommandOptions } from '../../../src/hal/pn532/transport.ts';
import { answer, damaged, HOST_PATH, type Reaction, response, ScriptedChip } from './scripted-chip.ts';

const QUICK: CommandOptions = { timeoutMs: 300, repeatable: true };
const ONCE: CommandOptions = { timeoutMs: 300, repeatable: false };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const GET_FIRMWARE = Uint8Array.of(0x02);
const ack = ACK as Uint8Array;

/** The first command after one that may be answered still. */
const MARKER = '00006d61726b65720001';

/** Markers are answered as a chip does it, and are no turn of `react`, unless it is `mute` to them. */
async function joined(
  react: (command: Uint8Array, times: number) => Reaction,
  chunk?: (length: number) => number,
  mute = false,
): Promise<{ chip: ScriptedChip; hsu: HsuTransport }> {
  let times = 0;
  const chip = new ScriptedChip(
    (command) => {
      if (command[0] !== 0x00) return react(command, ++times);
      return mute ? [] : answer(`01${hex(command.subarray(1))}`);
    },
    chunk === undefined ? {} : { chunk },
  );
  await chip.plugIn();
  return { chip, hsu: new HsuTransport(await chip.cable.open(HOST_PATH, 115_200)) };
}

describe('HsuTransport', () => {
  it('brings a command its response', async () => {
    const { hsu, chip } = await joined(() => answer('0332010607'));
    expect(hex(await hsu.exchange(GET_FIRMWARE, QUICK))).toBe('0332010607');
    expect(chip.heard).toEqual(['02']);
    expect(hsu.onlyGarbage).toBe(false);
  });

  it('sends what wakes the chip and the command in one breath, until the chip was heard', async () => {
    const { hsu, chip } = await joined((_, times) => (times === 1 ? [] : answer('15')));
    hsu.wakeWithNextCommand();
    await hsu.exchange(Uint8Array.of(0x14, 0x01), QUICK);
    const wake = '55550000000000000000000000000000';
    expect(hex(Uint8Array.from(chip.bytes))).toBe(`${wake}0000ff03fdd414011700`.repeat(2));
    chip.bytes.length = 0;
    await hsu.exchange(Uint8Array.of(0x14, 0x01), QUICK);
    expect(hex(Uint8Array.from(chip.bytes))).toBe('0000ff0bf5d400006d61726b65720001a900' + '0000ff03fdd414011700');
  });

  it('carries commands out in the order of the calls', async () => {
    const { hsu, chip } = await joined(([code, data]) => answer(hex(Uint8Array.of(code! + 1, data!))));
    const responses = [1, 2, 3].map((data) => hsu.exchange(Uint8Array.of(0x40, data), ONCE));
    expect((await Promise.all(responses)).map(hex)).toEqual(['4101', '4102', '4103']);
    expect(chip.heard).toEqual(['4001', '4002', '4003']);
  });

  describe('never takes an old answer for that to the next command, however long the line holds it back:', () => {
    const echo = (command: Uint8Array): Reaction => answer(hex(Uint8Array.of(command[0]! + 1, command[1] ?? 0)));

    it('to a command that was sent twice', async () => {
      const { hsu, chip } = await joined((command, times) => {
        if (times === 1) return [];
        // Both are answered, the second one late.
        if (times === 2) {
          chip.send(echo(command));
          chip.stall(60);
        }
        return echo(command);
      });
      expect(hex(await hsu.exchange(Uint8Array.of(0x40, 1), QUICK))).toBe('4101');
      expect(hex(await hsu.exchange(Uint8Array.of(0x40, 2), QUICK))).toBe('4102');
      expect(hex(await hsu.exchange(Uint8Array.of(0x40, 3), QUICK))).toBe('4103');
      expect(chip.heard).toEqual(['4001', '4001', MARKER, '4002', '4003']);
    });

    it('that was asked for twice', async () => {
      const { hsu, chip } = await joined((command, times) =>
        times === 1 ? [ack, damaged(response('4101'))] : echo(command),
      );
      chip.onControl = () => {
        chip.send([response('4101')]);
        chip.stall(60);
        return [response('4101')];
      };
      expect(hex(await hsu.exchange(Uint8Array.of(0x40, 1), ONCE))).toBe('4101');
      expect(hex(await hsu.exchange(Uint8Array.of(0x40, 2), ONCE))).toBe('4102');
      expect(chip.heard).toEqual(['4001', 'NACK', MARKER, '4002']);
    });

    it('to a command that was given up', async () => {
      const { hsu, chip } = await joined((command, times) => {
        if (times === 1) chip.stall(250);
        return echo(command);
      });
      const given = hsu.exchange(Uint8Array.of(0x40, 1), { timeoutMs: 50, repeatable: false });
      await expect(given).rejects.toMatchObject({ kind: 'timeout' });
      expect(hex(await hsu.exchange(Uint8Array.of(0x40, 2), { timeoutMs: 1000, repeatable: false }))).toBe('4102');
    });

    it('and fails when what would tell them apart is not answered either', async () => {
      const { hsu } = await joined(
        (command, times) => (times === 1 ? [ack, damaged(echo(command)[1]!)] : []),
        undefined,
        true,
      );
      await expect(hsu.exchange(Uint8Array.of(0x40, 1), ONCE)).rejects.toMatchObject({ kind: 'timeout' });
      await expect(hsu.exchange(Uint8Array.of(0x40, 2), ONCE)).rejects.toMatchObject({ kind: 'timeout' });
      await expect(hsu.exchange(Uint8Array.of(0x42, 2), ONCE)).rejects.toMatchObject({ kind: 'timeout' });
    });
  });

  describe('while a command waits for its marker', () => {
    /** One command is over without its answer, and the marker before the next is on its way. */
    async function waiting(): Promise<{ chip: ScriptedChip; hsu: HsuTransport; next: Promise<unknown> }> {
      const { hsu, chip } = await joined((_, times) => (times === 1 ? [ack] : answer('4102')), undefined, true);
      const given = hsu.exchange(Uint8Array.of(0x40, 1), { timeoutMs: 20, repeatable: false });
      await expect(given).rejects.toMatchObject({ kind: 'timeout' });
      const next = hsu.exchange(Uint8Array.of(0x40, 2), ONCE).catch((error: unknown) => error);
      await vi.waitFor(() => expect(chip.heard).toEqual(['4001', 'ACK', MARKER]), 20_000);
      return { chip, hsu, next };
    }

    it('it fails when the port is unplugged', async () => {
      const { chip, next } = await waiting();
      chip.cable.unplug(HOST_PATH);
      expect(await next).toMatchObject({ kind: 'reader-lost' });
    });

    it('it fails when the port is closed', async () => {
      const { hsu, next } = await waiting();
      await hsu.close();
      expect(await next).toMatchObject({ kind: 'aborted' });
    });

    it('it can be called back and is not sent, and a sleeping chip is woken without a marker', async () => {
      const { chip, hsu, next } = await waiting();
      hsu.abort();
      expect(await next).toMatchObject({ kind: 'aborted' });
      hsu.wakeWithNextCommand();
      expect(hex(await hsu.exchange(Uint8Array.of(0x40, 3), ONCE))).toBe('4102');
      expect(chip.heard).toEqual(['4001', 'ACK', MARKER, 'ACK', '4003']);
    });
  });

  describe('when something is lost or damaged', () => {
    it.each<[string, Reaction]>([
      ['the acknowledgement is lost', [response('4100')]],
      ['the acknowledgement is damaged', [Uint8Array.of(0, 0, 0xff, 0, 0xfe, 0), response('4100')]],
      ['noise comes before', [Uint8Array.of(0x5a, 0xff, 0x00), ack, response('4100')]],
      ['noise comes between', [ack, Uint8Array.of(0x12, 0x00, 0x34), response('4100')]],
      ['a late response of another command comes before', [response('0300'), ack, response('4100')]],
      ['our own frame comes back', [encodeFrame(TFI.hostToChip, Uint8Array.of(0x40)), ack, response('4100')]],
    ])('does without: %s', async (_, reaction) => {
      const { hsu, chip } = await joined(() => reaction);
      expect(hex(await hsu.exchange(Uint8Array.of(0x40), ONCE))).toBe('4100');
      expect(chip.heard).toEqual(['40']);
    });

    it('asks with NACK for a response that came damaged', async () => {
      const { hsu, chip } = await joined(() => [ack, damaged(response('41009000'))]);
      chip.onControl = () => [response('41009000')];
      expect(hex(await hsu.exchange(Uint8Array.of(0x40), ONCE))).toBe('41009000');
      expect(chip.heard).toEqual(['40', 'NACK']);
    });

    it('asks with NACK for a response that was cut short', async () => {
      const { hsu, chip } = await joined(() => [ack, response('41009000').subarray(0, 8)]);
      chip.onControl = () => [response('41009000')];
      expect(hex(await hsu.exchange(Uint8Array.of(0x40), ONCE))).toBe('41009000');
      expect(chip.heard).toEqual(['40', 'NACK']);
    });

    it('asks with NACK for a response whose beginning is damaged', async () => {
      const ruined = response('41009000');
      ruined[2]! ^= 0x08;
      const { hsu, chip } = await joined(() => [ack, ruined]);
      chip.onControl = () => [response('41009000')];
      expect(hex(await hsu.exchange(Uint8Array.of(0x40), ONCE))).toBe('41009000');
      expect(chip.heard).toEqual(['40', 'NACK']);
    });

    it('gives up when every response comes damaged', async () => {
      const { hsu, chip } = await joined(() => [ack, damaged(response('4100'))]);
      chip.onControl = (kind) => (kind === 'nack' ? [damaged(response('4100'))] : []);
      await expect(hsu.exchange(Uint8Array.of(0x40), ONCE)).rejects.toMatchObject({
        kind: 'protocol',
        message: expect.stringContaining('arrive damaged'),
      });
      expect(chip.heard).toEqual(['40', 'NACK', 'NACK', 'NACK', 'ACK']);
    });

    it('sends a command again that was not acknowledged, when that is harmless', async () => {
      const { hsu, chip } = await joined((_, times) => (times < 3 ? [] : answer('0332010607')));
      expect(hex(await hsu.exchange(GET_FIRMWARE, QUICK))).toBe('0332010607');
      expect(chip.heard).toEqual(['02', '02', '02']);
    });

    it('never sends a command twice that must not be carried out twice', async () => {
      const { hsu, chip } = await joined(() => []);
      await expect(hsu.exchange(Uint8Array.of(0x40, 0x01), ONCE)).rejects.toMatchObject({ kind: 'timeout' });
      expect(chip.heard.filter((each) => each === '4001')).toHaveLength(1);
    });

    it('does not take the late response to a repeated command for that of the next one', async () => {
      const { hsu, chip } = await joined((command, times) => {
        if (command[1] !== 0x01) return answer('07bb');
        return times === 1 ? [] : [ack, response('07aa'), ack, response('07aa')];
      });
      expect(hex(await hsu.exchange(Uint8Array.of(0x06, 0x01), QUICK))).toBe('07aa');
      expect(hex(await hsu.exchange(Uint8Array.of(0x06, 0x02), QUICK))).toBe('07bb');
      expect(chip.heard).toEqual(['0601', '0601', MARKER, '0602']);
    });

    it('brings whole responses or an error, never a wrong one, whatever byte is changed and however it is cut', async () => {
      const right = '4100' + '0011223344556677889900ff00ff9000';
      await fc.assert(
        fc.asyncProperty(
          fc.nat(encodeFrame(TFI.chipToHost, Buffer.from(right, 'hex')).length - 1),
          fc.integer({ min: 1, max: 255 }),
          fc.integer({ min: 1, max: 9 }),
          async (at, error, size) => {
            const bad = response(right);
            bad[at]! ^= error;
            const { hsu, chip } = await joined(
              () => [ack, bad],
              () => size,
            );
            chip.onControl = (kind) => (kind === 'nack' ? [response(right)] : []);
            const outcome = await hsu.exchange(Uint8Array.of(0x40), ONCE).then(hex, (reason) => reason.kind);
            expect([right, 'timeout', 'protocol']).toContain(outcome);
          },
        ),
        { numRuns: 60 },
      );
    }, 30_000);
  });

  it('tells an error frame from a response', async () => {
    const { hsu } = await joined(() => [ack, ERROR_FRAME as Uint8Array]);
    await expect(hsu.exchange(Uint8Array.of(0x99), QUICK)).rejects.toMatchObject({
      name: 'HalError',
      kind: 'protocol',
    });
  });

  it('ends a command that waits, with ACK, at once, and goes on', async () => {
    const { hsu, chip } = await joined(([code]) => (code === 0x8c ? [ack] : answer('0332010607')));
    const waiting = expect(hsu.exchange(Uint8Array.of(0x8c), { timeoutMs: null, repeatable: true })).rejects;
    await new Promise((resolve) => setImmediate(resolve));
    hsu.abort();
    await waiting.toMatchObject({ kind: 'aborted' });
    expect(hex(await hsu.exchange(GET_FIRMWARE, QUICK))).toBe('0332010607');
    expect(chip.heard).toEqual(['8c', 'ACK', MARKER, '02']);
  });

  it('does not take a response that crossed the abort for that of the next command', async () => {
    const { hsu, chip } = await joined((_, times) => (times === 1 ? [ack] : answer('8d08e080')));
    const waiting = expect(hsu.exchange(Uint8Array.of(0x8c), { timeoutMs: null, repeatable: true })).rejects;
    await new Promise((resolve) => setImmediate(resolve));
    chip.onControl = () => [response('8d00ff')];
    hsu.abort();
    await waiting.toMatchObject({ kind: 'aborted' });
    const next = await hsu.exchange(Uint8Array.of(0x8c), { timeoutMs: null, repeatable: true });
    expect(hex(next)).toBe('8d08e080');
  });

  it('fails what is under way and everything after when the port is unplugged', async () => {
    const { hsu, chip } = await joined(() => [ack]);
    const lost: unknown[] = [];
    hsu.onLost((reason) => lost.push(reason));
    const waiting = expect(hsu.exchange(GET_FIRMWARE, QUICK)).rejects.toMatchObject({ kind: 'reader-lost' });
    await new Promise((resolve) => setImmediate(resolve));
    chip.cable.unplug(HOST_PATH);
    await waiting;
    await expect(hsu.exchange(GET_FIRMWARE, QUICK)).rejects.toMatchObject({ kind: 'reader-lost' });
    expect(lost).toHaveLength(1);
  });

  it('knows that there was nothing but garbage', async () => {
    const { hsu } = await joined(() => [Uint8Array.of(0x80, 0x7f, 0x12, 0x00, 0x13)]);
    await expect(hsu.exchange(GET_FIRMWARE, QUICK)).rejects.toMatchObject({ kind: 'timeout' });
    expect(hsu.onlyGarbage).toBe(true);
  });

  it('refuses what does not fit into a frame', async () => {
    const { hsu, chip } = await joined(() => []);
    await expect(hsu.exchange(new Uint8Array(265), QUICK)).rejects.toMatchObject({ kind: 'too-long' });
    expect(chip.heard).toEqual([]);
  });
});
