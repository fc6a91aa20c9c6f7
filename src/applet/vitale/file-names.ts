/** Names and identifiers of domain files that several parts of the card and of the bench must agree on. */

/** DF name of the master file: D250000002 and `MF_VITALE`. */
export const MF_VITALE_NAME: Uint8Array = name('D2500000024D465F564954414C45');
/** AID of the application that readers in the field know: D250000002 and `VITALE`. */
export const VITALE_AID: Uint8Array = name('D250000002564954414C45');
/** AID of our own application: F0, `apCV-EMU`, 01. */
export const OWN_AID: Uint8Array = name('F0617043562D454D5501');

/** File identifiers. */
export const FID = {
  directory: 0x2f00,
  atrInfo: 0x2f01,
  pan: 0x2f02,
  cardAccess: 0x011c,
  identity: 0xd001,
  pointers: 0x2001,
  nirs: 0x2002,
  cardData: 0x2003,
  affiliation: 0xe001,
  beneficiaries: 0xe002,
  rights: 0xe003,
  invoices: 0xe004,
  signature: 0xe00f,
} as const;

function name(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
