import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import type { CardLink, LinkEvent } from '../../src/hal/card-link.ts';
import { boot } from '../applet/bench-card.ts';
import { measured, produced, TOY, ToyCard, toyCommand } from './toy-card.ts';

/** The other end of the link: a reader, or whatever plays one. */
export interface LinkPeer {
  /** Waits for the card and powers it on. */
  powerOn(): Promise<void>;
  /** Rejects when the card goes away. */
  transmit(command: Uint8Array): Promise<Uint8Array>;
  warmReset(): Promise<void>;
  powerOff(): Promise<void>;
  /** Waits until it has seen that the card is gone. */
  missesCard(): Promise<void>;
  /** Goes away without a word. */
  leave(): Promise<void>;
  comeBack(): Promise<void>;
}

export interface CardLinkSubject {
  readonly link: CardLink;
  readonly peer: LinkPeer;
  dispose(): Promise<void>;
}

/** A link served in the background. */
interface Served {
  readonly card: ToyCard;
  readonly events: LinkEvent['type'][];
  /** `stopped`, or what `serve` rejected with; null while it serves. */
  outcome(): unknown;
}

/**
 * What every CardLink promises.
 * @param peer whether a test can make it go away and come back
 */
export function cardLinkContract(
  name: string,
  peer: 'leaves' | 'stays',
  setup: () => CardLinkSubject | Promise<CardLinkSubject>,
): void {
  describe(`CardLink contract: ${name}`, () => {
    let subject: CardLinkSubject;
    beforeEach(async () => {
      subject = await setup();
    });
    afterEach(async () => {
      subject.link.stop();
      await subject.dispose();
    });

    const serve = (onExchange: (event: LinkEvent & { type: 'exchange' }) => void = () => {}): Served => {
      const card = new ToyCard();
      const events: LinkEvent['type'][] = [];
      let outcome: unknown = null;
      const ended = subject.link.serve(card, (event) => {
        events.push(event.type);
        if (event.type === 'exchange') onExchange(event);
      });
      ended.then(
        () => {
          outcome = 'stopped';
        },
        (error) => {
          outcome = error;
        },
      );
      return { card, events, outcome: () => outcome };
    };

    it('says its name, its interface and how much it can carry', () => {
      const { link } = subject;
      expect(link.name).not.toBe('');
      expect(['contact', 'contactless', 'wired']).toContain(link.interface);
      // A short command and a short response of full length: less would be of no use.
      expect(link.limits.largestCommand).toBeGreaterThanOrEqual(261);
      expect(link.limits.largestResponse).toBeGreaterThanOrEqual(258);
    });

    it('carries each command to the card and each response back, in order', async () => {
      serve();
      await subject.peer.powerOn();
      for (let i = 0; i < 20; i++) {
        const command = toyCommand(TOY.echo, 5 + i, i);
        expect(await subject.peer.transmit(command)).toEqual(Uint8Array.of(...command, 0x90, 0x00));
      }
    });

    it('carries a command in a Node Buffer as any other', async () => {
      const seen: Uint8Array[] = [];
      serve(({ command }) => seen.push(Uint8Array.from(command)));
      await subject.peer.powerOn();
      const command = Buffer.from(toyCommand(TOY.echo, 40));
      const expected = Uint8Array.of(...command, 0x90, 0x00);
      expect(Uint8Array.from(await subject.peer.transmit(command))).toEqual(expected);
      await vi.waitFor(() => expect(seen).toEqual([Uint8Array.from(command)]), 20_000);
    });

    it('reports a command as it came, whatever the card wipes of its own copies', async () => {
      const seen: string[] = [];
      const { port } = boot({ cardInterface: subject.link.interface });
      const ended = subject.link.serve(port, (event) => {
        if (event.type === 'exchange') seen.push(toHex(event.command));
      });
      ended.catch(() => {});
      await subject.peer.powerOn();
      // READ BINARY of a file that is not there, inside of ENVELOPE: the card parses a copy and wipes it.
      const enveloped = fromHex('00C2000005 00B0000004 00');
      expect(toHex((await subject.peer.transmit(enveloped)).subarray(-2))).toBe('9000');
      await vi.waitFor(() => expect(seen).toEqual(['00C200000500B000000400']), 20_000);
    });

    it('carries commands of every length up to its limit whole', async () => {
      serve();
      await subject.peer.powerOn();
      const { largestCommand } = subject.link.limits;
      for (const length of [4, 5, 6, 255, 256, 257, 261, 4096, 32_768, 65_535].filter((n) => n < largestCommand)) {
        const command = toyCommand(TOY.measure, length);
        expect([length, await subject.peer.transmit(command)]).toEqual([length, measured(command)]);
      }
      const longest = toyCommand(TOY.measure, largestCommand);
      expect(await subject.peer.transmit(longest)).toEqual(measured(longest));
    });

    it('carries responses of every length up to its limit whole', async () => {
      serve();
      await subject.peer.powerOn();
      const longest = Math.min(subject.link.limits.largestResponse - 2, 0xffff);
      for (const length of [0, 1, 2, 253, 254, 255, 256, 4096, 32_768, longest].filter((n) => n <= longest)) {
        const response = await subject.peer.transmit(toyCommand(TOY.produce, 5, length));
        expect([length, Buffer.compare(response, produced(length))]).toEqual([length, 0]);
      }
    });

    it('passes on what the card answers, whatever it means', async () => {
      serve();
      await subject.peer.powerOn();
      expect(await subject.peer.transmit(toyCommand(TOY.odd, 4))).toEqual(Uint8Array.of(0x12, 0x34));
      expect(await subject.peer.transmit(toyCommand(0x77, 4))).toEqual(Uint8Array.of(0x6d, 0x00));
    });

    it('powers the card on before the first command', async () => {
      const { card } = serve();
      let poweredFirst = false;
      card.inCommand = () => {
        poweredFirst = card.told.powerOn > 0;
      };
      await subject.peer.powerOn();
      await subject.peer.transmit(toyCommand(TOY.echo, 4));
      expect(poweredFirst).toBe(true);
    });

    it('tells the card of a reset and of the loss of power', async () => {
      const { card } = serve();
      await subject.peer.powerOn();
      await subject.peer.transmit(toyCommand(TOY.echo, 4));
      const { reset, fieldOff } = { ...card.told };
      await subject.peer.warmReset();
      await vi.waitFor(() => expect(card.told.reset).toBe(reset + 1), 20_000);
      await subject.peer.powerOff();
      await vi.waitFor(() => expect(card.told.fieldOff).toBeGreaterThan(fieldOff), 20_000);
    });

    it('reports what happens, an exchange with its bytes and its times', async () => {
      const exchanges: { command: Uint8Array; response: Uint8Array }[] = [];
      const { events } = serve(({ atNs, doneNs, command, response }) => {
        exchanges.push({ command: Uint8Array.from(command), response: Uint8Array.from(response) });
        expect(Number.isSafeInteger(atNs) && Number.isSafeInteger(doneNs)).toBe(true);
        expect(doneNs).toBeGreaterThanOrEqual(atNs);
      });
      await subject.peer.powerOn();
      const command = toyCommand(TOY.echo, 6);
      await subject.peer.transmit(command);
      await subject.peer.warmReset();
      await subject.peer.powerOff();
      await vi.waitFor(() => expect(events).toContain('field-off'), 20_000);
      expect(exchanges).toEqual([{ command, response: Uint8Array.of(...command, 0x90, 0x00) }]);
      expect(events[0]).toBe('attached');
      const order = ['power-on', 'exchange', 'reset', 'field-off'] as const;
      const places = order.map((type) => (type === 'field-off' ? events.lastIndexOf(type) : events.indexOf(type)));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(places).not.toContain(-1);
    });

    it('is there for one card at a time', async () => {
      serve();
      await subject.peer.powerOn();
      await expect(subject.link.serve(new ToyCard())).rejects.toMatchObject({ kind: 'busy' });
    });

    it('stops at once when idle, and then the card is gone', async () => {
      const { card, outcome } = serve();
      await subject.peer.powerOn();
      await subject.peer.transmit(toyCommand(TOY.echo, 4));
      const { fieldOff } = { ...card.told };
      subject.link.stop();
      await Promise.resolve();
      await vi.waitFor(() => expect(outcome()).toBe('stopped'), 20_000);
      expect(card.told.fieldOff).toBe(fieldOff + 1);
      await expect(subject.peer.transmit(toyCommand(TOY.echo, 4))).rejects.toThrow();
      expect(card.told.process).toBe(1);
    });

    it('stops at once in the middle of a command, which then has no answer', async () => {
      const { card, outcome } = serve();
      await subject.peer.powerOn();
      card.inCommand = () => {
        subject.link.stop();
        // Not in the middle of its own work: a card is not called from inside a call.
        expect(card.told.fieldOff).toBe(fieldOff);
      };
      const { fieldOff } = { ...card.told };
      await expect(subject.peer.transmit(toyCommand(TOY.echo, 4))).rejects.toThrow();
      await vi.waitFor(() => expect(outcome()).toBe('stopped'), 20_000);
      expect(card.told.fieldOff).toBe(fieldOff + 1);
    });

    it('stops before anybody came, and may be stopped again and when nothing is served', async () => {
      subject.link.stop();
      const { outcome } = serve();
      subject.link.stop();
      subject.link.stop();
      await vi.waitFor(() => expect(outcome()).toBe('stopped'), 20_000);
      subject.link.stop();
    });

    it('serves again after a stop', async () => {
      const { outcome } = serve();
      await subject.peer.powerOn();
      subject.link.stop();
      await vi.waitFor(() => expect(outcome()).toBe('stopped'), 20_000);
      await subject.peer.missesCard();
      const { card } = serve();
      await subject.peer.powerOn();
      expect(await subject.peer.transmit(toyCommand(TOY.odd, 4))).toEqual(Uint8Array.of(0x12, 0x34));
      expect(card.told.process).toBe(1);
    });

    it('ends with a bug of the card, for which it makes up no answer', async () => {
      const { outcome } = serve();
      await subject.peer.powerOn();
      await expect(subject.peer.transmit(toyCommand(TOY.crash, 4))).rejects.toThrow();
      await vi.waitFor(() => expect(outcome()).toMatchObject({ message: 'a bug of the toy' }), 20_000);
    });

    if (peer === 'leaves') {
      it('waits for a peer that went away, and serves it when it is back', async () => {
        const { card, events, outcome } = serve();
        await subject.peer.powerOn();
        await subject.peer.transmit(toyCommand(TOY.echo, 4));
        const { fieldOff } = { ...card.told };
        await subject.peer.leave();
        await vi.waitFor(() => expect(events.at(-1)).toBe('lost'), 20_000);
        expect(card.told.fieldOff).toBe(fieldOff + 1);
        await subject.peer.comeBack();
        await subject.peer.powerOn();
        expect(await subject.peer.transmit(toyCommand(TOY.odd, 4))).toEqual(Uint8Array.of(0x12, 0x34));
        await vi.waitFor(() => expect(events.slice(events.indexOf('lost'))).toContain('attached'), 20_000);
        expect(outcome()).toBe(null);
      });

      it('stops at once while its peer is away', async () => {
        const { events, outcome } = serve();
        await subject.peer.powerOn();
        await subject.peer.leave();
        await vi.waitFor(() => expect(events.at(-1)).toBe('lost'), 20_000);
        subject.link.stop();
        await vi.waitFor(() => expect(outcome()).toBe('stopped'), 20_000);
      });
    }
  });
}
