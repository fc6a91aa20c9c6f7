import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

/**
 * The set-up itself, in a checkout of its own where apt-get, dpkg-query, sudo and npm are stand-ins that write down
 * what they were asked.
 */
const SCRIPTS = fileURLToPath(new URL('../../scripts', import.meta.url));
const ROOT_USER = process.getuid?.() === 0;
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Checkout {
  readonly root: string;
  readonly programs: string;
  /** What the stand-ins were asked, a line each. */
  asked(): string[];
}

/** A stand-in compiler: makes the entry that the set-up looks for, and what the build runs after it. */
const COMPILER = `
const { mkdirSync, writeFileSync } = require('node:fs');
const out = process.argv[process.argv.indexOf('--outDir') + 1];
mkdirSync(out + '/rig/command', { recursive: true });
writeFileSync(out + '/rig/command/main.js', 'export const main = () => {};');
mkdirSync(out + '/rig/card', { recursive: true });
writeFileSync(out + '/rig/card/open.js', 'export const buildShippedImages = async () => {};');
`;

const NPM = `echo "npm $*" >>"$LOG"
[ -z "$SLOW" ] || sleep "$SLOW"
mkdir -p node_modules/typescript/bin
echo '{"packages":{}}' >node_modules/.package-lock.json
echo '{}' >node_modules/typescript/package.json
cp "$COMPILER" node_modules/typescript/bin/tsc
`;

function checkout(options: { installed: string[]; sudo?: boolean; apt?: boolean; npm?: string }): Checkout {
  const root = mkdtempSync(join(tmpdir(), 'vitap-setup-'));
  folders.push(root);
  cpSync(SCRIPTS, join(root, 'scripts'), { recursive: true });
  mkdirSync(join(root, 'src'));
  writeFileSync(join(root, 'src', 'card.ts'), 'export const one = 1;\n');
  writeFileSync(join(root, 'package-lock.json'), '{"packages":{"":{}}}');
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'compiler.cjs'), COMPILER);
  writeFileSync(join(root, 'log'), '');
  const programs = join(root, 'programs');
  mkdirSync(programs);
  const stand = (name: string, body: string): void => {
    writeFileSync(join(programs, name), `#!/bin/sh\n${body}`);
    chmodSync(join(programs, name), 0o755);
  };
  symlinkSync(process.execPath, join(programs, 'node'));
  for (const name of ['mkdir', 'cp', 'sleep', 'env', 'true']) {
    symlinkSync([`/bin/${name}`, `/usr/bin/${name}`].find(existsSync)!, join(programs, name));
  }
  stand('npm', options.npm ?? NPM);
  if (options.apt !== false) {
    stand('dpkg-query', `printf '%s installed\\n' ${options.installed.join(' ')}`);
    stand('apt-get', 'echo "apt-get $*" >>"$LOG"\n');
  }
  if (options.sudo === true) stand('sudo', '[ "$1" = -n ] && shift; echo "sudo $*" >>"$LOG"; exec "$@"');
  // The user that the set-up may run as writes here too.
  for (const path of [root, join(root, 'log'), join(root, 'src'), join(root, 'scripts')]) chmodSync(path, 0o777);
  const asked = (): string[] => readFileSync(join(root, 'log'), 'utf8').split('\n').filter(Boolean);
  return { root, programs, asked };
}

function setUp(
  { root, programs }: Checkout,
  args: string[] = [],
  options: { asNobody?: boolean; slow?: string } = {},
): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'scripts', 'setup.mjs'), ...args], {
      cwd: dirname(root),
      // Variables as npm sets them for `npm run`.
      env: {
        PATH: programs,
        LOG: join(root, 'log'),
        COMPILER: join(root, 'compiler.cjs'),
        SLOW: options.slow ?? '',
        npm_lifecycle_event: 'demo',
        npm_command: 'run',
        npm_package_name: 'vitap',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.asNobody && ROOT_USER ? { uid: 65534, gid: 65534 } : {}),
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('close', (code) => resolve({ exitCode: code ?? -1, output }));
  });
}

const FOR_DEMO = ['pcscd', 'vsmartcard-vpcd', 'iproute2', 'libpcsclite-dev', 'python3', 'make', 'g++'];

describe('the set-up on a fresh machine', () => {
  it('installs with npm, builds, and has nothing to do the second time', async () => {
    const here = checkout({ installed: FOR_DEMO });
    const first = await setUp(here, ['--for', 'demo']);
    expect(first.output).toContain('set-up: npm ci (node_modules is missing)');
    expect(first.output).toContain('set-up: building dist/ (not built yet)');
    expect(first.exitCode).toBe(0);
    expect(here.asked()).toEqual(['npm ci --strict-allow-scripts --include=dev --include=optional']);
    expect(existsSync(join(here.root, 'dist', 'rig', 'command', 'main.js'))).toBe(true);

    const second = await setUp(here, ['--for', 'demo']);
    expect(second).toEqual({ exitCode: 0, output: 'set-up: nothing to do\n' });
    expect(here.asked()).toHaveLength(1);
  });

  it('builds again when a source changed, and npm rests', async () => {
    const here = checkout({ installed: FOR_DEMO });
    await setUp(here, ['--for', 'demo']);
    writeFileSync(join(here.root, 'src', 'card.ts'), 'export const one = 2;\n');
    const again = await setUp(here, ['--for', 'demo']);
    expect(again).toEqual({ exitCode: 0, output: 'set-up: building dist/ (the sources changed)\n' });
  });

  it('only reports with --check', async () => {
    const here = checkout({ installed: [] });
    const { exitCode, output } = await setUp(here, ['--for', 'demo', '--check']);
    expect(exitCode).toBe(1);
    expect(output).toContain('vsmartcard-vpcd');
    expect(output).toContain('npm has work: node_modules is missing');
    expect(here.asked().filter((line) => !line.startsWith('sudo'))).toEqual([]);
    expect(existsSync(join(here.root, 'dist'))).toBe(false);
  });

  it('says so and ends with 1 when the build is impossible', async () => {
    const here = checkout({ installed: FOR_DEMO, npm: 'echo "npm is broken" >&2; exit 3' });
    const { exitCode, output } = await setUp(here, ['--for', 'demo']);
    expect(exitCode).toBe(1);
    expect(output).toContain('npm is broken');
    expect(output).toContain('set-up: npm ci failed');
    expect(output).not.toContain('    at ');
  });

  it('two at once: one works, the other waits and then has nothing to do', async () => {
    const here = checkout({ installed: FOR_DEMO });
    const both = await Promise.all([
      setUp(here, ['--for', 'demo'], { slow: '1' }),
      setUp(here, ['--for', 'demo'], { slow: '1' }),
    ]);
    expect(both.map((each) => each.exitCode)).toEqual([0, 0]);
    expect(here.asked()).toHaveLength(1);
    expect(both.filter((each) => each.output.includes('building'))).toHaveLength(1);
  });

  it('takes over the lock of a set-up that died', async () => {
    const here = checkout({ installed: FOR_DEMO });
    mkdirSync(join(here.root, '.vitap'));
    // No process has this number: it is over the largest that Linux gives.
    writeFileSync(join(here.root, '.vitap', 'setup.lock'), '4194305');
    const { exitCode } = await setUp(here, ['--for', 'demo']);
    expect(exitCode).toBe(0);
    expect(existsSync(join(here.root, '.vitap', 'setup.lock'))).toBe(false);
  });
});

describe('missing Debian packages', () => {
  const installed = FOR_DEMO.filter((name) => name !== 'vsmartcard-vpcd');
  const install = 'install -y --no-install-recommends vsmartcard-vpcd';

  it('are installed as root', async (context) => {
    context.skip(!ROOT_USER, 'only root can show what root does');
    const here = checkout({ installed });
    const { exitCode, output } = await setUp(here, ['--for', 'demo']);
    expect(exitCode).toBe(0);
    expect(output).toContain('set-up: missing: vsmartcard-vpcd (the virtual reader of pcscd)');
    const apt = here.asked().filter((line) => line.startsWith('apt-get'));
    expect(apt[0]).toMatch(/ update$/);
    expect(apt[1]).toContain(install);
  });

  it('are installed through sudo by another user', async () => {
    const here = checkout({ installed, sudo: true });
    const { exitCode } = await setUp(here, ['--for', 'demo'], { asNobody: true });
    expect(exitCode).toBe(0);
    expect(here.asked()).toContainEqual(
      expect.stringMatching(/^sudo env DEBIAN_FRONTEND=noninteractive apt-get .*update$/),
    );
    expect(here.asked()).toContainEqual(expect.stringContaining(install));
  });

  it('are left to the person without sudo, and the rest goes on', async () => {
    const here = checkout({ installed });
    const { exitCode, output } = await setUp(here, ['--for', 'demo'], { asNobody: true });
    expect(exitCode).toBe(0);
    expect(output).toContain(`    apt-get update && apt-get ${install}\n`);
    expect(here.asked()).toEqual([expect.stringMatching(/^npm ci/)]);
    expect(output).toContain('building dist/');
  });

  it('are named where there is no apt-get', async () => {
    const here = checkout({ installed, apt: false });
    const { exitCode, output } = await setUp(here, ['--for', 'test']);
    expect(exitCode).toBe(0);
    expect(output).toContain('not a Debian system');
    expect(output).toContain('socat');
    expect(output).toContain('building dist/');
  });
});
