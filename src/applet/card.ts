import { UNLIMITED } from '../hal/apdu-size.ts';
import type { CardInterface, LinkLimits } from '../hal/card-link.ts';
import type { Clock } from '../hal/clock.ts';
import type { Crypto, KeyedHashes } from '../hal/crypto.ts';
import type { Nvm } from '../hal/nvm.ts';
import type { Random } from '../hal/random.ts';
import { AccessControl, type AccessObserver } from './access/access-control.ts';
import { type ExplainedAccess, explainAccess, explainCondition } from './access/explain.ts';
import { answerToReset, contactlessAtr } from './answer-to-reset.ts';
import type { Applet } from './applet.ts';
import { CardPort } from './card-port.ts';
import type { CardCore } from './command-context.ts';
import { CommandSet } from './dispatcher.ts';
import type { CardFile } from './files/card-file.ts';
import { FileStore } from './files/file-store.ts';
import { FileTree } from './files/file-tree.ts';
import { isCardTerminated } from './files/life-cycle.ts';
import { Holder } from './holder.ts';
import { type CardImage, openImage } from './image/card-image.ts';
import { readSuperblock } from './image/superblock.ts';
import { zeroise } from './image/zeroise.ts';
import { KeyStore } from './keys/key-store.ts';
import { openMemory } from './nvm/open-memory.ts';
import { PinStore } from './pin/pin-store.ts';
import { readPaceOffers } from './secure-messaging/pace-offers.ts';

/** What a card needs of the world. */
export interface CardWorld {
  readonly nvm: Nvm;
  readonly clock: Clock;
  /** What the card computes with. Hashes are enough for its codes; with them alone it opens no secure channel. */
  readonly crypto: KeyedHashes | Crypto;
  /** What the card draws; a card from a seed says the same again to the same commands. */
  readonly random: Random;
  /** For the applications of this card; or what makes them from its files, of which a card may lack some. */
  readonly applets?: readonly Applet[] | ((files: readonly CardFile[]) => readonly Applet[]);
  /** Told of every decision about access, as it is made. For tools that explain; a card in use has none. */
  readonly onAccess?: (explained: ExplainedAccess) => void;
  /** Told of a fault of the card itself, after 6F00 or 6581 was answered. */
  readonly onFault?: (fault: unknown) => void;
}

/**
 * A card: one memory, and a port for each interface through which commands come.
 *
 * Booting checks the image and builds what makes look-ups constant; nothing personal is kept outside the memory.
 */
export class Card {
  readonly image: CardImage;
  readonly holder: Holder;
  readonly #core: CardCore;
  readonly #commands: CommandSet;
  readonly #ports: CardPort[] = [];
  readonly #atr: Uint8Array;
  readonly #largestData: number;
  readonly #onFault: (fault: unknown) => void;

  /**
   * @throws {ImageError} the memory holds no image, a damaged one, or one of another version
   * @throws {AppletError} an applet that cannot be on this card
   */
  constructor(world: CardWorld) {
    const nvm = openMemory(world.nvm);
    if (isCardTerminated(nvm, readSuperblock(nvm).card)) zeroise(nvm);
    const image = openImage(nvm);
    const files = new FileTree(image.files);
    const pins = new PinStore(nvm, world.crypto, image.secret, image.pins);
    const keys = new KeyStore(nvm, image.keys, image.trust);
    this.image = image;
    this.holder = new Holder(world.clock, image.holder?.windowSeconds ?? 0, image.holder?.uses ?? 0);
    const access = new AccessControl({ pins, keys }, this.holder, image.environments, nvm);
    const { onAccess } = world;
    if (onAccess !== undefined) access.observer = explaining(access, onAccess);
    const store = new FileStore(nvm, files, image);
    const crypto = 'multiply' in world.crypto ? world.crypto : null;
    this.#core = {
      nvm,
      files,
      store,
      pins,
      keys,
      access,
      holder: this.holder,
      card: image.card,
      random: world.random,
      crypto,
      paceOffers: crypto === null || !pins.hasPasswords ? [] : readPaceOffers(nvm, files.masterFile, keys),
      sessions: [],
    };
    const { applets = [] } = world;
    const bound = typeof applets === 'function' ? applets(image.files) : applets;
    this.#largestData = bound.reduce((most, { largestData = 0 }) => Math.max(most, largestData), image.largestData);
    this.#commands = new CommandSet(bound, image.files);
    this.#atr = answerToReset(image.link);
    this.#onFault = world.onFault ?? ignore;
  }

  /** ATR of the contact side; a contactless reader shows that of the historical bytes. */
  get atr(): Uint8Array {
    return this.#atr;
  }

  /** The interface of the profile, for a link that has no opinion. */
  get defaultInterface(): CardInterface {
    return this.image.interface;
  }

  /** A port for a link; buffers are made here, once. It is without power until the link says otherwise. */
  port(cardInterface: CardInterface = this.defaultInterface, limits: LinkLimits = UNLIMITED): CardPort {
    const port = new CardPort({
      core: this.#core,
      commands: this.#commands,
      cardInterface,
      limits,
      // The contact side may speak T=0 with an ATR of its own; the others carry whole APDUs.
      protocol: cardInterface === 'contact' ? this.image.link.protocol : 'T=1',
      atr: cardInterface === 'contact' ? this.#atr : contactlessAtr(this.image.link.historicalBytes),
      largestData: this.#largestData,
      onFault: this.#onFault,
    });
    this.#ports.push(port);
    return port;
  }

  /** Card-wide reset, as a phone that restarts: every interface forgets, and the holder's window closes. */
  reset(): void {
    this.holder.lock();
    for (const port of this.#ports) port.fieldOff();
  }
}

function explaining(access: AccessControl, tell: (explained: ExplainedAccess) => void): AccessObserver {
  return {
    decided: (file, operation, requester, permitted) =>
      tell(explainAccess(access, file, operation, requester, permitted)),
    judged: (condition, directory, requester, permitted) =>
      tell(explainCondition(access, condition, directory, requester, permitted)),
  };
}

function ignore(): void {}
