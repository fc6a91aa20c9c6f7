import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { lines, type RealDocuments, read } from './real-documents.ts';

/** A lab with one bench and two campaigns; `lab.key.json` is there. */
export async function labDocuments(documents: RealDocuments): Promise<void> {
  const { at, keep, printed, started, vitap } = documents;
  const server = started('lab', 'serve', at('lab'), '--port', '0', '--quiet');
  await vi.waitFor(() => expect(server.text()).not.toBe(''), 60_000);
  const served = JSON.parse(server.text());
  keep('lab-serve', served);
  const lab = ['--server', served.listening, '--token-file', served.tokenFile];
  const add = ['lab', 'token', 'add', 'bench-1', '--role', 'bench', ...lab];
  await printed('lab-token-add', ...add);
  await printed('lab-token-add', ...add, '--out', at('bench.token'));
  writeFileSync(at('bench.yaml'), 'version: 1\npcsc: no\n');
  const bench = ['--server', served.listening, '--token-file', at('bench.token'), '--name', 'bench-1'];
  const working = started('lab', 'bench', ...bench, '--bench-file', at('bench.yaml'));
  await vi.waitFor(() => expect(lines(working.text()).length).toBeGreaterThan(1), 60_000);
  writeFileSync(at('campaign.yaml'), 'version: 1\nname: nightly\njudge: [{rehearsal: 50}]\n');
  await printed('lab-submit', 'lab', 'submit', at('campaign.yaml'), '--dry-run', ...lab);
  const { campaign } = (await vitap('lab', 'submit', at('campaign.yaml'), '--force', '--json', ...lab)) as {
    campaign: number;
  };
  const watched = fakeIo({ json: true });
  await runCommandLine(['lab', 'watch', `${campaign}`, '--json', ...lab], '0.0.0', VERBS, watched);
  const submitted = fakeIo({ json: true });
  const andWatch = ['lab', 'submit', at('campaign.yaml'), '--force', '--watch', '--json', ...lab];
  await runCommandLine(andWatch, '0.0.0', VERBS, submitted);
  for (const each of lines([...submitted.out, ...watched.out].join(''))) keep('lab-watch-event', each);
  await printed('lab-cancel', 'lab', 'cancel', `${campaign}`, ...lab);
  await printed('lab-campaigns', 'lab', 'results', ...lab);
  await printed('lab-results', 'lab', 'results', `${campaign}`, ...lab);
  await printed('lab-case', 'lab', 'results', '--all', '--case', 'SEL-001', ...lab);
  await printed('lab-check', 'lab', 'results', '--check', ...lab);
  await printed('lab-compare', 'lab', 'compare', `${campaign}`, `${campaign + 1}`, ...lab);
  await printed('lab-export', 'lab', 'export', `${campaign}`, '--csv', at('lab.csv'), ...lab);
  const evidence = ['--evidence', at('of-lab'), '--evidence-key', at('lab.key.json')];
  await printed('lab-export', 'lab', 'export', `${campaign}`, ...evidence, ...lab);
  keep('evidence-manifest', read(join(documents.folder, 'of-lab', 'manifest.json')));
  await printed('evidence-verify', 'evidence', 'verify', at('of-lab'));
  await printed('lab-prune', 'lab', 'prune', '--older-than', '90', ...lab);
  await printed('lab-benches', 'lab', 'benches', ...lab);
  await printed('lab-quarantine', 'lab', 'benches', '--quarantine', 'bench-1', '--reason', 'a new reader', ...lab);
  await printed('lab-quarantine', 'lab', 'benches', '--release', 'bench-1', ...lab);
  await printed('lab-token-list', 'lab', 'token', 'list', ...lab);
  await printed('lab-token-revoke', 'lab', 'token', 'revoke', '2', ...lab);
  await working.stop();
  for (const each of lines(working.text())) keep('lab-bench-event', each);
  await server.stop();
}
