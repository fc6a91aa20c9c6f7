/**
 * SecurityInfos: what EF.CardAccess says before PACE and EF.CardSecurity, signed, says after it (BSI TR-03110-3 A.1.1
 * and A.1.2).
 *
 * `SET OF SEQUENCE { protocol OBJECT IDENTIFIER, required, optional }`
 */
import { copyBytes } from '../apdu/copy-bytes.ts';
import { TlvError, TlvReader } from '../apdu/index.ts';
import { sameBytes } from '../apdu/same-bytes.ts';
import type { CurveName } from '../hal/crypto.ts';
import { ChannelError } from './channel-error.ts';
import { knownCurve, standardizedParameters } from './domain-parameters.ts';
import type { CipherName } from './key-derivation.ts';
import {
  chipAuthenticationCipher,
  ID_CA_ECDH,
  ID_CI,
  ID_EC_PUBLIC_KEY,
  ID_PK_ECDH,
  ID_PT,
  ID_TA,
  type PaceProtocol,
  paceProtocol,
  STANDARDIZED_DOMAIN_PARAMETERS,
} from './object-identifier.ts';

export const DER = {
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OBJECT_IDENTIFIER: 0x06,
  IA5_STRING: 0x16,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** More than any card has; a file that says more is not read to its end. */
const MOST_INFOS = 64;

/** The curve of a key or a protocol: null where it is none of those built here. */
export interface CurveReference {
  readonly curve: CurveName | null;
  /** Number of the standardized parameters; null where they are explicit. */
  readonly parameterId: number | null;
}

export type SecurityInfo =
  | {
      readonly kind: 'pace';
      readonly oid: Uint8Array;
      /** Null for a mapping or a cipher that is not built here. */
      readonly protocol: PaceProtocol | null;
      readonly version: number;
      readonly parameterId: number | null;
    }
  | {
      readonly kind: 'chip-authentication';
      readonly oid: Uint8Array;
      readonly cipher: CipherName | null;
      readonly version: number;
      readonly keyId: number | null;
    }
  | ({
      readonly kind: 'chip-authentication-public-key';
      /** `04 X Y`, or whatever the card has there. */
      readonly publicKey: Uint8Array;
      readonly keyId: number | null;
    } & CurveReference)
  | ({ readonly kind: 'chip-authentication-domain-parameters'; readonly keyId: number | null } & CurveReference)
  | { readonly kind: 'terminal-authentication'; readonly version: number }
  | { readonly kind: 'card-info'; readonly url: string }
  | { readonly kind: 'privileged-terminal'; readonly infos: readonly SecurityInfo[] }
  | { readonly kind: 'other'; readonly oid: Uint8Array };

/**
 * The infos of a file, in their order. Bytes after the set are taken for the file's own padding.
 * @throws {ChannelError} `malformed`
 */
export function parseSecurityInfos(file: Uint8Array): readonly SecurityInfo[] {
  try {
    const outer = new TlvReader(file);
    if (!nextIs(outer, DER.SET)) throw new ChannelError('malformed', 'SecurityInfos are no SET');
    return parseSet(outer.enter(), true);
  } catch (error) {
    if (error instanceof TlvError) {
      throw new ChannelError('malformed', `SecurityInfos: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function parseSet(set: TlvReader, privileged: boolean): SecurityInfo[] {
  const infos: SecurityInfo[] = [];
  while (set.next()) {
    if (set.tag !== DER.SEQUENCE) throw new ChannelError('malformed', 'a SecurityInfo is no SEQUENCE');
    if (infos.length === MOST_INFOS) throw new ChannelError('malformed', `more than ${MOST_INFOS} SecurityInfos`);
    infos.push(parseInfo(set.enter(), privileged));
  }
  return infos;
}

function parseInfo(info: TlvReader, privileged: boolean): SecurityInfo {
  if (!nextIs(info, DER.OBJECT_IDENTIFIER)) {
    throw new ChannelError('malformed', 'a SecurityInfo has no protocol');
  }
  const oid = copyBytes(info.value());
  if (isPace(oid) && nextIs(info, DER.INTEGER)) {
    return { kind: 'pace', oid, protocol: paceProtocol(oid), version: integer(info), parameterId: optional(info) };
  }
  if (isChipAuthentication(oid) && nextIs(info, DER.INTEGER)) {
    const cipher = chipAuthenticationCipher(oid);
    return { kind: 'chip-authentication', oid, cipher, version: integer(info), keyId: optional(info) };
  }
  if (sameBytes(oid, ID_CA_ECDH) && nextIs(info, DER.SEQUENCE)) {
    const curve = algorithm(info.enter());
    return { kind: 'chip-authentication-domain-parameters', ...curve, keyId: optional(info) };
  }
  if (sameBytes(oid, ID_PK_ECDH) && nextIs(info, DER.SEQUENCE)) {
    const key = subjectPublicKeyInfo(info.enter());
    return { kind: 'chip-authentication-public-key', ...key, keyId: optional(info) };
  }
  if (sameBytes(oid, ID_TA) && nextIs(info, DER.INTEGER)) {
    return { kind: 'terminal-authentication', version: integer(info) };
  }
  if (sameBytes(oid, ID_CI) && nextIs(info, DER.IA5_STRING)) {
    return { kind: 'card-info', url: ia5(info.value()) };
  }
  if (privileged && sameBytes(oid, ID_PT) && nextIs(info, DER.SET)) {
    return { kind: 'privileged-terminal', infos: parseSet(info.enter(), false) };
  }
  return { kind: 'other', oid };
}

/** id-PACE with an arc for key agreement and mapping, and one for the cipher: 0.4.0.127.0.7.2.2.4.x.y. */
function isPace(oid: Uint8Array): boolean {
  return oid.length === 10 && sameBytes(oid.subarray(0, 8), PACE_ARC);
}

const PACE_ARC: Uint8Array = Uint8Array.of(0x04, 0x00, 0x7f, 0x00, 0x07, 0x02, 0x02, 0x04);

/** id-CA with an arc for the key agreement and one for the cipher: 0.4.0.127.0.7.2.2.3.x.y. */
function isChipAuthentication(oid: Uint8Array): boolean {
  return oid.length === 10 && sameBytes(oid.subarray(0, 8), CHIP_AUTHENTICATION_ARC);
}

const CHIP_AUTHENTICATION_ARC: Uint8Array = ID_CA_ECDH.subarray(0, 8);

/** AlgorithmIdentifier with standardized or explicit domain parameters. */
function algorithm(sequence: TlvReader): CurveReference {
  if (!nextIs(sequence, DER.OBJECT_IDENTIFIER)) {
    throw new ChannelError('malformed', 'an AlgorithmIdentifier has no algorithm');
  }
  const oid = sequence.value();
  if (!sequence.next()) return { curve: null, parameterId: null };
  const tag: number = sequence.tag;
  if (sameBytes(oid, STANDARDIZED_DOMAIN_PARAMETERS) && tag === DER.INTEGER) {
    const parameterId = integer(sequence);
    return { curve: standardizedParameters(parameterId)?.curve ?? null, parameterId };
  }
  if (sameBytes(oid, ID_EC_PUBLIC_KEY) && tag === DER.SEQUENCE) {
    return { curve: explicitCurve(sequence.enter()), parameterId: null };
  }
  return { curve: null, parameterId: null };
}

/**
 * ECParameters (ANSI X9.62): SEQUENCE { version, fieldID { prime-field, p }, curve { a, b }, base, order, cofactor }.
 * Recognised, never computed with.
 */
function explicitCurve(parameters: TlvReader): CurveName | null {
  const values: Uint8Array[] = [];
  const collect = (reader: TlvReader): void => {
    while (reader.next()) {
      if (reader.constructed) collect(reader.enter());
      else if (values.length < 16) values.push(reader.value());
    }
  };
  collect(parameters);
  const [, , prime, a, b, ...rest] = values;
  // A seed may stand between b and the base point.
  const [generator, order] = rest[0]?.[0] === 0x04 ? rest : rest.slice(1);
  if (prime === undefined || a === undefined || b === undefined || generator === undefined || order === undefined) {
    return null;
  }
  return knownCurve({ prime, a, b, generator, order });
}

function subjectPublicKeyInfo(sequence: TlvReader): CurveReference & { readonly publicKey: Uint8Array } {
  if (!nextIs(sequence, DER.SEQUENCE)) {
    throw new ChannelError('malformed', 'a SubjectPublicKeyInfo has no algorithm');
  }
  const curve = algorithm(sequence.enter());
  if (!nextIs(sequence, DER.BIT_STRING) || sequence.value()[0] !== 0) {
    throw new ChannelError('malformed', 'a SubjectPublicKeyInfo has no key');
  }
  return { ...curve, publicKey: copyBytes(sequence.value(), 1) };
}

/** Moves to the next object. @returns whether there is one, of this tag */
function nextIs(reader: TlvReader, tag: number): boolean {
  return reader.next() && reader.tag === tag;
}

/** An INTEGER that is not negative and below 2^31. */
function integer(reader: TlvReader): number {
  const bytes = reader.value();
  if (bytes.length === 0 || bytes.length > 4 || ((bytes[0] as number) & 0x80) !== 0) {
    throw new ChannelError('malformed', `an INTEGER of ${bytes.length} bytes is none that SecurityInfos have`);
  }
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value;
}

function optional(reader: TlvReader): number | null {
  return nextIs(reader, DER.INTEGER) ? integer(reader) : null;
}

/** Only what can be printed: the text comes from a card. */
function ia5(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
  return text;
}
