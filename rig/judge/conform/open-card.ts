import { existsSync } from 'node:fs';
import { Card } from '../../../src/applet/card.ts';
import { ImageError } from '../../../src/applet/image/card-image.ts';
import type { CardSpecification } from '../../../src/applet/image/specification.ts';
import { exportApplets } from '../../../src/applet/vitale/export-object.ts';
import type { CardInterface, LinkedCard, LinkLimits } from '../../../src/hal/card-link.ts';
import { nobleHashes } from '../../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import type { CardSource } from '../../card/card-source.ts';
import { buildImage, FIXED_SEED } from '../../card/open.ts';
import { CannotRun } from '../../console/failure.ts';
import type { MakeCard } from './card-under-test.ts';

/** A card of ours that can be made again and again as it is now; the user's file is read once and never written. */
export interface RenewableCard {
  readonly description: string;
  /** Name of the profile that it was made from. */
  readonly profile: string;
  readonly face: CardInterface;
  /** A new copy. @param limits of the link that it is for */
  make(onFault: (fault: unknown) => void, limits?: LinkLimits): LinkedCard;
}

/** @throws {CannotRun} damaged image; {HalError} `storage`, `damaged`; {ProfileError} */
export async function openRenewable(source: CardSource, face: CardInterface | null): Promise<RenewableCard> {
  const name = source.kind === 'image' ? source.fileOrName : source.name;
  const isFile = source.kind === 'image' && existsSync(name);
  if (source.kind === 'image' && !isFile && /[./]/.test(name) && !/\.ya?ml$/.test(name)) {
    throw new CannotRun(`there is no image ${name}; \`vitap card build\` makes one`);
  }
  const image = isFile ? await readImage(name) : await buildImage(name, FIXED_SEED);
  const first = boot(image, name, () => {});
  const door = face ?? first.defaultInterface;
  return {
    description: isFile ? `${first.image.profile}, a copy of image ${name}` : `${name}, a fresh card in memory`,
    profile: isFile ? first.image.profile : name,
    face: door,
    make: (onFault, limits) => boot(image, name, onFault).port(door, limits),
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

function boot(image: Uint8Array, name: string, onFault: (fault: unknown) => void): Card {
  try {
    return new Card({
      nvm: new MemoryNvm(image),
      clock: systemClock,
      crypto: nobleHashes(),
      applets: exportApplets,
      onFault,
    });
  } catch (error) {
    if (error instanceof ImageError) throw new CannotRun(`${name}: ${error.message}`, { cause: error });
    throw error;
  }
}
