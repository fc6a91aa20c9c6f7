import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { describe, expect, it } from 'vitest';
import { base64url, type JsonObject, type P256Jwk, verifyText } from '../../../../rig/life/credential/jws.ts';
import { issueSdJwtVc, presentSdJwtVc } from '../../../../rig/life/identity/sd-jwt/issue.ts';
import { SD_JWT_REFUSALS, SdJwtRefusal, type SdJwtRefusalCode } from '../../../../rig/life/identity/sd-jwt/refusals.ts';
import { type VerifyOrder, verifySdJwtVc } from '../../../../rig/life/identity/sd-jwt/verify.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { loadVectors } from '../../../vectors/load.ts';
import {
  AUDIENCE,
  crypto,
  disclosureOf,
  FAMILY_NAME,
  GIVEN_NAME,
  HOLDER,
  ISSUER,
  type Making,
  makeSdJwt,
  NONCE,
  NOW,
  PAYLOAD,
  STRANGER,
  sha256,
} from './sd-jwt-making.ts';

interface Vectors {
  readonly issuerPublicJwk: P256Jwk;
  readonly holderPublicJwk: P256Jwk;
  readonly issued: string;
  readonly presentation: { readonly whole: string; readonly disclosedClaims: JsonObject };
  readonly refusals: { readonly vectors: readonly { readonly name: string; readonly sdJwt: string }[] };
}

const ORDER: Omit<VerifyOrder, 'text'> = {
  crypto,
  now: NOW,
  issuerKeys: (issuer) => (issuer === 'https://identity.test' ? [ISSUER.jwk] : []),
  binding: { audience: AUDIENCE, nonce: NONCE, maxAgeSeconds: 300 },
  vct: 'urn:test',
};

async function refusalOf(text: string, change: Partial<VerifyOrder> = {}): Promise<SdJwtRefusalCode | 'believed'> {
  try {
    await verifySdJwtVc({ ...ORDER, text, ...change });
    return 'believed';
  } catch (error) {
    if (error instanceof SdJwtRefusal) return error.code;
    throw error;
  }
}

const with_ = (payload: JsonObject): Making => ({ payload: { ...PAYLOAD, ...payload } });
const selected = (...values: unknown[]): Making => {
  const made = values.map(disclosureOf);
  return { ...with_({ _sd: made.map(({ digest }) => digest) }), disclosures: made.map(({ encoded }) => encoded) };
};
const nested = disclosureOf(['c2FsdA', 'address', { _sd: [FAMILY_NAME.digest] }]);
const element = disclosureOf(['c2FsdA', 'FR']);

describe('verify', () => {
  it('believes what is in order, and gives what was disclosed', async () => {
    const text = await makeSdJwt();
    expect(await verifySdJwtVc({ ...ORDER, text })).toEqual({
      issuer: 'https://identity.test',
      holderKey: HOLDER.jwk,
      claims: { ...PAYLOAD, _sd: undefined, family_name: 'ADRUN', given_name: 'ZOE' },
    });
  });

  it('gives nothing of what was withheld', async () => {
    const text = await makeSdJwt({ disclosures: [GIVEN_NAME.encoded] });
    const { claims } = await verifySdJwtVc({ ...ORDER, text });
    expect(claims).toMatchObject({ given_name: 'ZOE' });
    expect(claims).not.toHaveProperty('family_name');
  });

  const cases: readonly (readonly [string, Making, SdJwtRefusalCode])[] = [
    ['an issuer that is not trusted', with_({ iss: 'https://identity.test.evil' }), 'unknown-issuer'],
    ['no issuer', with_({ iss: undefined }), 'unknown-issuer'],
    ['a signature of somebody else', { issuer: STRANGER }, 'altered'],
    ['another type of token', { header: { typ: 'vc+sd-jwt' } }, 'wrong-type'],
    ['another type of credential', with_({ vct: 'urn:other' }), 'wrong-type'],
    ['digests by another algorithm', with_({ _sd_alg: 'sha-512' }), 'digest-algorithm'],
    ['a disclosure that is no JSON', { disclosures: ['e30x'] }, 'bad-disclosure'],
    ['a disclosure that is an object', { disclosures: [disclosureOf({}).encoded] }, 'bad-disclosure'],
    ['a disclosure of four', { disclosures: [disclosureOf(['a', 'b', 'c', 'd']).encoded] }, 'bad-disclosure'],
    ['a disclosure with padding', { disclosures: [`${FAMILY_NAME.encoded}=`] }, 'bad-disclosure'],
    ['a disclosure named _sd, at the top', selected(['s', '_sd', [FAMILY_NAME.digest]]), 'bad-disclosure'],
    ['a disclosure named ...', selected(['s', '...', 'x']), 'bad-disclosure'],
    ['a disclosure named __proto__', selected(['s', '__proto__', { admin: true }]), 'bad-disclosure'],
    ['a disclosure of exp', { ...selected(['s', 'exp', NOW + 9e9]) }, 'bad-disclosure'],
    ['an element where a claim belongs', selected(['s', 'x']), 'bad-disclosure'],
    [
      'a claim where an element belongs',
      { ...with_({ _sd: [], nationalities: [{ '...': FAMILY_NAME.digest }] }), disclosures: [FAMILY_NAME.encoded] },
      'bad-disclosure',
    ],
    ['a digest twice in one list', with_({ _sd: [FAMILY_NAME.digest, FAMILY_NAME.digest] }), 'duplicate-digest'],
    [
      'a digest again, inside a disclosure',
      {
        ...with_({ _sd: [FAMILY_NAME.digest, nested.digest] }),
        disclosures: [FAMILY_NAME.encoded, nested.encoded],
      },
      'duplicate-digest',
    ],
    [
      'a digest again, in an array',
      { ...with_({ _sd: [element.digest], nationalities: [{ '...': element.digest }] }), disclosures: [] },
      'duplicate-digest',
    ],
    ['a disclosure twice', { disclosures: [FAMILY_NAME.encoded, FAMILY_NAME.encoded] }, 'duplicate-disclosure'],
    ['a disclosure of no digest', with_({ _sd: [FAMILY_NAME.digest] }), 'unreferenced-disclosure'],
    ['a disclosure under one that is withheld', { ...with_({ _sd: [nested.digest] }) }, 'unreferenced-disclosure'],
    ['a disclosure over a claim in clear', with_({ family_name: 'NESSI' }), 'claim-twice'],
    ['two disclosures of one claim', selected(['a', 'sub', 1], ['b', 'sub', 2]), 'claim-twice'],
    ['_sd that is no list', with_({ _sd: FAMILY_NAME.digest }), 'malformed'],
    ['a digest that is a number', with_({ _sd: [5] }), 'malformed'],
    ['a digest beside other members', with_({ n: [{ '...': element.digest, x: 1 }] }), 'malformed'],
    ['a digest outside of an array', with_({ n: { '...': element.digest } }), 'malformed'],
    ['an expiry that is text', with_({ exp: '2099' }), 'malformed'],
    ['expiry a minute ago', with_({ exp: NOW - 60 }), 'expired'],
    ['validity in two minutes', with_({ nbf: NOW + 120 }), 'not-yet-valid'],
    ['issuance in two minutes', with_({ iat: NOW + 120 }), 'issued-in-future'],
    ['no key of the holder', with_({ cnf: undefined }), 'not-bound'],
    ['a private key of the holder', with_({ cnf: { jwk: { ...HOLDER.jwk, d: HOLDER.jwk.x } } }), 'malformed'],
    ['no key binding', { binding: null }, 'no-key-binding'],
    ['a key binding of another type', { bindingHeader: { typ: 'JWT' } }, 'bad-key-binding'],
    ['a key binding by another key', { holder: STRANGER }, 'another-key'],
    ['a key binding over other disclosures', { binding: { sd_hash: sha256('x') } }, 'wrong-sd-hash'],
    ['no sd_hash', { binding: { sd_hash: undefined } }, 'wrong-sd-hash'],
    ['another audience', { binding: { aud: 'redirect_uri:https://other.test' } }, 'another-audience'],
    ['a list of audiences, ours among them', { binding: { aud: [AUDIENCE] } }, 'another-audience'],
    ['another nonce', { binding: { nonce: 'x' } }, 'another-nonce'],
    ['a binding without a time', { binding: { iat: undefined } }, 'bad-key-binding'],
    ['a binding of the future', { binding: { iat: NOW + 61 } }, 'binding-in-future'],
    ['a binding that is too old', { binding: { iat: NOW - 301 } }, 'stale-binding'],
  ];

  it.each(cases)('refuses %s', async (_, making, code) => {
    expect(await refusalOf(await makeSdJwt(making))).toBe(code);
  });

  it('tolerates a clock that differs by a minute', async () => {
    const making = { ...with_({ exp: NOW - 59, iat: NOW + 60, nbf: NOW + 60 }), binding: { iat: NOW + 60 } };
    expect(await refusalOf(await makeSdJwt(making))).toBe('believed');
  });

  it('refuses a wrong bit anywhere in the signatures and the payload', async () => {
    const text = await makeSdJwt();
    for (const place of [60, text.indexOf('~') - 3, text.indexOf('~') + 8, text.length - 3]) {
      const changed = text[place] === 'A' ? 'B' : 'A';
      expect(await refusalOf(text.slice(0, place) + changed + text.slice(place + 1))).not.toBe('believed');
    }
  });

  it('refuses a holder’s signature on a credential as its issuer sends it', async () => {
    expect(await refusalOf(await makeSdJwt(), { binding: 'absent' })).toBe('unexpected-key-binding');
    expect(await refusalOf(await makeSdJwt({ binding: null }), { binding: 'absent' })).toBe('believed');
  });

  it('refuses what is too large or too deep before it looks into it', async () => {
    expect(await refusalOf(`a~${'b'.repeat(70_000)}~`)).toBe('too-large');
    expect(await refusalOf(`a${'~'.repeat(600)}`)).toBe('too-large');
    const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) as unknown;
    expect(await refusalOf(await makeSdJwt(with_({ deep })))).toBe('malformed');
  });

  it('has a case for each reason in its table', () => {
    const seen = new Set<string>(cases.map(([, , code]) => code));
    const elsewhere = ['too-large', 'unexpected-key-binding'];
    expect(Object.keys(SD_JWT_REFUSALS).filter((code) => !seen.has(code) && !elsewhere.includes(code))).toEqual([]);
  });
});

describe('known answers of RFC 9901', () => {
  const vectors = loadVectors<Vectors>('sd-jwt');
  const order = {
    issuerKeys: () => [vectors.issuerPublicJwk],
    types: ['example+sd-jwt'],
    vct: null,
    now: 1_748_537_300,
    binding: { audience: 'https://verifier.example.org', nonce: '1234567890', maxAgeSeconds: 300 },
  };

  it('believes the presentation of the main example', async () => {
    const { claims } = await verifySdJwtVc({ ...ORDER, ...order, text: vectors.presentation.whole });
    expect(claims).toMatchObject(vectors.presentation.disclosedClaims);
    expect(claims).not.toHaveProperty('email');
  });

  const codes: Readonly<Record<string, SdJwtRefusalCode>> = {
    'a disclosure that is in no _sd array': 'unreferenced-disclosure',
    'the same disclosure twice': 'duplicate-disclosure',
    'disclosure re-encoded without the space after the comma (digest changes)': 'unreferenced-disclosure',
    'no final tilde and no key binding token': 'bad-key-binding',
    'key binding token kept, one disclosure dropped (sd_hash no longer fits)': 'wrong-sd-hash',
    'alg none': 'malformed',
  };
  it.each(vectors.refusals.vectors.map(({ name, sdJwt }) => [name, sdJwt] as const))(
    'refuses %s',
    async (name, text) => {
      expect(await refusalOf(text, order)).toBe(codes[name]);
    },
  );
});

describe('issue and present', () => {
  const draft = {
    vct: 'urn:test',
    iss: 'https://identity.test',
    iat: NOW,
    exp: NOW + 1000,
    holderKey: HOLDER.jwk,
    status: { uri: 'https://issuer.test/status', idx: 7 },
    claims: { family_name: 'ADRUN', given_name: 'ZOE', beneficiaries: [{ name: 'A' }, { name: 'B' }] },
    frame: { _sd: ['family_name', 'given_name'], beneficiaries: { _sd: [0, 1] } },
  };
  const issue = () => issueSdJwtVc({ crypto, random: new SeededRandom('salts'), sign: ISSUER.sign, kid: 'k', draft });
  const present = async (disclose: Record<string, boolean>) =>
    presentSdJwtVc({
      crypto,
      credential: await issue(),
      disclose,
      sign: HOLDER.sign,
      audience: AUDIENCE,
      nonce: NONCE,
      now: NOW,
    });

  it('shows the chosen claims and hides the rest', async () => {
    const text = await present({ family_name: true });
    const { claims } = await verifySdJwtVc({ ...ORDER, text });
    expect(claims).toMatchObject({ family_name: 'ADRUN', status: { status_list: { idx: 7 } }, beneficiaries: [] });
    expect(claims).not.toHaveProperty('given_name');
    const seen = text.split(/[.~]/).map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect(seen.filter((part) => part.includes('ZOE'))).toEqual([]);
  });

  it('draws its salts: the same claims have other digests in the next credential', async () => {
    const random = new SeededRandom('salts');
    const texts = await Promise.all(
      [1, 2].map(() => issueSdJwtVc({ crypto, random, sign: ISSUER.sign, kid: 'k', draft })),
    );
    const disclosures = texts.flatMap((text) => text.split('~').slice(1, -1));
    expect(new Set(disclosures).size).toBe(8);
  });

  it('is believed by the library alone, and believes what the library made alone', async () => {
    const verifier = (key: P256Jwk) => (data: string, signature: string) =>
      verifyText(crypto, data, new Uint8Array(Buffer.from(signature, 'base64url')), key);
    const hasher = (data: string | ArrayBuffer) => crypto.hash('sha-256', Buffer.from(data as string));
    const signer = (sign: (digest: Uint8Array) => Uint8Array) => (data: string) =>
      base64url(sign(crypto.hash('sha-256', Buffer.from(data))));
    const library = new SDJwtVcInstance({
      hasher,
      verifier: verifier(ISSUER.jwk),
      kbVerifier: verifier(HOLDER.jwk),
      signer: signer(ISSUER.sign),
      signAlg: 'ES256',
      kbSigner: signer(HOLDER.sign),
      kbSignAlg: 'ES256',
      saltGenerator: () => 'c2FsdHNhbHRzYWx0c2FsdA',
    });
    const { status: _, ...withoutStatus } = { ...draft };
    const ours = await presentSdJwtVc({
      crypto,
      credential: await issueSdJwtVc({
        crypto,
        random: new SeededRandom('salts'),
        sign: ISSUER.sign,
        kid: 'k',
        draft: { ...withoutStatus, status: null },
      }),
      disclose: { given_name: true },
      sign: HOLDER.sign,
      audience: AUDIENCE,
      nonce: NONCE,
      now: NOW,
    });
    const judged = await library.verify(ours, { currentDate: NOW, keyBindingNonce: NONCE });
    expect(judged.payload).toMatchObject({ given_name: 'ZOE' });

    const { _sd: __, ...payload } = PAYLOAD;
    const theirs = await library.issue(
      { ...payload, vct: 'urn:test', name: 'ADRUN' } as Parameters<typeof library.issue>[0],
      { _sd: ['name'] } as never,
    );
    const shown = await library.present(
      theirs,
      { name: true },
      { kb: { payload: { iat: NOW, aud: AUDIENCE, nonce: NONCE } } },
    );
    expect((await verifySdJwtVc({ ...ORDER, text: shown })).claims).toMatchObject({ name: 'ADRUN' });
  });
});
