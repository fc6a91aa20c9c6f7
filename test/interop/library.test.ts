import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPackage } from './installed-package.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

/** A program of a page, and what the block of text right below it says that it prints. */
interface Example {
  readonly name: string;
  readonly source: string;
  readonly prints: string | null;
}

/** Every block of TypeScript in a page; `ts fragment` is none: it speaks of the inside of this project. */
function examplesOf(page: string): Example[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms)];
  const name = page.replace(/^docs\//, '').replace(/\.md$/, '');
  return blocks.map(([, source, prints], i) => ({ name: `${name}-${i + 1}`, source: source!, prints: prints ?? null }));
}

const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((page) => `docs/${page}`)];
const EXAMPLES: readonly Example[] = PAGES.filter((page) => page.endsWith('.md')).flatMap(examplesOf);

/** Each line below a comment must be refused: an expectation that nothing meets is an error, too. */
const MISUSE = `
import { Card, type Applet, type CommandRow } from 'vitap';
import { fromHex } from 'vitap/apdu';
import { createLoopback, MemoryNvm, Pn532Reader, systemClock, VpcdLink } from 'vitap/hal';
import { openCard, CardTerminal } from 'vitap/rig';
// @ts-expect-error a name is no source
openCard('vitale2');
// @ts-expect-error neither
openCard({ kind: 'profile', fileOrName: 'vitale2' });
// @ts-expect-error no such interface
createLoopback({ interface: 'radio', clock: systemClock });
// @ts-expect-error a clock is missing
createLoopback({ interface: 'contact' });
// @ts-expect-error no bytes
new MemoryNvm('00');
// @ts-expect-error no world
new Card();
// @ts-expect-error no session
new CardTerminal(systemClock);
// @ts-expect-error no number
fromHex(9000);
// @ts-expect-error a port is an object
new Pn532Reader({ port: '/dev/ttyUSB0', clock: systemClock });
// @ts-expect-error a port has a number
new VpcdLink({ port: '35963', clock: systemClock });
declare const row: CommandRow;
// @ts-expect-error no such class
export const wrongClass: CommandRow = { ...row, classes: ['proprietary'] };
// @ts-expect-error no such case
export const wrongCase: CommandRow = { ...row, cases: [5] };
// @ts-expect-error a status word is a number
export const wrongAnswer: CommandRow = { ...row, execute: () => '9000' };
// @ts-expect-error a name is bytes
export const wrongName: Applet = { aid: 'A0', commands: [row] };
`;

/** What a program in plain JavaScript gets wrong, and the sentence that it gets. */
const WRONG_VALUES: readonly (readonly [call: string, error: string])[] = [
  [
    `openCard('vitale2')`,
    "TypeError: a card comes from { kind: 'profile', name: … } or { kind: 'image', fileOrName: … }",
  ],
  [`openCard()`, "TypeError: a card comes from { kind: 'profile', name: … } or { kind: 'image', fileOrName: … }"],
  [`openCard({ kind: 'profile', name: 'nobody' })`, 'there is no profile nobody'],
  [`openCard({ kind: 'image', fileOrName: 'no.img' })`, 'there is no image no.img'],
  [
    `openCard({ kind: 'profile', name: 'ndef' }, { applets: [{ aid: Uint8Array.of(0xa0, 1), commands: [] }] })`,
    'AppletError: no DF of this card has the name A001 of the applet',
  ],
  [`fromHex('0G')`, 'SyntaxError: only hexadecimal digits and spaces are allowed'],
  [`encodeCommand({ cla: 256, ins: 0, p1: 0, p2: 0 })`, 'RangeError: '],
  [`new HsuPort({ opener: new SystemSerialPorts(), path: 'x', baudRate: 300 })`, 'RangeError: '],
];

const COMPILER = {
  target: 'es2023',
  lib: ['es2023'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  outDir: 'out',
  rootDir: 'src',
};

describe('the library', { timeout: 300_000 }, () => {
  let folder: string;
  beforeAll(() => {
    ({ folder } = installPackage());
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    mkdirSync(join(folder, 'src'));
    for (const { name, source } of EXAMPLES) writeFileSync(join(folder, 'src', `${name}.ts`), source);
    writeFileSync(join(folder, 'src', 'misuse.ts'), MISUSE);
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function compile(module: string, moduleResolution: string, more: object = {}, include = ['src']): string {
    const config = { compilerOptions: { ...COMPILER, module, moduleResolution, ...more }, include };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const ran = spawnSync(process.execPath, [compiler, '-p', '.'], { cwd: folder, encoding: 'utf8' });
    // @types/node is not quite at one with itself under this compiler; that is none of ours.
    return (ran.stdout + ran.stderr).replace(/^\S*\/@types\/node\/.*\n(?: .*\n)*/gm, '');
  }

  const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

  it('has examples, one of at most 40 lines that makes a card and adds an applet', () => {
    expect(EXAMPLES.length).toBeGreaterThanOrEqual(6);
    const [first] = examplesOf('docs/library.md');
    expect(first?.source.trim().split('\n').length).toBeLessThanOrEqual(40);
    expect(first?.source).toContain('classes: [0x80]');
  });

  it('compiles under bundler: strict, without the DOM, with every declaration checked', () =>
    expect(compile('esnext', 'bundler', { noEmit: true })).toBe(''));

  it('compiles under nodenext, and each example runs and prints what its page says', () => {
    expect(compile('nodenext', 'nodenext')).toBe('');
    for (const { name, prints } of EXAMPLES) {
      const ran = node(join('out', `${name}.js`));
      expect({ name, stderr: ran.stderr, status: ran.status }).toEqual({ name, stderr: '', status: 0 });
      if (prints !== null) expect({ name, stdout: ran.stdout }).toEqual({ name, stdout: prints });
    }
  });

  it.each(['vitap', 'vitap/apdu', 'vitap/secure-channel', 'vitap/iso-dep'])(
    '%s needs neither Node nor its types',
    (entry) => {
      mkdirSync(join(folder, 'bare'), { recursive: true });
      writeFileSync(join(folder, 'bare', 'index.ts'), `import * as all from '${entry}';\nexport { all };\n`);
      expect(compile('esnext', 'bundler', { noEmit: true, types: [], rootDir: '.' }, ['bare'])).toBe('');
    },
  );

  it('loads no native module before something is opened', () => {
    const script = `
      import { createRequire } from 'node:module';
      const { cache } = createRequire(import.meta.url);
      const native = () => Object.keys(cache).map((path) => /node_modules.(nfc-pcsc|koffi|serialport)\\b/.exec(path)?.[1]);
      const loaded = () => [...new Set(native().filter((name) => name !== undefined))].join();
      const hal = await import('vitap/hal');
      await import('vitap/rig');
      console.log('imported:', loaded());
      await hal.listSerialPorts();
      console.log('listed:', loaded());`;
    expect(node('--input-type=module', '-e', script)).toMatchObject({
      stdout: 'imported: \nlisted: serialport\n',
      stderr: '',
    });
  });

  it.each(WRONG_VALUES)('%s: one clear error', (call, error) => {
    const script = `
      import * as apdu from 'vitap/apdu'; import * as hal from 'vitap/hal'; import * as rig from 'vitap/rig';
      const { fromHex, encodeCommand, HsuPort, SystemSerialPorts, openCard } = { ...apdu, ...hal, ...rig };
      try { await ${call}; } catch (error) { console.log(String(error)); }`;
    const { stdout, stderr } = node('--input-type=module', '-e', script);
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stdout).toContain(error);
  });
});
