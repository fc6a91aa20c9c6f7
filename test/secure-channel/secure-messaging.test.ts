import { fromHex, SW, toHex } from '../../src/apdu/index.ts';
import type { ChannelError } from '../../src/secure-channel/channel-error.ts';
import { protectCommand, unprotectCommand } from '../../src/secure-channel/command-protection.ts';
import {
  largestProtectedData,
  protectedResponseLength,
  protectResponse,
  unprotectResponse,
} from '../../src/secure-channel/response-protection.ts';
import type { SecureSession } from '../../src/secure-channel/secure-session.ts';
import { loadVectors } from '../vectors/load.ts';
import { counterBefore, crypto, meaning, parsed, sessionOf } from './bench-session.ts';
import { describe, expect, it } from './cases.ts';

interface Exchange {
  readonly name: string;
  readonly case?: string;
  readonly sscBefore: string;
  readonly sscUsed: string;
  readonly sscAfter: string;
  readonly plainCommand: string;
  readonly command: string;
  readonly shortestEncoding?: string;
  readonly plainData?: string;
  readonly plainResponse: string;
  readonly sw?: string;
  readonly response: string;
  readonly expect: string;
}

interface Session {
  readonly id: string;
  readonly algorithm: string;
  readonly ksEnc: string;
  readonly ksMac: string;
  readonly steps?: readonly Exchange[];
  readonly commands?: readonly Exchange[];
  readonly responses?: readonly Exchange[];
  readonly badResponses?: readonly Exchange[];
}

interface LengthRow {
  readonly case: string;
  readonly lc: number;
  readonly le: number;
  readonly protectedLength: number;
  readonly sha256: string;
}

interface Lengths {
  readonly plainHeader: string;
  readonly sscUsed: string;
  readonly fill: string;
  readonly rows: readonly LengthRow[];
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes; a wrong one fails the test that reads it
const file = loadVectors<any>('secure-messaging');
// biome-ignore lint/suspicious/noExplicitAny: as above
const more = loadVectors<any>('sm-more');
const aes = (sessions: readonly Session[]): Session[] => sessions.filter(({ algorithm }) => algorithm !== '3DES');

/** What the card makes of a protected command. */
function opened(session: SecureSession, command: string): string {
  const apdu = parsed(command);
  const kept = toHex(apdu.bytes);
  const status = unprotectCommand(session, apdu, new Uint8Array(66_000));
  expect(toHex(fromHex(command))).toBe(kept);
  return status === SW.OK ? meaning(apdu) : status.toString(16).toUpperCase();
}

/** What the card sends. */
function sealed(session: SecureSession, data: string, sw: string, odd: boolean): string {
  const bytes = fromHex(data);
  const buffer = new Uint8Array(protectedResponseLength(bytes.length, odd));
  buffer.set(bytes);
  const length = protectResponse(session, buffer, bytes.length, Number.parseInt(sw, 16), odd);
  return toHex(buffer.subarray(0, length)) + sw;
}

const isOdd = (command: string): boolean => (Number.parseInt(command.slice(2, 4), 16) & 1) === 1;
const split = (response: string): [string, string] => [response.slice(0, -4), response.slice(-4)];

describe.each([...aes(file.sessions), ...aes(more.sessions)].filter(({ steps }) => steps !== undefined))(
  'the session $id, both sides',
  (vector) => {
    it.each(vector.steps!)('$name', (step) => {
      const terminal = sessionOf(vector, step.sscBefore);
      const card = sessionOf(vector, step.sscBefore);
      const odd = isOdd(step.plainCommand);
      const [data, sw] = step.plainResponse === undefined ? [step.plainData!, step.sw!] : split(step.plainResponse);
      expect(toHex(protectCommand(terminal, parsed(step.plainCommand)))).toBe(step.command);
      expect(opened(card, step.command)).toBe(meaning(parsed(step.plainCommand)));
      expect(sealed(card, data, sw, odd)).toBe(step.response);
      const answer = unprotectResponse(terminal, fromHex(step.response), { odd });
      expect([toHex(answer.data), answer.status]).toEqual([data, Number.parseInt(sw, 16)]);
      expect([toHex(terminal.counter), toHex(card.counter)]).toEqual([step.sscAfter, step.sscAfter]);
    });

    it('in one go, the counter running', () => {
      const terminal = sessionOf(vector, vector.steps![0]!.sscBefore);
      const card = sessionOf(vector, vector.steps![0]!.sscBefore);
      for (const step of vector.steps!) {
        if (step.sscBefore !== toHex(card.counter)) return;
        expect(toHex(protectCommand(terminal, parsed(step.plainCommand)))).toBe(step.command);
        expect(opened(card, step.command)).toBe(meaning(parsed(step.plainCommand)));
        const odd = isOdd(step.plainCommand);
        const [data, sw] = step.plainResponse === undefined ? [step.plainData!, step.sw!] : split(step.plainResponse);
        expect(sealed(card, data, sw, odd)).toBe(step.response);
        unprotectResponse(terminal, fromHex(step.response), { odd });
      }
    });
  },
);

describe('commands that other implementations wrote', () => {
  const rows = [file.gematik, ...aes(more.sessions)].flatMap((session: Session) =>
    (session.commands ?? []).map((row) => ({ ...row, session, what: `${session.id}: ${row.case ?? row.name}` })),
  );
  it('are there', () => expect(rows.length).toBeGreaterThan(20));

  it.each(rows)('$what', (row) => {
    // One client counts up from a challenge: its row has the counter counterBefore, not the one used.
    const counter = row.sscUsed === undefined ? row.sscBefore : counterBefore(row.sscUsed);
    // It writes DO 87 after an odd instruction too, which ISO/IEC 7816-4 does not have.
    if (isOdd(row.plainCommand) && row.command.includes('87') && row.session.id.startsWith('ausweisapp')) return;
    expect(opened(sessionOf(row.session, counter), row.command)).toBe(meaning(parsed(row.plainCommand)));
    const ours = toHex(protectCommand(sessionOf(row.session, counter), parsed(row.plainCommand)));
    if (row.shortestEncoding !== undefined) expect(ours).toBe(row.shortestEncoding);
    // A short Le beside long data: these clients keep it short in DO 97, we write it as the plain command has it.
    if (parsed(row.plainCommand).extended && row.command.includes('9701')) return;
    // The lengths are outside of the MAC and each client has its way with them; the objects are the same.
    expect(objects(ours)).toBe(objects(row.command));
  });
});

describe('single commands of other implementations', () => {
  interface Single extends Session {
    readonly sscBefore?: string;
    readonly sscUsed?: string;
    readonly plainCommand?: string;
    readonly command: string;
    readonly do87Value?: string;
    readonly plainData?: string;
  }
  const rows = aes(file.commandsOnly) as Single[];

  it.each(rows.filter(({ plainCommand }) => plainCommand !== undefined))('$id', (row) => {
    const counter = row.sscUsed === undefined ? row.sscBefore! : counterBefore(row.sscUsed);
    expect(opened(sessionOf(row, counter), row.command)).toBe(meaning(parsed(row.plainCommand!)));
    expect(toHex(protectCommand(sessionOf(row, counter), parsed(row.plainCommand!)))).toBe(row.command);
  });

  it.each(rows.filter(({ do87Value }) => do87Value !== undefined))('$id, the cryptogram alone', (row) => {
    const session = sessionOf(row, counterBefore(row.sscUsed!));
    session.begin();
    const value = fromHex(row.do87Value!);
    expect(value[0]).toBe(1);
    session.decrypt(value, 1, value.length - 1);
    expect(toHex(value.subarray(1)).startsWith(`${row.plainData}80`)).toBe(true);
  });
});

describe('responses that other implementations wrote', () => {
  const rows = [file.gematik, ...aes(more.sessions)].flatMap((session: Session) =>
    (session.responses ?? []).map((row, index) => ({ ...row, session, what: `${session.id} ${index + 1}` })),
  );

  it.each(rows)('$what', (row) => {
    const [data, sw] = row.plainResponse === undefined ? [row.plainData!, row.sw!] : split(row.plainResponse);
    const used = row.sscUsed;
    const keys = 'ksEnc' in row ? (row as unknown as Session) : row.session;
    const session = sessionOf(keys, /^0*$/.test(used) ? used : counterBefore(used));
    if (/^0*$/.test(used)) return; // Counter 0 is never used by a message of ours.
    const answer = unprotectResponse(session, fromHex(row.response), { odd: false, plainValues: true });
    expect([toHex(answer.data), answer.status]).toEqual([data, Number.parseInt(sw, 16)]);
    expect(answer.confidential).toBe(!row.response.startsWith('81'));
    if (!answer.confidential) {
      expect(() =>
        unprotectResponse(sessionOf(keys, counterBefore(used)), fromHex(row.response), { odd: false }),
      ).toThrow();
      return;
    }
    expect(sealed(sessionOf(keys, counterBefore(used)), data, sw, false)).toBe(row.response);
  });
});

describe('every length at its limits', () => {
  const { lengths, lengthsEvenIns, ...keys } = more.sessions.find(({ id }: Session) => id === 'ausweisapp-aes128');
  for (const [name, block] of [
    ['odd', lengths],
    ['even', { ...lengths, ...lengthsEvenIns }],
  ] as const) {
    it.each((block as Lengths).rows)(`${name} instruction, case $case: Lc $lc, Le $le`, (row) => {
      const data = block.fill.repeat(row.lc);
      const extended = row.case.endsWith('E');
      const lc = row.lc === 0 ? '' : extended ? `00${word(row.lc)}` : byte(row.lc);
      const le = row.le === 0 ? '' : extended ? `${lc === '' ? '00' : ''}${word(row.le)}` : byte(row.le);
      const plain = block.plainHeader + lc + data + le;
      const ours = protectCommand(sessionOf(keys, counterBefore(block.sscUsed)), parsed(plain));
      expect(ours).toHaveLength(row.protectedLength);
      expect(toHex(crypto.hash('sha-256', ours))).toBe(row.sha256);
      expect(opened(sessionOf(keys, counterBefore(block.sscUsed)), toHex(ours))).toBe(meaning(parsed(plain)));
    });
  }
});

describe('commands that a card refuses', () => {
  const { rows, ksEnc, ksMac, ssc } = file.tamperedCommands;
  const byHand = rows.filter(({ expect }: Exchange) => /^698[78]$/.test(expect));
  it('are eleven', () => expect(byHand).toHaveLength(11));
  it.each(byHand as Exchange[])('$name: $expect', (row) => {
    const session = sessionOf({ ksEnc, ksMac }, ssc);
    expect(opened(session, row.command)).toBe(row.expect);
    expect(session.open).toBe(false);
    expect(opened(session, rows[0].command)).toBe('6988');
  });

  it('a replay', () => {
    const session = sessionOf({ ksEnc, ksMac }, ssc);
    expect(opened(session, rows[0].command)).not.toBe('6988');
    sealed(session, '', '9000', false);
    expect(opened(session, rows[0].command)).toBe('6988');
  });
});

describe('answers that a terminal refuses', () => {
  const keys = file.gematik;
  it.each([
    ...file.gematik.malformedResponses.rows.map((row: Exchange) => [row.name, row.response]),
    ...more.responseRules.rows.map((row: Exchange) => [row.expect, row.response]),
  ] as [string, string][])('%s', (_, response) => {
    const session = sessionOf(keys);
    expect(() => unprotectResponse(session, fromHex(response), { odd: false })).toThrow(
      expect.objectContaining({ name: 'ChannelError' }),
    );
    expect(session.open).toBe(false);
  });

  const ausweisapp = more.sessions.find(({ id }: Session) => id === 'ausweisapp-aes128') as Session;
  it.each(ausweisapp.badResponses!)('$name', (row) => {
    const session = sessionOf(ausweisapp, counterBefore(row.sscUsed));
    expect(() => unprotectResponse(session, fromHex(row.response), { odd: false })).toThrow(
      expect.objectContaining({ fault: 'incorrect' }),
    );
  });

  it.each([
    ['success in clear', '9000', 'plain'],
    ['a warning in clear', '6282', 'plain'],
    ['the card did not believe us', '6988', 'refused'],
    ['the card missed something', '6987', 'refused'],
    ['data in clear', '01029000', 'malformed'],
    ['nothing', '', 'malformed'],
    ['half a status word', '90', 'malformed'],
    ['an object of 4 GB', '8784FFFFFFFF019000', 'malformed'],
  ])('%s', (_, response, fault) => {
    const session = sessionOf(keys);
    let caught: ChannelError | undefined;
    try {
      unprotectResponse(session, fromHex(response), { odd: false });
    } catch (error) {
      caught = error as ChannelError;
    }
    expect(caught?.fault).toBe(fault);
    expect(session.open).toBe(false);
  });
});

describe('the counter', () => {
  it('ends the session instead of beginning again', () => {
    const vector = file.sessions.find(({ id }: Session) => id === 'computed-ssc-near-end') as Session;
    const [step] = vector.steps!;
    const terminal = sessionOf(vector, step!.sscBefore);
    const card = sessionOf(vector, step!.sscBefore);
    expect(toHex(protectCommand(terminal, parsed(step!.plainCommand)))).toBe(step!.command);
    opened(card, step!.command);
    sealed(card, step!.plainData!, step!.sw!, false);
    unprotectResponse(terminal, fromHex(step!.response), { odd: false });
    expect(() => protectCommand(terminal, parsed(step!.plainCommand))).toThrow(
      expect.objectContaining({ fault: 'exhausted' }),
    );
    expect(opened(card, step!.command)).toBe('6988');
    expect([terminal.open, card.open]).toEqual([false, false]);
  });

  it.each([
    ['127', '7E', '80'],
    ['255', 'FE', '0100'],
    ['65,535', 'FFFE', '010000'],
    ['2^32 - 1', 'FFFFFFFE', '0100000000'],
    ['2^64 - 1', 'FFFFFFFFFFFFFFFE', '010000000000000000'],
  ])('goes over %s', (_, from, to) => {
    const session = sessionOf(file.gematik, from.padStart(32, '0'));
    expect([session.begin(), session.begin()]).toEqual([true, true]);
    expect(toHex(session.counter)).toBe(to.padStart(32, '0'));
  });

  it('runs over more than 70,000 commands in one channel', () => {
    const [terminal, card] = [sessionOf(file.gematik), sessionOf(file.gematik)];
    const [command, buffer, plain] = [parsed('00B0000008'), new Uint8Array(64), new Uint8Array(64)];
    for (let i = 0; i < 70_001; i++) {
      const apdu = parsed(protectCommand(terminal, command));
      if (unprotectCommand(card, apdu, plain) !== SW.OK) throw new Error(`command ${i}`);
      buffer[0] = i;
      const length = protectResponse(card, buffer, 1, SW.OK, false);
      buffer[length] = 0x90;
      buffer[length + 1] = 0x00;
      if (unprotectResponse(terminal, buffer.subarray(0, length + 2), { odd: false }).data[0] !== (i & 0xff)) {
        throw new Error(`answer ${i}`);
      }
    }
    expect(toHex(card.counter)).toBe((2 * 70_001).toString(16).toUpperCase().padStart(32, '0'));
  }, 60_000);
});

describe('logical channels 4 to 19', () => {
  it('carry their header as an object, which must be there and be true', () => {
    const plain = '45B00000 04';
    const ours = protectCommand(sessionOf(file.gematik), parsed(plain));
    expect(toHex(ours.subarray(0, 4))).toBe('65B00000');
    expect(toHex(ours.subarray(5, 14))).toBe('890465B00000970104');
    expect(opened(sessionOf(file.gematik), toHex(ours))).toBe(meaning(parsed(plain)));
    const without = withMac('65B00000', '970104');
    expect(opened(sessionOf(file.gematik), without)).toBe('6987');
    const other = withMac('65B00000', '890465B00001970104');
    expect(opened(sessionOf(file.gematik), other)).toBe('6988');
    const short = withMac('65B00000', '890365B000970104');
    expect(opened(sessionOf(file.gematik), short)).toBe('6988');
  });
});

describe('objects in another order, doubled or with lengths that are not true', () => {
  it.each([
    ['Le before the cryptogram', '0CB00000', '97010487110100000000000000000000000000000000', '6988'],
    ['two Le', '0CB00000', '970104970104', '6988'],
    ['an Le of three bytes', '0CB00000', '9703000004', '6988'],
    ['an Le of no bytes', '0CB00000', '9700', '6988'],
    ['85 for an even instruction', '0CB00000', `8510${'00'.repeat(16)}`, '6988'],
    ['87 for an odd instruction', '0CB10000', `871101${'00'.repeat(16)}`, '6988'],
    ['an indefinite length', '0CB00000', '8780', '6988'],
    ['a length of five bytes', '0CB00000', '878500000000010', '6988'],
    ['a length of 4 GB', '0CB00000', '8784FFFFFFFF01', '6988'],
    ['a status word in a command', '0CB00000', '99029000', '6988'],
  ])('%s', (_, header, objects, expected) => {
    const even = objects.length % 2 === 0 ? objects : `${objects}0`;
    expect(opened(sessionOf(file.gematik), withMac(header, even))).toBe(expected);
  });

  it('no objects at all is a missing object', () => {
    expect(opened(sessionOf(file.gematik), '0CB0000000')).toBe('6987');
    expect(opened(sessionOf(file.gematik), '0CB00000')).toBe('6987');
  });

  it('a plain buffer that is too short is never written over its end', () => {
    const long = protectCommand(sessionOf(file.gematik), parsed(`00D6000020${'42'.repeat(32)}`));
    expect(unprotectCommand(sessionOf(file.gematik), parsed(long), new Uint8Array(32))).toBe(SW.WRONG_LENGTH);
  });
});

describe('room for a protected answer', () => {
  it.each([0, 1, 15, 16, 111, 112, 113, 127, 239, 240, 255, 256, 4000])('%s bytes of data', (length) => {
    for (const odd of [false, true]) {
      const buffer = new Uint8Array(5000);
      const written = protectResponse(sessionOf(file.gematik), buffer, length, SW.OK, odd);
      expect(written).toBe(protectedResponseLength(length, odd));
      expect(largestProtectedData(written, odd)).toBeGreaterThanOrEqual(length);
      expect(largestProtectedData(written - 1, odd)).toBeLessThan(length === 0 ? 0 : length);
    }
  });

  it('is asked for, not taken', () => {
    expect(() => protectResponse(sessionOf(file.gematik), new Uint8Array(40), 16, SW.OK, false)).toThrow(RangeError);
    expect(largestProtectedData(13, false)).toBe(-1);
  });
});

/** A command whose MAC is right over whatever objects are given. */
function withMac(header: string, objects: string): string {
  const session = sessionOf(file.gematik);
  session.begin();
  session.authenticate(fromHex(header), 0, 4);
  session.padAuthenticated();
  session.authenticate(fromHex(objects), 0, objects.length / 2);
  session.padAuthenticated();
  const mac = new Uint8Array(8);
  session.checksum(mac, 0);
  const data = `${objects}8E08${toHex(mac)}`;
  return `${header}${byte(data.length / 2)}${data}00`;
}

function byte(value: number): string {
  return (value & 0xff).toString(16).toUpperCase().padStart(2, '0');
}

function word(value: number): string {
  return (value & 0xffff).toString(16).toUpperCase().padStart(4, '0');
}

/** The data field of a command and its header. */
function objects(command: string): string {
  const { cla, ins, bytes, dataOffset, nc } = parsed(command);
  return `${byte(cla)}${byte(ins)} ${toHex(bytes.subarray(dataOffset, dataOffset + nc))}`;
}
