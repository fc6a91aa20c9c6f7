import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import type { KeySpecification } from '../../src/applet/image/specification.ts';
import { UNLIMITED } from '../../src/hal/apdu-size.ts';
import {
  authorizationOf,
  domainParameters,
  encodeAuthorization,
  type ImportedKey,
  provesStaticKey,
} from '../../src/secure-channel/index.ts';
import {
  bootPace,
  CAN,
  crypto,
  type Exchange,
  fail,
  openPace,
  PIN_CODE,
  PUK,
  paceSpecification,
  paceTerminal,
  refusal,
  setAt,
  through,
} from './pace-card.ts';

/** The content that the test's EF.CardAccess has: of the field's clients, parameter 13. */
const cardAccess = fromHex('31143012060A04007F0007020204020202010202010D');

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
    const chat = encodeAuthorization(authorizationOf('AT', 'terminal', []));
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

describe('PACE with the keys of the card', () => {
  const value = fromHex('11'.repeat(32));
  const chipKey: KeySpecification = {
    reference: 0x41,
    uses: ['chip-authentication'],
    algorithm: { kind: 'ec', curve: 'brainpoolP256r1' },
    value,
    ciphers: ['AES-128'],
    tries: 0,
    access: { contact: 0xff, contactless: 0xff, wired: 0xff },
    generate: { contact: 0xff, contactless: 0xff, wired: 0xff },
  };
  const root = (name: string, type: 'AT' | 'IS', effectiveDate: number): ImportedKey => ({
    holderReference: new TextEncoder().encode(name),
    hash: 'sha-256',
    curve: 'brainpoolP256r1',
    point: domainParameters('brainpoolP256r1').generator,
    chain: [authorizationOf(type, 'CVCA', [])],
    effectiveDate,
    expirationDate: 291231,
    extensions: null,
  });

  it('chip authentication mapping proves the key of the same curve', () => {
    const offer = { mapping: 'CAM', cipher: 'AES-128', parameterId: 13 } as const;
    const base = paceSpecification({}, [offer]);
    const specification = { ...base, masterFile: { ...base.masterFile, keys: [chipKey] } };
    const { send } = bootPace({ specification });
    const terminal = paceTerminal('CAN', CAN, { offer });
    let command: Uint8Array | null = terminal.start();
    while (command !== null) command = terminal.next(fromHex(send(toHex(command))));
    const proves = (key: Uint8Array): boolean =>
      provesStaticKey(crypto, 'brainpoolP256r1', terminal.chipAuthenticationData, key, terminal.chipMappingKey);
    expect(proves(crypto.publicKey('brainpoolP256r1', value))).toBe(true);
    expect(proves(crypto.publicKey('brainpoolP256r1', fromHex('12'.repeat(32))))).toBe(false);
    expect(through(terminal.takeSession(), send)('00B0 9C00 01')).toBe('319000');
  });

  it('a terminal that sends a CHAT learns whom it may have its certificates from', () => {
    const trust = { date: 260101, trustPoints: [root('XXNEW00002', 'AT', 250101), root('XXOTHER00001', 'IS', 240101)] };
    const { send } = bootPace({ specification: { ...paceSpecification(), trust } });
    const named = (chat?: Uint8Array): string[] => {
      const terminal = paceTerminal('CAN', CAN, chat === undefined ? {} : { chat });
      let command: Uint8Array | null = terminal.start();
      while (command !== null) command = terminal.next(fromHex(send(toHex(command))));
      terminal.close();
      return terminal.certificationAuthorities.map((name) => new TextDecoder().decode(name));
    };
    expect(named(encodeAuthorization(authorizationOf('AT', 'terminal', [])))).toEqual(['XXNEW00002']);
    expect(named()).toEqual([]);
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
    const { send, tries } = bootPace({ pin: { triesLeft: 1 } });
    const can = openPace(send, 'CAN', CAN);
    expect(can.within(setAt(3))).toBe('63C1');
    openPace(can.within, 'PIN', PIN_CODE, { resume: true });
    expect(tries('PIN')).toBe(3);
  });

  it('a channel opened by PUK, or left, resumes nothing', () => {
    const { send, tries } = bootPace({ pin: { triesLeft: 1 } });
    const puk = openPace(send, 'PUK', PUK);
    expect(refusal(() => openPace(puk.within, 'PIN', PIN_CODE, { resume: true }))).toBe('6985');
    openPace(send, 'CAN', CAN);
    expect(fail(send, 'PIN', PIN_CODE, true)).toBe('6985');
    expect(tries('PIN')).toBe(1);
  });

  it('6283 deactivated, and nothing but its state is told', () => {
    const { send, tries } = bootPace({ pin: { deactivated: true } });
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
    expect(tries('PUK')).toBe(9);
    expect(send(setAt(4))).toBe('9000');
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
    const { send, tries } = bootPace({ pin: { triesLeft: 0 } });
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
    const { send, tries } = bootPace({ pin: { triesLeft: 2 } });
    const exchange = opened(send);
    const left = tries('PIN');
    expect(exchange(`002C 0203 ${newPin}`)).toBe('6982');
    expect(exchange('002C 0303')).toBe('6982');
    expect(exchange(`0024 0103 ${newPin}`)).toBe('6982');
    expect(tries('PIN')).toBe(left);
    openPace(send, 'PIN', PIN_CODE);
  });

  it.each([
    ['CAN', CAN, '02', '123123'],
    ['PUK', PUK, '04', '0123456789'],
  ] as const)('a %s takes no new one, not even through its own channel', (name, text, reference, other) => {
    const { send } = bootPace();
    const { within } = openPace(send, name, text);
    const data = `${other.length.toString(16).padStart(2, '0')} ${toHex(new TextEncoder().encode(other))}`;
    expect(within(`002C 02${reference} ${data}`)).toBe('6985');
    expect(within(`0024 01${reference} ${data}`)).toBe('6982');
    openPace(send, name, text);
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
