import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { asHtml } from '../../../../rig/judge/conform/html.ts';
import { conformanceRunOf } from '../../../../rig/judge/conform/read-report.ts';
import { fakeIo } from '../../console/fake-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-read-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('makes of the JSON of a run the very page that the run itself wrote', { timeout: 30_000 }, async () => {
  const [json, html] = [join(folder, 'run.json'), join(folder, 'run.html')];
  const line = `conform --suite iso7816-4 --profile vitale2 --only SEL-MF-0* --json=${json} --html ${html}`;
  expect(await runCommandLine(line.split(' '), '0.0.0', VERBS, fakeIo())).toBe(0);
  const page = asHtml(conformanceRunOf(JSON.parse(readFileSync(json, 'utf8'))));
  expect(page).toBe(readFileSync(html, 'utf8'));
  expect(page).toContain('SEL-MF-00');
});
