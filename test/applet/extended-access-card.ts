import { fromHex, toHex } from '../../src/apdu/hex.ts';
import type { CardSpecification, FileSpecification, KeySpecification } from '../../src/applet/image/specification.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import {
  type Authorization,
  authorizationOf,
  ChipAuthenticationTerminal,
  encodeAuthorization,
  type ImportedKey,
  type IssuerKey,
  issueCertificate,
  type PaceTerminal,
  type PasswordName,
  parseCertificate,
  randomKeyPair,
  rootTrustPoint,
  type SecureSession,
  TerminalAuthenticationTerminal,
} from '../../src/secure-channel/index.ts';
import { reading } from './bench-card.ts';
import { CAN, crypto, type Exchange, GM_128, paceSpecification, paceTerminal, through } from './pace-card.ts';

/** A card with a trust point and a key of its own, and terminals with certificates to try on it. */

export const CHIP_PRIVATE_KEY: Uint8Array = crypto.privateKey('brainpoolP256r1', new Uint8Array(40).fill(0x41));
const CHIP_KEY: KeySpecification = {
  reference: 0x41,
  uses: ['chip-authentication'],
  algorithm: { kind: 'ec', curve: 'brainpoolP256r1' },
  value: CHIP_PRIVATE_KEY,
  ciphers: ['AES-128'],
  tries: 0,
  access: { contact: 0xff, contactless: 0xff, wired: 0xff },
  generate: { contact: 0xff, contactless: 0xff, wired: 0xff },
};

/** Whoever issues or holds certificates. */
export interface Party {
  readonly name: string;
  readonly certificate: Uint8Array;
  readonly key: IssuerKey;
  readonly authorization: Authorization;
}

export interface CertificateChoice {
  readonly from?: number;
  readonly to?: number;
  readonly rights?: readonly string[];
}

export type PartyRole = Parameters<typeof authorizationOf>[1];

const latin = (text: string): Uint8Array => fromHex(Buffer.from(text, 'latin1').toString('hex'));

/** @param issuer null: by itself */
export function certify(
  issuer: Party | null,
  name: string,
  role: PartyRole,
  { from = 250101, to = 301231, rights = ['read DG1', 'read DG2'] }: CertificateChoice = {},
): Party {
  const curve = 'brainpoolP256r1';
  const seed = crypto.hash('sha-512', latin(name));
  const key = { hash: 'sha-256', curve, privateKey: crypto.privateKey(curve, seed) } as const;
  const authorization = authorizationOf('AT', role, rights);
  const certificate = issueCertificate(
    crypto,
    {
      authorityReference: latin(issuer?.name ?? name),
      holderReference: latin(name),
      hash: key.hash,
      curve,
      point: crypto.publicKey(curve, key.privateKey),
      withDomainParameters: role === 'CVCA',
      authorization,
      effectiveDate: from,
      expirationDate: to,
    },
    issuer?.key ?? key,
  );
  return { name, certificate, key, authorization };
}

export const ROOT: Party = certify(null, 'DETESTROOT00001', 'CVCA');
export const VERIFIER: Party = certify(ROOT, 'DETESTDV00001', 'DV-official-domestic');
export const TERMINAL: Party = certify(VERIFIER, 'DETESTAT00001', 'terminal');

/** The card's own date when it is new. */
export const FIRST_DATE = 260101;
export const GUARDED = 0x0d01;
export const BY_CAN = 0x0d02;

export function extendedAccessSpecification(): CardSpecification {
  const specification = paceSpecification();
  const { masterFile } = specification;
  const file = (fid: number, sfi: number, condition: number): FileSpecification => ({
    kind: 'transparent',
    fid,
    sfi,
    access: reading(condition),
    content: fromHex('D1D1D1'),
  });
  return {
    ...specification,
    trust: {
      date: FIRST_DATE,
      trustPoints: [rootTrustPoint(crypto, parseCertificate(ROOT.certificate)) as ImportedKey],
    },
    masterFile: {
      ...masterFile,
      keys: [CHIP_KEY],
      environments: [
        { id: 3, by: 'terminal', right: { type: 'AT', right: 'read DG1', byCan: false } },
        { id: 4, by: 'terminal', right: { type: 'AT', right: 'read DG1', byCan: true } },
      ],
      children: [...masterFile.children, file(GUARDED, 0x11, 0x23), file(BY_CAN, 0x12, 0x24)],
    },
  };
}

export const READ_GUARDED = '00B0 9100 00';
export const READ_BY_CAN = '00B0 9200 00';

/** A terminal at work: PACE is done, and what follows is up to the test. */
export interface AtWork {
  readonly exchange: Exchange;
  /** Through the channel as it is now. */
  readonly within: Exchange;
  readonly session: () => SecureSession;
  readonly authenticate: (chain?: readonly Party[]) => void;
  readonly agree: (chipPublicKey?: Uint8Array) => void;
  /** Names of trust points that PACE told. */
  readonly authorities: readonly string[];
}

export interface WorkOptions {
  readonly password?: readonly [name: PasswordName, text: string];
  /** Rights that PACE announces; null: no CHAT at all. */
  readonly announced?: readonly string[] | null;
  readonly seed?: string;
}

/** Opens the channel, and gives what a test needs to go on. */
export function work(exchange: Exchange, options: WorkOptions = {}): AtWork {
  const { password = ['CAN', CAN], announced = ['read DG1', 'read DG2'], seed = 'terminal' } = options;
  const chat = announced === null ? null : encodeAuthorization(authorizationOf('AT', 'terminal', announced));
  const pace: PaceTerminal = paceTerminal(password[0], password[1], { offer: GM_128, ...(chat && { chat }) });
  let command: Uint8Array | null = pace.start();
  while (command !== null) command = pace.next(fromHex(exchange(toHex(command))));
  let session = pace.takeSession() as SecureSession;
  const within: Exchange = (plain) => through(session, exchange)(plain);
  const random = new SeededRandom(seed);
  const ephemeral = randomKeyPair(crypto, random, 'brainpoolP256r1');
  const run = (machine: { start(): Uint8Array; next(response: Uint8Array): Uint8Array | null }): void => {
    let next: Uint8Array | null = machine.start();
    while (next !== null) next = machine.next(fromHex(within(toHex(next))));
  };
  return {
    exchange,
    within,
    session: () => session,
    authorities: pace.certificationAuthorities.map((name) => Buffer.from(name).toString('latin1')),
    authenticate: (chain = [VERIFIER, TERMINAL]) =>
      run(
        new TerminalAuthenticationTerminal({
          crypto,
          certificates: chain.map(({ certificate }) => certificate),
          key: (chain.at(-1) as Party).key,
          chipEphemeralKey: pace.chipEphemeralKey,
          ephemeralPublicKey: ephemeral.publicKey,
        }),
      ),
    agree: (chipPublicKey = crypto.publicKey('brainpoolP256r1', CHIP_PRIVATE_KEY)) => {
      const machine = new ChipAuthenticationTerminal({
        crypto,
        cipher: 'AES-128',
        curve: 'brainpoolP256r1',
        chipPublicKey,
        ephemeral: { publicKey: ephemeral.publicKey, privateKey: Uint8Array.from(ephemeral.privateKey) },
      });
      run(machine);
      session = machine.takeSession();
    },
  };
}
