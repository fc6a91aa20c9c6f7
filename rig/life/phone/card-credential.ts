import { CardDataError } from '../../../src/applet/vitale/card-data-error.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { type FetchLimits, NotReached } from '../../web/limited-fetch.ts';
import { pointToJwk } from '../credential/jws.ts';
import {
  type CredentialOrder,
  type ObtainedCredential,
  obtainCredential,
  renewCredential,
} from '../identity/client/obtain-credential.ts';
import { OpenIdDistrusted, OpenIdRefused } from '../identity/client/openid-call.ts';
import { CARD_VCT } from '../issuer/openid/metadata.ts';
import { asked, type IssuerConnection } from './issuer-connection.ts';
import type { Phone } from './phone.ts';
import type { CredentialNote } from './phone-state.ts';
import { PhoneRefusal } from './refusals.ts';

/** How long before its end a credential is renewed, in milliseconds. */
export const RENEWED_BEFORE_MS: number = 7 * 24 * 60 * 60_000;

/**
 * `none`: the issuer has offered none; `offered`: the transaction code is needed; `due`: it is near its end, over, or did
 * not come when its token did.
 */
export type CredentialState = 'none' | 'offered' | 'current' | 'due';

/** @param now milliseconds since 1970 */
export function credentialState(note: CredentialNote | null, now: number): CredentialState {
  if (note === null) return 'none';
  if (note.refreshToken === null) return 'offered';
  return note.expiresAt !== null && note.expiresAt - now > RENEWED_BEFORE_MS ? 'current' : 'due';
}

/**
 * Has the issuer make another offer, in place of one that has ended. Its transaction code comes another way.
 * @throws {PhoneRefusal} `issuer-refused`: an offer is open, or too many were asked for; `issuer-unreachable`
 */
export async function askAnotherOffer(phone: Phone, issuer: IssuerConnection): Promise<void> {
  const note = phone.credentialNote;
  const offer = await asked(() => phone.link(issuer).credentialOffer());
  phone.noteCredential({ offer, refreshToken: null, expiresAt: note?.expiresAt ?? null });
}

/**
 * Gets the card's credential by OpenID4VCI, or a new one in its place, and keeps it in the card. The holder's key in the
 * card signs the proof.
 * @param code overwritten
 * @param txCode goes with an offer; of no meaning for a renewal
 * @throws {PhoneRefusal} `no-offer`, `credential-refused`, `issuer-unreachable`; of the code
 */
export async function fetchCredential(
  phone: Phone,
  code: Uint8Array,
  txCode: string,
  limits: FetchLimits,
): Promise<ObtainedCredential> {
  const again = Uint8Array.from(code);
  try {
    const note = phone.credentialNote;
    if (note === null) throw new PhoneRefusal('no-offer');
    const { offer, refreshToken } = note;
    const issuer = phone.view().issuer as string;
    const obtained = await phone.withHolderKey(code, (point, sign) => {
      const order: CredentialOrder = {
        crypto: nobleCrypto(),
        issuer,
        vct: CARD_VCT,
        holder: { publicKey: pointToJwk(point), sign },
        now: () => Date.now(),
        limits,
        // The old token is spent: what is lost from here on is fetched with the new one.
        onRefreshToken: (fresh) => phone.noteCredential({ ...note, offer: null, refreshToken: fresh }),
      };
      return given(() =>
        refreshToken === null
          ? obtainCredential({ ...order, offer, txCode })
          : renewCredential({ ...order, refreshToken }),
      );
    });
    await kept(() => phone.storeCredential(again, obtained.credential));
    const { exp } = obtained.claims;
    const expiresAt = typeof exp === 'number' ? exp * 1000 : null;
    phone.noteCredential({ offer: null, refreshToken: obtained.refreshToken, expiresAt });
    return obtained;
  } finally {
    code.fill(0);
    again.fill(0);
  }
}

/** @throws {PhoneRefusal} `credential-refused`, `issuer-unreachable` */
async function given<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof OpenIdRefused || cause instanceof OpenIdDistrusted) {
      throw new PhoneRefusal('credential-refused', { detail: cause.message, cause });
    }
    if (cause instanceof NotReached) throw new PhoneRefusal('issuer-unreachable', { detail: cause.message, cause });
    throw cause;
  }
}

async function kept(store: () => Promise<void>): Promise<void> {
  try {
    await store();
  } catch (cause) {
    if (!(cause instanceof CardDataError)) throw cause;
    throw new PhoneRefusal('credential-refused', { detail: 'it is longer than the file of the card for it', cause });
  }
}
