import { SW } from '../../src/apdu/status-word.ts';
import type { ExtendedAccess as WholeExtendedAccess } from '../../src/applet/secure-messaging/extended-access.ts';
import type { Pace as WholePace } from '../../src/applet/secure-messaging/pace.ts';
import type { readPaceOffers as readAllPaceOffers } from '../../src/applet/secure-messaging/pace-offers.ts';
import type { SecureChannel as WholeSecureChannel } from '../../src/applet/secure-messaging/secure-channel.ts';

/*
 * The secure channel of a card that has none: what the files of src/applet/secure-messaging export, as they behave where no
 * session was ever made. `firmware build --no-channel` puts this file in their place, and most of src/secure-channel is then
 * in no one's use. A test holds both against each other.
 */

/** What a class shows: another one can stand for it, whatever it keeps to itself. */
type Shown<T> = { [K in keyof T]: T[K] };

export class SecureChannel implements Shown<WholeSecureChannel> {
  readonly session = null;
  readonly owner = -1;
  readonly password = 0;
  readonly chat = null;
  readonly idPicc: Uint8Array = new Uint8Array(0);
  readonly terminal = null;
  readonly chipAuthenticated = false;
  readonly answering = null;
  readonly authorization = null;
  readonly isProtected = false;

  /** Not called: no logical channel owns a session. */
  enter(): number {
    return SW.SECURE_MESSAGING_NOT_SUPPORTED;
  }

  /** Not called: no command came protected. */
  leave(_command: unknown, _response: unknown, status: number): number {
    return status;
  }

  open(): void {}
  renew(): void {}
  channelClosed(): void {}
  endAfterAnswer(): void {}
  forgetAuthentication(): void {}
  end(): void {}
  clear(): void {}
}

/** Outside of a channel: 6982, or 6985 where the command before it would have begun something. */
export class ExtendedAccess implements Shown<WholeExtendedAccess> {
  readonly reason = null;
  readonly awaitsKey = false;

  reset(): void {}

  selectKey(): number {
    return SW.SECURITY_STATUS_NOT_SATISFIED;
  }

  verifyCertificate(): number {
    return SW.SECURITY_STATUS_NOT_SATISFIED;
  }

  setTerminal(): number {
    return SW.SECURITY_STATUS_NOT_SATISFIED;
  }

  challenge(): null {
    return null;
  }

  authenticate(): number {
    return SW.SECURITY_STATUS_NOT_SATISFIED;
  }

  selectChipKey(): number {
    return SW.SECURITY_STATUS_NOT_SATISFIED;
  }

  agree(): number {
    return SW.CONDITIONS_NOT_SATISFIED;
  }
}

/** A card that offers no protocol makes none. */
export class Pace implements Shown<WholePace> {
  prepare(): void {}
  reset(): void {}

  awaits(): boolean {
    return false;
  }

  start(): number {
    return SW.WRONG_DATA;
  }

  step(): number {
    return SW.CONDITIONS_NOT_SATISFIED;
  }
}

export const readPaceOffers: typeof readAllPaceOffers = () => [];
