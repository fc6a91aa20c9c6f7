import { describe, expect, it } from 'vitest';
import { CommandApdu } from '../../src/apdu/command.ts';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import type { Applet } from '../../src/applet/applet.ts';
import type { CommandContext } from '../../src/applet/command-context.ts';
import type { CommandRow } from '../../src/applet/command-row.ts';
import { UNLIMITED } from '../../src/hal/apdu-size.ts';
import type { LinkLimits } from '../../src/hal/card-link.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { protectCommand, SecureSession, unprotectResponse } from '../../src/secure-channel/index.ts';
import { AID_A, AID_C, type BenchCard, benchSpecification, boot, CODE, counting, selectName } from './bench-card.ts';

const crypto = nobleCrypto();
const ENC = '000102030405060708090A0B0C0D0E0F';
const MAC = 'F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF';

function newSession(): SecureSession {
  return new SecureSession(crypto, { cipher: 'AES-128', enc: fromHex(ENC), mac: fromHex(MAC) });
}

/** What a row has that only this test needs. */
function row(ins: number, execute: (context: CommandContext) => number): CommandRow {
  return {
    ins,
    name: 'TEST',
    standard: 'none',
    cases: [1, 2, 3, 4],
    parameters: [{ p1: [0, 255], p2: [0, 255], meaning: 'any' }],
    chaining: true,
    lifeCycle: 'any',
    security: 'none',
    cost: 'ram',
    execute,
  };
}

/**
 * In application C: 50 makes a session for its channel; 52 tells what the command is judged with: protected, owner,
 * password, P1, P2, its data; 53 the same, odd; 54 answers P1 times 256 bytes; 56 makes new keys for the session; 58
 * fails.
 */
const APPLET: Applet = {
  aid: fromHex(AID_C),
  largestData: 1024,
  commands: [
    row(0x50, ({ secureChannel, channel }) => {
      secureChannel.open(newSession(), { owner: channel.number, password: 2, chat: null, idPicc: new Uint8Array(0) });
      return 0x9000;
    }),
    row(0x52, tell),
    row(0x53, tell),
    row(0x54, ({ command, response }) => {
      response.bytes.set(counting(command.p1 * 256));
      response.length = command.p1 * 256;
      return 0x9000;
    }),
    row(0x56, ({ secureChannel }) => {
      secureChannel.renew(newSession());
      return 0x9000;
    }),
    row(0x58, () => {
      throw new Error('a fault');
    }),
  ],
};

function tell({ secureChannel, command, response, channel }: CommandContext): number {
  const { bytes, dataOffset, nc, p1, p2 } = command;
  const said = [secureChannel.isProtected ? 1 : 0, secureChannel.owner & 0xff, secureChannel.password, channel.number];
  response.bytes.set([...said, p1, p2, ...bytes.subarray(dataOffset, dataOffset + nc)]);
  response.length = said.length + 2 + nc;
  return 0x9000;
}

interface Joined extends BenchCard {
  /** A plain command in hex through the channel: what the answer says inside. */
  readonly within: (command: string) => string;
  /** The same command as it travels. */
  readonly protect: (command: string) => string;
  /** What a protected answer says. */
  readonly open: (answer: string, odd?: boolean) => string;
  session: SecureSession;
}

/** A card with application C selected and a session on a channel. */
function joined(
  options: {
    readonly limits?: LinkLimits;
    readonly channel?: number;
    readonly specification?: ReturnType<typeof benchSpecification>;
  } = {},
): Joined {
  const { channel = 0, ...rest } = options;
  const bench = boot({ ...rest, applets: [APPLET] });
  const cla = channel < 4 ? channel : 0x40 | (channel - 4);
  if (channel > 0) bench.send(`0070 00 ${byte(channel)}`);
  bench.send(`${byte(cla)}${selectName(AID_C).slice(2)}`);
  const made: Joined = {
    ...bench,
    session: newSession(),
    protect: (command) => {
      const bytes = fromHex(command);
      const plain = new CommandApdu();
      plain.parse(bytes, 0, bytes.length);
      return toHex(protectCommand(made.session, plain));
    },
    open: (answer, odd = false) => {
      const { data, status } = unprotectResponse(made.session, fromHex(answer), { odd });
      return toHex(data) + status.toString(16).toUpperCase().padStart(4, '0');
    },
    within: (command) => {
      const bytes = fromHex(command);
      return made.open(bench.send(made.protect(command)), ((bytes[1] as number) & 1) !== 0);
    },
  };
  expect(bench.send(`${byte(cla)}50 0000`)).toBe('9000');
  return made;
}

const byte = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');

describe('a command in the channel', () => {
  it.each([0, 1, 3, 4, 11, 19])('is judged and answered inside, on logical channel %i', (channel) => {
    const { within } = joined({ channel });
    const cla = channel < 4 ? byte(channel) : byte(0x40 | (channel - 4));
    const told = `01${byte(channel)}02${byte(channel)}`;
    expect(within(`${cla}52 0A0B 00`)).toBe(`${told}0A0B9000`);
    expect(within(`${cla}52 0A0B 03 010203 00`)).toBe(`${told}0A0B0102039000`);
    expect(within(`${cla}53 0000 02 5300 00`)).toBe(`${told}000053009000`);
    expect(within(`${cla}52 0000`)).toBe('9000'); // case 1: no data asked for
    expect(within(`${cla}52 0000 01 AA`)).toBe('9000');
  });

  it('takes short and extended length, inside as it is written there', () => {
    const { within } = joined();
    expect(within('0052 0102 00 0003 AABBCC 0000')).toBe('010002000102AABBCC9000');
    const long = 'AA'.repeat(600);
    expect(within(`0052 0000 00 0258 ${long} 0000`)).toBe(`010002000000${long}9000`);
    expect(within('0054 0300 00 0000')).toBe(`${toHex(counting(768))}9000`);
  });

  it.each([
    ['an instruction that there is not', '00FB 0000', '6D00'],
    ['length', '00B0 0000 02 3F00', '6700'],
    ['P1-P2', '00A4 FF00 02 3F00', '6A86'],
    ['no file', '00A4 0000 02 DEAD 00', '6A82'],
    ['a code that is wrong', '0020 0001 04 31323334', '63C2'],
    ['GET RESPONSE, for which nothing is kept', '00C0 0000 00', '6985'],
    ['a protected command in a protected ENVELOPE', '00C2 0000 04 0C520000 00', '6A80'],
  ])('that is refused is answered inside: %s', (_, command, status) => {
    const { within } = joined();
    expect(within(command)).toBe(status);
    expect(within('0052 0000 00')).toBe('0100020000009000');
  });

  it('joins a chain of commands, each protected by itself', () => {
    const { within } = joined();
    expect(within('1052 0000 02 AAAA')).toBe('9000');
    expect(within('0052 0000 01 BB 00')).toBe('010002000000AAAABB9000');
    within('1052 0000 02 AAAA');
    expect(within('00A4 0000 00')).toBe('6883');
    expect(within('00B0 FF00 00')).toBe('6A86');
    expect(within('10B0 0000 01 AA')).toBe('6884');
  });

  it('goes through ENVELOPE, around and inside', () => {
    const { send, protect, open, within } = joined();
    const around = protect('0052 0000 02 C0DE 00');
    const answer = send(`00C20000${byte(around.length / 2)}${around}00`);
    expect(answer.slice(-4)).toBe('9000');
    expect(open(answer.slice(0, -4))).toBe('010002000000C0DE9000');
    const parts = protect('0052 0000 02 C0DE 00');
    expect(send(`10C20000 05 ${parts.slice(0, 10)}`)).toBe('9000');
    const rest = parts.slice(10);
    const joinedAnswer = send(`00C20000${byte(rest.length / 2)}${rest}00`);
    expect(open(joinedAnswer.slice(0, -4))).toBe('010002000000C0DE9000');
    expect(within('00C2 0000 07 0052 0000 01 AA 00 00')).toBe('010002000000AA90009000');
  });

  it('a plain command in an ENVELOPE in clear ends the session', () => {
    const { send } = joined();
    expect(send('00C2 0000 05 0052000000 00')).toBe('00FF0000000090009000');
    expect(send('0C52 0000 00')).toBe('6882');
  });

  it('a session may take new keys after an answer', () => {
    const made = joined();
    expect(made.within('0056 0000')).toBe('9000');
    made.session = newSession();
    expect(made.within('0052 0000 00')).toBe('0100020000009000');
  });
});

describe('what does not fit into the answer', () => {
  it('comes in parts by GET RESPONSE in clear, which ends no session', () => {
    const { send, protect, open, within } = joined();
    // 256 bytes grow to 291 with padding, tags, status and MAC; the outer Le is 00.
    const first = send(protect('0054 0100 00'));
    expect(first).toHaveLength(2 * 258);
    expect(first.slice(-4)).toBe('6123');
    const rest = send('00C0 0000 23');
    expect(rest.slice(-4)).toBe('9000');
    expect(open(first.slice(0, -4) + rest)).toBe(`${toHex(counting(256))}9000`);
    expect(within('0052 0000 00')).toBe('0100020000009000');
  });

  it('a status word 6xxx keeps its data in parts too', () => {
    const { send, protect, open } = joined({ limits: { ...UNLIMITED, largestResponse: 10 } });
    let answer = send(protect('00A4 0000 02 DEAD 00'));
    let all = '';
    while (answer.slice(-4, -2) === '61') {
      all += answer.slice(0, -4);
      answer = send('00C0 0000 00');
    }
    expect(open(all + answer)).toBe('6A82');
  });

  it('what is kept of a protected answer is not for a protected GET RESPONSE', () => {
    const { send, protect, within, session } = joined();
    expect(send(protect('0054 0100 00')).slice(-4)).toBe('6123');
    // That answer is never opened here: its counter is used up all the same.
    session.begin();
    session.checksum(new Uint8Array(8), 0);
    expect(within('00C0 0000 00')).toBe('6985');
  });

  it('6Cxx inside for an Le that is too small', () => {
    const { within } = joined();
    expect(within('0054 0100 10')).toBe('6C00');
    expect(within('0052 0000 03 AABBCC 05')).toBe('6C09');
  });
});

describe('over T=0', () => {
  const specification = benchSpecification();
  const t0 = { ...specification, link: { ...specification.link, protocol: 'T=0' as const, atr: fromHex('3B00') } };

  it('every protected answer is fetched by GET RESPONSE, and the Le inside is no P3', () => {
    const { send, protect, open } = joined({ specification: t0 });
    // P3 is Lc, and no Le travels.
    const command = protect('0052 0000 00').slice(0, -2);
    const offered = send(command);
    expect(offered.slice(0, 2)).toBe('61');
    expect(open(send(`00C00000${offered.slice(2)}`))).toBe('0100020000009000');
  });
});

describe('the end of a session', () => {
  it.each([
    ['SELECT', '00A4 0000 00', '9000'],
    ['a command that is refused', '00FB 0000', '6D00'],
    ['the same as before, in clear', '0052 0000 00', '00FF000000009000'],
    ['another kind of secure messaging', '0452 0000 00', '6882'],
    ['no object', '0C52 0000 00', '6987'],
    ['objects without a MAC', '0C52 0000 03 970100 00', '6987'],
    ['a MAC that is wrong', '0C52 0000 0D 970100 8E08 0000000000000000 00', '6988'],
    ['a length of 4 GB', '0C52 0000 08 8784FFFFFFFF0101 00', '6988'],
    ['lengths that disagree', '0C52 0000 05 01', '6987'],
  ])('%s', (_, command, answer) => {
    const { send, within } = joined();
    expect(within('0052 0000 00')).toBe('0100020000009000');
    expect(send(command).slice(-answer.length)).toBe(answer);
    expect(send('0C52 0000 0D 970100 8E08 0000000000000000 00')).toBe('6882');
  });

  it.each([
    ['GET RESPONSE', '00C0 0000 00', '6985'],
    ['a class that the card does not know', 'FF9A 0101 00', '6E00'],
    ['a reserved class', '20A4 0000', '6E00'],
    ['a closed channel', '01A4 0000', '6881'],
    ['less than a header', '00A4', '6700'],
  ])('not by %s', (_, command, answer) => {
    const { send, within } = joined();
    expect(send(command)).toBe(answer);
    expect(within('0052 0000 00')).toBe('0100020000009000');
  });

  it('a command repeated is not believed', () => {
    const { send, protect, open } = joined();
    const command = protect('0052 0000 00');
    expect(open(send(command))).toBe('0100020000009000');
    expect(send(command)).toBe('6988');
    expect(send(command)).toBe('6882');
  });

  it('a command left out is noticed', () => {
    const { send, protect } = joined();
    protect('0052 0000 00');
    expect(send(protect('0052 0000 00'))).toBe('6988');
  });

  it('what was proven inside ends with it', () => {
    const { send, within } = joined();
    within(selectName(AID_A));
    expect(within(`0020 0081 04 ${CODE}`)).toBe('9000');
    expect(within('0020 0001 04 39393939')).toBe('9000');
    expect(within('00B0 8500 00')).toBe('C0DE9000');
    expect(send('00B0 8500 00')).toBe('6982');
    expect(send('0020 0001')).toBe('63C3');
  });

  it('a plain chain does not become a part of a protected one', () => {
    const { send, protect } = joined();
    expect(send('1052 0000 02 AAAA')).toBe('9000');
    expect(send(protect('0052 0000 01 BB 00'))).toBe('6882');
    expect(send('0052 0000 01 CC 00')).toBe('00FF00000000CC9000');
  });

  it.each(['powerOn', 'reset', 'fieldOff', 'deselect'] as const)('%s', (event) => {
    const { port, send, protect } = joined();
    port[event]();
    if (event === 'fieldOff') port.powerOn();
    expect(send(protect('0052 0000 00'))).toBe('6882');
  });

  it('a fault of the card, answered in clear', () => {
    const { send, protect, faults } = joined();
    expect(send(protect('0058 0000'))).toBe('6F00');
    expect(faults).toHaveLength(1);
    expect(send(protect('0052 0000 00'))).toBe('6882');
  });
});

describe('other logical channels', () => {
  it('a plain command on one is judged without the session, and leaves it alone', () => {
    const { send, within } = joined();
    expect(within('0070 0001')).toBe('9000');
    send(`01${selectName(AID_C).slice(2)}`);
    expect(send('0152 0000 00')).toBe('0000020100009000');
    expect(send('0D52 0000 00')).toBe('6882');
    expect(within('0052 0000 00')).toBe('0100020000009000');
  });

  it('a session made on one takes the place of the one before', () => {
    const { send, within } = joined();
    within('0070 0001');
    send(`01${selectName(AID_C).slice(2)}`);
    expect(send('0150 0000')).toBe('9000');
    expect(send('0C52 0000 0D 970100 8E08 0000000000000000 00')).toBe('6882');
    expect(send('0D52 0000 0D 970100 8E08 0000000000000000 00')).toBe('6988');
  });

  it('closing the session’s own channel ends it, after the answer where that comes from inside', () => {
    const inside = joined({ channel: 1 });
    expect(inside.within('0170 8000')).toBe('9000');
    expect(inside.send('0070 0001')).toBe('9000');
    expect(inside.send('0D52 0000 00')).toBe('6882');
    const outside = joined({ channel: 1 });
    expect(outside.send('0070 8001')).toBe('9000');
    outside.send('0070 0001');
    expect(outside.send('0D52 0000 00')).toBe('6882');
  });
});
