import { existsSync } from 'node:fs';
import type { Applet } from '../../../src/applet/applet.ts';
import type { Card } from '../../../src/applet/card.ts';
import type { CardSpecification } from '../../../src/applet/image/specification.ts';
import type { CardInterface, LinkedCard, LinkLimits } from '../../../src/hal/card-link.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import type { CardSource } from '../../card/card-source.ts';
import { bootCard, cryptoFor, FIXED_SEED, freshImage } from '../../card/open.ts';
import type { MakeCard } from './card-under-test.ts';

/** A card of ours that can be made again and again as it is now; the user's file is read once and never written. */
export interface RenewableCard {
  readonly description: string;
  /** Name of the profile that it was made from. */
  readonly profile: string;
  readonly cardInterface: CardInterface;
  /** What each copy draws from; null: the system. */
  readonly seed: string | null;
  /** What each copy begins with; nobody may change it. */
  readonly contents: Uint8Array;
  /** `image card.img`, `profile vitale2`. */
  readonly of: string;
  /** A new copy, on no interface yet. */
  boot(onFault: (fault: unknown) => void): Card;
  /** A new copy. @param limits of the link that it is for */
  make(onFault: (fault: unknown) => void, limits?: LinkLimits): LinkedCard;
}

/** @throws {CannotRun} damaged image; {HalError} `storage`, `damaged`; {ProfileError} */
export async function openRenewable(
  source: CardSource,
  wanted: CardInterface | null,
  applets: readonly Applet[] = [],
): Promise<RenewableCard> {
  const name = source.kind === 'image' ? source.fileOrName : source.name;
  const isFile = source.kind === 'image' && existsSync(name);
  const image = isFile ? await readImage(name) : await freshImage(source);
  const seed = isFile ? null : FIXED_SEED;
  const crypto = await cryptoFor(new MemoryNvm(image));
  const boot = (onFault: (fault: unknown) => void): Card =>
    bootCard(new MemoryNvm(image), name, seed, { applets, onFault }, crypto);
  const first = boot(() => {});
  const cardInterface = wanted ?? first.defaultInterface;
  return {
    description: isFile ? `${first.image.profile}, a copy of image ${name}` : `${name}, a fresh card in memory`,
    profile: isFile ? first.image.profile : name,
    cardInterface,
    seed,
    contents: image,
    of: isFile ? `image ${name}` : `profile ${name}`,
    boot,
    make: (onFault, limits) => boot(onFault).port(cardInterface, limits),
  };
}

/** The card as an in-process one is made. */
export function makerOf(card: RenewableCard): MakeCard {
  return (onFault) => card.make(onFault);
}

/** What a profile orders its card to be. @returns null when there is no such profile here */
export async function specificationOf(profile: string): Promise<CardSpecification | null> {
  const [{ listProfiles, loadProfile }, { nobleCrypto }, { SeededRandom }] = await Promise.all([
    import('../../card/profile/index.ts'),
    import('../../../src/hal/noble/index.ts'),
    import('../../../src/hal/virtual/random.ts'),
  ]);
  const isPath = /\.ya?ml$/.test(profile);
  if (!isPath && !(await listProfiles()).includes(profile)) return null;
  return loadProfile(profile, { random: new SeededRandom(FIXED_SEED), crypto: nobleCrypto() });
}

async function readImage(path: string): Promise<Uint8Array> {
  const { FileNvm } = await import('../../../src/hal/nvm/file.ts');
  return FileNvm.load(path).snapshot();
}
