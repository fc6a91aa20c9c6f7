import { describe, expect, it, vi } from 'vitest';
import { parseFault } from '../../../rig/sim/faults/parse.ts';
import { type SimulatedPair, simulatedPair } from '../../../rig/sim/pair.ts';
import { HsuPort } from '../../../src/hal/pn532/hsu-port.ts';
import { noRepairs } from '../../../src/hal/pn532/repairs.ts';
import { MemorySerialCable } from '../../../src/hal/serial/memory.ts';
import type { SerialLine } from '../../../src/hal/serial-line.ts';
import { answer, HOST_PATH, response, ScriptedChip } from './scripted-chip.ts';

/** A board with these faults, and its port. */
function board(faults: readonly string[] = [], baudRate = 921_600) {
  const pair = simulatedPair({ a: { faults: faults.map((text) => parseFault(`a:${text}`).fault) } });
  return { pair, port: new HsuPort({ opener: pair.opener, path: pair.paths.a, baudRate }) };
}

/** The chip falls asleep a moment after it has said that it will. */
const asleep = (pair: SimulatedPair): Promise<void> => vi.waitFor(() => expect(pair.a.chip.asleep).toBe(true), 20_000);

describe('a PN532 on a serial port', () => {
  it('is woken, known, brought to a fast line, and put back to sleep at the rate of its power-up', async () => {
    const { pair, port } = board();
    expect(pair.a.chip.asleep).toBe(true);
    const connection = await port.open();
    expect(connection.firmware).toEqual({ ic: 0x32, version: 1, revision: 6, support: 7 });
    expect([connection.baudRate, pair.a.chip.baudRate]).toEqual([921_600, 921_600]);
    await connection.close();
    await asleep(pair);
    expect(pair.a.chip.baudRate).toBe(115_200);
  });

  it.each([115_200, 230_400, 460_800, 921_600, 1_288_000])('goes to %i baud and back', async (baudRate) => {
    const { pair, port } = board([], baudRate);
    const connection = await port.open();
    expect([connection.baudRate, pair.a.chip.baudRate]).toEqual([baudRate, baudRate]);
    await connection.close();
    expect(pair.a.chip.baudRate).toBe(115_200);
    const again = await port.open();
    expect(again.firmware.ic).toBe(0x32);
    await again.close();
  });

  it('is found at the rate at which a program that died has left it', async () => {
    const { pair } = board();
    let line: SerialLine | null = null;
    const opener = {
      async open(path: string, baudRate: number) {
        line = await pair.opener.open(path, baudRate);
        return line;
      },
    };
    await new HsuPort({ opener, path: pair.paths.a }).open();
    // The program is gone without a word, and the system has closed its port.
    await line!.close();
    expect(pair.a.chip.baudRate).toBe(921_600);
    const connection = await new HsuPort({ opener, path: pair.paths.a, baudRate: 115_200 }).open();
    expect([connection.firmware.ic, connection.baudRate, pair.a.chip.baudRate]).toEqual([0x32, 115_200, 115_200]);
    await connection.close();
  });

  it('is put to sleep in the middle of a command', async () => {
    const { pair, port } = board();
    const connection = await port.open();
    const waiting = connection.chip.tgInitAsTarget({ mode: 5, mifare: Uint8Array.of(4, 0, 1, 2, 3, 0x20) });
    const refused = expect(waiting).rejects.toMatchObject({ kind: 'aborted' });
    await connection.close();
    await refused;
    await asleep(pair);
  });

  it.each<[string, readonly string[], string, RegExp]>([
    ['silent', ['mute'], 'timeout', /^nothing answers on sim-a: is the board powered, set to HSU, and are RX and TX/],
    ['that sends noise', ['garbage'], 'protocol', /^what answers on sim-a makes no sense at any baud rate/],
    ['of another kind', ['other-chip'], 'unsupported', /^the chip on sim-a says that it is a PN533; only the PN532/],
    ['with old firmware', ['old-firmware'], 'unsupported', /^the PN532 on sim-a has firmware 1\.4; 1\.6 or later/],
    ['that gets stuck', ['stuck@2'], 'timeout', /^the PN532 on sim-a (does not answer|gave no response)/],
  ])(
    'a chip %s is said to be so',
    async (_, faults, kind, words) => {
      const { port } = board(faults);
      const error = await port.open().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'HalError', kind });
      expect((error as Error).message).toMatch(words);
      // One sentence.
      expect((error as Error).message).not.toContain('\n');
    },
    15_000,
  );

  it.each([
    ['lose-ack@2'],
    ['lose-ack@1-2'],
    ['lose-response@2'],
    ['flip-to-host=3@9'],
    ['flip-to-host=0@20'],
    ['flip-to-chip=1@25'],
    ['slow-host=30'],
    ['latency-timer'],
  ])('is opened in spite of %s', async (fault) => {
    const { pair, port } = board([fault]);
    const connection = await port.open();
    expect(connection.firmware.revision).toBe(6);
    await connection.close();
    await asleep(pair);
  });

  it('comes to its rate though what makes it change is lost once', async () => {
    const { pair } = board();
    let lost = 0;
    const opener = {
      async open(path: string, baudRate: number) {
        const line = await pair.opener.open(path, baudRate);
        const write = line.write.bind(line);
        // The host's ACK frame, as long as no other.
        line.write = (bytes) => (bytes.length === 6 && lost++ === 0 ? Promise.resolve() : write(bytes));
        return line;
      },
    };
    const connection = await new HsuPort({ opener, path: pair.paths.a }).open();
    expect([connection.baudRate, pair.a.chip.baudRate]).toEqual([921_600, 921_600]);
    expect(lost).toBeGreaterThan(1);
    await connection.close();
  });

  it('whose line carries nothing before every rate was tried is found at that of its power-up, and the tries are shown', async () => {
    const { pair } = board();
    const asked = new Set<number>();
    const opener = {
      async open(path: string, baudRate: number) {
        const line = await pair.opener.open(path, baudRate);
        const write = line.write.bind(line);
        line.write = (bytes) => {
          asked.add(line.baudRate);
          return asked.size < 5 ? Promise.resolve() : write(bytes);
        };
        return line;
      },
    };
    const repairs = noRepairs();
    const connection = await new HsuPort({ opener, path: pair.paths.a, repairs, baudRate: 115_200 }).open();
    expect([connection.firmware.ic, connection.baudRate, pair.a.chip.baudRate]).toEqual([0x32, 115_200, 115_200]);
    expect(repairs.rateTries).toBe(5);
    await connection.close();
  });

  it('that is unplugged while it is opened is said to be lost, and the port is free again', async () => {
    const { pair, port } = board(['unplug@60']);
    await expect(port.open()).rejects.toMatchObject({ kind: 'reader-lost' });
    pair.a.plug();
    await expect(pair.opener.open(pair.paths.a, 115_200)).resolves.toBeDefined();
  });

  it('passes on why a port cannot be opened', async () => {
    const cable = new MemorySerialCable(['one', 'two']);
    const at = (path: string) => new HsuPort({ opener: cable, path });
    await expect(at('three').open()).rejects.toMatchObject({ kind: 'no-port' });
    await cable.open('one', 115_200);
    await expect(at('one').open()).rejects.toMatchObject({ kind: 'busy' });
  });

  it('is opened under another path when its adapter has come back there', async () => {
    const { pair } = board();
    const asked: string[] = [];
    const opener = {
      open: (path: string, baudRate: number) => {
        asked.push(path);
        return pair.opener.open('sim-a', baudRate);
      },
    };
    let now = '/dev/ttyUSB0';
    const finder = { identify: async () => '1a86:7523:X', find: async () => now };
    const port = new HsuPort({ opener, path: '/dev/ttyUSB0', finder });
    await (await port.open()).close();
    now = '/dev/ttyUSB1';
    await (await port.open()).close();
    expect(asked).toEqual(['/dev/ttyUSB0', '/dev/ttyUSB1']);
  });

  it('that knows no SAMConfiguration is another chip', async () => {
    const chip = new ScriptedChip(() => [response('7f'), Uint8Array.of(0, 0, 0xff, 1, 0xff, 0x7f, 0x81, 0)]);
    await chip.plugIn();
    await expect(new HsuPort({ opener: chip.cable, path: HOST_PATH }).open()).rejects.toMatchObject({
      kind: 'unsupported',
    });
  });

  it('with a version of two bytes is an older chip', async () => {
    const chip = new ScriptedChip(([code]) => answer(code === 0x02 ? '030402' : '15'));
    await chip.plugIn();
    await expect(new HsuPort({ opener: chip.cable, path: HOST_PATH }).open()).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('PN531'),
    });
  });

  it('on a line that does not carry the rate is lost with it, and what to do is said', async () => {
    // A bridge that is deaf above 230400 baud.
    const { pair } = board();
    const opener = {
      async open(path: string, baudRate: number) {
        const line = await pair.opener.open(path, baudRate);
        const write = line.write.bind(line);
        line.write = (bytes) => (line.baudRate > 230_400 ? Promise.resolve() : write(bytes));
        return line;
      },
    };
    // The chip follows to a rate where it is never heard again: only power helps it then.
    const unheard = new HsuPort({ opener, path: pair.paths.a }).open();
    await expect(unheard).rejects.toMatchObject({
      kind: 'protocol',
      message: expect.stringContaining(
        'does not carry 921600 baud: unplug the board, plug it in, and name a lower rate',
      ),
    });
    pair.a.unplug();
    pair.a.plug();
    const connection = await new HsuPort({ opener, path: pair.paths.a, baudRate: 230_400 }).open();
    expect(connection.baudRate).toBe(230_400);
    await connection.close();
  }, 15_000);
});
