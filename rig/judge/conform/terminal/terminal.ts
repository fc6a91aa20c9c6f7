import { CommandApdu } from '../../../../src/apdu/command.ts';
import { encodeResponse, fromHex, toHex } from '../../../../src/apdu/index.ts';
import type { Crypto } from '../../../../src/hal/crypto.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import {
  ChannelError,
  manageSecurityEnvironment,
  PASSWORD,
  PaceTerminal,
  type PasswordName,
  SecureSession,
  type SessionKeys,
  unprotectResponse,
} from '../../../../src/secure-channel/index.ts';
import type { ChosenPace } from '../../../channel/pace.ts';
import { DoesNotApply } from '../located.ts';
import type { Expectation, StepRole, TerminalStep } from '../model.ts';
import type { ChannelDeclaration } from './channel-declaration.ts';
import { type Misbehaviour, seal } from './seal.ts';

const crypto: Crypto = nobleCrypto();

/** The commands of PACE, by their place. */
export const PACE_STEPS = ['MSE:Set AT', 'nonce', 'mapping', 'key agreement', 'token'] as const;

export interface PaceRequest {
  /** Default CAN. */
  readonly password?: PasswordName;
  /** Another code than the card's. */
  readonly wrong?: boolean;
  readonly offer?: ChosenPace;
  /** DO 84; default true. */
  readonly withParameters?: boolean;
  /** Value of 7F4C. */
  readonly chat?: Uint8Array;
  /** Goes on with a PIN of which this is the last try. */
  readonly resume?: boolean;
  /** Inside the channel that there is. */
  readonly inside?: boolean;
  /** Commands that are sent; default all 5. */
  readonly until?: number;
  /** The last of them is changed, and judged by this. */
  readonly change?: { readonly command?: (bytes: Uint8Array) => Uint8Array; readonly expect: Expectation };
  /** Of all steps; default given. One that is changed is judged. */
  readonly role?: StepRole;
  /** Of MSE:Set AT; default 9000 or a counter. */
  readonly selected?: string;
}

/** What a terminal expects inside a channel. */
export interface InsideRequest {
  /** Default judged. */
  readonly role?: StepRole;
  /** Default 9000. */
  readonly expect?: string | Expectation;
}

/**
 * A terminal that keeps to the protocols as far as a case wants it to. It makes steps, which are run in the order in
 * which they were made; a case makes its own terminal each time that it is bound to a card.
 */
export class Terminal {
  readonly channel: ChannelDeclaration;
  readonly crypto: Crypto = crypto;
  #pace: PaceTerminal | null = null;
  #keys: SessionKeys | null = null;
  /** The counter as it stands, before the next message. */
  #counter = 0n;
  /** Answers of the steps so far in which a point came. */
  readonly seen: Map<string, string> = new Map();
  chipEphemeralKey: Uint8Array = new Uint8Array(0);
  certificationAuthorities: readonly Uint8Array[] = [];
  #last: Uint8Array = new Uint8Array(0);

  constructor(channel: ChannelDeclaration) {
    this.channel = channel;
  }

  /** The password of that name. @throws {DoesNotApply} it is not known */
  password(name: PasswordName): Uint8Array {
    const bytes = this.channel.passwords[name];
    if (bytes === undefined)
      throw new DoesNotApply(`the card has not a ${name} that is known, as far as it is declared`);
    return bytes;
  }

  /** PACE, or its beginning. After all five commands the channel is open. */
  pace(request: PaceRequest = {}): TerminalStep[] {
    const {
      password: name = 'CAN',
      until = PACE_STEPS.length,
      change,
      role = 'given',
      selected = '9000|63CX',
    } = request;
    const password = this.password(name);
    const used = request.wrong === true ? otherCode(password) : password;
    let machine: PaceTerminal | null = null;
    let next: Uint8Array | null = null;
    return PACE_STEPS.slice(0, until).map((step, at): TerminalStep => {
      const changed = change !== undefined && at === until - 1;
      const last = at === PACE_STEPS.length - 1;
      return this.#step({
        words: `PACE with the ${name}, ${step}`,
        role: changed ? 'judged' : role,
        inside: request.inside === true,
        make: () => {
          if (at === 0) {
            machine = this.#begin(request, used);
            next = machine.start();
          }
          const command = next as Uint8Array;
          return changed ? (change.command?.(command) ?? command) : command;
        },
        expect: changed ? change.expect : at === 0 ? { status: selected } : { status: '9000' },
        take: (response) => {
          if (changed) return;
          this.seen.set(step, toHex(response));
          next = (machine as PaceTerminal).next(response);
          if (last) this.#opened(machine as PaceTerminal);
        },
      });
    });
  }

  /** A plain command of PACE or another protocol, made when it is its turn. */
  bare(words: string, make: () => Uint8Array, expect: string | Expectation, role: StepRole = 'judged'): TerminalStep {
    return { kind: 'terminal', role, words, make, expect: typeof expect === 'string' ? { status: expect } : expect };
  }

  /** A protected command and its protected answer. */
  inside(words: string, command: string, request: InsideRequest & Misbehaviour = {}): TerminalStep {
    const { role = 'judged', expect = '9000', ...wrong } = request;
    return this.#step({
      words,
      role,
      inside: true,
      make: () => bytesOf(command),
      wrong,
      expect: typeof expect === 'string' ? { status: expect } : expect,
    });
  }

  /** The same, made when it is its turn. */
  insideLate(
    words: string,
    make: () => Uint8Array | null,
    request: InsideRequest & { take?: (data: Uint8Array) => void },
  ): TerminalStep {
    const { role = 'judged', expect = '9000', take } = request;
    return this.#step({
      words,
      role,
      inside: true,
      make,
      expect: typeof expect === 'string' ? { status: expect } : expect,
      ...(take !== undefined && { take }),
    });
  }

  /** A protected command that is answered in clear: it was made wrong, or there is no channel any more. */
  refused(words: string, command: string, expect: Expectation, wrong: Misbehaviour = {}): TerminalStep {
    return {
      kind: 'terminal',
      role: 'judged',
      words,
      make: () => this.#seal(bytesOf(command), wrong),
      expect,
    };
  }

  /** A right protected command. */
  sealed(command: string): Uint8Array {
    return this.#seal(bytesOf(command), {});
  }

  /** The last command as it went over the wire, once more. */
  again(words: string, expect: Expectation): TerminalStep {
    return { kind: 'terminal', role: 'judged', words, make: () => this.#last, expect };
  }

  /** New keys take over, counter at 0. */
  renew(keys: SessionKeys): void {
    this.#keys = copyOf(keys);
    this.#counter = 0n;
  }

  /** The keys there are, to go on with after newer ones. @throws {Error} no channel */
  keep(): { readonly keys: SessionKeys; readonly counter: bigint } {
    return { keys: copyOf(this.#keys as SessionKeys), counter: this.#counter };
  }

  restore({ keys, counter }: { readonly keys: SessionKeys; readonly counter: bigint }): void {
    this.#keys = copyOf(keys);
    this.#counter = counter;
  }

  #begin(
    { offer, withParameters = true, chat, resume = false, password: name = 'CAN' }: PaceRequest,
    used: Uint8Array,
  ): PaceTerminal {
    const { mapping, cipher, parameterId } = offer ?? (this.channel.offers[0] as ChosenPace);
    this.#pace = new PaceTerminal({
      crypto,
      random: systemRandom,
      mapping,
      cipher,
      parameterId,
      sendParameterId: withParameters,
      reference: PASSWORD[name],
      password: used,
      resume,
      ...(chat !== undefined && { chat }),
      onKeys: (keys) => {
        this.#keys = copyOf(keys);
      },
    });
    return this.#pace;
  }

  #opened(machine: PaceTerminal): void {
    machine.takeSession().close();
    this.chipEphemeralKey = machine.chipEphemeralKey;
    this.certificationAuthorities = machine.certificationAuthorities;
    this.#counter = 0n;
  }

  #step({
    words,
    role,
    inside,
    make,
    wrong = {},
    expect,
    take,
  }: {
    readonly words: string;
    readonly role: StepRole;
    readonly inside: boolean;
    readonly make: () => Uint8Array | null;
    readonly wrong?: Misbehaviour;
    readonly expect: Expectation;
    readonly take?: (response: Uint8Array) => void;
  }): TerminalStep {
    let odd = false;
    // The keys that made the command open its answer, whatever the answer brings.
    return {
      kind: 'terminal',
      role,
      words,
      make: () => {
        const plain = make();
        if (plain === null || !inside) return plain;
        odd = ((plain[1] as number) & 1) !== 0;
        return this.#seal(plain, wrong);
      },
      ...(inside && { open: (response: Uint8Array) => this.#open(response, odd) }),
      expect,
      ...(take !== undefined && { take }),
    };
  }

  #seal(plain: Uint8Array, wrong: Misbehaviour): Uint8Array {
    const command = new CommandApdu();
    command.parse(plain, 0, plain.length);
    const keys = this.#keys ?? NO_KEYS;
    this.#counter += BigInt(wrong.raise ?? 1);
    this.#last = seal(crypto, keys, counterBytes(this.#counter), command, wrong);
    return this.#last;
  }

  #open(response: Uint8Array, odd: boolean): Uint8Array {
    const keys = this.#keys;
    if (keys === null) throw new ChannelError('exhausted', 'there is no channel');
    const session = new SecureSession(crypto, copyOf(keys));
    session.counter.set(counterBytes(this.#counter));
    const { data, status } = unprotectResponse(session, response, { odd });
    session.close();
    this.#counter++;
    return encodeResponse(data, status);
  }
}

/** MSE:Set AT of PACE with these objects, whatever they are. */
export function selectPace(template: Parameters<typeof manageSecurityEnvironment>[1]): Uint8Array {
  return manageSecurityEnvironment(0xc1a4, template);
}

/** Keys that a terminal without a channel makes up. */
const NO_KEYS: SessionKeys = { cipher: 'AES-128', enc: new Uint8Array(16), mac: new Uint8Array(16) };

function otherCode(code: Uint8Array): Uint8Array {
  const other = Uint8Array.from(code);
  other[0] = (other[0] as number) ^ 0x01;
  return other;
}

function copyOf({ cipher, enc, mac }: SessionKeys): SessionKeys {
  return { cipher, enc: Uint8Array.from(enc), mac: Uint8Array.from(mac) };
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex.replace(/\s+/g, ''));
}

function counterBytes(counter: bigint): Uint8Array {
  return fromHex(counter.toString(16).padStart(32, '0').toUpperCase());
}
