import type { CardDeclaration } from '../../../../rig/judge/conform/declaration.ts';
import { fromHex, toHex } from '../../../../src/apdu/hex.ts';
import type { LinkedCard } from '../../../../src/hal/card-link.ts';

/** What a scripted card does with a command, in hex: answers, or throws. */
export type Script = (command: string, count: number) => string;

/** A card that answers from a script. */
export class ScriptedCard implements LinkedCard {
  readonly response: Uint8Array = new Uint8Array(65_538);
  /** Everything that was done to it, commands in hex. */
  readonly log: string[] = [];
  readonly #script: Script;
  #count = 0;

  constructor(script: Script | Readonly<Record<string, string>>) {
    this.#script = typeof script === 'function' ? script : (command) => script[command] ?? '6D00';
  }

  atr(): Uint8Array {
    return fromHex('3B8001' + '81');
  }

  powerOn(): void {
    this.log.push('on');
  }

  reset(): void {
    this.log.push('reset');
  }

  fieldOff(): void {
    this.log.push('off');
  }

  deselect(): void {}

  process(command: Uint8Array, offset: number, length: number): number {
    const hex = toHex(command.subarray(offset, offset + length));
    this.log.push(hex);
    const answer = fromHex(this.#script(hex, ++this.#count));
    this.response.set(answer);
    return answer.length;
  }
}

/** A card in front of another one, which changes what it answers. @param change gets command and answer in hex */
export class MeddlingCard implements LinkedCard {
  readonly response: Uint8Array = new Uint8Array(65_538);
  readonly #card: LinkedCard;
  readonly #change: (command: string, answer: string, count: number) => string;
  #count = 0;

  constructor(card: LinkedCard, change: (command: string, answer: string, count: number) => string) {
    this.#card = card;
    this.#change = change;
  }

  atr(): Uint8Array {
    return this.#card.atr();
  }

  powerOn(): void {
    this.#card.powerOn();
  }

  reset(): void {
    this.#card.reset();
  }

  fieldOff(): void {
    this.#card.fieldOff();
  }

  deselect(): void {
    this.#card.deselect();
  }

  process(command: Uint8Array, offset: number, length: number): number {
    const answered = this.#card.process(command, offset, length);
    const answer = toHex(this.#card.response.subarray(0, answered));
    const changed = fromHex(this.#change(toHex(command.subarray(offset, offset + length)), answer, ++this.#count));
    this.response.set(changed);
    return changed.length;
  }
}

/** A card of which nothing is known but what `more` says. */
export function declared(more: Partial<CardDeclaration> = {}): CardDeclaration {
  return {
    title: 'a test',
    decisions: null,
    protocol: 'T=1',
    interface: null,
    extendedLength: false,
    chaining: false,
    channels: 1,
    identifierIsFirstByte: false,
    commands: null,
    free: null,
    masterFile: null,
    applications: [],
    ...more,
  };
}
