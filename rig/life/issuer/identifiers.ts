import { createHash, randomBytes } from 'node:crypto';
import { IssuerRefusal } from './refusals.ts';

/** 128 random bits behind a prefix that says of what: `act_4f…`. */
export function newIdentifier(prefix: 'act' | 'ctx' | 'app' | 'del'): string {
  return `${prefix}_${randomBytes(16).toString('hex')}`;
}

/** How strings that open something are stored. */
export function hashOf(secret: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}

/** JWK thumbprint (RFC 7638) with SHA-256, base64url. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;
const REQUEST = /^[A-Za-z0-9_-]{16,64}$/;
/** Holder reference of a card-verifiable certificate. */
const REFERENCE = /^[A-Z]{2}[0-9A-Za-z]{1,9}[0-9A-Za-z]{5}$/;

/** @throws {IssuerRefusal} */
export function checkDeviceKey(thumbprint: string): void {
  if (!THUMBPRINT.test(thumbprint)) throw new IssuerRefusal('device-key-malformed');
}

/** Who signs a professional's request, and the identifier that it gave that request. @throws {IssuerRefusal} */
export function checkRequest({ signer, requestId }: { readonly signer: string; readonly requestId: string }): void {
  checkSigner(signer);
  if (!REQUEST.test(requestId)) throw new IssuerRefusal('request-id-malformed');
}

/** @throws {IssuerRefusal} */
export function checkSigner(signer: string): void {
  if (!REFERENCE.test(signer)) throw new IssuerRefusal('signer-malformed');
}
