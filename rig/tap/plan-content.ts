import type { CardAnswer } from './terminal.ts';

/** Short identifiers of the own application's files. */
export const OWN_SFI = { affiliation: 1, beneficiaries: 2, rights: 3, invoices: 4, signature: 15 } as const;

/** Records of a file; none with the status word that refused them. */
export interface RecordContent {
  readonly records: readonly Uint8Array[];
  readonly sw: number;
}

/** The own application's content, as the card gave it. */
export interface OwnContent {
  readonly affiliation: RecordContent;
  readonly beneficiaries: RecordContent;
  readonly rights: RecordContent;
  readonly invoices: RecordContent;
  readonly signature: CardAnswer;
}
