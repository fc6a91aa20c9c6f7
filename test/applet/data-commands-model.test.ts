import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { ISO7816_COMMANDS } from '../../src/applet/iso7816/index.ts';
import { type BenchCard, boot, counting } from './bench-card.ts';
import { dataCard, records, select } from './data-card.ts';

/** Files under random commands, held against plain arrays. */

const byte = (value: number): string => value.toString(16).padStart(2, '0').toUpperCase();
const RUNS = { numRuns: 150 };

function send(card: BenchCard, head: string, data: Uint8Array): string {
  const length = data.length === 0 ? '' : byte(data.length);
  return card.send(`${head}${length}${toHex(data)}`);
}

/** Offset data object of one byte, then data. */
function inObjects(offset: number, data: Uint8Array): Uint8Array {
  return Uint8Array.from([0x54, 1, offset, 0x53, data.length, ...data]);
}

/** The card boots again, and every file but one is what it was. */
function expectRest(card: BenchCard, changed: string): void {
  const again = boot({ nvm: card.nvm });
  for (const low of [1, 2, 3, 4, 5]) {
    if (changed !== `020${low}`) expect(content(again, low)).toBe(BEFORE[low]);
  }
}

function content(card: BenchCard, low: number): string {
  select(card, `020${low}`);
  if (low === 1) return card.send('00B0000000');
  return low === 5 ? card.send('00CA00FF00') : records(card);
}

const BEFORE = [0, 1, 2, 3, 4, 5].map((low) => (low === 0 ? '' : content(dataCard(), low)));

describe('a transparent file', () => {
  const SIZE = 40;
  const command = fc.record({
    verb: fc.constantFrom('update', 'write', 'erase', 'eraseTo'),
    odd: fc.boolean(),
    offset: fc.integer({ min: 0, max: SIZE + 2 }),
    end: fc.integer({ min: 0, max: SIZE + 2 }),
    data: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  });
  type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

  /** What the command does to the bytes, and its status. */
  function model(bytes: Uint8Array, { verb, offset, end, data }: Command): string {
    if (offset >= SIZE) return '6B00';
    if (verb === 'update' || verb === 'write') {
      if (offset + data.length > SIZE) return '6A84';
      data.forEach((value, i) => {
        bytes[offset + i] = verb === 'update' ? value : (bytes[offset + i] as number) | value;
      });
      return '9000';
    }
    const to = verb === 'erase' ? SIZE : end;
    if (to > SIZE) return '6B00';
    if (to <= offset) return '6A80';
    bytes.fill(0, offset, to);
    return '9000';
  }

  function apply(card: BenchCard, { verb, odd, offset, end, data }: Command): string {
    const ins = { update: 0xd6, write: 0xd0, erase: 0x0e, eraseTo: 0x0e }[verb as 'update'] + (odd ? 1 : 0);
    const head = odd ? `00${byte(ins)}0201` : `00${byte(ins)}81${byte(offset)}`;
    if (verb === 'update' || verb === 'write') return send(card, head, odd ? inObjects(offset, data) : data);
    const ends = verb === 'eraseTo' ? [end] : [];
    return send(card, head, Uint8Array.from(odd ? [offset, ...ends].flatMap((at) => [0x54, 1, at]) : ends));
  }

  it('is a byte array', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 25 }), (commands) => {
        const card = dataCard();
        const bytes = counting(SIZE);
        for (const each of commands) {
          const expected = model(bytes, each);
          expect([each, apply(card, each)]).toEqual([each, expected]);
        }
        expect(card.send('00B0810000')).toBe(`${toHex(bytes)}9000`);
        expect(card.faults).toEqual([]);
        expectRest(card, '0201');
      }),
      RUNS,
    );
  });
});

interface Shape {
  readonly fid: string;
  readonly capacity: number;
  readonly size: number;
  readonly kind: 'fixed' | 'variable' | 'cyclic';
  readonly records: readonly string[];
}

const SHAPES: readonly Shape[] = [
  { fid: '0202', capacity: 5, size: 4, kind: 'fixed', records: ['A1010203', 'A2111213', 'A1212223'] },
  { fid: '0203', capacity: 4, size: 6, kind: 'variable', records: ['AA01', 'BB0102', 'AA02'] },
  { fid: '0204', capacity: 4, size: 3, kind: 'cyclic', records: ['C1C1C1', 'C2C2C2', 'C3C3C3'] },
];

describe('a record file', () => {
  const command = fc.record({
    verb: fc.constantFrom('update', 'write', 'append', 'erase', 'eraseFrom', 'partial'),
    mode: fc.integer({ min: 0, max: 4 }),
    number: fc.integer({ min: 1, max: 6 }),
    offset: fc.integer({ min: 0, max: 6 }),
    action: fc.integer({ min: 0, max: 3 }),
    fill: fc.integer({ min: 0, max: 255 }),
    // Mostly the right length.
    shift: fc.constantFrom(0, 0, 0, 0, 1, -1),
  });
  type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

  /** An array of records with a pointer, 0 for none. */
  class Model {
    readonly shape: Shape;
    list: Uint8Array[];
    current = 0;

    constructor(shape: Shape) {
      this.shape = shape;
      this.list = shape.records.map((hex) => fromHex(hex));
    }

    append(data: Uint8Array): string {
      const { shape, list } = this;
      if (shape.kind === 'variable' ? data.length > shape.size : data.length !== shape.size) return '6700';
      if (shape.kind === 'cyclic') this.list = [data, ...list].slice(0, shape.capacity);
      else if (list.length === shape.capacity) return '6A84';
      else list.push(data);
      this.current = shape.kind === 'cyclic' ? 1 : this.list.length;
      return '9000';
    }

    /** Number of the record meant, or 0. */
    find(mode: number, number: number): number {
      const { list, current } = this;
      const last = list.length;
      const found = [1, last, current === 0 ? 1 : current + 1, current === 0 ? last : current - 1, number][
        mode
      ] as number;
      return found <= last ? found : 0;
    }

    put(mode: number, number: number, data: Uint8Array, or: boolean): string {
      const { shape, list } = this;
      if (shape.kind === 'cyclic' && mode === 3) return this.append(data);
      const found = this.find(mode, number);
      const old = list[found - 1];
      if (old === undefined) return '6A83';
      if (
        or
          ? data.length !== old.length
          : shape.kind === 'variable'
            ? data.length > shape.size
            : data.length !== shape.size
      ) {
        return '6700';
      }
      list[found - 1] = or ? old.map((value, i) => value | (data[i] as number)) : data;
      if (mode < 4) this.current = found;
      return '9000';
    }

    partial(number: number, offset: number, data: Uint8Array, action: number): string {
      const old = this.list[number - 1];
      if (old === undefined) return '6A83';
      if (offset >= old.length) return '6B00';
      if (offset + data.length > old.length) return '6A84';
      const to = (stored: number, given: number): number =>
        [given, stored & given, stored | given, stored ^ given][action] as number;
      data.forEach((value, i) => {
        old[offset + i] = to(old[offset + i] as number, value);
      });
      return '9000';
    }

    erase(number: number, count: number): string {
      if (number > this.list.length) return '6A83';
      for (const record of this.list.slice(number - 1, number - 1 + count)) record.fill(0);
      return '9000';
    }
  }

  function step(card: BenchCard, model: Model, each: Command): readonly [expected: string, answer: string] {
    const { verb, mode, number, offset, action, fill, shift } = each;
    const p1 = mode === 4 ? byte(number) : '00';
    const old = model.list[model.find(mode, number) - 1];
    const length = verb === 'write' && old !== undefined ? old.length : model.shape.size;
    const data = new Uint8Array(Math.max(1, length + shift)).fill(fill);
    switch (verb) {
      case 'append':
        return [model.append(Uint8Array.from(data)), send(card, '00E20000', data)];
      case 'erase':
        return [model.erase(number, 1), send(card, `000C${byte(number)}04`, new Uint8Array(0))];
      case 'eraseFrom':
        return [model.erase(number, 255), send(card, `000C${byte(number)}05`, new Uint8Array(0))];
      case 'partial': {
        const part = Uint8Array.from(data.subarray(0, 2));
        const answer = send(card, `00DD${byte(number)}${byte(4 + action)}`, inObjects(offset, part));
        return [model.partial(number, offset, part, action), answer];
      }
      default: {
        const ins = verb === 'write' ? 'D2' : 'DC';
        return [
          model.put(mode, number, Uint8Array.from(data), verb === 'write'),
          send(card, `00${ins}${p1}${byte(mode)}`, data),
        ];
      }
    }
  }

  it.each(SHAPES)('$kind is an array of records', (shape) => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 25 }), (commands) => {
        const card = dataCard();
        select(card, shape.fid);
        const model = new Model(shape);
        for (const each of commands) {
          const [expected, answer] = step(card, model, each);
          expect([each, answer]).toEqual([each, expected]);
        }
        const pointed = model.list[model.current - 1];
        expect(card.send('00B2000400')).toBe(pointed === undefined ? '6A83' : `${toHex(pointed)}9000`);
        expect(records(card)).toBe(model.list.map((record) => toHex(record)).join(' '));
        expect(card.faults).toEqual([]);
        expectRest(card, shape.fid);
      }),
      RUNS,
    );
  });
});

describe('a file of data objects', () => {
  const object = fc.record({
    tag: fc.constantFrom('80', '81', 'C1', '5F24', '7F49', 'DF8101'),
    length: fc.integer({ min: 0, max: 14 }),
    fill: fc.integer({ min: 0, max: 255 }),
  });

  it('is a map in the order of the last change', () => {
    const puts = fc.array(fc.uniqueArray(object, { selector: ({ tag }) => tag, minLength: 1, maxLength: 3 }), {
      maxLength: 15,
    });
    fc.assert(
      fc.property(puts, (commands) => {
        const card = dataCard();
        select(card, '0205');
        let model = new Map([
          ['80', '8003010203'],
          ['5F24', '5F240401020304'],
          ['E0', 'E0038101AA'],
        ]);
        for (const objects of commands) {
          const next = new Map(model);
          for (const { tag } of objects) next.delete(tag);
          for (const { tag, length, fill } of objects) {
            if (length > 0) next.set(tag, `${tag}${byte(length)}${byte(fill).repeat(length)}`);
          }
          const fits = [...next.values()].join('').length / 2 <= 40;
          if (fits) model = next;
          const data = objects
            .map(({ tag, length, fill }) => `${tag}${byte(length)}${byte(fill).repeat(length)}`)
            .join('');
          expect(send(card, '00DB0000', fromHex(data))).toBe(fits ? '9000' : '6A84');
          const all = [...model.values()].join('');
          expect(card.send('00CA00FF00')).toBe(all === '' ? '6A88' : `${all}9000`);
        }
        expect(card.faults).toEqual([]);
        expectRest(card, '0205');
      }),
      RUNS,
    );
  });
});

describe('any data field', () => {
  it('gives a status word and no fault', () => {
    const header = fc.tuple(
      fc.constantFrom(...ISO7816_COMMANDS.map(({ ins }) => ins).filter((ins) => ins !== 0xe4 && ins !== 0xfe)),
      fc.constantFrom(0x00, 0x01, 0x02, 0x81, 0x5f, 0x7f),
      fc.constantFrom(0x00, 0x01, 0x04, 0x05, 0x06, 0x07, 0x0c, 0x14, 0x24, 0x80, 0xf8, 0xff),
    );
    const tlv = fc
      .array(
        fc.tuple(
          fc.constantFrom('54', '53', '73', '5C', '80', '7F76', '51', 'A1', 'A3', 'B0', '02', '5F24'),
          fc.constantFrom('00', '01', '02', '04', '80', '81', '82FFFF'),
          fc.uint8Array({ maxLength: 4 }),
        ),
        { maxLength: 5 },
      )
      .map((parts) => fromHex(parts.map(([tag, length, value]) => tag + length + toHex(value)).join('')));
    const data = fc.oneof(fc.uint8Array({ maxLength: 30 }), tlv);
    const card = dataCard();
    fc.assert(
      fc.property(
        header,
        data,
        fc.constantFrom('', '00', '01', '05'),
        fc.integer({ min: 1, max: 5 }),
        (head, bytes, le, low) => {
          card.send(`00A4020C 02 020${low}`);
          const answer = send(card, `00${head.map(byte).join('')}`, bytes);
          expect(answer).toMatch(/(9000|6[1-9A-E]..)$/);
          expect(
            card.send(
              `00${head.map(byte).join('')}${bytes.length === 0 ? '' : byte(bytes.length)}${toHex(bytes)}${le}`,
            ),
          ).toMatch(/(9000|6[1-9A-E]..)$/);
        },
      ),
      { numRuns: 2000 },
    );
    expect(card.faults).toEqual([]);
  });
});
