import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { HalError } from '../../../src/hal/errors.ts';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { readInputText } from '../../console/input-file.ts';

/** Where the phone stands in the life of its card. */
export const PHONE_LIVES = ['blank', 'pending', 'active', 'revoked', 'wiped'] as const;
export type PhoneLife = (typeof PHONE_LIVES)[number];

/** What the phone knows of the card's SD-JWT VC, which itself is in the card. */
export interface CredentialNote {
  /** The issuer's offer, of no use without the transaction code; null: it was used. */
  readonly offer: string | null;
  /** For the next renewal, of no use without the holder's key; null: none came yet. */
  readonly refreshToken: string | null;
  /** Milliseconds since 1970; null: no credential came yet. */
  readonly expiresAt: number | null;
}

/** What the phone keeps beside its card: nothing personal, and no secret that is of use without the card. */
export interface PhoneState {
  readonly format: 'vitap phone';
  readonly version: 1;
  readonly life: PhoneLife;
  /** The issuer that the activation is at; null: none was begun. */
  readonly issuer: string | null;
  readonly activationId: string | null;
  readonly number: number | null;
  /** Identifier of the newest claim that the issuer gave; 0: none. */
  readonly lastClaim: number;
  /** When the issuer was last heard, in milliseconds since 1970; null: never. */
  readonly syncedAt: number | null;
  /** Why the activation has ended; null while it has not. */
  readonly endedBecause: 'replaced' | 'lost' | 'operator' | 'wiped here' | null;
  /** The card of an active phone still has its PUK, which nobody has noted. */
  readonly pukDue: boolean;
  /** Null: the issuer has offered none, or the card has ended. */
  readonly credential: CredentialNote | null;
}

export const PHONE_STATE: z.ZodType<PhoneState, unknown> = z.strictObject({
  format: z.literal('vitap phone'),
  version: z.literal(1),
  life: z.enum(PHONE_LIVES),
  issuer: z.string().max(2048).nullable(),
  activationId: z.string().max(200).nullable(),
  number: z.int().positive().nullable(),
  lastClaim: z.int().min(0),
  syncedAt: z.int().min(0).nullable(),
  endedBecause: z.enum(['replaced', 'lost', 'operator', 'wiped here']).nullable(),
  pukDue: z.boolean().default(false),
  credential: z
    .strictObject({
      offer: z.string().max(8000).nullable(),
      refreshToken: z.string().max(4000).nullable(),
      expiresAt: z.int().min(0).nullable(),
    })
    .nullable(),
});

/** Whatever else it holds. */
const NEWER_PHONE = z.object({ format: z.literal('vitap phone'), version: z.int().min(2) });

export const NEW_PHONE: PhoneState = {
  format: 'vitap phone',
  version: 1,
  life: 'blank',
  issuer: null,
  activationId: null,
  number: null,
  lastClaim: 0,
  syncedAt: null,
  endedBecause: null,
  pukDue: false,
  credential: null,
};

export const STATE_FILE = 'phone.json';
const LARGEST_STATE = 65_536;

/** What its holder can do about a damaged phone. */
export const ANOTHER_PHONE = '`vitap phone activate` with another folder (--phone) ends its card and makes a new one';

/** @throws {HalError} `damaged`: not what a phone wrote; `unsupported`: a newer vitap wrote it; `storage` */
export function readPhoneState(folder: string): PhoneState {
  const path = join(folder, STATE_FILE);
  if (!existsSync(path)) return NEW_PHONE;
  const text = readInputText(path, "a phone's state", LARGEST_STATE);
  try {
    const content: unknown = JSON.parse(text);
    const read = PHONE_STATE.safeParse(content);
    if (read.success) return read.data;
    const newer = NEWER_PHONE.safeParse(content);
    if (newer.success) {
      const words = `${path}: a newer vitap wrote this, in version ${newer.data.version}; this one reads version 1`;
      throw new HalError('unsupported', `${words}: use the newer one, the card in it is whole`);
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new HalError('damaged', `${path}: this is not what a phone wrote there; ${ANOTHER_PHONE}`);
}

/** Writes it whole, mode 600. @throws {HalError} `storage` */
export function writePhoneState(folder: string, state: PhoneState): void {
  replaceFile(join(folder, STATE_FILE), [Buffer.from(`${JSON.stringify(state, null, 2)}\n`)]);
}
