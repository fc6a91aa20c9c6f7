/** The SecurityInfos that a card of ours has, as bytes: see security-infos.ts for what they are. */
import { TlvWriter } from '../apdu/index.ts';
import type { CurveName } from '../hal/crypto.ts';
import { domainParameters } from './domain-parameters.ts';
import type { CipherName } from './key-derivation.ts';
import {
  chipAuthenticationOid,
  ID_CA_ECDH,
  ID_CI,
  ID_PK_ECDH,
  ID_PT,
  ID_TA,
  type PaceProtocol,
  paceOid,
  STANDARDIZED_DOMAIN_PARAMETERS,
} from './object-identifier.ts';
import { DER } from './security-infos.ts';

const LARGEST_INFO = 1024;
const VERSION_2 = 2;

/** PACEInfo, version 2. */
export function paceInfo(protocol: PaceProtocol, parameterId: number): Uint8Array {
  return info(paceOid(protocol), (writer) => {
    putInteger(writer, VERSION_2);
    putInteger(writer, parameterId);
  });
}

/** ChipAuthenticationInfo, version 2. */
export function chipAuthenticationInfo(cipher: CipherName, keyId: number): Uint8Array {
  return info(chipAuthenticationOid(cipher), (writer) => {
    putInteger(writer, VERSION_2);
    putInteger(writer, keyId);
  });
}

/** ChipAuthenticationDomainParameterInfo: for EF.CardAccess, where the key itself is not told. */
export function chipAuthenticationDomainParameterInfo(curve: CurveName, keyId: number): Uint8Array {
  return info(ID_CA_ECDH, (writer) => {
    putAlgorithm(writer, curve);
    putInteger(writer, keyId);
  });
}

/** ChipAuthenticationPublicKeyInfo: for EF.CardSecurity. @param publicKey `04 X Y` */
export function chipAuthenticationPublicKeyInfo(curve: CurveName, publicKey: Uint8Array, keyId: number): Uint8Array {
  return info(ID_PK_ECDH, (writer) => {
    writer.open(DER.SEQUENCE);
    putAlgorithm(writer, curve);
    writer.header(DER.BIT_STRING, publicKey.length + 1);
    writer.byte(0);
    writer.raw(publicKey);
    writer.close();
    putInteger(writer, keyId);
  });
}

/** TerminalAuthenticationInfo, version 2. */
export function terminalAuthenticationInfo(): Uint8Array {
  return info(ID_TA, (writer) => putInteger(writer, VERSION_2));
}

/** CardInfoLocator. @throws {RangeError} a character that is not ASCII, or more than 255 */
export function cardInfoLocator(url: string): Uint8Array {
  if (!/^[\x20-\x7e]{1,255}$/.test(url)) throw new RangeError('the URL of EF.CardInfo is printable ASCII, 255 at most');
  return info(ID_CI, (writer) =>
    writer.primitive(
      DER.IA5_STRING,
      Uint8Array.from(url, (character) => character.charCodeAt(0)),
    ),
  );
}

/** PrivilegedTerminalInfo around infos made by the functions above. */
export function privilegedTerminalInfo(infos: readonly Uint8Array[]): Uint8Array {
  return info(ID_PT, (writer) => writer.raw(encodeSecurityInfos(infos)));
}

/**
 * The SET around infos, in the order given. DER sorts a SET OF by its bytes; readers take any order, and some use the
 * first PACEInfo, so that the order is the caller's.
 */
export function encodeSecurityInfos(infos: readonly Uint8Array[]): Uint8Array {
  const writer = new TlvWriter(infos.reduce((length, bytes) => length + bytes.length, 8));
  writer.open(DER.SET);
  for (const bytes of infos) writer.raw(bytes);
  writer.close();
  return writer.finish();
}

function info(oid: Uint8Array, rest: (writer: TlvWriter) => void): Uint8Array {
  const writer = new TlvWriter(LARGEST_INFO);
  writer.open(DER.SEQUENCE);
  writer.primitive(DER.OBJECT_IDENTIFIER, oid);
  rest(writer);
  writer.close();
  return writer.finish();
}

function putInteger(writer: TlvWriter, value: number): void {
  // One zero byte more where the first bit would be a sign.
  const size = value < 0x80 ? 1 : value < 0x8000 ? 2 : value < 0x80_0000 ? 3 : 4;
  writer.number(DER.INTEGER, value, size);
}

function putAlgorithm(writer: TlvWriter, curve: CurveName): void {
  writer.open(DER.SEQUENCE);
  writer.primitive(DER.OBJECT_IDENTIFIER, STANDARDIZED_DOMAIN_PARAMETERS);
  putInteger(writer, domainParameters(curve).id);
  writer.close();
}
