import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../../../rig/card/open.ts';
import { PACKAGE_ROOT } from '../../../../rig/console/package-root.ts';
import { RuleUse } from '../../../../rig/judge/suite/rule-use.ts';
import { runTrace, type SuiteSetting } from '../../../../rig/judge/suite/run-suite.ts';
import { readSuite } from '../../../../rig/judge/suite/suite-file.ts';
import { FileNvm } from '../../../../src/hal/nvm/file.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { CODE, makeSuite, runSuite, SHIPPED, shippedTrace, withOtherAnswer } from './suite-run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-suites-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Exchange 4 reads the NIRs; exchange 2 the identities. */
const IDENTITY = shippedTrace('identity.jsonl');
const suite = (traces: string, files: Record<string, string>): string =>
  makeSuite(folder, `version: 1\nname: mine\nsecrets: secrets.yaml\ntraces:\n${traces}`, files);
const json = async (path: string, change: Parameters<typeof runSuite>[1] = {}) => {
  const { exit, out } = await runSuite(path, change, fakeIo({ json: true }));
  // biome-ignore lint/suspicious/noExplicitAny: what stands in it is what is judged here
  return { exit, document: JSON.parse(out) as any };
};

describe('the suites that come with vitap', () => {
  it.each([
    ['vitale2', 'vitale2'],
    ['vitale2-contactless', 'vitale2'],
    ['apcv', 'apcv'],
  ])('%s passes with the card %s', async (suite, name) => {
    const path = join(PACKAGE_ROOT, 'suites', suite);
    const { exit, out } = await runSuite(path, { card: { kind: 'profile', name }, jobs: 3 });
    expect(out).toMatch(/\nPASS: (\d) of \1 traces as expected\n$/);
    expect(exit).toBe(0);
  });

  it('tell the two cards apart', async () => {
    const other = async (name: string, card: string) =>
      (await runSuite(join(PACKAGE_ROOT, 'suites', name), { card: { kind: 'profile', name: card }, jobs: 3 })).out;
    expect(await other('apcv', 'vitale2')).toContain(
      'FAIL          no-pointers: differs at exchange 1: status word 9000 (no error), not 6A82 (file or application not found)\n',
    );
    expect(await other('vitale2', 'apcv')).toMatch(
      /^FAIL {10}own-application: differs at exchange 2: status word 6982/m,
    );
  });

  it('show no code and no NIR', () => {
    const { traces } = readSuite(SHIPPED);
    expect(traces.length).toBeGreaterThan(0);
    for (const { file } of traces) expect(readFileSync(file, 'utf8')).not.toContain(Buffer.from(CODE).toString('hex'));
  });
});

describe('a run of a suite', () => {
  it('fails where one trace does, names the field, and goes on with the others', async () => {
    const path = suite('  - { id: bad, file: bad.jsonl }\n  - { id: good, file: good.jsonl }\n', {
      'bad.jsonl': withOtherAnswer(IDENTITY, 2),
      'good.jsonl': IDENTITY,
    });
    const { exit, out, err } = await runSuite(path);
    expect(exit).toBe(1);
    expect(out).toContain('FAIL          bad: differs at exchange 2: ');
    expect(out).toContain('FAIL: 1 of 2 traces as expected, 1 not\n');
    expect(err).toContain('2 of 2  PASS          good\n');
  });

  it.each([
    ['fail-at 2', 0, 'PASS', null],
    ['fail-at 3', 1, 'FAIL', 'it was to fail at exchange 3, and did so at 2'],
    ['pass', 1, 'FAIL', expect.stringContaining('differs at exchange 2')],
  ])('measures a trace that differs at 2 by `expect: %s`', async (expected, exit, verdict, reason) => {
    const path = suite(`  - { id: bad, file: bad.jsonl, expect: ${expected} }\n`, {
      'bad.jsonl': withOtherAnswer(IDENTITY, 2),
    });
    const result = await json(path);
    expect(result.exit).toBe(exit);
    expect(result.document.traces[0]).toMatchObject({ verdict, reason });
  });

  it('fails a trace that was to fail and passes', async () => {
    const path = suite('  - { id: good, file: good.jsonl, expect: fail-at 2 }\n', { 'good.jsonl': IDENTITY });
    const { document } = await json(path);
    expect(document.traces[0]).toMatchObject({ verdict: 'FAIL', reason: 'it was to fail at exchange 2, and passed' });
  });

  it('runs what is in quarantine, reports it apart, and does not count it', async () => {
    const quarantine = 'quarantine: { reason: known to differ, until: 2999-01-01 }';
    const path = suite(
      `  - { id: bad, file: bad.jsonl, ${quarantine} }\n  - { id: well, file: good.jsonl, ${quarantine} }\n  - { id: good, file: good.jsonl }\n`,
      { 'bad.jsonl': withOtherAnswer(IDENTITY, 2), 'good.jsonl': IDENTITY },
    );
    const { exit, out } = await runSuite(path);
    expect(exit).toBe(0);
    expect(out).toContain('In quarantine, not counted:\nFAIL          bad (quarantine): differs at exchange 2');
    expect(out).toContain('    until 2999-01-01: known to differ\n');
    expect(out).toContain('it passed, which was not expected: end its quarantine?');
    expect(out).toContain('PASS: 1 of 1 trace as expected; 2 in quarantine');
    const { document } = await json(path);
    expect(document).toMatchObject({ counts: { PASS: 1, FAIL: 0 }, quarantined: { PASS: 1, FAIL: 1 } });
  });

  it('counts a trace again when its quarantine is over', async () => {
    const path = suite('  - { id: bad, file: bad.jsonl, quarantine: { reason: old, until: 2020-01-01 } }\n', {
      'bad.jsonl': withOtherAnswer(IDENTITY, 2),
    });
    const { exit, out } = await runSuite(path);
    expect(exit).toBe(1);
    expect(out).toContain('its quarantine ended with 2020-01-01: it counts (old)');
  });

  it.each([
    ['2026-03-30', false],
    ['2026-03-31', false],
    ['2026-04-01', true],
  ])('until 2026-03-31 is that day too: on %s it is over: %s', async (today, expired) => {
    const path = suite('  - { id: good, file: good.jsonl, quarantine: { reason: x, until: 2026-03-31 } }\n', {
      'good.jsonl': IDENTITY,
    });
    const [trace] = readSuite(path).traces;
    if (trace === undefined) throw new Error('no trace');
    const { quarantine } = await runTrace(trace, { ...setting(), today }, { attempt: () => {}, exchange: () => {} });
    expect(quarantine).toEqual({ reason: 'x', until: '2026-03-31', expired });
  });

  it.each([
    [CODE, 0, 'PASS: 1 of 1 trace as expected'],
    ['', 2, 'secrets are missing: code 81'],
  ])('takes VITAP_PIN (“%s”) where there is no file of secrets', async (pin, exit, words) => {
    const path = makeSuite(folder, 'version: 1\nname: mine\ntraces:\n  - { id: own, file: own.jsonl }\n', {
      'own.jsonl': shippedTrace('own-application.jsonl'),
    });
    const ran = await runSuite(path, {}, fakeIo({ env: { VITAP_PIN: pin } }));
    expect(ran.exit).toBe(exit);
    expect(ran.out).toContain(words);
  });

  it('passes nothing when all is in quarantine', async () => {
    const path = suite('  - { id: good, file: good.jsonl, quarantine: { reason: x, until: 2999-01-01 } }\n', {
      'good.jsonl': IDENTITY,
    });
    const { exit, out } = await runSuite(path);
    expect(exit).toBe(2);
    expect(out).toContain('nothing was judged: every trace is in quarantine');
  });

  it('shows every attempt', async () => {
    const path = suite('  - { id: bad, file: bad.jsonl, retries: 2 }\n', { 'bad.jsonl': withOtherAnswer(IDENTITY, 2) });
    const { exit, out } = await runSuite(path);
    expect(exit).toBe(1);
    expect(out).toContain('FAIL          bad (3 attempts)');
    expect(out).toContain('    attempt 1: FAIL\n    attempt 2: FAIL\n    attempt 3: FAIL\n');
    const { document } = await json(path);
    expect(
      document.traces[0].attempts.map(({ attempt, exchanges }: never) => [attempt, (exchanges as []).length]),
    ).toEqual([1, 2, 3].map((n) => [n, 4]));
  });

  it('ends the attempts with the one that passes, and keeps those before it', async () => {
    const path = suite('  - { id: late, file: late.jsonl, retries: 5 }\n', {
      'late.jsonl': withOtherAnswer(IDENTITY, 2),
    });
    const [trace] = readSuite(path).traces;
    if (trace === undefined) throw new Error('no trace');
    const result = await runTrace(trace, setting(), {
      // The card changes its mind: here the trace does.
      attempt: (number) => {
        if (number === 3) writeFileSync(trace.file, IDENTITY);
      },
      exchange: () => {},
    });
    expect(result.verdict).toBe('PASS');
    expect(result.attempts.map(({ summary }) => summary?.verdict)).toEqual(['FAIL', 'FAIL', 'PASS']);
  });

  it('runs the others when one cannot be read, and is not green', async () => {
    const path = suite('  - { id: broken, file: broken.jsonl }\n  - { id: good, file: good.jsonl }\n', {
      'broken.jsonl': 'this is no trace\n',
      'good.jsonl': IDENTITY,
    });
    const { exit, out } = await runSuite(path);
    expect(exit).toBe(2);
    expect(out).toMatch(/INCONCLUSIVE {2}broken: .*broken\.jsonl.*this is no trace of a format that vitap reads/);
    expect(out).toContain('PASS          good');
  });

  it('gives every attempt a copy of the image as it was, and leaves the image alone', async () => {
    const image = join(folder, 'card.img');
    FileNvm.create(image, await buildImage('vitale2', 'vitap')).close();
    const before = readFileSync(image);
    // A wrong code takes a try: a card that remembered would answer 63C1 to the second trace.
    const wrong = [
      JSON.parse(shippedTrace('own-application.jsonl').split('\n')[0] as string),
      { type: 'command', t: 1, apdu: '00A404000AF0617043562D454D550100' },
      { type: 'response', t: 2, apdu: '9000' },
      { type: 'command', t: 3, apdu: '0020008106313131313131' },
      { type: 'response', t: 4, apdu: '63C2' },
    ];
    const path = suite('  - { id: one, file: w.jsonl }\n  - { id: two, file: w.jsonl }\n', {
      'w.jsonl': `${wrong.map((each) => JSON.stringify(each)).join('\n')}\n`,
      'r.yaml': 'version: 1\nrules:\n  - { command: 00A4 *, answer: any }\n',
    });
    const card = { kind: 'image', fileOrName: image } as const;
    const { exit, out } = await runSuite(path, { card, jobs: 2, rules: join(path, 'r.yaml') });
    expect(out).toContain('PASS: 2 of 2 traces as expected');
    expect(exit).toBe(0);
    expect(readFileSync(image)).toEqual(before);
  });

  it('says which rule none of the traces that share it needs, and which warning concerns how many', async () => {
    const rules = (names: readonly string[]): string =>
      `version: 1\nrules:\n${names.map((name) => `  - ${name}\n`).join('')}`;
    const path = suite('  - { id: one, file: one.jsonl }\n  - { id: two, file: two.jsonl }\n', {
      // Another last byte than any card of ours has.
      'one.jsonl': IDENTITY.replaceAll('F741FF8290006A', 'F741FF8290006B'),
      'two.jsonl': shippedTrace('pointers.jsonl').replaceAll('F741FF8290006A', 'F741FF8290006B'),
      'r.yaml': rules([
        '{ name: of one, command: 00A40000 *, answer: any }',
        '{ name: of two, command: 00A40200 *, answer: any }',
        '{ name: of none, command: 00CA *, answer: any }',
      ]),
    });
    const { err, exit } = await runSuite(path, { rules: join(path, 'r.yaml') });
    expect(exit).toBe(0);
    expect(err.match(/rule ".*?"/g)).toEqual(['rule "of none"']);
    expect(err).toContain('vitap: one and 1 more: the ATR is 3B8A80018031F873F741FF8290006A, in the trace it is ');
  });

  it('does not begin without its card, rules, secrets', async () => {
    const none = join(folder, 'none');
    await expect(runSuite(SHIPPED, { rules: none })).rejects.toThrow(none);
    await expect(runSuite(SHIPPED, { secrets: none })).rejects.toThrow(none);
    const card = { kind: 'image', fileOrName: `${none}.img` } as const;
    await expect(runSuite(SHIPPED, { card })).rejects.toThrow(`there is no image ${none}.img`);
  });

  it('says what was left out, and what there is', async () => {
    const { out, exit } = await runSuite(SHIPPED, { only: 'identity*' });
    expect(out).toContain('PASS: 2 of 2 traces as expected\n4 traces of the suite left out by --only\n');
    expect(exit).toBe(0);
    expect((await runSuite(SHIPPED, { list: true })).out).toMatch(/^identity-by-sfi .*\n(.*\n){5}6 traces\n$/);
    await expect(runSuite(SHIPPED, { only: 'nothing' })).rejects.toThrow('no trace of vitale2 has an id like nothing');
  });

  it('runs nothing after Ctrl-C, and has no verdict', async () => {
    const io = fakeIo({ signal: AbortSignal.abort() });
    await expect(runSuite(SHIPPED, {}, io)).rejects.toBe(io.signal.reason);
    expect(io.out).toEqual([]);
  });
});

describe('reports of a suite', () => {
  it('hold all attempts and no secret', async () => {
    const path = suite(
      '  - { id: bad, file: bad.jsonl, retries: 1 }\n  - { id: old, file: bad.jsonl, quarantine: { reason: old, until: 2999-01-01 } }\n  - { id: good, file: own.jsonl }\n',
      { 'bad.jsonl': withOtherAnswer(IDENTITY, 2), 'own.jsonl': shippedTrace('own-application.jsonl') },
    );
    const [html, junit] = [join(folder, 'r.html'), join(folder, 'r.xml')];
    await runSuite(path, { outputs: { html, junit, evidence: null } });
    const [page, xml] = [readFileSync(html, 'utf8'), readFileSync(junit, 'utf8')];
    expect(xml).toContain('tests="3" failures="1" errors="0" skipped="1"');
    expect(xml).toContain('<skipped message="in quarantine until 2999-01-01: old"/>');
    expect(xml).toContain('attempt 2: FAIL');
    expect(xml).toContain('in quarantine until 2999-01-01: old');
    expect(page).toContain('In quarantine until 2999-01-01: old.');
    expect(page).toContain('bad, attempt 2');
    expect(page).toMatch(/default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'/);
    expect(page).not.toMatch(/https?:|src=|@import|url\(/);
    for (const text of [page, xml]) {
      expect(text).not.toContain(Buffer.from(CODE).toString('hex'));
      expect(text).not.toContain(CODE);
    }
  });

  it('are refused before anything runs where they cannot be written', async () => {
    const html = join(folder, 'not', 'there.html');
    const refused = (outputs: { html: string | null; junit: string | null }) =>
      expect(runSuite(SHIPPED, { outputs: { ...outputs, evidence: null } })).rejects;
    await refused({ html, junit: null }).toThrow(`cannot write ${html}: there is no folder ${join(folder, 'not')}`);
    await refused({ html: null, junit: folder }).toThrow(`${folder} is a folder`);
  });
});

function setting(): SuiteSetting {
  return {
    reader: { driver: 'loopback' },
    card: { kind: 'profile', name: 'vitale2' },
    interface: null,
    rules: null,
    secrets: null,
    keepGoing: false,
    keepSecrets: false,
    timeoutMs: 1000,
    folder,
    traces: null,
    signal: new AbortController().signal,
    onOpen: undefined,
    ruleUse: new RuleUse(),
    today: '2026-11-23',
  };
}
