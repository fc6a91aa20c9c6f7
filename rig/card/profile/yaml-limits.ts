import { Lexer, Parser } from 'yaml';

/** Collections in collections. */
const DEEPEST = 64;
/** Keys and values as they are written; aliases count by what they name, later. */
const MOST_SCALARS = 40_000;
const COLLECTIONS: readonly string[] = ['block-map', 'block-seq', 'flow-collection'];

/**
 * What of a text is more than any profile has: looked for token by token, before trees are made of it, which costs
 * memory and stack for each level.
 * @returns where, and what; null for a text within the limits, be it YAML or not
 */
export function beyondYamlLimits(text: string): { readonly offset: number; readonly message: string } | null {
  const parser = new Parser();
  let scalars = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > DEEPEST && depthOf(parser) > DEEPEST) {
      return { offset: parser.offset, message: `more than ${DEEPEST} levels of lists and mappings` };
    }
    if (isScalar(lexeme) && ++scalars > MOST_SCALARS) {
      return { offset: parser.offset, message: `more than ${MOST_SCALARS} keys and values` };
    }
  }
  return null;
}

function depthOf(parser: Parser): number {
  return parser.stack.filter(({ type }) => COLLECTIONS.includes(type)).length;
}

/** The mark before a plain or block scalar, a quoted scalar, or an alias. */
function isScalar(lexeme: string): boolean {
  return lexeme === '\x1f' || /^["'*]/.test(lexeme);
}
