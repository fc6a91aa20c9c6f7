/*
 * What a terminal is given: verdicts in colour where it takes them, ASCII where its locale has nothing else. Everything
 * that the program says passes here once, after it was cleaned (shown.ts).
 */

export interface OutputEdge {
  readonly colour: boolean;
  readonly ascii: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What goes with an output. FORCE_COLOR (0 and `false` mean no) comes before NO_COLOR, and both before what the output
 * is. A locale that is set and is not UTF-8 gets ASCII; one that is not set says nothing.
 */
export function outputEdge(env: Environment, isTty: boolean): OutputEdge {
  return { colour: wantsColour(env, isTty), ascii: hasNoUtf8(env) };
}

function wantsColour({ FORCE_COLOR: force, NO_COLOR: no, TERM: terminal }: Environment, isTty: boolean): boolean {
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  if (no !== undefined && no !== '') return false;
  return isTty && terminal !== 'dumb';
}

/** By the first of the three that is set, as POSIX has it. */
function hasNoUtf8({ LC_ALL, LC_CTYPE, LANG }: Environment): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((each) => each !== undefined && each !== '');
  return locale !== undefined && !/utf-?8/i.test(locale);
}

/** Prose as this output takes it. */
export function proseFor({ colour, ascii }: OutputEdge, text: string): string {
  const plain = ascii ? asAscii(text) : text;
  return colour ? inColour(plain) : plain;
}

/** JSON as this output takes it: never in colour, and what is not ASCII escaped, which means the same. */
export function jsonFor({ ascii }: OutputEdge, text: string): string {
  return ascii
    ? text.replace(NOT_ASCII_UNIT, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : text;
}

const GREEN = 32;
const RED = 31;
const YELLOW = 33;
const FAINT = 2;

const COLOURS: Readonly<Record<string, number>> = {
  PASS: GREEN,
  ok: GREEN,
  FAIL: RED,
  ERROR: RED,
  INCONCLUSIVE: YELLOW,
  WARN: YELLOW,
  SKIPPED: FAINT,
  skip: FAINT,
  'NOT APPLICABLE': FAINT,
};

/** A verdict stands at the beginning of a line, or behind its number where verdicts are counted. */
const VERDICT =
  /^((?:\d+ of \d+ {2})?)(PASS|FAIL|ERROR|INCONCLUSIVE|WARN|SKIPPED|NOT APPLICABLE|ok|skip)(?=[ :,\n]|$)|(?<=(?:^|, )[1-9]\d* )(PASS|FAIL|INCONCLUSIVE|SKIPPED|NOT APPLICABLE)(?=,|$)/gm;

function inColour(text: string): string {
  return text.replace(VERDICT, (_, before: string | undefined, first: string | undefined, counted: string) => {
    const word = first ?? counted;
    return `${before ?? ''}\u001b[${COLOURS[word]}m${word}\u001b[0m`;
  });
}

/** Signs that ASCII writes otherwise. One for one where columns stand under each other. */
const WRITTEN: Readonly<Record<string, string>> = {
  '…': '...',
  '·': '.',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '«': '"',
  '»': '"',
  '–': '-',
  '—': '-',
  '−': '-',
  '⁻': '-',
  '×': 'x',
  µ: 'u',
  '€': 'EUR',
  '✔': '+',
  '✘': 'x',
  '→': '->',
  '←': '<-',
  '≥': '>=',
  '≤': '<=',
  '±': '+-',
  '─': '-',
  '│': '|',
  '‖': '|',
  '└': '`',
  '┘': "'",
  '├': '+',
  '┴': '+',
  '▸': '>',
  '◂': '<',
  '½': '1/2',
  œ: 'oe',
  Œ: 'OE',
  æ: 'ae',
  Æ: 'AE',
  ß: 'ss',
  '°': ' deg',
  '§': 'section ',
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with them
const NOT_ASCII = /[^\u0000-\u007f]/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with them
const NOT_ASCII_UNIT = /[^\u0000-\u007f]/g;

/** Letters without their accents, signs as ASCII writes them, blocks of a bar as #, and what is left as a question mark. */
export function asAscii(text: string): string {
  return text.replace(NOT_ASCII, (character) => {
    const written = WRITTEN[character];
    if (written !== undefined) return written;
    if (/[\u2580-\u259f]/.test(character)) return '#';
    if (/\p{Zs}/u.test(character)) return ' ';
    // Superscripts and full-width letters too.
    const plain = character.normalize('NFKD').replace(/\p{M}/gu, '').replace(NOT_ASCII, '');
    return plain === '' && !/\p{M}/u.test(character) ? '?' : plain;
  });
}
