import type { CardSession } from '../../../src/hal/reader.ts';
import { type PhoneScreen, unlockInWords } from '../../card/phone-screen.ts';
import { CannotRun } from '../../console/failure.ts';
import type { Metered } from './meter.ts';
import type { LinkParameters } from './result.ts';
import type { Accounting, BegunTap, TapSource } from './source.ts';

/** A phone's card before a reader, whose holder types the code on the screen before each tap. */
export class UnlockedSource implements TapSource {
  readonly #source: TapSource;
  readonly #screen: PhoneScreen;
  readonly #code: Uint8Array;

  constructor(source: TapSource, screen: PhoneScreen, code: Uint8Array) {
    this.#source = source;
    this.#screen = screen;
    this.#code = code;
  }

  get reader(): string {
    return this.#source.reader;
  }

  get card(): string {
    return this.#source.card;
  }

  get backend(): TapSource['backend'] {
    return this.#source.backend;
  }

  get atr(): string | null {
    return this.#source.atr;
  }

  get protocol(): string {
    return this.#source.protocol;
  }

  get seed(): string | null {
    return this.#source.seed;
  }

  get accounting(): Accounting {
    return this.#source.accounting;
  }

  get link(): LinkParameters {
    return this.#source.link;
  }

  async prepare(): Promise<void> {
    await this.#source.prepare();
    const unlocked = this.#screen.unlock(this.#code);
    if (unlocked.outcome !== 'unlocked') throw new CannotRun(unlockInWords(unlocked));
  }

  begin(signal: AbortSignal): Promise<BegunTap> {
    return this.#source.begin(signal);
  }

  take(): Metered {
    return this.#source.take();
  }

  end(session: CardSession): Promise<void> {
    return this.#source.end(session);
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}
