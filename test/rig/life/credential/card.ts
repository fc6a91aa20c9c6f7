import { keyIdOfPoint } from '../../../../rig/life/credential/cose-key.ts';
import { CLAIM, encodeClaims } from '../../../../rig/life/credential/cwt.ts';
import type { InnerCwt } from '../../../../rig/life/credential/inner-cwt.ts';
import { issueInnerCwt } from '../../../../rig/life/credential/issue-inner-cwt.ts';
import { makeOfflineQr, OUTER_TYPE, offlineQrText } from '../../../../rig/life/credential/offline-qr.ts';
import { packStatuses } from '../../../../rig/life/credential/status-list.ts';
import type { VerifiedStatusList } from '../../../../rig/life/credential/status-list-token.ts';
import type { OfflineQrExpectations, SeenTokens } from '../../../../rig/life/credential/verify-offline-qr.ts';
import { HEADER_LABEL, prepareSign1 } from '../../../../rig/pki/cose-sign1.ts';
import { type Beneficiary, nirKey } from '../../../../src/applet/vitale/index.ts';
import type { Crypto } from '../../../../src/hal/crypto.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';

/** A card, its issuer and a verifier, all with fixed keys: what the tests of credentials start from. */

export const crypto: Crypto = nobleCrypto();

export interface KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  sign(digest: Uint8Array): Uint8Array;
}

export function keyPair(number: number): KeyPair {
  const privateKey = new Uint8Array(32);
  privateKey[0] = 1;
  privateKey[31] = number;
  return {
    privateKey,
    publicKey: crypto.publicKey('P-256', privateKey),
    sign: (digest) => crypto.ecdsaSign('P-256', privateKey, digest),
  };
}

export const issuer: KeyPair = keyPair(1);
export const holder: KeyPair = keyPair(2);
export const stranger: KeyPair = keyPair(3);

export const ISSUER = 'https://issuer.vitap.example';
export const STATUS_URI: string = `${ISSUER}/v1/status/1`;
/** 2026-11-29 12:00:00 UTC. */
export const NOW = 1_795_953_600;
export const DAY = 86_400;

const FIRST_NAMES = ['ZOÉ', 'JEAN-BAPTISTE', 'MARIE', 'LÉO', 'EMMA', 'GABRIEL', 'ALEXANDRINE', 'TOM', 'HUGO', 'CHLOÉ'];
const LAST_NAMES = ['MARTIN', 'LEFEBVRE', 'MOREAU', 'PETIT', 'FOURNIER', 'GIRARD', 'BONNET', 'DUPONT', 'ROUX', 'FAURE'];

/** People of one name, or each with another; born in a commune that Paris does not have. */
export function people(count: number, names: 'one' | 'each' = 'one'): Beneficiary[] {
  return Array.from({ length: count }, (_, i) => {
    const month = `${1 + ((5 * i) % 12)}`.padStart(2, '0');
    const nir = `2${`${75 + 3 * i}`.slice(-2)}${month}759${41 + i}${123 + 61 * i}`;
    return {
      index: i + 1,
      quality: i === 0 ? 0 : i === 1 ? 2 : 6,
      birthRank: 1,
      birthDate: `${1975 + 3 * i}${month}${10 + i}`,
      usualName: names === 'one' ? 'ADRENE' : (LAST_NAMES[i % 10] as string),
      birthName: i === 1 ? 'LEFÈVRE' : null,
      firstName: FIRST_NAMES[i % 10] as string,
      certifiedNir: { nir, key: nirKey(nir) },
      rights: [{ start: '20240101', end: i % 2 === 0 ? null : '20271231' }],
    };
  });
}

export function content(change: Partial<InnerCwt> = {}): InnerCwt {
  return {
    issuer: ISSUER,
    issuedAt: NOW - 30 * DAY,
    expires: NOW + 335 * DAY,
    holderKey: holder.publicKey,
    status: { uri: STATUS_URI, index: 1234 },
    activation: 2,
    affiliation: { regime: '01', caisse: '999', centre: '0001', codeGestion: '10' },
    people: people(3),
    ...change,
  };
}

export const TOKEN_ID: Uint8Array = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);

export function innerCwt(change: Partial<InnerCwt> = {}, signer: KeyPair = issuer): Promise<Uint8Array> {
  return issueInnerCwt(content(change), signer, crypto);
}

/** A good QR code, unless something is changed. */
export async function offlineQr({
  inner = innerCwt(),
  now = NOW,
  tokenId = TOKEN_ID,
  signer = holder,
}: {
  inner?: Promise<Uint8Array>;
  now?: number;
  tokenId?: Uint8Array;
  signer?: KeyPair;
} = {}): Promise<string> {
  return makeOfflineQr({ innerCwt: await inner, now, tokenId }, signer.sign, crypto);
}

export function statusList(
  entries: Iterable<readonly [number, number]> = [],
  change: Partial<VerifiedStatusList> = {},
): VerifiedStatusList {
  return {
    uri: STATUS_URI,
    issuedAt: NOW - 3600,
    expires: NOW + 7 * DAY,
    timeToLive: DAY / 2,
    statuses: packStatuses(10_000, 2, entries),
    signer: issuer.publicKey,
    ...change,
  };
}

/** What one verifier has seen, in memory. */
export function seenTokens(): SeenTokens & { readonly all: ReadonlyMap<string, number> } {
  const all = new Map<string, number>();
  return {
    all,
    remember: (tokenId, expires) => {
      if (all.has(tokenId)) return false;
      all.set(tokenId, expires);
      return true;
    },
  };
}

export function expectations(change: Partial<OfflineQrExpectations> = {}): OfflineQrExpectations {
  return {
    issuers: [{ issuer: ISSUER, publicKey: issuer.publicKey }],
    statusLists: [statusList()],
    now: NOW + 5,
    seen: seenTokens(),
    crypto,
    ...change,
  };
}

/** The outer message over any claims and any header, as whoever has a key can make it. */
export async function outerMessage({
  inner = innerCwt(),
  claims = new Map(),
  header = new Map(),
  signer = holder,
}: {
  inner?: Promise<Uint8Array>;
  /** Put over the good ones; undefined leaves one out. */
  claims?: ReadonlyMap<number, unknown>;
  header?: ReadonlyMap<number, unknown>;
  signer?: KeyPair;
} = {}): Promise<Uint8Array> {
  const good = [
    [CLAIM.EXPIRATION, NOW + 60],
    [CLAIM.ISSUED_AT, NOW],
    [CLAIM.TOKEN_ID, TOKEN_ID],
    [CLAIM.CERTIFIED, await inner],
  ] as const;
  const goodHeader = [
    [HEADER_LABEL.KEY_ID, keyIdOfPoint(holder.publicKey, crypto)],
    [HEADER_LABEL.TYPE, OUTER_TYPE],
  ] as const;
  const prepared = prepareSign1(encodeClaims(changed(good, claims)), changed(goodHeader, header), crypto);
  return prepared.withSignature(signer.sign(prepared.digest));
}

export async function forgedQr(change: Parameters<typeof outerMessage>[0]): Promise<string> {
  return offlineQrText(await outerMessage(change));
}

function changed(
  good: readonly (readonly [number, unknown])[],
  change: ReadonlyMap<number, unknown>,
): ReadonlyMap<number, unknown> {
  const all = new Map<number, unknown>([...good, ...change]);
  return new Map([...all].filter(([, value]) => value !== undefined));
}
