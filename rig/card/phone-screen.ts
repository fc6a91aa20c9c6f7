import { encodeCommand } from '../../src/apdu/command.ts';
import { INS } from '../../src/apdu/instruction.ts';
import { SW, triesInWords } from '../../src/apdu/status-word.ts';
import type { Card } from '../../src/applet/card.ts';
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

/** Name of the application whose code is typed: nothing else is selected on the phone. */
const selectOwn = (): Uint8Array => encodeCommand({ cla: 0, ins: INS.SELECT, p1: 0x04, p2: 0x0c, data: OWN_AID });
const typeCode = (code: Uint8Array): Uint8Array =>
  encodeCommand({ cla: 0, ins: INS.VERIFY, p1: 0, p2: CODE_REFERENCE, data: code });
const forgetCode = (): Uint8Array => encodeCommand({ cla: 0, ins: INS.VERIFY, p1: FORGET, p2: CODE_REFERENCE });

function outcomeOf(sw: number): UnlockOutcome {
  if (sw === SW.OK) return { outcome: 'unlocked' };
  if ((sw & 0xfff0) === SW.COUNTER) return { outcome: 'wrong', triesLeft: sw & 0x0f };
  return sw === SW.METHOD_BLOCKED ? { outcome: 'blocked' } : { outcome: 'refused', sw };
}

function statusOf(response: Uint8Array): number {
  return ((response.at(-2) as number) << 8) | (response.at(-1) as number);
}

/** The wired interface of a card of ours. The response is valid until the next command. */
export function wiredPort(card: Card): (command: Uint8Array) => Uint8Array {
  const port = card.port('wired');
  port.powerOn();
  return (command) => port.response.subarray(0, port.process(command, 0, command.length));
}

/**
 * Types the code on the screen of a card that is elsewhere: on a board. @param send through its wired interface
 * @throws {HalError} of the way there
 */
export async function unlockThere(
  send: (command: Uint8Array) => Promise<Uint8Array>,
  code: Uint8Array,
): Promise<UnlockOutcome> {
  const selected = statusOf(await send(selectOwn()));
  if (selected !== SW.OK) return { outcome: 'refused', sw: selected };
  const command = typeCode(code);
  try {
    return outcomeOf(statusOf(await send(command)));
  } finally {
    command.fill(0);
  }
}

/** Closes the presentation window of a card that is elsewhere. */
export async function lockThere(send: (command: Uint8Array) => Promise<Uint8Array>): Promise<void> {
  await send(selectOwn());
  await send(forgetCode());
}

/**
 * The phone's own screen: it reaches its card through the wired interface, with APDUs as any reader does, and in
 * no other way.
 */
export class PhoneScreen {
  readonly #card: Card;
  readonly #send: (command: Uint8Array) => Uint8Array;

  constructor(card: Card) {
    this.#card = card;
    this.#send = wiredPort(card);
  }

  /** Types the code: a right one opens the presentation window. @param code ASCII digits */
  unlock(code: Uint8Array): UnlockOutcome {
    if (!this.#card.holder.present) return { outcome: 'not-a-phone' };
    const selected = statusOf(this.#send(selectOwn()));
    if (selected !== SW.OK) return { outcome: 'refused', sw: selected };
    const command = typeCode(code);
    try {
      return outcomeOf(statusOf(this.#send(command)));
    } finally {
      command.fill(0);
    }
  }

  /** Closes the presentation window. */
  lock(): void {
    this.#send(selectOwn());
    this.#send(forgetCode());
  }

  /** What an unlock is still good for, in words. */
  status(): string {
    const { holder } = this.#card;
    if (!holder.present) return 'this card has no screen: its codes are presented through the reader';
    if (!holder.isOpen()) return 'locked';
    return `unlocked for ${Math.ceil(holder.remainingMs() / 1000)} s and ${holder.usesLeft} presentation(s)`;
  }
}
