/**
 * The data of MANAGE SECURITY ENVIRONMENT: Set AT and Set DST (BSI TR-03110-3 B.14.1 and B.14.4).
 *
 * | P1-P2 | for |
 * |---|---|
 * | C1A4 | PACE |
 * | 81A4 | terminal authentication |
 * | 41A4 | chip authentication |
 * | 81B6 | the key that checks the next certificate |
 */
import { encodeCommand, INS, TlvError, TlvReader, TlvWriter } from '../apdu/index.ts';

export const SET_AT_PACE = 0xc1a4;
export const SET_AT_TERMINAL_AUTHENTICATION = 0x81a4;
export const SET_AT_CHIP_AUTHENTICATION = 0x41a4;
export const SET_DST_VERIFICATION = 0x81b6;

const TAG = {
  PROTOCOL: 0x80,
  PUBLIC_KEY_REFERENCE: 0x83,
  PRIVATE_KEY_REFERENCE: 0x84,
  AUXILIARY_DATA: 0x67,
  EPHEMERAL_KEY: 0x91,
  CHAT: 0x7f4c,
  EXTENSIONS: 0x65,
} as const;

/** Each object at most once; absent ones are undefined. Values are views of what was parsed. */
export interface AuthenticationTemplate {
  /** 80: object identifier of the protocol, without tag and length. */
  readonly protocol?: Uint8Array;
  /** 83: the password of PACE, one byte; the name of a public key. */
  readonly publicKeyReference?: Uint8Array;
  /** 84: number of PACE's domain parameters; of the chip's private key. */
  readonly privateKeyReference?: Uint8Array;
  /** 7F4C: value of the certificate holder authorization template. */
  readonly chat?: Uint8Array;
  /** 65: certificate extensions. */
  readonly extensions?: Uint8Array;
  /** 67: value of the auxiliary data. */
  readonly auxiliaryData?: Uint8Array;
  /** 91: the terminal's compressed ephemeral key. */
  readonly ephemeralKey?: Uint8Array;
}

const FIELDS: ReadonlyMap<number, keyof AuthenticationTemplate> = new Map([
  [TAG.PROTOCOL, 'protocol'],
  [TAG.PUBLIC_KEY_REFERENCE, 'publicKeyReference'],
  [TAG.PRIVATE_KEY_REFERENCE, 'privateKeyReference'],
  [TAG.AUXILIARY_DATA, 'auxiliaryData'],
  [TAG.EPHEMERAL_KEY, 'ephemeralKey'],
  [TAG.CHAT, 'chat'],
  [TAG.EXTENSIONS, 'extensions'],
]);

/**
 * The objects in any order, as the chip takes them.
 * @returns null when they are malformed, doubled or of another tag: 6A80
 */
export function readAuthenticationTemplate(data: Uint8Array): AuthenticationTemplate | null {
  const template: { -readonly [field in keyof AuthenticationTemplate]: Uint8Array } = {};
  try {
    const reader = new TlvReader(data);
    while (reader.next()) {
      const field = FIELDS.get(reader.tag);
      if (field === undefined || template[field] !== undefined) return null;
      template[field] = reader.value();
    }
    return template;
  } catch (error) {
    if (error instanceof TlvError) return null;
    throw error;
  }
}

/** The command, its objects in the order of the standard's table, without Le. */
export function manageSecurityEnvironment(p1p2: number, template: AuthenticationTemplate): Uint8Array {
  let length = 0;
  for (const value of Object.values(template) as Uint8Array[]) length += value.length + 6;
  const writer = new TlvWriter(length);
  for (const [tag, field] of FIELDS) {
    const value = template[field];
    if (value !== undefined) writer.primitive(tag, value);
  }
  return encodeCommand({
    cla: 0x00,
    ins: INS.MANAGE_SECURITY_ENVIRONMENT,
    p1: p1p2 >> 8,
    p2: p1p2 & 0xff,
    data: writer.finish(),
  });
}

/** A reference of one byte, or null. */
export function singleByte(reference: Uint8Array | undefined): number | null {
  return reference !== undefined && reference.length === 1 ? (reference[0] as number) : null;
}
