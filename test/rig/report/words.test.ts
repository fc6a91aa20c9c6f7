import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { counted } from '../../../rig/report/words.ts';

/** What verbs and reports count. Bytes have no row here: where one of them can come, a person must look. */
const COUNTED = [
  ...['answers', 'attempts', 'benches', 'blocks', 'boards', 'cards', 'cases', 'certificates', 'claims', 'codes'],
  ...['commands', 'days', 'devices', 'errors', 'events', 'exchanges', 'failures', 'files', 'inputs', 'invoices'],
  ...['lines', 'pages', 'people', 'phases', 'ports', 'readers', 'records', 'repairs', 'results', 'rounds', 'rows'],
  ...['rules', 'runs', 'servers', 'steps', 'taps', 'times', 'traces', 'tries', 'warnings'],
].join('|');
/** `${n} cases`, `${n} protected commands`; a constant in capitals is a number that does not change. */
const FIXED = new RegExp(
  `\\$\\{(?!counted\\()(?!\\w+\\.[A-Z_]+\\})(?![A-Z][A-Z_]+\\})[^{}]*\\} (?:${COUNTED})\\b`,
  'g',
);

/** Counts that are never one, as far as each goes in its line, with the reason. */
const NEVER_ONE: readonly (readonly [file: string, text: string, reason: string])[] = [
  ['board/batch-serials.ts', '#{count} boards', 'boards that have the same card'],
  ['judge/conform/terminal/needs.ts', '#{least} tries', 'two or three in every case'],
  ['judge/replay/present.ts', '#{this.#left.length} commands', 'one has its own sentence'],
  ['judge/replay/present.ts', '#{entry.retries + 1} times', 'after a retry'],
  ['judge/replay/report/html.ts', '#{retries + 1} times', 'after a retry'],
  ['judge/replay/report/junit.ts', '#{retries + 1} times', 'after a retry'],
  ['lab/bench/run-files.ts', '#{limits.files} files', 'a limit'],
  ['lab/measure/growth.ts', '#{largeRuns} runs', 'ten thousand or more'],
  ['lab/measure/growth.ts', '#{value.toFixed(2)} times', 'a ratio'],
  ['lab/measure/scheduling.ts', '#{figures.runsPerSecond.toFixed(0)} runs', 'a rate'],
  ['lab/results/bundle.ts', '#{all} files', 'more than the limit'],
  ['life/bench/report.ts', '#{value.toFixed(2)} times', 'a ratio'],
  ['life/identity/provider/init.ts', '#{source.count} people', 'more than the limit'],
  ['measure/compare/peer.ts', '#{options.rounds} rounds', 'enough for an interval'],
  ['measure/crowd.ts', '#{result.tapsPerSecond.toFixed(0)} taps', 'a rate'],
  ['measure/tap/diagnosis.ts', '#{taps} taps', 'a thousand or more'],
  ['measure/tap-report/first-tap.ts', '#{digits(ns / medianNs)} times', 'a ratio'],
  ['shell/commands.ts', '#{name} runs', 'a verb'],
  ['tap/presentation.ts', '#{count} invoices', 'more than are shown'],
];

/** Fixed plurals of a source, with `#{` for the beginning of a value; a line that asks for one has its choice already. */
function fixedPlurals(source: string): readonly string[] {
  return source
    .split('\n')
    .filter((line) => !/[=!]== 1\b|> 1\b/.test(line))
    .flatMap((line) => line.match(FIXED) ?? [])
    .map((text) => text.replace('${', '#{'));
}

/** A template as text: the linter takes its beginning in a string for a mistake. */
const inSource = (text: string): readonly string[] => fixedPlurals(text.replaceAll('#{', '${'));

describe('counts in words', () => {
  it.each([
    [0, '0 cases'],
    [1, '1 case'],
    [2, '2 cases'],
  ])('%i: %s', (count, words) => expect(counted(count, 'case')).toBe(words));

  it('take a plural that is not the singular with an s', () => {
    expect([1, 3].map((count) => counted(count, 'try', 'tries'))).toEqual(['1 try', '3 tries']);
  });

  it('are found where they have a fixed plural', () => {
    expect(inSource('say(`#{failed} of #{all.length} taps failed`)')).toEqual(['#{all.length} taps']);
    expect(inSource("say(`#{counted(all, 'tap')}, at most #{MOST_TAPS} taps`)")).toEqual([]);
    expect(inSource("say(n === 1 ? 'once' : `#{n} times`)")).toEqual([]);
  });

  it('have a singular wherever there may be one', () => {
    const found = readdirSync('rig', { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .flatMap((name) => fixedPlurals(readFileSync(join('rig', name), 'utf8')).map((text) => [name, text]));
    const known = NEVER_ONE.map(([name, text]) => [name, text]);
    expect(found.sort()).toEqual(known.sort());
  });
});
