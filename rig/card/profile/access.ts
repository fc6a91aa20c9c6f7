import type {
  AccessRules,
  AccessVector,
  SecurityAttributeSpecification,
  SecurityAttributesSpecification,
} from '../../../src/applet/image/specification.ts';
import type { CardInterface } from '../../../src/hal/index.ts';
import { type DescribedRule, encodeRules } from './access-expanded.ts';
import { INTERFACES } from './access-schema.ts';
import { type Environments, WORD_BITS, wordProblem } from './condition-words.ts';
import type { AccessDocument, ConditionDocument, InterfaceConditions } from './document.ts';
import type { Issues } from './issues.ts';
import type { Path } from './source.ts';

const ALWAYS = 0x00;
const NEVER = 0xff;
const ALL = 0x80;
const USER_AUTHENTICATION = 0x10;
const EXTERNAL_AUTHENTICATION = 0x20;

/** What a specification says of a file's rules. */
export interface SpecifiedRules {
  readonly access: AccessRules;
  readonly attributes: SecurityAttributesSpecification;
}

const NOTHING: AccessVector = [NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER];

/**
 * Rules in words; `modes` are the words for b1 to b7. On each interface they are compact where condition bytes can say
 * them all, and expanded otherwise. Faults go to `issues`, as `never`.
 */
export function accessRules(
  rules: AccessDocument,
  modes: readonly string[],
  environments: Environments,
  issues: Issues,
  path: Path,
): SpecifiedRules {
  const attributes: Partial<Record<CardInterface, SecurityAttributeSpecification>> = {};
  const { expanded, reference } = rules;
  const access = forEachInterface((name): AccessVector => {
    if (expanded !== undefined) attributes[name] = { form: 'expanded', value: expanded };
    const record = reference?.records[name];
    if (reference !== undefined && record !== undefined) {
      const { file } = reference;
      attributes[name] = { form: 'referenced', value: Uint8Array.of(file >> 8, file & 0xff, record) };
    }
    const written = modes.map((mode, bit): DescribedRule => ({ bit, condition: rules.modes[mode]?.[name] ?? null }));
    if (!written.some(({ condition }) => condition !== null && needsExpanded(condition, environments))) {
      const bytes = written.map(({ condition, bit }) =>
        condition === null
          ? NEVER
          : conditionByte(condition, environments, (message) =>
              issues.report([...path, modes[bit] as string, name], message),
            ),
      );
      return bytes as unknown as AccessVector;
    }
    const value = encodeRules(written, environments, (bit, message) =>
      issues.report([...path, modes[bit] as string, name], message),
    );
    attributes[name] = { form: 'expanded', value };
    return NOTHING;
  });
  return { access, attributes };
}

/** One condition byte for each interface. */
export function conditionBytes(
  written: InterfaceConditions,
  environments: Environments,
  issues: Issues,
  path: Path,
): Record<CardInterface, number> {
  return forEachInterface((name) => {
    const condition = written[name];
    if (condition === undefined) return NEVER;
    return conditionByte(condition, environments, (message) => issues.report([...path, name], message));
  });
}

function forEachInterface<T>(make: (name: CardInterface) => T): Record<CardInterface, T> {
  return Object.fromEntries(INTERFACES.map((name) => [name, make(name)])) as Record<CardInterface, T>;
}

function isOfReader(environments: Environments, word: string): boolean {
  const by = environments[word]?.by;
  return by === 'terminal' || by === 'key';
}

/** Whether a condition byte cannot say it: something inside something, `not`, a key, or two environments. */
function needsExpanded(condition: ConditionDocument, environments: Environments): boolean {
  if (condition.kind === 'word') return false;
  if (condition.kind === 'key' || condition.kind === 'not') return true;
  const words = condition.parts.flatMap((part) => (part.kind === 'word' ? [part.word] : []));
  if (words.length < condition.parts.length) return true;
  const named = new Set(words.filter((word) => Object.hasOwn(environments, word)));
  // One bit says "external authentication", either with what the environment names or with anything.
  const anyReader =
    words.includes('external-authentication') && [...named].some((word) => isOfReader(environments, word));
  return named.size > 1 || anyReader;
}

/** @param say told about each fault; the byte is then `never` */
function conditionByte(
  condition: ConditionDocument,
  environments: Environments,
  say: (message: string) => void,
): number {
  const parts = condition.kind === 'all' || condition.kind === 'any' ? condition.parts : [condition];
  let bits = 0;
  let environment = 0;
  for (const part of parts) {
    if (part.kind !== 'word') {
      say('only words, or one `all` or `any` of them: a condition byte says no more');
      return NEVER;
    }
    const { word } = part;
    const problem = wordProblem(word, environments);
    if (problem !== null) {
      say(problem);
      return NEVER;
    }
    if (word === 'always' || word === 'never') {
      if (parts.length === 1) return word === 'always' ? ALWAYS : NEVER;
      say(`\`${word}\` stands alone`);
      return NEVER;
    }
    const id = environments[word]?.id;
    if (id === undefined) bits |= WORD_BITS[word] as number;
    else if (environment !== 0 && environment !== id) {
      say('two environments in one condition: a condition byte names only one');
      return NEVER;
    } else {
      bits |= isOfReader(environments, word) ? EXTERNAL_AUTHENTICATION : USER_AUTHENTICATION;
      environment = id;
    }
  }
  return bits | environment | (condition.kind === 'all' && parts.length > 1 ? ALL : 0);
}
