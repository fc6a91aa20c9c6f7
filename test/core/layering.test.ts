import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../..', import.meta.url).pathname;

/** Lints one file at that path of an empty tree under the project's own rules; gives the names of the rules it breaks. */
function broken(path: string, source: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-layers-'));
  try {
    copyFileSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), `${source}\n`);
    const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
    const run = spawnSync(process.execPath, [biome, 'lint', '--vcs-enabled=false', '--colors=off', path], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(run.stderr + run.stdout).toContain('Checked 1 file');
    return [...(run.stderr + run.stdout).matchAll(/lint\/\w+\/(\w+)/g)].map(([, rule]) => rule!);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const using = (what: string, from: string): string =>
  `import { ${what} } from '${from}';\nexport const used: unknown = ${what};`;

describe('the layers', () => {
  it.each([
    ['the card imports Node', 'src/applet/x.ts', using('readFileSync', 'node:fs')],
    ['the card imports a package', 'src/applet/x.ts', using('sha256', '@noble/hashes/sha2.js')],
    ['the card imports a driver', 'src/applet/files/x.ts', using('MemoryNvm', '../../hal/nvm/memory.ts')],
    ['the card imports the bench', 'src/applet/x.ts', using('tap', '../../rig/tap/tap.ts')],
    ['the card looks at the clock', 'src/applet/x.ts', 'export const now: number = Date.now();'],
    ['APDUs import the card', 'src/apdu/x.ts', using('Card', '../applet/card.ts')],
    ['APDUs import Node', 'src/apdu/x.ts', using('readFileSync', 'node:fs')],
    ['APDUs import the channel', 'src/apdu/x.ts', using('kdf', '../secure-channel/key-derivation.ts')],
    ['the channel imports the card', 'src/secure-channel/x.ts', using('Card', '../applet/card.ts')],
    ['the channel imports blocks', 'src/secure-channel/x.ts', using('IsoDepCard', '../iso-dep/card.ts')],
    ['the channel imports Node', 'src/secure-channel/x.ts', using('createHash', 'node:crypto')],
    ['the channel imports a package', 'src/secure-channel/x.ts', using('p256', '@noble/curves/nist.js')],
    ['the channel imports a driver', 'src/secure-channel/x.ts', using('nobleCrypto', '../hal/noble/index.ts')],
    ['the channel imports the bench', 'src/secure-channel/x.ts', using('tap', '../../rig/tap/tap.ts')],
    ['the channel looks at the clock', 'src/secure-channel/x.ts', 'export const now: number = Date.now();'],
    ['a driver imports the channel', 'src/hal/vpcd/x.ts', using('kdf', '../../secure-channel/key-derivation.ts')],
    ['blocks import Node', 'src/iso-dep/x.ts', using('readFileSync', 'node:fs')],
    ['blocks import a driver', 'src/iso-dep/x.ts', using('MemoryNvm', '../hal/nvm/memory.ts')],
    ['blocks import the bench', 'src/iso-dep/x.ts', using('tap', '../../rig/tap/tap.ts')],
    ['blocks wait', 'src/iso-dep/x.ts', 'setTimeout(() => {}, 1);\nexport const waited = true;'],
    ['an interface imports a driver', 'src/hal/x.ts', using('MemoryNvm', './nvm/memory.ts')],
    ['an interface imports APDUs', 'src/hal/x.ts', using('SW', '../apdu/status-word.ts')],
    ['a driver imports the card', 'src/hal/vpcd/x.ts', using('Card', '../../applet/card.ts')],
    ['a driver imports the bench', 'src/hal/vpcd/x.ts', using('tap', '../../../rig/tap/tap.ts')],
  ])('%s: refused', (_, path, source) => {
    const rules = broken(path, source);
    expect(rules.some((rule) => /noRestrictedImports|noNodejsModules|noRestrictedGlobals/.test(rule))).toBe(true);
  });

  it.each([
    ['the card uses an interface', 'src/applet/x.ts', using('HalError', '../hal/errors.ts')],
    ['the card uses APDUs', 'src/applet/x.ts', using('SW', '../apdu/status-word.ts')],
    ['the channel uses an interface', 'src/secure-channel/x.ts', using('HalError', '../hal/errors.ts')],
    ['the channel uses APDUs', 'src/secure-channel/x.ts', using('SW', '../apdu/status-word.ts')],
    ['the card uses the channel', 'src/applet/x.ts', using('kdf', '../secure-channel/key-derivation.ts')],
    ['blocks use an interface', 'src/iso-dep/x.ts', using('HalError', '../hal/errors.ts')],
    ['a driver uses blocks', 'src/hal/pn532/x.ts', using('IsoDepCard', '../../iso-dep/card.ts')],
    ['a driver uses Node', 'src/hal/vpcd/x.ts', using('connect', 'node:net')],
    ['the bench uses everything', 'rig/x.ts', using('Card', '../src/applet/card.ts')],
  ])('%s: allowed', (_, path, source) => expect(broken(path, source)).toEqual([]));
});

/** The wings of the bench, the lowest first: the order in docs/architecture.md, and nothing else says it. */
const WINGS = [...readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8').matchAll(/^ *rig\/(\w+)\/ /gm)]
  .map(([, wing]) => wing!)
  .reverse();

interface Override {
  readonly includes: readonly string[];
  readonly linter: { rules: { style?: { noRestrictedImports?: { options: { patterns: { group: string[] }[] } } } } };
}

describe('the wings of the bench', () => {
  it('are the folders of rig, each with a page that says what is in it', () => {
    const entries = readdirSync(join(ROOT, 'rig'), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect([...WINGS].sort()).toEqual(folders.sort());
    for (const wing of folders) expect(readdirSync(join(ROOT, 'rig', wing))).toContain('README.md');
    expect(entries.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual(['index.ts']);
  });

  it('import downward only, as the linter is told', () => {
    const { overrides } = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8')) as { overrides: Override[] };
    const forbidden = overrides.flatMap(({ includes, linter }) => {
      const wing = /^rig\/(\w+)\/\*\*$/.exec(includes[0] ?? '')?.[1];
      const groups = linter.rules.style?.noRestrictedImports?.options.patterns.flatMap(({ group }) => group);
      return wing === undefined ? [] : [[wing, groups?.sort()]];
    });
    expect(Object.fromEntries(forbidden)).toEqual(
      Object.fromEntries(
        WINGS.slice(0, -1).map((wing, index) => [
          wing,
          WINGS.slice(index + 1)
            .map((above) => `**/${above}/**`)
            .sort(),
        ]),
      ),
    );
  });

  it.each([
    ['a card imports its reader', 'rig/card/x.ts', using('tap', '../tap/tap.ts')],
    ['a room of a wing imports a verb', 'rig/judge/conform/x.ts', using('VERBS', '../../command/verbs/index.ts')],
  ])('%s: refused', (_, path, source) => expect(broken(path, source)).toContain('noRestrictedImports'));
});
