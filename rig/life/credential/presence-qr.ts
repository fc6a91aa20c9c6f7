import { MOST_QR_CHARACTERS } from './offline-qr.ts';
import { QrRefusal } from './qr-refusal.ts';

/** Before the string of a presence QR code: format and version. */
export const PRESENCE_PREFIX = 'VP1:';

/**
 * A presence is opaque here: the issuer minted it and the issuer resolves it. It has the characters of the QR code's
 * alphanumeric mode but the space, which scanners and people cut off; 24 of them hold 128 bits.
 */
const PRESENCE = /^[0-9A-Z$%*+./:-]+$/;
const FEWEST_CHARACTERS = 24;

/** The text of a presence QR code. @throws {RangeError} the presence could not be read back */
export function presenceQrText(presence: string): string {
  const text = PRESENCE_PREFIX + presence;
  if (problemOf(text) !== null) throw new RangeError('a presence that no QR code of this kind can carry');
  return text;
}

/** The presence in the text of a QR code. @throws {QrRefusal} */
export function parsePresenceQr(text: string): string {
  const problem = problemOf(text);
  if (problem !== null) throw problem;
  return text.slice(PRESENCE_PREFIX.length);
}

function problemOf(text: string): QrRefusal | null {
  if (text.length > MOST_QR_CHARACTERS) return new QrRefusal('too-long', `more than ${MOST_QR_CHARACTERS} characters`);
  if (!text.startsWith(PRESENCE_PREFIX))
    return new QrRefusal('other-kind', `it does not begin with ${PRESENCE_PREFIX}`);
  const presence = text.slice(PRESENCE_PREFIX.length);
  if (presence.length < FEWEST_CHARACTERS) return new QrRefusal('malformed', 'the presence is too short');
  if (!PRESENCE.test(presence)) return new QrRefusal('malformed', 'the presence has a character that it cannot have');
  return null;
}
