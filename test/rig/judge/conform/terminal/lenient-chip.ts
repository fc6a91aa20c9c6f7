import { fromHex, toHex } from '../../../../../src/apdu/index.ts';
import type { SecureSession } from '../../../../../src/secure-channel/index.ts';
import { SmallChip } from './small-chip.ts';

/** A data object of a protected command. */
interface DataObject {
  readonly tag: number;
  readonly value: Uint8Array;
}

/** What a lenient card makes of the objects of a command before it checks them; null: as they are. */
export type Leniency = (objects: DataObject[], rightMac: (objects: DataObject[]) => Uint8Array) => DataObject[] | null;

/**
 * A small chip that overlooks one fault: it mends the command and then takes it for right. It has the keys, so that the
 * MAC can be mended too.
 */
export class LenientChip extends SmallChip {
  readonly leniency: Leniency;

  constructor(leniency: Leniency, seed: string) {
    super(undefined, seed);
    this.leniency = leniency;
  }

  override exchange(bytes: Uint8Array): Uint8Array {
    const session = this.session;
    if (session === null || (bytes[0] as number) % 16 < 0x0c) return super.exchange(bytes);
    const objects = parsed(bytes.subarray(5, 5 + (bytes[4] as number)));
    if (objects === null) return super.exchange(bytes);
    const mended = this.leniency(objects, (own) => macOf(session, bytes.subarray(0, 4), own));
    if (mended === null) return super.exchange(bytes);
    const data = mended.flatMap(encoded);
    return super.exchange(Uint8Array.of(...bytes.subarray(0, 4), data.length, ...data, 0x00));
  }
}

export const MAC = 0x8e;
export const withMac = (objects: readonly DataObject[], mac: Uint8Array): DataObject[] => [
  ...objects.filter(({ tag }) => tag !== MAC),
  { tag: MAC, value: mac },
];

function parsed(data: Uint8Array): DataObject[] | null {
  const objects: DataObject[] = [];
  for (let at = 0; at < data.length; ) {
    const tag = data[at] as number;
    const length = data[at + 1] ?? 0xff;
    if (length > 0x7f || at + 2 + length > data.length) return null;
    objects.push({ tag, value: data.subarray(at + 2, at + 2 + length) });
    at += 2 + length;
  }
  return objects;
}

function encoded({ tag, value }: DataObject): number[] {
  return [tag, value.length, ...value];
}

/** The MAC that the card would compute over the header and these objects. The session is left as it was. */
export function macOf(session: SecureSession, header: Uint8Array, objects: readonly DataObject[]): Uint8Array {
  const before = Uint8Array.from(session.counter);
  const data = Uint8Array.from(objects.filter(({ tag }) => tag !== MAC).flatMap(encoded));
  session.begin();
  session.authenticate(header, 0, 4);
  session.padAuthenticated();
  session.authenticate(data, 0, data.length);
  session.padAuthenticated();
  const mac = new Uint8Array(8);
  session.checksum(mac, 0);
  session.counter.set(before);
  return mac;
}

/** A small chip whose counter may run ahead: it looks for the one that a command was made with. */
export class CountingChip extends SmallChip {
  readonly from: number;
  readonly to: number;

  constructor(from: number, to: number, seed: string) {
    super(undefined, seed);
    this.from = from;
    this.to = to;
  }

  override exchange(bytes: Uint8Array): Uint8Array {
    const session = this.session;
    const objects =
      session === null || (bytes[0] as number) !== 0x0c ? null : parsed(bytes.subarray(5, 5 + (bytes[4] as number)));
    if (session === null || objects === null) return super.exchange(bytes);
    const before = BigInt(`0x${toHex(session.counter)}`);
    const sent = toHex(objects.find(({ tag }) => tag === MAC)?.value ?? new Uint8Array(0));
    for (let step = this.from; step <= this.to; step++) {
      if (before + BigInt(step) < 0n) continue;
      session.counter.set(fromHex((before + BigInt(step)).toString(16).toUpperCase().padStart(32, '0')));
      if (toHex(macOf(session, bytes.subarray(0, 4), objects)) === sent) return super.exchange(bytes);
    }
    session.counter.set(fromHex(before.toString(16).toUpperCase().padStart(32, '0')));
    return super.exchange(bytes);
  }
}
