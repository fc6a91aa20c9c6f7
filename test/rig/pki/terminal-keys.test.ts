import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  LARGEST_TERMINAL_KEYS,
  parseTerminalKeys,
  readTerminalKeys,
  terminalKeysText,
  writeTerminalKeys,
} from '../../../rig/pki/terminal-keys.ts';
import { testRoot, testTerminalKeys } from '../../../rig/pki/test-hierarchy.ts';
import { fromHex, toHex } from '../../../src/apdu/index.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import {
  type ImportedKey,
  judgeCertificate,
  parseAuthorization,
  parseCertificate,
  rightsOf,
  rootTrustPoint,
} from '../../../src/secure-channel/index.ts';
import { loadVectors } from '../../vectors/load.ts';

const crypto = nobleCrypto();

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes; a wrong one fails the test that reads it
const { computedPki } = loadVectors<any>('eac-ta-ca');
const certificate = (id: string): string =>
  computedPki.chain.find((row: { id: string }) => row.id === id).certificate as string;

const published = (): Record<string, unknown> => ({
  format: 'vitap terminal keys',
  version: 1,
  certificates: [certificate('link'), certificate('dv'), certificate('at')],
  curve: 'P-256',
  privateKey: computedPki.privateKeys.at,
});

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'terminal-keys-'));
  file = join(folder, 'terminal.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (text: string, mode = 0o600): void => writeFileSync(file, text, { mode });
const read = () => readTerminalKeys(file, crypto);

describe('a file of terminal keys', () => {
  it('gives the published chain, key, name and rights', () => {
    write(JSON.stringify(published()));
    const keys = read();
    expect(keys.certificates.map((bytes) => toHex(bytes))).toEqual(published().certificates);
    expect(toHex(keys.key.privateKey)).toBe(computedPki.privateKeys.at);
    expect([keys.key.curve, keys.key.hash]).toEqual(['P-256', 'sha-256']);
    expect(Buffer.from(keys.holderReference).toString('latin1')).toBe('UTTESTATUT00001');
    expect(toHex(keys.chat)).toBe(`06${'09'}04007F0007030102025305${computedPki.effectiveRights.value}`);
    expect(keys.signers).toEqual([]);
  });

  it('is for its owner alone, and comes back as it was', () => {
    write(JSON.stringify({ ...published(), signers: ['3003020101'] }));
    const keys = read();
    const copy = join(folder, 'copy.json');
    writeTerminalKeys(copy, keys);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(readTerminalKeys(copy, crypto)).toEqual(keys);
  });

  it.each([0o640, 0o604, 0o620, 0o644, 0o777])('is refused with mode %o, and not read', (mode) => {
    write('not even JSON');
    chmodSync(file, mode);
    expect(read).toThrow(
      `${file}: others than its owner have rights to this private key (mode ${mode.toString(8)}): chmod 600 it`,
    );
  });

  it('may be read-only, and named by a symbolic link', () => {
    write(JSON.stringify(published()), 0o400);
    const link = join(folder, 'link');
    symlinkSync(file, link);
    expect(readTerminalKeys(link, crypto).certificates).toHaveLength(3);
  });

  it('is never replaced', () => {
    write('something else');
    const keys = testTerminalKeys(crypto);
    expect(() => writeTerminalKeys(file, keys)).toThrow(`${file} is there already and is not replaced`);
    expect(readFileSync(file, 'utf8')).toBe('something else');
    const dangling = join(folder, 'dangling');
    symlinkSync(join(folder, 'nowhere'), dangling);
    expect(() => writeTerminalKeys(dangling, keys)).toThrow('is there already');
  });

  it('is a plain file of a size that such a file has', () => {
    mkdirSync(file, 0o700);
    expect(read).toThrow(expect.objectContaining({ code: 'EISDIR' }));
    rmSync(file, { recursive: true });
    write('x'.repeat(LARGEST_TERMINAL_KEYS + 1));
    expect(read).toThrow(`are more than a terminal's key file has (${LARGEST_TERMINAL_KEYS} at most)`);
    rmSync(file);
    expect(read).toThrow(expect.objectContaining({ code: 'ENOENT', path: file }));
  });
});

const [link, dv, at] = published().certificates as [string, string, string];
const otherKey = computedPki.privateKeys.dv as string;
const order = 'FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551';

describe('what is no terminal keys', () => {
  it.each<[string, string, string]>([
    ['text', 'hello', 'the file is not JSON'],
    ['nothing', '', 'the file is not JSON'],
    ['a list', '[]', 'its content is not as the format has it'],
    ['another version', JSON.stringify({ ...published(), version: 2 }), 'version is not as the format has it'],
    ['another format', JSON.stringify({ ...published(), format: 'JWK' }), 'format is not as'],
    ['a field more', JSON.stringify({ ...published(), secret: 1 }), 'its content is not as'],
    ['no key', JSON.stringify({ ...published(), privateKey: undefined }), 'privateKey is not as'],
    ['a key of half a byte', JSON.stringify({ ...published(), privateKey: 'ABC' }), 'privateKey is not as'],
    ['an unknown curve', JSON.stringify({ ...published(), curve: 'secp256k1' }), 'curve is not as'],
    ['no certificate', JSON.stringify({ ...published(), certificates: [] }), 'certificates is not as'],
    ['33 of them', JSON.stringify({ ...published(), certificates: Array(33).fill(at) }), 'certificates is not as'],
    ['one that is none', JSON.stringify({ ...published(), certificates: [dv, '7F2100'] }), 'certificate 2: '],
    [
      'a gap',
      JSON.stringify({ ...published(), certificates: [link, at] }),
      'certificate 2 is issued by UTTESTDVUT00001, certificate 1 is of UTTESTCVCA00002',
    ],
    ['no terminal', JSON.stringify({ ...published(), certificates: [link, dv] }), 'the last certificate is not of a'],
    [
      'the key of another',
      JSON.stringify({ ...published(), privateKey: otherKey }),
      'the private key is not that of the last certificate, UTTESTATUT00001',
    ],
    ['a key out of range', JSON.stringify({ ...published(), privateKey: order }), 'the private key is not that of'],
    ['another curve', JSON.stringify({ ...published(), curve: 'P-384' }), 'the private key is not that of'],
  ])('%s: refused', (_, text, why) => {
    expect(() => parseTerminalKeys(text, 'FILE', crypto)).toThrow(`FILE: no terminal keys: ${why}`);
  });

  it('never shows the key', () => {
    const text = JSON.stringify({ ...published(), curve: 'P-384' });
    expect(() => parseTerminalKeys(text, 'FILE', crypto)).toThrow(
      expect.not.stringContaining(computedPki.privateKeys.at.slice(0, 8)),
    );
  });
});

describe('the test hierarchy', () => {
  it('is accepted by a chip that trusts its root', () => {
    let key = rootTrustPoint(crypto, parseCertificate(testRoot(crypto).certificate)) as ImportedKey;
    let state = { trustPoints: [key], date: 260101 };
    const keys = testTerminalKeys(crypto, ['read DG1', 'read DG8']);
    for (const bytes of keys.certificates) {
      const judged = judgeCertificate(crypto, state, key, parseCertificate(bytes));
      expect(judged).not.toHaveProperty('reason');
      ({ key, state } = judged as { key: ImportedKey; state: typeof state });
    }
    expect(key.holderReference).toEqual(keys.holderReference);
    expect(rightsOf(parseAuthorization(keys.chat)!)).toEqual(['read DG1', 'read DG8']);
  });

  it('is the same each time, and its text reads back', () => {
    const keys = testTerminalKeys(crypto);
    expect(keys).toEqual(testTerminalKeys(crypto));
    expect(parseTerminalKeys(terminalKeysText(keys), 'FILE', crypto)).toEqual(keys);
    expect(fromHex(terminalKeysText(keys).match(/7F21[0-9A-F]+/)![0])).toEqual(keys.certificates[0]);
  });
});
