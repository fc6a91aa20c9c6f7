#!/usr/bin/env node
/**
 * Makes a checkout ready: Debian packages, npm packages, the build. Says what it does, and does nothing twice.
 *
 *   node scripts/setup.mjs [--for demo|test|firmware] [--check]
 *
 * `--check` only says what would be done, and exits 1 if that is anything.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { BUILD_ENTRY, BUILD_STAMP, fileFingerprint, readJson, sourcesFingerprint } from './fingerprint.mjs';
import { takeLock } from './setup-lock.mjs';
import {
  missingPackages,
  OLDEST_NODE,
  planBuild,
  planInstall,
  planPackages,
  readOptions,
  statusQuery,
  treeMismatch,
  wantedPackages,
} from './setup-plan.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const INSTALL_STAMP = join(ROOT, 'node_modules', '.vitap-setup.json');

/** Lines printed so far. */
let said = 0;

async function main() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) throw new Error(`Node ${OLDEST_NODE} or later is needed; this is ${process.version}`);
  const options = readOptions(process.argv.slice(2));

  const plan = inspect(options.goal);
  if (options.check) {
    report(plan);
    process.exitCode = said === 0 ? 0 : 1;
  } else if (plan.packages.kind !== 'none' || plan.install.action !== 'none' || plan.build.action !== 'none') {
    const giveBack = await takeLock(join(ROOT, '.vitap', 'setup.lock'), (pid) => {
      say(`waiting for another set-up (process ${pid})`);
    });
    try {
      act(options.goal);
    } finally {
      giveBack();
    }
  }
  if (said === 0) say('nothing to do');
}

/** Looks at the machine and the checkout. */
function inspect(goal) {
  return { packages: inspectPackages(goal), install: inspectInstall(), build: inspectBuild() };
}

function report({ packages, install, build }) {
  if (packages.kind !== 'none') say(`Debian packages are missing: ${packages.command}`);
  if (install.action === 'install' || install.action === 'rebuild') say(`npm has work: ${install.reason}`);
  if (build.action !== 'none') say(`the build has work: ${build.reason}`);
}

/** Each step looks again: the one before it, or another set-up, may have changed what there is to do. */
function act(goal) {
  installPackages(inspectPackages(goal));
  installModules(inspectInstall());
  const { action, reason } = inspectBuild();
  if (action === 'none') return;
  say(`building dist/ (${reason})`);
  if (!build(ROOT)) {
    say('the build failed; what stands above says why');
    process.exitCode = 1;
  }
}

function inspectPackages(goal) {
  const wanted = wantedPackages(goal, nfcPcscPresent());
  const debian = hasProgram('dpkg-query') && hasProgram('apt-get');
  const missing = debian ? missingPackages(wanted, packageStatus(wanted)) : missingPrograms(wanted);
  const root = process.getuid?.() === 0;
  const plan = planPackages({ missing, debian, root, sudo: debian && missing.length > 0 && !root && sudoWorks() });
  return { ...plan, missing };
}

function packageStatus(wanted) {
  return spawnSync('dpkg-query', statusQuery(wanted), { encoding: 'utf8' }).stdout ?? '';
}

/** Elsewhere than on Debian only what can be seen is asked for: the programs that these packages bring. */
function missingPrograms(wanted) {
  const programs = {
    pcscd: 'pcscd',
    iproute2: 'ip',
    opensc: 'opensc-tool',
    'pcsc-tools': 'scriptor',
    python3: 'python3',
    make: 'make',
    'g++': 'g++',
    socat: 'socat',
    'libnfc-bin': 'nfc-list',
    'libnfc-examples': 'nfc-poll',
    'libnfc-pn53x-examples': 'pn53x-tamashell',
    gcc: 'gcc',
    'gcc-arm-none-eabi': 'arm-none-eabi-gcc',
    'qemu-system-arm': 'qemu-system-arm',
    openpace: 'cvc-print',
    openssl: 'openssl',
    ausweisapp2: 'AusweisApp2',
    tshark: 'tshark',
    tmux: 'tmux',
    cardpeek: 'cardpeek',
    chromium: 'chromium',
    'zbar-tools': 'zbarimg',
    zsh: 'zsh',
    fish: 'fish',
    'groff-base': 'groff',
  };
  if (process.platform !== 'linux') return [];
  return wanted.filter((each) => programs[each.name] !== undefined && !hasProgram(programs[each.name]));
}

function sudoWorks() {
  return hasProgram('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
}

function installPackages(plan) {
  if (plan.kind === 'none') return;
  for (const each of plan.missing) say(`missing: ${each.name} (${each.purpose})`);
  if (plan.kind === 'print') {
    say(`not installed: ${plan.reason}:\n\n    ${plan.command}\n`);
    return;
  }
  for (const command of plan.commands) {
    say(command.slice(command.indexOf('apt-get')).join(' '));
    const done = spawnSync(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
    if (done.status === 0) continue;
    process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
    say(`that failed; going on without. By hand:\n\n    ${plan.command}\n`);
    return;
  }
}

function inspectInstall() {
  const lock = readJson(join(ROOT, 'package-lock.json'));
  if (lock === null) throw new Error('package-lock.json is missing or not JSON');
  const nodeModules = existsSync(join(ROOT, 'node_modules'));
  const laid = readJson(join(ROOT, 'node_modules', '.package-lock.json'));
  return planInstall({
    nodeModules,
    stamp: readJson(INSTALL_STAMP),
    lockHash: fileFingerprint(join(ROOT, 'package-lock.json')),
    mismatch: nodeModules ? treeMismatch(lock, laid) : null,
    nfcPcsc: nfcPcscPresent(),
    canCompile: canCompile(),
    abi: process.versions.modules,
  });
}

function installModules({ action, reason }) {
  if (action === 'none') return;
  if (action === 'install') {
    say(`npm ci (${reason})`);
    npm(['ci', '--strict-allow-scripts', '--include=dev', '--include=optional']);
  } else if (action === 'rebuild' || !nfcPcscLoads()) {
    say(`npm rebuild @pokusew/pcsclite (${action === 'rebuild' ? reason : 'nfc-pcsc does not load'})`);
    npm(['rebuild', '@pokusew/pcsclite']);
  }
  if (!existsSync(join(ROOT, 'node_modules', 'typescript'))) throw new Error('npm did not install the compiler');
  if (!nfcPcscPresent()) say('nfc-pcsc is not there: readers on PC/SC cannot be used, everything else can');
  const stamp = {
    lock: fileFingerprint(join(ROOT, 'package-lock.json')),
    abi: process.versions.modules,
    nativeTried: canCompile(),
  };
  writeFileSync(INSTALL_STAMP, `${JSON.stringify(stamp)}\n`);
}

function npm(args) {
  const done = spawnSync('npm', args, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (done.error) throw new Error(`npm could not be started: ${done.error.message}`);
  if (done.status !== 0) throw new Error(`npm ${args[0]} failed; what stands above says why`);
}

function nfcPcscPresent() {
  const modules = join(ROOT, 'node_modules');
  return (
    existsSync(join(modules, 'nfc-pcsc', 'package.json')) &&
    existsSync(join(modules, '@pokusew', 'pcsclite', 'build', 'Release', 'pcsclite.node'))
  );
}

/** In a child: a native module made for another Node can take the process with it. */
function nfcPcscLoads() {
  if (!nfcPcscPresent()) return true;
  const load = ['-e', "require('@pokusew/pcsclite')"];
  return spawnSync(process.execPath, load, { cwd: ROOT, stdio: 'ignore', timeout: 20_000 }).status === 0;
}

function canCompile() {
  if (process.platform !== 'linux') return false;
  return existsSync('/usr/include/PCSC/winscard.h') && ['g++', 'make', 'python3'].every(hasProgram);
}

function inspectBuild() {
  return planBuild({
    stamp: readJson(join(ROOT, BUILD_STAMP)),
    sources: sourcesFingerprint(ROOT),
    entry: existsSync(join(ROOT, BUILD_ENTRY)),
  });
}

/** Looked for here and not by `which`, which may be absent; /usr/sbin is not on every user's path. */
function hasProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, name)));
}

function say(line) {
  said++;
  console.log(`set-up: ${line}`);
}

main().catch((error) => {
  console.error(`set-up: ${error.message}`);
  process.exitCode = 1;
});
