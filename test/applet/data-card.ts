import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import type {
  AccessRules,
  AccessVector,
  CardSpecification,
  FileSpecification,
  LifeCycleState,
} from '../../src/applet/image/specification.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { type BenchCard, benchSpecification, boot, CODE, code, counting } from './bench-card.ts';

/** A rule for reading, updating and writing, the same on every interface; the rest never. */
function rules(read: number, update: number, write: number): AccessRules {
  const vector: AccessVector = [read, update, write, 0xff, 0xff, 0xff, 0xff];
  return { contact: vector, contactless: vector, wired: vector };
}

const LINEAR_VARIABLE = ['AA01', 'BB0102', 'AA02'];

/** One file of each structure, with identifiers `high`1 to `high`5 and short identifiers from `sfi` on. */
function oneOfEach(
  high: number,
  sfi: number,
  access: AccessRules,
  lifeCycle: LifeCycleState = 'activated',
): FileSpecification[] {
  const file = (low: number) => ({ fid: high | low, sfi: sfi + low, access, lifeCycle });
  return [
    { kind: 'transparent', ...file(1), content: counting(40) },
    {
      kind: 'linear-fixed',
      ...file(2),
      recordSize: 4,
      capacity: 5,
      records: ['A1010203', 'A2111213', 'A1212223'].map((hex) => fromHex(hex)),
    },
    {
      kind: 'linear-variable',
      ...file(3),
      recordSize: 6,
      capacity: 4,
      records: LINEAR_VARIABLE.map((hex) => fromHex(hex)),
    },
    {
      kind: 'cyclic',
      ...file(4),
      recordSize: 3,
      capacity: 4,
      records: ['C1C1C1', 'C2C2C2', 'C3C3C3'].map((hex) => fromHex(hex)),
    },
    { kind: 'ber-tlv', ...file(5), capacity: 40, content: fromHex('8003010203 5F240401020304 E0038101AA') },
  ];
}

function specification(): CardSpecification {
  const base = benchSpecification();
  return {
    ...base,
    masterFile: {
      ...base.masterFile,
      pins: [code(0x01, CODE)],
      environments: [{ id: 1, pin: 0x01, by: 'verify' }],
      children: [
        ...oneOfEach(0x0200, 0, rules(0x00, 0x00, 0x00)),
        ...oneOfEach(0x0210, 5, rules(0x11, 0x11, 0x11)),
        ...oneOfEach(0x0220, 10, rules(0x00, 0xff, 0xff)),
        ...oneOfEach(0x0230, 15, rules(0xff, 0xff, 0x00)),
        ...oneOfEach(0x0260, 20, rules(0x11, 0x11, 0x11), 'deactivated'),
        { kind: 'transparent', fid: 0x0241, sfi: null, access: rules(0x00, 0x00, 0x00), content: counting(40_000) },
        {
          kind: 'directory',
          fid: 0x0250,
          name: null,
          label: null,
          access: rules(0x00, 0x00, 0x00),
          pins: [],
          environments: [],
          children: [],
        },
      ],
    },
  };
}

/** Made once; every card has a copy. */
const IMAGE = personalise(specification(), nobleHashes());

/**
 * A card for the commands on data: in the MF the files 0201 to 0205 (short identifiers 1 to 5) with every rule open,
 * 0211 to 0215 (6 to 10) behind the code, 0221 to 0225 (11 to 15) to read alone, 0231 to 0235 (16 to 20) to write (b3)
 * alone, 0261 to 0265 (21 to 25) deactivated and behind the code; the transparent file 0241 of 40,000 bytes, DF 0250. The last digit is the structure: 1 transparent of 40 counting
 * bytes, 2 linear fixed, 3 linear variable, 4 cyclic, 5 data objects.
 */
export function dataCard(): BenchCard {
  return boot({ nvm: new MemoryNvm(IMAGE) });
}

/** The data card with the EF `fid` selected. */
export function opened(fid: string): BenchCard {
  const card = dataCard();
  select(card, fid);
  return card;
}

export function select(card: BenchCard, fid: string): void {
  expectOk(card.send(`00A4020C 02 ${fid}`));
}

export function verifyCode(card: BenchCard): void {
  expectOk(card.send(`00200001 04 ${CODE}`));
}

/** All records of the current EF, apart by spaces; "" when it has none. */
export function records(card: BenchCard): string {
  const found: string[] = [];
  for (let number = 1; number < 255; number++) {
    const answer = card.send(`00B2${toHex(new Uint8Array([number]))}0400`);
    if (answer === '6A83') break;
    expectOk(answer.slice(-4));
    found.push(answer.slice(0, -4));
  }
  return found.join(' ');
}

function expectOk(answer: string): void {
  if (answer !== '9000') throw new Error(`9000 expected, got ${answer}`);
}
