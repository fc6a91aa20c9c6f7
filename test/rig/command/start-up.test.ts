import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

let folder: string;

/** A package with nothing in it but the entry: no dist/, no node_modules. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-bin-'));
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function vitap(args: string[], nodeOptions: string[] = []): { status: number | null; stdout: string; stderr: string } {
  const ran = spawnSync(process.execPath, [...nodeOptions, join(folder, 'bin', 'vitap.js'), ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
  return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

function placeMain(source: string): void {
  mkdirSync(join(folder, 'dist', 'rig', 'command'), { recursive: true });
  writeFileSync(join(folder, 'dist', 'rig', 'command', 'main.js'), source);
}

describe('bin/vitap.js', () => {
  it.each(['--version', '-V'])('%s needs neither the build nor any library', (option) => {
    expect(vitap([option])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('says when it is not built', () => {
    const { status, stdout, stderr } = vitap(['doctor']);
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: 'vitap is not built yet: run `npm run setup`\n',
    });
  });

  it.each([
    ['of a project', ['project', 'node_modules'], true, 'npm install vitap'],
    ['of the machine', ['lib', 'node_modules'], false, 'npm install -g vitap'],
  ])('says what to type in the node_modules %s', (_, modules, isProject, cure) => {
    const bin = join(folder, ...modules, 'vitap', 'bin');
    mkdirSync(bin, { recursive: true });
    copyFileSync(join(folder, 'bin', 'vitap.js'), join(bin, 'vitap.js'));
    writeFileSync(join(bin, '..', 'package.json'), '{ "type": "module" }');
    if (isProject) writeFileSync(join(folder, modules[0]!, 'package.json'), '{}');
    const ran = spawnSync(process.execPath, [join(bin, 'vitap.js'), 'doctor'], { encoding: 'utf8' });
    expect(ran).toMatchObject({ status: 2, stderr: `vitap is not built yet: run \`${cure}\`\n` });
  });

  it('says when Node is too old', () => {
    const old = "data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'18.20.0'}})";
    const { status, stderr } = vitap(['--version'], ['--import', old]);
    expect(status).toBe(2);
    expect(stderr).toContain('vitap needs Node 20 or later');
  });

  it('hands everything else to the build', () => {
    placeMain('export async function main() { console.log(process.argv.slice(2).join("|")); process.exitCode = 1; }');
    expect(vitap(['tap', '--json'])).toEqual({ status: 1, stdout: 'tap|--json\n', stderr: '' });
  });

  it('does not load the build for --version', () => {
    placeMain('throw new Error("loaded");');
    expect(vitap(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('says when the build is broken, without a stack', () => {
    placeMain("import 'a-library-that-is-not-there';");
    const { status, stderr } = vitap(['tap']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^vitap could not be loaded \(.*a-library-that-is-not-there.*\): run `npm run setup`\n$/);
  });
});

describe('what every command pays for', () => {
  it('loads commander and no other package before a verb runs', async () => {
    const packages = new Set<string>();
    const { metafile } = await build({
      entryPoints: [join(ROOT, 'rig', 'command', 'main.ts')],
      bundle: true,
      metafile: true,
      absWorkingDir: ROOT,
      write: false,
      platform: 'node',
      format: 'esm',
      plugins: [
        {
          name: 'what-is-imported-at-once',
          setup(building) {
            building.onResolve({ filter: /.*/ }, ({ kind, path }) => {
              if (kind === 'dynamic-import') return { path, external: true };
              if (path.startsWith('.') || kind === 'entry-point') return undefined;
              if (!path.startsWith('node:')) packages.add(path);
              return { path, external: true };
            });
          },
        },
      ],
    });
    expect([...packages]).toEqual(['commander']);
    // Names of readers and links are parsed without a driver; the end of the process knows of calls that hold it.
    const drivers = Object.keys(metafile.inputs).filter((path) => /^src\/hal\/[^/]+\//.test(path));
    expect(drivers.sort()).toEqual(['src/hal/system/exit-now.ts', 'src/hal/vpcd/reader-name.ts']);
  });
});
