/** Access rules as the model has them: a tree, and what it means. Nothing here comes from the card's own code. */

export type CardInterface = 'contact' | 'contactless' | 'wired';
export const CARD_INTERFACES: readonly CardInterface[] = ['contact', 'contactless', 'wired'];

export type Rule =
  | { readonly is: 'always' | 'never' | 'secure-messaging' | 'external-authentication' }
  /** A key that the other side has proven to know. */
  | { readonly is: 'key'; readonly key: string }
  /** A code that was presented in this session. */
  | { readonly is: 'code'; readonly code: string }
  /** The presentation window of the phone is open, by this code. */
  | { readonly is: 'holder'; readonly code: string }
  | { readonly is: 'any' | 'all' | 'none'; readonly of: readonly Rule[] };

/** What is true when a rule is judged. */
export interface Facts {
  proven(code: string): boolean;
  /** Whether the other side has proven this key; null: any. */
  authenticated(key: string | null): boolean;
  /** Code whose window is open, or null. */
  readonly window: string | null;
  /** The command came protected. */
  readonly secure: boolean;
}

export function holds(rule: Rule, facts: Facts): boolean {
  switch (rule.is) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'secure-messaging':
      return facts.secure;
    case 'external-authentication':
      return facts.authenticated(null);
    case 'key':
      return facts.authenticated(rule.key);
    case 'code':
      return facts.proven(rule.code);
    case 'holder':
      return facts.window === rule.code;
    case 'any':
      return rule.of.some((each) => holds(each, facts));
    case 'all':
      return rule.of.every((each) => holds(each, facts));
    case 'none':
      return !rule.of.some((each) => holds(each, facts));
  }
}

export const ALWAYS: Rule = { is: 'always' };
export const NEVER: Rule = { is: 'never' };
export const SECURE_MESSAGING: Rule = { is: 'secure-messaging' };
export const EXTERNAL_AUTHENTICATION: Rule = { is: 'external-authentication' };
export const afterKey = (key: string): Rule => ({ is: 'key', key });
export const afterCode = (code: string): Rule => ({ is: 'code', code });
export const byHolder = (code: string): Rule => ({ is: 'holder', code });
export const any = (...of: Rule[]): Rule => ({ is: 'any', of });
export const all = (...of: Rule[]): Rule => ({ is: 'all', of });
