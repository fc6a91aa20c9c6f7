import type { CardInterface } from '../../hal/card-link.ts';
import type { Nvm } from '../../hal/nvm.ts';
import { type CardFile, REQUIREMENT } from '../files/card-file.ts';
import { isUsableState } from '../files/life-cycle.ts';
import { recordAddress, recordCount, recordLength } from '../files/record-file.ts';
import type { Holder, Presentation } from '../holder.ts';
import { BODY, interfaceIndex, KEY_USE } from '../image/layout.ts';
import type { TerminalRight } from '../image/specification.ts';
import type { CardKey, KeyStore } from '../keys/key-store.ts';
import type { Pin, PinStore } from '../pin/pin-store.ts';
import {
  type AccessRule,
  AccessRuleError,
  type ConditionJudge,
  compileRules,
  covers,
  isSatisfied,
} from './access-rule.ts';
import { isAuthenticatedTerminal, lackOf, type ReaderStanding } from './reader-standing.ts';
import { type ReferencedAttribute, recordFor, type SecurityAttribute } from './security-attribute.ts';
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

const SOMETHING = CONDITION.SECURE_MESSAGING | CONDITION.EXTERNAL_AUTHENTICATION | CONDITION.USER_AUTHENTICATION;
/** Uses of a key with which the other side shows who it is. */
const SHOWS_READER = KEY_USE.EXTERNAL_AUTHENTICATION | KEY_USE.MUTUAL_AUTHENTICATION;

/** Beside the slot of a code that counts on every channel; slots go to 30. */
const CARD_WIDE = 0x20;

/** Who is asking, and for what: the state of one channel of one interface, and the command. */
export interface Requester {
  readonly cardInterface: CardInterface;
  readonly command: { readonly cla: number; readonly ins: number; readonly p1: number; readonly p2: number };
  readonly cardSecurity: SecurityStatus;
  readonly channelSecurity: SecurityStatus;
  readonly presentation: Presentation;
  /** The secure channel of the interface; it counts for a command that came through it. */
  readonly secureChannel: ReaderStanding;
  /** Slot of the code whose window the command under way depends on, or -1. Set here, cleared before each command. */
  byHolder: number;
}

/** What "user authentication" or "external authentication" means under one number in one directory. */
export type SecurityEnvironment = {
  readonly directory: CardFile;
  readonly id: number;
  /** Address of its entry in the image. */
  readonly address: number;
} & (
  | { readonly by: 'verify' | 'holder'; readonly pin: Pin }
  | { readonly by: 'terminal'; readonly right: TerminalRight }
  | { readonly by: 'key'; readonly key: CardKey }
);

/** Told of every decision: which file and operation, or null and the condition byte of a code. For `explain` only. */
export interface AccessObserver {
  decided(file: CardFile, operation: number, requester: Requester, permitted: boolean): void;
  judged(condition: number, directory: CardFile, requester: Requester, permitted: boolean): void;
}

/** Whether a rule that may stand in an EF.ARR could be found and read. */
export type ReferenceState = 'found' | 'no-record-number' | 'no-file' | 'file-not-usable' | 'no-record' | 'malformed';

/**
 * Judges access rules of every form. Rules are data of the card; this is the one place that gives them meaning.
 *
 * | condition | is met when |
 * |---|---|
 * | secure messaging | the command came protected, in the session of its logical channel |
 * | external authentication, environment of a terminal | the command came protected, terminal authentication granted that right, and chip authentication followed |
 * | external authentication, environment of a key | the other side proved to know that key |
 * | external authentication, any other environment or none | either of these, whichever right or key |
 * | user authentication | the environment's code was verified, or typed on the phone |
 */
export class AccessControl implements ConditionJudge {
  observer: AccessObserver | null = null;
  readonly pins: PinStore;
  readonly keys: KeyStore;
  readonly #holder: Holder;
  readonly #nvm: Nvm;
  /** By the index of their directory. An index is used again for another DF once the first is deleted. */
  readonly #environments: (SecurityEnvironment[] | undefined)[] = [];
  // What the conditions are judged for; valid during one call.
  #requester: Requester | null = null;
  #directory: CardFile | null = null;
  /** Code whose window was asked for, or -1. */
  #holderSlot = -1;
  #holderCounts = true;

  constructor(
    { pins, keys }: { readonly pins: PinStore; readonly keys: KeyStore },
    holder: Holder,
    environments: readonly SecurityEnvironment[],
    nvm: Nvm,
  ) {
    this.pins = pins;
    this.keys = keys;
    this.#holder = holder;
    this.#nvm = nvm;
    // Without holes: they would make a look-up slower than by index.
    for (const { directory } of environments) {
      while (this.#environments.length <= directory.index) this.#environments.push(undefined);
      this.#environments[directory.index] ??= environments.filter((each) => each.directory === directory);
    }
  }

  /**
   * Whether a file's rule lets the requester do this now.
   * @param operation bit of the access mode byte, 0 for b1: EF_ACCESS or DF_ACCESS
   */
  allows(file: CardFile, operation: number, requester: Requester): boolean {
    const place = 7 * interfaceIndex(requester.cardInterface) + operation;
    let needed = file.requirements[place] as number;
    if (needed === REQUIREMENT.UNKNOWN) {
      needed = this.#requirement(file, operation, requester.cardInterface);
      file.requirements[place] = needed;
    }
    const permitted =
      needed >= 0
        ? ((needed & CARD_WIDE) !== 0 ? requester.cardSecurity : requester.channelSecurity).has(needed & ~CARD_WIDE)
        : needed === REQUIREMENT.NOTHING ||
          (needed === REQUIREMENT.JUDGEMENT && this.#judge(file, operation, requester));
    this.observer?.decided(file, operation, requester, permitted);
    return permitted;
  }

  /** What a rule comes down to: a code where nothing but that code's verification can ever satisfy it. */
  #requirement(file: CardFile, operation: number, cardInterface: CardInterface): number {
    if (file.attributeFor(cardInterface) !== null) return REQUIREMENT.JUDGEMENT;
    const condition = file.condition(operation, cardInterface);
    if (condition === CONDITION.ALWAYS) return REQUIREMENT.NOTHING;
    if (condition === CONDITION.NEVER) return REQUIREMENT.IMPOSSIBLE;
    const id = condition & CONDITION.ENVIRONMENT;
    if (condition !== (CONDITION.USER_AUTHENTICATION | id) || id === 0) return REQUIREMENT.JUDGEMENT;
    const environment = this.environment(id, file.directory);
    if (environment?.by !== 'verify' || environment.pin.canBeDisabled) return REQUIREMENT.JUDGEMENT;
    return environment.pin.slot | (environment.pin.cardWide ? CARD_WIDE : 0);
  }

  #judge(file: CardFile, operation: number, requester: Requester): boolean {
    const attribute = file.attributeFor(requester.cardInterface);
    return attribute === null
      ? this.#meets(file.condition(operation, requester.cardInterface), file.directory, requester)
      : this.#satisfies(this.rulesOf(attribute, file), operation, file.directory, requester);
  }

  /**
   * Whether a condition that stands alone is met, as that of a code.
   * @param condition security condition byte
   * @param directory the DF in which its environment number has its meaning
   */
  permits(condition: number, directory: CardFile, requester: Requester): boolean {
    const permitted = this.#meets(condition, directory, requester);
    this.observer?.judged(condition, directory, requester, permitted);
    return permitted;
  }

  /** The rules that hold for a file: its own, or those in its EF.ARR as they are now; none when they are not there. */
  rulesOf(attribute: SecurityAttribute, file: CardFile): readonly AccessRule[] {
    if (attribute.form === 'expanded') return attribute.rules;
    return this.resolve(attribute, file) === 'found' ? attribute.rules : [];
  }

  /** Makes the rules of a referenced attribute those that its record holds now. */
  resolve(attribute: ReferencedAttribute, file: CardFile): ReferenceState {
    const number = this.recordNumber(attribute);
    if (number === 0) return 'no-record-number';
    const rules = this.ruleFile(attribute.fid, file);
    if (rules === null) return 'no-file';
    const nvm = this.#nvm;
    if (!isUsableState(nvm.readByte(rules.body + BODY.LIFE_CYCLE))) return 'file-not-usable';
    if (number > recordCount(nvm, rules)) return 'no-record';
    const address = recordAddress(nvm, rules, number);
    const length = recordLength(nvm, rules, number);
    if (!this.#isSource(attribute.source, address, length)) this.#compile(attribute, address, length);
    return attribute.rules.length === 0 ? 'malformed' : 'found';
  }

  /** Record that holds in the current security environment: number 1 as long as nothing can change it. */
  recordNumber(attribute: ReferencedAttribute): number {
    return recordFor(attribute, 1);
  }

  /** The EF.ARR of a file: in its own DF, or the nearest one above that has it; null when it has no linear records. */
  ruleFile(fid: number, file: CardFile): CardFile | null {
    for (let at = file.directory; ; at = at.parent) {
      const found = at.children.get(fid);
      if (found !== undefined) return found.isLinear ? found : null;
      if (at.parent === at) return null;
    }
  }

  /** The environment that a number names in a directory: its own, or the nearest one above, or null. */
  environment(id: number, directory: CardFile): SecurityEnvironment | null {
    for (let at = directory; ; at = at.parent) {
      const own = at.index < this.#environments.length ? this.#environments[at.index] : undefined;
      if (own !== undefined) {
        for (let i = 0; i < own.length; i++) {
          const environment = own[i] as SecurityEnvironment;
          if (environment.id === id && environment.directory === at) return environment;
        }
      }
      if (at.parent === at) return null;
    }
  }

  /** Judges single conditions for a requester, until the next call of this object. */
  judgeFor(directory: CardFile, requester: Requester): ConditionJudge {
    this.#begin(directory, requester);
    return this;
  }

  // Conditions of the rule in hand.

  isConditionMet(condition: number): boolean {
    if (condition === CONDITION.ALWAYS) return true;
    if (condition === CONDITION.NEVER) return false;
    const all = (condition & CONDITION.ALL) !== 0;
    const id = condition & CONDITION.ENVIRONMENT;
    // The first answer that settles it does: a code that is not asked for costs no use of the holder's window.
    if ((condition & CONDITION.SECURE_MESSAGING) !== 0 && this.isSecurelyMessaged() !== all) return !all;
    if ((condition & CONDITION.EXTERNAL_AUTHENTICATION) !== 0 && this.#isReaderAuthenticated(id) !== all) return !all;
    if ((condition & CONDITION.USER_AUTHENTICATION) !== 0 && this.#isUserAuthenticated(id) !== all) return !all;
    return all && (condition & SOMETHING) !== 0;
  }

  isCodeVerified(reference: number): boolean {
    const pin = this.pins.find(reference, this.#directory as CardFile);
    return pin !== null && this.#isProven(pin);
  }

  isKeyAuthenticated(reference: number): boolean {
    const key = this.keys.find(reference, this.#directory as CardFile, SHOWS_READER);
    return key !== null && isAuthenticated(key, this.#requester as Requester);
  }

  isSecurelyMessaged(): boolean {
    return (this.#requester as Requester).secureChannel.isProtected;
  }

  #meets(condition: number, directory: CardFile, requester: Requester): boolean {
    if (condition === CONDITION.ALWAYS) return true;
    if (condition === CONDITION.NEVER) return false;
    this.#begin(directory, requester);
    if (!this.isConditionMet(condition)) return false;
    if (this.#holderSlot >= 0) {
      this.#holderCounts = false;
      if (!this.isConditionMet(condition)) requester.byHolder = this.#holderSlot;
    }
    return true;
  }

  /** Rules that are about the same command are alternatives; where none is, it is refused. */
  #satisfies(rules: readonly AccessRule[], operation: number, directory: CardFile, requester: Requester): boolean {
    this.#begin(directory, requester);
    if (!this.#isAnySatisfied(rules, operation, requester)) return false;
    if (this.#holderSlot >= 0) {
      this.#holderCounts = false;
      if (!this.#isAnySatisfied(rules, operation, requester)) requester.byHolder = this.#holderSlot;
    }
    return true;
  }

  #isAnySatisfied(rules: readonly AccessRule[], operation: number, requester: Requester): boolean {
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i] as AccessRule;
      if (covers(rule, operation, requester.command) && isSatisfied(rule.program, this)) return true;
    }
    return false;
  }

  #begin(directory: CardFile, requester: Requester): void {
    this.#directory = directory;
    this.#requester = requester;
    this.#holderSlot = -1;
    this.#holderCounts = true;
  }

  #isUserAuthenticated(id: number): boolean {
    const directory = this.#directory as CardFile;
    if (id === 0) {
      const pin = this.pins.firstOf(directory);
      return pin !== null && this.#isProven(pin);
    }
    const environment = this.environment(id, directory);
    if (environment === null || environment.by === 'terminal' || environment.by === 'key') return false;
    if (environment.by === 'verify') return this.#isProven(environment.pin);
    this.#holderSlot = environment.pin.slot;
    return this.#holderCounts && this.#holder.admits(environment.pin.slot, (this.#requester as Requester).presentation);
  }

  #isReaderAuthenticated(id: number): boolean {
    const requester = this.#requester as Requester;
    const environment = id === 0 ? null : this.environment(id, this.#directory as CardFile);
    if (id !== 0 && environment === null) return false;
    if (environment?.by === 'terminal') return lackOf(requester.secureChannel, environment.right) === null;
    if (environment?.by === 'key') return isAuthenticated(environment.key, requester);
    return (
      isAuthenticatedTerminal(requester.secureChannel) ||
      requester.cardSecurity.hasAnyKey ||
      requester.channelSecurity.hasAnyKey
    );
  }

  #isProven(pin: Pin): boolean {
    return isVerified(pin, this.#requester as Requester) || !this.pins.isRequired(pin);
  }

  #isSource(source: Uint8Array, address: number, length: number): boolean {
    if (source.length !== length || length === 0) return false;
    for (let i = 0; i < length; i++) if (this.#nvm.readByte(address + i) !== source[i]) return false;
    return true;
  }

  /** A record of fixed length is filled up with FF. A rule that cannot be read is no rule: nothing is allowed. */
  #compile(attribute: ReferencedAttribute, address: number, length: number): void {
    const source = new Uint8Array(length);
    this.#nvm.read(address, source, 0, length);
    let end = length;
    while (end > 0 && source[end - 1] === 0xff) end--;
    attribute.source = source;
    try {
      attribute.rules = compileRules(source, 0, end);
    } catch (error) {
      if (!(error instanceof AccessRuleError)) throw error;
      attribute.rules = [];
    }
  }
}

export function isVerified(pin: Pin, requester: Requester): boolean {
  return (pin.cardWide ? requester.cardSecurity : requester.channelSecurity).has(pin.slot);
}

/** Records the outcome of a verification where it belongs. */
export function setVerified(pin: Pin, requester: Requester, verified: boolean): void {
  (pin.cardWide ? requester.cardSecurity : requester.channelSecurity).set(pin.slot, verified);
}

/** Whether the other side has proven to know a key. */
export function isAuthenticated(key: CardKey, requester: Requester): boolean {
  return (key.cardWide ? requester.cardSecurity : requester.channelSecurity).hasKey(key.slot);
}

/** Records the outcome of an authentication where it belongs. */
export function setAuthenticated(key: CardKey, requester: Requester, authenticated: boolean): void {
  (key.cardWide ? requester.cardSecurity : requester.channelSecurity).setKey(key.slot, authenticated);
}
