import { CommandApdu } from '../../src/apdu/command.ts';
import type { LinkedCard } from '../../src/hal/card-link.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import {
  ChannelError,
  encodePassword,
  PASSWORD,
  PaceTerminal,
  protectCommand,
  SecureSession,
  unprotectResponse,
} from '../../src/secure-channel/index.ts';
import { quickGroup } from './quick-group.ts';
import { type Command, encode, type Protection } from './step.ts';

export interface Answered {
  readonly sw: number;
  readonly data: number[];
}

const crypto = quickGroup();

/** The reader at one interface: sends commands, opens channels, and keeps the session of the last one. */
export class Terminal {
  readonly #port: () => LinkedCard;
  #session: SecureSession | null = null;
  #channel = 0;
  #runs = 0;

  constructor(port: () => LinkedCard) {
    this.#port = port;
  }

  /** All APDUs of a command; what the last one was answered. */
  send(command: Command, channel: number, protection: Protection): Answered {
    if (command.is === 'pace') return this.#pace(command, channel, protection);
    let answered: Answered = { sw: 0, data: [] };
    for (const apdu of encode(command, channel)) answered = this.#transmit(apdu, channel, protection);
    return answered;
  }

  #transmit(apdu: Uint8Array, channel: number, protection: Protection): Answered {
    if (protection === 'none') return this.#exchange(apdu);
    // Without a session, or on another channel than its own, it has keys that no card has.
    const session = this.#session !== null && channel === this.#channel ? this.#session : strangersSession();
    const plain = new CommandApdu();
    plain.parse(apdu, 0, apdu.length);
    const command = protectCommand(session, plain);
    // The MAC is the last of the objects, before Le.
    if (protection === 'tampered') command[command.length - 2] = (command[command.length - 2] as number) ^ 0x01;
    let { sw, data } = this.#exchange(command);
    while (sw >> 8 === 0x61) {
      const more = this.#exchange(Uint8Array.of(channel < 4 ? channel : 0x40 | (channel - 4), 0xc0, 0, 0, 0));
      sw = more.sw;
      data = [...data, ...more.data];
    }
    if (data.length === 0) return { sw, data };
    const answer = Uint8Array.of(...data, sw >> 8, sw & 0xff);
    const opened = unprotectResponse(session, answer, { odd: (plain.ins & 1) !== 0 });
    return { sw: opened.status, data: [...opened.data] };
  }

  #exchange(apdu: Uint8Array): Answered {
    const port = this.#port();
    const length = port.process(apdu, 0, apdu.length);
    const sw = ((port.response[length - 2] as number) << 8) | (port.response[length - 1] as number);
    return { sw, data: [...port.response.subarray(0, length - 2)] };
  }

  /** @returns the last status word, without the data: they are the protocol's */
  #pace(command: Extract<Command, { is: 'pace' }>, channel: number, protection: Protection): Answered {
    const { password, value, stop } = command;
    const terminal = new PaceTerminal({
      crypto,
      random: new SeededRandom(`terminal ${this.#runs++}`),
      mapping: 'GM',
      cipher: 'AES-128',
      parameterId: 13,
      reference: PASSWORD[password],
      password: encodePassword(value),
      resume: true,
    });
    terminal.start();
    const [select, first] = encode(command, channel) as [Uint8Array, Uint8Array];
    let next: Uint8Array | null = select;
    let sw = 0;
    for (let sent = 0; next !== null && (stop === null || sent < stop); sent++) {
      const answered = this.#transmit(next, channel, protection);
      sw = answered.sw;
      try {
        next = terminal.next(Uint8Array.of(...answered.data, sw >> 8, sw & 0xff));
      } catch (error) {
        if (!(error instanceof ChannelError)) throw error;
        return { sw, data: [] };
      }
      if (sent === 0) next = first;
      else if (next !== null) next[0] = (next[0] as number) | (channel < 4 ? channel : 0x40 | (channel - 4));
    }
    if (next === null) {
      this.#session = terminal.takeSession();
      this.#channel = channel;
    }
    terminal.close();
    return { sw, data: [] };
  }
}

function strangersSession(): SecureSession {
  return new SecureSession(crypto, { cipher: 'AES-128', enc: new Uint8Array(16), mac: new Uint8Array(16).fill(1) });
}
