import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PcscReader, stuckPcscCalls } from '../../src/hal/pcsc/index.ts';
import { PcscFfiReader, stuckFfiCalls } from '../../src/hal/pcsc-ffi/index.ts';
import type { Reader } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { VPCD_PORT, VpcdLink } from '../../src/hal/vpcd/index.ts';
import { CONTROL, MessageReader } from '../../src/hal/vpcd/messages.ts';
import { whileServed } from '../contract/served-link.ts';
import { TOY, ToyCard, toyCommand } from '../contract/toy-card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds, PCSC_STACK } from './real-parts.ts';
import { SLOTS, serveOnVpcd, slotIsEmpty, type VpcdCard } from './vpcd-card.ts';

const SOON_MS = 10_000;
const OK = Uint8Array.of(0x12, 0x34);
const command = toyCommand(TOY.odd, 4);

/** Both drivers of PC/SC: what goes wrong below them is the same, and so is what they make of it. */
const DRIVERS: readonly {
  readonly name: string;
  readonly make: (options?: { readonly transmitTimeoutMs: number }) => Reader;
  readonly stuckCalls: () => number;
}[] = [
  {
    name: 'pcsc',
    make: (options) => new PcscReader({ clock: systemClock, ...options }),
    stuckCalls: stuckPcscCalls,
  },
  {
    name: 'pcsc-ffi',
    make: (options) => new PcscFfiReader({ clock: systemClock, ...options }),
    stuckCalls: stuckFfiCalls,
  },
];

for (const { name, make, stuckCalls } of DRIVERS)
  describeNeeds(PCSC_STACK, `the PC/SC stack in trouble, read by ${name}`, () => {
    let daemon: Pcscd;
    let reader: Reader;
    let cards: VpcdCard[];
    let holder: ChildProcess | null;
    const insert = async (card: ToyCard, slot: 0 | 1 = 0): Promise<VpcdCard> => {
      const served = await serveOnVpcd(card, { slot });
      cards.push(served);
      return served;
    };
    beforeEach(async () => {
      daemon = await Pcscd.start();
      reader = make();
      cards = [];
      holder = null;
    });
    afterEach(async () => {
      holder?.kill();
      await reader.close();
      for (const { link } of cards) link.stop();
      if (daemon.running) await Promise.all([slotIsEmpty(0), slotIsEmpty(1)]);
      await daemon.stop();
    });

    describeNeeds(['pcscd of our own'], 'pcscd killed', () => {
      it('in the middle of a command: no service, and link and reader are well again when it is back', async () => {
        const card = new ToyCard();
        const { events } = await insert(card);
        const session = await reader.connect({ timeoutMs: SOON_MS });
        card.inCommand = () => {
          card.inCommand = () => {};
          void daemon.kill9();
          // The card is synchronous: the daemon is dead before the answer leaves.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
        };
        await expect(session.transmit(command)).rejects.toMatchObject({ kind: 'no-service' });
        await session.disconnect();
        await expect(reader.connect({ timeoutMs: SOON_MS })).rejects.toMatchObject({ kind: 'no-service' });
        await expect(reader.list()).rejects.toMatchObject({ kind: 'no-service' });
        await vi.waitFor(() => expect(events.at(-1)).toBe('lost'), 20_000);

        daemon = await Pcscd.start();
        const fresh = await reader.connect({ timeoutMs: SOON_MS });
        expect((await fresh.transmit(command)).response).toEqual(OK);
        expect(events.slice(events.indexOf('lost'))).toContain('attached');
        await expect(session.transmit(command)).rejects.toMatchObject({ kind: 'no-service' });
      });

      it('between two commands: no service', async () => {
        await insert(new ToyCard());
        const session = await reader.connect({ timeoutMs: SOON_MS });
        await session.transmit(command);
        await daemon.kill9();
        await expect(session.transmit(command)).rejects.toMatchObject({ kind: 'no-service' });
        await session.disconnect();
      });

      it('while a card is waited for: no service, and not only when the wait is over', async () => {
        await reader.list();
        const refused = expect(reader.connect({ timeoutMs: 3_600_000 })).rejects.toMatchObject({ kind: 'no-service' });
        await daemon.kill9();
        await refused;
      });

      it('leaves a port that refuses a new card', async () => {
        await daemon.kill9();
        const link = new VpcdLink({ interface: 'contact', clock: systemClock });
        await expect(link.serve(new ToyCard())).rejects.toMatchObject({ kind: 'no-port' });
      });
    });

    itNeeds(['pyscard'], 'another program has the reader for itself: busy, until it is gone', async () => {
      await insert(new ToyCard());
      await vi.waitFor(async () => expect((await reader.list())[0]?.cardPresent).toBe(true), SOON_MS);
      holder = await holdWithPyscard(SLOTS[0]);
      await expect(reader.connect({ timeoutMs: 0 })).rejects.toMatchObject({
        kind: 'busy',
        message: `another program is using the reader "${SLOTS[0]}"`,
      });
      holder.stdin!.end();
      await once(holder, 'exit');
      // pcscd notices the end of a client a moment later.
      const session = await vi.waitFor(() => reader.connect({ timeoutMs: 0 }), SOON_MS);
      expect((await session.transmit(command)).response).toEqual(OK);
    });

    it('another program resets the card: the session is over', async () => {
      await insert(new ToyCard());
      const session = await reader.connect({ timeoutMs: SOON_MS });
      await session.transmit(command);
      const other = make();
      await (await other.connect({ timeoutMs: SOON_MS })).reset('warm');
      await other.close();
      await expect(session.transmit(command)).rejects.toMatchObject({
        kind: 'card-removed',
        message: `another program reset the card in "${SLOTS[0]}"`,
      });
    });

    it('a second card on the same slot waits, says so, and takes over', async () => {
      const first = await insert(new ToyCard());
      const second = new VpcdLink({ interface: 'contact', clock: systemClock, silenceMs: 500 });
      const events: string[] = [];
      const takesOver = async (): Promise<void> => {
        await vi.waitFor(() => expect(events).toEqual(['waiting']), SOON_MS);
        first.link.stop();
        await vi.waitFor(() => expect(events).toContain('attached'), SOON_MS);
      };
      await whileServed(second, new ToyCard(), takesOver, ({ type }) => events.push(type));
    });

    it('two cards in two slots: the first, or the one asked for', async () => {
      await insert(new ToyCard(), 1);
      expect((await reader.connect({ timeoutMs: SOON_MS })).reader).toBe(SLOTS[1]);
      await insert(new ToyCard(), 0);
      await vi.waitFor(async () => expect((await reader.list())[0]?.cardPresent).toBe(true), SOON_MS);
      expect((await reader.connect({ timeoutMs: SOON_MS })).reader).toBe(SLOTS[0]);
      expect((await reader.connect({ timeoutMs: SOON_MS, reader: '00 01' })).reader).toBe(SLOTS[1]);
    });

    it('a card that never answers: timeout, and the stuck call is counted until the card goes', async () => {
      const impatient = make({ transmitTimeoutMs: 300 });
      const silent = silentCard();
      const session = await impatient.connect({ timeoutMs: SOON_MS });
      await expect(session.transmit(command)).rejects.toMatchObject({ kind: 'timeout' });
      await expect(session.transmit(command)).rejects.toMatchObject({ kind: 'timeout' });
      expect(stuckCalls()).toBe(1);
      await session.disconnect();
      silent.destroy();
      await vi.waitFor(() => expect(stuckCalls()).toBe(0), SOON_MS);
      await impatient.close();
    });

    it('a card that does not answer when the reader is closed: the command is given up', async () => {
      const silent = silentCard();
      const session = await reader.connect({ timeoutMs: SOON_MS });
      const refused = expect(session.transmit(command)).rejects.toMatchObject({ kind: 'aborted' });
      await reader.close();
      await refused;
      silent.destroy();
      await vi.waitFor(() => expect(stuckCalls()).toBe(0), SOON_MS);
    });

    it('vpcd takes no commands for the reader itself', async () => {
      await insert(new ToyCard());
      const session = await reader.connect({ timeoutMs: SOON_MS });
      await expect(session.control(0x42000000 + 3400, new Uint8Array(0))).rejects.toMatchObject({
        kind: 'unsupported',
      });
      expect((await session.transmit(command)).response).toEqual(OK);
    });

    it('a process that has closed its reader ends by itself', async () => {
      await insert(new ToyCard());
      for (const task of ['list', 'tap', 'wait']) {
        const child = spawn(process.execPath, [
          '--import',
          'tsx',
          new URL('./pcsc-process.ts', import.meta.url).pathname,
          task,
          name,
        ]);
        let said = '';
        child.stdout.on('data', (chunk) => {
          said += chunk;
        });
        child.stderr.on('data', (chunk) => {
          said += chunk;
        });
        const overdue = setTimeout(() => child.kill('SIGKILL'), SOON_MS);
        const [code] = await once(child, 'exit');
        clearTimeout(overdue);
        expect([task, code, said]).toEqual([task, 0, 'closed\n']);
      }
    });
  });

/** A second process that connects exclusively and holds the card until its input ends. */
async function holdWithPyscard(reader: string): Promise<ChildProcess> {
  const program = `
import sys
from smartcard.scard import *
check = lambda result: result[0] == SCARD_S_SUCCESS or sys.exit(str(result))
result = SCardEstablishContext(SCARD_SCOPE_USER); check(result)
result = SCardConnect(result[1], ${JSON.stringify(reader)}, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T1); check(result)
print("held", flush=True)
sys.stdin.read()
`;
  const process = spawn('/usr/bin/python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [said] = await once(process.stdout, 'data');
  expect(String(said)).toContain('held');
  return process;
}

/** A card that tells its ATR and nothing else, for ever. */
function silentCard(): Socket {
  const socket = connect({ host: '127.0.0.1', port: VPCD_PORT, noDelay: true });
  socket.on('error', () => {});
  const messages = new MessageReader();
  socket.on('data', (chunk) =>
    messages.push(chunk, chunk.length, (buffer, offset, length) => {
      if (length === 1 && buffer[offset] === CONTROL.getAtr) {
        socket.write(Buffer.of(0x00, 0x05, 0x3b, 0x80, 0x80, 0x01, 0x01));
      }
      return true;
    }),
  );
  return socket;
}
