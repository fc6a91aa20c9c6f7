import { maskedHex } from '../trace/masked-hex.ts';
import type { Mask, MaskedHex } from '../trace/model.ts';
import type { Redactor } from '../trace/redaction.ts';
import { commandInWords, dataObjects, statusInWords } from '../trace/view/words.ts';

/** A command and its answer, as a person or a program sees them. */
export interface Answer {
  /** Codes and keys masked, unless they are to be kept. */
  readonly command: MaskedHex;
  /** `READ RECORD 1 of SFI 2`. */
  readonly words: string;
  readonly response: MaskedHex;
  /** Four digits. */
  readonly status: string;
  readonly meaning: string;
  /** The data objects of the answer, one a line, indented. */
  readonly dataObjects: readonly string[];
  /** Why the card refused; null when it did not, or when nobody can tell. */
  readonly why: string | null;
  readonly microseconds: number;
  /** Both went through a secure channel; absent: in clear. */
  readonly isProtected?: true;
}

/** Bytes of a data object in a line of the tree: all of them stand above. */
const SHORT = 32;

/** @param redactor null: nothing is masked. It wants all exchanges of a session in their order. */
export function answerOf(
  command: Uint8Array,
  response: Uint8Array,
  times: { readonly startNs: number; readonly endNs: number },
  why: string | null,
  redactor: Redactor | null,
): Answer {
  const plain = maskedHex(response);
  const sent = maskedHex(command, secrets(redactor?.command(command) ?? []));
  const received = maskedHex(response, secrets(redactor?.response(response) ?? []));
  const [status, meaning] = [plain.slice(-4), statusInWords(plain).slice(5)];
  return {
    command: sent,
    words: commandInWords(sent),
    response: received,
    status,
    meaning,
    dataObjects: dataObjects(received, SHORT),
    why: why === meaning ? null : why,
    microseconds: (times.endNs - times.startNs) / 1000,
  };
}

/** What the card holds of people is shown to whoever has it in the reader, as `tap` does; a code or a key never is. */
function secrets(masks: readonly Mask[]): Mask[] {
  return masks.filter(({ what }) => what === 'code' || what === 'key');
}

export function answerLines(answer: Answer): string {
  const { command, words, response, status, meaning, why, microseconds } = answer;
  const took = `${(microseconds / 1000).toFixed(3)} ms`;
  const masked = command.includes('X') ? '; masked: code or key' : '';
  const inside = answer.isProtected === true ? ', protected' : '';
  const lines = [`> ${command}`, `  ${words}${masked}`, `< ${response}`, `  ${status} ${meaning}, ${took}${inside}`];
  for (const row of answer.dataObjects) lines.push(`    ${row}`);
  if (why !== null) lines.push(`  why: ${why}`);
  return `${lines.join('\n')}\n`;
}
