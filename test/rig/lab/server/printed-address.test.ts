import { fstatSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { printedAddress } from '../../../../rig/lab/server/printed-address.ts';

const at = { origin: 'https://lab.example:8640', port: 8640, pageAddress: () => 'https://lab.example:8640/#SECRET' };
const { dev, ino } = fstatSync(1, { bigint: true });

describe('the address of the page at a start', () => {
  it.each([
    ['is printed with the secret', {}, 'https://lab.example:8640/#SECRET'],
    [
      'is so where the output does not go into the journal',
      { JOURNAL_STREAM: `${dev}:${ino + 1n}` },
      'https://lab.example:8640/#SECRET',
    ],
    // systemd.exec(5): device and inode of the stream, in decimal, with a colon between.
    ['goes into the journal without it', { JOURNAL_STREAM: `${dev}:${ino}` }, 'https://lab.example:8640/'],
  ])('%s', (_name, env, address) => {
    expect(printedAddress(at, { env })).toBe(address);
  });
});
