/** Controls, what is not seen or turns the direction of text, line separators, half surrogates. */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * Whether a name can be shown as it is, and be kept: nothing in it drives a terminal, turns the text beside it around, is
 * there unseen, or is half a character, which no database takes.
 */
export function isPlainText(text: string): boolean {
  return !UNSHOWN.test(text);
}
