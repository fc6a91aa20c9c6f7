import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Card } from '../../../src/applet/card.ts';
import type { Clock } from '../../../src/hal/clock.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { FileNvm } from '../../../src/hal/nvm/file.ts';
import type { Random } from '../../../src/hal/random.ts';
import { bootCard } from '../../card/open.ts';
import { CannotRun } from '../../console/failure.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import type { DeviceSigner } from '../api/device-request.ts';
import type { PhoneLink } from '../api/phone-link.ts';
import { blankCard } from './blank-card.ts';
import { CardSide, DEVICE_KEY } from './card-side.ts';
import type { IssuerConnection } from './issuer-connection.ts';
import {
  ANOTHER_PHONE,
  NEW_PHONE,
  type PhoneState,
  readPhoneState,
  STATE_FILE,
  writePhoneState,
} from './phone-state.ts';
import { PhoneRefusal } from './refusals.ts';

export interface PhoneWorld {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly clock: Clock;
  /** Told of a fault of the card itself. */
  readonly onFault?: (fault: unknown) => void;
}

const IMAGE = 'phone.img';

/** The card of a phone in its folder, and what is noted beside it. One process at a time has it. */
export class HeldCard {
  readonly folder: string;
  readonly world: PhoneWorld;
  #state: PhoneState;
  #nvm: FileNvm | null = null;
  #card: Card | null = null;
  #side: CardSide | null = null;

  private constructor(folder: string, world: PhoneWorld, state: PhoneState) {
    this.folder = folder;
    this.world = world;
    this.#state = state;
  }

  /**
   * Opens the folder, which is made if it is not there. What a loss of power has left unfinished is finished here: the
   * card does it when it starts.
   * @throws {CannotRun} a folder of something else; {HalError} `busy` another process has it, `damaged`, `storage`
   */
  static open(folder: string, world: PhoneWorld): HeldCard {
    makeFolder(folder, PRIVATE);
    const image = join(folder, IMAGE);
    const [hasImage, hasState] = [existsSync(image), existsSync(join(folder, STATE_FILE))];
    if (!hasImage && !hasState && readdirSync(folder).some((name) => !name.startsWith('.phone.'))) {
      throw new CannotRun(`${folder} is no phone's folder: it holds other files, and no ${IMAGE}`);
    }
    const held = new HeldCard(folder, world, readPhoneState(folder));
    // The state is written before the image is: an image alone is one whose state was lost, and may be of an active card.
    if (hasImage && (!hasState || held.#state.life === 'blank')) {
      const lost = hasState ? 'knows of no card' : 'is missing';
      const what = `${join(folder, STATE_FILE)} ${lost} beside ${IMAGE}; the card was left as it is`;
      throw new HalError('damaged', `${what}; ${ANOTHER_PHONE}`);
    }
    if (hasImage) held.#boot(FileNvm.open(image, ANOTHER_PHONE));
    else if (!held.#isUnbegun) {
      throw new HalError('damaged', `${image} is missing: the card of this phone is gone; ${ANOTHER_PHONE}`);
    }
    return held;
  }

  /** No card was made yet, or power went before one was. */
  get #isUnbegun(): boolean {
    const { life, activationId } = this.#state;
    return life === 'blank' || (life === 'pending' && activationId === null);
  }

  get state(): PhoneState {
    return this.#state;
  }

  /** Null: none was made, or the phone is closed. */
  get card(): Card | null {
    return this.#card;
  }

  /** The phone's own way to it; null as `card`. */
  get side(): CardSide | null {
    return this.#side;
  }

  /** A blank card in place of whatever was there. */
  async makeBlank(issuer: string): Promise<void> {
    const image = await blankCard(this.world.crypto, this.world.random);
    this.close();
    // A blank card beside the note of an ended one would be wiped: the note goes first.
    this.save({ ...NEW_PHONE, life: 'pending', issuer });
    const nvm = FileNvm.create(join(this.folder, IMAGE), image, { eraseValue: 0x00 });
    image.fill(0);
    this.#boot(nvm);
  }

  close(): void {
    this.#nvm?.close();
    this.#nvm = null;
    this.#card = null;
    this.#side = null;
  }

  /** Noted first: what loses power here is finished when the phone is opened again. */
  end(life: 'wiped' | 'revoked', endedBecause: PhoneState['endedBecause']): void {
    this.save({
      ...this.#state,
      life,
      endedBecause,
      activationId: null,
      lastClaim: 0,
      pukDue: false,
      credential: null,
    });
    const side = this.#side as CardSide;
    if (!side.isTerminated) side.terminate();
  }

  #boot(nvm: FileNvm): void {
    const { crypto, onFault, clock } = this.world;
    try {
      const card = bootCard(nvm, nvm.path, null, { clock, ...(onFault !== undefined && { onFault }) }, crypto);
      this.#nvm = nvm;
      this.#card = card;
      this.#side = new CardSide(card, () => clock.nowNs());
    } catch (error) {
      nvm.close();
      throw error;
    }
    const { life } = this.#state;
    const ended = life === 'wiped' || life === 'revoked';
    // An end that was noted is carried out; one that happened is noted.
    if (ended && !this.#side.isTerminated) this.#side.terminate();
    if (!ended && this.#side.isTerminated) {
      this.save({
        ...this.#state,
        life: 'wiped',
        endedBecause: 'wiped here',
        activationId: null,
        pukDue: false,
        credential: null,
      });
    }
  }

  /** Verifies the code, runs, and forgets it again, which closes the window. */
  async after<T>(code: Uint8Array, run: (side: CardSide) => T | Promise<T>): Promise<T> {
    const side = this.active();
    try {
      side.verify(code);
      return await run(side);
    } finally {
      code.fill(0);
      side.forget();
    }
  }

  active(): CardSide {
    if (this.#state.life !== 'active') this.refuseLife();
    return this.#side as CardSide;
  }

  refuseLife(): never {
    const { life } = this.#state;
    throw new PhoneRefusal(life === 'active' ? 'damaged' : life);
  }

  linkTo(issuer: IssuerConnection, side: CardSide): PhoneLink {
    if (issuer.origin !== this.#state.issuer) throw new PhoneRefusal('another-issuer');
    return issuer.connect(this.deviceSigner(side));
  }

  deviceSigner(side: CardSide): DeviceSigner {
    const publicKey = side.publicKey(DEVICE_KEY);
    if (publicKey === null) throw new PhoneRefusal('damaged', { detail: 'it has no device key' });
    return { publicKey, signDigest: (digest) => side.sign(DEVICE_KEY, digest) };
  }

  save(state: PhoneState): void {
    writePhoneState(this.folder, state);
    this.#state = state;
  }

  now(): number {
    return this.world.clock.wallSeconds() * 1000;
  }
}
