/** Bytes that are no NDEF message, or no record of the type that they say. One sentence, with where. */
export class NdefError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NdefError';
  }
}
