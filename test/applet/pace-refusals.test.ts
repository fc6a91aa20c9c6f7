import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { ChannelError, PASSWORD } from '../../src/secure-channel/index.ts';
import {
  bootPace,
  CAN,
  type Exchange,
  GM_128_OID,
  openPace,
  type PaceCard,
  PIN_CODE,
  paceSpecification,
  paceTerminal,
  setAt,
} from './pace-card.ts';

describe('bad input to MSE:Set AT', () => {
  it.each([
    ['no protocol', '0022C1A4 03 830103', '6A80'],
    ['no password', `0022C1A4 0C 800A ${GM_128_OID}`, '6A80'],
    ['a password of two bytes', `0022C1A4 10 800A ${GM_128_OID} 83020303`, '6A80'],
    ['integrated mapping', '0022C1A4 0F 800A 04007F00070202040402 830103', '6A80'],
    ['AES-256, which the card does not offer', '0022C1A4 0F 800A 04007F00070202040204 830103', '6A80'],
    ['chip authentication mapping without a key', '0022C1A4 0F 800A 04007F00070202040602 830103', '6A80'],
    ['P-256, which the card does not offer', setAt(3, '84010C'), '6A88'],
    ['the MRZ, which the card has not', setAt(1), '6A88'],
    ['password 7', setAt(7), '6A88'],
    ['an object twice', setAt(3, '830103'), '6A80'],
    ['an unknown object', setAt(3, '9F0100'), '6A80'],
    ['a length over the end', '0022C1A4 04 800A0400', '6A80'],
    ['a length of 4 GB', '0022C1A4 06 8084FFFFFFFF', '6A80'],
    ['a CHAT that is none', setAt(3, '7F4C03 530101'), '6A80'],
    ['another P1-P2', '0022C1B6 03 830103', '6A86'],
  ])('%s', (_, command, status) => {
    const { send, tries } = bootPace();
    expect(send(command)).toBe(status);
    expect(send('10860000 02 7C00 00')).toBe('6985');
    expect(tries('PIN')).toBe(3);
  });

  it('a card without passwords offers no PACE', () => {
    const bench = bootPace({ specification: { ...paceSpecification(), masterFile: withoutPasswords() } });
    expect(bench.send(setAt(2))).toBe('6A80');
    expect(bench.send('10860000 02 7C00 00')).toBe('6985');
  });
});

function withoutPasswords(): ReturnType<typeof paceSpecification>['masterFile'] {
  const { masterFile } = paceSpecification();
  return { ...masterFile, pins: masterFile.pins.filter(({ password }) => password === undefined) };
}

describe('bad input to GENERAL AUTHENTICATE', () => {
  /** What the terminal sends at each step, its data changed before it goes out. */
  function tampered(
    step: 'mapping' | 'key-agreement' | 'token',
    change: (data: string) => string,
  ): PaceCard & { answer: string } {
    const bench = bootPace();
    let answer = '';
    const tag = { mapping: '81', 'key-agreement': '83', token: '85' }[step];
    const exchange: Exchange = (command) => {
      const isStep = command.slice(2, 4) === '86' && command.slice(14, 16) === tag;
      if (!isStep) return bench.send(command);
      const value = change(command.slice(18, -2));
      const objects = `${tag}${byte(value.length / 2)}${value}`;
      const data = `7C${byte(objects.length / 2)}${objects}`;
      answer = bench.send(`${command.slice(0, 8)}${byte(data.length / 2)}${data}00`);
      return answer;
    };
    try {
      openPace(exchange, 'PIN', PIN_CODE);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
    }
    return { ...bench, answer };
  }

  const zeros = '00'.repeat(64);
  it.each([
    [
      'mapping',
      'a point off the curve',
      (data: string) => `${data.slice(0, -2)}${data.endsWith('00') ? '01' : '00'}`,
      '6A80',
      3,
    ],
    ['mapping', 'the point at infinity', () => '00', '6A80', 3],
    ['mapping', 'zeros', () => `04${zeros}`, '6A80', 3],
    ['mapping', 'a compressed point', (data: string) => `02${data.slice(2, 66)}`, '6A80', 3],
    ['mapping', 'a point of another curve’s length', (data: string) => `${data}${data.slice(2)}`, '6A80', 3],
    ['mapping', 'nothing', () => '', '6A80', 3],
    [
      'key-agreement',
      'a point off the curve',
      (data: string) => `${data.slice(0, -2)}${data.endsWith('00') ? '01' : '00'}`,
      '6A80',
      3,
    ],
    ['key-agreement', 'the point at infinity', () => '00', '6A80', 3],
    ['token', 'one bit wrong', (data: string) => flip(data), '6300', 2],
    ['token', 'too short', (data: string) => data.slice(2), '6300', 2],
    ['token', 'the whole MAC of 16 bytes', (data: string) => `${data}${data}`, '6300', 2],
  ] as const)('%s: %s', (step, _, change, status, left) => {
    const { answer, send, tries } = tampered(step, change);
    expect(answer).toBe(status);
    expect(tries('PIN')).toBe(left);
    // The run is over.
    expect(send('0086 0000 0C 7C0A 8508 0000000000000000 00')).toBe('6985');
    expect(tries('PIN')).toBe(left);
    openPace(send, 'PIN', PIN_CODE);
  });

  it.each([
    ['mapping', 2],
    ['key-agreement', 3],
  ] as const)('the chip’s own point, foretold: %s', (_, step) => {
    const first = bootPace({ seed: 'foretold' });
    // Two cards of one seed draw the same: the first tells what the second will answer.
    const answers: string[] = [];
    openPace(
      (command) => {
        const answer = first.send(command);
        answers.push(answer);
        return answer;
      },
      'CAN',
      CAN,
    );
    const own = (answers[step] as string).slice(8, -4);
    expect(own).toHaveLength(2 * 65);
    const { send } = bootPace({ seed: 'foretold' });
    const terminal = paceTerminal('CAN', CAN);
    let command = terminal.start();
    for (let i = 0; i < step; i++) command = terminal.next(fromHex(send(toHex(command)))) as Uint8Array;
    expect(send(`10860000 45 7C43 ${step === 2 ? '81' : '83'}41 ${own} 00`)).toBe('6300');
    expect(send('10860000 02 7C00 00')).toBe('6985');
  });

  it.each([
    ['no template', '10860000 02 8100 00', '6A80'],
    ['the next step’s object', '10860000 05 7C03 830100 00', '6985'],
    ['an unknown object', '10860000 05 7C03 990100 00', '6A80'],
    ['a length over the end', '10860000 03 7C0581 00', '6A80'],
    ['bytes after the template', '10860000 04 7C00 7C00 00', '6A80'],
    ['the last step’s class', '00860000 02 7C00 00', '6985'],
  ])('%s, for the first step', (_, command, status) => {
    const { send, tries } = bootPace();
    send(setAt(3));
    expect(send(command)).toBe(status);
    expect(send('10860000 02 7C00 00')).toBe('6985');
    expect(tries('PIN')).toBe(3);
  });

  it('a token in the middle of the chain costs no try, nor does a malformed one', () => {
    for (const [cla, data, status] of [
      ['10', '0C 7C0A 8508 0000000000000000', '6883'],
      ['00', '03 7C0A85', '6A80'],
      ['00', '0C 7C0A 8308 0000000000000000', '6985'],
    ] as const) {
      const { send, tries } = bootPace();
      const terminal = paceTerminal('PIN', PIN_CODE);
      let command = terminal.start();
      for (let i = 0; i < 4; i++) command = terminal.next(fromHex(send(toHex(command)))) as Uint8Array;
      expect(send(`${cla}86 0000 ${data} 00`)).toBe(status);
      expect(tries('PIN')).toBe(3);
    }
  });

  it('another command between the steps ends the run', () => {
    const { send, tries } = bootPace();
    const terminal = paceTerminal('PIN', PIN_CODE);
    const first = terminal.next(fromHex(send(toHex(terminal.start())))) as Uint8Array;
    const second = terminal.next(fromHex(send(toHex(first)))) as Uint8Array;
    expect(send('00A4 000C 02 3F00')).toBe('9000');
    expect(send(toHex(second))).toBe('6985');
    expect(tries('PIN')).toBe(3);
  });

  it('a token of another run is not believed', () => {
    const { send, tries } = bootPace();
    let token = '';
    openPace(
      (command) => {
        if (command.startsWith('0086')) token = command;
        return send(command);
      },
      'PIN',
      PIN_CODE,
    );
    const terminal = paceTerminal('PIN', PIN_CODE);
    let command = terminal.start();
    for (let i = 0; i < 4; i++) command = terminal.next(fromHex(send(toHex(command)))) as Uint8Array;
    expect(send(token)).toBe('6300');
    expect(tries('PIN')).toBe(2);
  });

  it('a run begun on one logical channel goes on there alone', () => {
    const { send } = bootPace();
    send('0070 0001');
    send(setAt(2));
    expect(send('11860000 02 7C00 00')).toBe('6985');
  });

  it('a terminal that stops half way leaves nothing: power, field, reset', () => {
    for (const event of ['powerOn', 'reset', 'deselect'] as const) {
      const { send, port, tries } = bootPace();
      send(setAt(PASSWORD.PIN));
      send('10860000 02 7C00 00');
      port[event]();
      expect(send('10860000 45 7C43 8141 04'.concat('00'.repeat(64), '00'))).toBe('6985');
      expect(tries('PIN')).toBe(3);
    }
  });
});

const byte = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');

function flip(hex: string): string {
  const last = Number.parseInt(hex.slice(-2), 16) ^ 1;
  return hex.slice(0, -2) + byte(last);
}
