#!/usr/bin/env node
/**
 * The outputs shown in README.md and docs/, made by the program and checked against it.
 *
 *     node scripts/samples.mjs           says which differ; exit 1 when one does
 *     node scripts/samples.mjs --write   writes them anew
 *
 * A sample is a code block below a comment with its command:
 *
 *     <!-- sample: VITAP_PIN=274916 vitap tap --reader loopback --profile vitale2 -->
 *
 * The commands of a page run in its order, in one empty folder. `<!-- background: COMMAND -->` starts a command that runs
 * to the end of the page. `…` alone on a line stands for any number of lines. What differs from run to run (times,
 * temporary folders, ages) is not compared. Commands through PC/SC need a pcscd with vpcd: `--pcsc` runs those too.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const ELISION = '…';
const COMMAND_LIMIT_MS = 120_000;
/** pcscd looks for a new card every 400 ms. */
const CARD_SEEN_MS = 1500;

/** The pages that can have samples, as paths from the root of the project. */
export function pages() {
  const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...docs.map((name) => join('docs', name))];
}

/**
 * The samples of a page, in order.
 * @returns {{ kind: 'sample' | 'background', command: string, text: string, start: number, end: number }[]} `start` and
 *   `end` enclose the block's text
 */
export function samplesOf(markdown) {
  const found = [];
  const comment = /<!-- (sample|background): (.+?) -->\n/g;
  for (const match of markdown.matchAll(comment)) {
    const [whole, kind, command] = match;
    const after = match.index + whole.length;
    if (kind === 'background') {
      found.push({ kind, command, text: '', start: after, end: after });
      continue;
    }
    const block = /^\n*```\n([\s\S]*?)```/.exec(markdown.slice(after));
    if (block === null) throw new Error(`no code block follows <!-- sample: ${command} -->`);
    const start = after + block[0].indexOf('```\n') + 4;
    found.push({ kind, command, text: block[1], start, end: start + block[1].length });
  }
  return found;
}

/** Whether a command goes through the machine's PC/SC service. */
export function needsPcsc(command) {
  return /\b(pcsc|vpcd|demo|opensc-tool)\b/.test(command);
}

/** A line without what differs from run to run. */
export function steady(line) {
  return line
    .replace(/\b\d+\.\d{3}\b/g, '#')
    .replace(/\b\d+\.\d ms\b/g, '# ms')
    .replace(/\/tmp\/[\w-]+/g, '/tmp/…')
    .replace(/\b\d+ years\b/g, '# years')
    .replace(/\((open|closed)\)/g, '(…)')
    .replace(/(slowest: ).*/, '$1…')
    .replace(/ +/g, ' ')
    .trimEnd();
}

/** Whether a sample shows what the program printed. */
export function shows(sample, output) {
  const shown = linesOf(sample).map(steady);
  const printed = linesOf(output).map(steady);
  const cut = shown.indexOf(ELISION);
  if (cut === -1) return shown.join('\n') === printed.join('\n');
  const tail = shown.slice(cut + 1);
  return (
    printed.length >= shown.length - 1 &&
    printed.slice(0, cut).join('\n') === shown.slice(0, cut).join('\n') &&
    (tail.length === 0 || printed.slice(-tail.length).join('\n') === tail.join('\n'))
  );
}

/** The program's output, cut where the sample is cut. */
export function rewritten(sample, output) {
  const shown = linesOf(sample);
  const printed = linesOf(output);
  const cut = shown.indexOf(ELISION);
  if (cut === -1) return `${printed.join('\n')}\n`;
  const tail = shown.length - cut - 1;
  return `${[...printed.slice(0, cut), ELISION, ...(tail === 0 ? [] : printed.slice(-tail))].join('\n')}\n`;
}

/** Lines of progress come and go with the speed of the machine. */
function linesOf(text) {
  return text
    .replace(/^\d+ of \d+ cases\n/gm, '')
    .replace(/^\n+|\n+$/g, '')
    .split('\n');
}

/**
 * Runs the samples of a page.
 * @param {{ pcsc: boolean }} options whether those that need PC/SC run; the others always do
 * @returns {Promise<{ ran: { command: string, text: string, output: string, agrees: boolean, start: number, end: number }[], skipped: string[] }>}
 */
export async function runPage(page, options) {
  const samples = samplesOf(readFileSync(join(ROOT, page), 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'vitap-samples-'));
  const programs = join(folder, 'bin');
  const desk = join(folder, 'desk');
  mkdirSync(programs);
  mkdirSync(desk);
  const vitap = join(ROOT, 'bin', 'vitap.js');
  writeFileSync(join(programs, 'vitap'), `#!/bin/sh\nexec "${process.execPath}" "${vitap}" "$@"\n`, { mode: 0o755 });
  const env = {
    ...process.env,
    PATH: `${programs}${delimiter}${process.env.PATH}`,
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
  };
  const running = [];
  const ran = [];
  const skipped = [];
  try {
    for (const sample of samples) {
      const command = sample.command.replace(/\bnpx vitap\b/g, 'vitap');
      if (needsPcsc(command) && !options.pcsc) {
        if (sample.kind === 'sample') skipped.push(sample.command);
      } else if (sample.kind === 'background') {
        running.push(await startInBackground(command, desk, env));
      } else {
        const { stdout } = spawnSync('sh', ['-c', `exec 2>&1; ${command}`], {
          cwd: desk,
          env,
          encoding: 'utf8',
          timeout: COMMAND_LIMIT_MS,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        ran.push({ ...sample, output: stdout, agrees: shows(sample.text, stdout) });
      }
    }
  } finally {
    for (const child of running) await ended(child);
    rmSync(folder, { recursive: true, force: true });
  }
  return { ran, skipped };
}

async function startInBackground(command, cwd, env) {
  const child = spawn('sh', ['-c', `exec ${command}`], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code} before it said anything`)));
  });
  child.stdout.resume();
  await pause(CARD_SEEN_MS);
  return child;
}

async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  await exit;
}

/** The page with the outputs of this run in it. */
export function withOutputs(markdown, ran) {
  let text = markdown;
  // From the last to the first, so that positions hold.
  for (const { start, end, text: sample, output } of [...ran].reverse()) {
    text = text.slice(0, start) + rewritten(sample, output) + text.slice(end);
  }
  return text;
}

async function main() {
  const write = process.argv.includes('--write');
  const pcsc = process.argv.includes('--pcsc');
  for (const page of pages()) {
    const { ran, skipped } = await runPage(page, { pcsc });
    for (const command of skipped) console.log(`not run  ${page}: ${command}`);
    for (const { command, agrees } of ran) console.log(`${agrees ? 'same    ' : 'differs '} ${page}: ${command}`);
    const differing = ran.filter(({ agrees }) => !agrees);
    if (differing.length === 0) continue;
    if (write) {
      const file = join(ROOT, page);
      writeFileSync(file, withOutputs(readFileSync(file, 'utf8'), differing));
    } else {
      process.exitCode = 1;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
