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
  | 'blocked-code'
  | 'no-application'
  | 'inoperative'
  | 'no-consent'
  | 'no-terminal-keys'
  | 'card-refuses'
  | 'damaged'
  | 'no-presence'
  | 'claim-not-permitted'
  | 'claim-future'
  | 'claim-number-used'
  | 'claim-follows-already'
  | 'seen-full'
  | 'trust-unreadable'
  | 'no-trust'
  | 'no-issuer'
  | 'no-signing-keys'
  | 'issuer-silent'
  | 'issuer-refuses'
  | 'qr-refused'
  | 'picture-unreadable'
  | 'activation-unknown'
  | 'no-follow-up'
  | 'no-context'
  | 'claim-waits';

/**
 * Everything that can stop a counter, each with its sentence and exit code: 1, something was judged and is refused; 2, it
 * could not be done here and now.
 */
export const FAILURES: Readonly<Record<FailureCode, FailureRow>> = {
  'no-can': cannotRun(
    'a counter reads through a secure channel alone, and no access number was given: --can-file FILE or VITAP_CAN',
    '`--can-file FILE`, or `VITAP_CAN`',
  ),
  'no-pace': cannotRun(
    'the card has no PACE, and a counter reads through a secure channel alone',
    '`vitap tap` reads such a card',
  ),
  'wrong-code': refused('the code typed on the phone is wrong', 'the holder types it again'),
  'blocked-code': refused('the code of the phone is blocked', 'the holder sets a new one with the PUK'),
  'no-application': refused('the card has no application of ours', 'another card'),
  inoperative: refused('the application of this card is not operative: it answers …', 'the holder activates the card'),
  'no-consent': refused(
    'the card gives nothing: the holder has not agreed on the phone, another reader has used the agreement, or this terminal has not the right',
    'the holder agrees anew, and one reader takes it',
  ),
  'no-terminal-keys': refused(
    'the card gives nothing to a terminal that does not prove who it is: --keys FILE',
    '`--keys FILE`, with the keys of the professional’s terminal',
  ),
  'card-refuses': refused('the card refuses: it answers …', 'see `vitap tap --explain`'),
  damaged: refused('what the card holds cannot be read: …', 'another card'),
  'no-presence': refused('the card holds no presence', 'the holder shows it on the phone'),
  'claim-not-permitted': refused(
    'the card takes no claim: the holder has not agreed anew on the phone, or this terminal has not the right to write DG18',
    'the holder agrees anew; keys of a terminal with `write DG18`',
  ),
  'claim-future': refused('the claim is dated after tomorrow', 'its right date; look at the clock of this machine'),
  'claim-number-used': refused(
    'the card has another claim of this professional with this number',
    'number each invoice once',
  ),
  'claim-follows-already': refused(
    'another claim follows this offline code already, and one code proves one claim',
    'the holder shows a new code',
  ),
  'seen-full': cannotRun(
    'this counter has seen … offline codes within a day, and remembers no more: look at who shows so many; --counter names another folder',
    'look at who shows so many; another `--counter` folder',
  ),
  'trust-unreadable': cannotRun('…', 'the file that the issuer wrote, whole'),
  'no-trust': cannotRun(
    'an offline code is believed by the keys of its issuer, and none are known here: --trust FILE, or --issuer URL once while the network is up',
    '`--trust FILE`, or `--issuer URL` once while the network is up',
  ),
  'no-issuer': cannotRun('which issuer? a presence is resolved where it was minted: --issuer URL', '`--issuer URL`'),
  'no-signing-keys': cannotRun(
    'the issuer answers only to requests that a professional’s terminal signed: --keys FILE',
    '`--keys FILE`, with the keys of the terminal',
  ),
  'issuer-silent': cannotRun(
    'the issuer gives no answer: …',
    'the same command again: it asks under the same identifier',
  ),
  'issuer-refuses': refused('the issuer refuses: …', 'see the table of refusals in [issuer.md](issuer.md)'),
  'qr-refused': refused('…', 'see the table of refusals in [presentation.md](presentation.md)'),
  'picture-unreadable': cannotRun('…', 'another picture'),
  'activation-unknown': refused(
    'nobody is shown, for whether the card is revoked is not known: …; --issuer URL while the network is up, --status-list FILE, or --accept-unchecked',
    '`--issuer URL` while the network is up, `--status-list FILE`, or `--accept-unchecked`',
  ),
  'no-follow-up': cannotRun('no reading here has the name …', 'the name that `counter scan` printed, or `last`'),
  'no-context': cannotRun('the reading … is of an offline code, which opens no context', 'the name of a presence'),
  'claim-waits': refused(
    'a claim waits here that this context alone can prove: destroyed, it would be lost; `vitap counter queue send` first',
    '`vitap counter queue send` first',
  ),
};

interface FailureOptions {
  readonly cause?: unknown;
  readonly reason?: string;
  readonly isFinal?: boolean;
}

/** Why a counter cannot go on; the message is one sentence for a person. */
export class CounterFailure extends Error {
  readonly code: FailureCode;
  readonly exitCode: ExitCode;
  /** The issuer's or the QR code's own name for it; null: it is this counter's. */
  readonly reason: string | null;
  /** Asking again will never help. */
  readonly isFinal: boolean;

  /** @param detail stands in the place of `…` */
  constructor(code: FailureCode, detail = '', options: FailureOptions = {}) {
    const { sentence, exitCode } = FAILURES[code];
    super(
      sentence.replace('…', () => detail),
      { cause: options.cause },
    );
    this.name = 'CounterFailure';
    this.code = code;
    this.exitCode = exitCode;
    this.reason = options.reason ?? null;
    this.isFinal = options.isFinal ?? false;
  }
}

/** Nothing personal is shown of a card that may be revoked. @param reasons why its state is not known */
export function activationUnknown(reasons: readonly string[]): CounterFailure {
  return new CounterFailure('activation-unknown', reasons.join('; '));
}

function refused(sentence: string, cure: string): FailureRow {
  return { exitCode: EXIT.fail, sentence, cure };
}

function cannotRun(sentence: string, cure: string): FailureRow {
  return { exitCode: EXIT.cannotRun, sentence, cure };
}
