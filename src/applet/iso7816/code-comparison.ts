import { SW } from '../../apdu/status-word.ts';
import { setVerified } from '../access/access-control.ts';
import type { CommandContext } from '../command-context.ts';
import { BLOCKED, type Pin } from '../pin/pin-store.ts';
import { presentable } from '../secure-messaging/password-state.ts';

/** What the commands on codes share: who may present a code here, and what a comparison answers. */

/** P2 that names a code: 01 to 1F of the card, 81 to 9F of the application; 00 names none and finds none. */
export const CODE_REFERENCE = { p2: [0x00, 0x9f], p2Mask: 0x60, p2Value: 0x00 } as const;

/** A password that may not be tried now: it is not compared. */
const UNUSABLE = -3;

/** The code that P2 names; a password of PACE also goes by its reference there, inside a channel. */
export function findCode({ core, command, channel, secureChannel }: CommandContext): Pin | null {
  const pin = core.pins.find(command.p2, channel.directory);
  return pin === null && secureChannel.isProtected ? core.pins.passwordCode(command.p2) : pin;
}

/** Whether the code may be presented in the clear on this interface. */
export function mayPresent(context: CommandContext, pin: Pin): boolean {
  const condition = context.core.pins.accessCondition(pin, context.cardInterface);
  return context.core.access.permits(condition, pin.directory, context);
}

/** Whether the code is being typed on the phone's own screen, where it opens and closes the presentation window. */
export function isTypedOnPhone(context: CommandContext, pin: Pin): boolean {
  return pin.unlocksHolder && context.cardInterface === 'wired';
}

/**
 * Compares what stands at `offset` of the command, `least` to `most` bytes of it, with the code. A try is spent.
 * @returns the length that matched, or MISMATCH, BLOCKED or UNUSABLE: then a verification is taken back and the window closed
 */
export function compareStart(context: CommandContext, pin: Pin, offset: number, least: number, most: number): number {
  const usable = tryable(context, pin) === SW.OK;
  const matched = usable ? context.core.pins.comparePrefix(pin, context.command.bytes, offset, least, most) : UNUSABLE;
  if (matched < 0) {
    setVerified(pin, context, false);
    if (isTypedOnPhone(context, pin)) context.core.holder.lock();
  }
  return matched;
}

/** 6983 or 63Cx for a comparison that did not match; 6984, 6983 or 6985 for a password that may not be tried now. */
export function refusal(context: CommandContext, pin: Pin, matched: number): number {
  if (matched === UNUSABLE) return tryable(context, pin);
  return matched === BLOCKED ? SW.METHOD_BLOCKED : SW.COUNTER | context.core.pins.triesLeft(pin);
}

/**
 * Whether the code may be tried now. A PIN is suspended so that nobody can block it from afar: in clear on contact and
 * by wire, where somebody has the card in hand, its last try is there.
 * @returns 9000; 6984 deactivated, 6983 blocked, 6985 suspended
 */
function tryable({ core, secureChannel, cardInterface }: CommandContext, pin: Pin): number {
  const state = presentable(core.pins, pin, secureChannel);
  const inHand = cardInterface !== 'contactless' && !secureChannel.isProtected;
  return inHand && state === SW.CONDITIONS_NOT_SATISFIED ? SW.OK : state;
}

/** The lengths that the first of two blocks can have when the second is a code of `second`; least over most: none. */
export function firstBlockLengths(first: Pin, second: Pin, total: number): { least: number; most: number } {
  const a = blockLengths(first);
  const b = blockLengths(second);
  return { least: Math.max(a.least, total - b.most), most: Math.min(a.most, total - b.least) };
}

function blockLengths(pin: Pin): { least: number; most: number } {
  return pin.paddedLength > 0
    ? { least: pin.paddedLength, most: pin.paddedLength }
    : { least: pin.minLength, most: pin.maxLength };
}
