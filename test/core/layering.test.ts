import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** Asks the linter about a file that is not there: its path decides which rules hold. */
function lint(path: string, source: string): { readonly clean: boolean; readonly said: string } {
  const biome = new URL('../../node_modules/@biomejs/biome/bin/biome', import.meta.url).pathname;
  const run = spawnSync(process.execPath, [biome, 'lint', `--stdin-file-path=${path}`], {
    cwd: new URL('../..', import.meta.url).pathname,
    input: `${source}\n`,
    encoding: 'utf8',
  });
  return { clean: run.status === 0, said: run.stdout + run.stderr };
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
    ['an interface imports a driver', 'src/hal/x.ts', using('MemoryNvm', './nvm/memory.ts')],
    ['an interface imports APDUs', 'src/hal/x.ts', using('SW', '../apdu/status-word.ts')],
    ['a driver imports the card', 'src/hal/vpcd/x.ts', using('Card', '../../applet/card.ts')],
    ['a driver imports the bench', 'src/hal/vpcd/x.ts', using('tap', '../../../rig/tap/tap.ts')],
  ])('%s: refused', (_, path, source) => {
    const { clean, said } = lint(path, source);
    expect(clean).toBe(false);
    expect(said).toMatch(/noRestrictedImports|noNodejsModules|noRestrictedGlobals/);
  });

  it.each([
    ['the card uses an interface', 'src/applet/x.ts', using('HalError', '../hal/errors.ts')],
    ['the card uses APDUs', 'src/applet/x.ts', using('SW', '../apdu/status-word.ts')],
    ['a driver uses Node', 'src/hal/vpcd/x.ts', using('connect', 'node:net')],
    ['the bench uses everything', 'rig/x.ts', using('Card', '../src/applet/card.ts')],
  ])('%s: allowed', (_, path, source) => expect(lint(path, source).clean).toBe(true));
});
