import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/apdu/hex.ts';
import type { Applet } from '../../src/applet/applet.ts';
import { admits, type CommandRow } from '../../src/applet/command-row.ts';
import { LARGEST_CHAINED_DATA } from '../../src/applet/dispatcher.ts';
import { EXPECTED_MICROSECONDS } from '../../src/applet/expected-time.ts';
import { ISO7816_COMMANDS } from '../../src/applet/iso7816/index.ts';
import { UNLIMITED } from '../../src/hal/apdu-size.ts';
import { AID_A, AID_C, benchSpecification, boot, selectName } from './bench-card.ts';

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/** A body of one of the cases that a row has, so that its length is not what is wrong. */
function bodyOf(row: CommandRow): string {
  if (row.cases.includes(2)) return '00';
  if (row.cases.includes(3)) return '02 3F00';
  return row.cases.includes(4) ? '02 3F00 00' : '';
}

describe('order of refusals', () => {
  // Each line breaks one more rule than the line after it: the first that counts must win.
  it.each([
    ['class before all', 'E7 5A 00 00 05 01', '6E00'],
    ['CLA FF', 'FF A4 00 00', '6E00'],
    ['reserved class 2x', '20 A4 00 00', '6E00'],
    ['reserved class 3x', '3F A4 00 00', '6E00'],
    ['channel before secure messaging', '0D 5A 00 00 05 01', '6881'],
    ['channel 19', '4F A4 00 00', '6881'],
    ['secure messaging before chaining', '1C 5A 00 00 05 01', '6882'],
    ['proprietary secure messaging', '04 A4 00 00', '6882'],
    ['instruction before length', '00 5A 00 00 05 01', '6D00'],
    ['an unknown instruction in a chain', '10 5A 00 00 01 01', '6D00'],
    ['chaining before length', '10 B0 FF 00 05 01', '6884'],
    ['length before P1-P2', '00 B0 FF 00 05 01', '6700'],
    ['P1-P2 before the file', '00 B0 FF 00 00', '6A86'],
    ['the file before its structure', '00 B0 00 00 00', '6986'],
  ])('%s', (_, command, status) => expect(boot().send(command)).toBe(status));

  it('structure before security before data', () => {
    const { send } = boot();
    send(selectName(AID_A));
    send('00A4020C 02 E004');
    expect(send('00B07FFF00')).toBe('6981');
    expect(send('00B2FE0400')).toBe('6982');
    expect(send('00B2FE0C00')).toBe('6A83');
  });

  it.each(['', '00', '00A4', '00A400'])('6700: a command of %s', (command) =>
    expect(boot().send(command)).toBe('6700'),
  );

  it('an unpowered card is a mistake of the link', () => {
    const { port } = boot();
    port.fieldOff();
    expect(() => port.process(fromHex('00A40000'), 0, 4)).toThrow('without power');
  });
});

describe('every instruction', () => {
  it('is known with its row, or answers 6D00, on all 256 values', () => {
    const rows = new Set(ISO7816_COMMANDS.map((row) => row.ins));
    for (let ins = 0; ins < 256; ins++) {
      const { send } = boot();
      const answer = send(`00 ${hex(ins)} 00 00`);
      if (rows.has(ins)) expect(answer).not.toBe('6D00');
      else expect(answer).toBe('6D00');
    }
  });

  it.each(ISO7816_COMMANDS)('$name: every P1-P2 outside its row is 6A86, every one inside is not', (row) => {
    const body = bodyOf(row);
    const { send } = boot();
    for (let p1 = 0; p1 < 256; p1++) {
      for (let p2 = 0; p2 < 256; p2 += p1 % 16 === 0 ? 1 : 7) {
        const expected = row.parameters.some((parameters) => admits(parameters, p1, p2));
        const answer = send(`00 ${hex(row.ins)} ${hex(p1)} ${hex(p2)} ${body}`);
        expect([p1, p2, answer.slice(-4) === '6A86']).toEqual([p1, p2, !expected]);
      }
    }
  });

  it.each(ISO7816_COMMANDS)('$name: a case that its row has not is 6700', (row) => {
    const bodies = { 1: '', 2: '00', 3: '01 AA', 4: '01 AA 00' } as const;
    for (const number of [1, 2, 3, 4] as const) {
      if (row.cases.includes(number)) continue;
      const p1 = hex(row.parameters[0]!.p1[0]);
      expect(boot().send(`00 ${hex(row.ins)} ${p1} 00 ${bodies[number]}`)).toBe('6700');
    }
  });
});

describe('command chaining', () => {
  it('joins the data fields', () => {
    const { send } = boot();
    expect(send('10A4040003 F05649')).toBe('9000');
    expect(send('10A4040003 544150')).toBe('9000');
    expect(send('00A4040001 03 00').slice(-4)).toBe('9000');
  });

  it.each([
    ['another instruction', '00B0000000'],
    ['another P1', '00A4000002 3F00'],
    ['GET RESPONSE', '00C0000000'],
    ['another chain', '1020008101 31'],
  ])('6883 when %s comes in the middle; then the chain is gone', (_, intruder) => {
    const { send } = boot();
    send('10A4040003 F05649');
    expect(send(intruder)).toBe('6883');
    expect(send('00A4040004 54415003 00')).toBe('6A82'); // not joined to what was dropped
    expect(send(selectName(AID_C)).slice(-4)).toBe('9000');
  });

  it.each(['80CA000000', '0CA4040004 54415003', '01A4040004 54415003', '00A4', 'FF000000'])(
    'a command that the dispatcher refuses ends the chain: %s',
    (intruder) => {
      const { send } = boot();
      send('10A4040003 F05649');
      send(intruder);
      expect(send('00A4040004 54415003 00')).toBe('6A82');
    },
  );

  it.each([
    ['without data', '10A40400'],
    ['malformed', '10A4040005 F0'],
  ])('6700: a part %s ends the chain', (_, part) => {
    const { send } = boot();
    send('10A4040003 F05649');
    expect(send(part)).toBe('6700');
    expect(send(selectName(AID_C)).slice(-4)).toBe('9000');
  });

  it('has a limit', () => {
    const { send } = boot();
    const part = `10A40400 FF ${'F0'.repeat(255)}`;
    for (let sent = 255; sent <= LARGEST_CHAINED_DATA; sent += 255) expect(send(part)).toBe('9000');
    expect(send(part)).toBe('6700');
    expect(send(selectName(AID_C)).slice(-4)).toBe('9000');
  });

  it('a reset forgets an open chain', () => {
    const { send, port } = boot();
    send('10A4040003 F05649');
    port.reset();
    expect(send('00A4040C 04 54415003')).toBe('6A82');
  });
});

describe('GET RESPONSE', () => {
  it('has nothing to give before, and after any other command', () => {
    const { send } = boot();
    expect(send('00C0000000')).toBe('6985');
    send(selectName(AID_A));
    expect(send('00B2013D00').slice(-4)).toBe('6100'); // 600 bytes: 256 now, 344 kept
    expect(send('00A4000C 02 3F00')).toBe('9000');
    expect(send('00C0000000')).toBe('6985');
  });

  it.each(['00C0010000', '00C0000100'])('6A86: %s', (command) => expect(boot().send(command)).toBe('6A86'));
});

describe('T=0 rules', () => {
  const t0 = () =>
    boot({
      specification: benchSpecification({
        link: { ...benchSpecification().link, protocol: 'T=0', atr: fromHex('3B751300004309EA9000') },
      }),
    });

  it('case 4 answers 61xx, with or without the Le that T=0 cannot carry', () => {
    const { send } = t0();
    expect(send('00A4000002 DF02')).toBe('610C');
    expect(send('00C000000C')).toBe('6F0A8408F0564954415001029000');
    expect(send('00A4000002 DF02 00')).toBe('610C');
    expect(send('00C0000004')).toBe('6F0A84086108');
    expect(send('00C0000009')).toBe('6C08');
    expect(send('00C0000000')).toBe('6C08');
    expect(send('00C0000008')).toBe('F0564954415001029000');
  });

  it('an Le that is not the length answers 6Cxx and changes nothing', () => {
    const { send } = t0();
    send('00A40000 02 DF01');
    expect(send('00B2000A00')).toBe('6C04');
    expect(send('00B2000A04')).toBe('A1A1A1A19000');
    expect(send('00B2000205')).toBe('6C04');
    expect(send('00B2000204')).toBe('A2A2A2A29000');
    expect(send('00B0850000')).toBe('6982');
    send('00A40000 02 3F00');
    expect(send('00B081FE10')).toBe('FEFF000102030405060708090A0B0C0D9000');
    send('00A4020C 02 0101');
    expect(send('00B0024800')).toBe('6C10');
    expect(send('00B0024810').slice(-4)).toBe('9000');
  });
});

describe('T=0 rules, on contact', () => {
  const link = { ...benchSpecification().link, protocol: 'T=0', atr: fromHex('3B751300004309EA9000') } as const;

  it('P3 = 00 of a command without data or answer is no Le', () => {
    const { send } = boot({ specification: benchSpecification({ link }) });
    expect(send('0020000100')).toBe('63C3');
    expect(send('00A4030000')).toBe('6A82');
  });

  it('MANAGE CHANNEL by number is such a command, and where the card chooses it has an answer of one byte', () => {
    const { send } = boot({ specification: benchSpecification({ link }) });
    expect(send('0070000200')).toBe('9000');
    expect(send('02A4000000')).not.toBe('6881');
    expect(send('0070800200')).toBe('9000');
    expect(send('02A4000000')).toBe('6881');
    expect(send('0070000301')).toBe('6700');
    expect(send('0070000000')).toBe('6C01');
    expect(send('0070000001')).toBe('019000');
    expect(send('0170800000')).toBe('9000');
  });

  it('hold on contact alone', () => {
    const { send, port } = boot({ specification: benchSpecification({ link }), cardInterface: 'contactless' });
    expect(send('00A40000 02 DF02 00')).toMatch(/^6F.*9000$/);
    expect(port.atr()[1]! & 0xf0).toBe(0x80);
  });
});

describe('life cycle of the path', () => {
  it.each([0x04, 0x06, 0x0c, 0x0d, 0x0f, 0x00, 0xff])(
    'state %i of the DF or of the MF above closes everything in it',
    (state) => {
      for (const fid of [0xdf01, 0x3f00]) {
        const bench = boot();
        const file = bench.card.image.files.find((each) => each.fid === fid)!;
        bench.nvm.write(file.body, Uint8Array.of(state), 0, 1);
        expect(bench.send(selectName(AID_A)).slice(-4)).toBe(
          fid === 0x3f00 ? '9000' : state === 4 || state === 6 ? '6283' : '6285',
        );
        expect(bench.send('00B2010C00')).toBe('6985');
        expect(bench.send('0020008104 31323334')).toBe('6985');
      }
    },
  );
});

describe('applets', () => {
  const told: string[] = [];
  const applet: Applet = {
    aid: fromHex(AID_C),
    commands: [
      {
        ins: 0x5a,
        name: 'TOY',
        standard: 'none',
        cases: [2],
        parameters: [{ p1: [0, 0], p2: [0, 0], meaning: 'answers 2A' }],
        chaining: false,
        lifeCycle: 'activated',
        security: 'none',
        cost: 'ram',
        execute: (context) => {
          context.response.bytes[context.response.length++] = 0x2a;
          return 0x9000;
        },
      },
      {
        ins: 0x5b,
        name: 'FAULT',
        standard: 'none',
        cases: [1],
        parameters: [{ p1: [0, 0], p2: [0, 0], meaning: 'throws' }],
        chaining: false,
        lifeCycle: 'activated',
        security: 'none',
        cost: 'ram',
        execute: () => {
          throw new Error('a bug');
        },
      },
    ],
    selected: () => told.push('selected'),
    deselected: () => told.push('deselected'),
  };

  it('bring commands to their DF alone, and are told once when it is selected and when it is left', () => {
    const { send } = boot({ applets: [applet] });
    told.length = 0;
    expect(send('005A000000')).toBe('6D00');
    send(selectName(AID_C));
    expect(told).toEqual(['selected']);
    expect(send('005A000000')).toBe('2A9000');
    send(selectName(AID_C));
    expect(told).toEqual(['selected']);
    expect(send(selectName('A0000001'))).toBe('6A82');
    expect(told).toEqual(['selected']);
    send(selectName(AID_A));
    expect(told).toEqual(['selected', 'deselected']);
    expect(send('005A000000')).toBe('6D00');
  });

  it('a reset deselects', () => {
    const { send, port } = boot({ applets: [applet] });
    send(selectName(AID_C));
    told.length = 0;
    port.reset();
    expect(told).toEqual(['deselected']);
  });

  it('a fault answers 6F00, clears the session and is told to the host', () => {
    const { send, faults } = boot({ applets: [applet] });
    send('0020000104 39393939');
    send(selectName(AID_C));
    expect(send('005B0000')).toBe('6F00');
    expect(faults).toHaveLength(1);
    expect(send('005A000000')).toBe('6D00'); // the MF is current again
    expect(send('00200001')).toBe('63C3');
  });

  it('one that fails when it is told to go does not keep the card from forgetting', () => {
    const failing: Applet = {
      ...applet,
      aid: fromHex(AID_A),
      deselected: () => {
        throw new Error('a bug');
      },
    };
    const { send, port, faults, card } = boot({ applets: [failing] });
    const open = () => {
      send(selectName(AID_A));
      send('0020008104 31323334');
      expect(send('00B2012400')).toBe('5EC19000');
    };
    open();
    port.reset();
    send(selectName(AID_A));
    expect(send('00B2012400')).toBe('6982');
    expect(faults).toHaveLength(1);
    open();
    card.reset();
    expect(() => send('00A40000')).toThrow('without power');
  });

  it('are one for a DF', () => {
    expect(() => boot({ applets: [applet, applet] })).toThrow('two applets for the DF named F0564954415003');
  });

  it('must have a DF', () => {
    expect(() => boot({ applets: [{ ...applet, aid: fromHex('A0000001') }] })).toThrow('no DF');
  });
});

describe('any bytes', () => {
  it('give a status word and no fault, whatever came before', () => {
    const bench = boot();
    const header = fc.tuple(
      fc.constantFrom(0x00, 0x00, 0x00, 0x10, 0x01, 0x0c, 0x80, 0xff),
      fc.constantFrom(0x20, 0xa4, 0xb0, 0xb2, 0xc0, 0x5a),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 255 }),
    );
    const command = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(header, fc.uint8Array({ maxLength: 12 })).map(([head, body]) => Uint8Array.from([...head, ...body])),
      fc.constantFrom(...[selectName(AID_A), '00A4020C02E004', '00B2010C00'].map((text) => fromHex(text))),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 20 }), (commands) => {
        for (const bytes of commands) {
          const length = bench.port.process(bytes, 0, bytes.length);
          expect(length).toBeGreaterThanOrEqual(2);
          const sw1 = bench.port.response[length - 2]!;
          expect((sw1 >= 0x61 && sw1 <= 0x6e) || sw1 === 0x90).toBe(true);
        }
        bench.port.reset();
      }),
      { numRuns: 1000 },
    );
    expect(bench.faults).toEqual([]);
  });
});

describe('proprietary classes', () => {
  const row = (ins: number, more: Partial<CommandRow>): CommandRow => ({
    ins,
    name: 'TOY',
    standard: 'none',
    cases: [1, 2, 3, 4],
    parameters: [{ p1: [0, 0], p2: [0, 0], meaning: 'echoes its class and its data' }],
    chaining: false,
    lifeCycle: 'activated',
    security: 'none',
    cost: 'asymmetric',
    execute: ({ command, response }) => {
      response.bytes[response.length++] = command.cla;
      for (let i = 0; i < command.nc; i++) {
        response.bytes[response.length++] = command.bytes[command.dataOffset + i] as number;
      }
      return 0x9000;
    },
    ...more,
  });
  const applet: Applet = {
    aid: fromHex(AID_C),
    commands: [
      row(0xb0, { classes: [0x80, 0xb0] }),
      row(0x5a, { classes: ['interindustry', 0x90] }),
      row(0x5c, { classes: [0x90] }),
    ],
  };
  const selected = (): ReturnType<typeof boot> => {
    const bench = boot({ applets: [applet] });
    bench.send(selectName(AID_C));
    return bench;
  };

  it.each([
    ['80B0000000', '809000'],
    ['80B0000002CAFE00', '80CAFE9000'],
    ['B0B0000000', 'B09000'],
    ['905A000000', '909000'],
    ['005A000000', '009000'],
    // 90 is a class, not the chaining bit of 80.
    ['905C000001AA00', '90AA9000'],
    ['80B0010000', '6A86'],
    ['80B0000005 AA', '6700'],
    ['805A000000', '6D00'],
    ['90B0000000', '6D00'],
    // What is common to all applications is interindustry.
    ['80A4000C023F00', '6D00'],
    ['80B2010400', '6D00'],
    ['005C000000', '6D00'],
    // GET RESPONSE is known in a class that is.
    ['80C0000000', '6985'],
    ['A0C0000000', '6E00'],
    ['A0B0000000', '6E00'],
    ['84B0000000', '6E00'],
    ['FFB0000000', '6E00'],
    ['20B0000000', '6E00'],
    // The channel is not open, so nothing is selected on it.
    ['81B0000000', '6E00'],
  ])('%s: %s', (command, expected) => expect(selected().send(command)).toBe(expected));

  it('are known while their application is selected, on its channel', () => {
    const { send } = boot({ applets: [applet] });
    expect(send('80B0000000')).toBe('6E00');
    send('00700002');
    send(`02${selectName(AID_C).slice(2)}`);
    expect(send('80B0000000')).toBe('6E00');
    expect(send('82B0000000')).toBe('829000');
    send(selectName(AID_A));
    expect(send('80B0000000')).toBe('6E00');
  });

  it('end an open chain, and take no part in one', () => {
    const { send } = selected();
    send('10A4040003 F05649');
    expect(send('80B0000000')).toBe('6883');
    expect(send('00A4040004 54415003 00')).toBe('6A82');
  });

  it('go into an ENVELOPE', () => {
    expect(selected().send('00C2000005 80B0000000 00')).toBe('8090009000');
    expect(selected().send('00C2000005 905C000000 00')).toBe('9090009000');
    expect(selected().send('00C2000005 A0B0000000 00')).toBe('6E009000');
  });

  it('GET RESPONSE gives in their class what a command of theirs left', () => {
    const { port, send } = boot({
      applets: [applet],
      cardInterface: 'contactless',
      limits: { ...UNLIMITED, largestResponse: 4 },
    });
    send(selectName(AID_C).replace('00A40400', '00A4040C').slice(0, -2));
    expect(send('80B0000004 CAFEBABE 00')).toBe('80CA6103');
    expect(send('80C0000003')).toBe('FEBA6101');
    expect(send('00C0000001')).toBe('BE9000');
    expect(port.interface).toBe('contactless');
  });

  it('the link is told how long their commands take', () => {
    const { port } = selected();
    const time = (command: string): number => port.expectedMicroseconds(fromHex(command), 0, 5);
    expect(time('80B0000000')).toBe(EXPECTED_MICROSECONDS.asymmetric);
    expect(time('905C000000')).toBe(EXPECTED_MICROSECONDS.asymmetric);
    expect(time('A0B0000000')).toBe(EXPECTED_MICROSECONDS.ram);
    expect(time('FFB0000000')).toBe(EXPECTED_MICROSECONDS.ram);
  });

  it.each<[string, readonly CommandRow[]]>([
    [
      'a proprietary class is 80 to FC in steps of 4 (the two low bits are the channel), not 81',
      [row(1, { classes: [0x81] })],
    ],
    [
      'a proprietary class is 80 to FC in steps of 4 (the two low bits are the channel), not 40',
      [row(1, { classes: [0x40] })],
    ],
    ['has no class: no command could reach it', [row(1, { classes: [] })]],
    ['an instruction is 00 to FF, not 256', [row(256, {})]],
    ['C0 is GET RESPONSE in every class', [row(0xc0, { classes: [0x80] })]],
    ['class 80 has no chaining', [row(1, { classes: [0x80], chaining: true })]],
    ['two rows for INS 01 of class 80', [row(1, { classes: [0x80] }), row(1, { classes: ['interindustry', 0x80] })]],
    ['two rows for INS 01', [row(1, {}), row(1, {})]],
  ])('%s', (message, commands) => {
    expect(() => boot({ applets: [{ aid: fromHex(AID_C), commands }] })).toThrow(message);
  });
});
