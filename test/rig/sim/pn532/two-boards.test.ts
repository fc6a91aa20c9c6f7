import { describe, expect, it } from 'vitest';
import { parseFault } from '../../../../rig/sim/faults/parse.ts';
import type { Fault } from '../../../../rig/sim/faults/plan.ts';
import { type SimulatedPair, type SimulatedPairOptions, simulatedPair } from '../../../../rig/sim/pair.ts';
import { Host } from '../host.ts';

const NFCID3 = '00'.repeat(10);
const FELICA = '00'.repeat(18);
/** PassiveOnly and PICCOnly, SENS_RES 0004, NFCID 11 22 33, SEL_RES 20, two historical bytes. */
const BE_A_CARD = `8c05040011223320${FELICA}${NFCID3}00028131`;
const LISTED = '4b0101000420040811223307753392038131';

interface Boards {
  readonly pair: SimulatedPair;
  readonly card: Host;
  readonly reader: Host;
}

async function boards(options: SimulatedPairOptions = {}): Promise<Boards> {
  const pair = simulatedPair(options);
  const [card, reader] = [await Host.open(pair, 'a'), await Host.open(pair, 'b')];
  await card.wake();
  await reader.wake();
  return { pair, card, reader };
}

/** A card that was found, at the point where TgGetData is the card's next command. */
async function activated(options: SimulatedPairOptions = {}): Promise<Boards> {
  const all = await boards(options);
  const listening = all.card.command(BE_A_CARD);
  expect(await all.reader.command('4a0100')).toBe(LISTED);
  // As a PICC, with the RATS of a reader whose frames have up to 64 bytes.
  expect(await listening).toBe('8d08e050');
  return all;
}

/** One APDU; what the card saw with its status byte, and what the reader saw with its. */
async function exchange({ card, reader }: Boards, command: string, response: string): Promise<[string, string]> {
  const seen = card.command('86');
  const answered = reader.command(`4001${command}`);
  const got = await seen;
  expect(await card.command(`8e${response}`)).toBe('8f00');
  return [got, await answered];
}

const fault = (text: string): readonly Fault[] => [parseFault(`x:${text}`).fault];

describe('two simulated boards', () => {
  it('find each other and exchange an APDU', async () => {
    const both = await activated();
    expect(await exchange(both, '00a4040007d276000085010100', '9000')).toEqual([
      '870000a4040007d276000085010100',
      '41009000',
    ]);
  });

  it.each([
    [1, 2],
    // Blocks of 61 bytes: the last byte of one, the first of the next.
    [61, 61],
    [62, 62],
    [122, 123],
    [261, 262],
  ])('carry a command of %i bytes and a response of %i', async (c, r) => {
    const both = await activated();
    const [command, response] = ['a5'.repeat(c), '5a'.repeat(r)];
    expect(await exchange(both, command, response)).toEqual([`8700${command}`, `4100${response}`]);
    expect(await exchange(both, 'ff', '9000')).toEqual(['8700ff', '41009000']);
  });

  it('carry a longer command in parts: MI to the reader, MI from the card', async () => {
    const both = await activated();
    const { card, reader } = both;
    const seen = card.command('86');
    expect(await reader.command(`4041${'11'.repeat(262)}`)).toBe('4100');
    const answered = reader.command(`4001${'22'.repeat(100)}`);
    expect(await seen).toBe(`8740${'11'.repeat(262)}`);
    expect(await card.command('86')).toBe(`8700${'22'.repeat(100)}`);
    await card.command('8e9000');
    expect(await answered).toBe('41009000');
  });

  it('refuse more than 262 bytes from a card', async () => {
    const both = await activated();
    const seen = both.card.command('86');
    const answered = both.reader.command('400100');
    await seen;
    expect(await both.card.command(`8e${'00'.repeat(263)}`)).toBe('8f07');
    expect(await both.card.command('8e6700')).toBe('8f00');
    expect(await answered).toBe('41006700');
  });

  it('refuse an answer that nobody asked for', async () => {
    const { card } = await activated();
    expect(await card.command('8e9000')).toBe('8f27');
    expect(await card.command('88')).toBe('8927');
    expect(await card.command('940000')).toBe('9527');
  });

  it('ask for more time while the host of the card thinks, and are given it', async () => {
    const { pair, card, reader } = await activated();
    const seen = card.command('86');
    const answered = reader.command('400100b0000000');
    await seen;
    // Over six times the frame waiting time of 154.7 ms.
    await new Promise<void>((resolve) => void pair.clock.after(1_000_000_000, resolve));
    expect(await card.command('8e9000')).toBe('8f00');
    expect(await answered).toBe('41009000');
  });

  it('time out where the card does not ask', async () => {
    const { pair, card, reader } = await activated({ a: { chip: { asksForTime: false } } });
    const seen = card.command('86');
    const fromNs = pair.clock.nowNs();
    expect(await reader.command('400100b0000000')).toBe('4101');
    await seen;
    // Asked three times, each for 154.7 ms and 3.6 more.
    expect((pair.clock.nowNs() - fromNs) / 1e6).toBeCloseTo(3 * 158.3, -2);
  });

  it('tell deselect from a lost field', async () => {
    const gone = await activated();
    expect(await gone.card.command('8a')).toBe('8b8100');
    const waits = gone.card.command('86');
    expect(await gone.reader.command('4401')).toBe('4500');
    expect(await waits).toBe('8729');
    expect(await gone.card.command('8a')).toBe('8b8200');
    expect(await gone.card.command('86')).toBe('8729');

    const dark = await activated();
    const listens = dark.card.command('86');
    expect(await dark.reader.command('320100')).toBe('33');
    expect(await listens).toBe('8729');
    expect(await dark.card.command('8a')).toBe('8b8000');
  });

  it('come back after deselect with InSelect, once the card listens again', async () => {
    const both = await activated();
    const { pair, card, reader } = both;
    await reader.command('4401');
    expect(await reader.command('40010000')).toBe('4127');
    const again = card.command(BE_A_CARD);
    // 45 bytes take 4 ms on the line.
    await new Promise<void>((resolve) => void pair.clock.after(10_000_000, resolve));
    expect(await reader.command('5401')).toBe('5500');
    expect(await again).toBe('8d08e050');
    expect(await exchange(both, '00', '9000')).toEqual(['870000', '41009000']);
  });

  it('agree on 424 kbit/s, and are faster then', async () => {
    const both = await activated();
    const { pair, card, reader } = both;
    expect(await reader.command('4e010202')).toBe('4f00');
    expect(await reader.command('04')).toBe('050000010102020000');
    expect(await card.command('8a')).toBe('8b8122');
    const fromNs = pair.clock.nowNs();
    await exchange(both, 'aa'.repeat(200), 'bb'.repeat(200));
    const fastNs = pair.clock.nowNs() - fromNs;
    const slow = await activated();
    const slowFromNs = slow.pair.clock.nowNs();
    await exchange(slow, 'aa'.repeat(200), 'bb'.repeat(200));
    // 400 bytes at 63.7 µs less a byte, and shorter frames around them: a(106) - a(424) of 84.96 and 21.24 µs.
    expect((slow.pair.clock.nowNs() - slowFromNs - fastNs) / 1e6).toBeGreaterThan(25);
  });

  it('InPSL wants a card and rates that there are', async () => {
    const { reader } = await activated();
    expect(await reader.command('4e010303')).toBe('4f10');
    expect(await reader.command('4e020000')).toBe('4f27');
    expect(await reader.command('4e010000')).toBe('4f00');
  });

  it('know whether the card is still there', async () => {
    const { card, reader } = await activated();
    expect(await reader.command('0006')).toBe('0100');
    await card.send('0000ff00ff00');
    expect(await card.command('16f0')).toBe('1700');
    expect(await reader.command('0006')).toBe('0101');
    expect(await reader.command('400100')).toBe('4101');
    expect((await reader.command('04')).slice(0, 4)).toBe('0501');
  });

  it.each([['flip-air@3'], ['lose-air@3'], ['flip-air=5@4-5']])(
    'repair %s of the card by asking again',
    async (text) => {
      // Frames of the card: ATQA, UID, SAK, ATS, and then blocks.
      const at = text.replace(/@(\d)(-\d)?/, (_, n, rest) => `@${Number(n) + 2}${rest ? `-${Number(n) + 3}` : ''}`);
      const both = await activated({ a: { faults: fault(at) } });
      const [seen, answered] = await exchange(both, 'c1'.repeat(130), 'd2'.repeat(130));
      expect([seen, answered]).toEqual([`8700${'c1'.repeat(130)}`, `4100${'d2'.repeat(130)}`]);
    },
  );

  it('repair damage on the way to the card likewise', async () => {
    // Frames of the reader: REQA, anticollision, SELECT, RATS, and then blocks.
    const both = await activated({ b: { faults: fault('flip-air@6-7') } });
    expect(await exchange(both, 'c1'.repeat(130), '9000')).toEqual([`8700${'c1'.repeat(130)}`, '41009000']);
  });

  it('find nothing when nobody is a card, after as many tries as were set', async () => {
    const { reader } = await boards();
    expect(await reader.command('3205ff0102')).toBe('33');
    expect(await reader.command('4a0100')).toBe('4b00');
    expect(await reader.command('600201200010')).toBe('6100');
  });

  it('wait for ever for a card by default, and find the one that comes', async () => {
    const { pair, card, reader } = await boards();
    const found = reader.command('4a0100');
    await new Promise<void>((resolve) => void pair.clock.after(3_000_000_000, resolve));
    expect(reader.pending).toBe('');
    const listening = card.command(BE_A_CARD);
    expect(await found).toBe(LISTED);
    await listening;
  });

  it('find a card by InAutoPoll, with its type', async () => {
    const { card, reader } = await boards();
    const listening = card.command(BE_A_CARD);
    expect(await reader.command('60ff01112023')).toBe('6101201001000420040811223307753392038131');
    await listening;
  });

  it('select the card that was asked for, and no other', async () => {
    const { card, reader } = await boards();
    const listening = card.command(BE_A_CARD);
    await reader.command('3205ff0100');
    expect(await reader.command('4a010008112234')).toBe('4b00');
    expect(await reader.command('4a010008112233')).toBe(LISTED);
    await listening;
  });

  it('speak frames of the host in raw mode, with CRC by the chip', async () => {
    const { card, reader } = await boards();
    // Not ISO14443-4_PICC.
    await card.command('1214');
    const listening = card.command(`8c01040011223320${FELICA}${NFCID3}0000`);
    const found = reader.command('4a0100');
    expect(await listening).toBe('8d00e050');
    // The ATS of the host's own.
    expect(await card.command('9007757781028055')).toBe('9100');
    expect(await found).toBe('4b0101000420040811223307757781028055');
    const asked = card.command('88');
    const answered = reader.command('400100b0000004');
    expect(await asked).toBe('89000200b0000004');
    expect(await card.command('9002aabbccdd9000')).toBe('9100');
    expect(await answered).toBe('4100aabbccdd9000');
    expect(await card.command('8a')).toBe('8b0100');
  });

  it('a weak antenna feeds no card and fails its test', async () => {
    const { card, reader } = await boards({ b: { faults: fault('weak-antenna') } });
    void card.command(BE_A_CARD);
    await reader.command('3205ff0102');
    expect(await reader.command('4a0100')).toBe('4b00');
    // Under the low threshold of 25 mA: b8, and the thresholds again.
    expect(await reader.command('000727')).toBe('01a7');
  });

  it('a released card says so when a fault wants it', async () => {
    const { card } = await activated({ a: { faults: fault('release@1') } });
    expect(await card.command('86')).toBe('8729');
  });

  it('take the same virtual time whenever the same is done', async () => {
    const run = async (): Promise<number> => {
      const both = await activated();
      await exchange(both, '00a4040007d276000085010100', '9000');
      return both.pair.clock.nowNs();
    };
    expect(await run()).toBe(await run());
  });
});
