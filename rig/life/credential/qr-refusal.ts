/**
 * Why a QR code is refused: each reason has its code, which programs read, and its sentence, which a person reads. This
 * table is the only one; docs/presentation.md shows it.
 */
export const QR_REFUSALS = {
  'other-kind': 'the QR code is of another kind',
  'too-long': 'the QR code is longer than one of ours can be',
  malformed: 'the QR code is damaged or not one of ours',
  bomb: 'the QR code inflates to far more than one of ours: it was made to do harm',
  'other-issuer': 'the card is of an issuer that is not trusted here',
  altered: 'the QR code was altered: a signature does not fit',
  'wrong-key': 'the QR code is signed by another key than the one in the card',
  'lives-too-long': 'the QR code claims to hold for another time than 60 seconds',
  'not-yet-valid': 'the QR code is made later than now: the clock of the phone or of this machine is wrong',
  expired: 'the QR code has expired: ask for a new one',
  'card-not-yet-valid': 'the data of the card are signed later than now: the clock of this machine is wrong',
  'card-expired': 'the data of the card have expired: the phone fetches new ones when it is next online',
  revoked: 'the card is revoked',
  suspended: 'the card is suspended',
  'status-unknown': 'whether the card is revoked is not known: no status list of its issuer is here',
  'status-stale': 'whether the card is revoked is not known: the status list here is too old',
  used: 'the QR code was shown here before: ask for a new one',
} as const;

export type QrRefusalCode = keyof typeof QR_REFUSALS;

/** A QR code that is not believed. Nothing of its content is in it. */
export class QrRefusal extends Error {
  readonly code: QrRefusalCode;

  /** @param detail after the sentence, without anything personal */
  constructor(code: QrRefusalCode, detail?: string, options?: { cause?: unknown }) {
    super(detail === undefined ? QR_REFUSALS[code] : `${QR_REFUSALS[code]} (${detail})`, options);
    this.name = 'QrRefusal';
    this.code = code;
  }
}
