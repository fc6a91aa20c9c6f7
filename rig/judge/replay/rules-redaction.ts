import { bytesOf } from '../../trace/masked-hex.ts';
import type { Mask } from '../../trace/model.ts';
import { Redactor, redactText } from '../../trace/redaction.ts';

/** Bytes as rules have them, spaces between; too few hold no code behind a header. */
const RUN = /(?<![0-9A-Za-z{])(?:[0-9A-FX]{2}[ \t]*){6,}/gi;
const OF_COMMAND = /\b(?:command|send)['"]?\s*:\s*['"]?$/;

/** A pattern as it may be shown: it is the name of a rule that has no other, and may hold a code. */
export function shownPattern(pattern: string): string {
  const redactor = new Redactor();
  return pattern.replace(RUN, (run) => hide(run, (bytes) => redactor.command(bytes)));
}

/**
 * A file of rules as it may be handed over. `X` stands where a secret was: any digit, in the language of rules. Without
 * secrets it is as it was.
 */
export function redactedRules(text: string): string {
  const redactor = new Redactor();
  let redacted = '';
  let at = 0;
  for (const { 0: run, index } of text.matchAll(RUN)) {
    const isCommand = OF_COMMAND.test(text.slice(text.lastIndexOf('\n', index) + 1, index));
    redacted += redactText(text.slice(at, index)).text;
    redacted += hide(run, (bytes) => (isCommand ? redactor.command(bytes) : redactor.response(bytes)));
    at = index + run.length;
  }
  return redacted + redactText(text.slice(at)).text;
}

function hide(run: string, find: (bytes: Uint8Array) => readonly Mask[]): string {
  const digits = run.replace(/[ \t]/g, '');
  const masks = find(bytesOf(digits.replace(/X/gi, '0')));
  if (masks.length === 0) return run;
  let digit = -1;
  return run.replace(/[^ \t]/g, (shown) => {
    digit++;
    const byte = digit >> 1;
    return masks.some(({ offset, length }) => byte >= offset && byte < offset + length) ? 'X' : shown;
  });
}
