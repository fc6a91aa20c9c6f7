import { describe, expect, it } from 'vitest';
import type { Check, Finding } from '../../../rig/doctor/check.ts';
import { runChecks } from '../../../rig/doctor/check.ts';
import { runDoctor } from '../../../rig/doctor/doctor.ts';
import { fakeIo } from '../console/fake-io.ts';
import { fakeMachine } from './fake-machine.ts';

const machine = fakeMachine({});

function check(id: string, look: Check['look'], timeoutMs = 1000): Check {
  return { id, title: `About ${id}`, timeoutMs, look };
}
const finds = (id: string, finding: Finding): Check => check(id, async () => finding);

const well = finds('well', { verdict: 'pass', detail: 'fine' });
const odd = finds('odd', { verdict: 'warn', detail: 'one; two', cure: 'do this' });
const broken = finds('broken', { verdict: 'fail', detail: 'gone' });
const aside = finds('aside', { verdict: 'info', detail: 'by the way', data: { ms: 44 } });

describe('the doctor', () => {
  it.each([
    ['all well', [well, aside], 0, 'No problem found.'],
    ['a warning', [well, odd], 0, '1 warning; each -> says what to do.'],
    ['a failure', [odd, broken], 1, '1 failed, 1 warning; each -> says what to do.'],
  ])('%s', async (_title, checks, exitCode, last) => {
    const io = fakeIo();
    expect(await runDoctor(io, machine, checks)).toBe(exitCode);
    expect(io.out.join('').trimEnd().split('\n').at(-1)).toBe(last);
  });

  it('says each finding and its cure', async () => {
    const io = fakeIo();
    await runDoctor(io, machine, [odd]);
    expect(io.out[0]).toBe('WARN  About odd: one; two\n      -> do this\n');
  });

  it('says which readers and links need what is missing', async () => {
    const io = fakeIo();
    await runDoctor(io, machine, [
      finds('pcscd', { verdict: 'warn', detail: 'not installed', cure: 'install it' }),
      finds('serial', { verdict: 'info', detail: 'no USB serial port' }),
    ]);
    expect(io.out[0]).toMatch(
      /^WARN {2}About pcscd: not installed\n {6}needed by --reader pcsc, .*--link vpcd, .*\n {6}-> install it\n$/,
    );
    expect(io.out[1]).not.toContain('needed by');
  });

  it('breaks long lines between words', async () => {
    const io = fakeIo();
    const words = Array.from({ length: 40 }, (_, i) => `word${i}`);
    await runDoctor(io, machine, [finds('long', { verdict: 'info', detail: words.join(' ') })]);
    const lines = io.out[0]!.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {6}word/);
    expect(lines.join(' ').match(/word\d+/g)).toEqual(words);
  });

  it('gives the same as data', async () => {
    const io = fakeIo({ json: true });
    expect(await runDoctor(io, machine, [well, broken, aside])).toBe(1);
    expect(JSON.parse(io.out.join(''))).toEqual({
      verdict: 'fail',
      checks: [
        { id: 'well', title: 'About well', verdict: 'pass', detail: 'fine', neededBy: [] },
        { id: 'broken', title: 'About broken', verdict: 'fail', detail: 'gone', neededBy: [] },
        { id: 'aside', title: 'About aside', verdict: 'info', detail: 'by the way', data: { ms: 44 }, neededBy: [] },
      ],
    });
  });
});

describe('running checks', () => {
  const never = new AbortController().signal;

  it('gives each what those before it found', async () => {
    const seen: string[][] = [];
    const note = (id: string): Check =>
      check(id, async (_machine, earlier) => {
        seen.push([...earlier.keys()]);
        return { verdict: 'pass', detail: '' };
      });
    await runChecks([note('a'), note('b'), note('c')], machine, never);
    expect(seen).toEqual([[], ['a'], ['a', 'b']]);
  });

  it('ends one that hangs, and goes on', async () => {
    const hangs = check('hangs', () => new Promise(() => {}), 20);
    const results = await runChecks([hangs, well], machine, never);
    expect(results.map((each) => [each.verdict, each.detail])).toEqual([
      ['fail', 'no result within 0.02 s'],
      ['pass', 'fine'],
    ]);
  });

  it('survives one that throws', async () => {
    const throws = check('throws', () => Promise.reject(new Error('out of paper')));
    const throwsAtOnce = check('throws-at-once', () => {
      throw new Error('out of ink');
    });
    const results = await runChecks([throws, throwsAtOnce, well], machine, never);
    expect(results.map((each) => each.detail)).toEqual([
      'the check itself failed: out of paper',
      'the check itself failed: out of ink',
      'fine',
    ]);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const hangs = check('hangs', () => new Promise(() => {}));
    const running = runChecks([hangs, well], machine, stop.signal);
    stop.abort();
    expect((await running).map((each) => each.detail)).toEqual(['stopped']);
  });
});
