import { describe, expect, it } from 'vitest';
import { type CardTimes, cardTimeFinding, cardTimesOf, withCardTimes } from '../../../../rig/measure/tap/card-time.ts';
import { LoopbackSource } from '../../../../rig/measure/tap/loopback-source.ts';
import { type RecordedTap, runTaps } from '../../../../rig/measure/tap/run.ts';
import { commandScript } from '../../../../rig/measure/tap/script.ts';
import { commandsOfTap, workloadFor } from '../../../../rig/measure/workload.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { ScriptedSource } from './scripted-source.ts';

const script = commandScript(commandsOfTap(workloadFor('reference')));
const signal = new AbortController().signal;
async function times(name: string): Promise<CardTimes | null> {
  const card = { kind: 'profile', name } as const;
  const source = await LoopbackSource.open({ card, interface: null, code: null, clock: systemClock });
  try {
    return await cardTimesOf(source, name, script, systemClock, signal);
  } finally {
    await source.close();
  }
}

/** What a reference card answers, after who knows how long. */
async function tapsOf(answers: readonly string[]): Promise<readonly RecordedTap[]> {
  const source = new ScriptedSource((_, index) => ({ ns: 5_000_000, answer: answers[index] ?? '6F00' }));
  const { waiter } = source;
  const run = await runTaps({ source, script, taps: 2, warmUp: 0, arrivals: { kind: 'closed' }, waiter, signal });
  return run.taps;
}

const FCI = '6F098407F042454E4348019000';
const DATA = `${'00'.repeat(100)}9000`;

describe('the card’s own time, from a card of its profile in process', () => {
  it('is filled in, exchange by exchange, where the tap was the same', async () => {
    const known = await times('reference');
    expect(known?.exchanges).toHaveLength(5);
    const taps = await tapsOf([FCI, '9000', DATA, '009000', DATA]);
    const filled = withCardTimes(taps, known!);
    expect(filled).toHaveLength(2);
    for (const { activation, exchanges } of filled) {
      expect(activation.cardNs).toBe(known!.powerOnNs);
      expect(exchanges.map(({ metered }) => metered.cardNs)).toEqual(known!.exchanges.map(({ ns }) => ns));
    }
    expect(cardTimeFinding('reference', known, taps).verdict).toBe('fine');
  });

  it('is unknown where the card did something else', async () => {
    const known = await times('reference');
    const taps = await tapsOf([FCI, '9000', '6A83']);
    const shorter = await tapsOf(['9000', '9000', '9000', '9000', '9000']);
    expect(withCardTimes(shorter, known!)).toEqual(shorter);
    const finding = cardTimeFinding('reference', known, [...taps, ...shorter]);
    expect(finding).toMatchObject({ id: 'card-time', verdict: 'note' });
    expect(finding.detail).toContain('4 of 4 taps');
  });

  it('is not known when the profile’s card refuses', async () => {
    expect(await times('ndef')).toBeNull();
    expect(cardTimeFinding('ndef', null, []).verdict).toBe('note');
  });
});
