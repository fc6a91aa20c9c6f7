import { triesInWords } from '../../../src/apdu/status-word.ts';
import { EXIT, type ExitCode } from '../../console/io.ts';
import type { WeakCode } from './weak-code.ts';

export interface PhoneRefusalRow {
  readonly sentence: string;
  /** 1: something was judged and is bad; 2: it cannot be done here and now. */
  readonly exit: ExitCode;
}

const judged = (sentence: string): PhoneRefusalRow => ({ sentence, exit: EXIT.fail });
const impossible = (sentence: string): PhoneRefusalRow => ({ sentence, exit: EXIT.cannotRun });

export type PhoneRefusalCode =
  | 'wrong-code'
  | 'blocked-code'
  | 'wrong-puk'
  | 'blocked-puk'
  | 'code-length'
  | 'puk-length'
  | 'weak-code'
  | 'blank'
  | 'pending'
  | 'active-already'
  | 'wiped'
  | 'revoked'
  | 'activation-ended'
  | 'no-credential'
  | 'family-too-large'
  | 'no-offer'
  | 'credential-refused'
  | 'identity-refused'
  | 'another-issuer'
  | 'issuer-refused'
  | 'issuer-unreachable'
  | 'not-running'
  | 'not-kept'
  | 'damaged';

/** Every refusal of the phone, by its code. docs/phone.md shows this table. */
export const PHONE_REFUSALS: Readonly<Record<PhoneRefusalCode, PhoneRefusalRow>> = {
  'wrong-code': judged('the code is wrong'),
  'blocked-code': judged('the code is blocked; `vitap phone change-code --puk` sets a new one with the PUK'),
  'wrong-puk': judged('the PUK is wrong'),
  'blocked-puk': judged('the PUK is blocked: the phone has to be activated again'),
  'code-length': impossible('a code has six digits; no try was spent'),
  'puk-length': impossible('the PUK has eight digits; no try was spent'),
  'weak-code': judged('this code is refused'),
  blank: impossible('this phone has no card yet: `vitap phone activate` gives it one'),
  pending: impossible('the activation of this phone is not finished: `vitap phone activate` goes on with it'),
  'active-already': impossible('this phone has an active card already: `vitap phone wipe` ends it'),
  wiped: impossible('the card of this phone has ended, and is wiped: `vitap phone activate` gives it a new one'),
  revoked: judged('the card of this phone is revoked, and was wiped'),
  'activation-ended': judged('the issuer has ended this activation; the card that was begun is wiped'),
  'no-credential': impossible('the issuer has put no credential on this card, so there is no offline QR code'),
  'family-too-large': impossible(
    'the family of this card is too large for an offline QR code: `vitap phone qr --presence` or NFC presents it',
  ),
  'no-offer': impossible('the issuer has offered this card no SD-JWT VC'),
  'credential-refused': judged('there is no SD-JWT VC for this card'),
  'identity-refused': judged('the identity was refused'),
  'another-issuer': impossible('this phone belongs to another issuer'),
  'issuer-refused': judged('the issuer refused'),
  'issuer-unreachable': impossible('nothing came from the issuer'),
  'not-running': impossible(
    'no `vitap phone present` or `serve` of this phone runs: without one its card has no power',
  ),
  'not-kept': impossible(
    'the card could not keep what it was given: is there room on its disk, and may it be written?',
  ),
  damaged: impossible('the card of this phone does not do what it should'),
};

interface More {
  /** Tries that are left, of the code or the PUK. */
  readonly triesLeft?: number;
  /** Why a code is weak. */
  readonly reason?: WeakCode;
  /** What follows the sentence. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** The phone says no, in one sentence. It holds no code and no name. */
export class PhoneRefusal extends Error {
  readonly code: PhoneRefusalCode;
  readonly exitCode: ExitCode;
  readonly triesLeft: number | null;
  readonly reason: WeakCode | null;

  constructor(code: PhoneRefusalCode, { triesLeft, reason, detail, cause }: More = {}) {
    const { sentence, exit } = PHONE_REFUSALS[code];
    const more = detail ?? (triesLeft === undefined ? null : triesInWords(triesLeft));
    super(more === null ? sentence : `${sentence}: ${more}`, { cause });
    this.name = 'PhoneRefusal';
    this.code = code;
    this.exitCode = exit;
    this.triesLeft = triesLeft ?? null;
    this.reason = reason ?? null;
  }
}
