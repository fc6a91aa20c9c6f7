import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeFailure } from '../../../rig/console/failure.ts';
import type { CommandIo } from '../../../rig/console/io.ts';
import { readPin } from '../../../rig/console/pin.ts';
import { fakeIo } from './fake-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-pin-'));
afterAll(() => rmSync(folder, { recursive: true }));

function pinFile(content: string): string {
  const path = join(folder, 'code');
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

const digits = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const nobody = { file: null, ask: false };

describe('where a code comes from', () => {
  it.each([
    ['a file, its first line', { file: '274916\nmore\n', env: {} }, '274916'],
    ['a file without a line end', { file: '0000', env: {} }, '0000'],
    ['a file from Windows', { file: '274916\r\n', env: {} }, '274916'],
    ['a file before the environment', { file: '274916', env: { VITAP_PIN: '111111' } }, '274916'],
  ])('%s', async (_title, { file, env }, expected) => {
    expect(await readPin({ file: pinFile(file), ask: false }, fakeIo({ env }))).toEqual(digits(expected));
  });

  it('the environment', async () => {
    expect(await readPin(nobody, fakeIo({ env: { VITAP_PIN: '274916' } }))).toEqual(digits('274916'));
  });

  it('the terminal, when asked for, before the environment', async () => {
    const asked: string[] = [];
    const io = fakeIo({
      stdinIsTty: true,
      env: { VITAP_PIN: '111111' },
      askHidden: async (question) => {
        asked.push(question);
        return '274916';
      },
    });
    expect(await readPin({ file: null, ask: true }, io)).toEqual(digits('274916'));
    expect(asked).toEqual(['Code: ']);
    expect(io.out.concat(io.err).join('')).not.toContain('274916');
  });

  it.each([
    ['on a terminal', { stdinIsTty: true }],
    ['without one', {}],
    ['with an empty variable', { env: { VITAP_PIN: '' } }],
  ])('nowhere, and then nobody is asked: %s', async (_title, change) => {
    expect(await readPin(nobody, fakeIo(change))).toBeNull();
  });

  it('refuses to ask where there is no terminal, and says what else there is', async () => {
    await expect(readPin({ file: null, ask: true }, fakeIo())).rejects.toThrow(/there is none here.*--pin-file/);
  });

  it('says which file is not there', async () => {
    const failure = await readPin({ file: '/nowhere/code', ask: false }, fakeIo()).catch(describeFailure);
    expect(failure).toMatchObject({ kind: 'file', sentences: ['/nowhere/code: there is no such file'] });
  });
});

describe('what is no code is refused in words that do not hold it', () => {
  const wrong = ['27491x', 'sésame', '274 916', '274916 ', '1234567890123', '', '-274916', '２７４９１６'];
  const sources: [string, (text: string) => [typeof nobody | { file: string; ask: boolean }, Partial<CommandIo>]][] = [
    ['file', (text) => [{ file: pinFile(text), ask: false }, {}]],
    [
      'terminal',
      (text) => [
        { file: null, ask: true },
        { stdinIsTty: true, askHidden: async () => text },
      ],
    ],
  ];

  for (const [source, prepare] of sources) {
    it.each(wrong)(`${source}: %j`, async (text) => {
      const [choice, change] = prepare(text);
      const io = fakeIo(change);
      const error = await readPin(choice, io).then(
        () => null,
        (thrown: Error) => thrown,
      );
      expect(error?.name).toBe('CannotRun');
      const shown = `${error?.message}${error?.stack}${io.out.join('')}${io.err.join('')}`;
      if (text !== '') expect(shown).not.toContain(text);
    });
  }
});
