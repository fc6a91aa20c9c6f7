/**
 * What a counter says beside a reading, in the words of the command line. `{…}` is what is known only then. The counter's
 * page says them in the reader's language, so it runs without Node.
 */
export const READING_WARNINGS = {
  keysNotAsked: 'the issuer’s keys were not asked for anew: {problem}',
  keysKept: 'the issuer’s keys are those that were kept here {age} ago',
  listNotAsked: 'the list of states was not asked for anew: {problem}',
  listStale: 'the list of states is stale: it is {age} s old; a card revoked since then is not noticed',
  listStaleBy:
    'the list of states is stale: it is {age} s old, and is good for {limit} s; a card revoked since then is not noticed',
  noList: 'the activation was not looked up: no list of states is at hand',
  noCredential: 'the activation was not looked up: the card holds no credential of an issuer',
  noTrust: 'the activation was not looked up: the issuer’s keys were not given (--issuer, --trust)',
  credentialNotBelieved: 'the activation was not looked up: the credential is not believed',
  // Those that may hold anything come last: the first that fits a sentence is it.
  notLookedUp: 'the activation was not looked up: {problem}',
  listNotBelieved: '{name} is not believed: {problem}',
} as const;
export type ReadingWarning = keyof typeof READING_WARNINGS;

type Values = Readonly<Record<string, string | number>>;

/** The sentence of a warning. */
export function warningWords(code: ReadingWarning, values: Values = {}): string {
  return READING_WARNINGS[code].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

const FORMS = Object.entries(READING_WARNINGS).map(([code, words]) => ({
  code: code as ReadingWarning,
  form: new RegExp(
    `^${words
      .split(/\{(\w+)\}/)
      .map((part, i) => (i % 2 === 0 ? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : `(?<${part}>.*?)`))
      .join('')}$`,
    's',
  ),
}));

/** Which warning a sentence is, with its values; null: none of these. */
export function readWarning(sentence: string): { readonly code: ReadingWarning; readonly values: Values } | null {
  for (const { code, form } of FORMS) {
    const found = form.exec(sentence);
    if (found !== null) return { code, values: { ...found.groups } };
  }
  return null;
}
