import type { CardUnderTest, CaseSession } from './card-under-test.ts';

/** A card under test that another one stands for; what is not said otherwise is that one's. */
export abstract class ForwardedCard implements CardUnderTest {
  protected readonly card: CardUnderTest;

  constructor(card: CardUnderTest) {
    this.card = card;
  }

  get description(): string {
    return this.card.description;
  }

  get reader(): string {
    return this.card.reader;
  }

  get backend(): CardUnderTest['backend'] {
    return this.card.backend;
  }

  get reach(): CardUnderTest['reach'] {
    return this.card.reach;
  }

  get seed(): string | null {
    return this.card.seed;
  }

  get renewed(): boolean {
    return this.card.renewed;
  }

  get atr(): Uint8Array | null {
    return this.card.atr;
  }

  get protocol(): string {
    return this.card.protocol;
  }

  abstract begin(): Promise<CaseSession>;

  takeFaults(): readonly unknown[] {
    return this.card.takeFaults();
  }

  close(): Promise<void> {
    return this.card.close();
  }
}
