import { CommandApdu } from '../../../src/apdu/command.ts';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { INS } from '../../../src/apdu/instruction.ts';
import {
  type AuthenticationTemplate,
  readAuthenticationTemplate,
  SET_AT_CHIP_AUTHENTICATION,
  SET_AT_PACE,
  SET_AT_TERMINAL_AUTHENTICATION,
  SET_DST_VERIFICATION,
} from '../../../src/secure-channel/index.ts';
import { type TlvNode, tlvTree } from '../../trace/tlv-tree.ts';
import { hexOf } from './hex-template.ts';

/** What an exchange is for the protocols that open a channel, whose values are never the same twice. */
export type ChannelStep =
  /** MSE:Set AT C1A4. `authorities`: names of trust points that the card told at the end of the run. */
  | { readonly kind: 'pace'; readonly template: AuthenticationTemplate; authorities: readonly Uint8Array[] }
  | { readonly kind: 'pace-step' }
  | { readonly kind: 'certificate-issuer' | 'certificate' | 'terminal' | 'challenge' | 'terminal-signature' }
  | { readonly kind: 'chip' | 'chip-step' };

/** A recorded exchange as it is compared: `XX` where both sides have fresh values. */
export interface OpeningExchange {
  readonly step: ChannelStep | null;
  readonly command: string;
  readonly answer: string;
}

const VERIFY_SELF_DESCRIPTIVE_CERTIFICATE = 0x00be;
const DYNAMIC_AUTHENTICATION_DATA = '7C';
/** Of the terminal: chip authentication's key; PACE's mapping data, key and token. */
const FRESH_IN_COMMAND: ReadonlySet<string> = new Set(['80', '81', '83', '85']);
/** Of the chip: PACE's nonce, mapping data, key, token, chip authentication data; chip authentication's nonce and token. */
const FRESH_IN_ANSWER: ReadonlySet<string> = new Set(['80', '81', '82', '84', '86', '8A']);
const CHIPS_TOKEN = '86';
/** Names of the card's trust points, after its token. */
const AUTHORITIES: ReadonlySet<string> = new Set(['87', '88']);
const TERMINALS_COMPRESSED_KEY: ReadonlySet<string> = new Set(['91']);
/** Identifiers of the files that say what security the card has, and P1 of READ BINARY with their short ones. */
const EF_CARD_ACCESS = { fid: '011C', p1: 0x9c } as const;
const EF_CARD_SECURITY = { fid: '011D', p1: 0x9d } as const;

/** Tells the steps of PACE, terminal and chip authentication in a recorded conversation, exchange by exchange. */
export class ChannelSteps {
  readonly #view = new CommandApdu();
  #pace: Extract<ChannelStep, { kind: 'pace' }> | null = null;
  /** What GENERAL AUTHENTICATE belongs to. */
  #running: 'pace' | 'chip' | null = null;
  #terminal = false;
  /** The file that READ BINARY goes on in, where it is one of the two. */
  #reading: number[] | null = null;
  readonly #cardAccess: number[] = [];
  readonly #cardSecurity: number[] = [];

  /** EF.CardAccess as far as it was read in clear, from its first byte; empty: not at all. */
  get cardAccess(): Uint8Array {
    return Uint8Array.from(this.#cardAccess);
  }

  /** EF.CardSecurity, likewise, as far as it was read inside a channel. */
  get cardSecurity(): Uint8Array {
    return Uint8Array.from(this.#cardSecurity);
  }

  reset(): void {
    this.#running = null;
    this.#terminal = false;
    this.#reading = null;
  }

  /** @param isProtected whether the command came through a channel */
  next(command: Uint8Array, answer: Uint8Array, isProtected: boolean): OpeningExchange {
    const recorded = { step: null, command: hexOf(command), answer: hexOf(answer) };
    const view = this.#view;
    if (!view.parse(command, 0, command.length) || view.encoding === 'malformed') return recorded;
    this.#keepRead(view, answer, isProtected);
    const parameters = (view.p1 << 8) | view.p2;
    switch (view.ins) {
      case INS.MANAGE_SECURITY_ENVIRONMENT:
        return this.#select(parameters, command, recorded, isProtected);
      case INS.GENERAL_AUTHENTICATE:
        return this.#authenticate(command, answer);
      case INS.PERFORM_SECURITY_OPERATION:
        if (!isProtected || parameters !== VERIFY_SELF_DESCRIPTIVE_CERTIFICATE) return recorded;
        return { ...recorded, step: { kind: 'certificate' } };
      case INS.GET_CHALLENGE:
        if (!isProtected || !this.#terminal) return recorded;
        return { ...recorded, step: { kind: 'challenge' }, answer: masked(answer, [[0, answer.length - 2]]) };
      case INS.EXTERNAL_AUTHENTICATE:
        if (!isProtected || !this.#terminal) return recorded;
        this.#terminal = false;
        return {
          ...recorded,
          step: { kind: 'terminal-signature' },
          command: masked(command, [[view.dataOffset, view.nc]]),
        };
      default:
        return recorded;
    }
  }

  #select(parameters: number, command: Uint8Array, recorded: OpeningExchange, isProtected: boolean): OpeningExchange {
    const { dataOffset, nc } = this.#view;
    const data = copyBytes(command, dataOffset, dataOffset + nc);
    const template = readAuthenticationTemplate(data);
    if (template === null) return recorded;
    if (parameters === SET_AT_PACE) {
      this.#running = 'pace';
      this.#pace = { kind: 'pace', template, authorities: [] };
      return { ...recorded, step: this.#pace };
    }
    if (!isProtected) return recorded;
    switch (parameters) {
      case SET_DST_VERIFICATION:
        return { ...recorded, step: { kind: 'certificate-issuer' } };
      case SET_AT_TERMINAL_AUTHENTICATION: {
        this.#terminal = true;
        const fresh = spansOf(tlvTree(data).nodes, TERMINALS_COMPRESSED_KEY, dataOffset);
        return { ...recorded, step: { kind: 'terminal' }, command: masked(command, fresh) };
      }
      case SET_AT_CHIP_AUTHENTICATION:
        this.#running = 'chip';
        return { ...recorded, step: { kind: 'chip' } };
      default:
        return recorded;
    }
  }

  #authenticate(command: Uint8Array, answer: Uint8Array): OpeningExchange {
    if (this.#running === null) return { step: null, command: hexOf(command), answer: hexOf(answer) };
    const { dataOffset, nc } = this.#view;
    const objectsIn = (bytes: Uint8Array): readonly TlvNode[] =>
      tlvTree(bytes)
        .nodes.filter(({ tag }) => tag === DYNAMIC_AUTHENTICATION_DATA)
        .flatMap(({ children }) => children);
    const told = objectsIn(answer.subarray(0, -2));
    if (this.#running === 'pace' && this.#pace !== null && told.some(({ tag }) => tag === CHIPS_TOKEN)) {
      this.#pace.authorities = told
        .filter(({ tag }) => AUTHORITIES.has(tag))
        .map(({ valueOffset, length }) => copyBytes(answer, valueOffset, valueOffset + length));
    }
    const sent = objectsIn(command.subarray(dataOffset, dataOffset + nc));
    return {
      step: { kind: this.#running === 'pace' ? 'pace-step' : 'chip-step' },
      command: masked(command, spansOf(sent, FRESH_IN_COMMAND, dataOffset)),
      answer: masked(answer, spansOf(told, FRESH_IN_ANSWER, 0)),
    };
  }

  /** A terminal reads EF.CardAccess before there is a channel, and EF.CardSecurity inside it. */
  #keepRead({ ins, p1, p2, bytes, dataOffset, nc }: CommandApdu, answer: Uint8Array, isProtected: boolean): void {
    const file = isProtected ? EF_CARD_SECURITY : EF_CARD_ACCESS;
    const content = isProtected ? this.#cardSecurity : this.#cardAccess;
    if (ins === INS.SELECT) {
      this.#reading = hexOf(bytes.subarray(dataOffset, dataOffset + nc)) === file.fid ? content : null;
    }
    if (ins !== INS.READ_BINARY) return;
    if (p1 >= 0x80) this.#reading = p1 === file.p1 ? content : null;
    const at = p1 >= 0x80 ? p2 : (p1 << 8) | p2;
    if (this.#reading !== content || at > content.length) return;
    answer.subarray(0, -2).forEach((byte, i) => {
      content[at + i] = byte;
    });
  }
}

type Span = readonly [offset: number, length: number];

function spansOf(nodes: readonly TlvNode[], tags: ReadonlySet<string>, shift: number): Span[] {
  return nodes.filter(({ tag }) => tags.has(tag)).map(({ valueOffset, length }): Span => [shift + valueOffset, length]);
}

function masked(bytes: Uint8Array, spans: readonly Span[]): string {
  let hex = hexOf(bytes);
  for (const [offset, length] of spans) {
    hex = hex.slice(0, 2 * offset) + 'XX'.repeat(length) + hex.slice(2 * (offset + length));
  }
  return hex;
}
