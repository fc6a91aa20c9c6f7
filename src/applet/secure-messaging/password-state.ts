import { SW } from '../../apdu/status-word.ts';
import { PASSWORD } from '../../secure-channel/index.ts';
import type { Pin, PinStore } from '../pin/pin-store.ts';
import type { SecureChannel } from './secure-channel.ts';

/**
 * The states of a password (BSI TR-03110): a PIN is suspended at its last try, until the CAN opens a channel in which
 * that try is given, or it is presented in clear on contact or by wire; blocked without one, until the PUK. CAN and MRZ are printed on the card, and have no counter. A PUK
 * has one that nothing gives back.
 */

/** Whether wrong ones are counted. */
export function countsTries(pin: Pin): boolean {
  return pin.password === PASSWORD.PIN || pin.password === PASSWORD.PUK;
}

/**
 * What MSE:Set AT tells of a password: the tries of a PIN; of a PUK only that it has none left, since clients in the
 * field take 63C9 for an error.
 * @returns 9000, 63Cx or 6283
 */
export function passwordState(pins: PinStore, pin: Pin): number {
  if (pins.isDeactivated(pin)) return SW.FILE_DEACTIVATED;
  const left = pins.triesLeft(pin);
  if (left > 0 && pin.password !== PASSWORD.PIN) return SW.OK;
  return !countsTries(pin) || left === pin.tries ? SW.OK : SW.COUNTER | left;
}

/** Whether a password may be tried now. @returns 9000; 6984 deactivated, 6983 blocked, 6985 suspended */
export function presentable(pins: PinStore, pin: Pin, channel: SecureChannel): number {
  if (pins.isDeactivated(pin)) return SW.REFERENCE_DATA_NOT_USABLE;
  if (!countsTries(pin)) return SW.OK;
  const left = pins.triesLeft(pin);
  if (left === 0) return SW.METHOD_BLOCKED;
  const resumed = channel.isProtected && channel.password === PASSWORD.CAN;
  return pin.password === PASSWORD.PIN && left === 1 && !resumed ? SW.CONDITIONS_NOT_SATISFIED : SW.OK;
}

/** After a try that was right, or that was none. @param left tries before it */
export function giveBackTries(pins: PinStore, pin: Pin, left: number, right: boolean): void {
  pins.setTries(pin, right && pin.password === PASSWORD.PIN ? pin.tries : left);
}

/** Whether the command came through a channel that this PIN opened: there it may be changed. CAN and PUK are given once. */
export function openedAsPin(pin: Pin, channel: SecureChannel): boolean {
  return pin.password === PASSWORD.PIN && openedWith(pin, channel);
}

/** Whether the command came through a channel that this very code opened. */
export function openedWith(pin: Pin, channel: SecureChannel): boolean {
  return channel.isProtected && pin.password !== 0 && channel.password === pin.password;
}
