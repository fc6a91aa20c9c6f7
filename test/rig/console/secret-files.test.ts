import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { imageNames } from '../../../rig/card/image-name.ts';
import { readSessionKeys } from '../../../rig/channel/session-key-file.ts';
import { CannotRun } from '../../../rig/console/failure.ts';
import { readPin, readSecretLine } from '../../../rig/console/pin.ts';
import { generateKey } from '../../../rig/judge/evidence/keygen.ts';
import { planEvidence } from '../../../rig/judge/evidence/plan.ts';
import { labBench } from '../../../rig/lab/bench/verb.ts';
import { readRedactionKey } from '../../../rig/trace/pseudonyms.ts';
import { fakeIo } from './fake-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-secret-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

/** A file of these rights. */
function written(name: string, content: string, mode: number): string {
  writeFileSync(at(name), content);
  chmodSync(at(name), mode);
  return at(name);
}

describe.runIf(process.platform !== 'win32')('a file with a secret that others have rights to', () => {
  const KEY = '32 bytes, as a key of a lab has.';
  const SESSION = JSON.stringify({ format: 'vitap session keys', version: 1, id: '0011223344556677', keys: [] });
  it.each<[string, string, (path: string) => unknown]>([
    ['a redaction key', KEY, readRedactionKey],
    ['a key for the names of images', KEY, (path) => imageNames(path, {})],
    ['session keys', SESSION, readSessionKeys],
  ])('is refused where it holds %s', (_, content, read) => {
    for (const mode of [0o640, 0o604, 0o644]) {
      const path = written('key', content, mode);
      expect(() => read(path)).toThrow(CannotRun);
      expect(() => read(path)).toThrow(new RegExp(`^${path}: others .* \\(mode ${mode.toString(8)}\\): chmod 600 it$`));
    }
    expect(read(written('key', content, 0o600))).toBeDefined();
  });

  it('is refused where it holds the key of a bundle', async () => {
    expect(await generateKey(at('lab'), fakeIo())).toBe(0);
    const choice = { folder: at('bundle'), key: at('lab.key.json') };
    expect(planEvidence(choice).key.privateKey).not.toBeNull();
    chmodSync(choice.key, 0o644);
    expect(() => planEvidence(choice)).toThrow('rights to this private key (mode 644): chmod 600 it');
  });

  const warning = (path: string): string =>
    `vitap: ${path}: others than its owner have rights to this code (mode 644): chmod 600 it\n`;

  it('is taken where it holds a code, and that is said', async () => {
    const path = written('code', '274916\n', 0o644);
    const io = fakeIo();
    expect(Buffer.from((await readPin({ file: path, ask: false }, io))!).toString()).toBe('274916');
    const source = { option: '', fileOption: '', variable: '', question: '' };
    expect(await readSecretLine({ file: path, ask: false, ...source }, io)).toMatchObject({ text: '274916' });
    expect(io.err).toEqual([warning(path), warning(path)]);
    chmodSync(path, 0o600);
    const quiet = fakeIo();
    await readPin({ file: path, ask: false }, quiet);
    expect(quiet.err).toEqual([]);
  });

  it('is said when a bench starts whose file names it for a card', async () => {
    const [pin, can] = [written('blue.pin', '274916', 0o644), written('blue.can', '314159', 0o600)];
    const cards = `[{label: a, reader: x, pinFile: ${pin}, canFile: ${can}}, {label: b, reader: y, pinFile: ${pin}}]`;
    const benchFile = written('bench.yaml', `version: 1\ncards: ${cards}\n`, 0o644);
    const io = fakeIo({ env: { XDG_STATE_HOME: folder } });
    const options = { name: 'one', benchFile, folder: at('bench'), imageKey: null };
    const lab = { server: 'no origin', tokenFile: at('none'), pin: null };
    await expect(labBench({ ...lab, ...options }, io)).rejects.toThrow('a lab is named by its origin');
    expect(io.err).toEqual([warning(pin)]);
  });
});
