import { existsSync, readdirSync } from 'node:fs';
import type { Crypto, CurveName, HashName } from '../../src/hal/crypto.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { systemRandom } from '../../src/hal/system/random.ts';
import { authorizationOf, randomPrivateKey, rightsOfType, type TerminalType } from '../../src/secure-channel/index.ts';
import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { today, validityOf } from './dates.ts';
import { terminalKeysFile, writeHolder } from './hierarchy-folder.ts';
import { type Holder, issueHolder, makeRoot, matchingHash, type Validity } from './holder.ts';
import { readRights } from './rights.ts';
import { writeTerminalKeys } from './terminal-keys.ts';
import { TEST_TERMINAL, testDocumentVerifier, testRoot, testTerminalKeys } from './test-hierarchy.ts';
import { TEST_SIGNING_AUTHORITY } from './test-signing-authority.ts';

export const YEARS = 10;

export interface InitOptions {
  readonly folder: string;
  /** The hierarchy that shipped cards trust, with keys that everyone knows. The rest then does not count. */
  readonly test: boolean;
  /** Two letters for the country, up to 5 letters or digits: names are this with CVCA00001, DV00001, AT00001. */
  readonly prefix: string;
  readonly type: TerminalType;
  readonly curve: CurveName;
  /** Null: that of the curve's size. */
  readonly hash: HashName | null;
  /** First day; null: today. */
  readonly from: number | null;
  /** Last day; null: ten years later. */
  readonly to: number | null;
  /** Rights of the terminal, as a person lists them; null: all that its type has. */
  readonly rights: string | null;
}

interface Hierarchy {
  readonly root: Holder;
  readonly documentVerifier: Holder;
  readonly terminal: Holder;
}

/** `vitap pki init`: a root, a document verifier and a terminal, in a folder that is empty or not there yet. */
export async function initHierarchy(options: InitOptions, io: CommandIo): Promise<ExitCode> {
  const { folder } = options;
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new CannotRun(`${folder} is not empty; a hierarchy begins in a folder of its own: name another one`);
  }
  const crypto = nobleCrypto();
  const { root, documentVerifier, terminal } = options.test ? knownHierarchy(crypto) : newHierarchy(options, crypto);
  const keys = terminalKeysFile(folder, terminal.name);
  const files = [
    ...writeHolder(folder, root, crypto),
    ...writeHolder(folder, documentVerifier, crypto),
    ...writeHolder(folder, terminal, crypto),
  ];
  const certificates = [documentVerifier.certificate, terminal.certificate];
  writeTerminalKeys(keys, { certificates, key: terminal.key, signers: [TEST_SIGNING_AUTHORITY] });
  if (io.json) {
    const names = { root: root.name, documentVerifier: documentVerifier.name, terminal: terminal.name };
    writeJson(io, { folder, ...names, terminalKeys: keys, files: [...files, keys] });
    return EXIT.pass;
  }
  io.stdout(`${folder}: a hierarchy on ${root.key.curve} with ${root.key.hash.toUpperCase()}\n`);
  io.stdout(`  root               ${root.name}: what a card trusts\n`);
  io.stdout(`  document verifier  ${documentVerifier.name}\n`);
  io.stdout(`  terminal           ${terminal.name}\n`);
  io.stdout(`${keys}: for --terminal-keys; keep it to yourself (mode 600)\n`);
  if (options.test) io.stdout('These are the test keys: anyone can make them again.\n');
  return EXIT.pass;
}

function knownHierarchy(crypto: Crypto): Hierarchy {
  const { certificates, key } = testTerminalKeys(crypto);
  return {
    root: testRoot(crypto),
    documentVerifier: testDocumentVerifier(crypto),
    terminal: { name: TEST_TERMINAL, certificate: certificates[1] as Uint8Array, key },
  };
}

function newHierarchy(options: InitOptions, crypto: Crypto): Hierarchy {
  const { prefix, type, curve } = options;
  if (!/^[A-Z]{2}[0-9A-Z]{0,5}$/.test(prefix)) {
    throw new CannotRun(`"${prefix}" begins no names: two capitals for the country and up to 5 capitals or digits`);
  }
  const hash = options.hash ?? matchingHash(curve);
  const validity = chosenValidity(options);
  const all = rightsOfType(type);
  const rights = options.rights === null ? all : readRights(options.rights, type);
  const fresh = (): Uint8Array => randomPrivateKey(crypto, systemRandom, curve);
  const root = makeRoot(
    crypto,
    {
      name: `${prefix}CVCA00001`,
      privateKey: fresh(),
      authorization: authorizationOf(type, 'CVCA', all),
      validity,
    },
    { curve, hash },
  );
  const documentVerifier = issueHolder(crypto, root, {
    name: `${prefix}DV00001`,
    privateKey: fresh(),
    authorization: authorizationOf(type, 'DV-official-domestic', all),
    validity,
  });
  const terminal = issueHolder(crypto, documentVerifier, {
    name: `${prefix}${type}00001`,
    privateKey: fresh(),
    authorization: authorizationOf(type, 'terminal', rights),
    validity,
  });
  return { root, documentVerifier, terminal };
}

/** @throws {CannotRun} it would end before it begins */
export function chosenValidity({ from, to }: Pick<InitOptions, 'from' | 'to'>): Validity {
  const begins = from ?? today();
  const validity = { from: begins, to: to ?? validityOf(begins, YEARS).to };
  if (validity.to < validity.from) throw new CannotRun('--to is before --from');
  return validity;
}
