import { CommandApdu } from '../../../src/apdu/command.ts';
import { SW } from '../../../src/apdu/index.ts';
import type { Crypto, CurveName } from '../../../src/hal/crypto.ts';
import type { Random } from '../../../src/hal/random.ts';
import {
  authorizationOf,
  type CardVerifiableCertificate,
  ChipAuthenticationChip,
  ChipAuthenticationTerminal,
  compressed,
  encodePassword,
  type ImportedKey,
  issueCertificate,
  type KeyPair,
  type Mapping,
  PASSWORD,
  PaceChip,
  PaceTerminal,
  parseCertificate,
  type Role,
  randomKeyPair,
  readAuthenticationTemplate,
  rootTrustPoint,
  TerminalAuthenticationChip,
  TerminalAuthenticationTerminal,
} from '../../../src/secure-channel/index.ts';
import { Stopwatch } from './stopwatch.ts';

/** Both sides of one run of a protocol, joined in memory. */
export interface Run {
  readonly card: Stopwatch;
  readonly reader: Stopwatch;
}

/** A protocol on one curve, to be run again and again. */
export interface Protocol {
  readonly id: string;
  readonly name: 'PACE-GM' | 'PACE-CAM' | 'TA' | 'CA';
  readonly curve: CurveName;
  /** Names of the commands, in order. */
  readonly steps: readonly string[];
  readonly run: () => Run;
}

export interface ProtocolParts {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly curve: CurveName;
  /** Number of its standardized domain parameters. */
  readonly parameterId: number;
}

const PACE_STEPS = ['MSE:Set AT', 'nonce', 'mapping', 'key agreement', 'token'];
const CAN = encodePassword('500540');

/** The cipher that suits the curve's strength. */
export function cipherFor(curve: CurveName): 'AES-128' | 'AES-192' | 'AES-256' {
  if (curve.endsWith('256') || curve.endsWith('256r1')) return 'AES-128';
  return curve.includes('384') ? 'AES-192' : 'AES-256';
}

export function pace({ crypto, random, curve, parameterId }: ProtocolParts, mapping: Mapping): Protocol {
  const { privateKey: staticKey } = randomKeyPair(crypto, random, curve);
  const protocol = { mapping, cipher: cipherFor(curve), parameterId };
  return {
    id: `pace-${mapping.toLowerCase()}-${curve}`,
    name: `PACE-${mapping}`,
    curve,
    steps: PACE_STEPS,
    run: () => {
      const [card, reader] = [new Stopwatch(crypto), new Stopwatch(crypto)];
      const offers = [{ ...protocol, ...(mapping === 'CAM' && { staticKey }) }];
      const chip = new PaceChip({ crypto: card.crypto, random, offers });
      const terminal = new PaceTerminal({
        ...protocol,
        crypto: reader.crypto,
        random,
        reference: PASSWORD.CAN,
        password: CAN,
      });
      card.time('before', () => chip.prepare());
      reader.time('before', () => terminal.prepare());
      join({ card, reader }, terminal, (command, data) => {
        if (command.ins === 0x22) return answered(chip.start(templateOf(data), CAN));
        const status = chip.step(data, (command.cla & 0x10) === 0);
        return answered(status, chip.response);
      });
      chip.takeSession();
      terminal.takeSession();
      return { card, reader };
    },
  };
}

const TA_STEPS = [
  'MSE:Set DST',
  'VERIFY CERTIFICATE (document verifier)',
  'MSE:Set DST',
  'VERIFY CERTIFICATE (terminal)',
  'MSE:Set AT',
  'GET CHALLENGE',
  'EXTERNAL AUTHENTICATE',
];

/** A chain of two certificates under one trust point, all keys on this curve. */
export function terminalAuthentication({ crypto, random, curve }: ProtocolParts): Protocol {
  const { trustPoint, certificates, key } = hierarchy(crypto, random, curve);
  const chipKey = randomKeyPair(crypto, random, curve).publicKey;
  const confined = authorizationOf('AT', 'terminal', ['read DG1']);
  return {
    id: `ta-${curve}`,
    name: 'TA',
    curve,
    steps: TA_STEPS,
    run: () => {
      const [card, reader] = [new Stopwatch(crypto), new Stopwatch(crypto)];
      const chip = new TerminalAuthenticationChip({
        crypto: card.crypto,
        random,
        trust: { trustPoints: [trustPoint], date: 260101 },
        idPicc: compressed(chipKey),
        confined,
      });
      // The pair is that of chip authentication, and so is its time.
      const ephemeralPublicKey = chipKey;
      const terminal = reader.time(
        'before',
        () =>
          new TerminalAuthenticationTerminal({
            crypto: reader.crypto,
            certificates,
            key,
            chipEphemeralKey: chipKey,
            ephemeralPublicKey,
          }),
      );
      join({ card, reader }, terminal, (command, data) => {
        switch ((command.ins << 16) | (command.p1 << 8) | command.p2) {
          case 0x2281b6:
            return answered(chip.selectKey(templateOf(data)));
          case 0x2281a4:
            return answered(chip.setTemplate(templateOf(data)));
          case 0x2a00be:
            return answered(chip.verifyCertificate(data));
          case 0x840000:
            return answered(SW.OK, chip.challenge());
          default:
            return answered(chip.authenticate(data));
        }
      });
      return { card, reader };
    },
  };
}

export function chipAuthentication({ crypto, random, curve }: ProtocolParts): Protocol {
  const pair = randomKeyPair(crypto, random, curve);
  const cipher = cipherFor(curve);
  const keys = [{ keyId: 1, curve, privateKey: pair.privateKey, ciphers: [cipher] }];
  return {
    id: `ca-${curve}`,
    name: 'CA',
    curve,
    steps: ['MSE:Set AT', 'GENERAL AUTHENTICATE'],
    run: () => {
      const [card, reader] = [new Stopwatch(crypto), new Stopwatch(crypto)];
      const chip = new ChipAuthenticationChip({ crypto: card.crypto, random, keys });
      const ephemeral: KeyPair = reader.time('before', () => randomKeyPair(reader.crypto, random, curve));
      const signedKey = compressed(ephemeral.publicKey);
      const terminal = new ChipAuthenticationTerminal({
        crypto: reader.crypto,
        cipher,
        curve,
        chipPublicKey: pair.publicKey,
        ephemeral,
      });
      join({ card, reader }, terminal, (command, data) =>
        command.ins === 0x22
          ? answered(chip.select(templateOf(data)))
          : answered(chip.step(data, signedKey), chip.response),
      );
      chip.takeSession();
      terminal.takeSession();
      return { card, reader };
    },
  };
}

interface TerminalMachine {
  start(): Uint8Array;
  next(response: Uint8Array): Uint8Array | null;
}

/** Each side's steps on its own watch. The card's time includes the parsing of the command. */
function join(
  { card, reader }: Run,
  terminal: TerminalMachine,
  answer: (command: CommandApdu, data: Uint8Array) => Uint8Array,
): void {
  const command = new CommandApdu();
  let bytes: Uint8Array | null = reader.time('tap', () => terminal.start());
  while (bytes !== null) {
    const sent: Uint8Array = bytes;
    const response = card.time('tap', () => {
      command.parse(sent, 0, sent.length);
      return answer(command, sent.subarray(command.dataOffset, command.dataOffset + command.nc));
    });
    bytes = reader.time('tap', () => terminal.next(response));
  }
}

function answered(status: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const response = new Uint8Array(data.length + 2);
  response.set(data);
  response[data.length] = status >> 8;
  response[data.length + 1] = status & 0xff;
  return response;
}

function templateOf(data: Uint8Array): NonNullable<ReturnType<typeof readAuthenticationTemplate>> {
  return readAuthenticationTemplate(data) ?? {};
}

function hierarchy(
  crypto: Crypto,
  random: Random,
  curve: CurveName,
): {
  readonly trustPoint: ImportedKey;
  readonly certificates: readonly Uint8Array[];
  readonly key: { readonly hash: 'sha-256'; readonly curve: CurveName; readonly privateKey: Uint8Array };
} {
  const [root, verifier, terminal] = [1, 2, 3].map(() => randomKeyPair(crypto, random, curve)) as [
    KeyPair,
    KeyPair,
    KeyPair,
  ];
  const make = (holder: string, authority: string, { publicKey: point }: KeyPair, signer: KeyPair, role: Role) =>
    issueCertificate(
      crypto,
      {
        authorityReference: new TextEncoder().encode(authority),
        holderReference: new TextEncoder().encode(holder),
        hash: 'sha-256',
        curve,
        point,
        withDomainParameters: role === 'CVCA',
        authorization: authorizationOf('AT', role, ['read DG1']),
        effectiveDate: 260101,
        expirationDate: 280101,
      },
      { hash: 'sha-256', curve, privateKey: signer.privateKey },
    );
  const certificate: CardVerifiableCertificate = parseCertificate(
    make('UTROOT00001', 'UTROOT00001', root, root, 'CVCA'),
  );
  return {
    trustPoint: rootTrustPoint(crypto, certificate) as ImportedKey,
    certificates: [
      make('UTDV00001', 'UTROOT00001', verifier, root, 'DV-official-domestic'),
      make('UTAT00001', 'UTDV00001', terminal, verifier, 'terminal'),
    ],
    key: { hash: 'sha-256', curve, privateKey: terminal.privateKey },
  };
}
