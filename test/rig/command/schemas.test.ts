import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type BoardTestOptions, testBoard } from '../../../rig/board/test-board.ts';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { simulatedBench } from '../board/simulated-bench.ts';
import { fakeIo } from '../console/fake-io.ts';

const SCHEMAS = new URL('../../../docs/schemas/', import.meta.url);

let folder: string;
/** Real outputs by the name of their schema. */
const outputs = new Map<string, unknown>();

async function vitap(...args: string[]): Promise<unknown> {
  const io = fakeIo({ env: { XDG_STATE_HOME: join(folder, 'state') } });
  await runCommandLine(args, '0.0.0', VERBS, io);
  return JSON.parse(io.out.join(''));
}

async function board(more: Partial<BoardTestOptions>): Promise<unknown> {
  const io = fakeIo({ env: {}, json: true });
  const { a } = simulatedBench();
  const rest = { partner: null, operator: false, only: null, limits: null, loop: null, html: null, junit: null };
  const options = { port: 'sim-a', serialNumber: 'B1', records: join(folder, 'records'), evidence: null, ...rest };
  const bench = { listed: [], open: async () => a, verifier: () => Promise.reject(new Error('unused')) as never };
  await testBoard({ ...options, record: { file: null, keepSecrets: false }, ...more }, io, bench);
  return JSON.parse(io.out.join(''));
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-schemas-'));
  outputs.set('board-test', await board({}));
  outputs.set('board-record', read(join(folder, 'records', readdirSync(join(folder, 'records'))[0] as string)));
  outputs.set('board-test-loop', await board({ loop: 1, only: ['rom'] }));
  outputs.set('board-records', await vitap('board', 'records', '--records', join(folder, 'records'), '--json'));
  await vitap('evidence', 'keygen', join(folder, 'lab'), '--json');
  const bundle = ['--evidence', join(folder, 'bundle'), '--evidence-key', join(folder, 'lab.key.json')];
  outputs.set('conform', await vitap('conform', '--profile', 'lab', '--only', 'RBI-00*,VER-A02', '--json', ...bundle));
  outputs.set('evidence-manifest', read(join(folder, 'bundle', 'manifest.json')));
  outputs.set('evidence-verify', await vitap('evidence', 'verify', join(folder, 'bundle'), '--json'));
  outputs.set('error', await vitap('board', 'records', '--since', 'soon', '--json'));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('the published schemas', () => {
  const names = readdirSync(SCHEMAS).map((name) => name.replace(/\.schema\.json$/, ''));
  const schemaOf = (name: string) =>
    z.fromJSONSchema(read(new URL(`${name}.schema.json`, SCHEMAS).pathname) as Parameters<typeof z.fromJSONSchema>[0]);

  it('are those of these outputs', () => {
    expect(names.sort()).toEqual([...outputs.keys()].sort());
  });

  it.each(names)('%s takes what is really written, and nothing else', (name) => {
    const document = outputs.get(name) as Record<string, unknown>;
    const schema = schemaOf(name);
    expect(schema.safeParse(document).error?.issues ?? []).toEqual([]);
    expect(schema.safeParse({ ...document, more: 1 }).success).toBe(false);
    for (const key of Object.keys(document)) {
      const { [key]: _, ...less } = document;
      // Two keys were not there from the beginning.
      const optional =
        (name === 'board-record' && key === 'stationLimits') || (name === 'evidence-manifest' && key === 'kind');
      expect(schema.safeParse(less).success, key).toBe(optional);
    }
  });
});
