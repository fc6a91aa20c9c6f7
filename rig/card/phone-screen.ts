import { encodeCommand } from '../../src/apdu/command.ts';
import { INS } from '../../src/apdu/instruction.ts';
import { SW, triesInWords } from '../../src/apdu/status-word.ts';
import type { Card } from '../../src/applet/card.ts';
import type { CardPort } from '../../src/applet/card-port.ts';
import { OWN_AID } from '../../src/applet/vitale/index.ts';

/** Reference of the holder's code. */
const CODE_REFERENCE = 0x81;
/** P1 of VERIFY that takes a verification back. */
const FORGET = 0xff;

export type UnlockOutcome =
  | { readonly outcome: 'unlocked' | 'blocked' | 'not-a-phone' }
  | { readonly outcome: 'wrong'; readonly triesLeft: number }
  | { readonly outcome: 'refused'; readonly sw: number };

export function unlockInWords(result: UnlockOutcome): string {
  switch (result.outcome) {
    case 'unlocked':
      return 'unlocked';
    case 'wrong':
      return `the code is wrong: ${triesInWords(result.triesLeft)}`;
    case 'blocked':
      return 'the code is blocked: no try left';
    case 'not-a-phone':
      return 'this card has no screen of its own: its codes are presented through the reader';
    case 'refused':
      if (result.sw === SW.WRONG_LENGTH) return 'a code of this card has another length; no try was spent';
      return `the card refused the code (${result.sw.toString(16).toUpperCase()})`;
  }
}

/** Types a code that is not needed again: it is overwritten, also when the card fails. */
export function unlockOnce(screen: PhoneScreen, code: Uint8Array): UnlockOutcome {
  try {
    return screen.unlock(code);
  } finally {
    code.fill(0);
  }
}

/**
 * The phone's own screen: it reaches its card through the wired interface, with APDUs as any reader does, and in
 * no other way.
 */
export class PhoneScreen {
  readonly #card: Card;
  readonly #port: CardPort;

  constructor(card: Card) {
    this.#card = card;
    this.#port = card.port('wired');
    this.#port.powerOn();
  }

  /** Types the code: a right one opens the presentation window. @param code ASCII digits */
  unlock(code: Uint8Array): UnlockOutcome {
    if (!this.#card.holder.present) return { outcome: 'not-a-phone' };
    const selected = this.#select();
    if (selected !== SW.OK) return { outcome: 'refused', sw: selected };
    const command = encodeCommand({ cla: 0, ins: INS.VERIFY, p1: 0, p2: CODE_REFERENCE, data: code });
    let sw: number;
    try {
      sw = this.#send(command);
    } finally {
      command.fill(0);
    }
    if (sw === SW.OK) return { outcome: 'unlocked' };
    if ((sw & 0xfff0) === SW.COUNTER) return { outcome: 'wrong', triesLeft: sw & 0x0f };
    return sw === SW.METHOD_BLOCKED ? { outcome: 'blocked' } : { outcome: 'refused', sw };
  }

  /** Closes the presentation window. */
  lock(): void {
    this.#select();
    this.#send(encodeCommand({ cla: 0, ins: INS.VERIFY, p1: FORGET, p2: CODE_REFERENCE }));
  }

  /** What an unlock is still good for, in words. */
  status(): string {
    const { holder } = this.#card;
    if (!holder.present) return 'this card has no screen: its codes are presented through the reader';
    if (!holder.isOpen()) return 'locked';
    return `unlocked for ${Math.ceil(holder.remainingMs() / 1000)} s and ${holder.usesLeft} presentation(s)`;
  }

  #select(): number {
    return this.#send(encodeCommand({ cla: 0, ins: INS.SELECT, p1: 0x04, p2: 0x0c, data: OWN_AID }));
  }

  #send(command: Uint8Array): number {
    const length = this.#port.process(command, 0, command.length);
    return ((this.#port.response[length - 2] as number) << 8) | (this.#port.response[length - 1] as number);
  }
}
