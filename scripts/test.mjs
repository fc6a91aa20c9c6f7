#!/usr/bin/env node
/** Runs everything that CI runs, one after the other, and ends with one line: `N passed, N failed`. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readJson } from './fingerprint.mjs';
import { fetchNode, OTHER_NODES } from './other-nodes.mjs';
import { filesToAskAgain, summarise, tallyAgain, tallyCheck, tallyTests } from './test-summary.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MODULES = join(ROOT, 'node_modules');
const VITEST = [process.execPath, join(MODULES, 'vitest', 'vitest.mjs'), 'run'];

const CHECKS = [
  // First: tests run the command line as users do, from the build.
  { title: 'build', command: [process.execPath, join(ROOT, 'scripts', 'build.mjs')] },
  { title: 'lint', command: [process.execPath, join(MODULES, '@biomejs', 'biome', 'bin', 'biome'), 'check'] },
  {
    title: 'types',
    command: [process.execPath, join(MODULES, 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json', '--noEmit'],
  },
  {
    // Beside the first: they alone know a browser's types.
    title: 'types of the pages',
    command: [process.execPath, join(MODULES, 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.pages.json', '--noEmit'],
  },
  // Half a minute, and npm's registry: on CI alone, or as `npm run test:install`.
  ...(process.env.CI === 'true'
    ? [{ title: 'install without a compiler', command: [join(ROOT, 'scripts', 'try-install.sh')] }]
    : []),
  { title: 'dead code', command: [process.execPath, join(MODULES, 'knip', 'bin', 'knip.js')] },
];

// A pcscd of our own, so that the tests may kill it and no card of the machine is touched.
const PRIVATE_PCSCD = join(ROOT, 'scripts', 'private-pcscd.sh');

/**
 * Projects of tests, each as the runs that stand side by side. Files of the second share one pcscd, so they run one after
 * the other; where a private one can be had, two halves of them run at once, each with its own.
 */
const PROJECTS = [
  { title: 'unit tests', command: [...VITEST, '--project', 'unit'], parts: [[]] },
  { title: 'tests on real parts', command: [PRIVATE_PCSCD, ...VITEST, '--project', 'interop'], parts: halves() },
];
const REPORTERS = ['--reporter=default', `--reporter=${join(ROOT, 'scripts', 'vitest-record.mjs')}`];

function halves() {
  if (availableParallelism() < 2) return [[]];
  const inside = spawnSync(PRIVATE_PCSCD, ['sh', '-c', 'test "$VITAP_PRIVATE_PCSCD" = 1'], { stdio: 'ignore' });
  return inside.status === 0 ? [['--shard=1/2'], ['--shard=2/2']] : [[]];
}

/** A log is read in an editor, where colours are noise. */
const PLAIN = process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: undefined };

/** The signal that ended the run early, or null. */
let interrupted = null;

async function main() {
  const records = mkdtempSync(join(tmpdir(), 'vitap-test-'));
  const tallies = [];
  try {
    for (const { title, command } of CHECKS) tallies.push(tallyCheck(title, await run(title, command, {})));
    // Before the tests on real parts, which have no network. Where they cannot be fetched those tests say so.
    for (const node of OTHER_NODES) {
      const failed = fetchNode(node);
      if (failed !== null) console.log(`\n${failed}`);
    }
    // Fetches and compiles the firmware's engine, once. Where that cannot be, the tests of the firmware say so.
    const firmware = [
      'build',
      '--board',
      'mps2-an386',
      '--profile',
      'vitale2',
      '--no-channel',
      '--out',
      join(ROOT, '.vitap', 'firmware', 'vitale2'),
    ];
    await run('firmware', [process.execPath, join(ROOT, 'bin', 'vitap.js'), 'firmware', ...firmware], {});
    for (const project of PROJECTS) tallies.push(...(await runProject(project, records)));
  } finally {
    rmSync(records, { recursive: true, force: true });
  }
  const { lines, exitCode } = summarise(tallies, process.env.CI === 'true');
  console.log(`\n${lines.join('\n')}`);
  process.exitCode = exitCode;
}

/**
 * The parts of a project at once; then the few files that failed once more, with nothing beside them. Programs in real time
 * share this machine with the other part: what fails only then is shown, and is no failure.
 * @param records folder for what the runs leave as data
 * @returns what each part gave
 */
async function runProject({ title, command, parts }, records) {
  const testRun = async (name, args, prefix) => {
    const file = join(records, `${name}.json`);
    const exitCode = await run(name, [...command, ...args, ...REPORTERS], { VITAP_TEST_RECORD: file }, prefix);
    return { exitCode, record: readJson(file) };
  };
  const names = parts.map((_, i) => (parts.length === 1 ? title : `${title}, ${i + 1} of ${parts.length}`));
  const prefixOf = (i) => (parts.length === 1 ? '' : `${i + 1}| `);
  const runs = await Promise.all(parts.map((part, i) => testRun(names[i], part, prefixOf(i))));
  const files = interrupted === null ? filesToAskAgain(runs) : [];
  if (files.length === 0) return runs.map((each, i) => tallyTests(names[i], each));
  const name = `${title}, those that failed, again`;
  const again = await testRun(name, files, '');
  return [...runs.map((each, i) => tallyTests(names[i], each, again)), tallyAgain(name, again)];
}

/**
 * @param prefix begins each line of what it prints, where several run at once
 * @returns the exit code; that of a signal or of a program that did not start is never 0
 */
function run(title, [program, ...args], environment, prefix = '') {
  if (interrupted !== null) return 1;
  console.log(`\n== ${title}`);
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      stdio: prefix === '' ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...PLAIN, ...environment },
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => console.log(`${prefix}${line}`));
    }
    const pass = (signal) => {
      interrupted = signal;
      child.kill(signal);
    };
    process.on('SIGINT', pass).on('SIGTERM', pass);
    child.on('error', (error) => {
      console.error(`${title}: ${error.message}`);
      resolve(127);
    });
    child.on('close', (code) => {
      process.off('SIGINT', pass).off('SIGTERM', pass);
      resolve(code ?? 1);
    });
  });
}

await main();
