import { fromHex, toHex } from '../../src/apdu/index.ts';
import type { CurveName } from '../../src/hal/crypto.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { domainParameters, fieldLength } from '../../src/secure-channel/domain-parameters.ts';
import { randomKeyPair } from '../../src/secure-channel/key-pair.ts';
import { crypto } from './bench-session.ts';
import { bytesOf, numberOf } from './pace-by-openssl.ts';

/** The points and the secret of a run of PACE that a chip or a terminal could cut short. */
export interface RunNumbers {
  readonly terminalMapping: Uint8Array;
  readonly chipMapping: Uint8Array;
  readonly terminalEphemeral: Uint8Array;
  readonly chipEphemeral: Uint8Array;
  readonly secret: Uint8Array;
}

/** Nonce and private keys of a run, in hexadecimal as long as the field. */
export interface Draws {
  readonly nonce: string;
  readonly chipMapping: string;
  readonly chipEphemeral: string;
  readonly terminalMapping: string;
  readonly terminalEphemeral: string;
}

export interface ShortNumber {
  readonly name: string;
  /** Draws of a run in which this number begins with 00. */
  readonly force: (curve: CurveName) => Draws;
  /** Where it shows on the wire or in the secret; null where it stays inside. */
  readonly seen: ((numbers: RunNumbers) => Uint8Array) | null;
}

type Coordinate = 'x' | 'y';

/** x or y of a point `04 X Y`. */
function coordinate(point: Uint8Array, which: Coordinate): Uint8Array {
  const half = (point.length - 1) / 2;
  return which === 'x' ? point.subarray(1, 1 + half) : point.subarray(1 + half);
}

/** The first d from 2 on for which `d · base + offset` has a short coordinate: one in 256 has. */
function search(curve: CurveName, base: Uint8Array, which: Coordinate, offset: Uint8Array | null = null): bigint {
  let point = crypto.addPoints(curve, base, base);
  if (offset !== null) point = crypto.addPoints(curve, point, offset);
  for (let d = 2n; ; d++) {
    if (coordinate(point, which)[0] === 0) return d;
    point = crypto.addPoints(curve, point, base);
  }
}

/** What a run has beside the number that is searched for. */
function others(curve: CurveName): Draws {
  const random = new SeededRandom(`forced ${curve}`);
  const key = (): string => toHex(randomKeyPair(crypto, random, curve).privateKey);
  return {
    nonce: '0123456789ABCDEF0123456789ABCDEF',
    chipMapping: key(),
    chipEphemeral: key(),
    terminalMapping: key(),
    terminalEphemeral: key(),
  };
}

const curvePoint = (curve: CurveName): Uint8Array => domainParameters(curve).generator;
const sharedPoint = (curve: CurveName, { chipMapping, terminalMapping }: Draws): Uint8Array =>
  crypto.multiply(curve, fromHex(chipMapping), crypto.publicKey(curve, fromHex(terminalMapping)));
const generator = (curve: CurveName, draws: Draws): Uint8Array => {
  const nonce = bytesOf(numberOf(fromHex(draws.nonce)), fieldLength(curve));
  return crypto.addPoints(curve, crypto.publicKey(curve, nonce), sharedPoint(curve, draws));
};

/** The key that is searched for, and the point whose multiples are tried. */
const KEYS: readonly (readonly [
  name: string,
  key: keyof Draws,
  base: (curve: CurveName, draws: Draws) => Uint8Array,
  shown: keyof RunNumbers | null,
])[] = [
  ["the terminal's ephemeral key", 'terminalEphemeral', generator, 'terminalEphemeral'],
  ["the chip's ephemeral key", 'chipEphemeral', generator, 'chipEphemeral'],
  ["the terminal's mapping key", 'terminalMapping', curvePoint, 'terminalMapping'],
  ["the chip's mapping key", 'chipMapping', curvePoint, 'chipMapping'],
  [
    'the point that the mapping keys share',
    'chipMapping',
    (curve, { terminalMapping }) => crypto.publicKey(curve, fromHex(terminalMapping)),
    null,
  ],
];

/** Every number of a run that can be short. */
export const SHORT_NUMBERS: readonly ShortNumber[] = [
  ...(['x', 'y'] as const).flatMap((which): ShortNumber[] => [
    ...KEYS.map(
      ([name, key, base, shown]): ShortNumber => ({
        name: `${which} of ${name}`,
        force: (curve) => {
          const draws = others(curve);
          const found = search(curve, base(curve, draws), which);
          return { ...draws, [key]: toHex(bytesOf(found, fieldLength(curve))) };
        },
        seen: shown === null ? null : (numbers) => coordinate(numbers[shown], which),
      }),
    ),
    {
      name: `${which} of the mapped generator`,
      force: (curve) => {
        const draws = others(curve);
        const found = search(curve, curvePoint(curve), which, sharedPoint(curve, draws));
        return { ...draws, nonce: toHex(bytesOf(found, 16)) };
      },
      seen: null,
    },
  ]),
  {
    name: 'the shared secret',
    force: (curve) => {
      const draws = others(curve);
      const terminalKey = crypto.multiply(curve, fromHex(draws.terminalEphemeral), generator(curve, draws));
      const found = search(curve, terminalKey, 'x');
      return { ...draws, chipEphemeral: toHex(bytesOf(found, fieldLength(curve))) };
    },
    seen: ({ secret }) => secret,
  },
];
