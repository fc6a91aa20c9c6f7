import { isPrivateKey } from '../../../src/applet/keys/key-coding.ts';
import type { CurveName } from '../../../src/hal/index.ts';
import {
  chipAuthenticationDomainParameterInfo,
  chipAuthenticationInfo,
  chipAuthenticationPublicKeyInfo,
  domainParameters,
  encodeSecurityInfos,
  paceInfo,
  terminalAuthenticationInfo,
} from '../../../src/secure-channel/index.ts';
import { signCardSecurity, testDocumentSigner } from '../../pki/card-security.ts';
import type { DirectoryDocument, KeyDocument, PaceDocument, ProfileDocument } from './document.ts';
import type { Generation } from './generators.ts';
import type { Issues } from './issues.ts';
import type { Path } from './source.ts';

const EF_CARD_ACCESS = 0x011c;

/** What ties `pace`, codes that are its passwords, and keys together. */
export function checkPace({ pace, masterFile }: ProfileDocument, issues: Issues): void {
  pace.forEach((offer, index) => {
    if (pace.findIndex((other) => isSame(other, offer)) !== index)
      issues.report(['pace', index], 'it is there already');
    if (offer.mapping === 'CAM' && chipKeys(masterFile).every(({ curve }) => curve !== offer.curve)) {
      const message = `the chip authentication mapping needs a key for chip authentication on ${offer.curve}`;
      issues.report(['pace', index, 'mapping'], message);
    }
  });
  const passwords = passwordsOf(masterFile, ['masterFile']);
  passwords.forEach(({ password, path }, index) => {
    if (passwords.findIndex((other) => other.password === password) !== index) {
      issues.report(path, `another code is the ${password} already`);
    }
    if (pace.length === 0) issues.report(path, 'this profile has no `pace` that it could be a password of');
  });
  if (pace.length > 0 && masterFile.files.every(({ fid }) => fid !== EF_CARD_ACCESS)) {
    issues.report(['pace'], 'a terminal reads what is offered in 011C of the master file, which is not there');
  }
}

/** EF.CardAccess: what the card offers a terminal, the preferred one first. */
export function cardAccess({ document, issues }: Generation, path: Path): Uint8Array {
  if (document.pace.length === 0) {
    issues.report(path, '`card-access` is made from `pace`, which this profile does not have');
  }
  return securityInfos(document, (curve, { reference }) => chipAuthenticationDomainParameterInfo(curve, reference));
}

/** EF.CardSecurity: the same with the chip's public keys, signed by the test document signer. */
export function cardSecurity({ document, crypto, keys, issues }: Generation, path: Path): Uint8Array {
  if (chipKeys(document.masterFile).length === 0) {
    issues.report(path, '`card-security` shows keys for chip authentication, and this profile has none');
  }
  const infos = securityInfos(document, (curve, key) => {
    const value = keys.get(key) ?? null;
    // What is wrong with a key is told where it is written.
    if (value === null || !isPrivateKey(curve, value)) return new Uint8Array(0);
    return chipAuthenticationPublicKeyInfo(curve, crypto.publicKey(curve, value), key.reference);
  });
  return signCardSecurity(crypto, infos, testDocumentSigner(crypto));
}

/** @param keyInfo what is said of a key for chip authentication besides the ciphers */
function securityInfos(
  { pace, masterFile, trust }: ProfileDocument,
  keyInfo: (curve: CurveName, key: KeyDocument) => Uint8Array,
): Uint8Array {
  return encodeSecurityInfos([
    ...pace.map((offer) => paceInfo(offer, domainParameters(offer.curve).id)),
    ...chipKeys(masterFile).flatMap(({ key, curve }) => [
      ...key.ciphers.map((cipher) => chipAuthenticationInfo(cipher, key.reference)),
      keyInfo(curve, key),
    ]),
    ...(trust === undefined ? [] : [terminalAuthenticationInfo()]),
  ]);
}

function chipKeys({ keys }: DirectoryDocument): { key: KeyDocument; curve: PaceDocument['curve'] }[] {
  return keys.flatMap((key) =>
    key.algorithm.kind === 'ec' && key.use.includes('chip-authentication') ? [{ key, curve: key.algorithm.curve }] : [],
  );
}

function passwordsOf(directory: DirectoryDocument, path: Path): { password: string; path: Path }[] {
  return [
    ...directory.codes.flatMap(({ password }, index) =>
      password === undefined ? [] : [{ password, path: [...path, 'codes', index, 'password'] }],
    ),
    ...directory.directories.flatMap((child, index) => passwordsOf(child, [...path, 'directories', index])),
  ];
}

function isSame(a: PaceDocument, b: PaceDocument): boolean {
  return a.curve === b.curve && a.cipher === b.cipher && a.mapping === b.mapping;
}
