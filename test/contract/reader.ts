import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CardSession, Reader } from '../../src/hal/reader.ts';
import { measured, produced, TOY, ToyCard, toyCommand } from './toy-card.ts';

export interface ReaderSubject {
  readonly reader: Reader;
  /** The whole name of the reader that cards are put into. */
  readonly readerName: string;
  readonly largestCommand: number;
  /** Puts a card in, which the driver may see later. */
  insert(card: ToyCard): Promise<void>;
  /** Takes it out, at once. */
  remove(): Promise<void>;
  /** Waits until the reader has seen that. */
  missesCard(): Promise<void>;
  /** Another user takes the reader for himself. */
  occupy(): Promise<void>;
  dispose(): Promise<void>;
}

/** Long enough for any driver to see a card that is there; a test that passes never waits for it. */
const SOON_MS = 5000;

/** What every Reader promises, and its sessions. */
export function readerContract(name: string, setup: () => ReaderSubject | Promise<ReaderSubject>): void {
  describe(`Reader contract: ${name}`, () => {
    let subject: ReaderSubject;
    let card: ToyCard;
    const sessions: CardSession[] = [];
    const connect = async (options: Partial<Parameters<Reader['connect']>[0]> = {}): Promise<CardSession> => {
      const session = await subject.reader.connect({ timeoutMs: SOON_MS, ...options });
      sessions.push(session);
      return session;
    };
    const connectToCard = async (options: Partial<Parameters<Reader['connect']>[0]> = {}): Promise<CardSession> => {
      await subject.insert(card);
      return connect(options);
    };
    beforeEach(async () => {
      subject = await setup();
      card = new ToyCard();
    });
    afterEach(async () => {
      for (const session of sessions.splice(0)) await session.disconnect();
      await subject.reader.close();
      await subject.dispose();
    });

    describe('listing and connecting', () => {
      const listed = async (): Promise<unknown> =>
        (await subject.reader.list()).find((each) => each.name === subject.readerName);

      it('lists its readers, and the card that is in one with its ATR', async () => {
        expect(await listed()).toEqual({ name: subject.readerName, cardPresent: false, atr: null });
        await subject.insert(card);
        const present = { name: subject.readerName, cardPresent: true, atr: card.atr() };
        await vi.waitFor(async () => expect(await listed()).toEqual(present), { timeout: SOON_MS });
      });

      it('tells no card from no reader', async () => {
        await expect(connect({ timeoutMs: 0 })).rejects.toMatchObject({ kind: 'no-card' });
        await expect(connect({ timeoutMs: 0, reader: subject.readerName })).rejects.toMatchObject({ kind: 'no-card' });
        await expect(connect({ timeoutMs: 0, reader: 'No Such' })).rejects.toMatchObject({ kind: 'no-reader' });
      });

      it('finds the first reader with a card, or the one whose name holds the given words', async () => {
        await subject.insert(card);
        for (const reader of [undefined, subject.readerName, subject.readerName.slice(1)]) {
          const session = await connect(reader === undefined ? {} : { reader });
          expect([session.reader, session.atr]).toEqual([subject.readerName, card.atr()]);
          expect(session.protocol).toMatch(/^(T=0|T=1|ISO-DEP|direct)$/);
          await session.disconnect();
        }
      });

      it('waits for a card', async () => {
        const waiting = connect();
        await subject.insert(card);
        expect((await waiting).reader).toBe(subject.readerName);
      });

      it('stops waiting when told to', async () => {
        const abort = new AbortController();
        const waiting = connect({ signal: abort.signal });
        const refused = expect(waiting).rejects.toMatchObject({ kind: 'aborted' });
        abort.abort();
        await refused;
        await expect(connect({ signal: abort.signal })).rejects.toMatchObject({ kind: 'aborted' });
      });

      it('fails when somebody else has the reader for himself', async () => {
        await subject.insert(card);
        await subject.occupy();
        await expect(connect()).rejects.toMatchObject({ kind: 'busy' });
      });

      it('powers the card on, off and on again, or resets it, as asked', async () => {
        await (await connectToCard()).transmit(toyCommand(TOY.echo, 4));
        expect(card.told.powerOn).toBeGreaterThan(0);
        await sessions[0]!.disconnect('leave');
        const before = { ...card.told };
        await (await connect({ mode: 'warm' })).disconnect('leave');
        await vi.waitFor(() => expect(card.told.reset).toBe(before.reset + 1), 20_000);
        await (await connect({ mode: 'cold' })).transmit(toyCommand(TOY.echo, 4));
        expect(card.told.fieldOff).toBeGreaterThan(before.fieldOff);
        expect(card.told.powerOn).toBeGreaterThan(before.powerOn);
      });
    });

    describe('a session', () => {
      it('brings each command its response, with the time it took', async () => {
        const session = await connectToCard();
        let last = 0;
        for (let i = 0; i < 20; i++) {
          const command = toyCommand(TOY.echo, 5 + i, i);
          const { response, startNs, endNs } = await session.transmit(command);
          expect(response).toEqual(Uint8Array.of(...command, 0x90, 0x00));
          expect([startNs, endNs].every(Number.isSafeInteger)).toBe(true);
          expect(startNs).toBeGreaterThanOrEqual(last);
          expect(endNs).toBeGreaterThanOrEqual(startNs);
          last = endNs;
        }
      });

      it('takes a command in a Node Buffer, and leaves it as it was', async () => {
        const session = await connectToCard();
        const command = Buffer.from(toyCommand(TOY.echo, 40));
        const { response } = await session.transmit(command);
        expect(command.equals(toyCommand(TOY.echo, 40))).toBe(true);
        // What came does not hang on what was sent.
        command.fill(0);
        expect(response).toEqual(Uint8Array.of(...toyCommand(TOY.echo, 40), 0x90, 0x00));
      });

      it('keeps the order of commands that are not waited for', async () => {
        const session = await connectToCard();
        const order: number[] = [];
        card.inCommand = () => order.push(card.told.process);
        const commands = Array.from({ length: 8 }, (_, i) => toyCommand(TOY.echo, 4, i));
        const exchanges = await Promise.all(commands.map((command) => session.transmit(command)));
        expect(exchanges.map(({ response }) => response[3])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
        expect(order).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      });

      it('gives responses that later ones do not overwrite', async () => {
        const session = await connectToCard();
        const first = await session.transmit(toyCommand(TOY.produce, 5, 300));
        await session.transmit(toyCommand(TOY.echo, 200));
        expect(first.response).toEqual(produced(300));
      });

      it('carries long commands and responses whole', async () => {
        const session = await connectToCard();
        for (const length of [255, 256, 261, 4096, 65_535].filter((n) => n <= subject.largestCommand)) {
          const command = toyCommand(TOY.measure, length);
          expect([length, (await session.transmit(command)).response]).toEqual([length, measured(command)]);
        }
        for (const length of [254, 255, 256, 4096, 65_533]) {
          const { response } = await session.transmit(toyCommand(TOY.produce, 5, length));
          expect([length, Buffer.compare(response, produced(length))]).toEqual([length, 0]);
        }
      });

      it('refuses what is no command, and what is too long, before the card hears of it', async () => {
        const session = await connectToCard();
        for (let length = 0; length < 4; length++) {
          await expect(session.transmit(new Uint8Array(length))).rejects.toMatchObject({ kind: 'protocol' });
        }
        const tooLong = toyCommand(TOY.measure, subject.largestCommand + 1);
        await expect(session.transmit(tooLong)).rejects.toMatchObject({ kind: 'too-long' });
        expect(card.told.process).toBe(0);
        // And goes on.
        expect((await session.transmit(toyCommand(TOY.odd, 4))).response).toEqual(Uint8Array.of(0x12, 0x34));
      });

      it('resets the card, warm and cold, and goes on', async () => {
        const session = await connectToCard();
        await session.transmit(toyCommand(TOY.echo, 4));
        const before = { ...card.told };
        await session.reset('warm');
        await session.transmit(toyCommand(TOY.echo, 4));
        expect([card.told.reset, card.told.fieldOff]).toEqual([before.reset + 1, before.fieldOff]);
        await session.reset('cold');
        await session.transmit(toyCommand(TOY.echo, 4));
        expect([card.told.reset, card.told.fieldOff]).toEqual([before.reset + 1, before.fieldOff + 1]);
        expect(card.told.powerOn).toBe(before.powerOn + 1);
        expect(session.atr).toEqual(card.atr());
      });

      it('leaves the card as it was told to', async () => {
        const session = await connectToCard();
        await session.transmit(toyCommand(TOY.echo, 4));
        const before = { ...card.told };
        await session.disconnect('reset');
        await vi.waitFor(() => expect(card.told.reset).toBe(before.reset + 1), 20_000);
        await (await connect()).disconnect('unpower');
        await vi.waitFor(() => expect(card.told.fieldOff).toBe(before.fieldOff + 1), 20_000);
        await (await connect()).disconnect();
        await vi.waitFor(() => expect(card.told.reset).toBe(before.reset + 2), 20_000);
      });

      it('is over after disconnect, which may be asked for again', async () => {
        const session = await connectToCard();
        await session.disconnect();
        await session.disconnect('unpower');
        await expect(session.transmit(toyCommand(TOY.echo, 4))).rejects.toMatchObject({ kind: 'aborted' });
        await expect(session.reset('warm')).rejects.toMatchObject({ kind: 'aborted' });
        expect(card.told.process).toBe(0);
      });
    });

    describe('a card that goes away', () => {
      it('between two commands ends the session, and a new one is for the card that comes', async () => {
        const session = await connectToCard();
        await session.transmit(toyCommand(TOY.echo, 4));
        await subject.remove();
        await expect(session.transmit(toyCommand(TOY.echo, 4))).rejects.toMatchObject({ kind: 'card-removed' });
        await subject.missesCard();
        const second = new ToyCard();
        await subject.insert(second);
        await expect(session.transmit(toyCommand(TOY.echo, 4))).rejects.toMatchObject({ kind: 'card-removed' });
        await session.disconnect();
        await session.disconnect();
        const fresh = await connect();
        expect((await fresh.transmit(toyCommand(TOY.odd, 4))).response).toEqual(Uint8Array.of(0x12, 0x34));
        expect([card.told.process, second.told.process]).toEqual([1, 1]);
      });

      it('is told from the one that takes its place between two commands', async () => {
        const session = await connectToCard();
        await session.transmit(toyCommand(TOY.echo, 4));
        await subject.remove();
        await subject.missesCard();
        const second = new ToyCard();
        await subject.insert(second);
        await vi.waitFor(async () => expect((await subject.reader.list())[0]?.cardPresent).toBe(true), {
          timeout: SOON_MS,
        });
        await expect(session.transmit(toyCommand(TOY.echo, 4))).rejects.toMatchObject({ kind: 'card-removed' });
        expect(second.told.process).toBe(0);
      });

      it('in the middle of a command leaves it without an answer', async () => {
        const session = await connectToCard();
        let removed: Promise<void> = Promise.resolve();
        card.inCommand = () => {
          removed = subject.remove();
        };
        await expect(session.transmit(toyCommand(TOY.echo, 4))).rejects.toMatchObject({ kind: 'card-removed' });
        await removed;
        await session.disconnect();
      });
    });

    it('ends its sessions when it is closed, which may be asked for again', async () => {
      const session = await connectToCard();
      await subject.reader.close();
      await subject.reader.close();
      await expect(session.transmit(toyCommand(TOY.echo, 4))).rejects.toMatchObject({ kind: 'aborted' });
      await session.disconnect();
    });

    it('ends the wait for a card when it is closed', async () => {
      const refused = expect(connect()).rejects.toMatchObject({ kind: 'aborted' });
      await subject.reader.close();
      await refused;
    });
  });
}
