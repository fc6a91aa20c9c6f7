import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningProgram } from './running-verb.ts';

const PROGRAM = new URL('../../bin/vitap.js', import.meta.url).pathname;

/** Who is asked and says nothing: each verb waits in its first question. FOLDER is its own, and stays empty. */
const VERBS: readonly (readonly string[])[] = [
  ['lab', 'bench', '--name', 'b1', '--folder', 'STATE'],
  ['lab', 'submit', 'CAMPAIGN'],
  ['lab', 'submit', 'CAMPAIGN', '--watch'],
  ['lab', 'watch', '1'],
  ['lab', 'results', '1'],
  ['lab', 'results', '--check'],
  ['lab', 'compare', '1', '2'],
  ['lab', 'export', '1', '--junit', 'FOLDER/lab.xml', '--csv', 'FOLDER/lab.csv'],
  ['lab', 'prune', '--older-than', '30'],
  ['lab', 'token', 'add', 'bench-1', '--role', 'bench', '--out', 'FOLDER/bench.token'],
  ['lab', 'benches'],
  ['lab', 'cancel', '1'],
  ['lab', 'serve', 'STATE', '--port', '0', '--store', 'postgresql://127.0.0.1:PORT/lab'],
  ['tap', '--reader', 'lab:blue-42'],
];

describe('a verb of the lab that is interrupted while nobody answers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-interrupted-'));
  const at = (name: string): string => join(folder, name);
  beforeAll(() => {
    writeFileSync(at('token'), `vlab_${'A'.repeat(43)}\n`, { mode: 0o600 });
    writeFileSync(
      at('campaign.yaml'),
      'version: 1\nname: n\ncards: [{id: a, profile: vitale2}]\njudge: [{rehearsal: 1}]\n',
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.concurrent.for(
    VERBS.flatMap((args, place) => [
      ['SIGINT' as const, 130, args] as const,
      ...(place % 3 === 0 ? [['SIGTERM' as const, 143, args] as const] : []),
    ]),
  )('by %s, with %i: %j', { timeout: 60_000 }, async ([signal, code, args]) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => void sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = String((server.address() as AddressInfo).port);
    const own = mkdtempSync(at('run-'));
    const state = mkdtempSync(at('state-'));
    const typed = args.map((each) =>
      each
        .replace('FOLDER', own)
        .replace('STATE', join(state, 'new'))
        .replace('CAMPAIGN', at('campaign.yaml'))
        .replace('PORT', port),
    );
    const lab = [`VITAP_LAB=http://127.0.0.1:${port}`, `VITAP_LAB_TOKEN_FILE=${at('token')}`];
    const verb = new RunningProgram('env', [...lab, process.execPath, PROGRAM, ...typed]);
    try {
      await Promise.race([once(server, 'connection'), once(verb.child, 'close')]);
      expect(await verb.stop(signal), verb.err).toBe(code);
      expect(verb.err).not.toMatch(/fault of vitap|\n\s+at /);
      expect(verb.out).not.toContain('fault');
      expect(readdirSync(own)).toEqual([]);
    } finally {
      verb.kill();
      for (const each of sockets) each.destroy();
      server.close();
    }
  });
});
