import type { PinChoice } from '../../console/pin.ts';
import type { LinkChoice } from '../../endpoint/links.ts';
import type { Disclosed } from '../api/wire.ts';

/** What a holder may agree to: DISCLOSED of rig/life/api/wire.ts, which would load zod with the command line. */
export const AGREEABLE: readonly Disclosed[] = ['insured', 'affiliation', 'beneficiaries', 'rights', 'invoices'];

/** What a presence discloses unless it is said. */
export const AGREED_BY_ITSELF: readonly Disclosed[] = AGREEABLE.filter((each) => each !== 'invoices');

/** Of every verb of the phone. */
export interface PhoneOptions {
  /** The phone's folder; null: the station's own. */
  readonly folder: string | null;
}

export interface WithCode extends PhoneOptions {
  readonly pin: PinChoice;
}

export interface AskingIssuer {
  /** How long an answer of the issuer is waited for. */
  readonly timeoutMs: number;
}

/** The code is used where it was chosen in a run before this one, to show the PUK. */
export interface ActivateOptions extends WithCode, AskingIssuer {
  /** Null: that of the activation that was begun. */
  readonly issuer: string | null;
  readonly ticketFile: string | null;
  /** Origin of the identity provider at which a person agrees in place of a ticket; null: there is a ticket. */
  readonly identity: string | null;
  /** Who agrees there; null: the only person there is. */
  readonly person: string | null;
  readonly newPinFile: string | null;
  readonly test: boolean;
}

export interface PresentOptions extends WithCode, AskingIssuer {
  readonly link: LinkChoice;
  readonly wait: boolean;
  /** Have the issuer mint a presence for a reader by NFC, for these; null: none. */
  readonly presence: readonly Disclosed[] | null;
  /** Go on after the window has closed, until Ctrl-C: `vitap phone unlock` opens it again. */
  readonly stay: boolean;
  readonly slow: boolean;
}

export interface QrOptions extends WithCode, AskingIssuer {
  readonly kind: 'presence' | 'offline';
  /** Null: all but the invoices, or all that the delegation lets this phone disclose. */
  readonly agreed: readonly Disclosed[] | null;
  /** A delegation that this phone was given: the presence is for whom gave it; null: for this card. */
  readonly delegation: string | null;
  /** Null: as text on standard output. */
  readonly picture: { readonly as: 'png' | 'svg'; readonly file: string } | null;
  /** The characters of the code alone. */
  readonly text: boolean;
}

export interface ChangeCodeOptions extends WithCode {
  readonly newPinFile: string | null;
  /** The code is blocked: the PUK comes from `pukFile`, VITAP_PUK or a prompt. */
  readonly puk: boolean;
  readonly pukFile: string | null;
  readonly test: boolean;
}

/** The code is used only where options or environment give it: nobody is asked. */
export interface SyncOptions extends WithCode, AskingIssuer {}

export interface CredentialOptions extends WithCode, AskingIssuer {
  /** The transaction code; null: VITAP_TX_CODE, or a prompt. */
  readonly txCodeFile: string | null;
  /** A new one also when the one on the card is good for long. */
  readonly renew: boolean;
  /** Have the issuer make another offer first; its transaction code comes another way, so nothing is obtained now. */
  readonly anotherOffer: boolean;
}

export interface DelegateOptions extends WithCode, AskingIssuer {
  /** Thumbprint of the other phone's device key. */
  readonly to: string;
  readonly beneficiaryIndex: number;
  readonly agreed: readonly Disclosed[];
  readonly days: number;
}

export interface UndelegateOptions extends PhoneOptions, AskingIssuer {
  readonly delegation: string;
}

/** Who says what to an issuer without a phone. */
export interface AtIssuer extends AskingIssuer {
  readonly issuer: string;
}

export interface ApplyOptions extends AtIssuer {
  readonly personFile: string;
  readonly documentFront: string;
  readonly documentBack: string | null;
  readonly video: string;
  /** Where the ticket is written; null: standard output. */
  readonly out: string | null;
}

export interface ApplicationOptions extends AtIssuer {
  readonly ticketFile: string | null;
  /** Asks again until an operator has decided. */
  readonly wait: boolean;
}

/** Of a phone, which says it itself; or, with an issuer, of a person who has it no more. */
export interface LostOptions extends PhoneOptions, AskingIssuer {
  readonly issuer: string | null;
  readonly ticketFile: string | null;
  readonly identity: string | null;
  readonly person: string | null;
}
