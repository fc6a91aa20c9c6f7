import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RealDocuments, read } from './real-documents.ts';

/** Verdicts and bundles of `card.img` and `tap.jsonl`; `lab.key.json` is there afterwards. */
export async function evidenceDocuments(documents: RealDocuments): Promise<void> {
  const { at, keep, keepEnvironment, printed, vitap } = documents;
  await printed('evidence-keygen', 'evidence', 'keygen', at('lab'));
  for (const half of ['key', 'pub']) keep('lab-key', read(at(`lab.${half}.json`)));
  await printed('evidence-image', 'evidence', 'image', at('card.img'));
  const bundle = ['--evidence', at('bundle'), '--evidence-key', at('lab.key.json')];
  await printed('conform', 'conform', '--profile', 'lab', '--only', 'RBI-00*,VER-A02', ...bundle);
  keep('conform', read(join(at('bundle'), 'verdicts.json')));
  await printed('conform', 'conform', '--profile', 'ndef', '--suite', 'iso7816-4');
  await printed('conform-list', 'conform', '--list');
  keep('evidence-manifest', read(join(at('bundle'), 'manifest.json')));
  keepEnvironment('bundle');
  const ofReplay = ['--evidence', at('of-replay'), '--evidence-key', at('lab.key.json')];
  await vitap('replay', at('tap.jsonl'), '--profile', 'vitale2', ...ofReplay, '--json');
  keepEnvironment('of-replay');
  await printed('evidence-verify', 'evidence', 'verify', at('bundle'));
  writeFileSync(join(at('bundle'), 'more'), 'x');
  await printed('evidence-verify', 'evidence', 'verify', at('bundle'));
}
