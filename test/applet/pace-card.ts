import { CommandApdu } from '../../src/apdu/command.ts';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { Card } from '../../src/applet/card.ts';
import type { CardPort } from '../../src/applet/card-port.ts';
import { openImage } from '../../src/applet/image/card-image.ts';
import { PIN } from '../../src/applet/image/layout.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import type { CardSpecification, PinSpecification } from '../../src/applet/image/specification.ts';
import { PIN_STATE } from '../../src/applet/pin/pin-store.ts';
import type { CardInterface, LinkLimits } from '../../src/hal/card-link.ts';
import type { Crypto } from '../../src/hal/crypto.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import type { Nvm } from '../../src/hal/nvm.ts';
import { VirtualClock } from '../../src/hal/virtual/clock.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import {
  ChannelError,
  type CipherName,
  encodePassword,
  encodeSecurityInfos,
  type Mapping,
  PASSWORD,
  PaceTerminal,
  type PasswordName,
  paceInfo,
  protectCommand,
  type SecureSession,
  unprotectResponse,
} from '../../src/secure-channel/index.ts';
import { benchSpecification, code, FREE } from './bench-card.ts';

/** A card with the three passwords of an eID card, and a terminal that opens its channel. */

export const CAN = '500540';
export const PIN_CODE = '123456';
export const PUK = '9876543210';

export const crypto: Crypto = nobleCrypto();

const digits = (text: string): string => toHex(encodePassword(text));

export function password(name: PasswordName, text: string, more: Partial<PinSpecification> = {}): PinSpecification {
  return code(PASSWORD[name], digits(text), {
    minLength: text.length,
    maxLength: text.length,
    access: { contact: 0xff, contactless: 0xff, wired: 0xff },
    password: name,
    ...more,
  });
}

export interface Offered {
  readonly mapping: Mapping;
  readonly cipher: CipherName;
  readonly parameterId: number;
}

export const GM_128: Offered = { mapping: 'GM', cipher: 'AES-128', parameterId: 13 };

export function paceSpecification(
  pin: Partial<PinSpecification> = {},
  offers: readonly Offered[] = [GM_128],
  puk: Partial<PinSpecification> = {},
): CardSpecification {
  const bench = benchSpecification();
  const { masterFile } = bench;
  return {
    ...bench,
    masterFile: {
      ...masterFile,
      pins: [
        ...masterFile.pins,
        password('CAN', CAN),
        password('PIN', PIN_CODE, { unblockedBy: PASSWORD.PUK, ...pin }),
        password('PUK', PUK, { tries: 10, ...puk }),
      ],
      children: [
        ...masterFile.children,
        {
          kind: 'transparent',
          fid: 0x011c,
          sfi: 0x1c,
          access: FREE,
          content: encodeSecurityInfos(offers.map((offer) => paceInfo(offer, offer.parameterId))),
        },
      ],
    },
  };
}

export interface PaceCard {
  readonly port: CardPort;
  readonly nvm: MemoryNvm;
  /** A command in hex, the answer in hex. */
  readonly send: (command: string) => string;
  /** Tries left of a password, as the memory has them. */
  readonly tries: (name: PasswordName) => number;
  readonly faults: unknown[];
}

export function bootPace(
  options: {
    readonly specification?: CardSpecification;
    /** State of the PIN. */
    readonly pin?: { readonly triesLeft?: number; readonly deactivated?: boolean };
    readonly cardInterface?: CardInterface;
    readonly limits?: LinkLimits;
    readonly memory?: Nvm;
    readonly image?: Uint8Array;
    readonly seed?: string;
  } = {},
): PaceCard {
  const image = options.image ?? personalise(options.specification ?? paceSpecification(), crypto);
  const nvm = new MemoryNvm(image);
  const { triesLeft, deactivated = false } = options.pin ?? {};
  const address = openImage(nvm).pins.find((each) => each.password === PASSWORD.PIN)?.address ?? 0;
  if (triesLeft !== undefined) nvm.bytes[address + PIN.TRIES_LEFT] = triesLeft;
  if (deactivated) nvm.bytes[address + PIN.STATE] = PIN_STATE.DEACTIVATED;
  const faults: unknown[] = [];
  const card = new Card({
    nvm: options.memory ?? nvm,
    clock: new VirtualClock(),
    crypto,
    random: new SeededRandom(options.seed ?? 'pace'),
    onFault: (fault) => faults.push(fault),
  });
  const port = card.port(options.cardInterface ?? 'contactless', options.limits);
  port.powerOn();
  const send = (command: string): string => {
    const bytes = fromHex(command);
    return toHex(port.response.subarray(0, port.process(bytes, 0, bytes.length)));
  };
  const tries = (name: PasswordName): number => {
    const pin = card.image.pins.find((each) => each.password === PASSWORD[name]);
    return (options.memory ?? nvm).readByte((pin?.address ?? 0) + PIN.TRIES_LEFT);
  };
  return { port, nvm, send, tries, faults };
}

export type Exchange = (command: string) => string;

export interface Opened {
  readonly session: SecureSession;
  /** A plain command through the channel: what the answer says inside. */
  readonly within: Exchange;
}

export interface TerminalChoice {
  readonly offer?: Offered;
  readonly chat?: Uint8Array;
  readonly sendParameterId?: boolean;
  readonly resume?: boolean;
}

/** What a terminal says and hears, in hex; a step may be looked at or changed on its way. */
export function openPace(exchange: Exchange, name: PasswordName, text: string, options: TerminalChoice = {}): Opened {
  const terminal = paceTerminal(name, text, options);
  let command: Uint8Array | null = terminal.start();
  while (command !== null) command = terminal.next(fromHex(exchange(toHex(command))));
  const session = terminal.takeSession() as SecureSession;
  return { session, within: through(session, exchange) };
}

export function paceTerminal(name: PasswordName, text: string, options: TerminalChoice = {}): PaceTerminal {
  const { offer = GM_128, ...more } = options;
  return new PaceTerminal({
    crypto,
    random: new SeededRandom(`terminal ${name}`),
    ...offer,
    reference: PASSWORD[name],
    password: encodePassword(text),
    ...more,
  });
}

/** Plain commands in, plain answers out, over a session. */
export function through(session: SecureSession, exchange: Exchange): Exchange {
  return (command) => {
    const bytes = fromHex(command);
    const plain = new CommandApdu();
    plain.parse(bytes, 0, bytes.length);
    const answer = fromHex(exchange(toHex(protectCommand(session, plain))));
    const { data, status } = unprotectResponse(session, answer, { odd: (plain.ins & 1) !== 0 });
    return toHex(data) + status.toString(16).toUpperCase().padStart(4, '0');
  };
}

export const GM_128_OID = '04007F00070202040202';

/** MSE:Set AT for a password: without 84, as some clients send it, or with. */
export function setAt(password: number, more = ''): string {
  const data = `800A${GM_128_OID} 83010${password} ${more}`.replace(/\s/g, '');
  return `0022C1A4 ${(data.length / 2).toString(16).padStart(2, '0')} ${data}`;
}

/** The status word that a terminal is refused with. */
export function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ChannelError) return (error.status ?? 0).toString(16).toUpperCase();
    throw error;
  }
  return 'not refused';
}

/** Tries a password that is wrong. */
export function fail(send: Exchange, name: 'CAN' | 'PIN' | 'PUK', text: string, resume = false): string {
  return refusal(() => openPace(send, name, text, { resume }));
}
