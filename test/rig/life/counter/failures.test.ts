import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeFailure } from '../../../../rig/console/failure.ts';
import { CounterFailure, FAILURES, type FailureCode } from '../../../../rig/life/counter/failures.ts';

const DOCS = readFileSync(new URL('../../../../docs/counter.md', import.meta.url), 'utf8');

describe('failures of a counter', () => {
  it('docs/counter.md has a row for each, and for no other', () => {
    const rows = Object.entries(FAILURES).map(
      ([code, { sentence, exitCode, cure }]) => `| \`${code}\` | ${sentence} | ${exitCode} | ${cure} |`,
    );
    const [, table = ''] = DOCS.split('| code | sentence | exit | what to do |\n|---|---|---|---|\n');
    expect(table.split('\n\n')[0]?.trim().split('\n')).toEqual(rows);
  });

  it('an option of the same verb that cures it stands in the sentence too', () => {
    const cures = Object.entries(FAILURES).map(([code, { sentence, cure }]) => ({
      code,
      missing: (cure.replace(/`vitap [^`]*`/g, '').match(/--[a-z-]+/g) ?? []).filter(
        (option) => !sentence.includes(option),
      ),
    }));
    expect(cures.filter(({ missing }) => missing.length > 0)).toEqual([]);
  });

  it.each(Object.keys(FAILURES) as FailureCode[])('%s is one sentence with its exit code', (code) => {
    const failure = describeFailure(new CounterFailure(code, 'DETAIL $& \u001b[2J'));
    expect(failure.kind).toBe('counter');
    expect(failure.exitCode).toBe(FAILURES[code].exitCode);
    expect(failure.sentences).toHaveLength(1);
    expect(failure.sentences[0]).not.toContain('\u001b');
    expect(failure.sentences[0]).toMatch(/^[a-z]|^DETAIL/);
    if (FAILURES[code].sentence.includes('…')) expect(failure.sentences[0]).toContain('DETAIL $&');
  });
});
