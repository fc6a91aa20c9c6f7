import type { Say } from '../say.ts';

/** What a counter checks, by the name in its reading. */
const NAMES = {
  'genuine card': 'checkGenuine',
  'signature of the data': 'checkSignature',
  'credential of the issuer': 'checkCredential',
  presence: 'checkPresence',
  'holder key': 'checkHolderKey',
} as const;

/** The name of a check in the reader's language; null: one that the pages do not know. */
export function checkName(what: string, say: Say): string | null {
  const person = /^NIR of person (\d+)$/.exec(what)?.[1];
  if (person !== undefined) return say('checkNir', { person });
  return Object.hasOwn(NAMES, what) ? say(NAMES[what as keyof typeof NAMES]) : null;
}
