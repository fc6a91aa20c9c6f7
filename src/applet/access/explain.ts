import type { CardInterface } from '../../hal/card-link.ts';
import type { CardFile } from '../files/card-file.ts';
import { KEY_USE } from '../image/layout.ts';
import type { TerminalRight } from '../image/specification.ts';
import type { CardKey } from '../keys/key-store.ts';
import type { Pin } from '../pin/pin-store.ts';
import { type AccessControl, CONDITION, type ReferenceState, type Requester } from './access-control.ts';
import { type AccessRule, covers, STEP } from './access-rule.ts';
import { lackOf, type TerminalLack } from './reader-standing.ts';

/** A security condition as it stands now, its parts included. */
export type ExplainedCondition =
  | { readonly kind: 'always' | 'never' | 'secure-messaging'; readonly satisfied: boolean }
  /** `key` null: the rule names none. `known` null: the card has no such key. */
  | {
      readonly kind: 'external-authentication';
      readonly key: number | null;
      readonly known: CardKey | null;
      readonly triesLeft: number;
      readonly satisfied: boolean;
    }
  /** A terminal that its certificates allow this, after chip authentication; `lack` is null when it is satisfied. */
  | {
      readonly kind: 'terminal';
      readonly right: TerminalRight;
      readonly lack: TerminalLack | null;
      readonly satisfied: boolean;
    }
  /** `pin` null: the card has no such code, and nothing can satisfy this. */
  | { readonly kind: 'code'; readonly pin: Pin | null; readonly triesLeft: number; readonly satisfied: boolean }
  /** Typed on the phone, while its presentation window is open. */
  | { readonly kind: 'holder'; readonly pin: Pin; readonly satisfied: boolean }
  | {
      readonly kind: 'all' | 'any' | 'not';
      readonly parts: readonly ExplainedCondition[];
      readonly satisfied: boolean;
    };

/** Where a rule comes from. */
export type RuleSource =
  | { readonly form: 'compact' | 'expanded' }
  | { readonly form: 'referenced'; readonly fid: number; readonly record: number; readonly state: ReferenceState };

/** One decision of the card: who asked for what, which rule applied, and what of it was satisfied. */
export interface ExplainedAccess {
  /** The file whose rule it is, or null for the rule of a code: who may present it. */
  readonly file: CardFile | null;
  /** Bit of the access mode byte, 0 for b1. */
  readonly operation: number;
  readonly cardInterface: CardInterface;
  readonly permitted: boolean;
  readonly source: RuleSource;
  readonly condition: ExplainedCondition;
}

/** Explains a decision about a file. Whatever was decided is judged again: call it at the moment of the decision. */
export function explainAccess(
  access: AccessControl,
  file: CardFile,
  operation: number,
  requester: Requester,
  permitted: boolean,
): ExplainedAccess {
  const decision = { file, operation, cardInterface: requester.cardInterface, permitted };
  const attribute = file.attributeFor(requester.cardInterface);
  if (attribute === null) {
    const condition = explainByte(
      access,
      file.condition(operation, requester.cardInterface),
      file.directory,
      requester,
    );
    return { ...decision, source: { form: 'compact' }, condition };
  }
  const source: RuleSource =
    attribute.form === 'expanded'
      ? { form: 'expanded' }
      : {
          form: 'referenced',
          fid: attribute.fid,
          record: access.recordNumber(attribute),
          state: access.resolve(attribute, file),
        };
  const rules = access.rulesOf(attribute, file).filter((rule) => covers(rule, operation, requester.command));
  const parts = rules.map((rule) => explainProgram(access, rule, file.directory, requester));
  return { ...decision, source, condition: together('any', parts) };
}

/** Explains a decision about a condition that stands alone. */
export function explainCondition(
  access: AccessControl,
  condition: number,
  directory: CardFile,
  requester: Requester,
  permitted: boolean,
): ExplainedAccess {
  return {
    file: null,
    operation: 0,
    cardInterface: requester.cardInterface,
    permitted,
    source: { form: 'compact' },
    condition: explainByte(access, condition, directory, requester),
  };
}

function explainByte(
  access: AccessControl,
  condition: number,
  directory: CardFile,
  requester: Requester,
): ExplainedCondition {
  if (condition === CONDITION.ALWAYS) return { kind: 'always', satisfied: true };
  const parts: ExplainedCondition[] = [];
  if (condition !== CONDITION.NEVER) {
    const judge = access.judgeFor(directory, requester);
    if ((condition & CONDITION.SECURE_MESSAGING) !== 0) {
      parts.push({ kind: 'secure-messaging', satisfied: judge.isSecurelyMessaged() });
    }
    if ((condition & CONDITION.EXTERNAL_AUTHENTICATION) !== 0) {
      parts.push(explainReader(access, condition & CONDITION.ENVIRONMENT, directory, requester));
    }
    if ((condition & CONDITION.USER_AUTHENTICATION) !== 0) {
      parts.push(explainUser(access, condition & CONDITION.ENVIRONMENT, directory, requester));
    }
  }
  return together((condition & CONDITION.ALL) !== 0 ? 'all' : 'any', parts);
}

function explainUser(access: AccessControl, id: number, directory: CardFile, requester: Requester): ExplainedCondition {
  const judge = access.judgeFor(directory, requester);
  const satisfied = judge.isConditionMet(CONDITION.USER_AUTHENTICATION | id);
  const environment = id === 0 ? null : access.environment(id, directory);
  if (environment?.by === 'holder') return { kind: 'holder', pin: environment.pin, satisfied };
  const named = environment?.by === 'verify' ? environment.pin : null;
  return explainedCode(access, id === 0 ? access.pins.firstOf(directory.application) : named, satisfied);
}

function explainReader(
  access: AccessControl,
  id: number,
  directory: CardFile,
  requester: Requester,
): ExplainedCondition {
  const satisfied = access.judgeFor(directory, requester).isConditionMet(CONDITION.EXTERNAL_AUTHENTICATION | id);
  const environment = id === 0 ? null : access.environment(id, directory);
  if (environment?.by === 'terminal') {
    const { right } = environment;
    return { kind: 'terminal', right, lack: lackOf(requester.secureChannel, right), satisfied };
  }
  const key = environment?.by === 'key' ? environment.key : null;
  return explainedKey(access, key?.reference ?? null, key, satisfied);
}

function explainedKey(
  access: AccessControl,
  reference: number | null,
  known: CardKey | null,
  satisfied: boolean,
): ExplainedCondition {
  const triesLeft = known === null ? 0 : access.keys.triesLeft(known);
  return { kind: 'external-authentication', key: reference, known, triesLeft, satisfied };
}

function explainedCode(access: AccessControl, pin: Pin | null, satisfied: boolean): ExplainedCondition {
  return { kind: 'code', pin, triesLeft: pin === null ? 0 : access.pins.triesLeft(pin), satisfied };
}

function explainProgram(
  access: AccessControl,
  rule: AccessRule,
  directory: CardFile,
  requester: Requester,
): ExplainedCondition {
  const stack: ExplainedCondition[] = [];
  for (let at = 0; at < rule.program.length; at += 2) {
    const argument = rule.program[at + 1] as number;
    switch (rule.program[at]) {
      case STEP.CONDITION:
        stack.push(explainByte(access, argument, directory, requester));
        break;
      case STEP.CODE: {
        const satisfied = access.judgeFor(directory, requester).isCodeVerified(argument);
        stack.push(explainedCode(access, access.pins.find(argument, directory), satisfied));
        break;
      }
      case STEP.KEY: {
        const satisfied = access.judgeFor(directory, requester).isKeyAuthenticated(argument);
        const use = KEY_USE.EXTERNAL_AUTHENTICATION | KEY_USE.MUTUAL_AUTHENTICATION;
        stack.push(explainedKey(access, argument, access.keys.find(argument, directory, use), satisfied));
        break;
      }
      case STEP.SECURE_MESSAGING:
        stack.push({ kind: 'secure-messaging', satisfied: access.judgeFor(directory, requester).isSecurelyMessaged() });
        break;
      case STEP.AND:
        stack.push(together('all', stack.splice(stack.length - argument)));
        break;
      case STEP.OR:
        stack.push(together('any', stack.splice(stack.length - argument)));
        break;
      default: {
        const part = stack.pop() as ExplainedCondition;
        stack.push({ kind: 'not', parts: [part], satisfied: !part.satisfied });
      }
    }
  }
  return stack[0] as ExplainedCondition;
}

/** One part stands for itself; none is "never". */
function together(kind: 'all' | 'any', parts: readonly ExplainedCondition[]): ExplainedCondition {
  const [only] = parts;
  if (only === undefined) return { kind: 'never', satisfied: false };
  if (parts.length === 1) return only;
  const satisfied = kind === 'all' ? parts.every((part) => part.satisfied) : parts.some((part) => part.satisfied);
  return { kind, parts, satisfied };
}
