import { describe, expect, it } from 'vitest';
import { AID_A, AID_B, boot, CODE, selectName } from './bench-card.ts';

const VERIFY_81 = `0020008104${CODE.replaceAll(' ', '')}`;
const SECRET_RECORD = '00B2012400';
/** The same command on another channel: only the class byte differs. */
const on = (channel: number, command: string): string => {
  const cla = channel < 4 ? channel : 0x40 | (channel - 4);
  return cla.toString(16).padStart(2, '0') + command.slice(2);
};

describe('MANAGE CHANNEL', () => {
  it('opens the channels one after the other, as the card chooses', () => {
    const { send } = boot();
    for (let number = 1; number < 20; number++) {
      expect(send('0070000001')).toBe(`${number.toString(16).toUpperCase().padStart(2, '0')}9000`);
    }
    expect(send('0070000001')).toBe('6A81');
    expect(send('00708005')).toBe('9000');
    expect(send('0070000000')).toBe('059000');
  });

  it('opens the one that is asked for', () => {
    const { send } = boot();
    expect(send(on(13, '00A40000'))).toBe('6881');
    expect(send('0070000D')).toBe('9000');
    expect(send(on(13, '00A40000'))).toBe('9000');
    expect(send('0070000D')).toBe('6A86');
  });

  it.each([
    ['no Le where the card chooses', '00700000', '6700'],
    ['an Le where it does not', '0070000301', '6700'],
    ['an Le when closing', '0070800101', '6700'],
    ['Le 00 when closing, which only T=0 takes for none', '0070800100', '6700'],
    ['Le 00 when opening by number', '0070000200', '6700'],
    ['channel 20', '00700014', '6A86'],
    ['P1 01', '0070010001', '6A86'],
    ['closing the basic channel', '00708000', '6A81'],
    ['closing a closed one', '00708003', '6200'],
    ['with data', '007000000101', '6700'],
  ])('%s', (_, sent, status) => expect(boot().send(sent)).toBe(status));

  it('a channel closes itself with P2 00', () => {
    const { send } = boot();
    send('00700002');
    expect(send('02708000')).toBe('9000');
    expect(send('02A40000')).toBe('6881');
  });

  it('opened from the basic channel it starts in the MF; from another, in the DF that is current there', () => {
    const { send } = boot();
    send(selectName(AID_A));
    send('00700001');
    expect(send(on(1, '00B0810001'))).toBe('009000'); // SFI 1 of the MF
    expect(send(on(1, selectName(AID_A))).slice(-4)).toBe('9000');
    expect(send(on(1, '00700002'))).toBe('9000');
    expect(send(on(2, '00B2010C00'))).toBe('A1A1A1A19000');
  });
});

describe('channels are apart', () => {
  it('each with its own selection and record pointer', () => {
    const { send } = boot();
    send('00700001');
    send(selectName(AID_A));
    send(on(1, selectName(AID_B)));
    expect(send('00B2010C00')).toBe('A1A1A1A19000');
    expect(send(on(1, '00B0810000'))).toBe('B09000');
    expect(send('00B2000200')).toBe('A1A1A1A19000');
    expect(send('00B2000200')).toBe('A2A2A2A29000');
  });

  it('a code of an application counts on its channel alone, a code of the card on all', () => {
    const { send } = boot();
    send('00700001');
    send(selectName(AID_A));
    send(on(1, selectName(AID_A)));
    expect(send(VERIFY_81)).toBe('9000');
    expect(send(SECRET_RECORD)).toBe('5EC19000');
    expect(send(on(1, SECRET_RECORD))).toBe('6982');
    expect(send(on(1, '0020000104 39393939'))).toBe('9000');
    expect(send('00200001')).toBe('9000');
  });

  it('closing a channel forgets what it had proven', () => {
    const { send } = boot();
    send('00700001');
    send(on(1, selectName(AID_A)));
    send(on(1, VERIFY_81));
    send('00708001');
    send('00700001');
    send(on(1, selectName(AID_A)));
    expect(send(on(1, SECRET_RECORD))).toBe('6982');
  });

  it('what waits for GET RESPONSE waits on its channel', () => {
    const { send } = boot();
    send('00700001');
    send(selectName(AID_A));
    expect(send('00B2013D00').slice(-4)).toBe('6100');
    expect(send(on(1, '00C0000000'))).toBe('6985');
    expect(send('00C0000000').slice(-4)).toBe('6158');
  });

  it('what another channel left waits there, and not on the basic one', () => {
    const { send } = boot();
    send('00700001');
    send(on(1, selectName(AID_A)));
    expect(send(on(1, '00B2013D00')).slice(-4)).toBe('6100');
    expect(send('00C0000000')).toBe('6985');
    expect(send(on(1, '00C0000000')).slice(-4)).toBe('6158');
  });

  it('a reset closes all but the basic one', () => {
    const { send, port } = boot();
    send('00700001');
    port.reset();
    expect(send('01A40000')).toBe('6881');
  });

  it('a chain that another channel breaks is gone', () => {
    const { send } = boot();
    send('00700001');
    send('10A4040003 F05649');
    expect(send('01A40000')).toBe('6883');
    expect(send('01A40000')).toBe('9000');
  });
});

describe('ENVELOPE', () => {
  const envelope = (inner: string, le = '00'): string => {
    const length = (inner.length / 2).toString(16).padStart(2, '0');
    return `00C20000${length}${inner}${le}`;
  };

  it('answers with the response APDU of the command inside', () => {
    const { send } = boot();
    expect(send(envelope('00A4000C02DF01'))).toBe('90009000');
    expect(send(envelope('00B2010C00'))).toBe('A1A1A1A190009000');
  });

  it.each([
    ['a refusal inside', '00B2012400', '69829000'],
    ['an instruction that nobody knows', '005A0000', '6D009000'],
    ['a malformed command', '00A400000502', '67009000'],
    ['no Le inside: no data', '00A40000023F00', '90009000'],
    ['an Le inside that is too small', '00B2010C02', '6C049000'],
  ])('%s', (_, inner, answer) => {
    const { send } = boot();
    send(selectName(AID_A));
    expect(send(envelope(inner))).toBe(answer);
  });

  it.each([
    ['ENVELOPE inside', '00C2000001FF00', '6A80'],
    ['GET RESPONSE inside', '00C0000000', '6A80'],
    ['a part of a chain inside', '10A4040001F0', '6A80'],
  ])('6A80: %s', (_, inner, status) => expect(boot().send(envelope(inner))).toBe(status));

  it('needs an Le for the answer', () => {
    expect(boot().send(envelope('00A40000', ''))).toBe('6700');
  });

  it('comes in parts by chaining', () => {
    const { send } = boot();
    expect(send('10C2000004 00A4000C')).toBe('9000');
    expect(send('00C2000003 02DF01 00')).toBe('90009000');
    expect(send('00B2010C00')).toBe('A1A1A1A19000');
  });

  it('a long answer goes on by GET RESPONSE', () => {
    const { send } = boot();
    send(selectName(AID_A));
    const first = send(envelope('00B2013D000258')); // extended Le: three records of 200 bytes
    expect(first.length / 2).toBe(258);
    expect(first.slice(-4)).toBe('6100');
    expect(send('00C0000000').slice(-4)).toBe('615A');
    expect(send('00C000005A').slice(-8)).toBe('90009000');
  });
});
