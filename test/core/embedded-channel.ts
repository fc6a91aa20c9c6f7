import { toHex } from '../../src/apdu/hex.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import {
  authorizationOf,
  ChipAuthenticationTerminal,
  encodeAuthorization,
  encodePassword,
  type ImportedKey,
  issueCertificate,
  PASSWORD,
  PaceTerminal,
  parseCertificate,
  randomKeyPair,
  rootTrustPoint,
  TerminalAuthenticationTerminal,
} from '../../src/secure-channel/index.ts';
import { type Exchange, JoinedChip, run, within } from '../secure-channel/joined.ts';

/**
 * Entry point of a bundle that embedded-engine.test.ts runs: chip and terminal do PACE, terminal and chip
 * authentication on P-256 and read one byte in the last channel.
 */
const crypto = nobleCrypto();
const random = new SeededRandom(Uint8Array.of(1, 2, 3));
const characters = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const ROOT = characters('UTROOT00001');
const HOLDERS = [characters('UTDV00001'), characters('UTAT00001')] as const;

function channel(): string {
  const [root, dv, at, card] = [0, 1, 2, 3].map(() => randomKeyPair(crypto, random, 'P-256')) as [
    Pair,
    Pair,
    Pair,
    Pair,
  ];
  const issue = (
    holder: Uint8Array,
    authority: Uint8Array,
    point: Uint8Array,
    privateKey: Uint8Array,
    role: 'CVCA' | 'DV-official-domestic' | 'terminal',
  ): Uint8Array =>
    issueCertificate(
      crypto,
      {
        authorityReference: authority,
        holderReference: holder,
        hash: 'sha-256',
        curve: 'P-256',
        point,
        withDomainParameters: role === 'CVCA',
        authorization: authorizationOf('AT', role, ['read DG1']),
        effectiveDate: 260101,
        expirationDate: 280101,
      },
      { hash: 'sha-256', curve: 'P-256', privateKey },
    );
  const trustPoint = rootTrustPoint(
    crypto,
    parseCertificate(issue(ROOT, ROOT, root.publicKey, root.privateKey, 'CVCA')),
  ) as ImportedKey;
  const password = encodePassword('500540');
  const chip = new JoinedChip({
    crypto,
    random,
    offers: [{ mapping: 'GM', cipher: 'AES-128', parameterId: 12 }],
    passwords: new Map([[PASSWORD.CAN, password]]),
    keys: [{ keyId: 1, curve: 'P-256', privateKey: card.privateKey, ciphers: ['AES-128'] }],
    trust: { trustPoints: [trustPoint], date: 260101 },
  });
  const exchange: Exchange = (command) => chip.exchange(command);
  const pace = new PaceTerminal({
    crypto,
    random,
    mapping: 'GM',
    cipher: 'AES-128',
    parameterId: 12,
    reference: PASSWORD.CAN,
    password,
    chat: encodeAuthorization(authorizationOf('AT', 'terminal', ['read DG1'])),
  });
  run(pace, exchange);
  const first = within(pace.takeSession(), exchange);
  const ephemeral = randomKeyPair(crypto, random, 'P-256');
  run(
    new TerminalAuthenticationTerminal({
      crypto,
      certificates: [
        issue(HOLDERS[0], ROOT, dv.publicKey, root.privateKey, 'DV-official-domestic'),
        issue(HOLDERS[1], HOLDERS[0], at.publicKey, dv.privateKey, 'terminal'),
      ],
      key: { hash: 'sha-256', curve: 'P-256', privateKey: at.privateKey },
      chipEphemeralKey: pace.chipEphemeralKey,
      ephemeralPublicKey: ephemeral.publicKey,
    }),
    first,
  );
  const genuine = new ChipAuthenticationTerminal({
    crypto,
    cipher: 'AES-128',
    curve: 'P-256',
    chipPublicKey: card.publicKey,
    ephemeral,
  });
  run(genuine, first);
  return toHex(within(genuine.takeSession(), exchange)(Uint8Array.of(0x00, 0xb0, 0x00, 0x00, 0x01)));
}

type Pair = ReturnType<typeof randomKeyPair>;

Object.assign(globalThis, { channel });
