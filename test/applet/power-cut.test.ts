import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { Card } from '../../src/applet/card.ts';
import { PIN, SUPERBLOCK } from '../../src/applet/image/layout.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import type { AccessRules, AccessVector, CardSpecification } from '../../src/applet/image/specification.ts';
import { openMemory } from '../../src/applet/nvm/open-memory.ts';
import { crc32 } from '../../src/hal/crc32.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { PowerLoss, PowerLossNvm } from '../../src/hal/nvm/power-loss.ts';
import type { Nvm } from '../../src/hal/nvm.ts';
import { VirtualClock } from '../../src/hal/virtual/clock.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { benchSpecification, code } from './bench-card.ts';

/**
 * A day in the life of a card, cut short by a loss of power at every byte of every write and at every flush, with
 * what was not flushed kept, lost, or kept here and lost there.
 */
const AFTER_CODE: AccessVector = [0x11, 0x11, 0x11, 0xff, 0xff, 0xff, 0xff];
const RULES: AccessRules = { contact: AFTER_CODE, contactless: AFTER_CODE, wired: AFTER_CODE };
const AID = 'F0 44 41 59';

const SPECIFICATION: CardSpecification = {
  ...benchSpecification(),
  masterFile: {
    ...benchSpecification().masterFile,
    children: [
      {
        kind: 'directory',
        fid: 0xdf01,
        name: fromHex(AID),
        label: null,
        access: RULES,
        pins: [code(0x81, '31323334', { tries: 5, access: { contact: 0, contactless: 0, wired: 0 } })],
        environments: [{ id: 1, pin: 0x81, by: 'verify' }],
        children: [
          {
            kind: 'cyclic',
            fid: 0xe001,
            sfi: 1,
            access: RULES,
            recordSize: 12,
            capacity: 7,
            records: [],
          },
          {
            kind: 'linear-variable',
            fid: 0xe002,
            sfi: 2,
            access: RULES,
            recordSize: 10,
            capacity: 4,
            records: [fromHex('AA01'), fromHex('BB0203')],
          },
        ],
      },
    ],
  },
};

const SELECT = `00A4040C04${AID}`;
const wrong = '002000810430303030';
/** Commands that carry the right code: they may raise the counter, and nothing else may. */
const RIGHT = ['002000810431323334', '0024008109313233343536373839', '0020008105 3536373839'];
const invoice = (number: number): string =>
  `00E200080C${toHex(Uint8Array.from({ length: 12 }, (_, i) => (number * 7 + i) & 0xff))}`;

/** Three wrong codes, the right one, 50 appends, the code changed, records rewritten, the new code. */
const DAY: readonly [command: string, status: string][] = [
  [SELECT, '9000'],
  [wrong, '63C4'],
  [wrong, '63C3'],
  [wrong, '63C2'],
  ['002000810431323334', '9000'],
  ...Array.from({ length: 50 }, (_, i): [string, string] => [invoice(i), '9000']),
  ['0024008109313233343536373839', '9000'],
  ['00DC01140 7AA 010203 040506', '9000'],
  ['00DC021403BB0909', '9000'],
  ['00DC01140 1AA', '9000'],
  ['0020008105 3536373839', '9000'],
];

function card(nvm: Nvm): (command: string) => string {
  const port = new Card({
    nvm,
    clock: new VirtualClock(),
    crypto: nobleHashes(),
    random: new SeededRandom('power'),
    onFault: rethrow,
  }).port('contact');
  port.powerOn();
  return (command) => {
    const bytes = fromHex(command);
    return toHex(port.response.subarray(0, port.process(bytes, 0, bytes.length)));
  };
}

function rethrow(fault: unknown): never {
  throw fault;
}

/** What the card holds, behind its journal: everything up to the journal's own region. */
function content(nvm: Nvm): string {
  const bytes = new Uint8Array(journalAddress(nvm) || nvm.size);
  openMemory(nvm).read(0, bytes, 0, bytes.length);
  return toHex(bytes);
}

function journalAddress(nvm: Nvm): number {
  let address = 0;
  for (let i = 0; i < 4; i++) address = address * 256 + nvm.readByte(SUPERBLOCK.JOURNAL + i);
  return address;
}

interface Account {
  cuts: number;
  boots: number;
  violations: string[];
}

/** Plays the day with the power cut at every step. */
function cutTheDay(image: Uint8Array): Account {
  // What the card holds after each transaction, from a day without a cut.
  const whole = new PowerLossNvm(image);
  const states: string[] = [content(new MemoryNvm(image))];
  const counted = counting(whole, () => states.push(content(new MemoryNvm(whole.survivor('kept').snapshot()))));
  const send = card(counted.nvm);
  for (const [command, status] of DAY) expect([command, send(command)]).toEqual([command, status]);
  const last = content(new MemoryNvm(whole.survivor('kept').snapshot()));
  states[states.length - 1] = last;

  const account: Account = { cuts: 0, boots: 0, violations: [] };
  const pinTable = new DataView(image.buffer).getUint32(SUPERBLOCK.PINS);
  for (let step = 0; step < whole.steps; step++) {
    const failing = new PowerLossNvm(image, { losesPowerAt: step });
    const { nvm, flushes } = counting(failing, () => {});
    let triesTold = 5;
    let inFlight = '';
    try {
      const cut = card(nvm);
      for (const [command] of DAY) {
        inFlight = command;
        const answer = cut(command);
        if (answer.startsWith('63C')) triesTold = Number.parseInt(answer.slice(3), 16);
        else if (command.startsWith('0020')) triesTold = 5;
      }
    } catch (error) {
      if (!(error instanceof PowerLoss)) throw error;
    }
    account.cuts++;
    for (const kept of ['kept', 'lost', new SeededRandom(`cut ${step}`)] as const) {
      account.boots++;
      const survivor = failing.survivor(kept);
      const violation = judge(survivor, states, flushes(), pinTable, RIGHT.includes(inFlight) ? 5 : triesTold);
      if (violation !== null) account.violations.push(`step ${step}: ${violation}`);
    }
  }
  return account;
}

/** Boots, every byte old or new, no counter higher than the reader was told, nothing proven. */
function judge(
  survivor: MemoryNvm,
  states: readonly string[],
  flushed: number,
  pinTable: number,
  tries: number,
): string | null {
  try {
    const send = card(survivor);
    send(SELECT);
    if (send('00B2010C00') !== '6982') return 'a record is readable after a power-on';
    const state = content(survivor);
    if (state !== states[flushed] && state !== states[flushed + 1]) return 'neither old nor new';
    const left = Number.parseInt(
      state.slice(2 * (pinTable + PIN.SIZE + PIN.TRIES_LEFT), 2 * (pinTable + PIN.SIZE + PIN.TRIES_LEFT) + 2),
      16,
    );
    const old = Number.parseInt(
      states[flushed]!.slice(
        2 * (pinTable + PIN.SIZE + PIN.TRIES_LEFT),
        2 * (pinTable + PIN.SIZE + PIN.TRIES_LEFT) + 2,
      ),
      16,
    );
    return left > Math.max(tries, old) ? 'a retry counter has risen' : null;
  } catch (error) {
    return `does not boot: ${(error as Error).message}`;
  }
}

/** The memory, with its flushes counted. */
function counting(inner: PowerLossNvm, onFlush: () => void): { nvm: Nvm; flushes: () => number } {
  let flushes = 0;
  const nvm: Nvm = {
    size: inner.size,
    eraseValue: inner.eraseValue,
    writeGranule: inner.writeGranule,
    read: (...args) => inner.read(...args),
    readByte: (address) => inner.readByte(address),
    write: (...args) => inner.write(...args),
    flush: () => {
      inner.flush();
      flushes++;
      onFlush();
    },
  };
  return { nvm, flushes: () => flushes };
}

/** The same image with no journal in its superblock: writes then go straight to their places. */
function withoutJournal(image: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(image);
  const view = new DataView(copy.buffer);
  view.setUint32(SUPERBLOCK.JOURNAL, 0);
  view.setUint32(SUPERBLOCK.JOURNAL_SIZE, 0);
  view.setUint32(SUPERBLOCK.CRC, crc32(copy, 0, SUPERBLOCK.CRC));
  return copy;
}

describe('power cut at every byte of every write of a day', () => {
  const image = personalise(SPECIFICATION, nobleHashes());

  it('every record old or new, no counter rises, the card boots', { timeout: 300_000 }, () => {
    const account = cutTheDay(image);
    console.info(`${account.cuts} cuts, ${account.boots} boots, ${account.violations.length} violations`);
    expect(account.violations).toEqual([]);
    expect(account.cuts).toBeGreaterThan(3000);
  });

  it('the same day without the journal is found out', { timeout: 300_000 }, () => {
    const account = cutTheDay(withoutJournal(image));
    expect(account.violations.some((violation) => violation.includes('neither old nor new'))).toBe(true);
  });
});
