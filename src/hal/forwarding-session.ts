import type { CardSession, Disposition, Exchange } from './reader.ts';

/** A session that stands before another and passes on what its subclass does not answer itself. */
export abstract class ForwardingSession implements CardSession {
  protected readonly session: CardSession;

  constructor(session: CardSession) {
    this.session = session;
  }

  get reader(): string {
    return this.session.reader;
  }

  get protocol(): string {
    return this.session.protocol;
  }

  get atr(): Uint8Array {
    return this.session.atr;
  }

  abstract transmit(command: Uint8Array): Promise<Exchange>;

  reset(mode: 'warm' | 'cold'): Promise<void> {
    return this.session.reset(mode);
  }

  control(code: number, data: Uint8Array): Promise<Uint8Array> {
    return this.session.control(code, data);
  }

  disconnect(disposition?: Disposition): Promise<void> {
    return this.session.disconnect(disposition);
  }
}
