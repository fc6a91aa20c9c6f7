export interface RecordChoice {
  /** The trace file to write, or null. */
  readonly file: string | null;
  /** Without redaction. */
  readonly keepSecrets: boolean;
  /** File with the key of the masks' hashes; absent: a random one that is not kept. */
  readonly redactionKey?: string;
}
