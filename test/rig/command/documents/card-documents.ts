import { join } from 'node:path';
import { type RealDocuments, read } from './real-documents.ts';

/** Cards, commands to them, this machine, and certificates; `card.img` is there afterwards. */
export async function cardDocuments(documents: RealDocuments): Promise<void> {
  const { at, keep, printed } = documents;
  await printed('card-build', 'card', 'build', 'reference', '--out', at('card.img'));
  await printed('card-show', 'card', 'show', 'lab');
  await printed('card-explain', 'card', 'explain', 'apcv', '00B2011400');
  await printed('card-commands', 'card', 'commands');
  await printed('apdu', 'apdu', '--profile', 'vitale2', '00A4040000=6A82', '00B2010C00');
  await printed('apdu', 'apdu', '--profile', 'apcv', '00A404040AF0617043562D454D550100', '00B2011400');
  await printed('doctor', 'doctor');
  await printed('pki-init', 'pki', 'init', at('pki'));
  await printed('pki-issue', 'pki', 'issue', at('pki'), 'terminal', 'FRLABAT00002', '--rights', 'read DG1');
  const certificate = (name: string): string => join(at('pki'), name);
  await printed('pki-show', 'pki', 'show', certificate('FRLABAT00002'), certificate('FRLABDV00001'));
  await printed('pki-show', 'pki', 'show', certificate('FRLABDV00001'), '--trust', certificate('FRLABCVCA00001'));
  keep('terminal-keys', read(certificate('FRLABAT00001.keys.json')));
}
