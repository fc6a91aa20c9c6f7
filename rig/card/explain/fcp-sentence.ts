import { findTlv, TlvError, TlvReader } from '../../../src/apdu/ber-tlv-reader.ts';
import { type AccessRule, AccessRuleError, covers, STEP } from '../../../src/applet/access/access-rule.ts';
import {
  ATTRIBUTE_TEMPLATE,
  COMPACT_TAGS,
  EXPANDED_TAGS,
  REFERENCED_TAGS,
  readAttributes,
} from '../../../src/applet/access/security-attribute.ts';
import { hex } from './file-in-words.ts';

/** A command that a card refused, and where in its rules to look. */
export interface RefusedCommand {
  readonly name: string;
  /** Bit of the access mode byte, 0 for b1. */
  readonly operation: number;
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
}

/**
 * Which rule a command fell under, as the control parameters of the file tell it (ISO/IEC 7816-4: 8C, AB, 8B, or for
 * contact and contactless in A1, as IAS ECC has it). What is satisfied only the card knows.
 * @param cardInterfaces the interfaces that the card may be read through: one sentence where their rules are the same
 * @param fcp answer to SELECT with P2 04, without status word
 */
export function fcpSentence(
  command: RefusedCommand,
  fid: number,
  cardInterfaces: readonly ('contact' | 'contactless')[],
  fcp: Uint8Array,
): string {
  const what = `${command.name} of ${hex(fid, 4)}`;
  const byRule = new Map<string, string[]>();
  for (const cardInterface of cardInterfaces) {
    const rule = shownRule(command, cardInterface, fcp);
    byRule.set(rule, [...(byRule.get(rule) ?? []), cardInterface]);
  }
  return [...byRule].map(([rule, alike]) => `${what} by ${alike.join(' or ')}${rule}`).join('; ');
}

function shownRule(command: RefusedCommand, cardInterface: 'contact' | 'contactless', fcp: Uint8Array): string {
  try {
    const template = findTlv(fcp, 0x62) ?? findTlv(fcp, 0x6f);
    const rule = template === null ? null : ruleInWords(template, command, cardInterface === 'contact' ? 0 : 1);
    return rule === null ? ': the control parameters of the file show no rule' : ` ${rule}`;
  } catch (error) {
    if (!(error instanceof TlvError || error instanceof AccessRuleError)) throw error;
    return `: the control parameters of the file cannot be read (${error.message})`;
  }
}

function ruleInWords(template: Uint8Array, command: RefusedCommand, cardInterface: number): string | null {
  const byInterface = findTlv(template, ATTRIBUTE_TEMPLATE);
  const where = byInterface ?? template;
  const place = byInterface === null ? 0 : cardInterface;
  const compact = findTlv(where, COMPACT_TAGS[place] as number);
  if (compact !== null) return compactInWords(compact, command.operation);
  const reference = findTlv(where, REFERENCED_TAGS[place] as number);
  if (reference !== null && reference.length >= 3) {
    const fid = ((reference[0] as number) << 8) | (reference[1] as number);
    return `is under record ${reference.at(-1)} of ${hex(fid, 4)}`;
  }
  const expanded = findTlv(where, EXPANDED_TAGS[place] as number);
  return expanded === null ? null : expandedInWords(expanded, command);
}

/** An access mode byte, then a condition for each bit that is set, from b7 down. */
function compactInWords(rule: Uint8Array, operation: number): string {
  const mode = rule[0] ?? 0;
  let at = 1;
  for (let bit = 6; bit >= 0; bit--) {
    if ((mode & (1 << bit)) === 0) continue;
    const condition = rule[at++] ?? 0xff;
    if (bit === operation) return `needs ${conditionByteInWords(condition)}`;
  }
  return 'is never allowed';
}

function expandedInWords(value: Uint8Array, command: RefusedCommand): string {
  const bytes = Uint8Array.of(0xab, ...(value.length < 0x80 ? [value.length] : [0x81, value.length]), ...value);
  const attribute = readAttributes(bytes)[0];
  const rules = attribute?.form === 'expanded' ? attribute.rules : [];
  const own = rules.filter((rule) => covers(rule, command.operation, command));
  if (own.length === 0) return 'is never allowed: no rule of the file names this command';
  return `needs ${own.map((rule) => programInWords(rule)).join(' or ')}`;
}

function programInWords(rule: AccessRule): string {
  const stack: { readonly words: string; readonly compound: boolean }[] = [];
  const push = (words: string, compound = false): number => stack.push({ words, compound });
  const inBrackets = ({ words, compound }: { words: string; compound: boolean }): string =>
    compound ? `(${words})` : words;
  for (let at = 0; at < rule.program.length; at += 2) {
    const argument = rule.program[at + 1] as number;
    switch (rule.program[at]) {
      case STEP.CONDITION:
        push(conditionByteInWords(argument));
        break;
      case STEP.CODE:
        push(`code ${hex(argument, 2)}`);
        break;
      case STEP.KEY:
        push(`external authentication with key ${hex(argument, 2)}`);
        break;
      case STEP.SECURE_MESSAGING:
        push('secure messaging');
        break;
      case STEP.NOT:
        push(`not ${stack.splice(-1).map(inBrackets).join('')}`);
        break;
      default: {
        const word = rule.program[at] === STEP.AND ? ' and ' : ' or ';
        push(
          stack
            .splice(stack.length - argument)
            .map(inBrackets)
            .join(word),
          true,
        );
      }
    }
  }
  return stack[0]?.words ?? 'nothing';
}

/** `code of security environment 1`: what a security condition byte says without its environment. */
function conditionByteInWords(condition: number): string {
  if (condition === 0x00) return 'nothing';
  if (condition === 0xff) return 'what can never be';
  const environment = condition & 0x0f;
  const parts: string[] = [];
  if ((condition & 0x40) !== 0) parts.push('secure messaging');
  if ((condition & 0x20) !== 0) parts.push('external authentication');
  if ((condition & 0x10) !== 0) parts.push('a code');
  const words = parts.join((condition & 0x80) !== 0 ? ' and ' : ' or ');
  return environment === 0 ? words : `${words}, as security environment ${environment} says`;
}

/** The short identifier that control parameters state, or null. */
export function shortIdentifierOf(fcp: Uint8Array): number | null {
  const reader = new TlvReader(fcp);
  if (!reader.next() || !reader.constructed) return null;
  const value = findTlv(reader.value(), 0x88);
  return value?.length === 1 ? (value[0] as number) >> 3 : null;
}
