import { describe, expect, it } from 'vitest';
import { CardChoice } from '../../../../rig/trace/formats/card-choice.ts';
import { CardExchanges } from '../../../../rig/trace/formats/card-exchanges.ts';
import type { SessionLog } from '../../../../rig/trace/formats/session-log.ts';
import { LossCount } from '../../../../rig/trace/stream.ts';

const OTHERS = 'exchanges with other cards (--card chooses one)';
const OTHER_POWER = 'power events of other cards, or of cards that are not told apart';
const STRAY = 'responses that answer no command';

/**
 * A log in words: `A1>x` thread 1 sends x to card A, `1<y` thread 1 is answered y, `A!` power of card A.
 * @returns what the trace tells, in its order, and what is counted as lost
 */
function told(log: string, wanted = 1): { readonly events: string; readonly lost: Record<string, number> } {
  const events: string[] = [];
  const losses = new LossCount();
  const session = {
    command: (apdu: string, tNs: number) => void events.push(`>${apdu}@${tNs}`),
    response: (apdu: string, tNs: number) => void events.push(`<${apdu}@${tNs}`),
  } as unknown as SessionLog;
  const exchanges = new CardExchanges(session, losses, new CardChoice(wanted, losses));
  for (const [tNs, word] of log.split(' ').entries()) {
    const command = /^(\w)(\d)>(\w+)$/.exec(word);
    const response = /^(\d)<(\w+)$/.exec(word);
    if (command !== null) exchanges.command(command[1]!, command[2]!, command[3]!, tNs);
    else if (response !== null) exchanges.response(response[1]!, response[2]!, tNs);
    else
      exchanges.power(
        (card) => card === word.charAt(0),
        () => void events.push(word),
      );
  }
  exchanges.end();
  return { events: events.join(' '), lost: Object.fromEntries(losses.entries.map(({ what, count }) => [what, count])) };
}

describe('commands and answers of several threads', () => {
  it.each([
    ['one after the other', 'A1>a 1<x A1>b 1<y', 1, '>a@0 <x@1 >b@2 <y@3', {}],
    ['two threads, crossed', 'A1>a A2>b 2<y 1<x', 1, '>a@0 <x@3 >b@1 <y@2', {}],
    ['two threads, in their order', 'A1>a A2>b 1<x 2<y', 1, '>a@0 <x@2 >b@1 <y@3', {}],
    ['three', 'A1>a A2>b A3>c 3<z 2<y 1<x', 1, '>a@0 <x@5 >b@1 <y@4 >c@2 <z@3', {}],
    ['no answer to the first', 'A1>a A1>b 1<y', 1, '>a@0 >b@1 <y@2', {}],
    ['no answer to the first, another thread held', 'A1>a A2>b 2<y A1>c 1<z', 1, '>a@0 >b@1 <y@2 >c@3 <z@4', {}],
    ['two held of one thread', 'A1>a A2>b A2>c 2<z 1<x', 1, '>a@0 <x@4 >b@1 >c@2 <z@3', {}],
    ['the second of two held is answered', 'A1>a A2>b A2>c 1<x 2<z', 1, '>a@0 <x@3 >b@1 >c@2 <z@4', {}],
    ['held by two', 'A1>a A2>b A3>c 1<x 3<z 2<y', 1, '>a@0 <x@3 >b@1 <y@5 >c@2 <z@4', {}],
    ['no answer at the end', 'A1>a A2>b A3>c 3<z', 1, '>a@0 >b@1 >c@2 <z@3', {}],
    ['an answer to nothing', '1<x A1>a 1<y', 1, '>a@1 <y@2', { [STRAY]: 1 }],
    ['a second answer', 'A1>a A2>b 2<y 2<z 1<x', 1, '>a@0 <x@4 >b@1 <y@2', { [STRAY]: 1 }],
    ['an answer of another thread', 'A1>a 2<y 1<x', 1, '>a@0 <x@2', { [STRAY]: 1 }],
    ['another card is counted', 'A1>a B2>b 2<y 1<x', 1, '>a@0 <x@3', { [OTHERS]: 1 }],
    ['the second card', 'A1>a B2>b 2<y 1<x', 2, '>b@1 <y@2', { [OTHERS]: 1 }],
    ['one thread, two cards', 'A1>a 1<x B1>b 1<y A1>c 1<z', 1, '>a@0 <x@1 >c@4 <z@5', { [OTHERS]: 1 }],
    ['one thread leaves a card unanswered', 'B1>b A1>a 1<x', 2, '>a@1 <x@2', { [OTHERS]: 1 }],
    ['an answer of elsewhere counts once', 'A1>a 1<x B2>b 2<y 2<z', 1, '>a@0 <x@1', { [OTHERS]: 1, [STRAY]: 1 }],
  ] as const)('%s', (_, log, wanted, events, lost) => {
    expect(told(log, wanted)).toEqual({ events, lost });
  });
});

describe('power of cards', () => {
  it.each([
    ['of a log without commands', 'A! B!', 1, 'A! B!', {}],
    ['before its first command', 'A! B! A1>a 1<x', 1, 'A! >a@2 <x@3', { [OTHER_POWER]: 1 }],
    ['after it', 'A1>a 1<x A! B!', 1, '>a@0 <x@1 A!', { [OTHER_POWER]: 1 }],
    ['in an open exchange: no answer comes any more', 'A1>a A2>b A! 2<y 1<x', 1, '>a@0 >b@1 A!', { [STRAY]: 2 }],
    ['of a log with commands to others only', 'A! B1>b 1<x', 2, '', { [OTHERS]: 1 }],
  ] as const)('%s', (_, log, wanted, events, lost) => {
    expect(told(log, wanted)).toEqual({ events, lost });
  });
});

describe('a card of a log', () => {
  it('has the number of its first command', () => {
    const choice = new CardChoice(2, new LossCount());
    expect(['A', 'B', 'A', 'C', 'B'].map((card) => choice.follows(card))).toEqual([false, true, false, false, true]);
    expect([choice.count, choice.wanted]).toEqual([3, 2]);
  });

  it('is one of a thousand at most', () => {
    const choice = new CardChoice(1001, new LossCount());
    for (let i = 0; i < 1000; i++) choice.follows(`${i}`);
    expect(choice.follows('one more')).toBe(false);
    expect(choice.count).toBe(1000);
  });

  it('waits for a thousand commands of other threads, not for more', () => {
    const events: string[] = [];
    const session = { command: (apdu: string) => void events.push(apdu), response: () => {} } as unknown as SessionLog;
    const losses = new LossCount();
    const exchanges = new CardExchanges(session, losses, new CardChoice(1, losses));
    exchanges.command('A', '0', 'first', 0);
    for (let i = 1; i <= 1000; i++) exchanges.command('A', `${i}`, `${i}`, i);
    expect(events).toEqual(['first']);
    exchanges.command('A', '1001', 'last', 1001);
    expect(events).toHaveLength(1002);
  });
});
