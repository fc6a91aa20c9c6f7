import type { Card } from '../../../src/applet/card.ts';
import { BENEFICIARY, type Invoice } from '../../../src/applet/vitale/index.ts';
import type { PhoneLink } from '../api/phone-link.ts';
import type { Delegate, Delegation, Delegations, Disclosed, Minted } from '../api/wire.ts';
import { readInnerCwt } from '../credential/inner-cwt.ts';
import { type DigestSigner, jwkThumbprint, pointToJwk } from '../credential/jws.ts';
import { type Activated, type ActivationOrder, activateCard } from './activation.ts';
import { randomDigits, SCREEN } from './blank-card.ts';
import { type CardSide, HOLDER_KEY } from './card-side.ts';
import { HeldCard, type PhoneWorld } from './held-card.ts';
import { asked, type IssuerConnection } from './issuer-connection.ts';
import type { CredentialNote, PhoneLife, PhoneState } from './phone-state.ts';
import { PhoneRefusal } from './refusals.ts';
import { type Synced, syncCard } from './sync.ts';
import { refuseWeakCode, WEAK_CODES, weaknessOf } from './weak-code.ts';

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
  /** The card still has its PUK, which nobody has noted: {@link Phone.puk} reads it after the code. */
  readonly pukDue: boolean;
}

/**
 * A phone: a folder of its owner alone with a card and what the phone knows of its activation. One process at a time has
 * it. Codes are ASCII digits, and overwritten by whatever takes them.
 */
export class Phone {
  readonly #held: HeldCard;

  private constructor(held: HeldCard) {
    this.#held = held;
  }

  /**
   * Opens the folder, which is made if it is not there. What a loss of power has left unfinished is finished here: the
   * card does it when it starts.
   * @throws {CannotRun} a folder of something else; {HalError} `busy` another process has it, `damaged`, `storage`
   */
  static open(folder: string, world: PhoneWorld): Phone {
    return new Phone(HeldCard.open(folder, world));
  }

  get folder(): string {
    return this.#held.folder;
  }

  close(): void {
    this.#held.close();
  }

  /** The card itself, to be put on a link. @throws {PhoneRefusal} there is none that works */
  get card(): Card {
    this.#held.active();
    return this.#held.card as Card;
  }

  view(): PhoneView {
    const { life, issuer, number, syncedAt, endedBecause, pukDue } = this.#held.state;
    const alive = this.#held.side !== null && (life === 'pending' || life === 'active');
    const screen = alive ? (this.#held.side as CardSide).screen() : null;
    const holder = this.#held.card?.holder;
    const open = holder?.isOpen() === true;
    return {
      life,
      issuer,
      number,
      triesLeft: screen === null || screen.firstCode !== null ? null : (this.#held.side as CardSide).triesLeft(),
      can: screen?.can ?? null,
      window: open ? { remainingMs: holder.remainingMs(), wholeMs: this.#wholeMs, uses: holder.usesLeft } : null,
      syncedAt,
      endedBecause,
      pukDue,
    };
  }

  /** Monotonic, by the clock that the card has. */
  nowNs(): number {
    return this.#held.world.clock.nowNs();
  }

  get #wholeMs(): number {
    return (this.#held.card?.image.holder?.windowSeconds ?? 0) * 1000;
  }

  // The issuer.

  /**
   * Activates, or goes on with an activation that was cut short. A device key is for one activation: when the issuer has
   * ended the one that was begun, its card is wiped and a blank one takes its place.
   * @throws {PhoneRefusal}
   */
  activate(order: ActivationOrder): Promise<Activated> {
    return activateCard(this.#held, order);
  }

  /**
   * Asks whether this phone is the active one. Claims that it does not have yet come onto the card; a card that is no
   * longer the active one is wiped.
   * @param onCard what the card has, asked for when claims have come: a counter may have written one of them by NFC
   */
  sync(issuer: IssuerConnection, onCard?: () => Promise<readonly Invoice[]>): Promise<Synced> {
    return syncCard(this.#held, issuer, onCard);
  }

  // The holder.

  /** Opens the window for one reader. @throws {PhoneRefusal} `wrong-code`, `blocked-code` */
  unlock(code: Uint8Array): void {
    try {
      this.#held.active().verify(code);
    } finally {
      code.fill(0);
    }
  }

  /** The PUK, which the card keeps for its holder until {@link pukNoted}; null: it was noted. */
  async puk(code: Uint8Array): Promise<string | null> {
    const puk = await this.#held.after(code, (side) => side.puk());
    // It was noted, and what was cut is made up for.
    if (puk === null && this.#held.state.pukDue) this.pukNoted();
    return puk;
  }

  /** Whoever shows the PUK says that it was shown: the card overwrites it. Nothing shows it any more. */
  pukNoted(): void {
    // The note follows the card: what is cut between them shows no PUK, and says so.
    this.#held.active().clearPuk();
    this.#held.save({ ...this.#held.state, pukDue: false });
  }

  lock(): void {
    this.#held.active().forget();
  }

  /** Newest first. @throws {PhoneRefusal} */
  invoices(code: Uint8Array): Promise<readonly Invoice[]> {
    return this.#held.after(code, (side) => side.invoices());
  }

  /** @throws {PhoneRefusal} `wrong-code`, `blocked-code`, `weak-code` */
  async changeCode(code: Uint8Array, fresh: Uint8Array, test = false): Promise<void> {
    const old = Uint8Array.from(code);
    try {
      // What can be judged without the card spends no try.
      refuseWeakCode(fresh, { birthDates: [], test });
      await this.#held.after(code, (side) => {
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
    const side = this.#held.active();
    const between = new TextEncoder().encode(randomDigits(this.#held.world.random, SCREEN.CODE));
    try {
      refuseWeakCode(fresh, { birthDates: [], test });
      side.unblock(puk, between);
      side.verify(between);
      const reason = weaknessOf(fresh, { birthDates: birthDatesOn(side), test });
      if (reason === null) {
        side.changeCode(between, fresh);
        // Whoever types it has it.
        if (this.#held.state.pukDue) this.pukNoted();
      } else {
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
  presence(code: Uint8Array, agreed: readonly Disclosed[], issuer: IssuerConnection): Promise<Minted> {
    return this.#held.after(code, async (side) => {
      const link = this.#held.linkTo(issuer, side);
      const minted = await asked(() => link.presence(agreed));
      side.writePresence(minted.presence);
      return minted;
    });
  }

  /**
   * A presence for somebody else, who has delegated that to this phone. It does not come into the card: a reader by NFC
   * would find it beside the people of this one.
   * @param agreed null: all that the delegation lets this phone disclose
   */
  delegatedPresence(
    code: Uint8Array,
    { delegation, agreed }: { readonly delegation: string; readonly agreed: readonly Disclosed[] | null },
    issuer: IssuerConnection,
  ): Promise<Minted> {
    return this.#held.after(code, async (side) => {
      const link = this.#held.linkTo(issuer, side);
      const allowed =
        agreed ?? (await asked(() => link.delegations())).received.find(({ id }) => id === delegation)?.agreed;
      // One that this phone was not given is refused by the issuer, in its own words.
      return asked(() => link.presence(allowed ?? ['insured'], delegation));
    });
  }

  /** After the code: lets another phone present for one beneficiary of this card. */
  delegate(code: Uint8Array, order: Delegate, issuer: IssuerConnection): Promise<Delegation> {
    return this.#held.after(code, (side) => {
      const link = this.#held.linkTo(issuer, side);
      return asked(() => link.delegate(order));
    });
  }

  /** Those that this phone gave and was given. */
  delegations(issuer: IssuerConnection): Promise<Delegations> {
    const link = this.link(issuer);
    return asked(() => link.delegations());
  }

  /** Ends a delegation that this phone gave, at once. */
  undelegate(id: string, issuer: IssuerConnection): Promise<void> {
    const link = this.link(issuer);
    return asked(() => link.revokeDelegation(id));
  }

  /** By which another phone delegates to this one: the thumbprint (RFC 7638) of its device key. */
  get deviceThumbprint(): string {
    const { publicKey } = this.#held.deviceSigner(this.#held.active());
    return jwkThumbprint(this.#held.world.crypto, pointToJwk(publicKey));
  }

  /** Tells the issuer that this phone was lost, which ends its card; the card is wiped. */
  async reportLoss(issuer: IssuerConnection): Promise<Synced> {
    const link = this.link(issuer);
    await asked(() => link.reportLoss());
    return syncCard(this.#held, issuer);
  }

  /** What the issuer has signed for the offline QR, with the holder's key to sign around it, for the time of `run`. */
  withCredential<T>(code: Uint8Array, run: (credential: Uint8Array, sign: DigestSigner) => Promise<T>): Promise<T> {
    return this.#held.after(code, (side) => {
      const credential = side.credential();
      if (credential === null) throw new PhoneRefusal('no-credential');
      if (readInnerCwt(credential).content.peopleDigest !== undefined) throw new PhoneRefusal('family-too-large');
      return run(credential, (digest) => side.sign(HOLDER_KEY, digest));
    });
  }

  /** The holder's key: its point, and signatures with it, for the time of `run`. */
  withHolderKey<T>(code: Uint8Array, run: (publicKey: Uint8Array, sign: DigestSigner) => Promise<T>): Promise<T> {
    return this.#held.after(code, (side) =>
      run(side.publicKey(HOLDER_KEY) as Uint8Array, (digest) => side.sign(HOLDER_KEY, digest)),
    );
  }

  /** For what needs the code: why there is none is said before it is asked for. @throws {PhoneRefusal} no active card */
  expectActive(): void {
    this.#held.active();
  }

  /** What is known of the SD-JWT VC without the code; null: none was offered. @throws {PhoneRefusal} no active card */
  get credentialNote(): CredentialNote | null {
    this.#held.active();
    return this.#held.state.credential;
  }

  noteCredential(credential: CredentialNote): void {
    this.#held.active();
    this.#held.save({ ...this.#held.state, credential });
  }

  /** The SD-JWT VC in the card; null: none yet. */
  sdJwt(code: Uint8Array): Promise<string | null> {
    return this.#held.after(code, (side) => side.sdJwt());
  }

  /** Keeps an SD-JWT VC in the card. @throws {CardDataError} it is longer than its file */
  storeCredential(code: Uint8Array, sdJwt: string): Promise<void> {
    return this.#held.after(code, (side) => side.writeSdJwt(sdJwt));
  }

  /** The issuer, asked with the device key. */
  link(issuer: IssuerConnection): PhoneLink {
    return this.#held.linkTo(issuer, this.#held.active());
  }

  /** Ends the card here: everything on it is overwritten. Without one it does nothing. */
  wipe(): void {
    if (this.#held.side === null || this.#held.state.life === 'wiped' || this.#held.state.life === 'revoked') return;
    this.#held.end('wiped', 'wiped here');
  }
}

function birthDatesOn(side: CardSide): string[] {
  return side.beneficiaries().map((record) => BENEFICIARY.decode(record).birthDate);
}
