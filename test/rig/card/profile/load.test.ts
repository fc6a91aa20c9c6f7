import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listProfiles, loadProfile, ProfileError, parseProfile } from '../../../../rig/card/profile/index.ts';
import { broken, faults, SMALL, world } from './small-profile.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-profile-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function refusal(nameOrPath: string): Promise<string> {
  const error = await loadProfile(nameOrPath, world()).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ProfileError);
  return (error as ProfileError).message;
}

describe('where profiles come from', () => {
  it('are shipped', async () => {
    expect(await listProfiles()).toEqual(['apcv', 'eac', 'lab', 'ndef', 'phone', 'reference', 'vitale2', 'vitale2-t0']);
  });

  it('are files', async () => {
    const path = join(folder, 'small.yaml');
    writeFileSync(path, SMALL);
    expect((await loadProfile(path, world())).profile).toBe('small');
  });

  it('say which file is wrong', async () => {
    const path = join(folder, 'wrong.yaml');
    writeFileSync(path, broken(['interface: contact', 'interface: air']).text);
    expect(await refusal(path)).toBe(`${path}:3:14: \`air\` is none of contact, contactless, wired`);
  });

  it('are not there', async () => {
    expect(await refusal('vitale3')).toBe(
      'there is no profile vitale3: give one of apcv, eac, lab, ndef, phone, reference, vitale2, vitale2-t0, or the path of a YAML file',
    );
    expect(await refusal(join(folder, 'none.yaml'))).toBe(
      `${join(folder, 'none.yaml')} cannot be read: there is no such file`,
    );
    mkdirSync(join(folder, 'folder.yaml'));
    expect(await refusal(join(folder, 'folder.yaml'))).toContain('cannot be read: it is a folder');
    expect(await refusal('../../vitale2')).toContain('cannot be read: there is no such file');
  });
});

describe('extends', () => {
  it('lays a profile on a shipped one', () => {
    const card = parseProfile('extends: vitale2\nprofile: mine\nlink: { uid: "01020304" }\n', 'x.yaml', world());
    expect(card.profile).toBe('mine');
    expect(card.link.uid).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(card.link.protocol).toBe('T=1');
    expect(card.masterFile.children.length).toBeGreaterThan(5);
  });

  it('takes the file tree whole from one of them', () => {
    const text =
      'extends: vitale2\nprofile: mine\npace: []\nmasterFile: { files: [{ fid: 2F00, structure: transparent, content: { hex: 61 } }] }\n';
    const { masterFile } = parseProfile(text, 'x.yaml', world());
    expect(masterFile.name).toBeNull();
    expect(masterFile.children.map(({ fid }) => fid)).toEqual([0x2f00]);
  });

  it('names the file in which a fault lies', () => {
    // A key that is right beside the NIR of the base is wrong beside another one.
    const text = 'extends: vitale2\nprofile: mine\ndata:\n  insured: { nir: 180032B020401 }\nlink: { uid: x }\n';
    const found = faults(text);
    expect(found.map(({ file }) => file).sort()).toEqual(['profiles/vitale2.yaml', 'profiles/x.yaml']);
    expect(found.find(({ file }) => file === 'profiles/x.yaml')).toMatchObject({ line: 5, column: 14 });
    expect(found.find(({ file }) => file === 'profiles/vitale2.yaml')?.message).toBe(
      'NIR 1 80 03 2B 020 401 has key 23, not 74',
    );
  });

  it.each([
    ['vitale3', 1, 10],
    ['../../profiles/vitale2', 1, 10],
    ['[vitale2]', 1, 10],
  ])('refuses %s', (base, line, column) => {
    expect(faults(`extends: ${base}\nprofile: mine\n`)).toEqual([
      { file: 'profiles/x.yaml', line, column, message: '`extends` names no shipped profile' },
    ]);
  });
});

describe('the same random bytes', () => {
  it('make the same card', () => {
    const card = (seed: string) => parseProfile(SMALL, 'x.yaml', world(seed));
    expect(card('a')).toEqual(card('a'));
    expect(card('a').secret).toHaveLength(32);
    expect(card('a').secret).not.toEqual(card('b').secret);
    expect({ ...card('a'), secret: null, masterFile: null }).toEqual({ ...card('b'), secret: null, masterFile: null });
  });

  it('are 64: the secret of the card first, then its signing key', () => {
    const taken: number[] = [];
    const random = {
      fill: (target: Uint8Array, offset: number, length: number): void => {
        taken.push(length);
        target.fill(taken.length, offset, offset + length);
      },
    };
    expect(parseProfile(SMALL, 'x.yaml', { ...world(), random }).secret).toEqual(new Uint8Array(32).fill(1));
    expect(taken).toEqual([32, 32]);
  });
});
