import type { CommandApdu } from '../../../../src/apdu/command.ts';
import { encodeCommand } from '../../../../src/apdu/index.ts';
import type { Crypto } from '../../../../src/hal/crypto.ts';
import { protectedClass, type SessionKeys } from '../../../../src/secure-channel/index.ts';

/*
 * Secure messaging that can be got wrong on purpose: one thing at a time, and everything else right, the MAC above all.
 * It is written apart from that of src/secure-channel, which makes right commands only.
 */

/** A data object of a protected command. */
export interface DataObject {
  readonly tag: number;
  readonly value: Uint8Array;
  /** The length field as it is written; absent: as it should be. */
  readonly length?: Uint8Array;
}

/** What is wrong with a protected command. */
export interface Misbehaviour {
  /** How far the counter is raised; 1 is right. */
  readonly raise?: number;
  /** Padding of the data before they are encrypted; absent: 80 and zeros. */
  readonly padding?: 'zeros' | 'nothing';
  /** In front of the cryptogram; absent: 01, and nothing with an odd instruction. */
  readonly indicator?: readonly number[];
  /** The cryptogram. */
  readonly cryptogram?: (bytes: Uint8Array) => Uint8Array;
  /** The objects that the MAC is made over. */
  readonly objects?: (objects: readonly DataObject[]) => readonly DataObject[];
  /** What the MAC is made over, otherwise right: the header of another command, no counter, no header. */
  readonly authenticated?: { readonly header?: Uint8Array; readonly without?: 'counter' | 'header' | 'padding' };
  /** The MAC itself; all 16 bytes of it are given. */
  readonly mac?: (mac: Uint8Array) => Uint8Array;
  /** Keys of somebody else. */
  readonly keys?: Pick<SessionKeys, 'enc' | 'mac'>;
  /** The objects with their MAC in the end. */
  readonly sent?: (objects: readonly DataObject[]) => readonly DataObject[];
  /** The command as it goes over the wire. */
  readonly apdu?: (bytes: Uint8Array) => Uint8Array;
}

export const DO = { cryptogram: 0x87, cryptogramOdd: 0x85, le: 0x97, mac: 0x8e } as const;
const BLOCK = 16;
const MAC_LENGTH = 8;

/** A right protected command, but for the one thing. @param counter raised already */
export function seal(
  crypto: Crypto,
  keys: Pick<SessionKeys, 'enc' | 'mac'>,
  counter: Uint8Array,
  command: CommandApdu,
  wrong: Misbehaviour,
): Uint8Array {
  const { ins, p1, p2 } = command;
  const cla = protectedClass(command.cla);
  const { enc, mac: macKey } = wrong.keys ?? keys;
  const odd = (ins & 1) !== 0;
  const plain = command.bytes.subarray(command.dataOffset, command.dataOffset + command.nc);
  let objects: readonly DataObject[] = [];
  if (plain.length > 0) {
    const iv = Uint8Array.from(counter);
    crypto.blockCipher(enc).encryptBlock(iv, 0);
    const sealed = crypto.aesCbcEncrypt(enc, iv, padded(plain, wrong.padding));
    const value = Uint8Array.of(
      ...(wrong.indicator ?? (odd ? [] : [1])),
      ...(wrong.cryptogram === undefined ? sealed : wrong.cryptogram(sealed)),
    );
    objects = [{ tag: odd ? DO.cryptogramOdd : DO.cryptogram, value }];
  }
  if (command.ne > 0) {
    const value = command.extended
      ? Uint8Array.of((command.ne >> 8) & 0xff, command.ne & 0xff)
      : Uint8Array.of(command.ne & 0xff);
    objects = [...objects, { tag: DO.le, value }];
  }
  objects = wrong.objects?.(objects) ?? objects;
  const header = wrong.authenticated?.header ?? Uint8Array.of(cla, ins, p1, p2);
  const without = wrong.authenticated?.without;
  const body = concat(objects.map(encoded));
  const whole = crypto.cmac(
    macKey,
    concat([
      without === 'counter' ? NOTHING : counter,
      without === 'header' ? NOTHING : padded(header),
      body.length === 0 || without === 'padding' ? body : padded(body),
    ]),
  );
  const mac = wrong.mac?.(whole) ?? whole.subarray(0, MAC_LENGTH);
  const withMac: readonly DataObject[] = [...objects, { tag: DO.mac, value: mac }];
  const data = concat((wrong.sent?.(withMac) ?? withMac).map(encoded));
  const extended = command.extended || data.length > 255;
  const bytes = encodeCommand({ cla, ins, p1, p2, data, ne: extended ? 65_536 : 256, extended });
  return wrong.apdu?.(bytes) ?? bytes;
}

const NOTHING = new Uint8Array(0);

function padded(bytes: Uint8Array, how?: Misbehaviour['padding']): Uint8Array {
  if (how === 'nothing') return bytes;
  const result = new Uint8Array(bytes.length + BLOCK - (bytes.length % BLOCK));
  result.set(bytes);
  if (how !== 'zeros') result[bytes.length] = 0x80;
  return result;
}

function encoded({ tag, value, length }: DataObject): Uint8Array {
  return concat([Uint8Array.of(tag), length ?? lengthOf(value.length), value]);
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  return length < 0x100 ? Uint8Array.of(0x81, length) : Uint8Array.of(0x82, length >> 8, length & 0xff);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
