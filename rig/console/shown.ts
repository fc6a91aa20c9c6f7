/*
 * What comes from outside, before a terminal sees it: names of files and readers, headers of traces, names of rules,
 * reasons, strings of boards, errors of libraries. An escape sequence in one moves the cursor over what stands there, a
 * line end begins a line that looks like ours.
 */

/** Controls (C0, DEL, C1), format characters such as those that turn the direction of text, separators, half surrogates. */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Longest text from outside in one line, in characters. */
const LONGEST = 2000;

/** In the form of JSON, each half of a surrogate pair by itself. */
const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).toUpperCase().padStart(4, '0')}`,
  ).join('');

/** Text from outside as a part of one line: what is not to be seen is written as `\u001B`, and a long one is cut. */
export function shown(text: string): string {
  const line = text.replace(UNSHOWN, escaped);
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}…`;
}

/**
 * A whole output, of which the line ends and tabs are ours: the net below {@link shown}. A carriage return at the very
 * beginning stays, for progress on one line. In JSON what is escaped means the same as before.
 */
export function forTerminal(text: string): string {
  return text.replace(UNSHOWN, (character, at: number) =>
    character === '\n' || character === '\t' || (character === '\r' && at === 0) ? character : escaped(character),
  );
}
