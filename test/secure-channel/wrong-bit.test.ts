import { describe, expect, it, vi } from 'vitest';
import { loadVectors } from '../vectors/load.ts';

/*
 * A wrong bit in any known answer fails. The tests over known answers are registered here once more, with vectors in
 * which one bit of one number is flipped, and run until one fails. `npm run test:deep` does so for every number.
 */

const DEEP = process.env.VITAP_DEEP_RUNS !== undefined;
/** Without it, one number of so many, another remainder each time that the vectors grow. */
const SAMPLE = 60;

const FILES: Readonly<Record<string, readonly string[]>> = {
  pace: ['vector-numbers', 'pace-vectors', 'security-infos'],
  'pace-more': ['vector-numbers', 'pace-vectors', 'security-infos'],
  'eac-ta-ca': ['vector-numbers', 'eac-vectors', 'certificates', 'security-infos'],
  'secure-messaging': ['secure-messaging'],
  'sm-more': ['secure-messaging'],
};

/** One test with the rows that it is made for. */
interface Case {
  readonly title: string;
  readonly rows: readonly unknown[];
  readonly run: () => unknown;
}

type Registered = (...args: never[]) => unknown;

/** What is registered now, and under which rows. */
let cases: Case[] = [];
let rows: readonly unknown[] = [];

function register(title: string, run: Registered, row: readonly unknown[]): void {
  const all = [...rows, ...row];
  cases.push({ title, rows: all, run: () => run(...(row as never[])) });
}

function group(_title: string, body: Registered, row: readonly unknown[] = []): void {
  const outer = rows;
  rows = [...outer, ...row];
  body(...(row as never[]));
  rows = outer;
}

const spread = (row: unknown): readonly unknown[] => (Array.isArray(row) ? row : [row]);
/** As Vitest's, as far as these tests use them. */
const standIn = {
  expect,
  describe: Object.assign((title: string, body: Registered) => group(title, body), {
    each: (table: readonly unknown[]) => (title: string, body: Registered) => {
      for (const row of table) group(title, body, spread(row));
    },
  }),
  it: Object.assign((title: string, run: Registered) => register(title, run, []), {
    each: (table: readonly unknown[]) => (title: string, run: Registered) => {
      for (const row of table) register(title, run, spread(row));
    },
  }),
};

/** The vectors as the tests get them. */
let vectors = new Map<string, unknown>();
vi.doMock('./cases.ts', () => standIn);
vi.doMock('../vectors/load.ts', () => ({ loadVectors: (name: string) => vectors.get(name) }));

/** Takes minutes by itself, and no single number of a vector decides it. */
const LONG = ['runs over more than 70,000 commands in one channel'];

interface Place {
  readonly file: string;
  /** Keys from the root to the number. */
  readonly path: readonly (string | number)[];
  readonly value: string;
}

/** Every string of two bytes or more in hexadecimal. */
function numbersIn(file: string, node: unknown, path: readonly (string | number)[] = []): Place[] {
  if (typeof node === 'string') return /^([0-9A-F]{2}){2,}$/.test(node) ? [{ file, path, value: node }] : [];
  if (node === null || typeof node !== 'object') return [];
  return Object.entries(node).flatMap(([key, value]) =>
    numbersIn(file, value, [...path, Array.isArray(node) ? Number(key) : key]),
  );
}

let imported = 0;

/** Whether a test over the vectors fails with one bit of one number flipped. */
async function isNoticed({ file, path, value }: Place): Promise<boolean> {
  // In the middle: the first and last bytes of an APDU are lengths that no MAC covers, and each client writes them its way.
  const bit = 2 * value.length + (path.join().length % 4);
  const digit = (Number.parseInt(value[bit >> 2]!, 16) ^ (8 >> (bit & 3))).toString(16).toUpperCase();
  const wrong = value.slice(0, bit >> 2) + digit + value.slice((bit >> 2) + 1);
  vectors = new Map(Object.keys(FILES).map((name) => [name, loadVectors(name)]));
  // biome-ignore lint/suspicious/noExplicitAny: a path into JSON
  let node = vectors.get(file) as any;
  for (const key of path.slice(0, -1)) node = node[key];
  node[path[path.length - 1]!] = wrong;

  for (const test of FILES[file]!) {
    cases = [];
    try {
      await import(/* @vite-ignore */ `./${test}.test.ts?${++imported}`);
    } catch {
      return true;
    }
    // Those whose row has the number in it, then those without a row.
    const others = cases.filter(({ title, rows: own }) => own.length === 0 && !LONG.includes(title));
    for (const { run } of [...cases.filter(({ rows: own }) => JSON.stringify(own).includes(wrong)), ...others]) {
      try {
        await run();
      } catch {
        return true;
      }
    }
  }
  return false;
}

/** The numbers that are answers of a protocol: what goes over the wire, and the keys that it leads to. */
const ANSWERS: Readonly<Record<string, readonly RegExp[]>> = {
  pace: [
    /^runs\.\d+\.(kPi|encryptedNonce|ksEnc|ksMac|token\.(terminal|chip)|apdus\.\d+\.(command|response))$/,
    /^runs\.\d+\.(mapping|keyAgreement)\.(\w+Public|sharedPointH|mappedGenerator|sharedSecretX)$/,
    /^mappingOnly\.vectors\.\d+\.mappedGenerator$/,
  ],
  'pace-more': [
    /^runs\.\d+\.(kPi|encryptedNonce|ksEnc|ksMac|token\.(terminal|chip)|apdus\.\d+\.(command|response))$/,
    /^runs\.\d+\.(mapping|keyAgreement)\.(\w+Public|sharedPointH|mappedGenerator|sharedSecretX)$/,
    /^runs\.\d+\.chipAuthenticationMapping\.(caData|iv|encryptedCaData|chipStaticPublic)$/,
    /^runs\.\d+\.secureMessaging\.steps\.\d+\.(command|response|plainResponse|sscAfter)$/,
  ],
  'eac-ta-ca': [
    /^runs\.0\.pace\.(kPi|encryptedNonce|ksEnc|ksMac|token\.(terminal|chip))$/,
    /^runs\.0\.pace\.(mapping|keyAgreement)\.(\w+Public|sharedSecretH?|mappedGenerator)$/,
    /^(runs\.0|computedRuns\.\d+)\.apdus\.\d+\.(command|response|sscAfter)$/,
    /^(runs\.0|computedRuns\.\d+)\.terminalAuthentication\.signature$/,
    /^(runs\.0|computedRuns\.\d+)\.chipAuthentication\.(ksEnc|ksMac|token|\w+Public|sharedSecret)$/,
    /^(runs\.0|computedRuns\.\d+)\.afterChipAuthentication\.(command|response)$/,
    /^(chains\.\d+\.certificates|computedPki\.chain)\.\d+\.certificate$/,
  ],
  'secure-messaging': [
    /^sessions\.\d+\.steps\.\d+\.(command|response|sscAfter)$/,
    /^gematik\.(commands|responses)\.\d+\.(command|response)$/,
    /^commandsOnly\.\d+\.(commands\.\d+\.)?command$/,
  ],
  'sm-more': [
    /^sessions\.\d+\.(steps|commands|responses)\.\d+\.(command|response|sscAfter)$/,
    /^sessions\.\d+\.lengths\w*\.rows\.\d+\.command$/,
  ],
};

/** Of what is not built here, or not done, so that nothing compares it. */
const NOT_BUILT: Readonly<Record<string, readonly RegExp[]>> = {
  // Curves of 224 and 320 bits.
  'pace-more': [/^runs\.(6|10|11)\./],
  // 3DES; a message with counter 0, which none of ours has.
  'secure-messaging': [/^commandsOnly\.0\./, /^gematik\.responses\.0\./],
};

describe.each(Object.keys(FILES))('a wrong bit in %s.json', (file) => {
  const isOne = (patterns: readonly RegExp[], path: Place['path']): boolean =>
    patterns.some((pattern) => pattern.test(path.join('.')));
  const places = numbersIn(file, loadVectors(file)).filter(
    ({ path }) => isOne(ANSWERS[file]!, path) && !isOne(NOT_BUILT[file] ?? [], path),
  );
  const chosen = places.filter((_, index) => DEEP || index % SAMPLE === places.length % SAMPLE);

  it(`is noticed in each of ${chosen.length} answers`, { timeout: 4 * 3_600_000 }, async () => {
    const unnoticed: string[] = [];
    for (const place of chosen) {
      if (!(await isNoticed(place))) unnoticed.push(place.path.join('.'));
    }
    expect(unnoticed).toEqual([]);
  });
});
