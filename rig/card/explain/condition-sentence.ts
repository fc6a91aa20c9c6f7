import type { ExplainedAccess, ExplainedCondition, RuleSource } from '../../../src/applet/access/explain.ts';
import { DF_ACCESS } from '../../../src/applet/files/card-file.ts';
import type { TerminalRight } from '../../../src/applet/image/specification.ts';
import { fileInWords, hex } from './file-in-words.ts';

/**
 * A decision of the card in one sentence: "READ RECORD of E002 by contact needs code 81 verified in this session; it is
 * not: send VERIFY 00 20 00 81".
 * @param command its name
 */
export function accessSentence(command: string, access: ExplainedAccess): string {
  const { file, cardInterface, condition, source } = access;
  const what =
    file === null
      ? `${command} by ${cardInterface}`
      : `${command} ${place(access)} ${fileInWords(file)} by ${cardInterface}`;
  const from = sourceInWords(source);
  const lost = lostRule(source);
  if (lost !== null) return `${what} is not allowed: its rule is ${lost}`;
  if (condition.kind === 'always') return `${what} is free${from}`;
  if (condition.kind === 'never') return `${what} is never allowed${from}`;
  const needs = `${what} needs ${conditionInWords(condition)}${from}`;
  if (condition.satisfied) return `${needs}; that is so`;
  return `${needs}; ${missingInWords(condition)}`;
}

/** Creating and deleting happens in a directory; everything else is done to a file. */
function place({ file, operation }: ExplainedAccess): string {
  return file?.isDirectory === true && operation <= DF_ACCESS.CREATE_DF ? 'in' : 'of';
}

/** `code 81 verified in this session`, `code 81 and (code 01 or secure messaging), codes verified in this session`. */
export function conditionInWords(condition: ExplainedCondition): string {
  const words = partInWords(condition);
  if (condition.kind === 'code' && condition.pin !== null) return `${words} verified in this session`;
  return namesCode(condition) ? `${words}, codes verified in this session` : words;
}

function namesCode(condition: ExplainedCondition): boolean {
  return 'parts' in condition && condition.parts.some((part) => part.kind === 'code' || namesCode(part));
}

function partInWords(condition: ExplainedCondition): string {
  switch (condition.kind) {
    case 'always':
      return 'nothing';
    case 'never':
      return 'what can never be';
    case 'secure-messaging':
      return 'secure messaging';
    case 'external-authentication':
      return condition.key === null
        ? 'external authentication'
        : `external authentication with key ${hex(condition.key, 2)}`;
    case 'terminal':
      return terminalInWords(condition.right);
    case 'code':
      return condition.pin === null ? 'a code that this card does not have' : `code ${hex(condition.pin.reference, 2)}`;
    case 'holder':
      return `code ${hex(condition.pin.reference, 2)} typed on the phone`;
    case 'not':
      return `not ${inBrackets(condition.parts[0] as ExplainedCondition)}`;
    default:
      return condition.parts.map((part) => inBrackets(part)).join(condition.kind === 'all' ? ' and ' : ' or ');
  }
}

/** `an authentication terminal that may read DG1, in a channel opened with the CAN`. */
export function terminalInWords({ type, right, byCan, beforeChip }: TerminalRight): string {
  const words = right === null ? '' : ` with the right “${right}”`;
  const before = beforeChip === true ? ', before chip authentication too' : '';
  return `${TERMINALS[type]}${words}${byCan ? ', in a channel opened with the CAN' : ''}${before}`;
}

const TERMINALS: Readonly<Record<TerminalRight['type'], string>> = {
  IS: 'an inspection system',
  AT: 'an authentication terminal',
  ST: 'a signature terminal',
};

function inBrackets(condition: ExplainedCondition): string {
  const words = partInWords(condition);
  return condition.kind === 'all' || condition.kind === 'any' ? `(${words})` : words;
}

/** What to do about a condition that is not satisfied. */
function missingInWords(condition: ExplainedCondition): string {
  switch (condition.kind) {
    case 'code':
    case 'holder':
    case 'not':
    case 'secure-messaging':
    case 'external-authentication':
    case 'terminal':
      return `it is not: ${advice(condition)}`;
    case 'all': {
      const missing = condition.parts.filter((part) => !part.satisfied);
      return `what is missing: ${missing.map((part) => `${partInWords(part)} (${advice(part)})`).join(', ')}`;
    }
    default: {
      const ways = condition.kind === 'any' ? condition.parts.map((part) => advice(part)) : [];
      return `none of it is so: ${[...new Set(ways)].join(', or ')}`;
    }
  }
}

/** What would satisfy it. */
function advice(condition: ExplainedCondition): string {
  switch (condition.kind) {
    case 'code': {
      const { pin, triesLeft } = condition;
      if (pin === null) return 'nothing can satisfy it';
      if (triesLeft === 0) return `code ${hex(pin.reference, 2)} is blocked, no try is left`;
      return `send VERIFY 00 20 00 ${hex(pin.reference, 2)}`;
    }
    case 'holder':
      return 'the holder unlocks the card on the phone';
    case 'secure-messaging':
      return 'the command came in clear: open a channel with PACE, and send it protected';
    case 'external-authentication':
      return keyAdvice(condition);
    case 'terminal':
      return terminalAdvice(condition);
    case 'not':
      return `a reset forgets ${partInWords(condition.parts[0] as ExplainedCondition)}`;
    case 'all':
      return condition.parts
        .filter((part) => !part.satisfied)
        .map((part) => advice(part))
        .join(' and ');
    case 'any':
      return condition.parts.map((part) => advice(part)).join(' or ');
    default:
      return condition.kind === 'always' ? 'nothing is needed' : 'nothing can satisfy it';
  }
}

function keyAdvice({
  key,
  known,
  triesLeft,
}: Extract<ExplainedCondition, { kind: 'external-authentication' }>): string {
  if (key === null) return 'the reader proves that it knows a key: EXTERNAL AUTHENTICATE';
  if (known === null) return `this card has no such key ${hex(key, 2)}`;
  if (triesLeft === 0) return `key ${hex(key, 2)} is blocked, no try is left`;
  return `the reader proves that it knows key ${hex(key, 2)}: GET CHALLENGE, then EXTERNAL AUTHENTICATE 00 82 00 ${hex(key, 2)}`;
}

/** The first thing that this reader lacks. */
function terminalAdvice({ right, lack }: Extract<ExplainedCondition, { kind: 'terminal' }>): string {
  switch (lack) {
    case 'channel':
      return 'the command came in clear, outside of any channel: PACE opens one, then come terminal and chip authentication';
    case 'password':
      return 'the channel was opened with another password than the CAN';
    case 'terminal-authentication':
      return 'there is a channel, but no terminal has authenticated itself in it: terminal authentication, then chip authentication';
    case 'terminal-type':
      return `the terminal that authenticated itself is not ${TERMINALS[right.type]}`;
    case 'right':
      return `the terminal authenticated itself, but its certificates and what it announced in PACE do not together grant “${right.right}”`;
    case 'chip-authentication':
      return 'the terminal authenticated itself: chip authentication must follow before its rights count';
    case null:
      return 'nothing is needed';
  }
}

function sourceInWords(source: RuleSource): string {
  if (source.form !== 'referenced') return '';
  return ` (record ${source.record} of ${hex(source.fid, 4)})`;
}

/** Why there is no rule, or null when there is one. */
function lostRule(source: RuleSource): string | null {
  if (source.form !== 'referenced') return null;
  const file = hex(source.fid, 4);
  switch (source.state) {
    case 'found':
      return null;
    case 'no-record-number':
      return `in ${file}, which names no record for the current security environment`;
    case 'no-file':
      return `in ${file}, and there is no linear file of that name in its directory or above`;
    case 'file-not-usable':
      return `in ${file}, which is deactivated or terminated`;
    case 'no-record':
      return `record ${source.record} of ${file}, which does not have so many`;
    case 'malformed':
      return `record ${source.record} of ${file}, which is no access rule`;
  }
}
