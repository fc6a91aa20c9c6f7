import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { controlCode, PcscFfiReader } from '../../src/hal/pcsc-ffi/index.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { readerContract } from '../contract/reader.ts';
import { TOY, ToyCard, toyCommand } from '../contract/toy-card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds } from './real-parts.ts';
import { readerOnVpcd, SLOTS, serveOnVpcd, slotIsEmpty, type VpcdCard } from './vpcd-card.ts';

/** nfc-pcsc is not needed here, nor a compiler. */
const NEEDS = ['pcscd', 'vpcd'] as const;

describeNeeds(NEEDS, 'PC/SC by FFI, on pcscd and vpcd', () => {
  let daemon: Pcscd;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());

  readerContract('pcsc-ffi, on a card behind vpcd', () =>
    readerOnVpcd((share) => new PcscFfiReader({ clock: systemClock, share })),
  );
});

const SOON_MS = 10_000;
const echo = toyCommand(TOY.echo, 4);

describeNeeds(NEEDS, 'what PC/SC by FFI has and nfc-pcsc has not', () => {
  let daemon: Pcscd;
  let reader: PcscFfiReader;
  let card: ToyCard;
  let served: VpcdCard;
  beforeEach(async () => {
    daemon = await Pcscd.start();
    reader = new PcscFfiReader({ clock: systemClock });
    card = new ToyCard();
    served = await serveOnVpcd(card);
  });
  afterEach(async () => {
    await reader.close();
    served.link.stop();
    if (daemon.running) await slotIsEmpty();
    await daemon.stop();
  });

  it('the ATR after a reset is that of the reset', async () => {
    const session = await reader.connect({ timeoutMs: SOON_MS });
    const changed = Uint8Array.of(0x3b, 0x81, 0x80, 0x01, 0x5a, 0x5a);
    const first = session.atr;
    card.atr = () => changed;
    await session.reset('cold');
    expect([session.atr, first]).not.toEqual([first, first]);
    expect(session.atr).toEqual(changed);
  });

  it("a transaction keeps another program's commands out until it ends", async () => {
    const session = await reader.connect({ timeoutMs: SOON_MS });
    const other = new PcscFfiReader({ clock: systemClock });
    const neighbour = await other.connect({ timeoutMs: SOON_MS });
    const order: string[] = [];
    const waiting: Promise<unknown>[] = [];
    await session.transaction(async (inside) => {
      await inside.transmit(echo);
      waiting.push(neighbour.transmit(echo).then(() => order.push('neighbour')));
      for (let i = 0; i < 5; i++) await inside.transmit(echo);
      order.push('transaction');
    });
    await Promise.all(waiting);
    await other.close();
    expect(order).toEqual(['transaction', 'neighbour']);
  });

  it('a protocol that the card does not speak is refused, and the one that it speaks is taken', async () => {
    // TD1 says T=1 and no more.
    card.atr = () => Uint8Array.of(0x3b, 0x80, 0x01, 0x81);
    await (await reader.connect({ timeoutMs: SOON_MS })).disconnect('unpower');
    const t0 = new PcscFfiReader({ clock: systemClock, protocols: 'T=0' });
    await expect(t0.connect({ timeoutMs: SOON_MS })).rejects.toMatchObject({ kind: 'protocol' });
    await t0.close();
    const t1 = new PcscFfiReader({ clock: systemClock, protocols: 'T=1' });
    expect((await t1.connect({ timeoutMs: SOON_MS })).protocol).toBe('T=1');
    await t1.close();
  });

  it('direct: the reader itself, with no card in it', async () => {
    served.link.stop();
    await slotIsEmpty();
    const direct = new PcscFfiReader({ clock: systemClock, share: 'direct' });
    const session = await direct.connect({ reader: SLOTS[0], timeoutMs: 0 });
    await expect(session.control(controlCode(3400), new Uint8Array(0))).rejects.toMatchObject({ kind: 'unsupported' });
    await direct.close();
  });

  it('exclusive: busy where another program shares the card', async () => {
    const session = await reader.connect({ timeoutMs: SOON_MS });
    await session.transmit(echo);
    const exclusive = new PcscFfiReader({ clock: systemClock, share: 'exclusive' });
    await expect(exclusive.connect({ timeoutMs: 0 })).rejects.toMatchObject({ kind: 'busy' });
    await exclusive.close();
  });

  it('a reader that comes later is waited for', async () => {
    const waiting = reader.connect({ reader: SLOTS[1], timeoutMs: SOON_MS });
    const late = await serveOnVpcd(new ToyCard(), { slot: 1 });
    expect((await waiting).reader).toBe(SLOTS[1]);
    late.link.stop();
    await slotIsEmpty(1);
  });
});
