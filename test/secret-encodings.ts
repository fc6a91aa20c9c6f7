import { toHex } from '../src/apdu/hex.ts';

/**
 * Six ways to write the same bytes: as text, hexadecimal, UTF-16, decimal bytes, reversed, base64. Whoever searches folds
 * letters to one case.
 */
export function encodings(secret: Buffer): string[] {
  const base64 = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), secret])
      .toString('base64')
      .replace(/=*$/, '')
      .slice(before === 0 ? 0 : before + 1, -1),
  );
  return [
    secret.toString('latin1'),
    toHex(secret),
    toHex(Buffer.from(secret.toString('latin1'), 'utf16le')),
    [...secret].join(','),
    toHex(secret.toReversed()),
    ...base64.filter((part) => part.length >= 5),
  ];
}
