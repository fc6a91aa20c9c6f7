import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { counted } from '../../report/words.ts';
import { readKeyFile } from './key-file.ts';
import type { EvidenceKind } from './manifest.ts';
import { type BundleVerdict, verifyBundle } from './verify.ts';

/** `vitap evidence verify`: names what was changed, added or removed since the bundle was signed; exit 1 if anything. */
export async function checkBundle(folder: string, keyFile: string | null, io: CommandIo): Promise<ExitCode> {
  const crypto = nobleCrypto();
  const key = keyFile === null ? null : readKeyFile(keyFile, crypto);
  const result = await verifyBundle(folder, key, crypto, io.signal);
  if (io.json) writeJson(io, { id: folder, ...result });
  else io.stdout(inWords(folder, result));
  if (key === null) {
    io.stderr('vitap: without --key this says that the bundle is whole, not whose it is: the key came with it\n');
  }
  return result.verdict === 'PASS' ? EXIT.pass : EXIT.fail;
}

function kindInWords(kind: EvidenceKind | undefined): string {
  if (kind === undefined) return '';
  const words = {
    replay: 'a replay',
    suite: 'a suite',
    conform: 'a conformance run',
    board: 'a board test',
    batch: 'a batch of boards',
    campaign: 'a campaign of a lab',
  };
  return `, of ${words[kind]}`;
}

function inWords(folder: string, { verdict, manifest, signer, signerKnown, deviations }: BundleVerdict): string {
  const lines = deviations.map(({ path, text }) => `  ${shown(path)}: ${shown(text)}`);
  if (verdict === 'FAIL') return [`FAIL ${shown(folder)} is not as it was signed:`, ...lines, ''].join('\n');
  const files = manifest?.files.length ?? 0;
  const subject = Object.entries(manifest?.subject ?? {}).filter(([name]) => name !== 'signer');
  return [
    `PASS ${shown(folder)}: ${counted(files, 'file')} as ${files === 1 ? 'it was' : 'they were'} signed`,
    `  by the key ${signer}${signerKnown ? '' : ' (the one in the bundle)'}`,
    `  at ${manifest?.createdAt} with ${shown(manifest?.program ?? '')}, ${manifest?.backend}${kindInWords(manifest?.kind)}; what it judged: ${shown(manifest?.verdict ?? '')}`,
    ...subject.map(([name, value]) => `  ${shown(name)}: ${shown(value)}`),
    '',
  ].join('\n');
}
