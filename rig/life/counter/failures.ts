import { EXIT, type ExitCode } from '../../console/io.ts';

interface FailureRow {
  readonly exitCode: ExitCode;
  /** `…` stands for what is known only then. */
  readonly sentence: string;
  /** What the professional does about it. */
  readonly cure: string;
}

/** Names of what can stop a counter. */
export type FailureCode =
  | 'no-can'
  | 'no-pace'
  | 'wrong-code'
  | 'no-application'
  | 'inoperative'
  | 'no-consent'
  | 'no-terminal-keys'
  | 'card-refuses'
  | 'damaged'
  | 'no-presence';

/**
 * Everything that can stop a counter, each with its sentence and exit code: 1, something was judged and is refused; 2, it
 * could not be done here and now.
 */
export const FAILURES: Readonly<Record<FailureCode, FailureRow>> = {
  'no-can': cannotRun(
    'a counter reads through a secure channel alone, and no access number was given',
    '`--can-file FILE`, or `VITAP_CAN`',
  ),
  'no-pace': cannotRun(
    'the card has no PACE, and a counter reads through a secure channel alone',
    '`vitap tap` reads such a card',
  ),
  'wrong-code': refused('the code typed on the phone is wrong', 'the holder types it again'),
  'no-application': refused('the card has no application of ours', 'another card'),
  inoperative: refused('the application of this card is not operative: it answers …', 'the holder activates the card'),
  'no-consent': refused(
    'the card gives nothing: the holder has not agreed on the phone, another reader has used the agreement, or this terminal has not the right',
    'the holder agrees anew, and one reader takes it',
  ),
  'no-terminal-keys': refused(
    'the card gives nothing to a terminal that does not prove who it is',
    '`--keys FILE`, with the keys of the professional’s terminal',
  ),
  'card-refuses': refused('the card refuses: it answers …', 'see `vitap tap --explain`'),
  damaged: refused('what the card holds cannot be read: …', 'another card'),
  'no-presence': refused('the card shows no presence: …', 'the holder shows it on the phone'),
};

/** Why a counter cannot go on; the message is one sentence for a person. */
export class CounterFailure extends Error {
  readonly code: FailureCode;
  readonly exitCode: ExitCode;

  /** @param detail stands in the place of `…` */
  constructor(code: FailureCode, detail = '', options?: { cause?: unknown }) {
    const { sentence, exitCode } = FAILURES[code];
    super(
      sentence.replace('…', () => detail),
      options,
    );
    this.name = 'CounterFailure';
    this.code = code;
    this.exitCode = exitCode;
  }
}

function refused(sentence: string, cure: string): FailureRow {
  return { exitCode: EXIT.fail, sentence, cure };
}

function cannotRun(sentence: string, cure: string): FailureRow {
  return { exitCode: EXIT.cannotRun, sentence, cure };
}
