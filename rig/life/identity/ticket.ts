/** The right to one activation that a presented identity gives: both secrets of the presentation in one text. */
export interface IdentityTicket {
  readonly transaction: string;
  readonly responseCode: string;
}

const FORM = /^identity:([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

export function identityTicket({ transaction, responseCode }: IdentityTicket): string {
  return `identity:${transaction}.${responseCode}`;
}

/** Null for any other text. */
export function readIdentityTicket(text: string): IdentityTicket | null {
  const [, transaction, responseCode] = FORM.exec(text) ?? [];
  return transaction === undefined || responseCode === undefined ? null : { transaction, responseCode };
}
