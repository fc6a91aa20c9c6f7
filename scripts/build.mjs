#!/usr/bin/env node
/** Compiles src/ and rig/ into dist/, bundles the pages. The old dist/ serves until the new one is whole. */
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BUILD_STAMP, sourcesFingerprint } from './fingerprint.mjs';
import { buildPages } from './pages.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** @returns whether it worked; the compiler's own words have been printed */
export function build(root) {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  if (!existsSync(compiler)) {
    console.error('build: the TypeScript compiler is not installed: run `npm run setup`');
    return false;
  }
  const sources = sourcesFingerprint(root);
  // Beside dist/: a move within one file system is one step.
  const fresh = `dist-${process.pid}.tmp`;
  try {
    const args = [compiler, '-p', 'tsconfig.build.json', '--outDir', fresh];
    const compiled = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    if (compiled.status !== 0) return false;
    if (!buildPages(root, join(root, fresh, 'rig'))) return false;
    if (!writeManPage(join(root, fresh))) return false;
    // By what was just compiled, in a process of its own: this one may have the old modules.
    const open = pathToFileURL(join(root, fresh, 'rig', 'card', 'open.js')).href;
    const folder = JSON.stringify(join(root, fresh, 'profiles'));
    const program = `const { buildShippedImages } = await import('${open}'); await buildShippedImages(${folder});`;
    const images = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (images.status !== 0) return false;
    writeFileSync(join(root, fresh, '.stamp.json'), `${JSON.stringify({ sources })}\n`);
    replaceFolder(root, fresh, dirname(BUILD_STAMP));
    return true;
  } finally {
    rmSync(join(root, fresh), { recursive: true, force: true });
  }
}

/** The manual page that npm installs, as the compiled program prints it. */
function writeManPage(folder) {
  const main = join(folder, 'rig', 'command', 'main.js');
  if (!existsSync(main)) return true;
  const code = `import(${JSON.stringify(pathToFileURL(main).href)}).then((module) => module.main())`;
  const env = { ...process.env, LC_ALL: 'C.UTF-8', FORCE_COLOR: '', NO_COLOR: '1' };
  const printed = spawnSync(process.execPath, ['-e', code, 'vitap', 'man'], { env, encoding: 'utf8' });
  if (printed.status !== 0) console.error(`build: no manual page: ${printed.stderr}`);
  else writeFileSync(join(folder, 'vitap.1'), printed.stdout);
  return printed.status === 0;
}

function replaceFolder(root, fresh, target) {
  const old = join(root, `${target}-${process.pid}.old.tmp`);
  if (existsSync(join(root, target))) renameSync(join(root, target), old);
  renameSync(join(root, fresh), join(root, target));
  rmSync(old, { recursive: true, force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = build(ROOT) ? 0 : 1;
