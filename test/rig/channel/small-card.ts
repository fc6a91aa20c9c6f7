import type { ChannelRequest } from '../../../rig/channel/open-channel.ts';
import { testRoot, testTerminalKeys } from '../../../rig/pki/test-hierarchy.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { VirtualClock } from '../../../src/hal/virtual/clock.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import { parseCertificate } from '../../../src/secure-channel/index.ts';
import { randomKeyPair } from '../../../src/secure-channel/key-pair.ts';
import type { Mapping } from '../../../src/secure-channel/object-identifier.ts';
import { encodePassword, PASSWORD } from '../../../src/secure-channel/password.ts';
import { parseSecurityInfos } from '../../../src/secure-channel/security-infos.ts';
import {
  chipAuthenticationDomainParameterInfo,
  chipAuthenticationInfo,
  chipAuthenticationPublicKeyInfo,
  encodeSecurityInfos,
  paceInfo,
  terminalAuthenticationInfo,
} from '../../../src/secure-channel/security-infos-writer.ts';
import { type ImportedKey, rootTrustPoint } from '../../../src/secure-channel/trust-point.ts';
import { JoinedChip, type JoinedChipOptions } from '../../secure-channel/joined.ts';
import { sessionWith } from '../tap/card-session.ts';

export const crypto: Crypto = nobleCrypto();
export const CAN = '500540';
export const PIN = '123456';
const CURVE = 'brainpoolP256r1';
const PARAMETER_ID = 13;
const KEY_ID = 41;
/** 24 bytes that only an authenticated terminal reads, by SFI 5. */
export const SECRET_TEXT: Uint8Array = Buffer.from('for terminals alone, yes');

export interface SmallCardOptions {
  readonly seed?: string;
  readonly mapping?: Mapping;
  /** The key that the chip has; absent: the one whose public half EF.CardSecurity shows. */
  readonly privateKey?: Uint8Array;
  readonly more?: Partial<JoinedChipOptions>;
}

/** A card with EF.CardAccess (1C), EF.CardSecurity (1D, not signed) and one file for terminals (05). */
export function smallCard({
  seed = 'small',
  mapping = 'GM',
  privateKey,
  more = {},
}: SmallCardOptions = {}): JoinedChip {
  const pair = randomKeyPair(crypto, new SeededRandom(`${seed} static`), CURVE);
  const held = privateKey ?? pair.privateKey;
  const pace = paceInfo({ mapping, cipher: 'AES-128' }, PARAMETER_ID);
  const access = encodeSecurityInfos([
    pace,
    terminalAuthenticationInfo(),
    chipAuthenticationInfo('AES-128', KEY_ID),
    chipAuthenticationDomainParameterInfo(CURVE, KEY_ID),
  ]);
  const security = encodeSecurityInfos([
    pace,
    chipAuthenticationInfo('AES-128', KEY_ID),
    chipAuthenticationPublicKeyInfo(CURVE, pair.publicKey, KEY_ID),
  ]);
  const root = rootTrustPoint(crypto, parseCertificate(testRoot(crypto).certificate)) as ImportedKey;
  return new JoinedChip({
    crypto,
    random: new SeededRandom(`${seed} chip`),
    offers: [{ mapping, cipher: 'AES-128', parameterId: PARAMETER_ID, ...(mapping === 'CAM' && { staticKey: held }) }],
    passwords: new Map([
      [PASSWORD.CAN, encodePassword(CAN)],
      [PASSWORD.PIN, encodePassword(PIN)],
    ]),
    keys: [{ keyId: KEY_ID, curve: CURVE, privateKey: held, ciphers: ['AES-128'] }],
    trust: { trustPoints: [root], date: 260101 },
    files: new Map([
      [0x1c, { content: access, needs: 'nothing' }],
      [0x1d, { content: security, needs: 'channel' }],
      [0x05, { content: SECRET_TEXT, needs: 'terminal' }],
    ]),
    ...more,
  });
}

/** A session with any card, and all that crossed it. */
export function wireOf(answer: (command: Uint8Array) => Uint8Array): {
  readonly session: CardSession;
  readonly log: { readonly command: Uint8Array; readonly response: Uint8Array }[];
} {
  const log: { command: Uint8Array; response: Uint8Array }[] = [];
  const session = sessionWith((command) => {
    const response = answer(command);
    log.push({ command: Uint8Array.from(command), response: Uint8Array.from(response) });
    return response;
  });
  return { session, log };
}

/** What a reader needs: PACE alone with the CAN, unless told otherwise. */
export function requestWith(more: Partial<ChannelRequest> = {}): ChannelRequest {
  return {
    crypto,
    random: new SeededRandom('terminal'),
    clock: new VirtualClock(),
    password: { name: 'CAN', bytes: encodePassword(CAN) },
    terminal: null,
    readCardSecurity: (content) => ({ infos: parseSecurityInfos(content), signer: null }),
    ...more,
  };
}

export const withTerminal = (): Partial<ChannelRequest> => ({ terminal: testTerminalKeys(crypto) });
