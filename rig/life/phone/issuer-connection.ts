import type { DeviceSigner } from '../api/device-request.ts';
import { IssuerRefused, IssuerUnreachable } from '../api/issuer-refused.ts';
import type { PhoneLink } from '../api/phone-link.ts';
import { PhoneRefusal } from './refusals.ts';

/** How the phone reaches its issuer, with a signer that is in its card. */
export interface IssuerConnection {
  /** What the activation is kept under: the issuer's origin. */
  readonly origin: string;
  connect(signer: DeviceSigner): PhoneLink;
}

/** @throws {PhoneRefusal} `issuer-refused`, `issuer-unreachable` */
export async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof IssuerRefused) throw new PhoneRefusal('issuer-refused', { detail: cause.message, cause });
    if (cause instanceof IssuerUnreachable)
      throw new PhoneRefusal('issuer-unreachable', { detail: cause.message, cause });
    throw cause;
  }
}
