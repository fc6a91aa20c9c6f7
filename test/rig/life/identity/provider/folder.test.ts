import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../../../rig/command/program.ts';
import { IDENTITY_ORIGIN } from '../../../../../rig/command/verbs/identity.ts';
import { VERBS } from '../../../../../rig/command/verbs/index.ts';
import { readP256Jwk } from '../../../../../rig/life/credential/jws.ts';
import { DEFAULT_IDENTITY_ORIGIN, openIdentityFolder } from '../../../../../rig/life/identity/provider/folder.ts';
import { fakeIo } from '../../../console/fake-io.ts';
import { ADRUN, NAMESAKE } from '../../issuer/people.ts';
import { crypto } from '../sd-jwt-making.ts';

const top = mkdtempSync(join(tmpdir(), 'vitap-identity-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));
const at = (name: string): string => join(top, name);

async function vitap(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = fakeIo({ json: args.includes('--json') });
  const code = await runCommandLine(args, '0.0.0', VERBS, io);
  return { code, out: io.out.join(''), err: io.err.join('') };
}

describe('vitap identity init', () => {
  it('makes a provider of the published test identity, with a key for its owner alone', async () => {
    const { code, out } = await vitap('identity', 'init', at('test'));
    expect([code, out]).toEqual([
      0,
      `${at('test')}: a test identity provider at http://127.0.0.1:8630\n` +
        '  knows       1 person, all of them invented\n' +
        '  is asked by any issuer on this machine\n',
    ]);
    expect(statSync(at('test/identity.key.json')).mode & 0o777).toBe(0o600);
    expect(openIdentityFolder(at('test'), crypto)).toMatchObject({
      origin: DEFAULT_IDENTITY_ORIGIN,
      verifiers: [],
      people: [{ familyName: 'ADRUN', givenName: 'ZOE' }],
    });
    expect(IDENTITY_ORIGIN).toBe(DEFAULT_IDENTITY_ORIGIN);
  });

  it('knows the insured of a file of families: under the name of birth, with the place that the NIR has', async () => {
    const married = { ...NAMESAKE.beneficiaries[0]!, usualName: 'ADRUN', birthName: 'MARTIN' };
    const families = [ADRUN, { ...NAMESAKE, beneficiaries: [married] }];
    writeFileSync(at('families.jsonl'), families.map((family) => JSON.stringify(family)).join('\n'));
    expect((await vitap('identity', 'init', at('file'), '--families', at('families.jsonl'))).code).toBe(0);
    expect(openIdentityFolder(at('file'), crypto).people).toEqual([
      { id: '1', familyName: 'ADRUN', givenName: 'ZOÉ', birthDate: '1975-12-31', birthPlaceCode: '63220', sex: 2 },
      { id: '2', familyName: 'MARTIN', givenName: 'LÉA', birthDate: '1975-12-31', birthPlaceCode: '63220', sex: 2 },
    ]);
    expect(readFileSync(at('file/people.json'), 'utf8')).not.toContain('2751263220749');
  });

  it('knows the people of a seed, as many as asked for, and each can be read again', async () => {
    const { out } = await vitap('identity', 'init', at('seed'), '--generate', '300', '--seed', 'x', '--json');
    expect(JSON.parse(out)).toMatchObject({ people: 300, verifiers: [], origin: IDENTITY_ORIGIN });
    const { people } = openIdentityFolder(at('seed'), crypto);
    expect(people).toHaveLength(300);
    expect(new Set(people.map(({ sex }) => sex))).toEqual(new Set([1, 2]));
  });

  it.each<[string, string[], string]>([
    ['a folder that is not empty', ['test'], 'is not empty; an identity provider begins in a folder of its own'],
    ['an origin with a path', ['new', '--origin', 'http://127.0.0.1/x'], '"http://127.0.0.1/x" is no origin'],
    ['a verifier that is no origin', ['new', '--verifier', 'issuer'], '"issuer" is no origin'],
    ['a file that is not there', ['new', '--families', '/nowhere'], 'there is no such file'],
    ['a file of something else', ['new', '--families', join(top, 'test/people.json')], 'people.json:1: '],
    ['families and a seed', ['new', '--families', 'x', '--generate', '5'], 'cannot be used with'],
  ])('refuses %s, and makes nothing', async (_, args, sentence) => {
    const { code, err } = await vitap('identity', 'init', at(args[0]!), ...args.slice(1));
    expect(code).toBe(2);
    expect(err).toContain(sentence);
    expect(existsSync(at('new'))).toBe(false);
  });
});

describe('vitap identity serve', () => {
  beforeAll(async () => {
    await vitap('identity', 'init', at('served'), '--verifier', 'https://issuer.test');
  });

  /** Serves until it has said where, and what a visitor does is done. */
  async function serving(
    args: string[],
    visit: (address: string) => Promise<void>,
  ): Promise<{ code: number; err: string }> {
    const control = new AbortController();
    let visited: Promise<void> | null = null;
    const io = fakeIo({
      signal: control.signal,
      json: true,
      stdout: (text) => {
        visited = visit((JSON.parse(text) as { address: string }).address).finally(() => control.abort());
      },
    });
    const code = await runCommandLine(['identity', 'serve', ...args, '--json'], '0.0.0', VERBS, io);
    await visited;
    return { code, err: io.err.join('') };
  }

  it('serves pages and its key until Ctrl-C, and its log has no name and no consent', async () => {
    const folder = openIdentityFolder(at('served'), crypto);
    const { code, err } = await serving([at('served'), '--port', '0'], async (address) => {
      const keys = (await (await fetch(`${address}/.well-known/jwt-vc-issuer`)).json()) as {
        issuer: string;
        jwks: { keys: unknown[] };
      };
      expect(keys.issuer).toBe(IDENTITY_ORIGIN);
      expect(readP256Jwk(keys.jwks.keys[0])).toEqual(folder.publicKey);
      const page = await fetch(`${address}/people?consent=secret&search=ADRUN`);
      expect(page.status).toBe(410);
    });
    expect(code).toBe(0);
    expect(err).toMatch(/GET \/people 410/);
    expect(err).not.toMatch(/secret|ADRUN/);
  });

  it.each<[string, (folder: string) => void, string]>([
    ['a key that others may read', (folder) => chmodSync(join(folder, 'identity.key.json'), 0o644), 'chmod 600 it'],
    ['a key that is none', (folder) => writeKey(folder, '00'.repeat(32)), 'no private key on P-256'],
    ['a key of another length', (folder) => writeKey(folder, '01'), 'privateKey is not as the format has it'],
    ['a folder without its key', (folder) => rmSync(join(folder, 'identity.key.json')), 'there is no such file'],
    ['a folder of something else', (folder) => rmSync(join(folder, 'identity.json')), 'there is no such file'],
    [
      'a configuration that is no JSON',
      (folder) => writeFileSync(join(folder, 'identity.json'), '{'),
      'the file is not JSON',
    ],
    [
      'an origin with TLS without a certificate',
      (folder) => writeOrigin(folder, 'https://127.0.0.1:1'),
      'give a certificate and its key',
    ],
    [
      'an address that others can reach',
      (folder) => writeOrigin(folder, 'http://192.0.2.1:8630'),
      'would answer there without TLS',
    ],
  ])('refuses %s', async (name, spoil, sentence) => {
    const folder = at(name.replaceAll(' ', '-'));
    await vitap('identity', 'init', folder);
    spoil(folder);
    const { code, err } = await vitap('identity', 'serve', folder, '--port', '0');
    expect([code, err]).toEqual([2, expect.stringContaining(sentence)]);
  });

  it('wants certificate and key together', async () => {
    const { code, err } = await vitap('identity', 'serve', at('served'), '--tls-key', 'x');
    expect([code, err]).toEqual([2, expect.stringContaining('belong together')]);
  });
});

function writeKey(folder: string, privateKey: string): void {
  const document = { format: 'vitap identity provider key', version: 1, privateKey };
  writeFileSync(join(folder, 'identity.key.json'), JSON.stringify(document));
}

function writeOrigin(folder: string, origin: string): void {
  const document = { format: 'vitap identity provider', version: 1, origin, verifiers: [] };
  writeFileSync(join(folder, 'identity.json'), JSON.stringify(document));
}
