import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CardSpecification } from '../../../src/applet/image/specification.ts';
import type { Crypto, Random } from '../../../src/hal/index.ts';
import { CannotRun } from '../../console/failure.ts';
import { readInputText } from '../../console/input-file.ts';
import { atrProblem } from './atr.ts';
import type { ProfileDocument } from './document.ts';
import { checkData } from './family.ts';
import { Issues } from './issues.ts';
import { keyValues, trustState } from './keys.ts';
import { medicalRefusal, withoutMedical } from './medical.ts';
import { checkPace } from './pace.ts';
import { ProfileError } from './profile-error.ts';
import { profileSchema } from './schema.ts';
import { overlay, plain, readSource, type Written } from './source.ts';
import { masterFile } from './tree.ts';

/** What a card is made with: the same random bytes make the same card. */
export interface ProfileWorld {
  /** 32 bytes are taken for the card's secret, then what its random keys need, then 32 for a signing key where it has a signature. */
  readonly random: Random;
  readonly crypto: Crypto;
}

/**
 * The card that a profile describes.
 * @param nameOrPath name of a shipped profile (`vitale2`), or path of a YAML file
 * @throws {ProfileError} no such profile, or every fault in it with file, line and column
 */
export async function loadProfile(nameOrPath: string, world: ProfileWorld): Promise<CardSpecification> {
  const isName = /^[A-Za-z0-9-]+$/.test(nameOrPath);
  if (isName && !existsSync(shippedPath(nameOrPath))) {
    const names = (await listProfiles()).join(', ');
    throw new ProfileError(`there is no profile ${nameOrPath}: give one of ${names}, or the path of a YAML file`);
  }
  const path = isName ? shippedPath(nameOrPath) : nameOrPath;
  return parseProfile(readProfileText(path, nameOrPath), isName ? shippedName(nameOrPath) : nameOrPath, world);
}

function readProfileText(path: string, nameOrPath: string): string {
  try {
    return readInputText(path, 'a profile');
  } catch (error) {
    if (error instanceof CannotRun) throw new ProfileError(error.message, { cause: error });
    throw new ProfileError(`${nameOrPath} cannot be read: ${unreadable(error)}`, { cause: error });
  }
}

/** Names of the shipped profiles, sorted. */
export async function listProfiles(): Promise<string[]> {
  const entries = await readdir(profilesFolder());
  return entries
    .filter((entry) => entry.endsWith('.yaml'))
    .map((entry) => entry.slice(0, -'.yaml'.length))
    .sort();
}

/**
 * The card that the text of a profile describes.
 * @param fileName what errors call the text
 * @throws {ProfileError} every fault with file, line and column
 */
export function parseProfile(text: string, fileName: string, { random, crypto }: ProfileWorld): CardSpecification {
  const written = withBase(readSource(text, fileName), []);
  const issues = new Issues(written);
  const clean = withoutMedical(written, (key, entry) => issues.reportKey(entry, medicalRefusal(key)));
  const result = profileSchema.safeParse(plain(clean), { reportInput: true });
  if (!result.success) {
    for (const issue of result.error.issues) issues.reportSchema(issue);
    issues.throwIfAny();
    throw result.error;
  }
  const document = result.data;
  const secret = draw(random);
  checkLink(document, issues);
  if (document.data !== undefined) checkData(document.data, issues);
  checkPace(document, issues);
  const trust = trustState(document, crypto, issues);
  const keys = keyValues(document, crypto, random);
  const tree = masterFile({ document, crypto, keys, signerSeed: () => draw(random), issues });
  issues.throwIfAny();
  const { profile, link, card, holder, free } = document;
  return {
    profile,
    serial: card.serial,
    secret,
    interface: link.interface,
    link: {
      protocol: link.protocol,
      historicalBytes: link.historicalBytes,
      atr: link.atr ?? null,
      uid: link.uid,
    },
    holder: holder ?? null,
    freeEntries: free?.entries ?? 0,
    freeBytes: free?.bytes ?? 0,
    trust,
    masterFile: tree,
  };
}

/** `extends: NAME` lays the profile on a shipped one; a file tree is taken whole from the one or the other. */
function withBase(written: Written, above: readonly string[]): Written {
  if (!(written.value instanceof Map)) return written;
  const base = written.value.get('extends');
  if (base === undefined) return written;
  const refuse = (message: string): never => {
    throw new ProfileError([{ ...base.place, message }]);
  };
  const name = typeof base.value === 'string' ? base.value : '';
  if (!/^[A-Za-z0-9-]+$/.test(name) || !existsSync(shippedPath(name))) {
    return refuse('`extends` names no shipped profile');
  }
  if (above.includes(name)) return refuse(`${name} extends itself`);
  const own = new Map(written.value);
  own.delete('extends');
  const under = readSource(readFileSync(shippedPath(name), 'utf8'), shippedName(name));
  return overlay(withBase(under, [...above, name]), { ...written, value: own }, ['masterFile']);
}

function checkLink({ link }: ProfileDocument, issues: Issues): void {
  if (link.atr !== undefined) {
    const problem = atrProblem(link.atr, link.protocol);
    if (problem !== null) issues.report(['link', 'atr'], problem);
  } else if (link.protocol === 'T=0') {
    issues.report(['link', 'protocol'], 'T=0 needs an `atr`: the one that is made otherwise offers T=1');
  }
}

function draw(random: Random): Uint8Array {
  const bytes = new Uint8Array(32);
  random.fill(bytes, 0, bytes.length);
  return bytes;
}

function shippedPath(name: string): string {
  return join(profilesFolder(), `${name}.yaml`);
}

function shippedName(name: string): string {
  return `profiles/${name}.yaml`;
}

/** Beside package.json, above this module in the sources and in the build alike. */
function profilesFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('no package.json above the profile loader');
    folder = parent;
  }
  return join(folder, 'profiles');
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return code === 'EACCES' ? 'the rights are missing' : code;
}
