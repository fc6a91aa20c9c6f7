import { describe, expect, it } from 'vitest';
import { learn } from '../../../../rig/judge/replay/learn.ts';
import { loadSession } from '../../../../rig/judge/replay/recorded-session.ts';
import { type Pair, recorded } from './recorded.ts';

type Steps = readonly (Pair | 'reset' | 'off' | 'on')[];

async function learnt(...traces: readonly Steps[]) {
  const sessions = await Promise.all(traces.map((steps) => loadSession(recorded(...steps))));
  return learn(sessions).map(({ command, states, answers, random, next, remark }) => ({
    command,
    ...(states === null ? {} : { states }),
    ...(random === null ? { answers } : { random }),
    ...(next === null ? {} : { next }),
    ...(remark === null ? {} : { remark }),
  }));
}

const READ = '00B2010400';

describe('what synth learns', () => {
  it('makes one rule of what was always answered alike', async () => {
    expect(
      await learnt([
        [READ, 'AA9000'],
        ['00A4040001AA', '9000'],
        [READ, 'AA9000'],
      ]),
    ).toEqual([
      { command: READ, answers: ['AA9000'] },
      { command: '00A4040001AA', answers: ['9000'], next: 'AA' },
    ]);
  });

  it('asks for the state where the answer depends on it', async () => {
    const rules = await learnt([
      ['00A4040001AA', '9000'],
      [READ, '01 9000'],
      ['00A4040001BB', '9000'],
      [READ, '02 9000'],
    ]);
    expect(rules).toEqual([
      { command: '00A4040001AA', answers: ['9000'], next: 'AA' },
      { command: READ, states: ['AA'], answers: ['019000'] },
      { command: READ, states: ['BB'], answers: ['029000'] },
      { command: '00A4040001BB', answers: ['9000'], next: 'BB' },
    ]);
  });

  it('tells what a code opens', async () => {
    const rules = await learnt([
      [READ, '6982'],
      ['0020008104XXXXXXXX', '9000'],
      [READ, 'AA9000'],
    ]);
    expect(rules.filter(({ command }) => command === READ)).toEqual([
      { command: READ, states: ['start'], answers: ['6982'] },
      { command: READ, states: ['start+81'], answers: ['AA9000'] },
    ]);
  });

  it('gives answers in turn where nothing else explains them', async () => {
    const rules = await learnt([[READ, 'AA9000'], [READ, 'AB9000'], 'reset', [READ, 'AA9000']]);
    expect(rules).toEqual([
      { command: READ, answers: ['AA9000', 'AB9000'], remark: 'other answers later in a session' },
    ]);
  });

  it('says when the traces disagree', async () => {
    const [rule] = await learnt([[READ, 'AA9000']], [[READ, 'AB9000']]);
    expect(rule).toMatchObject({ answers: ['AA9000', 'AB9000'], remark: expect.stringContaining('do not tell why') });
  });

  it('learns that a challenge is random, and its cryptogram anything', async () => {
    const one = (challenge: string, cryptogram: string): Steps => [
      ['0084000008', `${challenge}9000`],
      [`0082000108${cryptogram}`, '9000'],
    ];
    const rules = await learnt(
      one('0102030405060708', 'A1A2A3A4A5A6A7A8'),
      one('1112131415161718', 'B1B2A3A4A5A6A7A8'),
    );
    expect(rules).toEqual([
      { command: '0084000008', random: { length: 8, status: '9000' } },
      { command: '0082000108XXXXA3A4A5A6A7A8', answers: ['9000'], next: 'start+auth' },
    ]);
  });

  it('writes patterns after what is written out, which they would hide', async () => {
    const rules = await learnt([
      ['0020008104XXXXXXXX', '63C2'],
      ['00200081', '63C2'],
    ]);
    expect(rules.map(({ command }) => command)).toEqual(['00200081', '0020008104XXXXXXXX']);
  });
});
