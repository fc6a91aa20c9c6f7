/**
 * What has been proven in a session, as one bit for each code and each key of the card. It lives in RAM only.
 *
 * Card-wide codes and keys count on every channel of the interface; those of an application on the channel that
 * presented them, until the channel leaves the application. {@link set} and {@link setKey} are the places where the
 * status changes.
 */
export class SecurityStatus {
  #verified = 0;
  #authenticated = 0;

  /** @param slot place of the code in the card's code table, 0 to 30 */
  set(slot: number, verified: boolean): void {
    this.#verified = verified ? this.#verified | (1 << slot) : this.#verified & ~(1 << slot);
  }

  has(slot: number): boolean {
    return (this.#verified & (1 << slot)) !== 0;
  }

  /** The other side has proven that it knows a key, or has failed to. @param slot place among the keys, 0 to 30 */
  setKey(slot: number, authenticated: boolean): void {
    this.#authenticated = authenticated ? this.#authenticated | (1 << slot) : this.#authenticated & ~(1 << slot);
  }

  hasKey(slot: number): boolean {
    return (this.#authenticated & (1 << slot)) !== 0;
  }

  /** Whether any key at all has been proven. */
  get hasAnyKey(): boolean {
    return this.#authenticated !== 0;
  }

  clear(): void {
    this.#verified = 0;
    this.#authenticated = 0;
  }
}
