import { TlvError, TlvReader } from '../../apdu/ber-tlv-reader.ts';
import { copyBytes } from '../../apdu/copy-bytes.ts';

/** Deepest nesting of OR, AND and NOT templates in a rule. */
const LARGEST_DEPTH = 8;
/** Most values that a rule may hold at once: they are the bits of one number. */
const LARGEST_STACK = 31;

/**
 * Steps of a compiled rule, in postfix order: a condition pushes one truth value, an operator takes its operands. The
 * first three carry an argument in the byte after them, as do AND and OR: the number of operands.
 */
export const STEP = {
  /** A security condition byte. */
  CONDITION: 0,
  /** User authentication with the code of this reference. */
  CODE: 1,
  /** External authentication with the key of this reference. */
  KEY: 2,
  SECURE_MESSAGING: 3,
  AND: 4,
  OR: 5,
  NOT: 6,
} as const;

/** Answers a rule's conditions, one by one. */
export interface ConditionJudge {
  isConditionMet(condition: number): boolean;
  isCodeVerified(reference: number): boolean;
  isKeyAuthenticated(reference: number): boolean;
  isSecurelyMessaged(): boolean;
}

/** One access rule of the expanded format, compiled: for which commands it is, and what must hold. */
export interface AccessRule {
  /** Bits b1 to b7 of the access mode byte; 0 when the rule is for headers. */
  readonly modes: number;
  /** Which of CLA, INS, P1, P2 the values state, as b4 to b1 of the tag; 0 when the rule is for modes. */
  readonly fields: number;
  /** Combinations of those, one after the other. */
  readonly headers: Uint8Array;
  readonly program: Uint8Array;
}

/** A rule in expanded format that means nothing: it is as good as "never". */
export class AccessRuleError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AccessRuleError';
  }
}

const NO_HEADERS = new Uint8Array(0);

/**
 * Compiles rules of the expanded format of ISO/IEC 7816-4: an access mode data object, then its security conditions,
 * and so on. Conditions that stand side by side are alternatives, as in an OR template.
 *
 * Access modes: 80 one access mode byte, 81 to 8F lists of command headers. Conditions: 90 always, 97 never, 9E a
 * security condition byte, A4 user authentication (83 code; 95 usage qualifier 08, or none) or external authentication
 * (83 or 84 key; 95 usage qualifier 80), B4 B6 B8 secure messaging, A0 one of, AF all of, A7 none of.
 * @throws {AccessRuleError} anything else, nested too deeply, or too long
 */
export function compileRules(bytes: Uint8Array, offset = 0, length: number = bytes.length - offset): AccessRule[] {
  try {
    return compile(new TlvReader(bytes, offset, length));
  } catch (error) {
    if (error instanceof TlvError) throw new AccessRuleError(error.message);
    throw error;
  }
}

function compile(reader: TlvReader): AccessRule[] {
  const rules: AccessRule[] = [];
  let more = reader.next();
  while (more) {
    const { modes, fields, headers } = accessMode(reader);
    const program = new ProgramWriter();
    let alternatives = 0;
    more = reader.next();
    while (more && !isAccessMode(reader.tag)) {
      condition(reader, program, 0);
      alternatives++;
      more = reader.next();
    }
    if (alternatives === 0) throw new AccessRuleError('an access mode without a condition');
    program.operator(STEP.OR, alternatives);
    rules.push({ modes, fields, headers, program: program.finish() });
  }
  if (rules.length === 0) throw new AccessRuleError('no rule');
  return rules;
}

function isAccessMode(tag: number): boolean {
  return tag >= 0x80 && tag <= 0x8f;
}

function accessMode(reader: TlvReader): Pick<AccessRule, 'modes' | 'fields' | 'headers'> {
  if (!isAccessMode(reader.tag)) throw new AccessRuleError('a rule begins with an access mode');
  const value = reader.value();
  if (reader.tag === 0x80) {
    if (value.length !== 1) throw new AccessRuleError('an access mode byte is one byte');
    const byte = value[0] as number;
    // With b8 set, b7 to b4 are proprietary, and none is used here.
    return { modes: (byte & 0x80) !== 0 ? byte & 0x07 : byte, fields: 0, headers: NO_HEADERS };
  }
  const fields = reader.tag & 0x0f;
  if (value.length === 0 || value.length % bitCount(fields) !== 0) throw new AccessRuleError('a header is cut short');
  return { modes: 0, fields, headers: copyBytes(value) };
}

function condition(reader: TlvReader, program: ProgramWriter, depth: number): void {
  if (depth > LARGEST_DEPTH) throw new AccessRuleError('templates nested too deeply');
  switch (reader.tag) {
    case 0x90:
    case 0x97:
      if (reader.valueLength !== 0) throw new AccessRuleError('"always" and "never" have no value');
      program.leaf(STEP.CONDITION, reader.tag === 0x90 ? 0x00 : 0xff);
      break;
    case 0x9e:
      if (reader.valueLength !== 1) throw new AccessRuleError('a security condition byte is one byte');
      program.leaf(STEP.CONDITION, reader.value()[0] as number);
      break;
    case 0xa4:
      authentication(reader, program);
      break;
    case 0xb4:
    case 0xb6:
    case 0xb8:
      program.leaf(STEP.SECURE_MESSAGING, 0);
      break;
    case 0xa0:
    case 0xaf:
    case 0xa7:
      template(reader, program, depth);
      break;
    default:
      throw new AccessRuleError('an unknown condition');
  }
}

function template(reader: TlvReader, program: ProgramWriter, depth: number): void {
  const inside = reader.enter();
  let count = 0;
  while (inside.next()) {
    condition(inside, program, depth + 1);
    count++;
  }
  if (count === 0) throw new AccessRuleError('an empty template');
  program.operator(reader.tag === 0xaf ? STEP.AND : STEP.OR, count);
  if (reader.tag === 0xa7) program.not();
}

function authentication(reader: TlvReader, program: ProgramWriter): void {
  const inside = reader.enter();
  let reference = -1;
  let usage = 0x08;
  while (inside.next()) {
    if (inside.valueLength !== 1) throw new AccessRuleError('an authentication names its reference in one byte');
    const value = inside.value()[0] as number;
    if (inside.tag === 0x83 || inside.tag === 0x84) reference = value;
    else if (inside.tag === 0x95) usage = value;
    else throw new AccessRuleError('an unknown part of an authentication');
  }
  if (reference < 0) throw new AccessRuleError('an authentication without a reference');
  if ((usage & 0x08) !== 0) program.leaf(STEP.CODE, reference);
  else if ((usage & 0x80) !== 0) program.leaf(STEP.KEY, reference);
  else throw new AccessRuleError('an authentication of unknown use');
}

class ProgramWriter {
  readonly #steps: number[] = [];
  #held = 0;

  leaf(step: number, argument: number): void {
    if (++this.#held > LARGEST_STACK) throw new AccessRuleError('too many conditions at once');
    this.#steps.push(step, argument);
  }

  operator(step: number, operands: number): void {
    this.#held -= operands - 1;
    if (operands > 1) this.#steps.push(step, operands);
  }

  not(): void {
    this.#steps.push(STEP.NOT, 0);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#steps);
  }
}

/** Whether the rule is about this operation (0 is b1 of the access mode byte) or this command header. */
export function covers(
  rule: AccessRule,
  operation: number,
  header: { readonly cla: number; readonly ins: number; readonly p1: number; readonly p2: number },
): boolean {
  const { fields, headers } = rule;
  if (fields === 0) return (rule.modes & (1 << operation)) !== 0;
  let at = 0;
  while (at < headers.length) {
    let same = true;
    if ((fields & 8) !== 0 && plainClass(headers[at++] as number) !== plainClass(header.cla)) same = false;
    if ((fields & 4) !== 0 && headers[at++] !== header.ins) same = false;
    if ((fields & 2) !== 0 && headers[at++] !== header.p1) same = false;
    if ((fields & 1) !== 0 && headers[at++] !== header.p2) same = false;
    if (same) return true;
  }
  return false;
}

/** Runs a compiled rule. Allocates nothing. */
export function isSatisfied(program: Uint8Array, judge: ConditionJudge): boolean {
  let stack = 0;
  for (let at = 0; at < program.length; at += 2) {
    const argument = program[at + 1] as number;
    const operands = (1 << argument) - 1;
    switch (program[at]) {
      case STEP.CONDITION:
        stack = (stack << 1) | (judge.isConditionMet(argument) ? 1 : 0);
        break;
      case STEP.CODE:
        stack = (stack << 1) | (judge.isCodeVerified(argument) ? 1 : 0);
        break;
      case STEP.KEY:
        stack = (stack << 1) | (judge.isKeyAuthenticated(argument) ? 1 : 0);
        break;
      case STEP.SECURE_MESSAGING:
        stack = (stack << 1) | (judge.isSecurelyMessaged() ? 1 : 0);
        break;
      case STEP.AND:
        stack = ((stack >>> argument) << 1) | ((stack & operands) === operands ? 1 : 0);
        break;
      case STEP.OR:
        stack = ((stack >>> argument) << 1) | ((stack & operands) !== 0 ? 1 : 0);
        break;
      default:
        stack ^= 1;
    }
  }
  return (stack & 1) !== 0;
}

/** The class without what does not change the command: logical channel and chaining. */
function plainClass(cla: number): number {
  return (cla & 0x40) !== 0 ? (cla & 0x20 ? 0x0c : 0x00) : cla & 0x0c;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest >>= 1) count += rest & 1;
  return count;
}
