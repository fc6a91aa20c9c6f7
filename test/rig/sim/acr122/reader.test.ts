import { describe, expect, it } from 'vitest';
import { SimulatedAcr122 } from '../../../../rig/sim/acr122/reader.ts';
import { FieldCard } from '../../../../rig/sim/field/card.ts';
import { Field } from '../../../../rig/sim/field/field.ts';
import { VirtualTimeline } from '../../../../rig/sim/timeline.ts';
import { TOY, ToyCard } from '../../../contract/toy-card.ts';
import { fromHex, toHex } from '../host.ts';

const ATS = {
  fsci: 5,
  toReader: [],
  toCard: [],
  sameRateOnly: false,
  fwi: 7,
  sfgi: 0,
  cidSupported: false,
  nadSupported: false,
  historicalBytes: fromHex('5649544150'),
};

function reader(withCard = true): { send(apdu: string): Promise<string>; card: FieldCard; acr122: SimulatedAcr122 } {
  const clock = new VirtualTimeline();
  const field = new Field(clock);
  const acr122 = new SimulatedAcr122('ACS ACR122U', clock, field);
  const card = new FieldCard(clock, field, new ToyCard(), { isoDep: { ats: ATS }, inserted: withCard });
  return { send: async (apdu) => toHex(await acr122.transmit(fromHex(apdu))), card, acr122 };
}

describe('a simulated ACR122', () => {
  it('finds a card and makes its ATR', async () => {
    const { acr122 } = reader();
    expect(await acr122.poll()).toBe(true);
    // TCK: 85 xor 80 xor 01 xor 56 49 54 41 50.
    expect(toHex(acr122.atr)).toBe('3b85800156495441505e');
  });

  it.each([
    ['the UID', 'ffca000000', '045649544150809000'],
    // TL, T0, TA, TB, TC, and five historical bytes.
    ['the ATS', 'ffca010000', '0a7500700056495441509000'],
    ['GET DATA of another thing', 'ffca020000', '6a81'],
    ['the firmware, without a status word', 'ff00480000', toHex(new TextEncoder().encode('ACR122U215'))],
    ['lights', 'ff00400f0401010303', '9003'],
    ['lights without their times', 'ff00400f', '6300'],
    ['the buzzer', 'ff0052ff00', '9000'],
    ['a timeout', 'ff00410500', '9000'],
    ['PICC operating parameter', 'ff00517f00', '907f'],
    ['a key', 'ff82000006ffffffffffff', '9000'],
    ['authentication of a card that has none', 'ff860000050100006000', '6300'],
    ['a block of a card that has none', 'ffb0000410', '6300'],
    ['an instruction that it does not know', 'ff99000000', '6a81'],
    ['half a header', 'ff00', '6700'],
  ])('%s', async (_, command, answer) => {
    const { acr122, send } = reader();
    await acr122.poll();
    const said = await send(command);
    expect(said).toBe(answer);
  });

  it('passes APDUs on to the card', async () => {
    const { acr122, send } = reader();
    await acr122.poll();
    expect(await send(`80${TOY.produce.toString(16)}000400`)).toBe('000102039000');
  });

  it('says 6300 for what needs a card when there is none', async () => {
    const { send } = reader(false);
    expect(await send('ffca000000')).toBe('6300');
    expect(await send('00a4040000')).toBe('6300');
  });

  it('says 6300 when the card has left', async () => {
    const { acr122, card, send } = reader();
    await acr122.poll();
    card.remove();
    expect(await send('00a4040000')).toBe('6300');
    expect(await acr122.poll()).toBe(false);
  });

  it('gives the PN532 to who asks', async () => {
    const { send } = reader();
    expect(await send('ff00000002d402')).toBe('d503320106079000');
    expect(await send('ff00000004d44a0100')).toBe('d54b01010344200704564954415080' + '0a750070005649544150' + '9000');
    expect(await send(`ff00000008d4400180${TOY.produce.toString(16)}000200`)).toBe('d5410000019000' + '9000');
  });

  it.each([
    ['Lc that does not fit', 'ff00000003d402'],
    ['a frame that is not the host’s', 'ff00000002d502'],
    ['no command', 'ff00000001d4'],
    ['nothing', 'ff000000'],
  ])('refuses %s', async (_, command) => {
    expect(await reader().send(command)).toBe('6300');
  });

  it('passes on the syntax error of its PN532', async () => {
    expect(await reader().send('ff00000002d4ee')).toBe('7f9000');
  });

  it('gives up a command that waits after some seconds, as if all were well', async () => {
    const { send } = reader(false);
    expect(await send('ff00000004d44a0100')).toBe('9000');
    expect(await send('ff00000002d402')).toBe('d503320106079000');
  });
});
