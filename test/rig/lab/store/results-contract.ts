import { expect, it } from 'vitest';
import { storeBlob } from '../../../../rig/lab/store/blobs.ts';
import { checkStore } from '../../../../rig/lab/store/check.ts';
import { recordResult } from '../../../../rig/lab/store/record.ts';
import { runDetail } from '../../../../rig/lab/store/runs.ts';
import { newKey, RUN, sha256, signed, statementFor } from './lab-in-test.ts';
import { CLEAN, pieces, type StoreInTest } from './store-in-test.ts';

/** Results: whole, signed, of that attempt, and once. */
export function resultsContract(lab: StoreInTest): void {
  const { bench, submit, take, record, refuses, clean, keyOf } = lab;

  it('a result that is sent again is written once', async () => {
    await bench('b1');
    await submit([RUN]);
    const taken = await take('b1');
    const jws = await signed(statementFor('b1', taken), keyOf('b1'));
    const at = await recordResult(lab.store, taken.attempt, jws);
    expect(await recordResult(lab.store, taken.attempt, jws)).toBe(at);
    await refuses(record('b1', taken, { verdict: 'failed' }), 'attempt-over');
    expect((await runDetail(lab.store, taken.run)).statement?.verdict).toBe('passed');
    expect(await checkStore(lab.store)).toEqual({ ...CLEAN, runs: 1, results: 1 });
  });

  it('a result must be its bench’s own, of that attempt, and whole', async () => {
    await bench('b1');
    await bench('b2');
    await submit([RUN, RUN]);
    const [mine, other] = [await take('b1'), await take('b2')];
    const own = keyOf('b1');
    const right = statementFor('b1', mine);
    const send = async (statement: object, key = own, typ?: string): Promise<number> =>
      recordResult(lab.store, mine.attempt, await signed(statement, key, typ));
    await refuses(send(right, keyOf('b2')), 'result-unsigned');
    await refuses(send(right, own, 'JWT'), 'result-unsigned');
    await refuses(recordResult(lab.store, mine.attempt, 'a.b.c'), 'result-unsigned');
    await refuses(send({ ...right, verdict: 'great' }), 'result-malformed');
    await refuses(send({ ...right, run: other.run }), 'result-for-another');
    await refuses(send({ ...right, device: 'another' }), 'result-for-another');
    const blob = { role: 'trace', name: 't.jsonl', sha256: sha256('t'), bytes: 1, mediaType: 'application/jsonl' };
    await refuses(send({ ...right, blobs: [blob] }), 'blob-missing');
    await refuses(recordResult(lab.store, newKey(), await signed(right, own)), 'attempt-unknown');
    await storeBlob(lab.store, blob.sha256, pieces('t'));
    await send({
      ...{ ...right, blobs: [blob], verdict: 'failed', reason: '<b>1 case</b>', figures: { 'tap.p50.ms': 3.5 } },
      cases: [
        { id: 'SEL-001', verdict: 'pass', reason: '' },
        { id: 'SEL-002', verdict: 'fail', reason: '6A82 came' },
      ],
    });
    const { run, statement, attempts } = await runDetail(lab.store, mine.run);
    expect(run).toMatchObject({ state: 'failed', reason: '<b>1 case</b>', backend: 'simulated' });
    expect(statement).toMatchObject({ blobs: [blob], figures: { 'tap.p50.ms': 3.5 } });
    expect(attempts).toMatchObject([{ number: 1, bench: 'b1', state: 'finished' }]);
    const cases = await lab.store.sql.query('select place, id, verdict from lab_cases order by place');
    expect(cases).toEqual([
      { place: 1, id: 'SEL-001', verdict: 'pass' },
      { place: 2, id: 'SEL-002', verdict: 'fail' },
    ]);
    await clean();
  });

  it('a result with text that no database keeps, or with two files of one name, is refused and not stuck', async () => {
    await bench('b1');
    await submit([RUN]);
    const mine = await take('b1');
    for (const reason of ['a\0b', 'a\ud800b']) {
      await refuses(record('b1', mine, { cases: [{ id: 'A', verdict: 'fail', reason }] }), 'result-malformed');
    }
    await storeBlob(lab.store, sha256('t'), pieces('t'));
    const blob = { role: 'trace', name: 't.jsonl', sha256: sha256('t'), bytes: 1, mediaType: 'a/b' } as const;
    await refuses(record('b1', mine, { blobs: [blob, blob] }), 'result-malformed');
    await record('b1', mine, { blobs: [blob] });
    await clean();
  });
}
