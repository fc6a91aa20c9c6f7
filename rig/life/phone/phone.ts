import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Card } from '../../../src/applet/card.ts';
import { BENEFICIARY, type Invoice } from '../../../src/applet/vitale/index.ts';
import type { Clock } from '../../../src/hal/clock.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { FileNvm } from '../../../src/hal/nvm/file.ts';
import type { Random } from '../../../src/hal/random.ts';
import { bootCard } from '../../card/open.ts';
import { CannotRun } from '../../console/failure.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import type { DeviceSigner } from '../api/device-request.ts';
import { IssuerRefused, IssuerUnreachable } from '../api/issuer-refused.ts';
import type { PhoneLink, RelayTurn } from '../api/phone-link.ts';
import type { CardPeople, Disclosed, RelayStep, Standing } from '../api/wire.ts';
import type { DigestSigner } from '../credential/jws.ts';
import { blankCard, randomDigits, SCREEN } from './blank-card.ts';
import { CardSide, DEVICE_KEY, HOLDER_KEY } from './card-side.ts';
import {
  type CredentialNote,
  NEW_PHONE,
  type PhoneLife,
  type PhoneState,
  readPhoneState,
  STATE_FILE,
  writePhoneState,
} from './phone-state.ts';
import { PhoneRefusal } from './refusals.ts';
import { refuseWeakCode, WEAK_CODES, weaknessOf } from './weak-code.ts';
import { WiredSession } from './wired-session.ts';

export interface PhoneWorld {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly clock: Clock;
  /** Told of a fault of the card itself. */
  readonly onFault?: (fault: unknown) => void;
}

/** How the phone reaches its issuer, with a signer that is in its card. */
export interface IssuerConnection {
  /** What the activation is kept under: the issuer's origin. */
  readonly origin: string;
  connect(signer: DeviceSigner): PhoneLink;
}

export interface ActivationOrder {
  /** What the issuer or the identity gave for it; a function is asked when the issuer needs it, which it may not do again. */
  readonly ticket: string | (() => Promise<string>);
  readonly issuer: IssuerConnection;
  /**
   * The code that the holder chooses; asked again when it is refused as weak, with the reason, until it gives up by throwing.
   * The phone overwrites what it was given.
   */
  readonly newCode: (refused: PhoneRefusal | null) => Promise<Uint8Array>;
  /** The code of the shipped test cards is allowed. */
  readonly test: boolean;
  /** Told of each step, for a person. */
  readonly onStep?: (step: ActivationStep) => void;
}

export type ActivationStep = 'blank card' | 'keys' | 'enrolled' | 'code' | 'personalised' | 'committed' | 'operational';

export interface Activated {
  readonly number: number;
  /** To be shown once; null: it was shown before. */
  readonly puk: string | null;
  /** Where the credential can be had; null: the issuer has offered none. */
  readonly credentialOffer: string | null;
}

/** What may be shown without the code. Nothing in it names a person. */
export interface PhoneView {
  readonly life: PhoneLife;
  readonly issuer: string | null;
  readonly number: number | null;
  /** Null while no code is chosen. */
  readonly triesLeft: number | null;
  readonly can: string | null;
  readonly window: { readonly remainingMs: number; readonly wholeMs: number; readonly uses: number } | null;
  readonly syncedAt: number | null;
  readonly endedBecause: PhoneState['endedBecause'];
}

export interface Synced {
  readonly life: PhoneLife;
  /** Claims that came onto the card. */
  readonly claims: number;
  /** Claims that came and were on the card before. */
  readonly alreadyOnCard: number;
  readonly endedBecause: PhoneState['endedBecause'];
  /** Whether the issuer has heard of the wipe; null: there was none. */
  readonly acknowledged: boolean | null;
}

const IMAGE = 'phone.img';
const ACTIVATED = 0x05;

/**
 * A phone: a folder of its owner alone with a card and what the phone knows of its activation. One process at a time has
 * it. Codes are ASCII digits, and overwritten by whatever takes them.
 */
export class Phone {
  readonly folder: string;
  readonly #world: PhoneWorld;
  #state: PhoneState;
  #nvm: FileNvm | null = null;
  #card: Card | null = null;
  #side: CardSide | null = null;

  private constructor(folder: string, world: PhoneWorld, state: PhoneState) {
    this.folder = folder;
    this.#world = world;
    this.#state = state;
  }

  /**
   * Opens the folder, which is made if it is not there. What a loss of power has left unfinished is finished here: the
   * card does it when it starts.
   * @throws {CannotRun} a folder of something else; {HalError} `busy` another process has it, `damaged`, `storage`
   */
  static open(folder: string, world: PhoneWorld): Phone {
    makeFolder(folder, PRIVATE);
    const image = join(folder, IMAGE);
    const [hasImage, hasState] = [existsSync(image), existsSync(join(folder, STATE_FILE))];
    if (!hasImage && !hasState && readdirSync(folder).some((name) => !name.startsWith('.phone.'))) {
      throw new CannotRun(`${folder} is no phone's folder: it holds other files, and no ${IMAGE}`);
    }
    const phone = new Phone(folder, world, readPhoneState(folder));
    // The state is written before the image is: an image alone is one whose state was lost, and may be of an active card.
    if (hasImage && (!hasState || phone.#state.life === 'blank')) {
      const lost = hasState ? 'knows of no card' : 'is missing';
      throw new HalError('damaged', `${join(folder, STATE_FILE)} ${lost} beside ${IMAGE}; the card was left as it is`);
    }
    if (hasImage) phone.#boot(FileNvm.open(image));
    else if (!phone.#isUnbegun) {
      throw new HalError('damaged', `${image} is missing: the card of this phone is gone`);
    }
    return phone;
  }

  /** No card was made yet, or power went before one was. */
  get #isUnbegun(): boolean {
    const { life, activationId } = this.#state;
    return life === 'blank' || (life === 'pending' && activationId === null);
  }

  close(): void {
    this.#nvm?.close();
    this.#nvm = null;
    this.#card = null;
    this.#side = null;
  }

  /** The card itself, to be put on a link. @throws {PhoneRefusal} there is none that works */
  get card(): Card {
    this.#active();
    return this.#card as Card;
  }

  view(): PhoneView {
    const { life, issuer, number, syncedAt, endedBecause } = this.#state;
    const alive = this.#side !== null && (life === 'pending' || life === 'active');
    const screen = alive ? (this.#side as CardSide).screen() : null;
    const holder = this.#card?.holder;
    const open = holder?.isOpen() === true;
    return {
      life,
      issuer,
      number,
      triesLeft: screen === null || screen.firstCode !== null ? null : (this.#side as CardSide).triesLeft(),
      can: screen?.can ?? null,
      window: open ? { remainingMs: holder.remainingMs(), wholeMs: this.#wholeMs, uses: holder.usesLeft } : null,
      syncedAt,
      endedBecause,
    };
  }

  get #wholeMs(): number {
    return (this.#card?.image.holder?.windowSeconds ?? 0) * 1000;
  }

  // Activation.

  /**
   * Activates, or goes on with an activation that was cut short. A device key is for one activation: when the issuer has
   * ended the one that was begun, its card is wiped and a blank one takes its place.
   * @throws {PhoneRefusal}
   */
  async activate(order: ActivationOrder): Promise<Activated> {
    const { life, issuer } = this.#state;
    if (life === 'active') throw new PhoneRefusal('active-already');
    if (life === 'pending' && issuer !== order.issuer.origin) throw new PhoneRefusal('another-issuer');
    if (life !== 'pending' || this.#side === null) await this.#newCard(order);
    const outcome = await this.#goOn(order);
    if (outcome !== 'ended') return outcome;
    this.#wipeCard('wiped', null);
    await this.#newCard(order);
    const again = await this.#goOn(order);
    if (again === 'ended') throw new PhoneRefusal('activation-ended');
    return again;
  }

  async #newCard({ onStep, issuer }: ActivationOrder): Promise<void> {
    const image = await blankCard(this.#world.crypto, this.#world.random);
    this.close();
    // A blank card beside the note of an ended one would be wiped: the note goes first.
    this.#save({ ...NEW_PHONE, life: 'pending', issuer: issuer.origin });
    const nvm = FileNvm.create(join(this.folder, IMAGE), image, { eraseValue: 0x00 });
    image.fill(0);
    this.#boot(nvm);
    onStep?.('blank card');
  }

  async #goOn(order: ActivationOrder): Promise<Activated | 'ended'> {
    const { onStep } = order;
    const side = this.#side as CardSide;
    this.#makeKeys(side);
    onStep?.('keys');
    const link = order.issuer.connect(this.#deviceSigner(side));
    const standing = await asked(() => link.standing());
    if (standing.state === 'revoked' || standing.state === 'abandoned') return 'ended';
    if (standing.state !== 'active') {
      await this.#enrol(order, link, side, standing);
      const activationId = this.#state.activationId as string;
      await this.#relay(link, activationId, 'personalisation');
      onStep?.('personalised');
      const { number } = await asked(() => link.commit(activationId, side.publicKey(HOLDER_KEY) as Uint8Array));
      this.#save({ ...this.#state, number });
      onStep?.('committed');
    } else this.#save({ ...this.#state, activationId: standing.activationId, number: standing.number });
    await this.#relay(link, this.#state.activationId as string, 'operation');
    if (side.lifeCycle !== ACTIVATED) throw new PhoneRefusal('damaged', { detail: 'it is not operational after all' });
    this.#save({ ...this.#state, life: 'active', syncedAt: this.#now() });
    onStep?.('operational');
    const { puk } = side.screen();
    if (puk !== null) side.clearScreen('PUK');
    return { number: this.#state.number as number, puk, credentialOffer: this.#state.credential?.offer ?? null };
  }

  /** Both keys, after the first code. */
  #makeKeys(side: CardSide): void {
    const { firstCode } = side.screen();
    if (side.publicKey(DEVICE_KEY) !== null && side.publicKey(HOLDER_KEY) !== null) return;
    if (firstCode === null) throw new PhoneRefusal('damaged', { detail: 'it has a code and no keys' });
    side.verify(new TextEncoder().encode(firstCode));
    if (side.publicKey(DEVICE_KEY) === null) side.generateKey(DEVICE_KEY);
    if (side.publicKey(HOLDER_KEY) === null) side.generateKey(HOLDER_KEY);
    side.forget();
  }

  /** Begins at the issuer and has the code chosen; nothing where both were done before. */
  async #enrol(
    { ticket, newCode, test, onStep }: ActivationOrder,
    link: PhoneLink,
    side: CardSide,
    standing: Standing,
  ): Promise<void> {
    const { can, firstCode } = side.screen();
    const { activationId } = this.#state;
    const chosen = firstCode === null || !this.#isFirstCode(side, firstCode);
    if (chosen && standing.state === 'pending' && standing.activationId === activationId) return;
    const cardSerial = Buffer.from((this.#card as Card).image.serial).toString('hex');
    const right = typeof ticket === 'string' ? ticket : await ticket();
    const begun = await asked(() => link.begin({ ticket: right, can, cardSerial }));
    const { credentialOffer: offer } = begun;
    const credential = offer === undefined ? null : { offer, refreshToken: null, expiresAt: null };
    this.#save({ ...this.#state, activationId: begun.activationId, number: begun.number, credential });
    onStep?.('enrolled');
    if (!chosen) await this.#chooseCode(side, firstCode, begun.claims, newCode, test);
    onStep?.('code');
  }

  /** Whether no code was chosen: power may have gone between the choice and its being noted. */
  #isFirstCode(side: CardSide, firstCode: string): boolean {
    try {
      side.verify(new TextEncoder().encode(firstCode));
      side.forget();
      return true;
    } catch (error) {
      if (!(error instanceof PhoneRefusal) || error.code !== 'wrong-code') throw error;
      side.clearScreen('first code');
      return false;
    }
  }

  async #chooseCode(
    side: CardSide,
    firstCode: string,
    { beneficiaries }: CardPeople,
    newCode: ActivationOrder['newCode'],
    test: boolean,
  ): Promise<void> {
    const birthDates = beneficiaries.map(({ birthDate }) => birthDate);
    for (let refused: PhoneRefusal | null = null; ; ) {
      const code = await newCode(refused);
      try {
        refuseWeakCode(code, { birthDates, test });
        side.changeCode(new TextEncoder().encode(firstCode), code);
        side.clearScreen('first code');
        return;
      } catch (error) {
        if (!(error instanceof PhoneRefusal) || error.code !== 'weak-code') throw error;
        refused = error;
      } finally {
        code.fill(0);
      }
    }
  }

  /** Carries the issuer's commands to the card, on an interface of its own. */
  async #relay(link: PhoneLink, activationId: string, step: RelayStep): Promise<void> {
    const session = new WiredSession(this.#card as Card, () => this.#world.clock.nowNs());
    try {
      let turn: RelayTurn = await asked(() => link.relay(activationId, step, null, null));
      while ('command' in turn) {
        const { relay, command } = turn;
        const answer = session.exchange(command);
        turn = await asked(() => link.relay(activationId, step, relay, answer));
      }
    } finally {
      await session.disconnect();
    }
  }

  // The holder.

  /** Opens the window for one reader. @throws {PhoneRefusal} `wrong-code`, `blocked-code` */
  unlock(code: Uint8Array): void {
    try {
      this.#active().verify(code);
    } finally {
      code.fill(0);
    }
  }

  lock(): void {
    this.#active().forget();
  }

  /** Newest first. @throws {PhoneRefusal} */
  invoices(code: Uint8Array): Promise<readonly Invoice[]> {
    return this.#after(code, (side) => side.invoices());
  }

  /** @throws {PhoneRefusal} `wrong-code`, `blocked-code`, `weak-code` */
  async changeCode(code: Uint8Array, fresh: Uint8Array, test = false): Promise<void> {
    const old = Uint8Array.from(code);
    try {
      // What can be judged without the card spends no try.
      refuseWeakCode(fresh, { birthDates: [], test });
      await this.#after(code, (side) => {
        refuseWeakCode(fresh, { birthDates: birthDatesOn(side), test });
        side.changeCode(old, fresh);
      });
    } finally {
      old.fill(0);
      fresh.fill(0);
    }
  }

  /**
   * A new code by the PUK. The birth dates on the card are read after a code alone: the PUK sets one that nobody knows, and
   * the new one takes its place when it has been judged. One that is refused then leaves the code blocked.
   * @throws {PhoneRefusal} `wrong-puk`, `blocked-puk`, `weak-code`
   */
  async unblock(puk: Uint8Array, fresh: Uint8Array, test = false): Promise<void> {
    const side = this.#active();
    const between = new TextEncoder().encode(randomDigits(this.#world.random, SCREEN.CODE));
    try {
      refuseWeakCode(fresh, { birthDates: [], test });
      side.unblock(puk, between);
      side.verify(between);
      const reason = weaknessOf(fresh, { birthDates: birthDatesOn(side), test });
      if (reason === null) side.changeCode(between, fresh);
      else {
        side.blockCode(between);
        const detail = `${WEAK_CODES[reason]}; the code is blocked until the PUK sets another one`;
        throw new PhoneRefusal('weak-code', { reason, detail });
      }
    } finally {
      side.forget();
      puk.fill(0);
      between.fill(0);
      fresh.fill(0);
    }
  }

  /**
   * Has the issuer mint a presence, and keeps it in the card for a reader by NFC.
   * @returns the presence and when it ends, in milliseconds since 1970
   */
  presence(
    code: Uint8Array,
    agreed: readonly Disclosed[],
    issuer: IssuerConnection,
  ): Promise<{ readonly presence: string; readonly expiresAt: number }> {
    return this.#after(code, async (side) => {
      const link = this.#linkTo(issuer, side);
      const minted = await asked(() => link.presence(agreed));
      side.writePresence(minted.presence);
      return minted;
    });
  }

  /** What the issuer has signed for the offline QR, with the holder's key to sign around it, for the time of `run`. */
  withCredential<T>(code: Uint8Array, run: (credential: Uint8Array, sign: DigestSigner) => Promise<T>): Promise<T> {
    return this.#after(code, (side) => {
      const credential = side.credential();
      if (credential === null) throw new PhoneRefusal('no-credential');
      return run(credential, (digest) => side.sign(HOLDER_KEY, digest));
    });
  }

  /** The holder's key: its point, and signatures with it, for the time of `run`. */
  withHolderKey<T>(code: Uint8Array, run: (publicKey: Uint8Array, sign: DigestSigner) => Promise<T>): Promise<T> {
    return this.#after(code, (side) =>
      run(side.publicKey(HOLDER_KEY) as Uint8Array, (digest) => side.sign(HOLDER_KEY, digest)),
    );
  }

  /** What is known of the SD-JWT VC without the code; null: none was offered. @throws {PhoneRefusal} no active card */
  get credentialNote(): CredentialNote | null {
    this.#active();
    return this.#state.credential;
  }

  noteCredential(credential: CredentialNote): void {
    this.#active();
    this.#save({ ...this.#state, credential });
  }

  /** The SD-JWT VC in the card; null: none yet. */
  sdJwt(code: Uint8Array): Promise<string | null> {
    return this.#after(code, (side) => side.sdJwt());
  }

  /** Keeps an SD-JWT VC in the card. @throws {CardDataError} it is longer than its file */
  storeCredential(code: Uint8Array, sdJwt: string): Promise<void> {
    return this.#after(code, (side) => side.writeSdJwt(sdJwt));
  }

  /** The issuer, asked with the device key. */
  link(issuer: IssuerConnection): PhoneLink {
    return this.#linkTo(issuer, this.#active());
  }

  // The issuer's word.

  /**
   * Asks whether this phone is the active one. Claims that it does not have yet come onto the card; a card that is no
   * longer the active one is wiped.
   * @param onCard what the card has, asked for when claims have come: a counter may have written one of them by NFC
   */
  async sync(
    issuer: IssuerConnection,
    onCard: () => Promise<readonly Invoice[]> = () => Promise.resolve([]),
  ): Promise<Synced> {
    if (this.#state.life !== 'active') this.#refuseLife();
    const side = this.#side as CardSide;
    const link = this.#linkTo(issuer, side);
    const standing = await asked(() => link.standing());
    if (standing.state === 'revoked') {
      return {
        life: 'revoked',
        claims: 0,
        alreadyOnCard: 0,
        endedBecause: standing.why,
        acknowledged: await this.#obey(link, standing.why),
      };
    }
    if (standing.state !== 'active') {
      throw new PhoneRefusal('issuer-refused', { detail: `it does not know this card as active (${standing.state})` });
    }
    const claims = (await asked(() => link.claims())).filter(({ id }) => id > this.#state.lastClaim);
    claims.sort((a, b) => a.id - b.id);
    const known = new Set((claims.length === 0 ? [] : await onCard()).map(claimName));
    let alreadyOnCard = 0;
    for (const { id, invoice } of claims) {
      if (known.has(claimName(invoice))) alreadyOnCard++;
      else side.appendInvoice(invoice);
      this.#save({ ...this.#state, lastClaim: id });
    }
    this.#save({ ...this.#state, syncedAt: this.#now() });
    return {
      life: 'active',
      claims: claims.length - alreadyOnCard,
      alreadyOnCard,
      endedBecause: null,
      acknowledged: null,
    };
  }

  /** Ends the card here: everything on it is overwritten. Without one it does nothing. */
  wipe(): void {
    if (this.#side === null || this.#state.life === 'wiped' || this.#state.life === 'revoked') return;
    this.#wipeCard('wiped', 'wiped here');
  }

  /** The word to the issuer is signed by a key that the wipe takes away: it goes first, and the wipe waits for no answer. */
  async #obey(link: PhoneLink, why: PhoneState['endedBecause']): Promise<boolean> {
    this.#save({ ...this.#state, life: 'revoked', endedBecause: why, syncedAt: this.#now() });
    try {
      await asked(() => link.wiped());
      return true;
    } catch (error) {
      if (error instanceof PhoneRefusal) return false;
      throw error;
    } finally {
      this.#wipeCard('revoked', why);
    }
  }

  /** Noted first: what loses power here is finished when the phone is opened again. */
  #wipeCard(life: 'wiped' | 'revoked', endedBecause: PhoneState['endedBecause']): void {
    this.#save({ ...this.#state, life, endedBecause, activationId: null, lastClaim: 0, credential: null });
    const side = this.#side as CardSide;
    if (!side.isTerminated) side.terminate();
  }

  // What all of it needs.

  #boot(nvm: FileNvm): void {
    const { crypto, onFault, clock } = this.#world;
    try {
      const card = bootCard(nvm, nvm.path, null, onFault === undefined ? {} : { onFault }, crypto);
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
      this.#save({ ...this.#state, life: 'wiped', endedBecause: 'wiped here', activationId: null, credential: null });
    }
  }

  /** Verifies the code, runs, and forgets it again, which closes the window. */
  async #after<T>(code: Uint8Array, run: (side: CardSide) => T | Promise<T>): Promise<T> {
    const side = this.#active();
    try {
      side.verify(code);
      return await run(side);
    } finally {
      code.fill(0);
      side.forget();
    }
  }

  #active(): CardSide {
    if (this.#state.life !== 'active') this.#refuseLife();
    return this.#side as CardSide;
  }

  #refuseLife(): never {
    const { life } = this.#state;
    throw new PhoneRefusal(life === 'active' ? 'damaged' : life);
  }

  #linkTo(issuer: IssuerConnection, side: CardSide): PhoneLink {
    if (issuer.origin !== this.#state.issuer) throw new PhoneRefusal('another-issuer');
    return issuer.connect(this.#deviceSigner(side));
  }

  #deviceSigner(side: CardSide): DeviceSigner {
    const publicKey = side.publicKey(DEVICE_KEY);
    if (publicKey === null) throw new PhoneRefusal('damaged', { detail: 'it has no device key' });
    return { publicKey, signDigest: (digest) => side.sign(DEVICE_KEY, digest) };
  }

  #save(state: PhoneState): void {
    writePhoneState(this.folder, state);
    this.#state = state;
  }

  #now(): number {
    return this.#world.clock.wallSeconds() * 1000;
  }
}

/** A professional numbers each invoice once. */
function claimName({ professionalId, number }: Invoice): string {
  return `${professionalId} ${number}`;
}

function birthDatesOn(side: CardSide): string[] {
  return side.beneficiaries().map((record) => BENEFICIARY.decode(record).birthDate);
}

/** @throws {PhoneRefusal} `issuer-refused`, `issuer-unreachable` */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof IssuerRefused) throw new PhoneRefusal('issuer-refused', { detail: cause.message, cause });
    if (cause instanceof IssuerUnreachable)
      throw new PhoneRefusal('issuer-unreachable', { detail: cause.message, cause });
    throw cause;
  }
}
