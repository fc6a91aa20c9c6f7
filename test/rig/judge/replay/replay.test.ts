import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import type { ReplayResult } from '../../../../rig/judge/replay/model.ts';
import { NO_RULES } from '../../../../rig/judge/replay/rules.ts';
import { parseRules } from '../../../../rig/judge/replay/rules-file.ts';
import { NO_SECRETS, parseSecrets } from '../../../../rig/judge/replay/secrets.ts';
import { surveyTrace } from '../../../../rig/judge/replay/survey.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { ScriptedCard } from '../conform/scripted-card.ts';
import { recorded } from './recorded.ts';
import { replayed } from './replaying.ts';

// The first command loads the card, its profiles and all trace formats.
vi.setConfig({ testTimeout: 30_000 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-replay-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

async function vitap(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  return vitapWith('274916', ...args);
}

async function vitapWith(code: string, ...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const io = fakeIo({ env: { VITAP_PIN: code } });
  const exit = await runCommandLine(args, '0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

/** A recorded tap of the shipped card, which never changes. */
async function session(profile = 'vitale2'): Promise<string> {
  const path = join(folder, 'session.jsonl');
  expect((await vitap('tap', '--profile', profile, '--record', path)).exit).toBe(0);
  return path;
}
const secrets = (): string => file('secrets.yaml', "codes: {'81': '274916'}\n");

describe('vitap replay, to a card', () => {
  it('passes at the card that was recorded', async () => {
    const { exit, out } = await vitap('replay', await session(), '--profile', 'vitale2', '--secrets', secrets());
    expect(exit).toBe(0);
    expect(out).toContain('PASS: 28 as expected, 0 not\n');
    expect(out).toContain('simulated');
  });

  it('shows the first divergence with what was before it, and gives it as data', async () => {
    const args = ['replay', await session(), '--profile', 'apcv', '--interface', 'contact', '--secrets', secrets()];
    const { exit, out } = await vitap(...args);
    expect(exit).toBe(1);
    expect(out).toMatch(/ 1 {2}PASS {10}SELECT .*\n +2 {2}FAIL {10}READ BINARY\n/);
    expect(out).toContain('got       6A82 (file or application not found)');
    const result = JSON.parse((await vitap(...args, '--json')).out) as ReplayResult;
    expect(result).toMatchObject({
      id: 'replay',
      mode: 'to-card',
      verdict: 'FAIL',
      firstDivergence: 2,
      backend: 'simulated',
    });
    expect(result.exchanges).toHaveLength(28);
    expect(result.counts).toEqual({ PASS: 1, FAIL: 1, INCONCLUSIVE: 0, SKIPPED: 26 });
  });

  it('records what it does', async () => {
    const path = join(folder, 'again.jsonl');
    await vitap('replay', await session(), '--profile', 'vitale2', '--secrets', secrets(), '--record', path);
    const text = readFileSync(path, 'utf8');
    expect(text.match(/"type":"command"/g)).toHaveLength(28);
    expect(text).toContain('0020008106XXXXXXXXXXXX');
  });

  it('names missing secrets before it touches a card', async () => {
    const { exit, out, err } = await vitapWith('', 'replay', await session(), '--profile', 'vitale2');
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toBe(
      'vitap: secrets are missing: code 81 (exchange 6, 6 bytes); give them with --secrets FILE, or the code in VITAP_PIN\n',
    );
  });

  it('takes the code in VITAP_PIN for a masked one', async () => {
    const { exit, out, err } = await vitap('replay', await session(), '--profile', 'vitale2');
    expect([exit, err]).toEqual([0, '']);
    expect(out).toContain('PASS: 28 as expected, 0 not\n');
    expect(out).not.toMatch(/274916|323734393136/);
  });

  it('takes the code of the file before that in VITAP_PIN', async () => {
    const args = ['replay', await session(), '--profile', 'vitale2', '--secrets', secrets()];
    expect((await vitapWith('000000', ...args)).exit).toBe(0);
  });

  it('sends a wrong one, and the card says so', async () => {
    const { exit, out } = await vitapWith('000000', 'replay', await session(), '--profile', 'vitale2');
    expect(exit).toBe(1);
    expect(out).toContain('63C2');
  });

  it('does not send one of another length', async () => {
    const { exit, err } = await vitapWith('1234', 'replay', await session(), '--profile', 'vitale2');
    expect(exit).toBe(2);
    expect(err).toContain('secrets are missing: exchange 6 masks 6 bytes, and VITAP_PIN has 4 for it;');
  });

  it('does not send it for two codes: it would cost a try of one of them', async () => {
    const pin = new TextEncoder().encode('274916');
    const twice = recorded(['00200081 06 XXXXXXXXXXXX', '9000'], ['00200081 06 XXXXXXXXXXXX', '9000']);
    expect((await surveyTrace(twice, NO_RULES, { ...NO_SECRETS, pin })).missing).toEqual([]);
    const two = () => recorded(['00200081 06 XXXXXXXXXXXX', '9000'], ['00200082 06 XXXXXXXXXXXX', '9000']);
    expect((await surveyTrace(two(), NO_RULES, { ...NO_SECRETS, pin })).missing).toEqual([
      'codes 81 and 82, of which VITAP_PIN can be one only',
    ]);
    const written = parseSecrets("codes: {'82': '271828'}", 'secrets.yaml');
    expect((await surveyTrace(two(), NO_RULES, { ...written, pin })).missing).toEqual([]);
  });

  it.each([
    ['a new code', '00240081 0C XXXXXXXXXXXXXXXXXXXXXXXX'],
    ['what unblocks', '002C0181 06 XXXXXXXXXXXX'],
  ])('does not take it for %s', async (_, command) => {
    const pin = new TextEncoder().encode('274916');
    const { missing } = await surveyTrace(recorded([command, '9000']), NO_RULES, { ...NO_SECRETS, pin });
    expect(missing).toHaveLength(1);
  });

  it('warns of rules that match nothing', async () => {
    const rules = file('r.yaml', 'version: 1\nrules:\n  - {name: the forgotten one, command: 80FF *}\n');
    const { exit, err } = await vitap(
      'replay',
      await session(),
      '--profile',
      'vitale2',
      '--secrets',
      secrets(),
      '--rules',
      rules,
    );
    expect(exit).toBe(0);
    expect(err).toContain(`the rule "the forgotten one" of ${rules} matched no exchange`);
  });

  it('judges a trace that was cut off as far as it goes', async () => {
    const path = await session();
    const lines = readFileSync(path, 'utf8').split('\n');
    // Header, power, eight exchanges, and half of the next command.
    const cut = file('cut.jsonl', `${lines.slice(0, 18).join('\n')}\n${lines[18]!.slice(0, 20)}`);
    const { exit, out, err } = await vitap('replay', cut, '--profile', 'vitale2', '--secrets', secrets());
    expect(exit).toBe(2);
    expect(out).toContain('INCONCLUSIVE: 8 as expected, 0 not');
    expect(err).toContain(`the replay ended before its end: ${cut}:19: the last line is cut off`);
  });

  it.each([
    [
      'a trace without commands',
      (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, 2).join('\n'),
      'has no commands to replay',
    ],
    ['no trace at all', () => 'hello\n', 'this is no trace of a format that vitap reads'],
    ['an empty file', () => '', 'trace'],
  ])('refuses %s in one sentence', async (_, content, words) => {
    const path = file('bad.jsonl', content(await session()));
    const { exit, out, err } = await vitap('replay', path, '--profile', 'vitale2');
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain(words);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).not.toContain('fault of vitap');
  });

  it.each([
    [['--link', 'vpcd'], '--link goes with --as-card'],
    [['--pace', 'slow'], 'A pace is fast, original, or a factor'],
    [['--max-deviation', 'soon', '--profile', 'vitale2'], '--max-deviation: a deviation is a time or a part'],
    [['--as-card', '--keep-going'], '--keep-going does not go with --as-card'],
    [['--reader', 'loopback'], 'a loopback reader has no card of its own'],
    [['--rules', '/nowhere.yaml', '--profile', 'vitale2'], '/nowhere.yaml: there is no such file'],
    [['--from', 'nonsense', '--profile', 'vitale2'], 'nonsense'],
  ])('refuses %j', async (args, words) => {
    const { exit, err } = await vitap('replay', await session(), ...args);
    expect(exit).toBe(2);
    expect(err).toContain(words);
    expect(err).not.toContain('fault of vitap');
  });
});

describe('vitap synth', () => {
  it('writes rules that its own reader takes', async () => {
    const out = join(folder, 'rules.yaml');
    const { exit, err } = await vitap('synth', await session(), '-o', out);
    expect(exit).toBe(0);
    expect(err).toContain('28 rules from 28 exchanges, 2 of them for a state');
    expect(parseRules(readFileSync(out, 'utf8'), out).card?.answers).toHaveLength(28);
  });

  it('keeps the secrets of a trace that has them', async () => {
    const path = join(folder, 'open.jsonl');
    await vitap('tap', '--profile', 'vitale2', '--record', path, '--keep-secrets');
    const masked = (await vitap('synth', path)).out;
    expect(masked).not.toContain('323734393136');
    expect(masked).toContain('0020008106XXXXXXXXXXXX');
    expect((await vitap('synth', path, '--keep-secrets')).out).toContain('0020008106323734393136');
  });
});

it('every example of the documentation is one', () => {
  const text = readFileSync(new URL('../../../../docs/replay.md', import.meta.url), 'utf8');
  const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml!);
  expect(examples).toHaveLength(4);
  for (const example of examples) {
    if (example.startsWith('version')) parseRules(example, 'docs/replay.md');
    else parseSecrets(example, 'docs/replay.md');
  }
});

describe('any trace', () => {
  const bytes = (least: number): fc.Arbitrary<string> =>
    fc.uint8Array({ minLength: least, maxLength: 40 }).map((each) => Buffer.from(each).toString('hex').toUpperCase());

  it('passes at a card that answers as recorded', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(bytes(4), bytes(2)), { minLength: 1, maxLength: 6 }), async (pairs) => {
        const card = new ScriptedCard((_, count) => pairs[count - 1]![1]);
        const { verdicts } = await replayed(recorded(...pairs), card);
        expect(verdicts).toBe(pairs.map(() => 'PASS').join(' '));
      }),
      { numRuns: 50 },
    );
  });

  it('fails, with a place, at a card that answers anything else', async () => {
    const rules = "version: 1\nignoreTags: '9F36'\nrules:\n  - {command: '*', mask: [tag 84, bytes 90-99]}";
    await fc.assert(
      fc.asyncProperty(bytes(4), bytes(2), bytes(2), async (command, was, is) => {
        fc.pre(was !== is);
        const { entries } = await replayed(recorded([command, was]), new ScriptedCard({ [command]: is }));
        expect(entries[0]?.verdict).toBe('FAIL');
        expect(entries[0]?.divergence?.where).not.toBe('');
        // With tags ignored or masked anything may pass; nothing may throw.
        await replayed(recorded([command, was]), new ScriptedCard({ [command]: is }), { rules });
      }),
      { numRuns: 100 },
    );
  });
});
