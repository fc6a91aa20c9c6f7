import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EvidenceDescription, writeBundle } from '../../../../rig/judge/evidence/bundle.ts';
import { keyFileText, newLabKey, parseKey } from '../../../../rig/judge/evidence/key-file.ts';
import { MANIFEST_FILE, SIGNATURE_FILE } from '../../../../rig/judge/evidence/manifest.ts';
import { verifyBundle } from '../../../../rig/judge/evidence/verify.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';

const crypto = nobleCrypto();
const keyOf = (seed: string) => {
  const random = new SeededRandom(seed);
  return newLabKey(crypto, (target) => random.fill(target, 0, target.length));
};
const key = keyOf('lab');

let folder: string;
let bundle: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  bundle = join(folder, 'bundle');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function description(): EvidenceDescription {
  const trace = join(folder, 'session.jsonl');
  writeFileSync(trace, '{"type":"header"}\n');
  return {
    kind: 'replay',
    backend: 'simulated',
    verdict: 'PASS',
    subject: { reader: 'loopback', card: 'vitale2' },
    items: [
      { path: 'traces/session.jsonl', role: 'trace', content: { file: trace } },
      { path: 'verdicts.json', role: 'verdicts', content: Buffer.from('{"verdict":"PASS"}\n') },
    ],
  };
}

const make = (): void => void writeBundle(bundle, description(), key, crypto);
const deviationsOf = async (): Promise<string[]> =>
  (await verifyBundle(bundle, key, crypto)).deviations.map(({ path, what }) => `${path} ${what}`);

describe('a bundle', () => {
  it('is whole as it was written', async () => {
    make();
    const result = await verifyBundle(bundle, key, crypto);
    expect(result).toMatchObject({ verdict: 'PASS', signerKnown: true, deviations: [] });
    expect(result.manifest?.files.map(({ path, role }) => [path, role])).toEqual([
      ['traces/session.jsonl', 'trace'],
      ['verdicts.json', 'verdicts'],
      ['signer.pub.json', 'public-key'],
    ]);
    expect(readdirSync(folder).sort()).toEqual(['bundle', 'session.jsonl']);
  });

  it('is found changed, by name, when any one byte of any file is another', { timeout: 120_000 }, async () => {
    make();
    const files = ['traces/session.jsonl', 'verdicts.json', 'signer.pub.json', MANIFEST_FILE, SIGNATURE_FILE];
    for (const file of files) {
      const path = join(bundle, file);
      const whole = readFileSync(path);
      // Every byte of a small file; of the manifest every third, which is every kind of place in it.
      for (let i = 0; i < whole.length; i += file === MANIFEST_FILE ? 3 : 1) {
        const flipped = Buffer.from(whole);
        flipped[i] = (flipped[i] as number) ^ 0x01;
        writeFileSync(path, flipped);
        const found = await deviationsOf();
        // The manifest and its signature vouch for each other: a fault in either is told of the pair.
        const named = [MANIFEST_FILE, SIGNATURE_FILE].includes(file) ? [MANIFEST_FILE, SIGNATURE_FILE] : [file];
        expect(
          found.some((each) => named.some((name) => each.startsWith(name))),
          `${file} byte ${i}`,
        ).toBe(true);
      }
      writeFileSync(path, whole);
    }
    expect(await deviationsOf()).toEqual([]);
  });

  it.each<[string, () => void, string[]]>([
    ['a file added', () => writeFileSync(join(bundle, 'traces', 'more.jsonl'), ''), ['traces/more.jsonl added']],
    ['a file removed', () => rmSync(join(bundle, 'verdicts.json')), ['verdicts.json removed']],
    [
      'a file made longer',
      () => writeFileSync(join(bundle, 'verdicts.json'), '\n', { flag: 'a' }),
      ['verdicts.json changed'],
    ],
    [
      'a file made a link to its like',
      () => {
        const verdicts = readFileSync(join(bundle, 'verdicts.json'));
        writeFileSync(join(folder, 'elsewhere'), verdicts);
        rmSync(join(bundle, 'verdicts.json'));
        symlinkSync(join(folder, 'elsewhere'), join(bundle, 'verdicts.json'));
      },
      ['verdicts.json unreadable'],
    ],
    ['the signature removed', () => rmSync(join(bundle, SIGNATURE_FILE)), [`${SIGNATURE_FILE} removed`]],
    ['the manifest removed', () => rmSync(join(bundle, MANIFEST_FILE)), [`${MANIFEST_FILE} removed`]],
  ])('%s', async (_, change, expected) => {
    make();
    change();
    expect(await deviationsOf()).toEqual(expected);
  });

  it('that another key signed anew is not the lab’s, though it is whole', async () => {
    writeBundle(bundle, description(), keyOf('somebody else'), crypto);
    expect(await deviationsOf()).toEqual([`${SIGNATURE_FILE} signature`]);
    expect(await verifyBundle(bundle, null, crypto)).toMatchObject({ verdict: 'PASS', signerKnown: false });
  });

  it('does not take the place of anything', () => {
    make();
    expect(make).toThrow(/holds files/);
  });

  it('leaves nothing behind when it cannot be made', () => {
    const items = [{ path: '../../outside', role: 'trace', content: Buffer.from('x') }] as const;
    expect(() => writeBundle(bundle, { ...description(), items }, key, crypto)).toThrow(/is no name for a file/);
    expect(existsSync(join(folder, 'outside'))).toBe(false);
    expect(readdirSync(folder)).toEqual(['session.jsonl']);
  });

  it('refuses a folder that is none', async () => {
    await expect(verifyBundle(folder, key, crypto)).rejects.toThrow(/is no evidence bundle/);
  });

  it('holds the public half of the key and never the private one', () => {
    make();
    const secret = Buffer.from(key.privateKey as Uint8Array).toString('base64url');
    expect(keyFileText(key, 'private')).toContain(secret);
    for (const file of readdirSync(bundle, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      expect(readFileSync(join(file.parentPath, file.name), 'utf8'), file.name).not.toContain(secret);
    }
  });
});

describe('a key file', () => {
  it('says the same key again', () => {
    expect(parseKey(keyFileText(key, 'private'), 'k', crypto)).toEqual(key);
    expect(parseKey(keyFileText(key, 'public'), 'k', crypto)).toEqual({ ...key, privateKey: null });
  });

  it('has the thumbprint of RFC 7638', () => {
    // The key of RFC 9052's example; the digest by sha256sum over {"crv":"P-256","kty":"EC","x":"…","y":"…"}.
    const jwk =
      '{"kty":"EC","crv":"P-256","x":"usWxHK2PmfnHKwXPS54m0kTcGJ90UiglWiGahtagnv8","y":"IBOL-C3BttVivg-lSreASjpkttcsz-1rb7btKLv8EX4"}';
    expect(Buffer.from(parseKey(jwk, 'k', crypto).keyId).toString('hex')).toBe(THUMBPRINT);
  });

  it.each([
    ['not JSON', 'k: not a key file: not JSON'],
    ['{"kty":"RSA"}', /kty is not as/],
    [keyFileText(key, 'private').replace(/"x": "./, '"x": "_'), /do not belong together|not a public key/],
    [
      keyFileText(key, 'private').replace(/"d": ".*"/, '"d": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"'),
      /not a private key/,
    ],
  ])('refuses %#, and says nothing of what it holds', (text, message) => {
    expect(() => parseKey(text, 'k', crypto)).toThrow(message);
  });

  it('is for its owner alone when it holds the private half', async () => {
    const { generateKey } = await import('../../../../rig/judge/evidence/keygen.ts');
    const io = { json: false, stdout: () => {}, stderr: () => {} } as unknown as Parameters<typeof generateKey>[1];
    await generateKey(join(folder, 'lab'), io);
    expect(statSync(join(folder, 'lab.key.json')).mode & 0o777).toBe(0o600);
    await expect(generateKey(join(folder, 'lab'), io)).rejects.toThrow(/is there already/);
  });
});

const THUMBPRINT = 'c4d9df3854cc8194913372ad18742a6af646586174d057b9e0b641602231afcf';
