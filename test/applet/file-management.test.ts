import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { openImage } from '../../src/applet/image/card-image.ts';
import { FILE, FILE_KIND } from '../../src/applet/image/layout.ts';
import type { AccessRules, AccessVector, CardSpecification } from '../../src/applet/image/specification.ts';
import { crc32 } from '../../src/hal/crc32.ts';
import { HalError } from '../../src/hal/errors.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { type BenchCard, benchSpecification, boot, code, counting, FREE, sender } from './bench-card.ts';

const every = (condition: number): AccessRules => {
  const vector = new Array(7).fill(condition) as unknown as AccessVector;
  return { contact: vector, contactless: vector, wired: vector };
};
const OPEN = every(0x00);
const NAME = 'F0 46 52 45 45';

/** MF (terminate after its code) { 0101 never changed; 7F20 `FREE`, everything allowed { 6F01, 6F02; 7F21 } }. */
function specification(more: Partial<CardSpecification> = {}): CardSpecification {
  return {
    ...benchSpecification(),
    freeEntries: 4,
    freeBytes: 1000,
    masterFile: {
      kind: 'directory',
      fid: 0x3f00,
      name: null,
      label: null,
      access: every(0x11),
      pins: [code(0x01, '39393939')],
      environments: [{ id: 1, pin: 0x01, by: 'verify' }],
      children: [
        { kind: 'transparent', fid: 0x0101, sfi: 1, access: FREE, content: counting(10) },
        {
          kind: 'directory',
          fid: 0x7f20,
          name: fromHex(NAME),
          label: null,
          access: OPEN,
          pins: [code(0x81, '31323334')],
          environments: [{ id: 1, pin: 0x81, by: 'verify' }],
          children: [
            { kind: 'transparent', fid: 0x6f01, sfi: 1, access: OPEN, content: counting(16) },
            { kind: 'transparent', fid: 0x6f02, sfi: 2, access: every(0xff), content: counting(4) },
            {
              kind: 'directory',
              fid: 0x7f21,
              name: null,
              label: null,
              access: OPEN,
              pins: [],
              environments: [],
              children: [{ kind: 'transparent', fid: 0x6f03, sfi: 3, access: OPEN, content: counting(4) }],
            },
          ],
        },
      ],
    },
    ...more,
  };
}

/** The card with DF 7F20 current. */
function card(more: Partial<CardSpecification> = {}): BenchCard {
  const bench = boot({ specification: specification(more) });
  bench.send('00A4000C027F20');
  return bench;
}

/** The same memory after a power cycle. */
const again = (bench: BenchCard): BenchCard => boot({ nvm: new MemoryNvm(toBytes(bench.nvm)) });

function toBytes(nvm: MemoryNvm): Uint8Array {
  const bytes = new Uint8Array(nvm.size);
  nvm.read(0, bytes, 0, bytes.length);
  return bytes;
}

const create = (fcp: string): string => {
  const inside = fromHex(fcp);
  const template = Uint8Array.of(0x62, inside.length, ...inside);
  return `00E00000${toHex(Uint8Array.of(template.length))}${toHex(template)}`;
};

const FREELY = '8C08 7F 00 00 00 00 00 00 00';
const TRANSPARENT = `800200 08 82020141 83026F77 8801 B8 8A0105 ${FREELY}`;
const LIFE_CYCLE_OF = (file: string): RegExp => new RegExp(`8A01${file}`);

describe('CREATE FILE', () => {
  it.each([
    ['transparent', TRANSPARENT, '00B0970000', '00000000000000009000'],
    [
      'transparent, one byte of descriptor and of size',
      `800108 820101 83026F77 8801B8 ${FREELY}`,
      '00B0970000',
      '00000000000000009000',
    ],
    ['shareable', `800108 82024141 83026F77 8801B8 ${FREELY}`, '00B0970000', '00000000000000009000'],
    ['linear fixed', `800118 8205 0241 0008 03 83026F77 8801B8 ${FREELY}`, '00B2010400', '6A83'],
    ['linear fixed by its descriptor alone', `8206 0241 0008 0003 83026F77 8801B8 ${FREELY}`, '00B2010400', '6A83'],
    ['linear variable', `800130 8204 0441 0010 83026F77 8801B8 ${FREELY}`, '00B2010400', '6A83'],
    ['cyclic', `800140 8205 0641 0010 04 83026F77 8801B8 ${FREELY}`, '00B2010400', '6A83'],
    ['data objects', `800140 82023941 83026F77 8801B8 ${FREELY}`, '00CA00C100', '6A88'],
  ])('%s: current at once, there after a power cycle', (_, fcp, read, answer) => {
    const bench = card();
    expect(bench.send(create(fcp))).toBe('9000');
    expect(bench.send(read)).toBe(answer);
    const shown = bench.send('00A4020402 6F77 00');
    expect(shown.slice(-4)).toBe('9000');
    const { send } = again(bench);
    send('00A4000C027F20');
    expect(send('00A4020402 6F77 00')).toBe(shown);
    expect(send(read)).toBe(answer);
  });

  it('6A80: records of more than 65,535 bytes together, which tag 80 could not say', () => {
    const bench = card({ freeBytes: 80_000 });
    expect(bench.send(create(`8206 0241 0200 0080 83026F77 8801B8 ${FREELY}`))).toBe('6A80');
    expect(bench.send(create(`8206 0241 0200 007F 83026F77 8801B8 ${FREELY}`))).toBe('9000');
    expect(bench.send('00A4020402 6F77 00')).toContain('8002FE00');
  });

  it('takes what SELECT answers for the FCP, and SELECT then answers the same', () => {
    const bench = card();
    for (const rules of [
      FREELY,
      'A1 0A 8C03 03 00 FF 9C03 03 11 00',
      'A1 0E 8C03 03 00 FF 9C03 03 11 00 CC02 01 00',
      'AB 05 800101 9000',
      '8B 03 6F0601',
      'A1 0F 8C02 01 00 9B03 6F0602 EB04 800101 97 00'.replace('0F', '10').replace('EB04', 'EB05'),
    ]) {
      expect(bench.send(create(`80020008 82020141 83026F77 8801B8 8A0105 ${rules}`)), rules).toBe('9000');
      const shown = bench.send('00A4020402 6F77 00').slice(0, -4);
      expect(bench.send('00A4000C027F20')).toBe('9000');
      expect(bench.send('00E40200 02 6F77')).toBe('9000');
      expect(bench.send(`00E00000${toHex(Uint8Array.of(shown.length / 2))}${shown}`)).toBe('9000');
      expect(bench.send('00A4020402 6F77 00').slice(0, -4)).toBe(shown);
      bench.send('00A4000C027F20');
      bench.send('00E40200 02 6F77');
    }
  });

  it('a directory, with files in it, found by its name', () => {
    const bench = card();
    expect(bench.send(create(`820138 83027F30 8405 F046524501 ${FREELY}`))).toBe('9000');
    expect(bench.send(create(TRANSPARENT))).toBe('9000');
    const { send } = again(bench);
    expect(send('00A4040C05 F046524501')).toBe('9000');
    expect(send('00B0970000')).toBe('00000000000000009000');
    expect(send('00A4040C05 F046524545')).toBe('9000');
    expect(send('00B0970000')).toBe('6A82');
  });

  it('without a short identifier takes the low bits of the identifier; an empty one is none', () => {
    const bench = card();
    expect(bench.send(create(`800108 820101 83026F77 ${FREELY}`))).toBe('9000');
    expect(bench.send('00A4020402 6F77 00')).toContain('8801B8'); // 6F77: 17
    expect(bench.send(create(`800108 820101 83026F78 8800 ${FREELY}`))).toBe('9000');
    expect(bench.send('00A4020402 6F78 00')).toContain('8800');
    expect(bench.send('00B0980000')).toBe('6A82');
  });

  it.each([
    ['the identifier', `800108 820101 83026F01 8800 ${FREELY}`, '6A89'],
    ['the identifier of a directory', `800108 820101 83027F21 8800 ${FREELY}`, '6A89'],
    ['the short identifier', `800108 820101 83026F77 8801 08 ${FREELY}`, '6A89'],
    ['the name', `820138 83027F30 8405 ${NAME} ${FREELY}`, '6A8A'],
  ])('refuses when %s is taken', (_, fcp, status) => {
    const bench = card();
    const before = toBytes(bench.nvm);
    expect(bench.send(create(fcp))).toBe(status);
    expect(toBytes(bench.nvm)).toEqual(before);
  });

  it.each([
    ['another template', '00E00000 04 6F02 8201'],
    ['something behind the template', '00E00000 04 6200 8200'],
    ['a template over the end', '00E00000 03 6205 82'],
  ])('6A80: %s', (_, command) => expect(card().send(command)).toBe('6A80'));

  it.each([
    ['nothing', ''],
    ['no descriptor', `800108 83026F77 ${FREELY}`],
    ['an unknown descriptor', `800108 820111 83026F77 ${FREELY}`],
    ['an internal EF', `800108 820108 83026F77 ${FREELY}`],
    ['no identifier', `800108 820101 ${FREELY}`],
    ['an identifier of one byte', `800108 820101 83016F ${FREELY}`],
    ['the identifier of the MF', `800108 820101 83023F00 ${FREELY}`],
    ['the identifier of the current DF', `800108 820101 83023FFF ${FREELY}`],
    ['no size', `820101 83026F77 ${FREELY}`],
    ['size 0', `800100 820101 83026F77 ${FREELY}`],
    ['a size over 65,535', `8003010000 820101 83026F77 ${FREELY}`],
    ['a DF with a size', `800108 820138 83027F30 ${FREELY}`],
    ['an EF with a name', `800108 820101 83026F77 8401F0 ${FREELY}`],
    ['a name of 17 bytes', `820138 83027F30 8411 ${'F0'.repeat(17)} ${FREELY}`],
    ['records without a size', `800108 82020241 83026F77 ${FREELY}`],
    ['no room for a record', `800108 8204 0241 0010 83026F77 ${FREELY}`],
    ['255 records', `8206 0241 0001 00FF 83026F77 ${FREELY}`],
    ['more records than the size holds', `800108 8205 0241 0008 02 83026F77 ${FREELY}`],
    ['a record size in a transparent file', `800108 82040141 0008 83026F77 ${FREELY}`],
    ['short identifier 31', `800108 820101 83026F77 8801F8 ${FREELY}`],
    ['low bits in the short identifier', `800108 820101 83026F77 8801B9 ${FREELY}`],
    ['termination', `800108 820101 83026F77 8A010C ${FREELY}`],
    ['an unknown state', `800108 820101 83026F77 8A0102 ${FREELY}`],
    ['no rules', '800108 820101 83026F77'],
    ['empty rules', '800108 820101 83026F77 A100'],
    ['two rules', `800108 820101 83026F77 ${FREELY} AB05 8001019000`],
    ['a compact rule with a byte too few', '800108 820101 83026F77 8C020300'],
    ['a compact rule with a byte too many', '800108 820101 83026F77 8C03010000'],
    ['a proprietary compact rule', '800108 820101 83026F77 8C028100'],
    ['an expanded rule cut short', '800108 820101 83026F77 AB03 800101'],
    ['a reference of two bytes', '800108 820101 83026F77 8B02 6F06'],
    ['an unknown rule in A1', '800108 820101 83026F77 A103 86 01 00'],
    ['a rule for one interface twice', '800108 820101 83026F77 A108 8C020100 8C020100'],
    ['an unknown part', `800108 820101 83026F77 850100 ${FREELY}`],
    ['a part twice', `800108 800108 820101 83026F77 ${FREELY}`],
  ])('6A80: %s', (_, fcp) => {
    const bench = card();
    const before = toBytes(bench.nvm);
    expect(bench.send(create(fcp))).toBe('6A80');
    expect(toBytes(bench.nvm)).toEqual(before);
  });

  it('6A84: no entry is free, or no space', () => {
    const bench = card();
    const file = (fid: string, size: string): string => create(`8002${size} 820101 8302${fid} 8800 ${FREELY}`);
    expect(bench.send(file('6F70', '0400'))).toBe('6A84');
    expect(bench.send(file('6F70', '03E1'))).toBe('6A84'); // 993 and 8 of state in 1,000
    expect(bench.send(file('6F70', '03E0'))).toBe('9000');
    expect(bench.send(file('6F71', '0001'))).toBe('6A84');
    bench.send('00E40200 02 6F70');
    for (const fid of ['6F70', '6F71', '6F72', '6F73']) expect(bench.send(file(fid, '0001'))).toBe('9000');
    expect(bench.send(file('6F74', '0001'))).toBe('6A84');
  });

  it('needs the rule of the directory, whatever is wrong with the data', () => {
    const bench = card();
    bench.send('00A40000');
    expect(bench.send(create(TRANSPARENT))).toBe('6982');
    expect(bench.send(create(''))).toBe('6982');
    expect(bench.send('0020000104 39393939')).toBe('9000');
    expect(bench.send(create(''))).toBe('6A80');
    expect(bench.send(create(TRANSPARENT))).toBe('9000');
  });

  it('comes in a chain when the template is long', () => {
    const whole = Uint8Array.from(fromHex(create(TRANSPARENT)).subarray(5));
    const { send } = card();
    expect(send(`10E00000 08 ${toHex(whole.subarray(0, 8))}`)).toBe('9000');
    expect(send(`00E00000${toHex(Uint8Array.of(whole.length - 8))}${toHex(whole.subarray(8))}`)).toBe('9000');
  });
});

describe('DELETE FILE', () => {
  it.each([
    ['the current EF', ['00A4020C026F01'], '00E40000'],
    ['an EF by identifier', [], '00E40000 02 6F01'],
    ['an EF under the current DF', [], '00E40200 02 6F01'],
    ['an EF by a path from the MF', ['00A40000'], '00E40800 04 7F20 6F01'],
    ['an EF by a path from the DF', [], '00E40900 02 6F01'],
  ])('%s', (_, before, command) => {
    const bench = card();
    for (const each of before) bench.send(each);
    expect(bench.send(command)).toBe('9000');
    for (const { send } of [bench, again(bench)]) {
      send('00A4000C027F20');
      expect(send('00A4020C026F01')).toBe('6A82');
      expect(send('00B0810000')).toBe('6A82');
      expect(send('00A4020C026F02')).toBe('9000');
    }
  });

  it.each([
    ['the current DF', '00A4010C027F21', '00E40000'],
    ['a child DF', '00A4000C027F20', '00E40100 02 7F21'],
    ['a DF by name', '00A40000', '00E40400 05 F046524545'],
    ['the DF that is the parent', '00A4010C027F21', '00E40300'],
  ])('%s, and all that is below it', (_, before, command) => {
    const bench = card();
    bench.send(before);
    expect(bench.send(command)).toBe('9000');
    const { files } = openImage(bench.nvm);
    expect(files.some(({ fid }) => fid === 0x6f03)).toBe(false);
    expect(again(bench).send('00A4000C')).toBe('9000');
  });

  it('leaves the DF above current where the current file goes', () => {
    const { send } = card();
    send('00A4010C027F21');
    send('00A4020C026F03');
    expect(send('00E40300')).toBe('9000'); // 7F20, two levels up from the EF
    expect(send('00A4020C020101')).toBe('9000'); // the MF is current
  });

  it('takes the codes of a DF away, and a new DF in its place has none of them', () => {
    const bench = card();
    expect(bench.send('00200081')).toBe('63C3');
    bench.send('00A40000');
    expect(bench.send('00E40000 02 7F20')).toBe('9000');
    bench.send('0020000104 39393939');
    expect(bench.send(create(`820138 83027F20 8405 ${NAME} ${FREELY}`))).toBe('9000');
    expect(bench.send('00200081')).toBe('6A88');
    const { send } = again(bench);
    expect(send('00A4000C027F20')).toBe('9000');
    expect(send('00200081')).toBe('6A88');
    expect(send('00200001')).toBe('63C3');
  });

  it('gives entry and space back, and nothing of the data to the next file', () => {
    const bench = card();
    const file = (fid: string): string => create(`800203E0 820101 8302${fid} 8800 ${FREELY}`);
    for (let i = 0; i < 20; i++) {
      expect(bench.send(file('6F70'))).toBe('9000');
      expect(bench.send('00B0000000').slice(0, 512)).toBe('00'.repeat(256));
      expect(bench.send(`00D6000010 ${'5EC2E7'.repeat(5)}AA`)).toBe('9000');
      expect(bench.send('00E40000')).toBe('9000');
    }
    expect(openImage(bench.nvm).files).toHaveLength(7);
  });

  it('is allowed by the rule of the file or by that of its directory', () => {
    const bench = card();
    expect(bench.send('00E40200 02 6F02')).toBe('9000'); // its own is never, 7F20 lets anybody delete a child
    bench.send('00A40000');
    expect(bench.send('00E40000 02 0101')).toBe('6982');
    bench.send('0020000104 39393939');
    expect(bench.send('00E40000 02 0101')).toBe('9000');
  });

  it.each([
    ['the MF', '00E40000 02 3F00', '6985'],
    ['no such file', '00E40000 02 1234', '6A82'],
    ['no such child DF', '00E40100 02 6F01', '6A82'],
    ['a length that P1 cannot mean', '00E40200 03 6F0100', '6A87'],
    ['a length that a path cannot have', '00E40900 03 6F0100', '6A87'],
    ['Le', '00E40000 02 6F01 00', '6700'],
    ['P2 of another occurrence', '00E40002 02 6F01', '6A86'],
  ])('refuses %s', (_, command, status) => {
    const bench = card();
    bench.send('0020000104 39393939');
    const before = toBytes(bench.nvm);
    expect(bench.send(command)).toBe(status);
    expect(toBytes(bench.nvm)).toEqual(before);
  });

  it('6985 while the file or one below it is current on another channel, of this interface or another', () => {
    const bench = card();
    expect(bench.send('0070000001')).toBe('019000');
    expect(bench.send('01A4080C06 7F20 7F21 6F03')).toBe('9000');
    expect(bench.send('00E40200 02 6F01')).toBe('9000');
    expect(bench.send('00E40100 02 7F21')).toBe('6985');
    bench.send('00708001');
    const other = bench.card.port('contactless');
    other.powerOn();
    sender(other)('00A4080C06 7F20 7F21 6F03');
    expect(bench.send('00E40100 02 7F21')).toBe('6985');
    other.fieldOff();
    expect(bench.send('00E40100 02 7F21')).toBe('9000');
  });
});

describe('a memory that fails', () => {
  const failing = (bench: BenchCard): (() => void) => {
    const { flush } = bench.nvm;
    bench.nvm.flush = () => {
      throw new HalError('storage', 'the memory is worn out');
    };
    return () => {
      bench.nvm.flush = flush;
    };
  };

  it('6581: a file that could not be made is not there, one that could not be deleted is', () => {
    const bench = card();
    const mend = failing(bench);
    expect(bench.send(create(TRANSPARENT))).toBe('6581');
    bench.send('00A4000C027F20');
    expect(bench.send('00A4020C026F77')).toBe('6A82');
    expect(bench.send('00E40000 02 7F21')).toBe('6581');
    bench.send('00A4000C027F20');
    expect(bench.send('00A4010C027F21')).toBe('9000');
    expect(bench.send('00B0830000')).toBe('000102039000');
    mend();
    bench.send('00A4000C027F20');
    expect(bench.send(create(TRANSPARENT))).toBe('9000');
  });
});

const [ACTIVATE, DEACTIVATE, TERMINATE_EF, TERMINATE_DF] = ['0044', '0004', '00E8', '00E6'];

describe('life cycle of an EF', () => {
  /** State of tag 8A, as SELECT shows it, and its status word. */
  const state = (send: BenchCard['send']): string => {
    const shown = send('00A4020402 6F77 00');
    return `${/8A01(..)/.exec(shown)?.[1]} ${shown.slice(-4)}`;
  };
  const made = (lifeCycle: string, rules: string = FREELY): BenchCard => {
    const bench = card();
    expect(bench.send(create(`800108 820101 83026F77 8A01${lifeCycle} ${rules}`))).toBe('9000');
    return bench;
  };

  it.each([
    ['01', ACTIVATE, '9000', '05 9000'],
    ['03', ACTIVATE, '9000', '05 9000'],
    ['05', ACTIVATE, '9000', '05 9000'],
    ['04', ACTIVATE, '9000', '05 9000'],
    ['01', DEACTIVATE, '6985', '01 9000'],
    ['03', DEACTIVATE, '6985', '03 9000'],
    ['05', DEACTIVATE, '9000', '04 6283'],
    ['04', DEACTIVATE, '9000', '04 6283'],
    ['01', TERMINATE_EF, '9000', '0C 6285'],
    ['03', TERMINATE_EF, '9000', '0C 6285'],
    ['05', TERMINATE_EF, '9000', '0C 6285'],
    ['04', TERMINATE_EF, '9000', '0C 6285'],
  ])('%s, %s: %s', (from, command, status, to) => {
    const bench = made(from);
    expect(bench.send(`${command}0000`)).toBe(status);
    for (const { send } of [bench, again(bench)]) {
      send('00A4000C027F20');
      expect(state(send)).toBe(to);
    }
  });

  it('terminated is for ever, but for DELETE FILE', () => {
    const { send } = made('05');
    send('00E80000');
    for (const command of [ACTIVATE, DEACTIVATE, TERMINATE_EF]) expect(send(`${command}0000`)).toBe('6985');
    expect(send('00B0970000')).toBe('6985');
    expect(send('00E40000')).toBe('9000');
  });

  it('6985 for reading and writing a deactivated file, before its rule is looked at', () => {
    const { send } = made('04', '8C020800'); // deactivate alone
    expect(send('00B0970000')).toBe('6985');
    expect(send('00D6970001AA')).toBe('6985');
    expect(send('00440000')).toBe('6982');
  });

  it('until a file is activated, its own rules do not hold: its directory lets create, or not', () => {
    const never = '8C0100';
    const { send } = made('03', never);
    expect(send('00D6970002CAFE')).toBe('9000');
    expect(send('00B0970002')).toBe('CAFE9000');
    expect(send('00440000')).toBe('9000');
    expect(send('00B0970002')).toBe('6982');

    const bench = card();
    bench.send('00A40000');
    bench.send('0020000104 39393939');
    expect(bench.send(create(`800102 820101 83026F77 8A0103 ${FREELY}`))).toBe('9000');
    expect(bench.send('00B0970002')).toBe('00009000');
    bench.port.reset();
    expect(bench.send('00B0970002')).toBe('6982'); // always by its own rule, code 01 by that of the MF
  });

  it.each([
    ['TERMINATE EF on a DF', '00E80000 02 7F21', '6981'],
    ['TERMINATE DF on an EF', '00E60000 02 6F01', '6981'],
    ['TERMINATE DF on the MF', '00E60000 02 3F00', '6985'],
    ['no such file', '00440000 02 1234', '6A82'],
    ['the rule', '00040000 02 6F02', '6982'],
    ['a length that P1 cannot mean', '00440200 01 6F', '6A87'],
  ])('refuses: %s', (_, command, status) => {
    const bench = card();
    bench.send('0020000104 39393939');
    expect(bench.send(command)).toBe(status);
  });
});

describe('life cycle of a DF', () => {
  it.each([
    [DEACTIVATE, '04', '6283'],
    [TERMINATE_DF, '0C', '6285'],
  ])('%s takes everything below with it', (command, lifeCycle, warning) => {
    const bench = card();
    expect(bench.send(`${command}0000 02 7F21`)).toBe('9000');
    for (const { send } of [bench, again(bench)]) {
      send('00A4000C027F20');
      expect(send('00A4010402 7F21 00')).toMatch(LIFE_CYCLE_OF(lifeCycle));
      expect(send('00A4000C027F21')).toBe(warning);
      expect(send('00B0830000')).toBe('6985');
      expect(send('00A4020C026F03')).toBe('9000');
      expect(send('00B0000000')).toBe('6985');
      expect(send('00040000')).toBe('6985'); // of the EF: its DF is not usable
      expect(send('00A4000C027F21')).toBe(warning);
      expect(send(create(TRANSPARENT))).toBe('6985');
    }
    const ended = again(bench);
    ended.send('00A4000C027F20');
    expect(ended.send('00440000 02 7F21')).toBe(lifeCycle === '04' ? '9000' : '6985');
    ended.send('00A4010C027F21');
    expect(ended.send('00B0830000')).toBe(lifeCycle === '04' ? '000102039000' : '6985');
  });
});

describe('TERMINATE CARD USAGE', () => {
  it('needs the rule of the MF, from anywhere', () => {
    const { send } = card();
    expect(send('00FE0000')).toBe('6982');
    expect(send('00A4000C027F20')).toBe('9000');
  });

  it('leaves the ATR and refusals, for ever', () => {
    const bench = card();
    bench.send('0020000104 39393939');
    expect(bench.send('00FE0000')).toBe('9000');
    const dead = again(bench);
    expect(dead.port.atr()).toEqual(bench.port.atr());
    for (const { send } of [bench, dead]) {
      for (const command of [
        '00A4000C',
        '00A4040005F046524545',
        '00B0810000',
        '0020000104 39393939',
        '00FE0000',
        '00440000',
        '0070000001',
        '00C0000000',
      ]) {
        expect([command, send(command)]).toEqual([command, '6985']);
      }
      expect(send('005A0000')).toBe('6D00');
      expect(send('00B0FF0000')).toBe('6A86');
      expect(send('80A4000C')).toBe('6E00');
    }
  });
});

describe('an image with free entries', () => {
  /** The image of the card with fields of one entry of its file table changed, the checksum right. */
  const changed = (entry: number, ...fields: readonly (readonly [at: number, ...bytes: number[]])[]): MemoryNvm => {
    const image = toBytes(card().nvm);
    const { regions } = openImage(new MemoryNvm(image));
    const bytes = image.subarray(regions.table + entry * FILE.SIZE, regions.table + (entry + 1) * FILE.SIZE);
    for (const [at, ...values] of fields) bytes.set(values, at);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(FILE.CRC, crc32(bytes, 0, FILE.CRC));
    return new MemoryNvm(image);
  };

  it.each([
    ['a file in no directory', 6, [[FILE.PARENT, 0, 9]], 'stands in no directory'],
    ['a file in a file', 6, [[FILE.PARENT, 0, 1]], 'file 6 makes no sense'],
    ['a directory in itself', 5, [[FILE.PARENT, 0, 5]], 'stands in no directory'],
    ['two master files', 5, [[FILE.PARENT, 0xff, 0xff]], 'two master files'],
    ['no master file', 0, [[FILE.KIND, FILE_KIND.FREE]], 'no master file'],
    ['two files of one identifier', 4, [[FILE.FID, 0x6f, 0x01]], 'two files 6F01'],
    ['two files of one short identifier', 4, [[FILE.SFI, 1]], 'two files 6F02'],
    ['an unknown structure', 4, [[FILE.KIND, 7]], 'file 4 makes no sense'],
    ['a file over another', 3, [[FILE.DATA_SIZE, 0, 0, 0, 17]], 'lies over another'],
    ['a file before the bodies', 3, [[FILE.BODY, 0, 0, 0, 64]], 'lies over another'],
    ['a file over the end', 6, [[FILE.DATA_SIZE, 0, 0, 0x10, 0]], 'file 6 makes no sense'],
    ['attributes that are not there', 6, [[FILE.ATTRIBUTES_LENGTH, 0, 5]], 'security attributes of file 6'],
  ] as const)('is refused with %s', (_, entry, fields, message) => {
    expect(() => openImage(changed(entry, ...fields))).toThrow(message);
  });

  it('is refused when a free entry is damaged', () => {
    const image = toBytes(card().nvm);
    const { regions } = openImage(new MemoryNvm(image));
    image[regions.table + 8 * FILE.SIZE + FILE.FID]! ^= 1;
    expect(() => openImage(new MemoryNvm(image))).toThrow('entry of file 8');
  });

  it('may have a child before its directory in the table', () => {
    const bench = card();
    bench.send('00E40200 02 6F01'); // was entry 3: the new directory is
    expect(bench.send(create(`820138 83027F30 ${FREELY}`))).toBe('9000');
    bench.send('00A4000C027F20');
    bench.send('00E40200 02 6F02'); // was entry 4: the next directory is; then entry 3 is free again, for its file
    expect(bench.send(create(`820138 83027F31 ${FREELY}`))).toBe('9000');
    bench.send('00A4000C027F20');
    expect(bench.send('00E40100 02 7F30')).toBe('9000');
    bench.send('00A4010C027F31');
    expect(bench.send(create(TRANSPARENT))).toBe('9000');
    const opened = openImage(again(bench).nvm).files;
    const child = opened.find(({ fid }) => fid === 0x6f77)!;
    expect(child.index).toBeLessThan(child.parent.index);
    expect(opened.indexOf(child)).toBeGreaterThan(opened.indexOf(child.parent));
  });

  it('is refused when a life cycle byte is another, of a file or of the card', () => {
    const image = toBytes(card().nvm);
    const opened = openImage(new MemoryNvm(image));
    const places = [...opened.files.map(({ body }) => body), opened.card + 160];
    for (const place of places) {
      for (const at of [place, place + 1]) {
        for (let bit = 0; bit < 8; bit++) {
          const bytes = Uint8Array.from(image);
          bytes[at]! ^= 1 << bit;
          expect(() => openImage(new MemoryNvm(bytes))).toThrow('life cycle of');
        }
      }
    }
  });
});
