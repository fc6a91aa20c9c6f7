import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CampaignSummary } from '../../../../rig/lab/api/campaign.ts';
import type { ResultStatement } from '../../../../rig/lab/api/result.ts';
import type { RunSummary } from '../../../../rig/lab/api/run.ts';
import type { JudgedRun } from '../../../../rig/lab/results/all-results.ts';
import { CSV_HEAD, csvLines } from '../../../../rig/lab/results/csv.ts';
import { CampaignJunit } from '../../../../rig/lab/results/junit.ts';
import { PartsFile } from '../../../../rig/lab/results/parts-file.ts';

const RUN: RunSummary = {
  ...{ id: 'r', campaign: 7, number: 1, subject: 'blue', suite: 'iso7816-4', repetition: 1, state: 'passed' },
  ...{ attempts: 1, bench: 'b1', device: 'loopback:1', backend: 'simulated', endedAt: 2, reason: '' },
};
const STATEMENT: ResultStatement = {
  ...{ run: 'r', attempt: 'a', bench: 'b1', device: 'loopback:1', startedAt: 0, endedAt: 1500, verdict: 'passed' },
  ...{ reason: '', backend: 'simulated', card: '3B00', image: null, board: null, versions: {}, figures: {} },
  ...{ repairs: 0, cases: [], blobs: [] },
};
const CAMPAIGN: CampaignSummary = {
  ...{ id: 7, name: 'spring', submittedAt: 1, endedAt: 2, retries: 0 },
  counts: { queued: 0, running: 0, passed: 1, failed: 0, error: 0, cancelled: 0 },
};

function judged(more: Partial<ResultStatement> = {}, run: Partial<RunSummary> = {}): JudgedRun {
  const attempt = { id: 'a', number: 1, bench: 'b1', device: 'loopback:1', state: 'finished', reason: '' } as const;
  const attempts = [{ ...attempt, startedAt: 0, endedAt: 2000 }];
  return { run: { ...RUN, ...run }, attempts, jws: 'x', statement: { ...STATEMENT, ...more } };
}
describe('times of a run whose bench has a clock that is wrong by an hour', () => {
  // The bench believes that it is 14:00, the database that it is 13:00.
  const at = (time: string): number => Date.parse(`2026-11-29T${time}Z`);
  const wrong: JudgedRun = {
    ...judged({ startedAt: at('14:00:00'), endedAt: at('14:00:05') }),
    attempts: [
      ...([['x', 'given-back', '12:00:00']] as const),
      // Its result came ten minutes later: the server was away.
      ...([['a', 'finished', '13:00:00']] as const),
    ].map(([id, state, started]) => ({
      ...{ id, number: 1, bench: 'b1', device: 'loopback:1', state, reason: '' },
      ...{ startedAt: at(started), endedAt: at('13:10:00') },
    })),
  };

  it('are those of the database, as long as the bench took', () => {
    expect(csvLines(wrong)).toContain(',2026-11-29T13:00:00.000Z,2026-11-29T13:00:05.000Z,');
    const suite = new CampaignJunit(CAMPAIGN).suite(wrong);
    expect(suite).toContain('timestamp="2026-11-29T13:00:00"');
    expect(suite).toContain('time="5"');
  });
});

describe('a campaign as files', () => {
  const failed = judged(
    { verdict: 'failed', cases: [{ id: 'SEL-1', verdict: 'fail', reason: '<6A82> & "so on"' }] },
    { number: 2, subject: '=1+1', state: 'failed' },
  );
  const given = { ...judged({}, { number: 3, state: 'error', reason: 'no bench finished it' }), statement: null };

  it('JUnit: cases, markup as text, errors of runs that nobody judged', () => {
    const report = new CampaignJunit(CAMPAIGN);
    const suites = [judged(), failed, given].map((each) => report.suite(each));
    const { start, end } = report.frame();
    const xml = [start, ...suites, end].join('');
    expect(xml).toContain('<testsuites tests="3" failures="1" errors="1" skipped="0">');
    expect([...xml.matchAll(/<(\/?testsuites?)[ >]/g)].map(([, tag]) => tag)).toEqual([
      ...['testsuites', 'testsuite', '/testsuite', 'testsuite', '/testsuite', 'testsuite', '/testsuite', '/testsuites'],
    ]);
    expect(xml).toContain('time="1.5"');
    expect(xml).toContain('message="&lt;6A82> &amp; &quot;so on&quot;"');
    expect(xml).toContain('message="no bench finished it"');
  });

  it('JUnit: attempts that were given back, with bench and reason, and an error with the reasons of all', () => {
    const attempt = { id: 'a', device: 'pn532:/dev/ttyUSB0', startedAt: 1, endedAt: 2 };
    const lost = 'the link died in SEL-1 after 7 cases (7 passed, 0 failed): no card';
    const attempts: JudgedRun['attempts'] = [
      { ...attempt, number: 1, bench: 'b1', state: 'given-back', reason: lost },
      { ...attempt, number: 2, bench: 'b2', state: 'finished', reason: '' },
    ];
    const reason = `1 case of 8 could not be judged: SEL-1; before it attempt 1 on b1: ${lost}`;
    const run = judged(
      { verdict: 'error', reason: '1 case of 8 could not be judged: SEL-1' },
      { state: 'error', reason },
    );
    const xml = new CampaignJunit(CAMPAIGN).suite({ ...run, attempts });
    expect(xml).toContain(`<property name="attempt 1" value="given back by b1: ${lost}"/>`);
    expect(xml).not.toContain('name="attempt 2"');
    expect(xml).toContain(`<error message="${reason}"/>`);
  });

  it('JUnit: what was skipped says why', () => {
    const reason = 'the card has no "EF" <record>';
    const report = new CampaignJunit(CAMPAIGN);
    const suites = [
      judged({ cases: [{ id: 'SEL-1', verdict: 'not-applicable', reason }] }),
      { ...judged({}, { state: 'cancelled', reason: 'the campaign was cancelled' }), statement: null },
      { ...judged({}, { state: 'queued' }), statement: null },
    ].map((each) => report.suite(each));
    expect(suites.map((xml) => /<skipped.*?\/>/s.exec(xml)?.[0])).toEqual([
      '<skipped message="the card has no &quot;EF&quot; &lt;record>"/>',
      '<skipped message="the campaign was cancelled"/>',
      '<skipped message="the run is queued"/>',
    ]);
    expect(report.frame().start).toContain('tests="3" failures="0" errors="0" skipped="3"');
  });

  it('CSV: quoted as RFC 4180 has it, and nothing that a spreadsheet takes for a formula', () => {
    const [head, first, ...rest] = [
      CSV_HEAD,
      csvLines(judged({ figures: { 'tap.p50.ms': -3.5, taps: 100, 'throughput-921600': 81234 } })),
      csvLines(failed),
    ]
      .join('')
      .split('\r\n');
    expect(head).toBe(
      'campaign,number,run,subject,suite,repetition,state,attempts,bench,device,backend,card,image,board,started,ended,reason,kind,name,value,unit,note',
    );
    const start = 'r,blue,iso7816-4,1,passed,1,b1,loopback:1,simulated,3B00,,,1970-01-01T00:00:00.000Z,';
    expect(first).toBe(`7,1,${start}1970-01-01T00:00:01.500Z,,,,,,`);
    expect(rest[0]).toBe(`7,1,${start}1970-01-01T00:00:01.500Z,,figure,tap.p50.ms,-3.5,ms,`);
    expect(rest[1]).toMatch(/,figure,taps,100,,$/);
    expect(rest[2]).toMatch(/,figure,throughput-921600,81234,B\/s,$/);
    expect(rest[3]).toContain(",'=1+1,");
    expect(rest[4]).toMatch(/,case,SEL-1,fail,,"<6A82> & ""so on"""$/);
  });

  it('a text that is larger than what is kept in memory comes whole from the disk', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-parts-'));
    try {
      const file = new PartsFile(join(folder, 'parts'));
      const pieces = Array.from({ length: 3000 }, (_, place) => `${place} é `.repeat(100));
      for (const piece of pieces) file.add(piece);
      expect(Buffer.concat([...file.parts()]).toString()).toBe(pieces.join(''));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
