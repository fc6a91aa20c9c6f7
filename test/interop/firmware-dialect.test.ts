import { transform } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import { bundleProgram } from '../../rig/board/firmware/bundle.ts';
import { runOnBoard } from './firmware-program.ts';
import { describeNeeds } from './real-parts.ts';

const LIMIT_MS = 300_000;

/**
 * The language that the card's program may use, by esbuild's names of its features: for each a check that runs on the
 * target. A feature that is not here (generators, regular expressions) needs its check before the program uses it.
 */
const SYNTAX: Readonly<Record<string, string>> = {
  'array-spread': `return [...'mar', ...new Set([1, 1, 2])].join() === 'm,a,r,1,2'`,
  arrow: `return ((a, b) => a - b)(3, 1) === 2`,
  'async-await': `return (async () => { await null; return 1; })() instanceof Promise`,
  bigint: `return (0xffffffffffffffffn * 0xffffffffffffffffn) >> 64n === 0xfffffffffffffffen && BigInt.asUintN(8, -1n) === 255n`,
  class: `class A { m() { return 1; } } class B extends A { m() { return super.m() + 1; } } return new B().m() === 2`,
  'class-field': `class A { x = 1; ['y'] = this.x + 1; } return new A().y === 2`,
  'class-private-accessor': `class A { #v = 1; get #x() { return this.#v; } set #x(v) { this.#v = v; } m() { this.#x += 2; return this.#x; } } return new A().m() === 3`,
  'class-private-brand-check': `class A { #x; static is(o) { return #x in o; } } return A.is(new A()) && !A.is({})`,
  'class-private-field': `class A { #x = 1; same(o) { return o.#x; } } try { new A().same({}); return false; } catch (e) { return e instanceof TypeError && new A().same(new A()) === 1; }`,
  'class-private-method': `class A { #m(x) { return x * 2; } m(x) { return this.#m(x); } } return new A().m(4) === 8`,
  'class-static-field': `class A { static s = [1, 2]; } return A.s.length === 2`,
  'const-and-let': `const made = []; for (let i = 0; i < 3; i++) made.push(() => i); return made.map((f) => f()).join() === '0,1,2'`,
  'default-argument': `return ((a, b = a + 1) => b)(1) === 2`,
  destructuring: `const [a, , b = 5] = [1, 2]; const { c: { d }, ...e } = { c: { d: 3 }, f: 4 }; return a + b + d + e.f === 13`,
  'exponent-operator': `return 2 ** 10 === 1024 && 2n ** 65n === 36893488147419103232n`,
  'for-of': `let sum = 0; for (const [k, v] of new Map([[1, 2], [3, 4]])) sum += k * v; return sum === 14`,
  'logical-assignment': `let a = null, b = 1, c = 0; a ??= 2; b &&= 3; c ||= 4; return a + b + c === 9`,
  'nested-rest-binding': `const [a, ...[b, c]] = [1, 2, 3]; return a + b + c === 6`,
  'nullish-coalescing': `return (0 ?? 1) === 0 && (null ?? 1) === 1`,
  'object-accessors': `const o = { get x() { return this.y; }, set x(v) { this.y = v; } }; o.x = 5; return o.x === 5`,
  'object-extensions': `const x = 1, k = 'n'; const o = { x, [k]: 2, m() { return 3; } }; return o.x + o.n + o.m() === 6`,
  'object-rest-spread': `const { a, ...rest } = { ...{ a: 1, b: 2 }, c: 3 }; return a + rest.b + rest.c === 6`,
  'optional-catch-binding': `try { throw 1; } catch { return true; }`,
  'optional-chain': `const o = null; return o?.a?.[0]?.() === undefined && ({ a: () => 1 }).a?.() === 1`,
  'rest-argument': `return ((a, ...b) => b.length)(1, 2, 3) === 2`,
  'template-literal': `const x = 7; return \`a\${x}b\${1 + 1}\` === 'a7b2'`,
};

/** Features that esbuild tells apart and the program does not use: they have no check, so they must not come in unseen. */
const UNUSED = [
  ...['async-generator', 'class-private-static-accessor', 'class-private-static-field', 'class-private-static-method'],
  ...[
    'class-static-blocks',
    'dynamic-import',
    'for-await',
    'generator',
    'import-meta',
    'new-target',
    'top-level-await',
  ],
  ...['regexp-dot-all-flag', 'regexp-lookbehind-assertions', 'regexp-match-indices', 'regexp-named-capture-groups'],
  ...['regexp-set-notation', 'regexp-sticky-and-unicode-flags', 'regexp-unicode-property-escapes', 'using'],
];

/** What an engine can have and compute wrongly on this target: sizes, signs, order of bytes. */
const VALUES: Readonly<Record<string, string>> = {
  'integers of 32 bits': `return (0x7fffffff + 1 | 0) === -2147483648 && -1 >>> 0 === 4294967295 && -1 >>> 24 === 255 && (1 << 31) === -2147483648 && Math.imul(0x12345678, 0x10) === 0x23456780`,
  'typed arrays store modulo their size': `const a = new Uint8Array(2); a[0] = 0x1ff; a[1] = -1; const b = new Int32Array(1); b[0] = 0xffffffff; return a[0] === 255 && a[1] === 255 && b[0] === -1 && new Uint32Array(b.buffer)[0] === 4294967295`,
  'a view shares, a slice copies': `const a = Uint8Array.of(1, 2, 3); const v = a.subarray(1), s = a.slice(1); a[1] = 9; return v[0] === 9 && s[0] === 2`,
  'set moves within one buffer': `const a = Uint8Array.of(1, 2, 3, 4); a.set(a.subarray(0, 3), 1); return a.join() === '1,1,2,3'`,
  'DataView in both orders': `const v = new DataView(new ArrayBuffer(8)); v.setUint32(0, 0x01020304); v.setUint16(4, 0xabcd, true); return v.getUint8(0) === 1 && v.getUint32(0, true) === 0x04030201 && v.getUint8(4) === 0xcd && v.getInt32(0) === 0x01020304`,
  'a map keeps its order': `const m = new Map([['b', 1], ['a', 2]]); m.delete('b'); m.set('b', 3); return [...m.keys()].join() === 'a,b'`,
  'sorting is stable': `return [[2, 'a'], [1, 'b'], [2, 'c'], [1, 'd']].toSorted((x, y) => x[0] - y[0]).map((x) => x[1]).join('') === 'bdac'`,
  'numbers of a double': `return 0.1 + 0.2 === 0.30000000000000004 && Number.MAX_SAFE_INTEGER === 9007199254740991 && Math.floor(1e15 / 3) === 333333333333333`,
  'a big number as bytes': `let n = 0n; for (const b of [0x80, 0, 0, 0, 0, 0, 0, 0, 1]) n = (n << 8n) | BigInt(b); return n === (1n << 71n) + 1n && Number(n & 0xffn) === 1 && n.toString(16) === '800000000000000001'`,
  'an error has its class and its cause': `class E extends Error { constructor(m, o) { super(m, o); this.name = 'E'; } } const e = new E('x', { cause: 1 }); return e instanceof E && e instanceof Error && e.cause === 1 && String(e) === 'E: x'`,
  'a stack too deep is an error': `const f = () => f() + 1; try { f(); return false; } catch (e) { return e instanceof Error; }`,
};

/** Names that stand in the program and that the engine need not have. */
const NOT_NEEDED: Readonly<Record<string, string>> = {
  setTimeout: 'timers that a driver takes where nobody gives it any: the board gives its own',
  clearTimeout: 'the same',
  AbortController: 'firmware/card/abort.ts makes it',
  crypto: 'a name of ours; noble looks whether there is one',
  process: 'a name of ours',
  name: 'a name of ours',
};

const OF_OBJECTS = [
  'Array',
  'ArrayBuffer',
  'BigInt',
  'DataView',
  'Error',
  'Function',
  'Map',
  'Number',
  'Object',
  'Promise',
];
const CONSTRUCTORS = [...OF_OBJECTS, 'Set', 'String', 'Uint8Array', 'WeakMap'];

describeNeeds(['firmware'], 'the dialect of the card’s program', () => {
  const programs = new Map<boolean, string>();

  beforeAll(async () => {
    for (const channel of [false, true]) programs.set(channel, await bundleProgram(channel));
  }, LIMIT_MS);

  /** Whether esbuild would have to write the program otherwise, or cannot, if the feature were missing. */
  async function uses(program: string, feature: string, plain: string): Promise<boolean> {
    const options = { target: 'esnext', logLevel: 'silent', supported: { [feature]: false } } as const;
    const written = await transform(program, options).catch(() => null);
    return written === null || written.code !== plain;
  }

  it.each([false, true])(
    'with a channel: %s, has no syntax without a check',
    async (channel) => {
      const program = programs.get(channel) as string;
      const plain = (await transform(program, { target: 'esnext', logLevel: 'silent' })).code;
      for (const feature of UNUSED) expect([feature, await uses(program, feature, plain)]).toEqual([feature, false]);
      // The measure sees what is there.
      expect(await uses(program, 'class-private-field', plain)).toBe(true);
      const generator = (await transform('x = function* () { yield 1; }', { target: 'esnext' })).code;
      expect(await uses(generator, 'generator', generator)).toBe(true);
      // A regular expression needs an object that the firmware leaves out, whatever its flags.
      expect(program).not.toMatch(
        /\bRegExp\b|[=(,:!&|?{};]\/(?![*/])(?:\\.|\[(?:\\.|[^\]\n])*\]|[^/\n\\[])+\/[dgimsuvy]*[.,;)\]}]/,
      );
    },
    LIMIT_MS,
  );

  it(
    'is what the engine on the target has, and computes rightly',
    async () => {
      const known = Object.getOwnPropertyNames(globalThis);
      const text = [...programs.values()].join('\n').replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""');
      const globals = known.filter((each) => new RegExp(`(?<![.\\w$#])${each}(?![\\w$]|\\s*:)`).test(text));
      const needed = globals.filter((each) => NOT_NEEDED[each] === undefined);
      const named = new Set([...text.matchAll(/\.([A-Za-z]\w*)/g)].map(([, name]) => name as string));
      const methods = CONSTRUCTORS.flatMap((of) => methodsOf(of, named));
      expect([needed.length > 10, methods.length > 60]).toEqual([true, true]);
      const checks = [
        ...needed.map((each) => [`global ${each}`, `return typeof ${each} !== 'undefined'`]),
        ...methods.map(([each, expression]) => [each, `return ${expression}`]),
        ...Object.entries(SYNTAX),
        ...Object.entries(VALUES),
      ] as [string, string][];
      const script = checks.map(([name, body]) => `check(${JSON.stringify(name)}, function () { ${body} });`);
      expect(await runOnBoard(script.join('\n'))).toEqual(checks.map(([name]) => `ok ${name}`));
    },
    LIMIT_MS,
  );

  it(
    'has of the port: the CRC-32 of the card’s memory, and a heap that takes back what it gave',
    async () => {
      // The check value of CRC-32/ISO-HDLC, whole and in two pieces.
      const script = `
        var bytes = new Uint8Array(11);
        for (var i = 0; i < 9; i++) bytes[i + 1] = 0x31 + i;
        check('whole', function () { return board.crc32(bytes, 1, 9, 0) === 0xcbf43926; });
        check('pieces', function () { return board.crc32(bytes, 5, 5, board.crc32(bytes, 1, 4, 0)) === 0xcbf43926; });
        check('nothing', function () { return board.crc32(bytes, 3, 0, 7) === 7; });
        check('outside', function () { try { board.crc32(bytes, 3, 9, 0); } catch (e) { return e instanceof RangeError; } return false; });
        var round = function () {
          var kept = [];
          for (var i = 0; i < 400; i++) kept.push(new Uint8Array(1 + i).fill(i), 'x'.repeat(i % 150), [i, i, i]);
          for (var i = 0; i < 400; i += 3) kept[3 * i] = kept[3 * i + 2] = null;
          for (var i = 0; i < 400; i++) kept.push(new Uint8Array(1 + (i * 7) % 300).fill(1));
          for (var i = 1; i < 400; i++) {
            if (kept[3 * i + 1].length !== i % 150) return false;
            if (i % 3 !== 0 && !kept[3 * i].every(function (byte) { return byte === (i & 0xff); })) return false;
          }
          return true;
        };
        check('kept', function () { for (var i = 0; i < 10; i++) if (!round()) return false; return true; });
        var taken = board.memory()[0];
        check('given back', function () {
          for (var i = 0; i < 30; i++) round();
          if (board.memory()[0] !== taken) throw board.memory()[0] + ' after ' + taken;
        });`;
      const names = ['whole', 'pieces', 'nothing', 'outside', 'kept', 'given back'];
      expect(await runOnBoard(script)).toEqual(names.map((name) => `ok ${name}`));
    },
    LIMIT_MS,
  );

  it('sees what is missing, and what throws', async () => {
    const script = `check('a', function () { return typeof Proxy !== 'undefined'; });
      check('b', function () { return missing; }); check('c', function () { return true; });`;
    expect(await runOnBoard(script)).toEqual(['not ok a', expect.stringMatching(/^not ok b: ReferenceError/), 'ok c']);
  });
});

/** Methods of the language that the program names, as an expression that the engine must find true. */
function methodsOf(of: string, named: ReadonlySet<string>): [string, string][] {
  const made = (globalThis as unknown as Record<string, { readonly prototype: object }>)[of]!;
  const prototype = of === 'Uint8Array' ? Object.getPrototypeOf(made.prototype) : made.prototype;
  const has = (where: object, name: string): boolean =>
    typeof Object.getOwnPropertyDescriptor(where, name)?.value === 'function';
  const mine = Object.getOwnPropertyNames(prototype).filter((name) => named.has(name) && has(prototype, name));
  const fixed = Object.getOwnPropertyNames(made).filter((name) => named.has(name) && has(made, name));
  return [
    ...mine.map((name): [string, string] => [
      `${of}.prototype.${name}`,
      `typeof ${of}.prototype.${name} === 'function'`,
    ]),
    ...fixed.map((name): [string, string] => [`${of}.${name}`, `typeof ${of}.${name} === 'function'`]),
  ];
}
