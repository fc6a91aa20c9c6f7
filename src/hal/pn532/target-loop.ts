import type { LinkedCard } from '../card-link.ts';
import { HalError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Pn532 } from './chip.ts';
import { TARGET_STATE } from './codes.ts';
import type { Timers } from './transport.ts';

/** SENS_RES of a card with a UID of four bytes, least significant byte first. */
const SENS_RES = [0x04, 0x00] as const;
/** In the answer to TgInitAsTarget: the chip speaks ISO/IEC 14443-4 for us. */
export const ISO14443_PICC_ACTIVATED = 0x08;
/** SEL_RES of a card of ISO/IEC 14443-4. */
const SEL_RES = 0x20;
/** After a deselect the field may go away without a word: looked after so often. */
const FIELD_CHECK_MS = 250;

/** The card as one of the two ways of being a target sees it: told of what happens, and reported on. */
export interface ServedCard extends Omit<LinkedCard, 'process'> {
  /** As of the card: a promise when it is in another reader. */
  process(command: Uint8Array, offset: number, length: number): number | Promise<number>;
  /** Released by a reader whose field may still be there. */
  readonly deselected: boolean;
  /** A reader has activated us: power for a card without, a reset for one that was deselected. */
  activated(): void;
  /** A reader released us. @param deselected the field is still there */
  released(deselected: boolean): void;
}

/** What a way of being a target needs. */
export interface TargetScene {
  readonly chip: Pn532;
  readonly card: ServedCard;
  readonly random: Random;
  readonly timers: Timers;
  readonly historicalBytes: Uint8Array;
  readonly stopped: () => boolean;
}

export type Activation = NonNullable<Awaited<ReturnType<Pn532['tgInitAsTarget']>>>;

/** Waits for readers, under a random UID that changes with each loss of the field, and only then. */
export class Arming {
  readonly #scene: TargetScene;
  readonly #mode: number;
  readonly #mifare: Uint8Array = Uint8Array.of(...SENS_RES, 0, 0, 0, SEL_RES);
  /** Whether the card has been in a field since the UID was made. */
  #uidShown = true;

  /** @param mode flags of `TARGET_MODE` */
  constructor(scene: TargetScene, mode: number) {
    this.#scene = scene;
    this.#mode = mode;
  }

  /** @returns null when nothing came of it: look whether to go on, and ask again */
  async activation(): Promise<Activation | null> {
    const { chip, card, random, historicalBytes } = this.#scene;
    if (this.#uidShown && !card.deselected) {
      // The chip makes the first byte 08.
      random.fill(this.#mifare, 2, 3);
      this.#uidShown = false;
    }
    const waiting = chip.tgInitAsTarget({ mode: this.#mode, mifare: this.#mifare, historicalBytes });
    const activation = card.deselected && chip.transport.waitsForever ? await this.#watched(waiting) : await waiting;
    if (activation !== null) this.#uidShown = true;
    // A USB reader's firmware gave up, and that is when it can be asked.
    else if (card.deselected) await this.#lookAtField();
    return activation;
  }

  /** Stops waiting after a while, to look at the field: the chip tells of its loss only to an activated card. */
  async #watched(waiting: Promise<Activation | null>): Promise<Activation | null> {
    const { chip, timers, stopped } = this.#scene;
    let looking = false;
    const cancel = timers.after(FIELD_CHECK_MS, () => {
      looking = true;
      chip.transport.abort();
    });
    try {
      return await waiting;
    } catch (error) {
      if (!looking || stopped() || !(error instanceof HalError) || error.kind !== 'aborted') throw error;
      return this.#activatedMeanwhile();
    } finally {
      cancel();
    }
  }

  /**
   * A reader may have come in the moment in which the wait was stopped, or long before where this host is late: what the chip
   * told of it is not heard then. Armed again, it would not know the reader any more.
   */
  async #activatedMeanwhile(): Promise<Activation | null> {
    const { chip, stopped } = this.#scene;
    const { state } = await chip.tgGetTargetStatus();
    // What a reader without the chip's own protocol said first is lost, and was to be answered at once.
    if (stopped() || state !== TARGET_STATE.piccActivated) return null;
    return { mode: ISO14443_PICC_ACTIVATED, command: new Uint8Array(0) };
  }

  async #lookAtField(): Promise<void> {
    const { chip, card, stopped } = this.#scene;
    if (stopped()) return;
    const { externalField } = await chip.getGeneralStatus();
    if (!externalField && !stopped()) card.fieldOff();
  }
}
