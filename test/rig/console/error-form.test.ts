import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** Errors whose literals are found by their class, with the arguments that may come before the message. */
const THROWN =
  /new (?:\w+Error|CannotRun|BoardFault|LineProblem)\(\s*(?:'[a-z-]+',\s*|\{[^{}]*\},\s*|this\.\w+,\s*)?(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;
/** Long messages of a `HalError` stand in a variable of their own. */
const NAMED = /const words\s*=\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1;/g;
/** Commander puts a sentence before it: this one is a whole sentence too. */
const FOLLOWS_A_SENTENCE = 'new InvalidArgumentError(';
/** Proper names, and the lengths of ISO/IEC 7816. */
const NAMES_WITH_A_CAPITAL = /^(?:Windows|Node|Chromium|N[ce]|L[ce])\b/;

function isInForm(message: string): boolean {
  if (/[^.]\.$/.test(message)) return false;
  return !/^[A-Z][a-z]* /.test(message) || NAMES_WITH_A_CAPITAL.test(message);
}

function messagesIn(source: string): string[] {
  return [...source.matchAll(THROWN), ...source.matchAll(NAMED)]
    .filter(([whole]) => !whole.startsWith(FOLLOWS_A_SENTENCE))
    .map(([, , message]) => message as string)
    .filter((message) => message.includes(' '));
}

it.each([
  ['the reader "x" was unplugged', true],
  ['PC/SC lists no reader', true],
  ['Windows gives no access to COM3: another program is probably using it', true],
  ['The reader "x" was unplugged', false],
  ['A command of 4 bytes', false],
  ['the reader "x" was unplugged.', false],
])('%j: %s', (message, expected) => {
  expect(isInForm(message)).toBe(expected);
});

it('finds messages behind a kind, in a template and in a variable', () => {
  const source = [
    "throw new HalError('no-card', 'no card here');",
    'return new CannotRun(`it is empty: give another`);',
    "const words = 'the line is gone';",
    "throw new InvalidArgumentError('It takes a number.');",
  ].join('\n');
  expect(messagesIn(source)).toEqual(['no card here', 'it is empty: give another', 'the line is gone']);
});

it('every error message in the sources begins in lower case and ends without a full stop', () => {
  const files = ['src', 'rig'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`),
  );
  const messages = files.flatMap((file) =>
    messagesIn(readFileSync(file, 'utf8')).map((message) => ({ file, message })),
  );
  expect(messages.length).toBeGreaterThan(500);
  expect(messages.filter(({ message }) => !isInForm(message))).toEqual([]);
});
