import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/apdu/hex.ts';
import { AID_A, boot, counting, selectName } from './bench-card.ts';

const CONTENT = counting(600);
const part = (from: number, length: number): string => toHex(CONTENT.subarray(from, from + length));

describe('READ BINARY of a file of 600 bytes', () => {
  it.each([
    ['Le as asked', '00B0000004', `${part(0, 4)}9000`],
    ['an offset', '00B0012C02', `${part(0x12c, 2)}9000`],
    ['Le 00: 256 bytes', '00B0000000', `${part(0, 256)}9000`],
    ['Le 00 near the end: what there is', '00B0020000', `${part(512, 88)}9000`],
    ['an Le over the end: what there is, and 6282', '00B0020059', `${part(512, 88)}6282`],
    ['exactly up to the end', '00B0020058', `${part(512, 88)}9000`],
    ['the last byte', '00B0025701', `${part(599, 1)}9000`],
    ['an offset at the end', '00B0025801', '6B00'],
    ['an offset far outside', '00B07FFF01', '6B00'],
    ['extended Le: all of it', '00B00000000258', `${part(0, 600)}9000`],
    ['extended Le 0000', '00B00000000000', `${part(0, 600)}9000`],
    ['extended Le over the end', '00B00000000259', `${part(0, 600)}6282`],
    ['by short identifier', '00B0810002', `${part(0, 2)}9000`],
    ['by short identifier with an offset', '00B081FF02', `${part(255, 2)}9000`],
    ['by a short identifier that is not there', '00B0820001', '6A82'],
    ['short identifier 31', '00B09F0001', '6A86'],
    ['bits 6 and 7 of P1 beside b8', '00B0A10001', '6A86'],
    ['without Le', '00B00000', '6700'],
    ['with data', '00B000000101', '6700'],
    ['with data and Le', '00B00000010100', '6700'],
  ])('%s', (_, command, answer) => {
    const { send } = boot();
    send('00A4020C 02 0101');
    expect(send(command)).toBe(answer);
  });

  it('needs a current EF, of the right structure', () => {
    const { send } = boot();
    expect(send('00B0000001')).toBe('6986');
    send(selectName(AID_A));
    expect(send('00B0000001')).toBe('6986');
    send('00A4020C 02 E001');
    expect(send('00B0000001')).toBe('6981');
  });

  it('a short identifier makes the file current when the read succeeds, and not when it is refused', () => {
    const { send } = boot();
    expect(send('00B0810001')).toBe('009000');
    expect(send('00B0000101')).toBe('019000');
    send(selectName(AID_A));
    expect(send('00B0850001')).toBe('6982');
    expect(send('00B0000001')).toBe('6986');
    expect(send('00B0860001')).toBe('6982'); // a rule of "never"
  });

  it('a link that carries less hands out the rest by GET RESPONSE', () => {
    const { send } = boot({
      limits: { largestCommand: 261, largestResponse: 102, historicalBytes: 15, fixedAts: null, uid: 'any' },
    });
    send('00A4020C 02 0101');
    expect(send('00B0000000')).toBe(`${part(0, 100)}619C`);
    expect(send('00C0000000')).toBe(`${part(100, 100)}6138`);
    expect(send('00C0000038')).toBe(`${part(200, 56)}9000`);
    expect(send('00C0000000')).toBe('6985');
  });
});
