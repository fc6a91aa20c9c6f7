import { fromHex, SW, toHex } from '../../src/apdu/index.ts';
import type { CurveName } from '../../src/hal/crypto.ts';
import { authenticationToken } from '../../src/secure-channel/authentication-token.ts';
import { protectCommand, unprotectCommand } from '../../src/secure-channel/command-protection.ts';
import { standardizedParameters } from '../../src/secure-channel/domain-parameters.ts';
import {
  mappedGenerator,
  nonceTimesGenerator,
  sealChipAuthenticationData,
} from '../../src/secure-channel/generic-mapping.ts';
import { type CipherName, derivePasswordKey, deriveSessionKeys } from '../../src/secure-channel/key-derivation.ts';
import { chipAuthenticationCipher, paceProtocol } from '../../src/secure-channel/object-identifier.ts';
import { encodeMrz, encodePassword } from '../../src/secure-channel/password.ts';
import { protectResponse, unprotectResponse } from '../../src/secure-channel/response-protection.ts';
import { loadVectors } from '../vectors/load.ts';
import { crypto, parsed, sessionOf } from './bench-session.ts';
import { describe, expect, it } from './cases.ts';

/*
 * The numbers on the way to what goes over the wire, which published runs show: where both ends of a run are right and a
 * client is not, they say at which step.
 */

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes; a wrong one fails the test that reads it
type Json = any;
const [pace, more, eac] = [loadVectors<Json>('pace'), loadVectors<Json>('pace-more'), loadVectors<Json>('eac-ta-ca')];

/** Curves of 224 and 320 bits are not built here. */
const built = (run: Json): boolean => standardizedParameters(run.domainParameterId) !== null;
const paceRuns = [...pace.runs, ...more.runs, { id: 'eac', ...eac.runs[0].pace }].filter(built);

const passwordOf = ({ password }: Json): Uint8Array =>
  password.type === 'MRZ' ? encodeMrz(crypto, password) : encodePassword(password.value);
const publicKey = (curve: CurveName, key: string, base: string | null): string =>
  toHex(base === null ? crypto.publicKey(curve, fromHex(key)) : crypto.multiply(curve, fromHex(key), fromHex(base)));

describe.each(paceRuns)('PACE, $id', (run: Json) => {
  const { curve } = standardizedParameters(run.domainParameterId)!;
  const { cipher } = paceProtocol(fromHex(run.protocolOid))!;
  const { mapping, keyAgreement, token } = run;

  it('the nonce goes out under the key of the password', () => {
    expect(toHex(derivePasswordKey(crypto, cipher, passwordOf(run)))).toBe(run.kPi);
    const nonce = fromHex(run.nonce);
    expect(toHex(crypto.aesCbcEncrypt(fromHex(run.kPi), new Uint8Array(16), nonce))).toBe(run.encryptedNonce);
  });

  it('the mapping', () => {
    expect(publicKey(curve, mapping.terminalPrivate, null)).toBe(mapping.terminalPublic);
    if (mapping.chipPrivate !== null) expect(publicKey(curve, mapping.chipPrivate, null)).toBe(mapping.chipPublic);
    const shared = publicKey(curve, mapping.terminalPrivate, mapping.chipPublic);
    expect(shared).toBe(mapping.sharedPointH ?? mapping.sharedSecretH);
    const point = nonceTimesGenerator(crypto, curve, fromHex(run.nonce));
    const key = fromHex(mapping.terminalPrivate);
    const generator = mappedGenerator(crypto, curve, point, key, fromHex(mapping.chipPublic));
    expect(toHex(generator)).toBe(mapping.mappedGenerator);
  });

  it('the key agreement', () => {
    const generator = mapping.mappedGenerator;
    expect(publicKey(curve, keyAgreement.terminalPrivate, generator)).toBe(keyAgreement.terminalPublic);
    if (keyAgreement.chipPrivate !== null) {
      expect(publicKey(curve, keyAgreement.chipPrivate, generator)).toBe(keyAgreement.chipPublic);
    }
    const secret = crypto.ecdh(curve, fromHex(keyAgreement.terminalPrivate), fromHex(keyAgreement.chipPublic));
    expect(toHex(secret)).toBe(keyAgreement.sharedSecretX ?? keyAgreement.sharedSecret);
    const keys = deriveSessionKeys(crypto, cipher, secret);
    expect([toHex(keys.enc), toHex(keys.mac)]).toEqual([run.ksEnc, run.ksMac]);
  });

  it('the tokens, and what they are made over', () => {
    const [mac, oid] = [fromHex(run.ksMac), fromHex(run.protocolOid)];
    expect(toHex(authenticationToken(crypto, mac, oid, fromHex(keyAgreement.chipPublic)))).toBe(token.terminal);
    expect(toHex(authenticationToken(crypto, mac, oid, fromHex(keyAgreement.terminalPublic)))).toBe(token.chip);
    expect(toHex(crypto.cmac(mac, fromHex(token.terminalInput))).slice(0, 16)).toBe(token.terminal);
    expect(toHex(crypto.cmac(mac, fromHex(token.chipInput))).slice(0, 16)).toBe(token.chip);
  });

  const cam = run.chipAuthenticationMapping;
  if (cam !== undefined && mapping.chipPrivate !== null)
    it('the chip authentication data', () => {
      expect(toHex(crypto.publicKey(curve, fromHex(cam.chipStaticPrivate)))).toBe(cam.chipStaticPublic);
      const keys = [fromHex(mapping.chipPrivate), fromHex(cam.chipStaticPrivate)] as const;
      expect(toHex(sealChipAuthenticationData(crypto, curve, ...keys, fromHex(run.ksEnc)))).toBe(cam.encryptedCaData);
      const iv = new Uint8Array(16).fill(0xff);
      crypto.blockCipher(fromHex(run.ksEnc)).encryptBlock(iv, 0);
      expect(toHex(iv)).toBe(cam.iv);
      expect(toHex(crypto.aesCbcEncrypt(fromHex(run.ksEnc), iv, fromHex(cam.caDataPadded)))).toBe(cam.encryptedCaData);
    });

  if (run.secureMessaging !== undefined)
    it.each(run.secureMessaging.steps as Json[])('$plainCommand in its channel', (step) => {
      const [terminal, card] = [sessionOf(run, step.sscBefore), sessionOf(run, step.sscBefore)];
      expect(toHex(protectCommand(terminal, parsed(step.plainCommand)))).toBe(step.command);
      const command = parsed(step.command);
      expect(unprotectCommand(card, command, new Uint8Array(512))).toBe(SW.OK);
      const opened = unprotectResponse(terminal, fromHex(step.response), { odd: false });
      expect(toHex(opened.data) + opened.status.toString(16).toUpperCase()).toBe(step.plainResponse);
      const buffer = new Uint8Array(512);
      buffer.set(opened.data);
      const length = protectResponse(card, buffer, opened.data.length, opened.status, false);
      expect(toHex(buffer.subarray(0, length)) + step.response.slice(-4)).toBe(step.response);
      expect([toHex(terminal.counter), toHex(card.counter)]).toEqual([step.sscAfter, step.sscAfter]);
    });
});

const chipAuthentications = [
  { id: 'worked example', curve: 'brainpoolP256r1', ...eac.runs[0].chipAuthentication },
  { id: 'the same in the other file', ...pace.runs[1].chipAuthenticationVersion2, curve: 'brainpoolP256r1' },
  ...eac.computedRuns.map((run: Json) => ({ id: run.id, ...run.chipAuthentication })),
];

describe.each(chipAuthentications)('chip authentication, $id', (run: Json) => {
  it('key pairs, secret, keys and token', () => {
    const curve: CurveName = run.curve;
    expect(publicKey(curve, run.chipPrivate, null)).toBe(run.chipPublic);
    expect(publicKey(curve, run.terminalPrivate, null)).toBe(run.terminalPublic);
    const secret = crypto.ecdh(curve, fromHex(run.terminalPrivate), fromHex(run.chipPublic));
    expect(toHex(secret)).toBe(run.sharedSecretX ?? run.sharedSecret);
    const oid = fromHex(run.protocolOid);
    const keys = deriveSessionKeys(crypto, chipAuthenticationCipher(oid) as CipherName, secret, fromHex(run.nonce));
    expect([toHex(keys.enc), toHex(keys.mac)]).toEqual([run.ksEnc, run.ksMac]);
    const token = authenticationToken(crypto, keys.mac, oid, fromHex(run.terminalPublic));
    expect(toHex(token)).toBe(run.chipToken ?? run.token);
    if (run.tokenInput !== undefined) {
      expect(toHex(crypto.cmac(keys.mac, fromHex(run.tokenInput))).slice(0, 16)).toBe(toHex(token));
    }
  });
});
