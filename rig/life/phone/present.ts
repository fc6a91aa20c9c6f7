import type { LinkEvent, LinkedCard } from '../../../src/hal/card-link.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { linkDriver } from '../../endpoint/links.ts';
import { openLink } from '../../endpoint/open-link.ts';
import { holdersCode, issuerOf, withPhone } from './at-the-phone.ts';
import { listenForHolder } from './holder-socket.ts';
import type { PresentOptions } from './options.ts';
import type { Phone } from './phone.ts';

/** How often the window is looked at. */
const LOOK_MS = 250;
/** What a slow phone adds to each answer. */
const SLOW_MS = 150;

/**
 * `vitap phone present`: the holder agrees, types the code, and holds the phone to a reader. The card is on the link until
 * its window has closed, or with `stay` until Ctrl-C. A line a change; with `--json` each is an object.
 */
export function present(options: PresentOptions, io: CommandIo): Promise<ExitCode> {
  return withPhone(options.folder, io, async (phone) => {
    const say = (event: string, text: string, more: object = {}): void => {
      io.stdout(io.json ? `${JSON.stringify({ event, text, ...more })}\n` : `${shown(text)}\n`);
    };
    const driver = linkDriver(options.link);
    const cardInterface = driver.interface ?? 'contactless';
    const { card } = phone;
    const code = await holdersCode(options.pin, io);
    if (options.presence !== null) {
      // The code is needed again: the window opens when all is ready.
      await phone.presence(Uint8Array.from(code), options.presence, issuerOf(phone, options.timeoutMs, io));
    }
    const link = await openLink(options.link, cardInterface, options.wait);
    const opening = new Opening(phone, code);
    const port = card.port(cardInterface, link.limits);
    const stop = (): void => link.stop();
    io.signal.addEventListener('abort', stop);
    const stopListening = await listenForHolder(phone, (wish) => {
      tellWindow(phone, say, wish);
      // Who locks it before the reader is there has changed their mind.
      if (wish === 'lock') opening.drop();
      if (wish === 'lock' && !options.stay) stop();
    });
    let watch: WindowWatch | null = null;
    try {
      if (options.wait) say('ready', 'The code is right. The window opens when the reader is there.');
      await link.serve(options.slow ? slowed(port) : port, (event) => {
        tellLink(say, event);
        if (event.type === 'attached' && watch === null) {
          opening.now();
          watch = new WindowWatch(phone, say, options.stay ? () => {} : stop);
          say('start', `on ${link.name}: hold the phone to the reader. Ctrl-C ends it.`);
          tellWindow(phone, say, 'unlock');
        }
        watch?.link(event);
      });
    } finally {
      opening.drop();
      (watch as WindowWatch | null)?.end();
      io.signal.removeEventListener('abort', stop);
      await stopListening();
      phone.lock();
    }
    return EXIT.pass;
  });
}

type Say = (event: string, text: string, more?: object) => void;

function tellWindow(phone: Phone, say: Say, wish: string): void {
  const { window, can } = phone.view();
  if (window === null || can === null) {
    say('closed', wish === 'lock' ? 'Locked.' : 'The window is closed.');
    return;
  }
  const seconds = Math.ceil(window.remainingMs / 1000);
  const { remainingMs, uses } = window;
  say('open', `access number ${can}, for one reader within ${seconds} s`, { can, remainingMs, uses });
}

/**
 * The holder's code between the moment in which it is judged and the one in which the reader is there: the window's time
 * begins then, however long the reader was waited for.
 */
export class Opening {
  readonly #phone: Phone;
  #code: Uint8Array | null;

  /** @param code is kept, and overwritten when it is used or dropped @throws {PhoneRefusal} `wrong-code`, `blocked-code` */
  constructor(phone: Phone, code: Uint8Array) {
    this.#phone = phone;
    this.#code = code;
    try {
      phone.unlock(Uint8Array.from(code));
    } catch (error) {
      this.drop();
      throw error;
    }
    phone.lock();
  }

  /** Opens the window; nothing the second time, and when it was dropped. */
  now(): void {
    const code = this.#code;
    this.#code = null;
    if (code !== null) this.#phone.unlock(code);
  }

  drop(): void {
    this.#code?.fill(0);
    this.#code = null;
  }
}

/**
 * Says when the window has closed, and ends the presentation then. A reader that has begun within it is let finish: until it
 * leaves the card, or the window's time is over.
 */
export class WindowWatch {
  readonly #phone: Phone;
  readonly #say: Say;
  readonly #ended: () => void;
  readonly #timer: NodeJS.Timeout;
  #open = true;
  #overAt: number;

  constructor(phone: Phone, say: Say, ended: () => void) {
    this.#phone = phone;
    this.#say = say;
    this.#ended = ended;
    this.#overAt = this.#nowMs() + (phone.view().window?.remainingMs ?? 0);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** The reader has left the card, or begins anew: what it was given ends there. */
  link({ type }: LinkEvent): void {
    if (['field-off', 'reset', 'deselect'].includes(type) && this.#phone.view().window === null) this.#ended();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** By the clock that the card has. */
  #nowMs(): number {
    return this.#phone.nowNs() / 1e6;
  }

  #look(): void {
    const { window } = this.#phone.view();
    const now = this.#nowMs();
    if (window === null && this.#open) this.#say('closed', 'The window is closed for other readers.');
    this.#open = window !== null;
    if (window !== null) this.#overAt = now + window.remainingMs;
    else if (now > this.#overAt) this.#ended();
  }
}

const EVENTS: Readonly<Partial<Record<LinkEvent['type'], string>>> = {
  attached: 'The reader is there.',
  waiting: 'The reader says nothing yet: another card may be in it.',
  lost: 'The reader has gone; waiting for it to come back.',
  'power-on': 'In the field.',
  'field-off': 'Out of the field.',
};

function tellLink(say: Say, { type }: LinkEvent): void {
  const text = EVENTS[type];
  if (text !== undefined) say(type, text);
}

/** `--fault slow-phone`: each answer takes longer, as on a phone that is busy. */
function slowed(card: LinkedCard): LinkedCard {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  return {
    response: card.response,
    atr: () => card.atr(),
    powerOn: () => card.powerOn(),
    reset: () => card.reset(),
    fieldOff: () => card.fieldOff(),
    deselect: () => card.deselect(),
    process: (command, offset, length) => {
      Atomics.wait(pause, 0, 0, SLOW_MS);
      return card.process(command, offset, length);
    },
    expectedMicroseconds: (command, offset, length) =>
      SLOW_MS * 1000 + (card.expectedMicroseconds?.(command, offset, length) ?? 0),
  };
}
