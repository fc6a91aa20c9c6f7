import { compactVerify, importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { deviceAuthorization } from '../../../../../rig/life/api/device-request.ts';
import { TERMINAL_ALGORITHMS } from '../../../../../rig/life/api/signed-request.ts';
import { terminalRequest } from '../../../../../rig/life/api/terminal-request.ts';
import { base64url, pointToJwk } from '../../../../../rig/life/credential/jws.ts';
import { type JudgedDevice, judgeDevice } from '../../../../../rig/life/issuer/http/judge-device.ts';
import {
  type JudgedProfessional,
  judgeProfessional,
  type ProfessionalTrust,
} from '../../../../../rig/life/issuer/http/judge-professional.ts';
import { CURVE_NAMES, type CurveName } from '../../../../../src/hal/crypto.ts';
import { nobleCrypto } from '../../../../../src/hal/noble/index.ts';
import { systemRandom } from '../../../../../src/hal/system/random.ts';
import { device, type HierarchyOrder, hierarchy } from '../../signers.ts';

const crypto = nobleCrypto();
const NOW = Date.UTC(2026, 10, 29, 10, 0, 0);
const TODAY = 261129;
const ORIGIN = 'http://127.0.0.1:8080';
const BODY = new TextEncoder().encode('{"agreed":["insured"]}');
const RECEIVED = { method: 'POST', origin: ORIGIN, path: '/v1/phone/presences', now: NOW };
const CALL = { method: 'POST', url: `${ORIGIN}/v1/phone/presences?x=1#y`, body: BODY, now: NOW };

/** The code of the refusal, or null when there is none. */
async function refusal(judge: () => unknown): Promise<string | null> {
  try {
    await judge();
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function parts(token: string): {
  header: Record<string, unknown>;
  payload: Record<string, unknown>;
  signature: string;
} {
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const read = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString());
  return { header: read(header), payload: read(payload), signature };
}

const part = (value: unknown): string => base64url(Buffer.from(JSON.stringify(value)));

describe('request of a phone', () => {
  const phone = device('phone a');
  const judge = (authorization: string | undefined, received = {}, body = BODY): JudgedDevice =>
    judgeDevice(crypto, authorization, body, { ...RECEIVED, ...received });

  it('is believed, and names the thumbprint of its key (RFC 7638, as jose computes it)', async () => {
    const { calculateJwkThumbprint } = await import('jose');
    const judged = judge(await deviceAuthorization(crypto, systemRandom, phone, CALL));
    expect(judged.thumbprint).toBe(await calculateJwkThumbprint(pointToJwk(phone.publicKey)));
    expect(judged.issuedAt).toBe(NOW / 1000);
    expect(Buffer.from(judged.requestId, 'base64url')).toHaveLength(16);
  });

  it('is a JWS that another library verifies', async () => {
    const [scheme, token = ''] = (await deviceAuthorization(crypto, systemRandom, phone, CALL)).split(' ');
    expect(scheme).toBe('Vitap-Device');
    const { payload } = await compactVerify(token, await importJWK({ ...pointToJwk(phone.publicKey) }, 'ES256'));
    expect(JSON.parse(new TextDecoder().decode(payload))).toMatchObject({
      aud: ORIGIN,
      htm: 'POST',
      htu: `${ORIGIN}/v1/phone/presences`,
      body_sha256: Buffer.from(await globalThis.crypto.subtle.digest('SHA-256', BODY)).toString('base64url'),
    });
  });

  it('two requests have two identifiers', async () => {
    const [one, two] = [
      judge(await deviceAuthorization(crypto, systemRandom, phone, CALL)),
      judge(await deviceAuthorization(crypto, systemRandom, phone, CALL)),
    ];
    expect(one.requestId).not.toBe(two.requestId);
  });

  it.each([
    ['sent to another server', { origin: 'http://127.0.0.1:9090' }, 'request-for-another'],
    ['sent to another route', { path: '/v1/phone/wiped' }, 'request-for-another'],
    ['sent with another method', { method: 'DELETE' }, 'request-for-another'],
    ['a minute old', { now: NOW + 60_000 }, null],
    ['older than a minute', { now: NOW + 61_000 }, 'clock-wrong'],
    ['a day old', { now: NOW + 86_400_000 }, 'clock-wrong'],
    ['of the next minute', { now: NOW - 60_000 }, null],
    ['of tomorrow', { now: NOW - 86_400_000 }, 'clock-wrong'],
  ])('%s', async (_name, received, code) => {
    const authorization = await deviceAuthorization(crypto, systemRandom, phone, CALL);
    expect(await refusal(() => judge(authorization, received))).toBe(code);
  });

  it('with another body: refused', async () => {
    const authorization = await deviceAuthorization(crypto, systemRandom, phone, CALL);
    expect(await refusal(() => judge(authorization, {}, new TextEncoder().encode('{"agreed":["rights"]}')))).toBe(
      'request-for-another',
    );
    expect(await refusal(() => judge(authorization, {}, new Uint8Array(0)))).toBe('request-for-another');
  });

  it('how far the clocks differ is in the words', async () => {
    const authorization = await deviceAuthorization(crypto, systemRandom, phone, CALL);
    expect(() => judge(authorization, { now: NOW + 86_400_000 })).toThrow("86400 s behind the issuer's");
  });

  it.each([
    ['nothing', undefined, 'signature-missing'],
    ['another scheme', 'Bearer abc', 'signature-missing'],
    ['no token', 'Vitap-Device', 'signature-missing'],
    ['no JWS', 'Vitap-Device abc', 'signature-malformed'],
    ['three parts of nothing', 'Vitap-Device ..', 'signature-malformed'],
    ['too long', `Vitap-Device ${'a'.repeat(4000)}`, 'signature-malformed'],
  ])('%s', async (_name, authorization, code) => {
    expect(await refusal(() => judge(authorization))).toBe(code);
  });

  it.each([
    ['another key in its header', { jwk: pointToJwk(device('phone b').publicKey) }, {}, 'signature-wrong'],
    ['no key', { jwk: undefined }, {}, 'signature-malformed'],
    [
      'a point off the curve',
      { jwk: { ...pointToJwk(device('a').publicKey), x: base64url(new Uint8Array(32)) } },
      {},
      'signature-wrong',
    ],
    ['alg none', { alg: 'none' }, {}, 'signature-malformed'],
    ['alg HS256', { alg: 'HS256' }, {}, 'signature-malformed'],
    ['an unknown extension', { crit: ['exp'] }, {}, 'signature-malformed'],
    ['the type of a terminal', { typ: 'vitap-terminal+jwt' }, {}, 'signature-malformed'],
    ['a changed time', {}, { iat: NOW / 1000 + 1 }, 'signature-wrong'],
    ['a changed identifier', {}, { jti: 'A'.repeat(22) }, 'signature-wrong'],
  ])('changed after it was signed: %s', async (_name, header, payload, code) => {
    const token = (await deviceAuthorization(crypto, systemRandom, phone, CALL)).split(' ')[1] ?? '';
    const old = parts(token);
    const changed = `${part({ ...old.header, ...header })}.${part({ ...old.payload, ...payload })}.${old.signature}`;
    expect(await refusal(() => judge(`Vitap-Device ${changed}`))).toBe(code);
  });
});

describe('request of a professional', () => {
  const { keys, anchor } = hierarchy();
  const TERMINAL_CALL = {
    method: 'POST',
    url: `${ORIGIN}/v1/presences/resolve`,
    requestId: 'AAAAAAAAAAAAAAAAAAAAAA',
    request: { presence: 'VP1:A' },
    now: NOW,
  };
  const received = { ...RECEIVED, path: '/v1/presences/resolve' };
  const open: ProfessionalTrust = { anchor: anchor(TODAY), revokedOf: async () => [] };
  const judge = (body: string, trust = open, right = 'read DG1', more = {}): Promise<JudgedProfessional> =>
    judgeProfessional(crypto, body, right, trust, { ...received, ...more });

  it.each(CURVE_NAMES)('on %s: is believed', async (curve) => {
    const made = hierarchy({ curve });
    const body = terminalRequest(crypto, made.keys, TERMINAL_CALL);
    const judged = await judge(body, { ...open, anchor: made.anchor(TODAY) });
    expect(judged).toMatchObject({
      name: 'FRLABAT00001',
      requestId: TERMINAL_CALL.requestId,
      rights: ['read DG1', 'write DG18'],
      request: { presence: 'VP1:A' },
    });
    expect(parts(body).header.alg).toBe(TERMINAL_ALGORITHMS[curve].alg);
  });

  // RFC 7518 has these three names; brainpool has none in JOSE, and Node's WebCrypto no brainpool.
  it.each(['P-256', 'P-384', 'P-521'] as const)('on %s: another library verifies it', async (curve: CurveName) => {
    const made = hierarchy({ curve });
    const point = crypto.publicKey(curve, made.keys.key.privateKey);
    const size = (point.length - 1) / 2;
    const jwk = {
      kty: 'EC',
      crv: curve,
      x: base64url(point.subarray(1, 1 + size)),
      y: base64url(point.subarray(1 + size)),
    };
    const body = terminalRequest(crypto, made.keys, TERMINAL_CALL);
    await expect(compactVerify(body, await importJWK(jwk, TERMINAL_ALGORITHMS[curve].alg))).resolves.toBeDefined();
  });

  it.each<[string, HierarchyOrder, string]>([
    ['made by itself under the names of the real ones', { label: 'self-made ' }, 'terminal-unknown'],
    ['of another root', { names: { root: 'FREVILCVCA00001' } }, 'terminal-unknown'],
    ['expired yesterday', { terminal: { from: 250101, to: 261128 } }, 'terminal-expired'],
    ['expires today', { terminal: { from: 250101, to: 261129 } }, 'none'],
    ['of tomorrow', { terminal: { from: 261130, to: 270101 } }, 'terminal-expired'],
    ['whose document verifier expired', { verifier: { from: 250101, to: 261128 } }, 'terminal-expired'],
    ['without the right', { rights: ['read DG2'] }, 'terminal-lacks-right'],
    ['without any right', { rights: [] }, 'terminal-lacks-right'],
  ])('a terminal %s', async (_name, order, code) => {
    const body = terminalRequest(crypto, hierarchy(order).keys, TERMINAL_CALL);
    expect((await refusal(() => judge(body))) ?? 'none').toBe(code);
  });

  it.each([
    ['the terminal', 'FRLABAT00001', 'terminal-revoked'],
    ['its document verifier', 'FRLABDV00001', 'terminal-revoked'],
    ['another one', 'FRLABAT00002', null],
  ])('revoked: %s', async (_name, revoked, code) => {
    const body = terminalRequest(crypto, keys, TERMINAL_CALL);
    expect(
      await refusal(() =>
        judge(body, { ...open, revokedOf: async (holders) => holders.filter((holder) => holder === revoked) }),
      ),
    ).toBe(code);
  });

  it.each([
    ['to another server', { origin: 'https://127.0.0.1:8080' }, 'request-for-another'],
    ['to another route', { path: '/v1/claims' }, 'request-for-another'],
    ['a day later', { now: NOW + 86_400_000 }, 'clock-wrong'],
  ])('sent %s', async (_name, more, code) => {
    expect(await refusal(() => judge(terminalRequest(crypto, keys, TERMINAL_CALL), open, 'read DG1', more))).toBe(code);
  });

  it('signed by another key than that of the certificate: refused', async () => {
    const other = hierarchy({ label: 'other ' }).keys.key;
    expect(await refusal(() => judge(terminalRequest(crypto, { ...keys, key: other }, TERMINAL_CALL)))).toBe(
      'signature-wrong',
    );
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>, string]>([
    ['another algorithm of the same length', { alg: 'ES256' }, {}, 'signature-wrong'],
    ['no certificates', { cvc: [] }, {}, 'signature-malformed'],
    ['certificates that are none', { cvc: ['AAAA'] }, {}, 'signature-malformed'],
    ['certificates that are numbers', { cvc: [1, 2] }, {}, 'signature-malformed'],
    [
      'a hundred certificates',
      { cvc: Array.from({ length: 100 }, () => base64url(keys.certificates[0]!)) },
      {},
      'signature-malformed',
    ],
    ['the document verifier alone', { cvc: [base64url(keys.certificates[0]!)] }, {}, 'terminal-refused'],
    ['the terminal alone', { cvc: [base64url(keys.certificates[1]!)] }, {}, 'terminal-unknown'],
    ['another request', {}, { request: { presence: 'VP1:B' } }, 'signature-wrong'],
  ])('changed after it was signed: %s', async (_name, header, payload, code) => {
    const old = parts(terminalRequest(crypto, keys, TERMINAL_CALL));
    const changed = `${part({ ...old.header, ...header })}.${part({ ...old.payload, ...payload })}.${old.signature}`;
    expect(await refusal(() => judge(changed))).toBe(code);
  });

  it('an identifier that is too short to be random is refused', async () => {
    const body = terminalRequest(crypto, keys, { ...TERMINAL_CALL, requestId: '1' });
    expect(await refusal(() => judge(body))).toBe('signature-malformed');
  });
});
