import type { DirectoryDocument } from './document.ts';

export type Environments = DirectoryDocument['environments'];

/** Words that need no environment: bits of a security condition byte (ISO/IEC 7816-4). */
export const WORD_BITS: Readonly<Record<string, number>> = {
  'secure-messaging': 0x40,
  'external-authentication': 0x20,
};

/** Words that a directory may not give to an environment of its own. */
export const RESERVED_WORDS: ReadonlySet<string> = new Set(['always', 'never', ...Object.keys(WORD_BITS)]);

/** What is wrong with a word, or null. */
export function wordProblem(word: string, environments: Environments): string | null {
  if (RESERVED_WORDS.has(word) || Object.hasOwn(environments, word)) return null;
  const known = [...RESERVED_WORDS, ...Object.keys(environments)].join(', ');
  return `\`${word.slice(0, 40)}\` is no condition here: ${known}`;
}
