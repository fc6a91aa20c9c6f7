import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSuite, readSuite } from '../../../../rig/judge/suite/suite-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-suite-file-'));
  writeFileSync(join(folder, 'a.jsonl'), '');
  writeFileSync(join(folder, 'r.yaml'), 'version: 1\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

const parse = (text: string) => parseSuite(text, 'suite.yaml', folder);

describe('a suite file', () => {
  it('fills in what holds for all', () => {
    const { name, traces } = parse(`version: 1
name: field
rules: r.yaml
retries: 2
interface: contact
traces:
  - { id: one, file: a.jsonl }
  - id: two
    title: The second
    file: a.jsonl
    from: vitap
    interface: contactless
    retries: 0
    pace: original
    maxDeviation: +5ms
    expect: fail-at 12
    quarantine: { reason: waits for a new card, until: 2026-12-31 }
`);
    expect(name).toBe('field');
    expect(traces).toEqual([
      {
        id: 'one',
        title: null,
        file: join(folder, 'a.jsonl'),
        from: null,
        rules: join(folder, 'r.yaml'),
        secrets: null,
        interface: 'contact',
        pace: 'fast',
        maxDeviation: null,
        expect: { kind: 'pass' },
        retries: 2,
        quarantine: null,
      },
      {
        id: 'two',
        title: 'The second',
        file: join(folder, 'a.jsonl'),
        from: 'vitap',
        rules: join(folder, 'r.yaml'),
        secrets: null,
        interface: 'contactless',
        pace: 1,
        maxDeviation: '+5ms',
        expect: { kind: 'fail-at', exchange: 12 },
        retries: 0,
        quarantine: { reason: 'waits for a new card', until: '2026-12-31' },
      },
    ]);
  });

  const trace = (more: string): string => `version: 1\ntraces:\n  - { id: one, file: a.jsonl, ${more} }\n`;
  it.each([
    ['version: 2\ntraces:\n  - { id: one, file: a.jsonl }\n', 'suite.yaml:1:10: `2` is not 1'],
    ['version: 1\n', 'suite.yaml:1:1: `traces` is missing'],
    ['version: 1\ntraces: []\n', 'suite.yaml:2:1: at least one entry is needed here'],
    ['version: 1\ntraces:\n  - { id: one }\n', 'suite.yaml:3:5: `file` is missing'],
    ['version: 1\ntraces:\n  - { id: a/b, file: a.jsonl }\n', 'suite.yaml:3:11: an id is up to 64 letters, digits'],
    ['version: 1\ntraces:\n  - { id: one, file: b.jsonl }\n', 'suite.yaml:3:22: there is no file '],
    [trace('rule: r.yaml'), 'suite.yaml:3:31: `rule` is not a key that is known here'],
    [trace('rules: s.yaml'), 'suite.yaml:3:38: there is no file '],
    [trace('expect: fail'), 'suite.yaml:3:39: a trace is expected to `pass`, or to `fail-at 12`'],
    [trace('expect: fail-at 0'), 'suite.yaml:3:39: a trace is expected to'],
    [trace('retries: 11'), 'suite.yaml:3:40: `11` is not a whole number from 0 to 10'],
    [trace('pace: slow'), 'suite.yaml:3:37: a pace is fast, original, or a factor'],
    [trace('maxDeviation: 5'), 'suite.yaml:3:45: a deviation is a time or a part'],
    [trace('from: nothing'), 'suite.yaml:3:37: this format is not read'],
    [trace('quarantine: { reason: x }'), 'suite.yaml:3:31: `until` is missing'],
    [trace('quarantine: { reason: x, until: 2026-02-30 }'), 'suite.yaml:3:63: a day is written as 2026-12-31'],
    [
      'version: 1\ntraces:\n  - { id: one, file: a.jsonl }\n  - { id: ONE, file: a.jsonl }\n',
      'suite.yaml:4:11: another trace has the id `ONE`',
    ],
  ])('names the place of a fault: %j', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it('looks at what it names before anything runs', () => {
    writeFileSync(join(folder, 'r.yaml'), 'version: 1\nrules:\n  - { command: 00XZ }\n');
    writeFileSync(join(folder, 'suite.yaml'), trace('rules: r.yaml'));
    expect(() => readSuite(folder)).toThrow(`${join(folder, 'r.yaml')}:3:`);
  });

  it('wants a suite.yaml', () => {
    expect(() => readSuite(folder)).toThrow(`${folder} is no suite: it has no suite.yaml`);
  });
});
