import type { RecordChoice } from '../../trace/record-choice.ts';

export interface DemoOptions {
  /** Issuer, phone and counter as web pages, in the place of all else. */
  readonly web: boolean;
  /** Whether to go on to the second half, through pcscd. */
  readonly pcsc: boolean;
  /** Only the second half, with this card, in the PC/SC stack that this process runs in; null for the whole demo. */
  readonly pcscImage: string | null;
  readonly record: RecordChoice;
}
