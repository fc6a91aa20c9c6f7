import { SecurityStatus } from './access/security-status.ts';
import type { CardFile } from './files/card-file.ts';

/** Record pointer of an EF in which no record was referenced yet. */
export const NO_RECORD = 0;

const NO_KEY = -1;

/** What one logical channel has selected and proven. */
export class Channel {
  readonly number: number;
  readonly security: SecurityStatus = new SecurityStatus();
  directory: CardFile;
  /** The application whose applet was told last that it is selected. */
  told: CardFile;
  /** Current EF, or null. */
  elementary: CardFile | null = null;
  /** Current record of the current EF, or {@link NO_RECORD}. */
  record: number = NO_RECORD;
  /** The last challenge of GET CHALLENGE, until it is used; null. */
  challenge: Uint8Array | null = null;
  /** Reference of the key that MSE:Set DST chose for signatures, or -1. */
  signatureKey: number = NO_KEY;

  constructor(number: number, masterFile: CardFile) {
    this.number = number;
    this.directory = masterFile;
    this.told = masterFile.application;
  }

  /**
   * Makes a file the current one. A code of the application that is left is forgotten.
   * @returns whether another application is selected now
   */
  select(file: CardFile): boolean {
    const before = this.directory.application;
    const after = file.directory.application;
    this.directory = file.directory;
    this.elementary = file.isDirectory ? null : file;
    this.record = NO_RECORD;
    if (before === after) return false;
    this.#forget();
    return true;
  }

  /** Makes an EF of the current DF current through its short identifier, as a command that succeeds does. */
  selectElementary(file: CardFile): void {
    this.elementary = file;
    this.record = NO_RECORD;
  }

  reset(directory: CardFile): void {
    this.directory = directory;
    this.told = directory.application;
    this.elementary = null;
    this.record = NO_RECORD;
    this.#forget();
  }

  #forget(): void {
    this.security.clear();
    this.challenge = null;
    this.signatureKey = NO_KEY;
  }
}
