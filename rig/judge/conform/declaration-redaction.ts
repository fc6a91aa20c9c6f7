import { isScalar, parseDocument, visit } from 'yaml';
import { redactedRules } from '../replay/rules-redaction.ts';

/** Keys of a declaration whose values are codes, or would tell one. */
const CODES: readonly string[] = ['code', 'block', 'wrong'];

/**
 * A declaration as it may be handed over: `X` for each character of a code and for bytes that hold a NIR, a name or a
 * signature. Comments are left out: people note codes in them.
 * @param text YAML that was read as a declaration before
 */
export function redactedDeclaration(text: string): string {
  const document = parseDocument(text, { schema: 'failsafe' });
  document.commentBefore = document.comment = null;
  visit(document, {
    Node(_, node) {
      node.commentBefore = node.comment = null;
    },
    Pair(_, { key, value }) {
      if (!isScalar(key) || !CODES.includes(String(key.value))) return;
      if (isScalar(value)) value.value = 'X'.repeat(String(value.value).length);
    },
  });
  return redactedRules(document.toString({ lineWidth: 0 }));
}
