import type { PasswordId } from './plan.ts';
import type { CardInterface } from './rule.ts';

/** What happens to a card, one thing after the other. */
export type Step =
  | {
      readonly do: 'command';
      readonly cardInterface: CardInterface;
      readonly channel: number;
      readonly command: Command;
      /** Whether it goes through the secure channel; `none` when absent. */
      readonly protection?: Protection;
    }
  | { readonly do: 'reset' | 'power-on' | 'field-off' | 'deselect'; readonly cardInterface: CardInterface }
  /** The phone restarts: every interface at once. Or power is lost, and the card boots from its memory. */
  | { readonly do: 'restart' | 'reboot' }
  | { readonly do: 'wait'; readonly seconds: number };

/** Current EF (null), one by its short identifier, or the current EF again by the short identifier 0. */
type Where = { readonly sfi: number | null };

/** In clear; through the session of the last PACE; the same with one bit of the MAC wrong. */
export type Protection = 'none' | 'right' | 'tampered';

export type Command =
  | { readonly is: 'select-name'; readonly name: string; readonly occurrence: number; readonly answer: number }
  | {
      readonly is: 'select';
      readonly how: 'any' | 'child-df' | 'child-ef';
      readonly fid: number;
      readonly answer: number;
    }
  | { readonly is: 'select-parent'; readonly answer: number }
  | {
      readonly is: 'select-path';
      readonly from: 'mf' | 'df';
      readonly path: readonly number[];
      readonly answer: number;
    }
  | ({ readonly is: 'read-binary'; readonly offset: number; readonly ne: number } & Where)
  | ({ readonly is: 'read-record'; readonly p1: number; readonly mode: number; readonly ne: number } & Where)
  | ({ readonly is: 'update-binary'; readonly offset: number; readonly data: readonly number[] } & Where)
  | ({
      readonly is: 'update-record';
      readonly p1: number;
      readonly mode: number;
      readonly data: readonly number[];
    } & Where)
  | ({ readonly is: 'append-record'; readonly data: readonly number[] } & Where)
  | ({ readonly is: 'erase-record'; readonly p1: number } & Where)
  /** Acts on the current EF, or else the current DF. */
  | { readonly is: 'deactivate' | 'activate' }
  /** In the interindustry class, or in a proprietary one. */
  | { readonly is: 'get-response'; readonly ne: number; readonly cla?: number }
  /** A command of a proprietary class on channel 0 to 3, which is in its two low bits. */
  | { readonly is: 'proprietary'; readonly cla: number; readonly ins: number }
  | {
      readonly is: 'verify';
      readonly reference: number;
      readonly code: string;
      readonly chained: boolean;
      /** Le, where the client appends one. */
      readonly ne?: number;
    }
  | { readonly is: 'query' | 'forget'; readonly reference: number; readonly ne?: number }
  | { readonly is: 'change'; readonly reference: number; readonly old: string; readonly fresh: string }
  | { readonly is: 'change-verified'; readonly reference: number; readonly fresh: string }
  | { readonly is: 'unblock'; readonly reference: number; readonly puk: string; readonly fresh: string | null }
  | { readonly is: 'unblock-verified'; readonly reference: number; readonly fresh: string | null }
  | { readonly is: 'require'; readonly reference: number; readonly required: boolean; readonly code: string | null }
  | { readonly is: 'open-channel' | 'close-channel'; readonly number: number }
  /** A whole PACE, or the first `stop` commands of it. Inside a secure channel each of them is protected. */
  | { readonly is: 'pace'; readonly password: PasswordId; readonly value: string; readonly stop: number | null }
  /** MSE:Set AT of four bytes. */
  | { readonly is: 'leave' }
  | { readonly is: 'challenge'; readonly ne: number }
  /** The answer to the card's challenge, right or wrong. */
  | { readonly is: 'external'; readonly key: number; readonly mac: readonly number[] }
  | { readonly is: 'external-query'; readonly key: number };

const ASK = 256;

/** The channel that a command is for: two bits of it in a proprietary class. */
export function channelOf(command: Command, channel: number): number {
  return 'cla' in command && command.cla !== undefined ? channel & 0x03 : channel;
}

/** The command APDUs of a command: one, or two in a chain. Encoded here by hand: the card's own encoder is not asked. */
export function encode(command: Command, channel: number): Uint8Array[] {
  const apdu = (
    ins: number,
    p1: number,
    p2: number,
    data: readonly number[] = [],
    ne = 0,
    chained = false,
  ): Uint8Array => {
    const cla = (channel < 4 ? channel : 0x40 | (channel - 4)) | (chained ? 0x10 : 0);
    const lc = data.length > 0 ? [data.length] : [];
    const le = ne > 0 ? [ne === ASK ? 0 : ne] : [];
    return Uint8Array.of(cla, ins, p1, p2, ...lc, ...data, ...le);
  };
  const p2Of = ({ sfi }: Where, mode: number): number => ((sfi ?? 0) << 3) | mode;
  const offset = ({ sfi }: Where, at: number): [number, number] =>
    sfi === null ? [at >> 8, at & 0xff] : [0x80 | sfi, at];
  // b4b3 of P2: 3 wants no data back, the others a template.
  const select = (p1: number, data: readonly number[], answer: number, occurrence = 0): Uint8Array =>
    apdu(0xa4, p1, (answer << 2) | occurrence, data, answer === 3 ? 0 : ASK);
  switch (command.is) {
    case 'select-name':
      return [select(0x04, hexBytes(command.name), command.answer, command.occurrence)];
    case 'select':
      return [select({ any: 0, 'child-df': 1, 'child-ef': 2 }[command.how], fidBytes(command.fid), command.answer)];
    case 'select-parent':
      return [select(0x03, [], command.answer)];
    case 'select-path':
      return [select(command.from === 'mf' ? 0x08 : 0x09, command.path.flatMap(fidBytes), command.answer)];
    case 'read-binary':
      return [apdu(0xb0, ...offset(command, command.offset), [], command.ne)];
    case 'read-record':
      return [apdu(0xb2, command.p1, p2Of(command, command.mode), [], command.ne)];
    case 'update-binary':
      return [apdu(0xd6, ...offset(command, command.offset), command.data)];
    case 'update-record':
      return [apdu(0xdc, command.p1, p2Of(command, command.mode), command.data)];
    case 'append-record':
      return [apdu(0xe2, 0, p2Of(command, 0), command.data)];
    case 'erase-record':
      return [apdu(0x0c, command.p1, p2Of(command, 4))];
    case 'deactivate':
      return [apdu(0x04, 0, 0)];
    case 'activate':
      return [apdu(0x44, 0, 0)];
    case 'get-response':
      return command.cla === undefined
        ? [apdu(0xc0, 0, 0, [], command.ne)]
        : [Uint8Array.of(command.cla | (channel & 0x03), 0xc0, 0, 0, command.ne === ASK ? 0 : command.ne)];
    case 'proprietary':
      return [Uint8Array.of(command.cla | (channel & 0x03), command.ins, 0, 0, 0)];
    case 'verify': {
      const data = digits(command.code);
      if (!command.chained || data.length < 2) return [apdu(0x20, 0, command.reference, data, command.ne)];
      return [
        apdu(0x20, 0, command.reference, data.slice(0, 1), 0, true),
        apdu(0x20, 0, command.reference, data.slice(1), command.ne),
      ];
    }
    case 'query':
      return [apdu(0x20, 0, command.reference, [], command.ne)];
    case 'forget':
      return [apdu(0x20, 0xff, command.reference, [], command.ne)];
    case 'change':
      return [apdu(0x24, 0, command.reference, digits(command.old + command.fresh))];
    case 'change-verified':
      return [apdu(0x24, 1, command.reference, digits(command.fresh))];
    case 'unblock':
      return [
        apdu(0x2c, command.fresh === null ? 1 : 0, command.reference, digits(command.puk + (command.fresh ?? ''))),
      ];
    case 'unblock-verified':
      return [apdu(0x2c, command.fresh === null ? 3 : 2, command.reference, digits(command.fresh ?? ''))];
    case 'require':
      return [
        apdu(
          command.required ? 0x28 : 0x26,
          command.code === null ? 1 : 0,
          command.reference,
          digits(command.code ?? ''),
        ),
      ];
    case 'challenge':
      return [apdu(0x84, 0, 0, [], command.ne)];
    case 'external':
      return [apdu(0x82, 0, command.key, command.mac)];
    case 'external-query':
      return [apdu(0x82, 0, command.key)];
    case 'open-channel':
      return [apdu(0x70, 0x00, command.number, [], command.number === 0 ? 1 : 0)];
    case 'close-channel':
      return [apdu(0x70, 0x80, command.number)];
    case 'pace': {
      // What follows depends on the card's answers.
      const reference = { CAN: 2, PIN: 3, PUK: 4 }[command.password];
      const protocol = [0x80, 0x0a, ...hexBytes('04007F00070202040202'), 0x83, 0x01, reference];
      return [apdu(0x22, 0xc1, 0xa4, protocol), apdu(0x86, 0, 0, [0x7c, 0x00], ASK, true)];
    }
    case 'leave':
      return [apdu(0x22, 0xc1, 0xa4)];
  }
}

function digits(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0));
}

function fidBytes(fid: number): number[] {
  return [fid >> 8, fid & 0xff];
}

export function hexBytes(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}
