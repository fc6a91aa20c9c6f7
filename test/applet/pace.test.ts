import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { UNLIMITED } from '../../src/hal/apdu-size.ts';
import { authorizationOf, ChannelError, encodeAuthorization, PASSWORD } from '../../src/secure-channel/index.ts';
import {
  bootPace,
  CAN,
  type Exchange,
  GM_128,
  openPace,
  type PaceCard,
  PIN_CODE,
  PUK,
  paceSpecification,
  paceTerminal,
} from './pace-card.ts';

const GM_128_OID = '04007F00070202040202';

/** MSE:Set AT for a password: without 84, as some clients send it, or with. */
function setAt(password: number, more = ''): string {
  const data = `800A${GM_128_OID} 83010${password} ${more}`.replace(/\s/g, '');
  return `0022C1A4 ${(data.length / 2).toString(16).padStart(2, '0')} ${data}`;
}

/** The status word that a terminal is refused with. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ChannelError) return (error.status ?? 0).toString(16).toUpperCase();
    throw error;
  }
  return 'not refused';
}

/** Tries a password that is wrong. */
function fail(send: Exchange, name: 'CAN' | 'PIN' | 'PUK', text: string, resume = false): string {
  return refusal(() => openPace(send, name, text, { resume }));
}

describe('PACE with the card', () => {
  it.each([
    ['CAN', CAN],
    ['PIN', PIN_CODE],
    ['PUK', PUK],
  ] as const)('%s opens the channel', (name, text) => {
    const { send } = bootPace();
    const { within } = openPace(send, name, text);
    expect(within('00A4 000C 02 3F00')).toBe('9000');
    expect(within('00B0 9C00 00')).toBe(`${toHex(cardAccess)}9000`);
  });

  it.each([12, 13, 15, 16, 17])(
    'domain parameters %i',
    (parameterId) => {
      for (const cipher of ['AES-128', 'AES-192', 'AES-256'] as const) {
        const offer = { mapping: 'GM', cipher, parameterId } as const;
        const { send } = bootPace({ specification: paceSpecification({}, [offer]) });
        expect(openPace(send, 'CAN', CAN, { offer }).within('00B0 9C00 01')).toBe('319000');
      }
    },
    30_000,
  );

  it('takes MSE:Set AT with 84 and without, with an Le, and with a CHAT', () => {
    const { send } = bootPace();
    const chat = encodeAuthorization(authorizationOf('authentication', 'terminal', []));
    expect(openPace(send, 'CAN', CAN, { sendParameterId: false }).within('00B0 9C00 01')).toBe('319000');
    expect(send(`${setAt(2)} 00`)).toBe('9000');
    expect(openPace(send, 'CAN', CAN, { chat }).within('00B0 9C00 01')).toBe('319000');
  });

  it('the known bytes of a client’s first command', () => {
    const { send } = bootPace();
    expect(send('0022C1A4 12 800A04007F00070202040202 830103 84010D')).toBe('9000');
    expect(send('10860000 02 7C00 00').slice(0, 8)).toBe('7C128010');
  });

  it('inside a channel the new one takes over after the answer', () => {
    const { send } = bootPace();
    const first = openPace(send, 'CAN', CAN);
    const second = openPace(first.within, 'PIN', PIN_CODE);
    expect(second.session).not.toBe(first.session);
    const { within } = openPaceOver(send, second);
    expect(within('00B0 9C00 01')).toBe('319000');
  });

  it('four bytes leave the channel, in clear and inside', () => {
    const { send } = bootPace();
    openPace(send, 'CAN', CAN);
    expect(send('0022C1A4')).toBe('9000');
    expect(send('0CB0 9C00 00')).toBe('6882');
    expect(openPace(send, 'CAN', CAN).within('0022C1A4')).toBe('9000');
    expect(send('0CB0 9C00 00')).toBe('6882');
    expect(send('0022C1A4')).toBe('9000');
  });

  it('on every link: short answers, T=0', () => {
    const small = bootPace({ limits: { ...UNLIMITED, largestResponse: 32 } });
    const specification = paceSpecification();
    const link = { ...specification.link, protocol: 'T=0', atr: fromHex('3B00') } as const;
    const t0 = bootPace({ specification: { ...specification, link }, cardInterface: 'contact' });
    expect(openPace(fetching(small.send), 'CAN', CAN).within('00B0 9C00 01')).toBe('319000');
    const noLe: Exchange = (command) => t0.send(command.length > 10 ? command.replace(/00$/, '') : command);
    expect(openPace(fetching(noLe), 'CAN', CAN).within('00B0 9C00 01')).toBe('319000');
  });

  it('what was computed for one run is not used for another', () => {
    const { send } = bootPace();
    const nonces = [1, 2, 3].map(() => {
      send(setAt(2));
      return send('10860000 02 7C00 00');
    });
    expect(new Set(nonces).size).toBe(3);
  });
});

/** The session of another exchange, spoken over the bare card. */
function openPaceOver(send: Exchange, { session }: ReturnType<typeof openPace>): { within: Exchange } {
  return { within: through(session, send) };
}

describe('the state of a password', () => {
  it('is told by MSE:Set AT: 9000, 63C2, 63C1 suspended, 63C0 blocked', () => {
    const { send, tries } = bootPace();
    expect(send(setAt(3))).toBe('9000');
    expect(fail(send, 'PIN', '000000')).toBe('6300');
    expect(send(setAt(3))).toBe('63C2');
    expect(fail(send, 'PIN', '000000')).toBe('6300');
    expect(send(setAt(3))).toBe('63C1');
    expect(tries('PIN')).toBe(1);
    // Suspended: the right one does not help.
    expect(send('10860000 02 7C00 00')).toBe('6985');
    expect(fail(send, 'PIN', PIN_CODE, true)).toBe('6985');
    expect(tries('PIN')).toBe(1);
    // The CAN gives the last try, in its own session alone.
    const can = openPace(send, 'CAN', CAN);
    expect(fail(can.within, 'PIN', '000000', true)).toBe('6300');
    expect(tries('PIN')).toBe(0);
    expect(send(setAt(3))).toBe('63C0');
    expect(send('10860000 02 7C00 00')).toBe('6983');
    const again = openPace(send, 'CAN', CAN);
    expect(again.within(setAt(3))).toBe('63C0');
    expect(again.within('10860000 02 7C00 00')).toBe('6983');
  });

  it('suspended, then the CAN and the right PIN in its channel: all tries are back', () => {
    const { send, tries } = bootPace({ specification: paceSpecification({ triesLeft: 1 }) });
    const can = openPace(send, 'CAN', CAN);
    expect(can.within(setAt(3))).toBe('63C1');
    openPace(can.within, 'PIN', PIN_CODE, { resume: true });
    expect(tries('PIN')).toBe(3);
  });

  it('a channel opened by PUK, or left, resumes nothing', () => {
    const { send, tries } = bootPace({ specification: paceSpecification({ triesLeft: 1 }) });
    const puk = openPace(send, 'PUK', PUK);
    expect(refusal(() => openPace(puk.within, 'PIN', PIN_CODE, { resume: true }))).toBe('6985');
    openPace(send, 'CAN', CAN);
    expect(fail(send, 'PIN', PIN_CODE, true)).toBe('6985');
    expect(tries('PIN')).toBe(1);
  });

  it('6283 deactivated, and nothing but its state is told', () => {
    const { send, tries } = bootPace({ specification: paceSpecification({ deactivated: true }) });
    expect(send(setAt(3))).toBe('6283');
    expect(send('10860000 02 7C00 00')).toBe('6984');
    expect(tries('PIN')).toBe(3);
    openPace(send, 'CAN', CAN);
  });

  it('a CAN has no counter', () => {
    const { send } = bootPace();
    for (let i = 0; i < 5; i++) expect(fail(send, 'CAN', '123123')).toBe('6300');
    expect(send(setAt(2))).toBe('9000');
    openPace(send, 'CAN', CAN);
  });

  it('the tries of a PUK never come back', () => {
    const { send, tries } = bootPace();
    expect(fail(send, 'PUK', '0000000000')).toBe('6300');
    expect(send(setAt(4))).toBe('63C9');
    openPace(send, 'PUK', PUK);
    expect(tries('PUK')).toBe(9);
    for (let i = 0; i < 9; i++) fail(send, 'PUK', '0000000000');
    expect(send(setAt(4))).toBe('63C0');
    expect(fail(send, 'PUK', PUK)).toBe('63C0');
    expect(tries('PUK')).toBe(0);
  });

  it('outlives a reset', () => {
    const { send, port } = bootPace();
    fail(send, 'PIN', '000000');
    port.reset();
    expect(send(setAt(3))).toBe('63C2');
  });
});

describe('the codes through the channel', () => {
  const changed = '654321';
  const newPin = `06 ${toHex(new TextEncoder().encode(changed))}`;

  it('the PIN’s own channel takes a new PIN', () => {
    const { send } = bootPace();
    const { within } = openPace(send, 'PIN', PIN_CODE);
    expect(within(`002C 0203 ${newPin}`)).toBe('9000');
    expect(fail(send, 'PIN', PIN_CODE)).toBe('6300');
    openPace(send, 'PIN', changed);
  });

  it('CHANGE REFERENCE DATA takes the new one alone there', () => {
    const { send } = bootPace();
    expect(openPace(send, 'PIN', PIN_CODE).within(`0024 0103 ${newPin}`)).toBe('9000');
    openPace(send, 'PIN', changed);
  });

  it('the PUK’s channel gives the tries of the PIN back, and takes no new one', () => {
    const { send, tries } = bootPace({ specification: paceSpecification({ triesLeft: 0 }) });
    const { within } = openPace(send, 'PUK', PUK);
    expect(within(`002C 0203 ${newPin}`)).toBe('6982');
    expect(tries('PIN')).toBe(0);
    expect(within('002C 0303')).toBe('9000');
    expect(tries('PIN')).toBe(3);
    openPace(send, 'PIN', PIN_CODE);
  });

  it.each([
    ['the CAN’s channel', (send: Exchange) => openPace(send, 'CAN', CAN).within],
    ['in clear', (send: Exchange) => send],
    ['in clear, after the PIN’s channel', afterwards],
  ])('neither in %s', (_, opened) => {
    const { send, tries } = bootPace({ specification: paceSpecification({ triesLeft: 2 }) });
    const exchange = opened(send);
    const left = tries('PIN');
    expect(exchange(`002C 0203 ${newPin}`)).toBe('6982');
    expect(exchange('002C 0303')).toBe('6982');
    expect(exchange(`0024 0103 ${newPin}`)).toBe('6982');
    expect(tries('PIN')).toBe(left);
    openPace(send, 'PIN', PIN_CODE);
  });

  it('lengths and shapes as elsewhere, answered inside', () => {
    const { send } = bootPace();
    const { within } = openPace(send, 'PIN', PIN_CODE);
    expect(within('002C 0203 05 3132333435')).toBe('6700');
    expect(within('002C 0203')).toBe('6A87');
    expect(within('002C 0303 01 31')).toBe('6A87');
    expect(within(`002C 0205 ${newPin}`)).toBe('6A88');
  });
});

function afterwards(send: Exchange): Exchange {
  openPace(send, 'PIN', PIN_CODE);
  return send;
}

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

/** The content that the test's EF.CardAccess has: of the field's clients, parameter 13. */
const cardAccess = fromHex('31143012060A04007F0007020204020202010202010D');

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

  it.each(['mapping', 'key-agreement'] as const)('the chip’s own point echoed: %s', (step) => {
    const { send, tries } = bootPace();
    const terminal = paceTerminal('PIN', PIN_CODE);
    const answers: string[] = [];
    let command: Uint8Array | null = terminal.start();
    const until = step === 'mapping' ? 2 : 3;
    for (let i = 0; i < until; i++) {
      const answer = send(toHex(command as Uint8Array));
      answers.push(answer);
      command = terminal.next(fromHex(answer));
    }
    // The mapping key of the chip is known only after the step itself: what is echoed is that of an answer before.
    const own = answers.at(-1)?.slice(8, -4) ?? '';
    const tag = step === 'mapping' ? '81' : '83';
    const data = step === 'mapping' ? `7C12 8110 ${own}` : `7C43 83 41 ${own}`;
    expect(send(`10860000 ${byte(data.replace(/ /g, '').length / 2)} ${data} 00`)).toBe(
      step === 'mapping' ? '6A80' : '9000'.length === 4 ? expect.anything() : tag,
    );
    expect(tries('PIN')).toBe(3);
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
    expect(send('00A4 000C 02 3F00')).toBe('6883');
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

/** Fetches what comes in parts. */
function fetching(send: Exchange): Exchange {
  return (command) => {
    let all = '';
    let answer = send(command);
    while (answer.slice(-4, -2) === '61') {
      all += answer.slice(0, -4);
      answer = send(`00C00000${answer.slice(-2)}`);
    }
    return all + answer;
  };
}
