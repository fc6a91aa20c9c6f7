import { describe, expect, it } from 'vitest';
import { SimulatedAcr122 } from '../../../rig/sim/acr122/reader.ts';
import { Field } from '../../../rig/sim/field/field.ts';
import { simulatedPair } from '../../../rig/sim/pair.ts';
import { Acr122Port, type PseudoApduChannel, PseudoApduTransport } from '../../../src/hal/acr122/index.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { Pn532CardLink } from '../../../src/hal/pn532/card-link.ts';
import { HsuPort } from '../../../src/hal/pn532/hsu-port.ts';
import { Pn532Reader } from '../../../src/hal/pn532/reader.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import { whileServed } from '../../contract/served-link.ts';
import { measured, produced, TOY, ToyCard, toyCommand } from '../../contract/toy-card.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const ONCE = { timeoutMs: 500, repeatable: false };

/** A channel that answers by what it is sent, in hexadecimal. */
function channel(answers: Readonly<Record<string, string>>): { channel: PseudoApduChannel; sent: string[] } {
  const sent: string[] = [];
  return {
    sent,
    channel: {
      reader: 'ACS ACR122U 00 00',
      send: async (apdu) => {
        sent.push(hex(apdu));
        const answer = answers[hex(apdu)];
        if (answer === undefined) throw new HalError('reader-lost', 'unplugged');
        return bytes(answer);
      },
      close: async () => {},
    },
  };
}

describe('pseudo-APDUs of the ACR122U', () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['a response', { ff00000002d402: 'd503320106079000' }, '0332010607'],
    ['a response that is fetched, on T=0', { ff00000002d402: '6108', ffc0000008: 'd503320106079000' }, '0332010607'],
    ['nothing, when the firmware gave up', { ff00000002d402: '9000' }, ''],
    ['nothing at all', { ff00000002d402: '' }, ''],
  ])('bring %s', async (_, answers, expected) => {
    const { channel: way, sent } = channel(answers);
    expect(hex(await new PseudoApduTransport(way).exchange(bytes('02'), ONCE))).toBe(expected);
    expect(sent).toEqual(Object.keys(answers));
  });

  it.each<[string, string, string]>([
    ['6300: the chip did not answer', '6300', 'timeout'],
    ['a syntax error', '7f9000', 'protocol'],
    ['another chip behind', '6a81', 'protocol'],
    ['the response to another command', 'd50500009000', 'protocol'],
  ])('tell %s', async (_, answer, kind) => {
    const { channel: way } = channel({ ff00000002d402: answer });
    await expect(new PseudoApduTransport(way).exchange(bytes('02'), ONCE)).rejects.toMatchObject({ kind });
  });

  it('carry 254 bytes and refuse more', async () => {
    const longest = `40${'01'.repeat(253)}`;
    const { channel: way, sent } = channel({ [`ff000000ffd4${longest}`]: 'd541009000' });
    const transport = new PseudoApduTransport(way);
    await transport.exchange(bytes(longest), ONCE);
    await expect(transport.exchange(bytes(`${longest}01`), ONCE)).rejects.toMatchObject({ kind: 'too-long' });
    expect(sent).toHaveLength(1);
  });

  it('fail at once when cancelled, though the firmware goes on', async () => {
    let answer = (_: Uint8Array): void => {};
    const transport = new PseudoApduTransport({
      reader: 'slow',
      send: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
      close: async () => {},
    });
    const refused = expect(transport.exchange(bytes('8c'), ONCE)).rejects.toMatchObject({ kind: 'aborted' });
    await Promise.resolve();
    await Promise.resolve();
    transport.abort();
    await refused;
    answer(bytes('9000'));
    await transport.close();
  });

  it('tell once that the reader was unplugged', async () => {
    const transport = new PseudoApduTransport(channel({}).channel);
    const lost: unknown[] = [];
    transport.onLost((reason) => lost.push(reason));
    await expect(transport.exchange(bytes('02'), ONCE)).rejects.toMatchObject({ kind: 'reader-lost' });
    await expect(transport.exchange(bytes('02'), ONCE)).rejects.toMatchObject({ kind: 'reader-lost' });
    expect(lost).toHaveLength(1);
  });
});

/** A simulated ACR122 and a board in one field. */
function joined() {
  const { clock, field, opener, paths, b, a } = simulatedPair();
  a.unplug();
  const reader = new SimulatedAcr122('ACS ACR122U 00 00', clock, field);
  expect(field).toBeInstanceOf(Field);
  const openChannel = async (name: string): Promise<PseudoApduChannel> => ({
    reader: name,
    send: (apdu) => reader.transmit(apdu),
    close: async () => {},
  });
  return { clock, field, opener, paths, b, reader, port: new Acr122Port({ reader: reader.name, openChannel }) };
}

describe('an ACR122 and its PN532, simulated', () => {
  it('reads a card on a board, long commands and responses too', async () => {
    const { clock, opener, paths, port } = joined();
    const card = new ToyCard();
    const cardPort = new HsuPort({ opener, path: paths.b });
    const link = new Pn532CardLink({ port: cardPort, clock, random: new SeededRandom('acr122'), mode: 'raw' });
    let attached = (): void => {};
    const there = new Promise<void>((resolve) => {
      attached = resolve;
    });
    const reader = new Pn532Reader({ port, clock });
    const work = async (): Promise<void> => {
      await there;
      const session = await reader.connect({ timeoutMs: 4000 });
      expect([session.reader, session.atr]).toEqual(['acr122:ACS ACR122U 00 00', card.atr()]);
      for (const length of [4, 252, 253, 600]) {
        const command = toyCommand(TOY.measure, length);
        expect([length, (await session.transmit(command)).response]).toEqual([length, measured(command)]);
      }
      for (const length of [2, 200, 1000]) {
        const { response } = await session.transmit(toyCommand(TOY.produce, 5, length));
        expect([length, Buffer.compare(response, produced(length))]).toEqual([length, 0]);
      }
      await session.disconnect();
      await reader.close();
    };
    await whileServed(link, card, work, ({ type }) => type === 'attached' && attached());
    clock.stop();
  });

  it('is a card for a board, as long as the firmware waits and again', async () => {
    const { clock, opener, paths, port } = joined();
    const card = new ToyCard();
    const random = new SeededRandom('acr122');
    const link = new Pn532CardLink({ port, clock, random, largestResponse: 253 });
    expect(link.limits.largestResponse).toBe(253);
    const reader = new Pn532Reader({ port: new HsuPort({ opener, path: paths.b }), clock });
    await whileServed(link, card, async () => {
      const session = await reader.connect({ timeoutMs: 4000 });
      const command = toyCommand(TOY.echo, 100);
      expect((await session.transmit(command)).response).toEqual(Uint8Array.of(...command, 0x90, 0x00));
      await session.disconnect();
      await reader.close();
    });
    clock.stop();
  }, 20_000);

  it('notices as a card that a field has gone after a deselect, when the firmware gives up waiting', async () => {
    const { clock, opener, paths, port } = joined();
    const link = new Pn532CardLink({ port, clock, random: new SeededRandom('acr122'), largestResponse: 253 });
    const events: string[] = [];
    const uids: string[] = [];
    const work = async (): Promise<void> => {
      const { chip, close } = await openBoard(new HsuPort({ opener, path: paths.b }));
      for (let turn = 1; turn <= 2; turn++) {
        await chip.maxRetries(0xff, 0x01, 0xff);
        const [target] = await chip.listTypeA();
        uids.push(hex(target!.uid));
        await chip.inDeselect(target!.number);
        await chip.rfField(false);
        await new Promise<void>((resolve) => clock.after(12e9, resolve));
      }
      await close();
    };
    await whileServed(link, new ToyCard(), work, ({ type }) => events.push(type));
    clock.stop();
    expect(events).toEqual([
      'attached',
      ...['power-on', 'deselect', 'field-off'],
      ...['power-on', 'deselect', 'field-off'],
    ]);
    expect(new Set(uids).size).toBe(2);
  }, 20_000);
});

async function openBoard(port: HsuPort) {
  const connection = await port.open();
  return { chip: connection.chip, close: () => connection.close() };
}
