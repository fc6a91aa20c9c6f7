import type { Mask } from '../../trace/model.ts';
import { Redactor } from '../../trace/redaction.ts';
import { bytesOfHex } from './hex-template.ts';
import type { Divergence, ReplayEntry } from './model.ts';

/**
 * Makes the secrets of a session's entries unreadable, as in a trace. It wants all the entries of a
 * session in their order.
 *
 * What is masked on one side of a comparison is masked on the other too: a number with one wrong character is no NIR
 * any more, and would show all the others.
 */
export class EntryRedactor {
  readonly #expected = new Redactor();
  readonly #got = new Redactor();

  redact(entry: ReplayEntry, commandMasks: readonly Mask[] = []): ReplayEntry {
    const recorded = entry.recordedCommand ?? entry.command;
    const inCommand = [
      ...this.#got.command(bytesOfHex(entry.command)),
      ...this.#expected.command(bytesOfHex(recorded)),
      ...commandMasks,
    ];
    // A status alone, or a pattern that is open, is no answer of which anything is known.
    const expected = entry.expected !== null && isHex(entry.expected) ? entry.expected : null;
    const inAnswer = [
      ...(expected === null ? [] : this.#expected.response(bytesOfHex(expected))),
      ...(entry.got === null ? [] : this.#got.response(bytesOfHex(entry.got))),
    ];
    const ofCommand = entry.divergence?.kind === 'command';
    return {
      ...entry,
      command: hide(entry.command, inCommand),
      recordedCommand: entry.recordedCommand === null ? null : hide(entry.recordedCommand, inCommand),
      expected: expected === null ? entry.expected : hide(expected, inAnswer),
      got: entry.got === null ? null : hide(entry.got, inAnswer),
      divergence: entry.divergence === null ? null : hideShown(entry.divergence, ofCommand ? inCommand : inAnswer),
    };
  }
}

function isHex(text: string): boolean {
  return /^(?:[0-9A-FX]{2})+$/.test(text);
}

function hide(hex: string, masks: readonly Mask[], shift = 0): string {
  let result = hex;
  for (const { offset, length } of masks) {
    const from = Math.max(0, 2 * (offset - shift));
    const to = Math.min(result.length, 2 * (offset - shift + length));
    if (from < to) result = result.slice(0, from) + 'X'.repeat(to - from) + result.slice(to);
  }
  return result;
}

function hideShown(divergence: Divergence, masks: readonly Mask[]): Divergence {
  const { shownFrom, expected, got } = divergence;
  if (shownFrom === null || masks.length === 0) return divergence;
  // Values of different lengths may lie in different places: then a mask on one hides the other where it lies there.
  const both = (from: number): readonly Mask[] => [
    ...masks,
    ...masks.map((mask) => ({ ...mask, offset: mask.offset - shownFrom.expected + from })),
    ...masks.map((mask) => ({ ...mask, offset: mask.offset - shownFrom.got + from })),
  ];
  return {
    ...divergence,
    expected: isHex(expected) ? hide(expected, both(shownFrom.expected), shownFrom.expected) : expected,
    got: isHex(got) ? hide(got, both(shownFrom.got), shownFrom.got) : got,
  };
}
