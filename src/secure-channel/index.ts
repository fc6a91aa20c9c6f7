/**
 * The secure channel: PACE, secure messaging, terminal and chip authentication version 2, in both roles, after
 * ISO/IEC 7816-4, ICAO Doc 9303-11 and BSI TR-03110-3. Pure: bytes in, bytes out.
 *
 * The chip (src/applet) returns status words and never throws at a reader:
 *
 * | it gets | it calls |
 * |---|---|
 * | power-on, a gap between taps | `PaceChip.prepare` |
 * | MSE:Set AT C1A4 | `readAuthenticationTemplate`, then `PaceChip.start(template, password, authorities)` |
 * | GENERAL AUTHENTICATE, while `PaceChip.awaits` | `PaceChip.step(data, last)`; before a `token` it counts the password down; then `takeSession` |
 * | a class byte that `announcesSecureMessaging` | `unprotectCommand(session, command, plain)`, dispatches, `protectResponse(session, buffer, …)` |
 * | a plain command on the session's channel | `session.close()` |
 * | MSE:Set DST 81B6, PSO 2A00BE, MSE:Set AT 81A4, GET CHALLENGE, EXTERNAL AUTHENTICATE | `TerminalAuthenticationChip`: `selectKey`, `verifyCertificate`, `setTemplate`, `challenge`, `authenticate`; stores `trust` when it changed |
 * | MSE:Set AT 41A4, GENERAL AUTHENTICATE | `ChipAuthenticationChip`: `select`, `step(data, terminal.compressedKey)`; protects the answer under the old session, then `takeSession` |
 *
 * The terminal (rig) drives machines that give commands and take answers, and throw `ChannelError`:
 *
 * | it does | with |
 * |---|---|
 * | reads EF.CardAccess | `parseSecurityInfos` |
 * | opens the channel | `PaceTerminal`: `prepare` before the tap, `start`, `next` until null, `takeSession` |
 * | sends and receives in it | `protectCommand`, `unprotectResponse` |
 * | shows who it is | `chainFrom`, `TerminalAuthenticationTerminal`: `start`, `next` until null |
 * | sees that the chip is genuine | `ChipAuthenticationTerminal`, or `provesStaticKey` after the chip authentication mapping |
 */
export {
  type AuthenticationTemplate,
  manageSecurityEnvironment,
  readAuthenticationTemplate,
  SET_AT_CHIP_AUTHENTICATION,
  SET_AT_PACE,
  SET_AT_TERMINAL_AUTHENTICATION,
  SET_DST_VERIFICATION,
  singleByte,
} from './authentication-template.ts';
export {
  type Authorization,
  authorizationLength,
  authorizationOf,
  effectiveAuthorization,
  encodeAuthorization,
  grants,
  parseAuthorization,
  type Role,
  rightByNumber,
  rightNumber,
  rightsOf,
  rightsOfType,
  roleOf,
  type TerminalType,
} from './authorization.ts';
export {
  type AuxiliaryDatum,
  encodeAuxiliaryData,
  ID_DATE_OF_BIRTH,
  ID_DATE_OF_EXPIRY,
  ID_MUNICIPALITY,
  parseAuxiliaryData,
} from './auxiliary-data.ts';
export {
  type CardVerifiableCertificate,
  CERTIFICATE,
  CertificateError,
  type CertificateFields,
  type CertificatePublicKey,
  encodeDate,
  type IssuerKey,
  issueCertificate,
  parseCertificate,
  parseDate,
} from './card-verifiable-certificate.ts';
export { ChannelError, type ChannelFault } from './channel-error.ts';
export {
  ChipAuthenticationChip,
  type ChipAuthenticationChipOptions,
  type ChipKey,
} from './chip-authentication-chip.ts';
export {
  ChipAuthenticationTerminal,
  type ChipAuthenticationTerminalOptions,
} from './chip-authentication-terminal.ts';
export {
  announcesSecureMessaging,
  type ProtectionOptions,
  plainClass,
  protectCommand,
  protectedClass,
  unprotectCommand,
} from './command-protection.ts';
export { equalInConstantTime } from './constant-time.ts';
export {
  compressed,
  type DomainParameters,
  domainParameters,
  fieldLength,
  matchingHash,
  standardizedParameters,
} from './domain-parameters.ts';
export { provesStaticKey } from './generic-mapping.ts';
export { CIPHER_NAMES, type CipherName, keyLength, type SessionKeys } from './key-derivation.ts';
export { type KeyPair, randomKeyPair, randomPrivateKey } from './key-pair.ts';
export {
  chipAuthenticationCipher,
  chipAuthenticationOid,
  dottedOid,
  ID_SECURITY_OBJECT,
  type Mapping,
  type PaceProtocol,
  paceOid,
  paceProtocol,
  terminalAuthenticationHash,
  terminalAuthenticationOid,
} from './object-identifier.ts';
export { PaceChip, type PaceChipOptions, type PaceOffer, type PaceStep } from './pace-chip.ts';
export { PaceTerminal, type PaceTerminalOptions } from './pace-terminal.ts';
export {
  encodeMrz,
  encodePassword,
  type MrzInformation,
  PASSWORD,
  type PasswordName,
  passwordName,
} from './password.ts';
export {
  largestProtectedData,
  type PlainResponse,
  protectedResponseLength,
  protectResponse,
  type ResponseOptions,
  unprotectResponse,
} from './response-protection.ts';
export { SecureSession, type SessionCrypto } from './secure-session.ts';
export { type CurveReference, parseSecurityInfos, type SecurityInfo } from './security-infos.ts';
export {
  cardInfoLocator,
  chipAuthenticationDomainParameterInfo,
  chipAuthenticationInfo,
  chipAuthenticationPublicKeyInfo,
  encodeSecurityInfos,
  paceInfo,
  privilegedTerminalInfo,
  terminalAuthenticationInfo,
} from './security-infos-writer.ts';
export {
  type AuthenticatedTerminal,
  TerminalAuthenticationChip,
  type TerminalAuthenticationChipOptions,
} from './terminal-authentication-chip.ts';
export {
  chainFrom,
  TerminalAuthenticationTerminal,
  type TerminalAuthenticationTerminalOptions,
} from './terminal-authentication-terminal.ts';
export {
  type Accepted,
  type ImportedKey,
  judgeCertificate,
  type Refusal,
  rootTrustPoint,
  type TrustState,
} from './trust-point.ts';
