import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkAnyBytes as check } from './any-bytes.ts';
import { FORMATS } from './format-list.ts';
import { importer, sample } from './text-trace.ts';

const LONG_NUMBERS: readonly (readonly [string, string])[] = [
  ['20', '9'.repeat(20)],
  ['400', '9'.repeat(400)],
  ['400 zeros and a 1', `${'0'.repeat(400)}1`],
];

/*
 * Three kinds of bytes: any; files put together from the words of the format; a real sample with a few bytes changed.
 */
describe.each(Object.entries(FORMATS))('%s', (format, { samples, words }) => {
  it('any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), (bytes) => check(format, bytes)),
      { numRuns: 100 },
    );
  });

  it('words of the format in any order', async () => {
    const pieces = fc.constantFrom(...words, '\n', '\n', '\r\n', ' ', 'XX ');
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 40 }), (parts) =>
        check(format, Buffer.concat(parts.map((part) => Buffer.from(part as string)))),
      ),
      { numRuns: 300 },
    );
  });

  it('a sample with bytes changed, added and taken away', async () => {
    const change = fc.record({ at: fc.nat(100_000), remove: fc.nat(40), add: fc.uint8Array({ maxLength: 4 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        async (file, changes) => {
          // The part of a long log where the APDUs are.
          let bytes: Buffer = sample(file).subarray(-8000);
          for (const { at, remove, add } of changes) {
            const place = at % (bytes.length + 1);
            bytes = Buffer.concat([bytes.subarray(0, place), add, bytes.subarray(place + remove)]);
          }
          await check(format, bytes);
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each([' ', '0', 'A', '(', ' (', '/', '// ', ': ', '=> ', '>> ', '0x00 ', '{"type":'])(
    'a line of a megabyte of %j is no burden',
    async (piece) => {
      const bytes = Buffer.concat([
        Buffer.from(words[0] as string),
        Buffer.from(`${piece.repeat(1_000_000 / piece.length)}\n`),
      ]);
      expect(importer(format).guess(bytes.subarray(0, 65_536), '')).toBeGreaterThanOrEqual(0);
      await check(format, bytes);
    },
  );

  // A binary format has no digits.
  const isText = words.some((word) => typeof word === 'string');
  it.each(isText ? LONG_NUMBERS : [])(
    'numbers of %s digits are a fault, a loss or no number',
    async (_digits, number) => {
      for (const file of samples) {
        const lines = sample(file).toString('latin1').split('\n').slice(-60);
        const changed = new Set<string>();
        for (const [index, line] of lines.entries()) {
          for (const { 0: found, index: at } of line.matchAll(/\d+/g)) {
            // One of each kind: the words around it tell it.
            const kind = line.replace(/[0-9A-Fa-f]/g, '0').slice(Math.max(0, at - 12), at + found.length + 6);
            if (changed.has(kind) || changed.size > 25) continue;
            changed.add(kind);
            const damaged = `${line.slice(0, at)}${number}${line.slice(at + found.length)}`;
            await check(
              format,
              Buffer.from([...lines.slice(0, index), damaged, ...lines.slice(index + 1)].join('\n'), 'latin1'),
            );
          }
        }
      }
    },
    60_000,
  );
});
