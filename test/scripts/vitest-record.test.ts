import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;

const MIXED = `
import { describe, expect, it } from 'vitest';
describe('a suite', () => {
  it('passes', () => {});
  it('fails', async () => {
    void Promise.reject(new Error('nobody listens'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(1).toBe(2);
  });
  it('needs a part', (context) => context.skip('opensc-tool is not installed'));
  it.skip('was switched off', () => {});
});
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-record-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'mixed.test.js'), MIXED);
  writeFileSync(join(folder, 'broken.test.js'), "import './nowhere.js';\n");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs vitest on the two files above and returns what the reporter wrote. */
function record(): Promise<unknown> {
  const file = join(folder, 'record.json');
  return new Promise((resolve) => {
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const reporter = `--reporter=${join(ROOT, 'scripts', 'vitest-record.mjs')}`;
    const child = spawn(process.execPath, [vitest, 'run', '--root', folder, reporter], {
      stdio: 'ignore',
      env: { PATH: process.env.PATH, VITAP_TEST_RECORD: file },
    });
    child.on('close', () => resolve(JSON.parse(readFileSync(file, 'utf8'))));
  });
}

describe('what vitest leaves for the runner', () => {
  it('names by file what failed, a file that does not load and an error outside its tests included, and why what did not run did not', async () => {
    expect(await record()).toEqual({
      files: {
        'mixed.test.js': {
          passed: 1,
          failed: ['mixed.test.js > a suite > fails', 'outside the tests: nobody listens'],
          skipped: [
            { title: 'mixed.test.js > a suite > needs a part', reason: 'opensc-tool is not installed' },
            { title: 'mixed.test.js > a suite > was switched off', reason: 'no reason given' },
          ],
        },
        'broken.test.js': {
          passed: 0,
          failed: [expect.stringMatching(/^broken\.test\.js: .*nowhere\.js/)],
          skipped: [],
        },
      },
      outside: [],
    });
  }, 30_000);
});
