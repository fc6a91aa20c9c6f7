import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openImage } from '../../src/applet/image/card-image.ts';
import { PIN } from '../../src/applet/image/layout.ts';
import type { LinkedCard } from '../../src/hal/card-link.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { steps } from './arbitrary-steps.ts';
import { directoriesOf, FILES } from './plan.ts';
import { type RealCard, RULE_FORMS, realCard } from './real-card.ts';
import { CARD_INTERFACES, type CardInterface } from './rule.ts';
import { Difference, hex, run } from './run.ts';

/** Sequences for compact rules, and half as many for each other form; `npm run test:deep` asks for more. */
const RUNS = Number(process.env.VITAP_DEEP_RUNS ?? 10_000);
/** Fewer, asked for while the model is worked on, need not come to everything. */
const ENOUGH = 5000;

describe.each(RULE_FORMS)('a card with %s rules', (form) => {
  const runs = form === 'compact' ? RUNS : Math.ceil(RUNS / 2);

  it(`does what the model says, in ${runs} random sequences`, { timeout: 3_600_000 }, () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(steps, (sequence) => run(sequence, realCard(form), seen)),
      { numRuns: runs },
    );
    if (runs >= ENOUGH) expect([...OUTCOMES, ...readableFiles()].filter((what) => !seen.has(what))).toEqual([]);
  });
});

/** What a run must have come to, or it has tested little: every file read through every interface that can ever open it. */
function readableFiles(): string[] {
  const usable = directoriesOf()
    .filter(({ fid }) => ![0x6200, 0x6210].includes(fid))
    .flatMap(({ files }) => files);
  return usable
    .filter(({ lifeCycle }) => lifeCycle === 'activated')
    .flatMap(({ fid, rules }) =>
      CARD_INTERFACES.filter((cardInterface) => {
        const rule = rules.read[cardInterface];
        if (rule.is === 'never' || rule.is === 'all') return false;
        // Two of the codes can be presented on this card's contactless interface.
        return cardInterface !== 'contactless' || rule.is !== 'code' || ['card', 'light'].includes(rule.code);
      }).map((cardInterface) => `bytes of ${hex(fid)} on ${cardInterface}`),
    );
}

const OUTCOMES = [
  'pace 9000',
  'pace 63C2',
  'pace 63C0',
  'pace 6300',
  'pace 6985',
  'right pace 9000',
  'right pace 63C1',
  'right pace 6300',
  'right pace 6985',
  'leave 9000',
  'right leave 9000',
  'right read-binary 9000',
  'right read-binary 6882',
  'tampered read-binary 6988',
  'right read-record 9000',
  'right update-binary 9000',
  'right verify 9000',
  'right verify 63C2',
  'right select-path 9000',
  'right change-verified 9000',
  'right unblock-verified 9000',
  'right unblock-verified 6700',
  'right unblock-verified 6982',
  'right unblock-verified 6985',
  'right get-response 6985',
  'verify 9000',
  'verify 63C0',
  'verify 6983',
  'verify 6982',
  'verify 6700',
  'verify 6A88',
  'query 9000',
  'query 63C2',
  'forget 9000',
  'change 9000',
  'change-verified 9000',
  'unblock 9000',
  'unblock-verified 9000',
  'require 9000',
  'read-binary 6982',
  'read-binary 6985',
  'read-binary 6986',
  'read-binary 6981',
  'read-binary 6B00',
  'read-binary 6282',
  'read-record 6A83',
  'read-record 6C06',
  'update-binary 9000',
  'update-binary 6982',
  'update-binary 6A84',
  'update-record 9000',
  'update-record 6700',
  'append-record 9000',
  'append-record 6A84',
  'erase-record 9000',
  'get-response 9000',
  'get-response 6985',
  'get-response 6E00',
  'proprietary 9000',
  'proprietary 6D00',
  'proprietary 6E00',
  'proprietary 6985',
  'get-response 6982',
  'deactivate 9000',
  'deactivate 6982',
  'activate 9000',
  'activate 6982',
  'activate 6985',
  'open-channel 9000',
  'close-channel 9000',
  'challenge 9000',
  'challenge 6C08',
  'external 9000',
  'external 63C2',
  'external 63C0',
  'external 6983',
  'external 6985',
  'external 6A88',
  'external-query 9000',
  'select 6283',
  'select 6285',
  'select-name 9000',
  'select-path 9000',
];

describe('the model notices', () => {
  /** The first difference that random sequences find, without its step; null when they find none. */
  function firstDifference(make: () => RealCard): string | null {
    for (const sequence of fc.sample(steps, { numRuns: 3000, seed: 1 })) {
      try {
        run(sequence, make());
      } catch (error) {
        if (!(error instanceof Difference)) throw error;
        return error.message.split('\n')[0]?.replace(/^step \d+: /, '') ?? '';
      }
    }
    return null;
  }

  /** A card whose contact side is changed. */
  function withPort(change: (port: LinkedCard) => Partial<LinkedCard>): () => RealCard {
    return () => {
      const card = realCard('compact');
      return {
        ...card,
        port: (cardInterface: CardInterface) => {
          const port = card.port(cardInterface);
          if (cardInterface !== 'contact') return port;
          const whole: LinkedCard = {
            response: port.response,
            atr: () => port.atr(),
            powerOn: () => port.powerOn(),
            reset: () => port.reset(),
            fieldOff: () => port.fieldOff(),
            deselect: () => port.deselect(),
            process: (command, offset, length) => port.process(command, offset, length),
          };
          return { ...whole, ...change(port) };
        },
      };
    };
  }

  /** A card that answers a command differently where `when` says so of its instruction and status word. */
  const withAnswer = (when: (ins: number, sw: number) => boolean, answer: readonly number[]): (() => RealCard) =>
    withPort((port) => ({
      process: (command, offset, length) => {
        const responded = port.process(command, offset, length);
        const sw = ((port.response[responded - 2] as number) << 8) | (port.response[responded - 1] as number);
        if (!when(command[offset + 1] as number, sw)) return responded;
        port.response.set(answer);
        return answer.length;
      },
    }));

  /** A byte that only EF 6005 has, which no rule opens for just anybody on contact. */
  const secret = FILES.find(({ fid }) => fid === 0x6005)?.marks[0] as number;

  it('nothing about the card as it is', { timeout: 120_000 }, () =>
    expect(firstDifference(() => realCard('compact'))).toBeNull(),
  );

  it.each<[string, () => RealCard, RegExp]>([
    [
      'a byte that leaves where the card should refuse',
      withAnswer((ins, sw) => ins === 0xb0 && sw === 0x6982, [secret, 0x90, 0x00]),
      /^(bytes of 6005 left without its rule being satisfied|after a restart)/,
    ],
    [
      'a byte that leaves with a refusal',
      withAnswer((ins, sw) => ins === 0xb0 && sw === 0x6982, [secret, 0x69, 0x82]),
      /^(bytes of 6005 left without its rule being satisfied|after a restart)/,
    ],
    [
      'content in a template',
      withAnswer((ins, sw) => ins === 0xa4 && sw === 0x9000, [0x6f, 0x03, secret, secret, secret, 0x90, 0x00]),
      /^(bytes of 6005 left without its rule being satisfied|after a restart)/,
    ],
    [
      'another status word',
      withAnswer((ins, sw) => ins === 0xb2 && sw === 0x6986, [0x69, 0x85]),
      /^answered 6985, not 6986$/,
    ],
    [
      'data that are cut short',
      withAnswer((ins, sw) => ins === 0xb0 && sw === 0x9000, [0x90, 0x00]),
      /^(gave , not \d|after a restart)/,
    ],
    ['a verification that survives a reset', withPort(() => ({ reset: () => {} })), /^(answered|bytes of|gave)/],
    ['a verification that survives a deselect', withPort(() => ({ deselect: () => {} })), /^(answered|bytes of|gave)/],
    [
      'a card that a restart leaves as it was',
      () => ({ ...realCard('compact'), restart: () => {} }),
      /^(answered|bytes of|gave|after a restart)/,
    ],
    ['a counter that rises by itself', () => realCard('compact', GenerousMemory), /^the tries of \w+ rose to 3$/],
    ['a counter that does not fall', () => realCard('compact', ForgetfulMemory), /^answered 63C3, not 63C2$/],
  ])('%s', { timeout: 120_000 }, (_, make, message) => expect(firstDifference(make)).toMatch(message));
});

/** A memory that changes counters of codes as they are written. */
class CounterMemory extends MemoryNvm {
  protected change: (before: number, after: number) => number = (_, after) => after;
  readonly #counters: readonly number[];
  readonly #byte = new Uint8Array(1);

  constructor(image: Uint8Array) {
    super(image);
    this.#counters = openImage(this).pins.map(({ address }) => address + PIN.TRIES_LEFT);
  }

  override write(address: number, source: Uint8Array, sourceOffset: number, length: number): void {
    const before = this.#counters?.map((counter) => this.readByte(counter)) ?? [];
    super.write(address, source, sourceOffset, length);
    before.forEach((value, i) => {
      const counter = this.#counters[i] as number;
      const written = this.readByte(counter);
      if (written === value) return;
      this.#byte[0] = this.change(value, written);
      super.write(counter, this.#byte, 0, 1);
    });
  }
}

class GenerousMemory extends CounterMemory {
  override change = (_: number, after: number): number => (after === 1 ? 3 : after);
}

class ForgetfulMemory extends CounterMemory {
  override change = (before: number): number => before;
}
