import { readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { SubmittedRun } from '../../../../rig/lab/api/campaign.ts';
import { isOnDisk, missingBlobs, readBlob, storeBlob, sweepBlobs } from '../../../../rig/lab/store/blobs.ts';
import { endCampaigns } from '../../../../rig/lab/store/campaigns.ts';
import { checkStore } from '../../../../rig/lab/store/check.ts';
import { pruneFiles } from '../../../../rig/lab/store/prune.ts';
import { listResults } from '../../../../rig/lab/store/runs.ts';
import { submitCampaign } from '../../../../rig/lab/store/submit.ts';
import { takeRun } from '../../../../rig/lab/store/take.ts';
import { RUN, sha256 } from './lab-in-test.ts';
import { CLEAN, NOW, pieces, type StoreInTest } from './store-in-test.ts';

/** Files under their hash, and how they are dropped. */
export function blobsContract(lab: StoreInTest): void {
  const { bench, submit, submission, take, record, refuses, clean } = lab;
  const prune = (dryRun: boolean) => pruneFiles(lab.store, { olderThanDays: 5, dryRun, after: null });

  it('a file is kept under its hash when it is whole and right', async () => {
    const [right, wrong] = [sha256('content'), sha256('something else')];
    await storeBlob(lab.store, right, pieces('con', 'tent'));
    await storeBlob(lab.store, right, pieces('content'));
    await refuses(storeBlob(lab.store, wrong, pieces('content')), 'blob-differs');
    const torn = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('some');
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    };
    await refuses(storeBlob(lab.store, wrong, torn()), 'blob-torn');
    expect(await missingBlobs(lab.store, [right, wrong, wrong])).toEqual([wrong]);
    const read: Buffer[] = [];
    for await (const part of await readBlob(lab.store, right)) read.push(part as Buffer);
    expect(Buffer.concat(read).toString()).toBe('content');
    await refuses(readBlob(lab.store, wrong), 'blob-unknown');
    const elsewhere = { ...lab.store, blobs: join(lab.store.blobs, 'of another server') };
    await refuses(readBlob(elsewhere, right), 'blob-elsewhere');
    expect(await missingBlobs(elsewhere, [right])).toEqual([right]);
    const left = readdirSync(lab.store.blobs, { recursive: true, encoding: 'utf8' });
    expect(left.filter((each) => each.endsWith('.new'))).toEqual([]);
  });

  it('a file that was dropped after its upload is asked for again, by results and by campaigns', async () => {
    await bench('b1');
    await submit([RUN]);
    const mine = await take('b1');
    const hash = sha256('t');
    const blob = { role: 'trace', name: 't.jsonl', sha256: hash, bytes: 1, mediaType: 'a/b' } as const;
    const withInput = submission([{ ...RUN, inputs: [{ name: 'a.img', sha256: hash }] }]);
    // The one has no row any more, the other no file.
    for (const drop of [
      () => lab.store.sql.query('delete from lab_blobs where sha256 = $1', [hash]),
      async () => rmSync(join(lab.store.blobs, hash.slice(0, 2), hash)),
    ]) {
      await storeBlob(lab.store, hash, pieces('t'));
      await drop();
      await refuses(record('b1', mine, { blobs: [blob] }), 'blob-missing');
      expect(await submitCampaign(lab.store, withInput, NOW)).toMatchObject({ campaign: null, missing: [hash] });
      expect(await missingBlobs(lab.store, [hash])).toEqual([hash]);
    }
    await storeBlob(lab.store, hash, pieces('t'));
    await record('b1', mine, { blobs: [blob] });
    expect((await submitCampaign(lab.store, withInput, NOW)).campaign).toBe(2);
    await clean();
  });

  it('takes away what a server that was killed left among the files, and nothing else', async () => {
    const old = new Date(Date.now() - 2 * 86_400_000);
    const [kept, noRow] = [sha256('kept'), sha256('no row')];
    await storeBlob(lab.store, kept, pieces('kept'));
    const place = (name: string): string => join(lab.store.blobs, kept.slice(0, 2), name);
    for (const name of ['torn.new', 'under way.new', noRow]) writeFileSync(place(name), 'x');
    for (const name of ['torn.new', noRow, kept]) utimesSync(place(name), old, old);
    await sweepBlobs(lab.store);
    expect(readdirSync(join(lab.store.blobs, kept.slice(0, 2))).sort()).toEqual([kept, 'under way.new'].sort());
    rmSync(place('under way.new'));
  });

  it('drops files of old runs and none that a run still needs; verdicts stay', async () => {
    await bench('b1');
    const [report, used, needed] = [sha256('report'), sha256('used'), sha256('needed')];
    for (const text of ['report', 'used', 'needed']) await storeBlob(lab.store, sha256(text), pieces(text));
    const input = (hash: string): SubmittedRun => ({ ...RUN, inputs: [{ name: 'a.img', sha256: hash }] });
    await submit([input(used)]);
    await submit([input(needed), input(needed)]);
    const taken = await take('b1');
    const blob = { role: 'trace', name: 't.jsonl', sha256: report, bytes: 6, mediaType: 'a/b' } as const;
    await record('b1', taken, { blobs: [blob] });
    expect(await prune(false)).toEqual({ files: 0, bytes: 0, after: null });
    const tenDays = 10 * 86_400_000;
    expect(await endCampaigns(lab.store)).toBe(1);
    for (const table of ['lab_runs', 'lab_campaigns']) {
      await lab.store.sql.query(`update ${table} set ended_at = ended_at - $1::int8`, [tenDays]);
    }
    await lab.store.sql.query('update lab_blobs set stored_at = stored_at - $1::int8', [tenDays]);
    expect(await prune(true)).toEqual({ files: 2, bytes: 10, after: null });
    expect(await missingBlobs(lab.store, [report, used, needed])).toEqual([]);
    expect(await prune(false)).toEqual({ files: 2, bytes: 10, after: null });
    expect(await missingBlobs(lab.store, [report, used, needed])).toEqual([report, used]);
    const { results, after } = await listResults(lab.store, 1, 0);
    expect(results.map(({ run, jws, attempts }) => [run.state, jws === null, attempts.length])).toEqual([
      ['passed', false, 1],
    ]);
    expect(after).toBeNull();
    await clean();
  });

  it('files that are dropped while benches upload and record are asked for again, and none is lost', async () => {
    await bench('b1');
    await submit(Array.from({ length: 12 }, (_, place) => ({ ...RUN, repetition: place + 1 })));
    let working = true;
    const dropping = (async () => {
      for (; working; await sleep(20)) await pruneFiles(lab.store, { olderThanDays: 0, dryRun: false, after: null });
    })();
    const one = async (): Promise<void> => {
      const taken = await takeRun(lab.store, 'b1', ['loopback']);
      if (taken === null) return;
      const name = `${taken.repetition}`;
      const blob = { role: 'trace', name, sha256: sha256(`${name}`), bytes: 1, mediaType: 'a/b' } as const;
      for (let tries = 0; tries < 200; tries++) {
        if ((await missingBlobs(lab.store, [blob.sha256])).length > 0)
          await storeBlob(lab.store, blob.sha256, pieces(name));
        const refused = await record('b1', taken, { blobs: [blob] }).then(
          () => null,
          (error: { code?: string }) => error,
        );
        if (refused === null) break;
        expect(refused).toMatchObject({ code: 'blob-missing' });
      }
      await one();
    };
    await one();
    working = false;
    await dropping;
    const uses = await lab.store.sql.query<{ sha256: string }>('select sha256 from lab_blob_uses');
    expect(
      await missingBlobs(
        lab.store,
        uses.map((each) => each.sha256),
      ),
    ).toEqual([]);
    const rows = await lab.store.sql.query<{ sha256: string }>('select sha256 from lab_blobs');
    const onDisk = Array.from({ length: 12 }, (_, place) => sha256(`${place + 1}`)).filter((each) =>
      isOnDisk(lab.store, each),
    );
    expect(onDisk.sort()).toEqual(rows.map((row) => row.sha256).sort());
    expect(await checkStore(lab.store)).toMatchObject({ ...CLEAN, runs: 12, results: 12 });
  }, 60_000);
}
