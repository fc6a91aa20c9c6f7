import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { SimulatedBoard } from '../../rig/sim/board.ts';
import { parseFault } from '../../rig/sim/faults/parse.ts';
import { Field } from '../../rig/sim/field/field.ts';
import { PtyPort } from '../../rig/sim/serial/pty-port.ts';
import { RealTimeline } from '../../rig/sim/timeline.ts';
import type { LinkEvent } from '../../src/hal/card-link.ts';
import { Pn532CardLink } from '../../src/hal/pn532/card-link.ts';
import { WAKE_UP } from '../../src/hal/pn532/hsu.ts';
import { HsuPort } from '../../src/hal/pn532/hsu-port.ts';
import { Pn532Reader } from '../../src/hal/pn532/reader.ts';
import { SystemSerialPorts } from '../../src/hal/serial/serial-port.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { systemRandom } from '../../src/hal/system/random.ts';
import { whileServed } from '../contract/served-link.ts';
import { measured, produced, TOY, ToyCard, toyCommand } from '../contract/toy-card.ts';
import { describeNeeds, itNeeds } from './real-parts.ts';

/** Two simulated boards on pseudo-terminals, in real time, driven through the real serialport. */
describeNeeds(['socat'], 'two boards on pseudo-terminals', () => {
  const opener = new SystemSerialPorts();
  let folder: string;
  let timeline: RealTimeline;
  let boards: SimulatedBoard[];
  let ports: PtyPort[];

  const plugIn = async (faults: readonly string[] = []): Promise<void> => {
    const field = new Field(timeline);
    for (const name of ['a', 'b']) {
      const own = faults.map(parseFault).filter(({ board }) => board === name);
      const board = new SimulatedBoard(name, timeline, field, { faults: own.map(({ fault }) => fault) });
      boards.push(board);
      ports.push(await PtyPort.open(join(folder, name), board, () => {}));
    }
  };
  const port = (name: string): HsuPort => new HsuPort({ opener, path: join(folder, name) });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-pn532-'));
    timeline = new RealTimeline();
    boards = [];
    ports = [];
  });
  afterEach(async () => {
    for (const each of ports) await each.close();
    timeline.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const mode of ['picc', 'raw'] as const) {
    itNeeds(['socat'], `carry APDUs from a reader to a card and back, ${mode}, and sleep at the end`, async () => {
      await plugIn();
      const card = new ToyCard();
      const link = new Pn532CardLink({ port: port('b'), clock: systemClock, random: systemRandom, mode });
      const reader = new Pn532Reader({ port: port('a'), clock: systemClock });
      await whileServed(link, card, async () => {
        const session = await reader.connect({ timeoutMs: 10_000 });
        expect(session.atr).toEqual(card.atr());
        const longest = mode === 'picc' ? 262 : 1000;
        for (const length of [4, 100, longest]) {
          const command = toyCommand(TOY.measure, length);
          expect([length, (await session.transmit(command)).response]).toEqual([length, measured(command)]);
          const { response } = await session.transmit(toyCommand(TOY.produce, 5, length - 2));
          expect([length, Buffer.compare(response, produced(length - 2))]).toEqual([length, 0]);
        }
        await session.disconnect();
        await reader.close();
      });
      await vi.waitFor(() => expect(boards.map(({ chip }) => chip.asleep)).toEqual([true, true]), 20_000);
      expect(boards.map(({ chip }) => chip.baudRate)).toEqual([115_200, 115_200]);
    });
  }

  itNeeds(['socat'], 'go on after the card’s board was pulled out and plugged in again', async () => {
    await plugIn();
    const events: LinkEvent['type'][] = [];
    const link = new Pn532CardLink({ port: port('b'), clock: systemClock, random: systemRandom });
    const reader = new Pn532Reader({ port: port('a'), clock: systemClock });
    const work = async (): Promise<void> => {
      const first = await reader.connect({ timeoutMs: 10_000 });
      await first.transmit(toyCommand(TOY.echo, 4));
      boards[1]!.unplug();
      await expect(first.transmit(toyCommand(TOY.echo, 4))).rejects.toMatchObject({ kind: 'card-removed' });
      await vi.waitFor(() => expect(events.at(-1)).toBe('lost'), 5000);
      boards[1]!.plug();
      const second = await reader.connect({ timeoutMs: 10_000 });
      const { response } = await second.transmit(toyCommand(TOY.odd, 4));
      expect(response).toEqual(Uint8Array.of(0x12, 0x34));
      await reader.close();
    };
    await whileServed(link, new ToyCard(), work, ({ type }) => events.push(type));
  });

  itNeeds(['socat'], 'say that the reader was pulled out, as soon as it is', async () => {
    await plugIn();
    const link = new Pn532CardLink({ port: port('b'), clock: systemClock, random: systemRandom });
    const reader = new Pn532Reader({ port: port('a'), clock: systemClock });
    await whileServed(link, new ToyCard(), async () => {
      const session = await reader.connect({ timeoutMs: 10_000 });
      boards[0]!.unplug();
      await expect(session.transmit(toyCommand(TOY.echo, 4))).rejects.toMatchObject({ kind: 'reader-lost' });
      await reader.close();
    });
  });

  itNeeds(['socat'], 'are heard after a program that hung up, which is speed 0, and wrote all the same', async () => {
    await plugIn();
    const path = join(folder, 'a');
    // It sets the speed, and says that the speed of the other way is not what it asked for.
    spawnSync('stty', ['-F', path, '0']);
    writeFileSync(path, WAKE_UP);
    // The simulation reads the speed with the bytes. On a machine that is slower than this the test shows nothing.
    await pause(100);
    const connection = await port('a').open();
    expect(connection.baudRate).toBe(921_600);
    await connection.close();
  });

  itNeeds(['socat'], 'read whole in spite of lost and damaged frames on both lines', async () => {
    await plugIn(['a:lose-ack@12', 'a:flip-to-host=4@900', 'b:lose-ack@9', 'b:flip-to-host=2@700', 'a:lose-air@9']);
    const link = new Pn532CardLink({ port: port('b'), clock: systemClock, random: systemRandom });
    const reader = new Pn532Reader({ port: port('a'), clock: systemClock });
    await whileServed(link, new ToyCard(), async () => {
      const session = await reader.connect({ timeoutMs: 10_000 });
      for (let i = 0; i < 20; i++) {
        const command = toyCommand(TOY.echo, 40 + i, i);
        expect((await session.transmit(command)).response).toEqual(Uint8Array.of(...command, 0x90, 0x00));
      }
      await reader.close();
    });
  });
});
