import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ImageNames, imageNames } from '../../../rig/card/image-name.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-image-name-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const IMAGE = Uint8Array.of(1, 2, 3);

describe('the name of a card image', () => {
  it('is an HMAC-SHA-256 under the key, its purpose before the contents', () => {
    const key = Buffer.from('0123456789abcdef');
    const hmac = (text: string, bytes: Uint8Array): string =>
      createHmac('sha256', key)
        .update(Buffer.concat([Buffer.from(text), bytes]))
        .digest('hex');
    expect(new ImageNames(key).of(IMAGE)).toEqual({
      hmac: hmac('vitap image\0', IMAGE),
      key: hmac('vitap key\0', new Uint8Array(0)).slice(0, 16),
    });
  });

  it('is under a key in the state folder that is made once, for its owner alone', () => {
    const env = { XDG_STATE_HOME: join(folder, 'state') };
    const first = imageNames(null, env).of(IMAGE);
    const file = join(folder, 'state', 'vitap', 'image-name.key');
    expect([statSync(file).size, statSync(file).mode & 0o777]).toEqual([32, 0o600]);
    expect(readdirSync(join(folder, 'state', 'vitap'))).toEqual(['image-name.key']);
    expect(imageNames(null, env).of(IMAGE)).toEqual(first);
    expect(new ImageNames(readFileSync(file)).of(IMAGE)).toEqual(first);
    expect(imageNames(null, { XDG_STATE_HOME: join(folder, 'other') }).of(IMAGE)).not.toEqual(first);
  });

  it('is under the key that was named, and none is made then', () => {
    const file = join(folder, 'lab');
    writeFileSync(file, Buffer.alloc(32, 5), { mode: 0o600 });
    expect(imageNames(file, { XDG_STATE_HOME: folder }).of(IMAGE)).toEqual(
      new ImageNames(Buffer.alloc(32, 5)).of(IMAGE),
    );
    expect(readdirSync(folder)).toEqual(['lab']);
  });

  it.each([
    [
      'too short',
      (file: string) => writeFileSync(file, 'short', { mode: 0o600 }),
      /has 5 bytes; a key .* has 16 to 4096/,
    ],
    ['too long', (file: string) => writeFileSync(file, Buffer.alloc(5000), { mode: 0o600 }), /has 5000 bytes/],
    ['a pipe', (file: string) => void execFileSync('mkfifo', [file]), /is read from a plain file, and this is none/],
    ['not there', () => {}, /ENOENT/],
  ])('refuses a key that is %s', (_, make, message) => {
    const file = join(folder, 'key');
    make(file);
    expect(() => imageNames(file, {})).toThrow(message);
  });

  it('says which option helps where no key can be made', () => {
    // A file in the folder's place stops root too.
    const taken = join(folder, 'taken');
    writeFileSync(taken, '');
    expect(() => imageNames(null, { XDG_STATE_HOME: taken })).toThrow(/cannot make/);
  });
});
