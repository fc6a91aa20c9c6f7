import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommandLine } from '../../rig/command/program.ts';
import { VERBS } from '../../rig/command/verbs/index.ts';
import { PACKAGE_ROOT } from '../../rig/console/package-root.ts';
import type { SubmittedRun } from '../../rig/lab/api/campaign.ts';
import type { ResultBlob, ResultStatement } from '../../rig/lab/api/result.ts';
import { enrolBench, heartbeat, quarantine } from '../../rig/lab/store/benches.ts';
import { storeBlob } from '../../rig/lab/store/blobs.ts';
import { recordResult } from '../../rig/lab/store/record.ts';
import { type LabStore, openLabStore } from '../../rig/lab/store/store.ts';
import { submitCampaign } from '../../rig/lab/store/submit.ts';
import { takeRun } from '../../rig/lab/store/take.ts';
import { addToken } from '../../rig/lab/store/tokens.ts';
import { fullRecord } from '../rig/board/full-record.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { runSuite } from '../rig/judge/suite/suite-run.ts';
import {
  LOOPBACK,
  newKey,
  RUN,
  sha256,
  signed,
  statementFor,
  type TestKey,
  testKey,
} from '../rig/lab/store/lab-in-test.ts';
import { measuredResult } from '../rig/measure/compare/measured-result.ts';

/** What a report may hold; shown as text it does nothing. */
export const MARKUP = '<img src=x onerror=alert(1)>';

/** A page that somebody uploads as a report: it would read the token, and send it away. */
export const HOSTILE: string = `<!doctype html><title>report</title><script>
  document.title = 'run';
  fetch('/v1/campaigns/2/cancel', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json',
    authorization: 'Bearer ' + sessionStorage.getItem('vitap-lab-token') } });
</script><h1>${MARKUP}</h1>`;

interface File {
  readonly role: ResultBlob['role'];
  readonly name: string;
  readonly mediaType: string;
  readonly content: string;
}

export interface SeededLab {
  /** Of a viewer. */
  readonly viewer: string;
  /** Of a bench. */
  readonly bench: string;
  /** The run that failed, with all files. */
  readonly run: string;
}

/**
 * A lab with two campaigns of two cards and two suites. The first has ended: one run failed, with a file of every kind.
 * In the second one run failed that passed before, the other way round, and two runs wait. One bench is in quarantine.
 */
export async function seedLab(folder: string): Promise<SeededLab> {
  const files = await filesOfAllKinds();
  const store = await openLabStore({
    ...{ folder, url: null, now: Date.now() },
    fault: (error: unknown): void => {
      throw error;
    },
  });
  try {
    const key = testKey();
    for (const name of ['bench-1', 'bench-2']) {
      await enrolBench(store, { name, publicKey: key.publicKey, interface: 1, version: '0.1.0' });
      const beat = { bench: name, clock: Date.now(), devices: [LOOPBACK], attempts: [], drift: null, spooled: 0 };
      await heartbeat(store, beat);
    }
    await quarantine(store, 'bench-2', 'its reader was changed');
    const runs: SubmittedRun[] = ['conform iso7816-4', 'bench tap'].flatMap((suite) =>
      ['vitale2', 'apcv'].map((subject) => ({ ...RUN, subject, suite })),
    );
    for (const name of ['nightly', 'nightly again']) {
      await submitCampaign(store, { name, source: '', runs, dryRun: false, attempts: 3, key: newKey() }, Date.now());
    }
    const blobs = await Promise.all(files.map((file) => upload(store, file)));
    const html = blobs.filter(({ name }) => name === 'hostile.html');
    const figures = { 'tap.p50.ms': 12.5, taps: 100, 'round-trip-p50': 3.2, 'throughput-921600': 81_234 };
    const run = await judge(store, key, { verdict: 'failed', reason: MARKUP, blobs, figures });
    for (const verdict of ['passed', 'passed', 'error', 'passed', 'failed'] as const) {
      await judge(store, key, { verdict, reason: verdict === 'passed' ? '' : 'the reader was lost', blobs: html });
    }
    const viewer = await addToken(store, 'shift', 'viewer');
    return { viewer, bench: await addToken(store, 'bench-1', 'bench'), run };
  } finally {
    await store.close();
  }
}

/** Takes the next run and judges it. @returns its identifier */
async function judge(store: LabStore, key: TestKey, more: Partial<ResultStatement>): Promise<string> {
  const taken = await takeRun(store, 'bench-1', ['loopback']);
  if (taken === null) throw new Error('no run waits');
  const verdict = more.verdict === 'passed' ? 'pass' : 'fail';
  const statement = statementFor('bench-1', taken, {
    ...{ card: '3B8A80018031F873F741FF8290006A', startedAt: Date.now() - 1000, endedAt: Date.now() },
    cases: [
      { id: 'SEL-001', verdict, reason: verdict === 'pass' ? '' : '6A82 came' },
      { id: 'SEL-002', verdict: 'pass', reason: '' },
    ],
    ...more,
  });
  await recordResult(store, taken.attempt, await signed(statement, key));
  return taken.run;
}

async function upload(store: LabStore, { content, ...about }: File): Promise<ResultBlob> {
  const bytes = Buffer.from(content);
  const hash = sha256(bytes);
  await storeBlob(
    store,
    hash,
    (async function* () {
      yield bytes;
    })(),
  );
  return { ...about, sha256: hash, bytes: bytes.length };
}

/** A file of each kind that a run can leave behind, as our own verbs make them; and two that are none of ours. */
async function filesOfAllKinds(): Promise<readonly File[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-seed-'));
  try {
    const [json, trace] = [join(folder, 'conform.json'), join(folder, 'trace.jsonl')];
    const line = `conform --suite iso7816-4 --profile vitale2 --only SEL-MF-0* --json=${json} --record ${trace}`;
    await runCommandLine(line.split(' '), '0.0.0', VERBS, fakeIo());
    const suite = await runSuite(join(PACKAGE_ROOT, 'suites', 'vitale2'), {}, fakeIo({ json: true }));
    const report = (name: string, content: string): File => ({
      ...{ role: 'report', mediaType: 'application/json' },
      ...{ name, content },
    });
    return [
      report('conform.json', withFailure(readFileSync(json, 'utf8'))),
      report('replay.json', suite.out),
      report('taps.json', JSON.stringify(await measuredResult())),
      report('board.json', JSON.stringify(fullRecord())),
      report('strange.json', JSON.stringify({ id: 'conform', cases: MARKUP })),
      { role: 'trace', name: 'trace.jsonl', mediaType: 'application/jsonl', content: readFileSync(trace, 'utf8') },
      { role: 'html', name: 'hostile.html', mediaType: 'text/html', content: HOSTILE },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same run with its first case failed, for a reason with markup in it. */
function withFailure(text: string): string {
  const document = JSON.parse(text) as { verdict: string; cases: { verdict: string; reason: string }[] };
  document.verdict = 'fail';
  Object.assign(document.cases[0] ?? {}, { verdict: 'fail', reason: `6A82 came ${MARKUP}`, steps: [] });
  return JSON.stringify(document);
}
