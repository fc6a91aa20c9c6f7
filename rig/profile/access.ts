import type { AccessRules, AccessVector } from '../../src/applet/image/specification.ts';
import type { CardInterface } from '../../src/hal/index.ts';
import { INTERFACES } from './access-schema.ts';
import type { AccessDocument, ConditionDocument, DirectoryDocument, InterfaceConditions } from './document.ts';
import type { Issues } from './issues.ts';
import type { Path } from './source.ts';

const ALWAYS = 0x00;
const NEVER = 0xff;
const ALL = 0x80;
const USER_AUTHENTICATION = 0x10;

/** Words that need no environment: bits of a security condition byte (ISO/IEC 7816-4). */
const BITS: Readonly<Record<string, number>> = { 'secure-messaging': 0x40, 'external-authentication': 0x20 };

/** Words that a directory may not give to an environment of its own. */
export const RESERVED_WORDS: ReadonlySet<string> = new Set(['always', 'never', ...Object.keys(BITS)]);

type Environments = DirectoryDocument['environments'];

/** Rules in words as condition bytes; `modes` are the words for b1 to b7. Faults go to `issues`, as `never`. */
export function accessRules(
  rules: AccessDocument,
  modes: readonly string[],
  environments: Environments,
  issues: Issues,
  path: Path,
): AccessRules {
  return forEachInterface((name) => {
    const bytes = modes.map((mode) => {
      const written = rules[mode];
      return written === undefined ? NEVER : conditionFor(written, name, environments, issues, [...path, mode]);
    });
    return bytes as unknown as AccessVector;
  });
}

/** One condition byte for each interface. */
export function conditionBytes(
  written: InterfaceConditions,
  environments: Environments,
  issues: Issues,
  path: Path,
): Record<CardInterface, number> {
  return forEachInterface((name) => conditionFor(written, name, environments, issues, path));
}

function forEachInterface<T>(make: (name: CardInterface) => T): Record<CardInterface, T> {
  return Object.fromEntries(INTERFACES.map((name) => [name, make(name)])) as Record<CardInterface, T>;
}

function conditionFor(
  written: InterfaceConditions,
  name: CardInterface,
  environments: Environments,
  issues: Issues,
  path: Path,
): number {
  const condition = written[name];
  if (condition === undefined) return NEVER;
  return conditionByte(condition, environments, (message) => issues.report([...path, name], message));
}

/** @param say told about each fault; the byte is then `never` */
function conditionByte(
  condition: ConditionDocument,
  environments: Environments,
  say: (message: string) => void,
): number {
  const { words, all } = condition;
  if (words.length === 1 && words[0] === 'always') return ALWAYS;
  if (words.length === 1 && words[0] === 'never') return NEVER;
  let bits = 0;
  let environment = 0;
  for (const word of words) {
    const environmentOfWord = Object.hasOwn(environments, word) ? environments[word] : undefined;
    if (word === 'always' || word === 'never') {
      say(`\`${word}\` stands alone`);
      return NEVER;
    } else if (Object.hasOwn(BITS, word)) {
      bits |= BITS[word] as number;
    } else if (environmentOfWord === undefined) {
      const known = [...RESERVED_WORDS, ...Object.keys(environments)].join(', ');
      say(`\`${word.slice(0, 40)}\` is no condition here: ${known}`);
      return NEVER;
    } else if (environment !== 0 && environment !== environmentOfWord.id) {
      say('two environments in one condition: a condition byte names only one');
      return NEVER;
    } else {
      bits |= USER_AUTHENTICATION;
      environment = environmentOfWord.id;
    }
  }
  return bits | environment | (all && words.length > 1 ? ALL : 0);
}
