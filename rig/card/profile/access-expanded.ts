import { type Environments, WORD_BITS, wordProblem } from './condition-words.ts';
import { type ConditionDocument, DF_MODES, EF_MODES, type RecordRules } from './document.ts';

/** A condition and the bit of the access mode byte that it is for, 0 for b1; null for `never`. */
export interface DescribedRule {
  readonly bit: number;
  readonly condition: ConditionDocument | null;
}

const USAGE = { CODE: 0x08, KEY: 0x80 } as const;

/**
 * Rules of the expanded format (ISO/IEC 7816-4): an access mode byte and a condition, for each condition that occurs.
 * @param say told about each fault and the bit where it is
 */
export function encodeRules(
  rules: readonly DescribedRule[],
  environments: Environments,
  say: (bit: number, message: string) => void,
): Uint8Array {
  const modes = new Map<string, { mode: number; bytes: number[] }>();
  for (const { bit, condition } of rules) {
    if (condition === null) continue;
    const bytes = encode(condition, environments, (message) => say(bit, message));
    const entry = modes.get(bytes.join()) ?? { mode: 0, bytes };
    entry.mode |= 1 << bit;
    modes.set(bytes.join(), entry);
  }
  return Uint8Array.from([...modes.values()].flatMap(({ mode, bytes }) => [0x80, 1, mode, ...bytes]));
}

/** A record of an EF.ARR. @param say told about each fault and the access mode where it is */
export function encodeRecordRules(
  rules: RecordRules,
  environments: Environments,
  say: (mode: string, message: string) => void,
): Uint8Array {
  const named = Object.entries(rules).map(([mode, condition]) => ({
    mode,
    bit: bitOf(mode),
    condition: condition ?? null,
  }));
  return encodeRules(named, environments, (bit, message) =>
    say(named.find((each) => each.bit === bit)?.mode ?? '', message),
  );
}

function bitOf(mode: string): number {
  const bit = (EF_MODES as readonly string[]).indexOf(mode);
  return bit >= 0 ? bit : (DF_MODES as readonly string[]).indexOf(mode);
}

function encode(condition: ConditionDocument, environments: Environments, say: (message: string) => void): number[] {
  switch (condition.kind) {
    case 'word':
      return encodeWord(condition.word, environments, say);
    case 'key':
      return authentication(condition.key, USAGE.KEY);
    case 'not':
      return template(0xa7, [condition.part], environments, say);
    default: {
      const [only] = condition.parts;
      if (only !== undefined && condition.parts.length === 1) return encode(only, environments, say);
      return template(condition.kind === 'all' ? 0xaf : 0xa0, condition.parts, environments, say);
    }
  }
}

function template(
  tag: number,
  parts: readonly ConditionDocument[],
  environments: Environments,
  say: (message: string) => void,
): number[] {
  const inside = parts.flatMap((part) => encode(part, environments, say));
  if (inside.length > 127) {
    say(`${inside.length} bytes of conditions, 127 at most`);
    return [0x97, 0];
  }
  return [tag, inside.length, ...inside];
}

function encodeWord(word: string, environments: Environments, say: (message: string) => void): number[] {
  const problem = wordProblem(word, environments);
  if (problem !== null) say(problem);
  if (word === 'always') return [0x90, 0];
  const bit = WORD_BITS[word];
  if (bit !== undefined) return [0x9e, 1, bit];
  const environment = Object.hasOwn(environments, word) ? environments[word] : undefined;
  if (environment === undefined) return [0x97, 0];
  switch (environment.by) {
    case 'verify':
      return authentication(environment.reference, USAGE.CODE);
    case 'key':
      return authentication(environment.key, USAGE.KEY);
    // What only an environment of this card can say, the condition byte names.
    case 'holder':
      return [0x9e, 1, 0x10 | environment.id];
    case 'terminal':
      return [0x9e, 1, 0x20 | environment.id];
  }
}

function authentication(reference: number, usage: number): number[] {
  return [0xa4, 6, 0x83, 1, reference, 0x95, 1, usage];
}
