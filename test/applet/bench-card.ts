import { fromHex, toHex } from '../../src/apdu/hex.ts';
import type { Applet } from '../../src/applet/applet.ts';
import { Card } from '../../src/applet/card.ts';
import type { CardPort } from '../../src/applet/card-port.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import type {
  AccessRules,
  AccessVector,
  CardSpecification,
  FileSpecification,
  PinSpecification,
} from '../../src/applet/image/specification.ts';
import type { CardInterface, LinkLimits } from '../../src/hal/card-link.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { VirtualClock } from '../../src/hal/virtual/clock.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';

/** A small card with one of everything, for tests of the core. Its content is in {@link benchSpecification}. */
export interface BenchCard {
  readonly card: Card;
  readonly port: CardPort;
  readonly nvm: MemoryNvm;
  readonly clock: VirtualClock;
  readonly faults: unknown[];
  /** Sends a command in hex (spaces allowed) and gives the response in hex, status word last. */
  readonly send: (command: string) => string;
}

export const AID_A = 'F0 56 49 54 41 50 01';
export const AID_B = 'F0 56 49 54 41 50 01 02';
export const AID_C = 'F0 56 49 54 41 50 03';
export const CODE = '31 32 33 34';

const NEVER: AccessVector = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/** Reading under one condition on each interface, everything else never. */
export function reading(contact: number, contactless: number = contact, wired: number = contact): AccessRules {
  const rule = (read: number): AccessVector => [read, ...NEVER.slice(1)] as unknown as AccessVector;
  return { contact: rule(contact), contactless: rule(contactless), wired: rule(wired) };
}

export const FREE: AccessRules = reading(0x00);

export function code(reference: number, digits: string, more: Partial<PinSpecification> = {}): PinSpecification {
  return {
    reference,
    code: fromHex(digits),
    minLength: 4,
    maxLength: 8,
    paddedLength: 0,
    paddingByte: 0xff,
    tries: 3,
    access: { contact: 0x00, contactless: 0x40, wired: 0x00 },
    unlocksHolder: false,
    unblockedBy: null,
    ...more,
  };
}

function transparent(
  fid: number,
  sfi: number | null,
  content: Uint8Array,
  access: AccessRules = FREE,
): FileSpecification {
  return { kind: 'transparent', fid, sfi, access, content };
}

/** Bytes 00 01 02 …, so that an offset can be read off the content. */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i & 0xff);
}

/** MF { 2F00, 0101 (SFI 1, 600 bytes), DF 7F10 { 6F10 }, A, B, C }; A { records of every kind, files behind the code }. */
export function benchSpecification(more: Partial<CardSpecification> = {}): CardSpecification {
  const records = (count: number, size: number, first = 0xa0): Uint8Array[] =>
    Array.from({ length: count }, (_, i) => new Uint8Array(size).fill(first + i + 1));
  return {
    profile: 'bench',
    serial: fromHex('0102030405060708'),
    secret: new Uint8Array(32).fill(0x5e),
    interface: 'contact',
    link: { protocol: 'T=1', historicalBytes: fromHex('0073C84000'), atr: null, uid: null },
    holder: { windowSeconds: 60, uses: 1 },
    masterFile: {
      kind: 'directory',
      fid: 0x3f00,
      name: null,
      label: null,
      access: FREE,
      pins: [code(0x01, '39393939')],
      environments: [],
      children: [
        transparent(0x2f00, 0x1e, fromHex('61094F07F0564954415001')),
        transparent(0x0101, 1, counting(600)),
        {
          kind: 'directory',
          fid: 0x7f10,
          name: null,
          label: null,
          access: FREE,
          pins: [],
          environments: [],
          children: [
            transparent(0x6f10, 2, fromHex('C0FFEE')),
            transparent(0x6f11, null, fromHex('AB'), reading(0x10)),
          ],
        },
        {
          kind: 'directory',
          fid: 0xdf01,
          name: fromHex(AID_A),
          label: fromHex('42656E63682041'),
          access: FREE,
          pins: [code(0x81, CODE, { unlocksHolder: true }), code(0x82, '38383838')],
          environments: [
            { id: 1, pin: 0x81, by: 'verify' },
            { id: 2, pin: 0x81, by: 'holder' },
          ],
          children: [
            {
              kind: 'linear-fixed',
              fid: 0xe001,
              sfi: 1,
              access: FREE,
              recordSize: 4,
              capacity: 8,
              records: records(5, 4),
            },
            {
              kind: 'linear-variable',
              fid: 0xe002,
              sfi: 2,
              access: FREE,
              recordSize: 8,
              capacity: 8,
              records: ['AA01', 'BB0102', 'AA02', 'BB03', 'AA030303'].map((hex) => fromHex(hex)),
            },
            {
              kind: 'cyclic',
              fid: 0xe003,
              sfi: 3,
              access: FREE,
              recordSize: 3,
              capacity: 4,
              records: records(3, 3, 0xc0),
            },
            {
              kind: 'linear-fixed',
              fid: 0xe004,
              sfi: 4,
              access: reading(0x11, 0x12, 0x11),
              recordSize: 2,
              capacity: 2,
              records: [fromHex('5EC1'), fromHex('5EC2')],
            },
            transparent(0xe005, 5, fromHex('C0DE'), reading(0x11, 0x12, 0x11)),
            transparent(0xe006, 6, fromHex('00'), reading(0xff)),
            {
              kind: 'linear-fixed',
              fid: 0xe007,
              sfi: 7,
              access: FREE,
              recordSize: 200,
              capacity: 5,
              records: records(3, 200),
            },
            { kind: 'linear-variable', fid: 0xe008, sfi: 8, access: FREE, recordSize: 4, capacity: 2, records: [] },
          ],
        },
        {
          kind: 'directory',
          fid: 0xdf02,
          name: fromHex(AID_B),
          label: null,
          fci: 'name',
          access: FREE,
          pins: [],
          environments: [],
          children: [transparent(0xe101, 1, fromHex('B0'))],
        },
        {
          kind: 'directory',
          fid: 0xdf03,
          name: fromHex(AID_C),
          label: null,
          access: FREE,
          pins: [],
          environments: [],
          children: [],
        },
      ],
    },
    ...more,
  };
}

export function boot(
  options: {
    readonly specification?: CardSpecification;
    readonly cardInterface?: CardInterface;
    readonly limits?: LinkLimits;
    readonly applets?: readonly Applet[];
    readonly nvm?: MemoryNvm;
  } = {},
): BenchCard {
  const crypto = nobleHashes();
  const nvm = options.nvm ?? new MemoryNvm(personalise(options.specification ?? benchSpecification(), crypto));
  const clock = new VirtualClock();
  const faults: unknown[] = [];
  const card = new Card({
    nvm,
    clock,
    crypto,
    random: new SeededRandom('bench'),
    applets: options.applets ?? [],
    onFault: (fault) => faults.push(fault),
  });
  const port = card.port(options.cardInterface, options.limits);
  port.powerOn();
  return { card, port, nvm, clock, faults, send: sender(port) };
}

/** Sends as the links do: in a Node Buffer, which belongs to the link and must come back as it was. */
export function sender(port: CardPort): (command: string) => string {
  return (command) => {
    const bytes = Buffer.from(fromHex(command));
    const answer = toHex(port.response.subarray(0, port.process(bytes, 0, bytes.length)));
    if (!bytes.equals(fromHex(command))) throw new Error(`the card changed the command ${command}: ${toHex(bytes)}`);
    return answer;
  };
}

/** SELECT by DF name in hex, with the FCI. */
export function selectName(name: string, p2 = '00'): string {
  const bytes = fromHex(name);
  return `00A404${p2}${bytes.length.toString(16).padStart(2, '0')}${toHex(bytes)}00`;
}
