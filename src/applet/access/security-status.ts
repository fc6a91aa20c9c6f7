/**
 * What has been proven in a session, as one bit for each code of the card. It lives in RAM only.
 *
 * Card-wide codes count on every channel of the interface; codes of an application on the channel that presented
 * them, until the channel leaves the application. {@link set} is the one place where the status changes.
 */
export class SecurityStatus {
  #verified = 0;

  /** @param slot place of the code in the card's code table, 0 to 30 */
  set(slot: number, verified: boolean): void {
    this.#verified = verified ? this.#verified | (1 << slot) : this.#verified & ~(1 << slot);
  }

  has(slot: number): boolean {
    return (this.#verified & (1 << slot)) !== 0;
  }

  clear(): void {
    this.#verified = 0;
  }
}
