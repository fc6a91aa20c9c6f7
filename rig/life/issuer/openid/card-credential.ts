import type { JsonObject } from '../../credential/jws.ts';
import type { DisclosureFrame } from '../../identity/sd-jwt/issue.ts';
import type { CardClaims } from '../registry.ts';

/**
 * The content of a card as claims of its credential, from the same object that the personalisation writes. Each person
 * can be withheld, and of a person who is shown the NIR and the rights; so can the insured's NIR and the affiliation.
 */
export function cardCredential({ insured, affiliation, beneficiaries }: CardClaims): {
  readonly claims: JsonObject;
  readonly frame: DisclosureFrame;
} {
  const places = beneficiaries.map((_, place) => place);
  const ofPerson = { _sd: ['certifiedNir', 'rights'] };
  return {
    claims: { insured, affiliation, beneficiaries },
    frame: {
      _sd: ['insured', 'affiliation'],
      beneficiaries: { _sd: places, ...Object.fromEntries(places.map((place) => [String(place), ofPerson])) },
    },
  };
}
