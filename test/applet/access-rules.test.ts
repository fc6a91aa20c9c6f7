import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { AccessRuleError, compileRules, covers } from '../../src/applet/access/access-rule.ts';
import { openImage } from '../../src/applet/image/card-image.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import type {
  CardSpecification,
  FileSpecification,
  SecurityAttributesSpecification,
} from '../../src/applet/image/specification.ts';
import type { CardInterface } from '../../src/hal/card-link.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { AID_A, type BenchCard, benchSpecification, boot, code, FREE, reading, selectName } from './bench-card.ts';

const CODE_81 = 'A406 830181 950108';
const CODE_82 = 'A406 830182 950108';
const CODE_01 = 'A406 830101 950108';
const VERIFY = {
  '81': '0020008104 31323334',
  '82': '0020008204 38383838',
  '01': '0020000104 39393939',
} as const;

const everywhere = (form: 'expanded' | 'referenced', value: string): SecurityAttributesSpecification => ({
  contact: { form, value: fromHex(value) },
  contactless: { form, value: fromHex(value) },
  wired: { form, value: fromHex(value) },
});

function guarded(fid: number, sfi: number, attributes: SecurityAttributesSpecification): FileSpecification {
  return { kind: 'transparent', fid, sfi, access: reading(0xff), attributes, content: fromHex('C0DE') };
}

/** Room for any rule of the tests. */
const RULE_SIZE = 170;

/** Application A of the bench card with an EF.ARR 6F06 and the files given; code 82 and the card's code beside 81. */
function specification(files: readonly FileSpecification[], records: readonly string[] = []): CardSpecification {
  const bench = benchSpecification();
  const application = bench.masterFile.children.find((file) => file.fid === 0xdf01);
  if (application?.kind !== 'directory') throw new Error('no application A');
  const rules: FileSpecification = {
    kind: 'linear-variable',
    fid: 0x6f06,
    sfi: 6,
    access: FREE,
    recordSize: RULE_SIZE,
    capacity: 4,
    records: records.map((record) => fromHex(record)),
  };
  return {
    ...bench,
    masterFile: {
      ...bench.masterFile,
      children: [
        {
          ...application,
          pins: [code(0x81, '31323334', { unlocksHolder: true }), code(0x82, '38383838')],
          children: [rules, ...files],
        },
      ],
    },
  };
}

function bench(
  files: readonly FileSpecification[],
  records: readonly string[] = [],
  cardInterface: CardInterface = 'contact',
): BenchCard {
  const card = boot({ specification: specification(files, records), cardInterface });
  card.send(selectName(AID_A));
  return card;
}

const READ = '00B0810000';

describe('expanded rules', () => {
  it.each([
    ['always', '800101 9000', 'C0DE9000', 'C0DE9000'],
    ['never', '800101 9700', '6982', '6982'],
    ['a code', `800101 ${CODE_81}`, '6982', 'C0DE9000'],
    ['a code without a usage qualifier', '800101 A403 830181', '6982', 'C0DE9000'],
    ['a code that is not there', '800101 A406 83018F 950108', '6982', '6982'],
    ['a security condition byte', '800101 9E0111', '6982', 'C0DE9000'],
    ['a key', '800101 A406 830105 950180', '6982', '6982'],
    ['a key in tag 84', '800101 A406 840105 950180', '6982', '6982'],
    ['a checksum in secure messaging', '800101 B403 950130', '6982', '6982'],
    ['a signature in secure messaging', '800101 B600', '6982', '6982'],
    ['encryption in secure messaging', '800101 B800', '6982', '6982'],
    ['alternatives side by side', `800101 A406 830105 950180 ${CODE_81}`, '6982', 'C0DE9000'],
    ['OR', `800101 A00A 9700 ${CODE_81}`, '6982', 'C0DE9000'],
    ['AND', `800101 AF0A 9000 ${CODE_81}`, '6982', 'C0DE9000'],
    ['NOT', `800101 A708 ${CODE_81}`, 'C0DE9000', '6982'],
    ['none of several', `800101 A70A 9700 ${CODE_81}`, 'C0DE9000', '6982'],
    ['AND in NOT in OR', `800101 A00E A70A AF08 ${CODE_81} 9700`, 'C0DE9000', '6982'],
    ['another operation alone', '800102 9000', '6982', '6982'],
    ['two rules for one operation, either of which is enough', `800101 9700 800103 ${CODE_81}`, '6982', 'C0DE9000'],
    ['an access mode byte with proprietary bits', `800181 ${CODE_81}`, '6982', 'C0DE9000'],
    ['the instruction', `8401B0 ${CODE_81}`, '6982', 'C0DE9000'],
    ['another instruction', '8401B1 9000', '6982', '6982'],
    ['one of several instructions', '8402A0B0 9000', 'C0DE9000', 'C0DE9000'],
    ['class, instruction and parameters', '8F0400B08100 9000', 'C0DE9000', 'C0DE9000'],
    ['other parameters', '8F0400B08101 9000', '6982', '6982'],
    ['P1 alone', '820181 9000', 'C0DE9000', 'C0DE9000'],
    ['P2 alone, in a list', '81020700 9000', 'C0DE9000', 'C0DE9000'],
  ])('%s', (_, rule, before, after) => {
    const { send } = bench([guarded(0xe001, 1, everywhere('expanded', rule))]);
    expect(send(READ)).toBe(before);
    expect(send(VERIFY['81'])).toBe('9000');
    expect(send(READ)).toBe(after);
  });

  it('a class is compared without channel and chaining', () => {
    const rule = compileRules(fromHex('8C0200B0 9000'))[0]!;
    const header = { ins: 0xb0, p1: 0, p2: 0 };
    expect([0x00, 0x03, 0x10, 0x4f].map((cla) => covers(rule, 0, { cla, ...header }))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([0x0c, 0x6f].map((cla) => covers(rule, 0, { cla, ...header }))).toEqual([false, false]);
  });

  it.each([
    ['nothing', ''],
    ['a condition first', '9000'],
    ['an access mode alone', '800101'],
    ['two access modes in a row', '800101 800102 9000'],
    ['an access mode of two bytes', '80020101 9000'],
    ['an empty list of headers', '8400 9000'],
    ['a header cut short', '860100 9000'],
    ['a proprietary state machine', '9C0101 9000'],
    ['always with a value', '800101 900100'],
    ['never with a value', '800101 970100'],
    ['a condition byte of no byte', '800101 9E00'],
    ['an unknown condition', '800101 9100'],
    ['an empty OR', '800101 A000'],
    ['an empty AND', '800101 AF00'],
    ['an empty NOT', '800101 A700'],
    ['an authentication without a reference', '800101 A403 950108'],
    ['an authentication of unknown use', '800101 A406 830181 950120'],
    ['an authentication with an unknown part', '800101 A406 830181 990108'],
    ['a reference of two bytes', '800101 A404 83020081'],
    ['a length over the end', '800101 A406 8301'],
    ['an indefinite length', '800101 AF80 9000 0000'],
  ])('malformed: %s', (_, rule) => {
    expect(() => compileRules(fromHex(rule))).toThrow(AccessRuleError);
    if (rule !== '') {
      const spec = specification([guarded(0xe001, 1, everywhere('expanded', rule))]);
      expect(() => personalise(spec, nobleHashes())).toThrow('access rules of E001');
    }
  });

  it('has limits of depth and of conditions at once', () => {
    const nested = (depth: number): string => {
      let rule = '9000';
      for (let i = 0; i < depth; i++) rule = `A7${(rule.length / 2).toString(16).padStart(2, '0')}${rule}`;
      return `800101${rule}`;
    };
    const wide = (count: number): string => `800101${'9000'.repeat(count)}`;
    expect(compileRules(fromHex(nested(8)))).toHaveLength(1);
    expect(() => compileRules(fromHex(nested(9)))).toThrow('too deeply');
    expect(compileRules(fromHex(wide(31)))).toHaveLength(1);
    expect(() => compileRules(fromHex(wide(32)))).toThrow('too many');
  });
});

describe('referenced rules', () => {
  it.each([
    ['a record', '6F0602', 'C0DE9000'],
    ['a record of the current environment', '6F06 0201 0102', 'C0DE9000'],
    ['a record for any environment', '6F06 0201 0002', 'C0DE9000'],
    ['the current environment before any', '6F06 0002 0101', '6982'],
    ['no record for this environment', '6F06 0202', '6982'],
    ['a record that is not there', '6F0604', '6982'],
    ['a record that is malformed', '6F0603', '6982'],
    ['a file that is not there', '6F0702', '6982'],
    ['a file without records', 'E00101', '6982'],
  ])('%s', (_, reference, answer) => {
    const records = [`800101 ${CODE_81}`, '800101 9000', 'FFFF'];
    expect(bench([guarded(0xe001, 1, everywhere('referenced', reference))], records).send(READ)).toBe(answer);
  });

  it.each(['', '01', '6F06', '6F06010203'])('malformed: a reference of %s', (reference) => {
    const spec = specification([guarded(0xe001, 1, everywhere('referenced', reference))]);
    expect(() => personalise(spec, nobleHashes())).toThrow('access rules of E001');
  });

  it('hold from the moment when the record is changed', () => {
    const { send, nvm } = bench(
      [guarded(0xe001, 1, everywhere('referenced', '6F0601'))],
      ['800101 9700', `800101 ${CODE_81}`],
    );
    const file = openImage(nvm).files.find(({ fid }) => fid === 0x6f06)!;
    const write = (rule: string): void => {
      const bytes = fromHex(rule);
      nvm.write(file.data, Uint8Array.of(0, bytes.length, ...bytes), 0, bytes.length + 2);
    };
    expect(send(READ)).toBe('6982');
    write('800101 9000');
    expect(send(READ)).toBe('C0DE9000');
    write('800101 97'); // cut short
    expect(send(READ)).toBe('6982');
    write(`800101 ${CODE_81}`);
    expect(send(READ)).toBe('6982');
    send(VERIFY['81']);
    expect(send(READ)).toBe('C0DE9000');
  });

  it('may stand in a file of records of one length, filled up with FF', () => {
    const rules: FileSpecification = {
      kind: 'linear-fixed',
      fid: 0x6f07,
      sfi: null,
      access: FREE,
      recordSize: 12,
      capacity: 1,
      records: [fromHex('800101 9000 FFFFFFFFFFFFFF')],
    };
    expect(bench([rules, guarded(0xe001, 1, everywhere('referenced', '6F0701'))]).send(READ)).toBe('C0DE9000');
  });
});

describe('rules by interface', () => {
  const file = guarded(0xe001, 1, {
    contact: { form: 'referenced', value: fromHex('6F0601') },
    contactless: { form: 'expanded', value: fromHex(`800101 ${CODE_81}`) },
  });

  it.each<[CardInterface, string]>([
    ['contact', 'C0DE9000'],
    ['contactless', '6982'],
    ['wired', '6982'], // keeps its compact rule: never
  ])('%s', (cardInterface, answer) => expect(bench([file], ['800101 9000'], cardInterface).send(READ)).toBe(answer));

  it('SELECT shows all of them', () => {
    const { send } = bench(
      [
        file,
        guarded(0xe002, 2, everywhere('expanded', '800101 9000')),
        guarded(0xe003, 3, { wired: file.attributes!.contact! }),
      ],
      ['800101 9000'],
    );
    expect(send('00A4020402E00100')).toContain(`A115CC01008B036F0601BB0B800101${CODE_81.replaceAll(' ', '')}`);
    expect(send('00A4020402E00200')).toMatch(/8A0105AB058001019000/);
    expect(send('00A4020402E00300')).toContain('A10B8C01009C0100CB036F0601');
  });
});

describe("the holder's window in expanded rules", () => {
  const rule = (condition: string): FileSpecification =>
    guarded(0xe001, 1, everywhere('expanded', `800101 ${condition}`));
  const unlocked = (file: FileSpecification): BenchCard => {
    const card = bench([file]);
    card.card.holder.open(1); // slot of code 81, behind the card's own
    return card;
  };

  it.each([
    ['is needed', '9E0112', 'C0DE9000', 0],
    ['is one of two ways, the only open one', `A00B 9E0112 ${CODE_81}`, 'C0DE9000', 0],
    ['is one of two ways, and nobody needs it', 'A005 9E0112 9000', 'C0DE9000', 1],
    ['is one of two conditions, the other of which is not met', `AF0B 9E0112 ${CODE_81}`, '6982', 1],
    ['must be closed', 'A703 9E0112', '6982', 1],
  ])('%s', (_, condition, answer, usesLeft) => {
    const { send, port, card } = unlocked(rule(condition));
    expect(send(READ)).toBe(answer);
    port.reset();
    expect(card.holder.usesLeft).toBe(usesLeft);
  });
});

/** A condition as a tree, its bytes, and what it means: written down here a second time. */
type Tree =
  | { readonly is: 'always' | 'never' | 'key' | 'secure' }
  | { readonly is: 'code'; readonly code: keyof typeof VERIFY }
  | { readonly is: 'byte'; readonly byte: number }
  | { readonly is: 'and' | 'or' | 'not'; readonly parts: readonly Tree[] };

const LEAVES = { always: '9000', never: '9700', key: 'A406 830105 950180', secure: 'B403 950130' } as const;
const CODES = { '81': CODE_81, '82': CODE_82, '01': CODE_01 } as const;

function bytesOf(tree: Tree): string {
  switch (tree.is) {
    case 'code':
      return CODES[tree.code];
    case 'byte':
      return toHex(Uint8Array.of(0x9e, 1, tree.byte));
    case 'and':
    case 'or':
    case 'not': {
      const inside = fromHex(tree.parts.map((part) => bytesOf(part)).join(''));
      const header = inside.length < 128 ? [inside.length] : [0x81, inside.length];
      return toHex(Uint8Array.of({ and: 0xaf, or: 0xa0, not: 0xa7 }[tree.is], ...header, ...inside));
    }
    default:
      return LEAVES[tree.is];
  }
}

function holds(tree: Tree, verified: ReadonlySet<string>): boolean {
  if (tree.is === 'always') return true;
  if (tree.is === 'code') return verified.has(tree.code);
  if (tree.is === 'and') return tree.parts.every((part) => holds(part, verified));
  if (tree.is === 'or') return tree.parts.some((part) => holds(part, verified));
  if (tree.is === 'not') return !tree.parts.some((part) => holds(part, verified));
  if (tree.is !== 'byte') return false;
  if (tree.byte === 0x00) return true;
  if (tree.byte === 0xff) return false;
  // b7 secure messaging and b6 external authentication are never so; b5 is code 81, by environment 1 or as the first.
  const wanted = [0x40, 0x20, 0x10].filter((bit) => (tree.byte & bit) !== 0);
  const met = wanted.map((bit) => bit === 0x10 && [0, 1].includes(tree.byte & 0x0f) && verified.has('81'));
  return (tree.byte & 0x80) !== 0 ? met.length > 0 && met.every(Boolean) : met.some(Boolean);
}

const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.constantFrom<Tree>({ is: 'always' }, { is: 'never' }, { is: 'key' }, { is: 'secure' }),
    fc.constantFrom('81', '82', '01').map((name): Tree => ({ is: 'code', code: name as keyof typeof VERIFY })),
    // Environment 2 of the bench is the holder's, and 3 to 15 are none.
    fc
      .tuple(fc.integer({ min: 0, max: 15 }), fc.constantFrom(0, 1, 3, 14))
      .map(([high, low]): Tree => ({ is: 'byte', byte: (high << 4) | low })),
    fc
      .tuple(fc.constantFrom('and', 'or', 'not'), fc.array(tie('tree'), { minLength: 1, maxLength: 4 }))
      .map(([is, parts]): Tree => ({ is: is as 'and' | 'or' | 'not', parts })),
  ),
})).tree;

describe('any rule', () => {
  it('is judged as the second reading of the standard judges it', () => {
    const { send, nvm } = bench([guarded(0xe001, 1, everywhere('referenced', '6F0601'))], ['800101 9000']);
    const file = openImage(nvm).files.find(({ fid }) => fid === 0x6f06)!;
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(tree, fc.subarray(['81', '82', '01'] as const), (condition, verified) => {
        const rule = fromHex(`800101${bytesOf(condition)}`);
        fc.pre(rule.length <= RULE_SIZE);
        nvm.write(file.data, Uint8Array.of(0, rule.length, ...rule), 0, rule.length + 2);
        for (const name of ['81', '82', '01'] as const) {
          send(verified.includes(name) ? VERIFY[name] : `0020FF${name}`);
        }
        const answer = send(READ);
        outcomes.add(answer);
        expect(answer).toBe(holds(condition, new Set(verified)) ? 'C0DE9000' : '6982');
      }),
      { numRuns: 2000 },
    );
    expect(outcomes.size).toBe(2);
  });
});

describe('an image with rules', () => {
  it('is refused when a byte of them is another', () => {
    const spec = specification([
      guarded(0xe001, 1, everywhere('expanded', `800101 ${CODE_81}`)),
      guarded(0xe002, 2, everywhere('referenced', '6F0601')),
    ]);
    const image = personalise(spec, nobleHashes());
    const files = openImage(new MemoryNvm(image)).files.filter(({ attributeBytes }) => attributeBytes.length > 0);
    expect(files).toHaveLength(2);
    for (const file of files) {
      const start = file.data + file.dataSize;
      for (let at = start; at < start + file.attributeBytes.length + 4; at++) {
        for (let bit = 0; bit < 8; bit++) {
          const bytes = Uint8Array.from(image);
          bytes[at]! ^= 1 << bit;
          expect(() => openImage(new MemoryNvm(bytes)), `byte ${at}`).toThrow('security attributes of file');
        }
      }
    }
  });
});
