import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { LabRefused } from '../../rig/lab/api/lab-refused.ts';
import { personLink } from '../../rig/lab/api/person-link.ts';
import { RUN, sha256 } from '../rig/lab/store/lab-in-test.ts';
import { PROGRAM, RunningProgram } from './running-verb.ts';

/* A lab whose disk is full: a real tmpfs in a mount namespace of the server, with its files and its database. */
const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
const CANNOT_MOUNT = 'needs the right to mount a tmpfs in a namespace (root)';
const LIMIT_MS = 180_000;
const disk = mkdtempSync(join(tmpdir(), 'vitap-lab-disk-'));
afterAll(() => rmSync(disk, { recursive: true, force: true }));

describe('a lab whose disk is full', () => {
  it('refuses what it cannot keep, keeps the rest, and goes on when there is room', {
    timeout: LIMIT_MS,
  }, async (context) => {
    context.skip(!mayMount, CANNOT_MOUNT);
    const mount = 'mount -t tmpfs -o size=100m tmpfs "$1"; exec "$2" "$3" lab serve "$1/lab" --port 0 --quiet';
    const server = new RunningProgram('unshare', ['-m', 'sh', '-ec', mount, 'sh', disk, process.execPath, PROGRAM]);
    const onDisk = (command: string): string =>
      spawnSync('nsenter', ['-t', String(server.child.pid), '-m', 'sh', '-c', command], { encoding: 'utf8' }).stdout;
    try {
      await server.says('Ctrl-C ends this server', LIMIT_MS);
      const token = onDisk(`cat ${disk}/lab/operator.token`).trim();
      const link = personLink({ origin: /http:\/\/127\.0\.0\.1:\d+/.exec(server.out)![0], token });
      const upload = async (bytes: Buffer): Promise<string> => {
        await link.upload(sha256(bytes), bytes);
        return sha256(bytes);
      };
      const submit = () =>
        link.submit({
          ...{ name: 'n', source: 'x'.repeat(200_000), dryRun: false, attempts: 1, key: randomUUID() },
          runs: Array.from({ length: 1000 }, (_, place) => ({ ...RUN, repetition: place + 1 })),
        });
      const refused = (asked: Promise<unknown>): Promise<unknown> =>
        asked.then(
          () => null,
          ({ status, code }: LabRefused) => [status, code],
        );
      const kept = await upload(Buffer.from('kept'));
      const first = (await submit()).campaign;
      onDisk(`dd if=/dev/zero of=${disk}/filler bs=4096`);
      expect(await refused(upload(randomBytes(4_000_000)))).toEqual([507, 'disk-full']);
      let last: unknown = null;
      // It has some room in files of its own.
      for (let tries = 0; tries < 20 && last === null; tries++) last = await refused(submit());
      expect(last).toEqual([503, 'store-full']);
      expect(Buffer.from(await link.download(kept)).toString()).toBe('kept');
      expect((await link.matrix(first as number)).campaign.counts.queued).toBe(1000);
      expect(onDisk(`find ${disk}/lab/blobs -name '*.new'`)).toBe('');
      onDisk(`rm ${disk}/filler`);
      await upload(randomBytes(1_000_000));
      expect((await submit()).campaign).toBeGreaterThan(first as number);
      expect(await link.check()).toMatchObject({ lost: [], doubled: [], stranded: [] });
      expect(server.out + server.err).not.toContain('a fault of vitap');
    } finally {
      await server.stop();
    }
  });
});
