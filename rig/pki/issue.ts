import type { Crypto, CurveName, HashName } from '../../src/hal/crypto.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { systemRandom } from '../../src/hal/system/random.ts';
import {
  type Authorization,
  authorizationOf,
  type Role,
  randomPrivateKey,
  rightsOf,
  roleOf,
} from '../../src/secure-channel/index.ts';
import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { refuseExisting } from './existing-file.ts';
import {
  isDocumentVerifier,
  isRoot,
  type KnownHolder,
  linkFile,
  linksTo,
  onlyIssuer,
  readHolder,
  terminalKeysFile,
  writeHolder,
  writeNew,
} from './hierarchy-folder.ts';
import { type Holder, issueHolder, linkCertificate, makeRoot, matchingHash, type Validity } from './holder.ts';
import { chosenValidity } from './init.ts';
import { isReference } from './reference.ts';
import { readRights } from './rights.ts';
import { writeTerminalKeys } from './terminal-keys.ts';
import { TEST_SIGNING_AUTHORITY } from './test-signing-authority.ts';

/** What can be issued, as a person types it. `link`: the next root, with a link certificate from the one before. */
export type IssuedRole = 'link' | 'dv-domestic' | 'dv-foreign' | 'terminal';

export interface IssueOptions {
  readonly folder: string;
  readonly role: IssuedRole;
  /** Holder reference of what is issued. */
  readonly name: string;
  /** The holder that signs; null: the only one that can. */
  readonly by: string | null;
  /** Of a new root only; null: as before. */
  readonly curve: CurveName | null;
  readonly hash: HashName | null;
  readonly from: number | null;
  readonly to: number | null;
  /** As a person lists them; null: all those of the issuer. */
  readonly rights: string | null;
}

interface Kind {
  readonly words: string;
  readonly role: Role;
  readonly mayIssue: (authorization: Authorization) => boolean;
}

const KINDS: Readonly<Record<IssuedRole, Kind>> = {
  link: { words: 'a link certificate', role: 'CVCA', mayIssue: isRoot },
  'dv-domestic': { words: 'a certificate of a document verifier', role: 'DV-official-domestic', mayIssue: isRoot },
  'dv-foreign': { words: 'a certificate of a document verifier', role: 'DV-other', mayIssue: isRoot },
  terminal: { words: 'a certificate of a terminal', role: 'terminal', mayIssue: isDocumentVerifier },
};

/** `vitap pki issue`: one more holder in a hierarchy's folder. Replaces nothing. */
export async function issueCertificateTo(options: IssueOptions, io: CommandIo): Promise<ExitCode> {
  const { folder, role, name } = options;
  if (!isReference(name)) {
    throw new CannotRun(
      `"${name}" is no holder reference: two capitals for the country, up to 9 capitals or digits, and 5 more, as in FRLABAT00002`,
    );
  }
  if (role !== 'link' && (options.curve !== null || options.hash !== null)) {
    throw new CannotRun('--curve and --hash are for the next root (link): everything below takes those of its issuer');
  }
  const kind = KINDS[role];
  const crypto = nobleCrypto();
  const issuer = chosenIssuer(options, kind, crypto);
  const { type } = issuer.authorization;
  const rights = options.rights === null ? rightsOf(issuer.authorization) : readRights(options.rights, type);
  const validity = chosenValidity(options);
  const authorization = authorizationOf(type, kind.role, rights);
  const issued = role === 'link' ? nextRoot : below;
  const files = issued({ folder, name, issuer, authorization, validity, options, crypto });
  if (io.json) {
    writeJson(io, { folder, name, role, issuer: issuer.name, rights, files });
    return EXIT.pass;
  }
  io.stdout(`${name}: ${kind.words}, issued by ${issuer.name}\n`);
  for (const file of files) io.stdout(`  ${file}\n`);
  return EXIT.pass;
}

interface Order {
  readonly folder: string;
  readonly name: string;
  readonly issuer: KnownHolder;
  readonly authorization: Authorization;
  readonly validity: Validity;
  readonly options: IssueOptions;
  readonly crypto: Crypto;
}

function chosenIssuer({ folder, by }: IssueOptions, kind: Kind, crypto: Crypto): KnownHolder {
  if (by === null) return onlyIssuer(folder, crypto, kind.mayIssue, kind.words);
  const issuer = readHolder(folder, by, crypto);
  if (kind.mayIssue(issuer.authorization)) return issuer;
  throw new CannotRun(`${by} has the role ${roleOf(issuer.authorization)}, which issues no such certificate`);
}

function nextRoot({ folder, name, issuer, authorization, validity, options, crypto }: Order): readonly string[] {
  const curve = options.curve ?? issuer.key.curve;
  const hash = options.hash ?? (options.curve === null ? issuer.key.hash : matchingHash(curve));
  const root = makeRoot(
    crypto,
    { name, privateKey: randomPrivateKey(crypto, systemRandom, curve), authorization, validity },
    { curve, hash },
  );
  const link = linkFile(folder, name);
  refuseExisting(link);
  const files = writeHolder(folder, root, crypto);
  writeNew(link, linkCertificate(crypto, issuer, root));
  return [...files, link];
}

function below({ folder, name, issuer, authorization, validity, crypto }: Order): readonly string[] {
  const keys = terminalKeysFile(folder, name);
  const terminal = roleOf(authorization) === 'terminal';
  if (terminal) refuseExisting(keys);
  const privateKey = randomPrivateKey(crypto, systemRandom, issuer.key.curve);
  const holder: Holder = issueHolder(crypto, issuer, { name, privateKey, authorization, validity });
  const files = writeHolder(folder, holder, crypto);
  if (!terminal) return files;
  const certificates = [...linksTo(folder, issuer.authority), issuer.certificate, holder.certificate];
  writeTerminalKeys(keys, { certificates, key: holder.key, signers: [TEST_SIGNING_AUTHORITY] });
  return [...files, keys];
}
