import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildCard } from '../../../rig/card/build.ts';
import { listCommands } from '../../../rig/card/commands.ts';
import { openCard } from '../../../rig/card/open.ts';
import { showCard } from '../../../rig/card/show.ts';
import { CannotRun } from '../../../rig/console/failure.ts';
import { ISO7816_COMMANDS } from '../../../src/applet/iso7816/index.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { fakeIo } from '../console/fake-io.ts';

let folder: string;
let image: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-card-'));
  image = join(folder, 'card.img');
});
afterEach(() => rmSync(folder, { recursive: true }));

const build = (profile: string, seed: string | null = null) =>
  buildCard({ profiles: [profile], out: image, seed, state: null, force: true }, fakeIo());

describe('card build', () => {
  it('writes an image that opens, the same one for the same seed', async () => {
    await build('apcv', 'one');
    const first = readFileSync(image);
    const opened = await openCard({ kind: 'image', fileOrName: image });
    expect(opened.card.image.profile).toBe('apcv');
    opened.close();
    await build('apcv', 'one');
    expect(readFileSync(image).equals(first)).toBe(true);
    await build('apcv', null);
    expect(readFileSync(image).equals(first)).toBe(false);
  });

  it('does not write over a card unless it is told to, and says which card would be lost', async () => {
    await build('apcv', 'one');
    const first = readFileSync(image);
    const again = buildCard({ profiles: ['apcv'], out: image, seed: null, state: null, force: false }, fakeIo());
    await expect(again).rejects.toThrow(
      /is there already: a card of profile apcv, serial number 999000000002, with all that was written into it, would be lost; nothing was written\. --force replaces it/,
    );
    expect(readFileSync(image).equals(first)).toBe(true);
    writeFileSync(image, first.subarray(0, 200));
    await expect(
      buildCard({ profiles: ['apcv'], out: image, seed: null, state: null, force: false }, fakeIo()),
    ).rejects.toThrow('a card image that this program cannot read');
  });

  it('does not write over a file that is no card image', async () => {
    writeFileSync(image, 'somebody’s letters');
    await expect(build('apcv')).rejects.toThrow('is no card image');
    expect(readFileSync(image, 'utf8')).toBe('somebody’s letters');
  });

  it('leaves nothing behind when the profile is wrong', async () => {
    const profile = join(folder, 'wrong.yaml');
    writeFileSync(profile, 'profile: x\nald: yes\n');
    await expect(build(profile)).rejects.toThrow();
    expect(existsSync(image)).toBe(false);
  });
});

describe('opening a card', () => {
  it('an image is for one at a time', async () => {
    await build('apcv');
    const opened = await openCard({ kind: 'image', fileOrName: image });
    await expect(openCard({ kind: 'image', fileOrName: image })).rejects.toThrow(
      expect.objectContaining({ kind: 'busy' }) as HalError,
    );
    opened.close();
    (await openCard({ kind: 'image', fileOrName: image })).close();
  });

  it.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, 1000)],
    ['damaged', (bytes: Buffer) => Object.assign(Buffer.from(bytes), { 700: bytes[700]! ^ 1 })],
    ['empty', () => Buffer.alloc(0)],
    ['something else', () => Buffer.from('%PDF-1.7 and more of the same')],
  ])('%s image: one sentence, and the file as it was', async (_, change) => {
    await build('apcv');
    const bytes = change(readFileSync(image));
    writeFileSync(image, bytes);
    const error = await openCard({ kind: 'image', fileOrName: image }).catch((e: unknown) => e);
    expect(error instanceof HalError || error instanceof CannotRun).toBe(true);
    expect((error as Error).message).toContain(image);
    expect((error as Error).message).not.toMatch(/\n/);
    expect(readFileSync(image).equals(bytes)).toBe(true);
  });

  it('a name that is neither file nor profile is said', async () => {
    await expect(openCard({ kind: 'image', fileOrName: 'nowhere.img' })).rejects.toThrow(
      'there is no image nowhere.img',
    );
    await expect(openCard({ kind: 'profile', name: 'nobody' })).rejects.toThrow('there is no profile nobody');
  });
});

describe('card show', () => {
  it.each(['vitale2', 'apcv', 'reference'])(
    '%s: files, rules and tries, but no code, secret or person',
    async (profile) => {
      await build(profile, 'seed');
      for (const json of [false, true]) {
        const io = fakeIo({ json });
        expect(await showCard({ card: image }, io)).toBe(0);
        const text = io.out.join('');
        expect(text).toContain(profile);
        expect(text).toMatch(/3 of 3 tries left|"triesLeft": 3/);
        for (const hidden of ['274916', '123456', '41592653', 'ADRUN', '2751263220749'])
          expect(text).not.toContain(hidden);
      }
    },
  );

  it('tells which keys and trust points there are, and nothing of their values', async () => {
    const profile = join(folder, 'keyed.yaml');
    const secret = '00112233445566778899AABBCCDDEEFF';
    writeFileSync(
      profile,
      `extends: lab
profile: keyed
trust: { date: "20260131", roots: [test] }
masterFile:
  keys:
    - { reference: "05", use: [external-authentication], algorithm: AES-128, value: ${secret}, tries: 5 }
    - { reference: "06", use: [signature], algorithm: P-256, generate: always }
  environments: { reader: { id: 2, key: "05" }, terminal: { id: 3, authorization: id-AT, right: read DG1 } }
  files:
    - { fid: 2F01, structure: transparent, access: { read: { contact: terminal, contactless: { all: [reader, secure-messaging] } } }, content: { hex: "00" } }
`,
    );
    const io = fakeIo();
    expect(await showCard({ card: profile }, io)).toBe(0);
    const text = io.out.join('');
    expect(text).toContain(
      'read: contact an authentication terminal with the right “read DG1”; contactless secure messaging and external authentication with key 05; wired never',
    );
    expect(text).toContain(
      `Keys\n  05 of 3F00: AES-128, external-authentication, 5 of 5 tries left\n  06 of 3F00: P-256, signature, not generated yet\n`,
    );
    expect(text).toContain(
      "Trust points, the card's date being 2026-01-31\n  FRVITAPCVCA00001: brainpoolP256r1, until 2099-12-31\n",
    );
    const json = fakeIo({ json: true });
    expect(await showCard({ card: profile }, json)).toBe(0);
    for (const shown of [text, json.out.join('')]) expect(shown.toUpperCase()).not.toContain(secret);
  });

  it('shows a profile without a file, and an image that is in use', async () => {
    const io = fakeIo();
    expect(await showCard({ card: 'apcv' }, io)).toBe(0);
    await build('apcv');
    const opened = await openCard({ kind: 'image', fileOrName: image });
    expect(await showCard({ card: image }, io)).toBe(0);
    opened.close();
  });
});

describe('card commands', () => {
  it('lists every row with its parameters', async () => {
    const io = fakeIo({ json: true });
    expect(await listCommands({}, io)).toBe(0);
    const { commands, inOwnApplication } = JSON.parse(io.out.join(''));
    expect(inOwnApplication).toMatchObject([{ ins: 'CA', name: 'GET DATA' }]);
    expect(commands.map(({ name }: { name: string }) => name)).toEqual(ISO7816_COMMANDS.map(({ name }) => name));
    const plain = fakeIo();
    await listCommands({}, plain);
    for (const row of ISO7816_COMMANDS) expect(plain.out.join('')).toContain(row.name);
    expect(plain.out.join('')).toContain('P1 80–9E');
    expect(plain.out.join('')).toMatch(/own application .* instead:\nCA {2}GET DATA[\s\S]*P1 BF {2}P2 40 /);
  });
});
