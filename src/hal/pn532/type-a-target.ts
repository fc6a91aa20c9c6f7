import { copyBytes } from '../../apdu/copy-bytes.ts';
import type { HalError } from '../errors.ts';

/** A type A card as InListPassiveTarget found it. */
export interface TypeATarget {
  readonly number: number;
  /** SENS_RES (ATQA), most significant byte first. */
  readonly sensRes: number;
  /** SEL_RES (SAK). */
  readonly selRes: number;
  readonly uid: Uint8Array;
  /** With its length byte; null for a card that is not of ISO/IEC 14443-4, or was not asked. */
  readonly ats: Uint8Array | null;
}

/** The targets in the response to InListPassiveTarget. @param response from NbTg on @throws what `tooShort` makes */
export function parseTypeATargets(response: Uint8Array, tooShort: () => HalError): TypeATarget[] {
  const targets: TypeATarget[] = [];
  let at = 1;
  for (let left = response[0] ?? 0; left > 0; left--) {
    const uidLength = response[at + 4];
    if (uidLength === undefined || at + 5 + uidLength > response.length) throw tooShort();
    const number = response[at]!;
    const selRes = response[at + 3]!;
    const sensRes = (response[at + 1]! << 8) | response[at + 2]!;
    const uid = copyBytes(response, at + 5, at + 5 + uidLength);
    at += 5 + uidLength;
    // Only a card that says that it is of part 4 has an ATS; the next target's number would look like one.
    const atsLength = (selRes & 0x20) === 0 ? undefined : response[at];
    const hasAts = atsLength !== undefined && atsLength > 0 && at + atsLength <= response.length;
    targets.push({ number, sensRes, selRes, uid, ats: hasAts ? copyBytes(response, at, at + atsLength) : null });
    if (hasAts) at += atsLength;
  }
  return targets;
}
