import { WebRefusal } from '../../web/refusal.ts';
import type { ActivationAnswer } from '../pages/phone/view.ts';
import type { Activated } from './activation.ts';
import type { IssuerConnection } from './issuer-connection.ts';
import type { Phone } from './phone.ts';
import { PhoneRefusal } from './refusals.ts';

/** How long an activation waits for a code. */
const PATIENCE_MS = 600_000;

interface Waiting {
  readonly give: (code: Uint8Array) => void;
  readonly end: (why: unknown) => void;
}

/** Settles what a request of the page waits for: the next choice of the holder, or the end of the activation. */
interface Turn {
  readonly resolve: (answer: ActivationAnswer) => void;
  readonly reject: (why: unknown) => void;
}

export interface ActivationStart {
  readonly issuer: IssuerConnection;
  readonly test: boolean;
  /** Asked for when the issuer needs it. */
  readonly ticket: () => Promise<string>;
  /** The issuer has taken the ticket. */
  readonly onEnrolled: () => void;
}

/**
 * An activation by the page, in two requests: the first begins it, the second brings the code while the issuer waits. It
 * belongs to the server: a page that is loaded again goes on with it.
 */
export class PageActivation {
  readonly #phone: Phone;
  #running = false;
  /** Takes the next code. */
  #waiting: Waiting | null = null;
  #turn: Turn | null = null;

  constructor(phone: Phone) {
    this.#phone = phone;
  }

  get at(): 'none' | 'working' | 'code' {
    if (!this.#running) return 'none';
    return this.#waiting === null ? 'working' : 'code';
  }

  /** @throws {PhoneRefusal}; {WebRefusal} `busy` */
  async begin({ issuer, test, ticket, onEnrolled }: ActivationStart): Promise<ActivationAnswer> {
    if (this.#waiting !== null) return { at: 'code' };
    if (this.#running) throw new WebRefusal('busy', 'the activation is under way', 409);
    this.#running = true;
    const turn = this.#nextTurn();
    this.#phone
      .activate({
        issuer,
        test,
        ticket,
        newCode: (refused) => this.#codeFrom(refused),
        onStep: (step) => {
          if (step === 'enrolled') onEnrolled();
        },
      })
      .then(
        ({ puk }: Activated) => this.#settle((waits) => waits.resolve({ at: 'active', puk })),
        (why: unknown) => this.#settle((waits) => waits.reject(why)),
      );
    return turn;
  }

  /** @param code overwritten. @throws {PhoneRefusal} `weak-code`, and the activation waits for another; {WebRefusal} */
  async choose(code: Uint8Array): Promise<ActivationAnswer> {
    if (this.#waiting === null) {
      code.fill(0);
      throw new WebRefusal('no-activation', 'no activation waits for a code: begin it again', 409);
    }
    const { give } = this.#waiting;
    this.#waiting = null;
    const turn = this.#nextTurn();
    give(code);
    return turn;
  }

  /** Ends one that waits for a code; it can be taken up again. */
  giveUp(): void {
    this.#waiting?.end(new PhoneRefusal('pending'));
  }

  #codeFrom(refused: PhoneRefusal | null): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const end = (why: unknown): void => {
        clearTimeout(timer);
        this.#waiting = null;
        reject(why);
      };
      const timer = setTimeout(() => end(refused ?? new PhoneRefusal('pending')), PATIENCE_MS);
      timer.unref();
      this.#waiting = {
        give: (code) => {
          clearTimeout(timer);
          resolve(code);
        },
        end,
      };
      if (refused === null) this.#turn?.resolve({ at: 'code' });
      else this.#turn?.reject(refused);
    });
  }

  #nextTurn(): Promise<ActivationAnswer> {
    return new Promise((resolve, reject) => {
      this.#turn = { resolve, reject };
    });
  }

  #settle(tell: (turn: Turn) => void): void {
    this.#running = false;
    this.#waiting = null;
    if (this.#turn !== null) tell(this.#turn);
    this.#turn = null;
  }
}
