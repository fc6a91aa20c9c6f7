import { describe, expect, it } from 'vitest';
import { SimulatedBoard } from '../../../../rig/sim/board.ts';
import { FieldCard, type FieldCardOptions } from '../../../../rig/sim/field/card.ts';
import { Field, type FieldEvent } from '../../../../rig/sim/field/field.ts';
import { MemoryPorts } from '../../../../rig/sim/serial/memory-port.ts';
import { VirtualTimeline } from '../../../../rig/sim/timeline.ts';
import { TOY, ToyCard } from '../../../contract/toy-card.ts';
import { fromHex, Host } from '../host.ts';

const ATS: FieldCardOptions['isoDep']['ats'] = {
  fsci: 8,
  toReader: [2, 4],
  toCard: [2, 4],
  sameRateOnly: false,
  fwi: 7,
  sfgi: 0,
  cidSupported: true,
  nadSupported: false,
  historicalBytes: fromHex('5649'),
};

/** A board, and cards in its field. */
async function reader(
  uids: readonly string[],
  highestRate: 1 | 4 = 4,
): Promise<{ host: Host; field: Field; cards: FieldCard[]; toys: ToyCard[] }> {
  const clock = new VirtualTimeline();
  const field = new Field(clock, highestRate);
  const board = new SimulatedBoard('sim', clock, field);
  const toys = uids.map(() => new ToyCard());
  const cards = uids.map((uid, i) => {
    const identity = {
      uid: fromHex(uid),
      atqa: fromHex(uid.length === 8 ? '0400' : uid.length === 14 ? '4400' : '8400'),
    };
    return new FieldCard(clock, field, toys[i]!, { isoDep: { ats: ATS }, identity });
  });
  const host = new Host(await new MemoryPorts([board]).open('sim', 115_200));
  await host.wake();
  await host.command('3205ff0101');
  return { host, field, cards, toys };
}

describe('a simulated card in the field of a simulated board', () => {
  it.each([
    ['01020304', '0004', '04'],
    ['04112233445566', '0044', '07'],
    ['0411223344556677 8899'.replace(' ', ''), '0084', '0a'],
  ])('is selected with its identifier %s', async (uid, sensRes, length) => {
    const { host } = await reader([uid]);
    expect(await host.command('4a0100')).toBe(`4b0101${sensRes}20${length}${uid}07783370025649`);
  });

  it('is told apart from another one, bit by bit', async () => {
    // They differ first in bit 4 of the first byte; the 1 is followed first.
    const { host } = await reader(['04112233', '14112233']);
    const found = await host.command('4a0200');
    expect(found).toBe(`4b02010004200414112233${'07783370025649'}020004200404112233${'07783370025649'}`);
    expect(await host.command(`400180${hex(TOY.produce)}0003`)).toBe('41000001029000');
    expect(await host.command(`400280${hex(TOY.produce)}0002`)).toBe('410000019000');
  });

  it('answers commands and gives long answers in parts', async () => {
    const { host } = await reader(['04112233445566']);
    await host.command('4a0100');
    const first = await host.command(`400180${hex(TOY.produce)}0200`);
    // 512 bytes and 9000: 262 with MI, then the rest.
    expect(first.slice(0, 4)).toBe('4140');
    expect(first.length / 2).toBe(2 + 262);
    const rest = await host.command('4001');
    expect(rest.slice(0, 4)).toBe('4100');
    expect(rest.length / 2).toBe(2 + 252);
    expect(rest.endsWith('fdfeff9000')).toBe(true);
  });

  it('takes the time on air that its bytes take', async () => {
    const { host, field } = await reader(['04112233445566']);
    await host.command('4a0100');
    const frames: FieldEvent[] = [];
    field.onEvent((event) => frames.push(event));
    // 13 bytes there, 15 back, in one block each.
    await host.command(`400180${hex(TOY.echo)}${'00'.repeat(11)}`);
    const [there, back] = frames;
    // (9 · 18 + 1) bits of 128 cycles for the answer with its PCB and CRC, then 1172 until the next block may begin.
    const endNs = back!.atNs + ((9 * 18 + 1) * 128 + 1172) / 0.01356;
    // 84.96 µs a byte and 704 µs a pair of blocks.
    expect((endNs - there!.atNs) / 1000).toBeCloseTo(84.96 * 28 + 704, -1);
  });

  it('leaves, and is not there any more', async () => {
    const { host, cards, toys } = await reader(['04112233445566']);
    await host.command('4a0100');
    cards[0]!.remove();
    expect(toys[0]!.told.fieldOff).toBe(1);
    expect(await host.command(`400180${hex(TOY.produce)}0001`)).toBe('4101');
    expect(await host.command('4a0100')).toBe('4b00');
  });

  it('loses its power with the field', async () => {
    const { host, toys } = await reader(['04112233445566']);
    await host.command('4a0100');
    await host.command('320100');
    expect(toys[0]!.told.fieldOff).toBe(1);
    expect((await host.command('4a0100')).slice(0, 4)).toBe('4b01');
    expect(toys[0]!.told.powerOn).toBe(2);
  });

  it('speaks faster after PPS, in a field that carries it', async () => {
    const fast = await reader(['04112233445566']);
    await fast.host.command('4a0100');
    expect(await fast.host.command('4e010202')).toBe('4f00');
    expect(await fast.host.command(`400180${hex(TOY.produce)}0001`)).toBe('4100009000');
    const slow = await reader(['04112233445566'], 1);
    await slow.host.command('4a0100');
    expect(await slow.host.command('4e010202')).toBe('4f00');
    expect(await slow.host.command(`400180${hex(TOY.produce)}0001`)).toBe('4101');
  });

  it('takes frames made by the host: WUPA of seven bits, and a SELECT with CRC of its own', async () => {
    const { host } = await reader(['01020304']);
    // No CRC either way; seven bits.
    await host.command('08630200630300633d07');
    expect(await host.command('4252')).toBe('43000400');
    await host.command('08633d00');
    expect(await host.command('429320')).toBe('43000102030404');
    // CRC_A of 93 70 01 02 03 04 04.
    await host.command('08630280630380');
    expect(await host.command('42937001020304' + '04')).toBe('430020');
  });
});

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
