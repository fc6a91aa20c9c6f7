#!/usr/bin/env node
// Plain JavaScript that even an old Node can read, so that it can say that it is too old.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = new URL('.', import.meta.url);
const args = process.argv.slice(2);

if (Number(process.versions.node.split('.')[0]) < 20) {
  refuse(`vitap needs Node 20 or later; this is ${process.version}`);
} else if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  // Nothing else is loaded: scripts ask this often.
  process.stdout.write(`${JSON.parse(readFileSync(new URL('../package.json', here), 'utf8')).version}\n`);
} else {
  const built = new URL('../dist/rig/command/main.js', here);
  if (!existsSync(built)) refuse(`vitap is not built yet: run \`${cure()}\``);
  else import(built.href).then((module) => module.main(), loadFailed);
}

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 2;
}

function loadFailed(error) {
  refuse(`vitap could not be loaded (${error.message}): run \`${cure()}\``);
}

/** As src/hal/system/installation.ts has it, which cannot be loaded where this is wanted. */
function cure() {
  const [, modules] = /^(.*)[\\/]node_modules[\\/][^\\/]+[\\/]bin[\\/]$/.exec(fileURLToPath(here)) ?? [];
  if (modules === undefined) return 'npm run setup';
  return existsSync(`${modules}/package.json`) ? 'npm install vitap' : 'npm install -g vitap';
}
