import { existsSync } from 'node:fs';
import { sameBytes } from '../../src/apdu/same-bytes.ts';
import type { ExplainedAccess } from '../../src/applet/access/explain.ts';
import type { Applet } from '../../src/applet/applet.ts';
import { Card } from '../../src/applet/card.ts';
import type { CardFile } from '../../src/applet/files/card-file.ts';
import { type CardImage, ImageError, openImage } from '../../src/applet/image/card-image.ts';
import { needsAllCrypto } from '../../src/applet/image/code-table.ts';
import { personalise, SpecificationError } from '../../src/applet/image/personalise.ts';
import type { CardSpecification } from '../../src/applet/image/specification.ts';
import { exportApplets } from '../../src/applet/vitale/export-object.ts';
import type { Clock } from '../../src/hal/clock.ts';
import type { Crypto, KeyedHashes } from '../../src/hal/crypto.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import type { Nvm } from '../../src/hal/nvm.ts';
import type { Random } from '../../src/hal/random.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { systemRandom } from '../../src/hal/system/random.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { CannotRun } from '../console/failure.ts';
import type { CardSource } from './card-source.ts';
import { makeShippedImages, shippedImage } from './shipped-images.ts';

/** Two cards of one profile in memory are the same card: a bench must be able to say a run again. */
export const FIXED_SEED = 'vitap';

/** Behind the seed of a card in use: its image was made of the same one, and must not be what the card draws. */
const IN_USE = ', in use';

/** What a card of the bench has beside its image, and whom it tells. */
export interface CardSettings {
  /**
   * Applications with commands of their own, each for the DF of its name, which the card must have. One for the own
   * application (`F0617043562D454D5501`) takes the place of Vitap's, which has the export of the whole card.
   */
  readonly applets?: readonly Applet[];
  /** The machine's, unless another one is given. */
  readonly clock?: Clock;
  /** Told of a fault of the card after it answered 6F00 or 6581. */
  readonly onFault?: (fault: unknown) => void;
  /** Told of every decision about access. */
  readonly onAccess?: (explained: ExplainedAccess) => void;
}

/** A card that is not powered yet, and its memory. */
export interface OpenedCard {
  readonly card: Card;
  readonly nvm: Nvm;
  /** For people: `apcv, a fresh card in memory` or `apcv, image apcv.img`. */
  readonly description: string;
  /** What it was made and draws from; null for a card that draws from the system. */
  readonly seed: string | null;
  /** Lets go of the image file. */
  close(): void;
}

/**
 * The card that the command line names: a profile's, fresh in memory; or an image file's, its state kept; or, where
 * no file of that name is there, a profile's by that name.
 * @throws {CannotRun} damaged image; {HalError} `storage`, `busy`, `damaged`; {ProfileError}; {AppletError} an applet
 * that cannot be on this card; {TypeError} no source
 */
export async function openCard(source: CardSource, settings: CardSettings = {}): Promise<OpenedCard> {
  checkSource(source);
  if (source.kind === 'image' && existsSync(source.fileOrName)) return openImageFile(source.fileOrName, settings);
  const name = profileNamed(source);
  const nvm = new MemoryNvm(await freshImage(source));
  return {
    card: bootCard(nvm, name, FIXED_SEED, settings, await cryptoFor(nvm)),
    nvm,
    description: `${name}, a fresh card in memory`,
    seed: FIXED_SEED,
    close: () => {},
  };
}

/** The image of a new card in memory. @throws as {@link buildImage}, and {CannotRun} for a state that it cannot have */
export async function freshImage(source: CardSource): Promise<Uint8Array> {
  const name = profileNamed(source);
  const image = shippedImage(name) ?? (await buildImage(name, FIXED_SEED));
  if (source.kind === 'profile' && source.state !== undefined) {
    const { setPinState } = await import('./pin-state.ts');
    setPinState(image, source.state, name);
  }
  return image;
}

/** A program in plain JavaScript has no compiler that says it. */
function checkSource(source: CardSource): void {
  const { kind, name, fileOrName } = (source ?? {}) as Partial<Record<'kind' | 'name' | 'fileOrName', unknown>>;
  if (kind === 'profile' && typeof name === 'string') return;
  if (kind === 'image' && typeof fileOrName === 'string') return;
  throw new TypeError("a card comes from { kind: 'profile', name: … } or { kind: 'image', fileOrName: … }");
}

/** The profile of a source that is no image file. @throws {CannotRun} it was meant to be one */
export function profileNamed(source: CardSource): string {
  if (source.kind === 'profile') return source.name;
  const name = source.fileOrName;
  if (/[./]/.test(name) && !/\.ya?ml$/.test(name)) {
    throw new CannotRun(`there is no image ${name}; \`vitap card build\` makes one`);
  }
  return name;
}

/**
 * The image of a new card of a profile.
 * @param seed the same card again for the same seed, or null for a new one
 * @param own makes of the profile's card one that is told apart from the others; absent: it is the profile's
 */
export async function buildImage(
  profile: string,
  seed: string | null,
  own: (specification: CardSpecification) => CardSpecification = (specification) => specification,
): Promise<Uint8Array> {
  const random = seed === null ? systemRandom : new SeededRandom(seed);
  const { specification, crypto } = await specificationOf(profile, random);
  try {
    return personalise(own(specification), crypto);
  } catch (error) {
    if (error instanceof SpecificationError) throw new CannotRun(`${profile}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** What a profile says of its cards. @throws {ProfileError} */
export async function specificationOf(
  profile: string,
  random: Random = systemRandom,
): Promise<{ readonly specification: CardSpecification; readonly crypto: Crypto }> {
  const [{ loadProfile }, { nobleCrypto }] = await Promise.all([
    import('./profile/index.ts'),
    import('../../src/hal/noble/index.ts'),
  ]);
  const crypto = nobleCrypto();
  return { specification: await loadProfile(profile, { random, crypto }), crypto };
}

async function openImageFile(path: string, settings: CardSettings): Promise<OpenedCard> {
  const { FileNvm } = await import('../../src/hal/nvm/file.ts');
  const nvm = FileNvm.open(path);
  try {
    const card = bootCard(nvm, path, null, settings, await cryptoFor(nvm));
    return { card, nvm, description: `${card.image.profile}, image ${path}`, seed: null, close: () => nvm.close() };
  } catch (error) {
    nvm.close();
    throw error;
  }
}

/** What a card of this memory computes with: the curves take 40 ms to load, and most cards have no use for them. */
export async function cryptoFor(nvm: Nvm): Promise<KeyedHashes | Crypto> {
  if (!needsAllCrypto(nvm)) return nobleHashes();
  const { nobleCrypto } = await import('../../src/hal/noble/index.ts');
  return nobleCrypto();
}

/**
 * Every card of the bench boots here.
 * @param name of the memory, for a person
 * @param seed what the card draws from; null: the system
 * @param crypto of {@link cryptoFor}; with hashes alone a card opens no secure channel
 * @throws {CannotRun} no image, a damaged one, or one of another version; {AppletError}
 */
export function bootCard(
  nvm: Nvm,
  name: string,
  seed: string | null,
  settings: CardSettings = {},
  crypto: KeyedHashes | Crypto = nobleHashes(),
): Card {
  const { applets = [], ...told } = settings;
  return ofImage(name, () => {
    return new Card({
      nvm,
      clock: systemClock,
      crypto,
      random: seed === null ? systemRandom : new SeededRandom(`${seed}${IN_USE}`),
      applets: (files) => withOwn(applets, files),
      ...told,
    });
  });
}

/** The applets given, and those that every card with their DF has, unless one was given in its place. */
function withOwn(given: readonly Applet[], files: readonly CardFile[]): readonly Applet[] {
  const shipped = exportApplets(files).filter(({ aid }) => !given.some((each) => sameBytes(each.aid, aid)));
  return [...shipped, ...given];
}

/** What a memory holds, without booting a card on it. @throws {CannotRun} as {@link bootCard} */
export function readImage(nvm: Nvm, name: string): CardImage {
  return ofImage(name, () => openImage(nvm));
}

function ofImage<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ImageError) throw new CannotRun(`${name}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The last step of the build. @param folder `profiles` in the build */
export function buildShippedImages(folder: string): Promise<void> {
  return makeShippedImages(folder, (profile) => buildImage(profile, FIXED_SEED));
}
