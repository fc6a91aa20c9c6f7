import { describe, expect, it } from 'vitest';
import { loadNfcPcsc } from '../../../src/hal/pcsc/binding.ts';

describe('loading nfc-pcsc', () => {
  it.each([
    ['is not installed', 'ERR_MODULE_NOT_FOUND', "Cannot find package 'nfc-pcsc'", /not installed.*`npm run setup`/],
    [
      'was built for another Node',
      'ERR_DLOPEN_FAILED',
      'NODE_MODULE_VERSION 93',
      /`npm run setup`.*NODE_MODULE_VERSION/,
    ],
    [
      'was never built',
      undefined,
      'Could not locate the bindings file. Tried:\n → …',
      /`npm run setup`.*bindings file\. Tried:\)/,
    ],
  ])('tells what to do when it %s', async (_, code, message, words) => {
    const load = (): Promise<never> => Promise.reject(Object.assign(new Error(message), { code }));
    await expect(loadNfcPcsc(load)).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(words),
    });
  });
});
