import type { CardInterface } from '../../hal/card-link.ts';
import type { CardFile } from '../files/card-file.ts';
import type { Holder, Presentation } from '../holder.ts';
import type { Pin, PinStore } from '../pin/pin-store.ts';
import type { SecurityStatus } from './security-status.ts';

/** Security condition byte of the compact format (ISO/IEC 7816-4). */
export const CONDITION = {
  ALWAYS: 0x00,
  NEVER: 0xff,
  /** All of the conditions named, rather than one of them. */
  ALL: 0x80,
  SECURE_MESSAGING: 0x40,
  EXTERNAL_AUTHENTICATION: 0x20,
  USER_AUTHENTICATION: 0x10,
  /** Number of the security environment that says with which code or key; 0 names none. */
  ENVIRONMENT: 0x0f,
} as const;

/** Who is asking: the state of one channel of one interface. */
export interface Requester {
  readonly face: CardInterface;
  readonly cardSecurity: SecurityStatus;
  readonly channelSecurity: SecurityStatus;
  readonly presentation: Presentation;
  /** Slot of the code whose window the command under way depends on, or -1. Set here, cleared before each command. */
  byHolder: number;
}

/** What "user authentication" means under one number in one directory. */
export interface SecurityEnvironment {
  readonly directory: CardFile;
  readonly id: number;
  readonly pin: Pin;
  readonly by: 'verify' | 'holder';
}

/** Judges security condition bytes. Rules are data of the card; this is the one place that gives them meaning. */
export class AccessControl {
  readonly #pins: PinStore;
  readonly #holder: Holder;
  /** By directory index and environment number. */
  readonly #environments: Map<number, SecurityEnvironment> = new Map();

  constructor(pins: PinStore, holder: Holder, environments: readonly SecurityEnvironment[]) {
    this.#pins = pins;
    this.#holder = holder;
    for (const environment of environments) {
      this.#environments.set((environment.directory.index << 4) | environment.id, environment);
    }
  }

  /**
   * @param condition security condition byte
   * @param directory the DF in which its environment number has its meaning
   */
  permits(condition: number, directory: CardFile, requester: Requester): boolean {
    if (condition === CONDITION.ALWAYS) return true;
    if (condition === CONDITION.NEVER) return false;
    // Secure messaging and external authentication have their bits, but nothing can satisfy them yet: joined by
    // "all" they refuse, joined by "one of" they leave the choice to the code.
    const unmet = CONDITION.SECURE_MESSAGING | CONDITION.EXTERNAL_AUTHENTICATION;
    if ((condition & CONDITION.ALL) !== 0 && (condition & unmet) !== 0) return false;
    if ((condition & CONDITION.USER_AUTHENTICATION) === 0) return false;
    return this.#userAuthenticated(condition & CONDITION.ENVIRONMENT, directory, requester);
  }

  /** The environment that a number names in a directory: its own, or the nearest one above, or null. */
  environment(id: number, directory: CardFile): SecurityEnvironment | null {
    for (let at = directory; ; at = at.parent) {
      const found = this.#environments.get((at.index << 4) | id);
      if (found !== undefined) return found;
      if (at.parent === at) return null;
    }
  }

  #userAuthenticated(id: number, directory: CardFile, requester: Requester): boolean {
    if (id === 0) {
      const pin = this.#pins.firstOf(directory);
      return pin !== null && isVerified(pin, requester);
    }
    const environment = this.environment(id, directory);
    if (environment === null) return false;
    if (environment.by === 'verify') return isVerified(environment.pin, requester);
    if (!this.#holder.admits(environment.pin.slot, requester.presentation)) return false;
    requester.byHolder = environment.pin.slot;
    return true;
  }
}

export function isVerified(pin: Pin, requester: Requester): boolean {
  return (pin.cardWide ? requester.cardSecurity : requester.channelSecurity).has(pin.slot);
}

/** Records the outcome of a verification where it belongs. */
export function setVerified(pin: Pin, requester: Requester, verified: boolean): void {
  (pin.cardWide ? requester.cardSecurity : requester.channelSecurity).set(pin.slot, verified);
}
