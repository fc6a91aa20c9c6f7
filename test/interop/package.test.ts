import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPackage } from './installed-package.ts';

/** What npm ships, as a stranger gets it: the packed file, unpacked into a folder that knows nothing of this one. */
const ROOT = new URL('../..', import.meta.url).pathname;

/** Every file that is meant to be in the package, by where it lies. */
const MEANT: readonly RegExp[] = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/,
  /^bin\/vitap\.js$/,
  /^dist\/vitap\.1$/,
  /^dist\/(src|rig)\/.+\.(js|d\.ts)$/,
  /^dist\/rig\/(life|lab)\/pages\/licences\.txt$/,
  /^dist\/rig\/(life|lab)\/pages\/[a-z]+\/(index\.html|[a-z]+-[A-Z0-9]{8}\.css)$/,
  /^profiles\/[a-z0-9-]+\.yaml$/,
  /^dist\/profiles\/([a-z0-9-]+\.img|profiles\.sha256)$/,
  /^suites\/[a-z0-9-]+\/[a-z0-9-]+\.(jsonl|yaml)$/,
  /^docs\/(schemas\/)?[^/]+(\.md|\.schema\.json)$/,
  /^scripts\/private-pcscd\.sh$/,
];

describe('the package', { timeout: 300_000 }, () => {
  let folder: string;
  let files: readonly string[];
  beforeAll(() => {
    ({ folder, files } = installPackage());
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('ships nothing that is not meant', () => {
    expect(files.filter((file) => !MEANT.some((pattern) => pattern.test(file)))).toEqual([]);
  });

  it('ships no map without its source, and no module that names a map', () => {
    expect(files.filter((file) => file.endsWith('.map'))).toEqual([]);
    const naming = files.filter(
      (file) => file.endsWith('.js') && /^\/\/# sourceMappingURL/m.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(naming).toEqual([]);
  });

  it('ships what its package.json names: program, entries and types', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const named = Object.values(manifest.exports as Record<string, string | Record<string, string>>)
      .flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)))
      .map((path) => path.replace(/^\.\//, ''));
    expect([...named, manifest.bin.vitap].filter((path) => !files.includes(path))).toEqual([]);
    for (const field of ['repository', 'homepage', 'bugs', 'keywords', 'license'])
      expect(manifest).toHaveProperty(field);
  });

  it('works where it was unpacked, in an empty folder', () => {
    const vitap = (...args: string[]) =>
      spawnSync(process.execPath, [join(folder, 'node_modules', 'vitap', 'bin', 'vitap.js'), ...args], {
        cwd: folder,
        encoding: 'utf8',
      });
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(vitap('--version').stdout).toBe(`${version}\n`);
    expect(vitap('card', 'build', 'ndef')).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(join(folder, 'ndef.img'))).toBe(true);
    const tapped = vitap('tap', '--reader', 'loopback', '--image', 'ndef.img');
    expect(tapped).toMatchObject({ status: 0, stderr: '' });
    expect(tapped.stdout).toContain('https://example.com/vitap');
    const judged = vitap('conform', '--profile', 'vitale2', '--only', 'RBI-001');
    expect(judged).toMatchObject({ status: 0 });
  });

  it('can be imported by its names', () => {
    const script = `
      import { Card } from 'vitap'; import * as apdu from 'vitap/apdu'; import * as isoDep from 'vitap/iso-dep';
      import * as hal from 'vitap/hal'; import * as rig from 'vitap/rig';
      console.log([Card, ...[apdu, isoDep, hal, rig].map(Object.keys)].every((each) => each.length > 0));`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, encoding: 'utf8' });
    expect(ran).toMatchObject({ stdout: 'true\n', stderr: '' });
  });
});
