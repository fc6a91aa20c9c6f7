import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { asHtml } from '../../../../../rig/judge/replay/report/html.ts';
import { replayReportOf } from '../../../../../rig/judge/replay/report/read-document.ts';
import { fakeIo } from '../../../console/fake-io.ts';
import { makeSuite, runSuite, shippedTrace, withOtherAnswer } from '../../suite/suite-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-read-document-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('makes of the JSON of a suite the very page that the run itself wrote', { timeout: 30_000 }, async () => {
  const yaml = `version: 1
name: small
traces:
  - {id: good, file: good.jsonl}
  - {id: bad, file: bad.jsonl, retries: 1}
`;
  const trace = shippedTrace('identity.jsonl');
  const suite = makeSuite(folder, yaml, { 'good.jsonl': trace, 'bad.jsonl': withOtherAnswer(trace, 3) });
  const html = join(folder, 'run.html');
  const outputs = { html, junit: null, evidence: null };
  const { exit, out } = await runSuite(suite, { outputs }, fakeIo({ json: true }));
  expect(exit).toBe(1);
  const page = await asHtml(replayReportOf(JSON.parse(out)));
  expect(page).toBe(readFileSync(html, 'utf8'));
  expect(page).toContain('bad, attempt 2');
});
