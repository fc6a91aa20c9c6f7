import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { leavesOf } from '../../../../rig/command/command-tree.ts';
import { createProgram, runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { labAddress } from '../../../../rig/web/token-origin.ts';
import { fakeIo } from '../../console/fake-io.ts';

const HERE = { VITAP_LAB: 'https://lab.example:8640', VITAP_LAB_TOKEN_FILE: 'op.token', VITAP_LAB_PIN: 'P' };
const NO_LAB =
  'which lab? name it with --server or in VITAP_LAB, and the file with its token with --token-file or in VITAP_LAB_TOKEN_FILE';

describe('the lab that a person names', () => {
  it.each([
    ['by variables', {}, HERE, ['https://lab.example:8640', 'op.token', 'P']],
    ['without a pin', {}, { ...HERE, VITAP_LAB_PIN: '' }, ['https://lab.example:8640', 'op.token', null]],
    ['by an option in place of each', { server: 's', tokenFile: 't', pin: 'p' }, HERE, ['s', 't', 'p']],
    ['by an option in place of one', { tokenFile: 't' }, HERE, ['https://lab.example:8640', 't', 'P']],
    ['by options alone', { server: 's', tokenFile: 't' }, {}, ['s', 't', null]],
  ])('%s', (_, typed, env, [server, tokenFile, pin]) => {
    expect(labAddress(typed, env)).toEqual({ server, tokenFile, pin });
  });

  it.each([
    [{}, {}],
    [{ server: 's' }, {}],
    [{}, { VITAP_LAB: 's', VITAP_LAB_TOKEN_FILE: '' }],
  ])('is not named: %j, %j', (typed, env) => {
    expect(() => labAddress(typed, env)).toThrow(NO_LAB);
  });

  it('is named by variables alone where a verb has no options for it', () => {
    expect(() => labAddress(null, {})).toThrow(
      'which lab? name it in VITAP_LAB, and the file with its token in VITAP_LAB_TOKEN_FILE',
    );
  });
});

const leaves = leavesOf(createProgram('0.0.0', VERBS, fakeIo(), async () => {}));
const asking = leaves.filter(({ path }) => path[0] === 'lab' && path[1] !== 'serve').map(({ path }) => path.join(' '));

/** What each takes besides. */
const MORE: Readonly<Record<string, string>> = {
  'lab submit': 'FOLDER/c.yaml --dry-run',
  'lab watch': '1',
  'lab cancel': '1',
  'lab compare': '1 2',
  'lab export': '1 --csv FOLDER/lab.csv',
  'lab prune': '--older-than 1',
  'lab token add': 'n --role viewer',
  'lab token revoke': '1',
};

describe('every verb of a lab', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-address-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'c.yaml'), 'version: 1\nname: n\njudge: [{rehearsal: 1}]\n');

  async function run(path: string, env: Readonly<Record<string, string>>): Promise<readonly [number, string]> {
    const io = fakeIo({ env: { ...env, XDG_STATE_HOME: folder } });
    const words = `${path} ${MORE[path] ?? ''}`.trim().split(' ');
    const exit = await runCommandLine(
      words.map((word) => word.replace('FOLDER', folder)),
      '0.0.0',
      VERBS,
      io,
    );
    return [exit, io.err.join('')];
  }

  it.each(asking)('%s takes the variables, and names them with its options where it has neither', async (path) => {
    expect(await run(path, {})).toEqual([2, `vitap: ${NO_LAB}\n`]);
    // One that is seen to be read: no address of a server.
    expect(await run(path, { VITAP_LAB: 'nowhere', VITAP_LAB_TOKEN_FILE: 'x' })).toEqual([
      2,
      'vitap: a lab is named by its origin, as https://lab.example:8640, and this is none: nowhere\n',
    ]);
  });
});
