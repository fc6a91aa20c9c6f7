/** Why an SD-JWT VC is not believed: each reason once, with the sentence that people get. */
export const SD_JWT_REFUSALS = {
  malformed: 'the text is no SD-JWT',
  'too-large': 'the SD-JWT is larger than any of ours',
  'wrong-type': 'the credential is of another type',
  'unknown-issuer': 'the credential names an issuer that is not trusted',
  altered: 'the signature of the credential is not its issuer’s: it was altered, or signed by somebody else',
  'digest-algorithm': 'the digests of the credential are not SHA-256',
  'bad-disclosure': 'a disclosure is malformed, or has a name that no disclosure may have',
  'duplicate-digest': 'a digest stands in the credential twice',
  'duplicate-disclosure': 'a disclosure was sent twice',
  'unreferenced-disclosure': 'a disclosure belongs to no digest of the credential',
  'claim-twice': 'a disclosure gives a claim that is there already',
  expired: 'the credential has expired',
  'not-yet-valid': 'the credential is not valid yet',
  'issued-in-future': 'the credential says that it was issued in the future',
  'not-bound': 'the credential names no key of its holder',
  'no-key-binding': 'the holder’s signature (key binding) is missing',
  'unexpected-key-binding': 'a holder’s signature is there where none belongs',
  'bad-key-binding': 'the holder’s signature (key binding) is malformed',
  'another-key': 'the presentation was signed with another key than the credential’s',
  'wrong-sd-hash': 'the holder signed another selection of disclosures (sd_hash)',
  'another-audience': 'the presentation was made for somebody else (aud)',
  'another-nonce': 'the presentation answers another request (nonce)',
  'binding-in-future': 'the presentation says that it was made in the future',
  'stale-binding': 'the presentation is too old',
} as const;

export type SdJwtRefusalCode = keyof typeof SD_JWT_REFUSALS;

/** A credential or presentation that is not believed. */
export class SdJwtRefusal extends Error {
  readonly code: SdJwtRefusalCode;

  constructor(code: SdJwtRefusalCode, options?: { cause?: unknown }) {
    super(SD_JWT_REFUSALS[code], options);
    this.name = 'SdJwtRefusal';
    this.code = code;
  }
}
