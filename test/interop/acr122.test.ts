import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { Acr122OnVpcd } from '../../rig/sim/acr122/on-vpcd.ts';
import { SimulatedAcr122 } from '../../rig/sim/acr122/reader.ts';
import { SimulatedBoard } from '../../rig/sim/board.ts';
import { FieldCard } from '../../rig/sim/field/card.ts';
import { Field } from '../../rig/sim/field/field.ts';
import { MemoryPorts } from '../../rig/sim/serial/memory-port.ts';
import { RealTimeline } from '../../rig/sim/timeline.ts';
import { ACR122_LARGEST_RESPONSE, Acr122Port } from '../../src/hal/acr122/index.ts';
import { PcscReader } from '../../src/hal/pcsc/index.ts';
import { Pn532CardLink } from '../../src/hal/pn532/card-link.ts';
import { HsuPort } from '../../src/hal/pn532/hsu-port.ts';
import { Pn532Reader } from '../../src/hal/pn532/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { VPCD_PORT } from '../../src/hal/vpcd/index.ts';
import { whileServed } from '../contract/served-link.ts';
import { TOY, ToyCard } from '../contract/toy-card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { SLOTS, slotIsEmpty } from './vpcd-card.ts';

/**
 * A simulated ACR122 in the machine's PC/SC service, as far as SCardTransmit reaches. SCardControl, by which a real one
 * is reached without a card in it, cannot be simulated behind vpcd.
 */
describeNeeds(PCSC_STACK, 'a simulated ACR122 behind pcscd', () => {
  let pcscd: Pcscd;
  let timeline: RealTimeline;
  let acr122: SimulatedAcr122;
  let field: Field;
  let card: FieldCard;
  let connection: Acr122OnVpcd;
  beforeAll(async () => {
    pcscd = await Pcscd.start();
  });
  afterAll(() => pcscd.stop());
  beforeEach(async () => {
    timeline = new RealTimeline();
    field = new Field(timeline);
    acr122 = new SimulatedAcr122('ACS ACR122U', timeline, field);
    const ats = {
      fsci: 5,
      toReader: [],
      toCard: [],
      sameRateOnly: false,
      fwi: 8,
      sfgi: 0,
      cidSupported: false,
      nadSupported: false,
      historicalBytes: Uint8Array.of(0x56, 0x49, 0x54),
    };
    card = new FieldCard(timeline, field, new ToyCard(), { isoDep: { ats } });
    connection = await Acr122OnVpcd.connect(acr122, '127.0.0.1', VPCD_PORT);
    const reader = new PcscReader({ clock: systemClock });
    await vi.waitFor(async () => {
      const seen = (await reader.list()).find(({ name }) => name === SLOTS[0]);
      expect(seen?.cardPresent).toBe(true);
    }, 10_000);
    await reader.close();
  });
  afterEach(async () => {
    await connection.close();
    timeline.stop();
    await slotIsEmpty();
  });

  it('shows the card by its ATR, its UID and its answers, and the PN532 to who asks', async () => {
    const reader = new PcscReader({ clock: systemClock });
    const session = await reader.connect({ reader: SLOTS[0], timeoutMs: 5000 });
    const send = async (apdu: string): Promise<string> =>
      hex((await session.transmit(Buffer.from(apdu, 'hex'))).response);
    try {
      // 83 80 01 56 49 54 and their sum.
      expect(hex(session.atr)).toBe('3b83800156495449');
      expect(await send('ffca000000')).toBe('045649544150809000');
      expect(await send(`80${TOY.produce.toString(16)}000400`)).toBe('000102039000');
      expect(await send('ff00480000')).toBe(hex(new TextEncoder().encode('ACR122U215')));
      expect(await send('ff00000002d402')).toBe('d503320106079000');
      card.remove();
      expect(await send('ff00000004d44a0100')).toBe('d54b009000');
    } finally {
      await session.disconnect();
      await reader.close();
    }
  });

  it('is a PN532 to our driver', async () => {
    const reader = new Pn532Reader({ port: new Acr122Port({ reader: SLOTS[0] }), clock: systemClock });
    try {
      const session = await reader.connect({ timeoutMs: 5000 });
      expect(hex(session.atr)).toBe('3b83800156495449');
      const { response } = await session.transmit(Uint8Array.of(0x80, TOY.produce, 0x01, 0x2c, 0x00));
      expect(response.length).toBe(302);
      expect([...response.subarray(254, 258), ...response.subarray(-2)]).toEqual([254, 255, 0, 1, 0x90, 0x00]);
      card.remove();
      await expect(session.transmit(Uint8Array.of(0x80, TOY.produce, 0, 1))).rejects.toMatchObject({
        kind: 'card-removed',
      });
      await session.disconnect();
    } finally {
      await reader.close();
    }
  });

  it('is a card in the field of a board, through SCardTransmit, for two readers after each other', async () => {
    card.remove();
    const board = new SimulatedBoard('board', timeline, field);
    const opener = new MemoryPorts([board]);
    const events: string[] = [];
    const link = new Pn532CardLink({
      port: new Acr122Port({ reader: SLOTS[0] }),
      clock: systemClock,
      random: new SeededRandom('acr122'),
      largestResponse: ACR122_LARGEST_RESPONSE,
    });
    const readTwice = async (): Promise<void> => {
      for (const length of [5, 251]) {
        const reader = new Pn532Reader({ port: new HsuPort({ opener, path: board.name }), clock: systemClock });
        const session = await reader.connect({ timeoutMs: 10_000 });
        const { response } = await session.transmit(Uint8Array.of(0x80, TOY.produce, 0, length, 0));
        expect([response.length, ...response.subarray(-2)]).toEqual([length + 2, 0x90, 0x00]);
        await session.disconnect();
        await reader.close();
      }
    };
    await whileServed(link, new ToyCard(), readTwice, ({ type }) => events.push(type));
    expect(events.filter((each) => each === 'attached')).toHaveLength(1);
    expect(events).not.toContain('lost');
  }, 60_000);
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
