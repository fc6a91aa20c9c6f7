import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { CannotRun } from '../../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import { counted } from '../../../report/words.ts';
import type { Family } from '../../issuer/family.ts';
import { familyLines } from '../../issuer/family-lines.ts';
import { MOST_FAMILIES, syntheticFamilies } from '../../issuer/synthetic-family.ts';
import { makeIdentityFolder } from './folder.ts';
import { type Person, personOf, TEST_PEOPLE } from './people.ts';

/** Whom the identity provider knows: those of a file of families, of a seed, or the published test identity. */
export type PeopleSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'seed'; readonly seed: string; readonly count: number }
  | { readonly kind: 'test' };

export interface IdentityInitOptions {
  readonly folder: string;
  readonly origin: string;
  readonly verifiers: readonly string[];
  readonly people: PeopleSource;
}

const MOST_PEOPLE = 1_000_000;

/** `vitap identity init`: an identity provider in a new folder. */
export async function initIdentity(options: IdentityInitOptions, io: CommandIo): Promise<ExitCode> {
  const { folder, origin, verifiers } = options;
  const people = await peopleOf(options.people, io.signal);
  const world = { crypto: nobleCrypto(), random: systemRandom };
  const files = makeIdentityFolder(folder, { origin, verifiers, people }, world);
  if (io.json) {
    writeJson(io, { folder, origin, verifiers, people: people.length, files });
    return EXIT.pass;
  }
  io.stdout(`${folder}: a test identity provider at ${origin}\n`);
  io.stdout(`  knows       ${counted(people.length, 'person', 'people')}, all of them invented\n`);
  io.stdout(`  is asked by ${verifiers.length === 0 ? 'any issuer on this machine' : verifiers.join(', ')}\n`);
  return EXIT.pass;
}

async function peopleOf(source: PeopleSource, signal: AbortSignal): Promise<readonly Person[]> {
  switch (source.kind) {
    case 'test':
      return TEST_PEOPLE;
    case 'file': {
      const families: Family[] = [];
      for await (const read of familyLines(source.path)) {
        signal.throwIfAborted();
        if ('fault' in read) throw new CannotRun(`${source.path}:${read.line}: ${read.fault}`);
        families.push(read.family);
        if (families.length > MOST_PEOPLE) throw new CannotRun(`${source.path}: more than ${MOST_PEOPLE} families`);
      }
      if (families.length === 0) throw new CannotRun(`${source.path}: no family is in it`);
      return families.map((family, place) => personOf(family, String(place + 1)));
    }
    case 'seed': {
      const most = Math.min(MOST_PEOPLE, MOST_FAMILIES);
      if (source.count > most)
        throw new CannotRun(`${source.count} people are more than the ${most} that are made here`);
      const families = [...syntheticFamilies(source.seed, source.count)];
      return families.map((family, place) => personOf(family, String(place + 1)));
    }
  }
}
