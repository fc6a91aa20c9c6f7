import { describe, expect, it } from 'vitest';
import { InProcessCard } from '../../../../rig/judge/conform/card-under-test.ts';
import type { CardDeclaration } from '../../../../rig/judge/conform/declaration.ts';
import { COLD, defineCase, given, ok, refused, send, sweep, WARM } from '../../../../rig/judge/conform/define.ts';
import type { CaseResult, ConformanceCase, Step } from '../../../../rig/judge/conform/model.ts';
import { file } from '../../../../rig/judge/conform/needs.ts';
import { runCase } from '../../../../rig/judge/conform/run-case.ts';
import { HalError } from '../../../../src/hal/errors.ts';
import { declared, type Script, ScriptedCard } from './scripted-card.ts';

const SELECT = '00A4000C023F00';
const READ = '00B0000002';

/** A case of these steps, on a card of this script. */
async function run(
  steps: readonly Step[],
  script: Script | Readonly<Record<string, string>>,
  more: {
    declaration?: Partial<CardDeclaration>;
    change?: Partial<ConformanceCase>;
    destructive?: boolean;
    card?: (card: ScriptedCard) => InProcessCard;
  } = {},
): Promise<CaseResult & { readonly log: readonly string[] }> {
  const scripted = new ScriptedCard(script);
  const card = more.card?.(scripted) ?? new InProcessCard('scripted', () => scripted);
  const definition = {
    ...defineCase({ id: 'TST-001', title: 'a test', commands: ['READ BINARY'], steps: () => steps }),
    ...more.change,
  };
  const settings = {
    declaration: declared(more.declaration),
    destructive: more.destructive ?? true,
    signal: new AbortController().signal,
  };
  return { ...(await runCase(definition, card, settings)), log: scripted.log };
}

const STEPS = [
  given('SELECT', SELECT),
  send('READ BINARY', READ, ok('0102')),
  send('READ BINARY again', READ, ok('0102')),
];

describe('PASS', () => {
  it('when every step is as expected, from a cold reset', async () => {
    const result = await run(STEPS, { [SELECT]: '9000', [READ]: '01029000' });
    expect(result).toMatchObject({ verdict: 'pass', reason: '', exchanges: 3, linkLimited: false });
    expect(result.steps.map(({ role, response, faults }) => [role, response, faults])).toEqual([
      ['given', '9000', []],
      ['judged', '01029000', []],
      ['judged', '01029000', []],
    ]);
    expect(result.log).toEqual(['on', SELECT, READ, READ]);
  });

  it('what was reached are the judged commands alone', async () => {
    const { reached } = await run(STEPS, { [SELECT]: '9000', [READ]: '01029000' });
    expect(reached).toEqual([
      { ins: 0xb0, p1: 0, p2: 0, sw: 0x9000 },
      { ins: 0xb0, p1: 0, p2: 0, sw: 0x9000 },
    ]);
  });
});

describe('FAIL', () => {
  it.each<[string, string, string]>([
    ['another status word', '6982', 'step 3, READ BINARY again: status word 6982'],
    ['bytes swapped', '02019000', 'step 3, READ BINARY again: the data differ from byte 0 on: 0201 instead of 0102'],
    ['a byte too many', '0102039000', 'step 3, READ BINARY again: 3 bytes of data instead of 2'],
    ['data with an error', '01026A82', 'step 3, READ BINARY again: status word 6A82'],
  ])('%s, with the step', async (_, answer, reason) => {
    const result = await run(STEPS, (command, count) =>
      command === SELECT ? '9000' : count === 3 ? answer : '01029000',
    );
    expect(result.verdict).toBe('fail');
    expect(result.reason).toContain(reason);
    expect(result.steps).toHaveLength(3);
    expect(result.steps.at(-1)?.faults).not.toEqual([]);
  });

  it('ends the case: what comes after would say nothing', async () => {
    const { log } = await run(STEPS, (command) => (command === SELECT ? '9000' : '6982'));
    expect(log).toEqual(['on', SELECT, READ]);
  });

  it('when the card has a fault of its own, whatever it answered', async () => {
    const result = await run(
      [send('READ BINARY', READ, ok('0102'))],
      { [READ]: '01029000' },
      {
        card: (scripted) =>
          new InProcessCard('faulty', (onFault) => {
            queueMicrotask(() => onFault(new Error('out of its mind')));
            return scripted;
          }),
      },
    );
    expect(result).toMatchObject({ verdict: 'fail', reason: 'the card had a fault of its own: out of its mind.' });
  });
});

describe('INCONCLUSIVE', () => {
  it('when a precondition fails', async () => {
    const result = await run(STEPS, { [SELECT]: '6A82', [READ]: '01029000' });
    expect(result.verdict).toBe('inconclusive');
    expect(result.reason).toContain('a precondition failed: step 1, SELECT: status word 6A82');
    expect(result.reached).toEqual([]);
  });

  it.each<[string, () => never]>([
    [
      'dies',
      () => {
        throw new HalError('card-removed', 'the card was taken out');
      },
    ],
    [
      'throws',
      () => {
        throw new TypeError('the card was taken out');
      },
    ],
  ])('when the card %s in a judged step', async (_, die) => {
    const result = await run(STEPS, (command, count) =>
      count === 3 ? die() : command === SELECT ? '9000' : '01029000',
    );
    expect(result.verdict).toBe('inconclusive');
    expect(result.reason).toMatch(/^the link died: .*the card was taken out$/);
    expect(result.steps).toHaveLength(3);
    expect(result.steps.at(-1)).toMatchObject({ words: 'READ BINARY again', response: '' });
  });

  it('when the card cannot be reached at all', async () => {
    const result = await run(
      STEPS,
      {},
      {
        card: () =>
          new InProcessCard('gone', () => {
            throw new HalError('no-card', 'no card');
          }),
      },
    );
    expect(result).toMatchObject({ verdict: 'inconclusive', reason: 'the link died: no card', exchanges: 0 });
  });

  it('but not when the PC/SC service goes: the run has no verdict then', async () => {
    const gone = run(STEPS, (command) => {
      if (command === SELECT) return '9000';
      throw new HalError('no-service', 'the PC/SC service is gone');
    });
    await expect(gone).rejects.toMatchObject({ kind: 'no-service' });
  });

  it('when the card answers less than a status word', async () => {
    expect(await run(STEPS, () => '90')).toMatchObject({ verdict: 'inconclusive' });
  });
});

describe('NOT APPLICABLE', () => {
  const needy = defineCase({
    id: 'TST-002',
    title: 'needy',
    commands: ['READ BINARY'],
    needs: { f: file({ structure: 'transparent', access: { read: 'free' }, bytes: 4 }) },
    steps: ({ f }) => [send('READ BINARY', READ, ok(f.part(0, 2)))],
  });
  const limited = (command: string): readonly Step[] => [send('a command', command, '6700')];

  it('when the card has not what the case needs', async () => {
    const result = await run([], {}, { change: needy });
    expect(result).toMatchObject({ verdict: 'not-applicable', exchanges: 0, log: [] });
    expect(result.reason).toBe(
      'the card has not a transparent EF, read free, of 4 known bytes or more, as far as it is declared',
    );
  });

  it('when the case changes the card and that is not allowed', async () => {
    const result = await run(STEPS, {}, { change: { destructive: true }, destructive: false });
    expect(result).toMatchObject({ verdict: 'not-applicable', log: [] });
  });

  it('when a card of unknown make does not know the instruction, and FAIL when it is declared with it', async () => {
    const steps = [send('READ BINARY', READ, ok('0102'))];
    expect(await run(steps, { [READ]: '6D00' })).toMatchObject({ verdict: 'not-applicable' });
    expect(await run(steps, { [READ]: '6D00' }, { declaration: { commands: ['READ BINARY'] } })).toMatchObject({
      verdict: 'fail',
    });
    expect(await run(steps, {}, { declaration: { commands: ['SELECT'] } })).toMatchObject({
      verdict: 'not-applicable',
      reason: 'the card is declared without READ BINARY',
    });
  });

  it('when the link cannot carry a command, and says so', async () => {
    const reach = { shortestCommand: 4, longestCommand: 10 };
    const card = (scripted: ScriptedCard): InProcessCard =>
      Object.assign(new InProcessCard('short', () => scripted), { reach });
    for (const command of ['00B000', `00D60000FF${'00'.repeat(255)}`]) {
      const result = await run(limited(command), () => '6700', { card });
      expect(result).toMatchObject({ verdict: 'not-applicable', linkLimited: true, log: [] });
      expect(result.reason).toContain('LINK-LIMITED');
    }
    expect(await run(limited('00B00000'), () => '6700', { card })).toMatchObject({ verdict: 'pass' });
  });
});

describe('steps', () => {
  it('take captured values into commands and expectations', async () => {
    const steps = [
      send('READ BINARY of an offset', '00B0000002', ok(), { offset: { from: 0, length: 2 }, sw: { status: true } }),
      send('READ BINARY there', '00B0{offset}01', ok('{sw}')),
    ];
    const result = await run(steps, { '00B0000002': '01239000', '00B0012301': '90009000' });
    expect(result).toMatchObject({ verdict: 'pass' });
    expect(await run(steps, { '00B0000002': '01239000', '00B0012301': '90019000' })).toMatchObject({ verdict: 'fail' });
    expect(await run(steps, { '00B0000002': '9000' })).toMatchObject({
      verdict: 'fail',
      reason: 'step 1, READ BINARY of an offset: the response has nothing to take as offset',
    });
  });

  it('can power the card off and on, and reset it', async () => {
    const { log } = await run([send('a', READ, '9000'), COLD, WARM, send('b', READ, '9000')], { [READ]: '9000' });
    expect(log).toEqual(['on', READ, 'off', 'on', 'reset', READ]);
  });

  it('a sweep is one step, with a command before each; what is wrong is told by its command', async () => {
    const steps = [sweep('READ BINARY', '00B000{value}01', ['00', '01', '02'], refused('6B00'), SELECT)];
    const good = await run(steps, (command) => (command === SELECT ? '9000' : '6B00'));
    expect(good).toMatchObject({ verdict: 'pass', exchanges: 6 });
    expect(good.steps).toHaveLength(1);
    const bad = await run(steps, (command) =>
      command === SELECT ? '9000' : command === '00B0000101' ? '9000' : '6B00',
    );
    expect(bad.verdict).toBe('fail');
    expect(bad.reason).toContain('1 of 3 wrong, 00B0000101: status word 9000');
  });

  it('on a card with T=0 rules follow 61xx and 6Cxx before an answer is judged', async () => {
    const steps = [send('SELECT', '00A40000023F0000', ok('6F00')), send('READ BINARY', '00B0000000', ok('AABB'))];
    const script = {
      '00A40000023F0000': '6102',
      '00C0000002': '6F009000',
      '00B0000000': '6C02',
      '00B0000002': 'AABB9000',
    };
    expect(await run(steps, script, { declaration: { protocol: 'T=0' } })).toMatchObject({ verdict: 'pass' });
    expect(await run(steps, script)).toMatchObject({ verdict: 'fail' });
  });

  it('show no code and no NIR, whatever becomes of the case', async () => {
    const nir = '323735313236333232303734393734';
    const steps = [
      given('VERIFY', '002000810431323334'),
      sweep('VERIFY', '002000{value}0431323334', ['81', '82'], '9000'),
      send('READ BINARY', '00B000000F', ok(nir)),
    ];
    const result = await run(steps, (command) => (command.startsWith('00B0') ? `${nir}9000` : '9000'));
    expect(result.steps.map(({ command }) => command)).toEqual([
      '0020008104XXXXXXXX',
      '0020008204XXXXXXXX',
      '00B000000F',
    ]);
    expect(JSON.stringify(result.steps)).not.toContain('31323334');
    expect(result.verdict).toBe('pass');
    expect(JSON.stringify(result.steps)).not.toContain(nir);
    expect(result.log).toContain('002000810431323334');
  });

  it('a mistake in a case is a mistake of ours and no verdict', async () => {
    await expect(run([send('nonsense', '00B0{nothing}', '9000')], {})).rejects.toThrow(
      'nothing was captured as nothing',
    );
  });
});
