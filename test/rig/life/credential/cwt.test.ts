import { describe, expect, it } from 'vitest';
import { CLAIM, ClaimError, dateClaim, decodeClaims, textClaim } from '../../../../rig/life/credential/cwt.ts';
import { readStatusReference } from '../../../../rig/life/credential/inner-cwt.ts';
import { CoseError, verifySign1 } from '../../../../rig/pki/cose-sign1.ts';
import { loadVectors } from '../../../vectors/load.ts';
import { crypto } from './card.ts';

interface CwtRow {
  readonly id: string;
  readonly cwt?: string;
  readonly cbor?: string;
  readonly payload?: string;
  readonly x?: string;
  readonly y?: string;
}

const vectors = loadVectors<{
  rows: CwtRow[];
  refusals: { name: string; cwt: string; expect: string }[];
}>('cwt');
const tokens = loadVectors<{ referencedTokens: { rows: { form: string; token: string }[] } }>('token-status-list-more');

const row = (id: string): CwtRow => vectors.rows.find((each) => each.id === id) as CwtRow;
const hex = (text: string | undefined): Uint8Array => Uint8Array.from(Buffer.from(text ?? '', 'hex'));
const key = Uint8Array.of(4, ...hex(row('A.2.3').x), ...hex(row('A.2.3').y));

function accepted(cwt: string): boolean {
  try {
    return verifySign1(hex(cwt), key, crypto) !== null;
  } catch (error) {
    if (error instanceof CoseError) return false;
    throw error;
  }
}

describe('a CBOR Web Token', () => {
  it('of RFC 8392 is verified and read', () => {
    const payload = verifySign1(hex(row('A.3').cwt), key, crypto)?.payload;
    expect(payload).toEqual(hex(row('A.3').payload));
    const claims = decodeClaims(payload as Uint8Array, 'the token');
    expect(claims).toEqual(decodeClaims(hex(row('A.1').cbor), 'the token'));
    expect(textClaim(claims, CLAIM.ISSUER, 'iss')).toBe('coap://as.example.com');
    expect(dateClaim(claims, CLAIM.EXPIRATION, 'exp')).toBe(1_444_064_944);
    expect(dateClaim(claims, CLAIM.NOT_BEFORE, 'nbf')).toBe(1_443_944_944);
    expect(dateClaim(claims, CLAIM.ISSUED_AT, 'iat')).toBe(1_443_944_944);
  });

  it('with a fraction of a second is refused: dates are whole', () => {
    const claims = decodeClaims(hex(row('A.7').payload), 'the token');
    expect(() => dateClaim(claims, CLAIM.ISSUED_AT, 'iat')).toThrow(ClaimError);
  });

  // Stricter than the standard in one place: the tag of a CWT is not taken.
  it.each(vectors.refusals.map((each) => [each.name, each.cwt, each.expect] as const))('%s', (name, cwt, expected) => {
    expect(accepted(cwt)).toBe(expected.startsWith('accept') && !name.includes('tag 61'));
  });

  it.each([
    ['a map of indefinite length', 'BF0600FF'],
    ['a length that is not the shortest', 'A1061800'],
    ['a claim twice', 'A206000600'],
    ['keys that are not sorted', 'A206000400'],
    ['a date as a float', 'A106F93C00'],
    ['a tagged date', 'A106C100'],
    ['a key that is text', 'A163696174 00'],
    ['bytes behind', 'A1060000'],
    ['an array', '8106'],
    ['nothing', ''],
    ['a depth that nobody needs', `${'81'.repeat(4000)}00`],
    ['a depth without end', '81'.repeat(5000)],
  ])('is refused: %s', (_, payload) => {
    const read = (): number =>
      dateClaim(decodeClaims(hex(payload.replaceAll(' ', '')), 'the token'), CLAIM.ISSUED_AT, 'iat');
    expect(read).toThrow(ClaimError);
  });

  it('says where its status stands, as in the example of the draft', () => {
    const token = hex(tokens.referencedTokens.rows.find(({ form }) => form === 'CWT')?.token);
    // The claims of that example are not sorted.
    const payload = token.subarray(token.indexOf(0x66) + 1, -66);
    expect(readStatusReference(decodeClaims(payload, 'the token', 'as-they-come'))).toEqual({
      index: 0,
      uri: 'https://example.com/statuslists/1',
    });
  });
});
