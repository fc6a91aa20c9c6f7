import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { type FakeIo, fakeIo } from '../../console/fake-io.ts';
import { FORMATS } from '../formats/format-list.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-view-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sample = (name: string): string => fileURLToPath(new URL(`../../../vectors/traces/${name}`, import.meta.url));

async function vitap(...args: string[]): Promise<{ exit: number; out: string; err: string; io: FakeIo }> {
  const io = fakeIo();
  const exit = await runCommandLine(['trace', ...args], '0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join(''), io };
}

const HEADER =
  '{"type":"header","format":"vitap-trace","version":1,"source":"a test","backend":"simulated","reader":null,"interface":"contact","atr":"3B00","ats":null,"card":null,"clock":"ns","startedAt":null,"redactions":[],"secretsKept":true}';

/** A trace of our own: exchanges of 1 ms each, 2 ms after one another. */
function trace(
  name: string,
  exchanges: readonly (readonly [command: string, response: string | null])[],
  header = HEADER,
): string {
  const lines = [header];
  exchanges.forEach(([command, response], index) => {
    lines.push(JSON.stringify({ type: 'command', t: 3_000_000 * index, apdu: command }));
    if (response !== null)
      lines.push(JSON.stringify({ type: 'response', t: 3_000_000 * index + 1_000_000, apdu: response }));
  });
  const file = join(folder, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const SELECT = ['00A4000C023F00', '9000'] as const;
const READ = ['00B0820003', '6516809000'] as const;
const VERIFY = ['002000810431323334', '63C2'] as const;

describe('trace show', () => {
  it('says in words what went over the wire, with times, data objects and status words', async () => {
    const file = trace('a.jsonl', [
      ['00A40004022000', `6F06${'8A0105'}${'830120'}9000`],
      ['00B2012400', '6A83'],
      READ.slice() as [string, string],
    ]);
    const { exit, out } = await vitap('show', file);
    expect(exit).toBe(0);
    expect(out.split('\n')).toEqual([
      'vitap (our own: one JSON object a line), made by a test',
      'ATR 3B00',
      '       0.000 ms  > 00A40004022000',
      '                 SELECT by file identifier, 2 bytes of data',
      '       1.000 ms  < 6F068A01058301209000',
      '                 9000 no error, 8 bytes, after 1.000 ms',
      '                   6F file control information',
      '                     8A life cycle status  05',
      '                     83 file identifier  20',
      '       3.000 ms  > 00B2012400',
      '                 READ RECORD 1 of SFI 4',
      '       4.000 ms  < 6A83',
      '                 6A83 record not found, after 1.000 ms',
      '       6.000 ms  > 00B0820003',
      '                 READ BINARY of SFI 2 from byte 0',
      '       7.000 ms  < 6516809000',
      '                 9000 no error, 3 bytes, after 1.000 ms',
      // A template of 22 bytes of which the reader asked for three.
      '                   65 person  80 (goes on)',
      '',
    ]);
  });

  it('masks codes, unless secrets are to be kept, which it says', async () => {
    const file = trace('a.jsonl', [[...VERIFY]]);
    const masked = await vitap('show', file);
    expect(masked.out).toContain('> 0020008104XXXXXXXX\n');
    expect(masked.out).toContain('; masked: code\n');
    expect(masked.out).not.toContain('31323334');
    const kept = await vitap('show', file, '--keep-secrets');
    expect(kept.out).toContain('002000810431323334');
    expect(kept.err).toMatch(/^SECRETS KEPT/);
  });

  it.each(Object.values(FORMATS).flatMap(({ samples }) => samples))(
    'reads %s, and says the same as JSON',
    async (file) => {
      const { exit, out } = await vitap('show', sample(file));
      expect(exit).toBe(0);
      expect(out.split('\n').length).toBeGreaterThan(2);
      const json = await vitap('show', sample(file), '--json', '--frames');
      expect(json.exit).toBe(0);
      expect(JSON.parse(json.out)).toMatchObject({ id: 'trace-show', framesNotShown: 0, fault: null });
    },
  );

  it('shows frames on demand', async () => {
    const without = await vitap('show', sample('pm3-list.txt'));
    expect(without.err).toBe('3 frames not shown (--frames)\n');
    const { out } = await vitap('show', sample('pm3-list.txt'), '--frames');
    expect(out.split('\n').slice(1)).toEqual([
      '       0.000 ms  note: REQA',
      '       0.000 ms  frame of the reader: 26 (7 bits)',
      '       0.164 ms  frame of the card: 0400',
      '       0.519 ms  note: ANTICOLL',
      '       0.519 ms  frame of the reader: 9320',
      '',
    ]);
  });

  it('lets nothing from a trace move the cursor or turn a line round', async () => {
    const evil = '\u001b[2J\u202egnp\u0085\n';
    const file = trace('a.jsonl', [[...SELECT]], HEADER.replace('"a test"', JSON.stringify(evil)));
    writeFileSync(file, `${JSON.stringify({ type: 'note', t: 9, text: evil })}\n`, { flag: 'a' });
    const { out } = await vitap('show', file);
    expect(out).toContain('made by \\u001B[2J\\u202Egnp\\u0085\\u000A\n');
    expect(out).toContain('note: \\u001B[2J\\u202Egnp\\u0085\\u000A\n');
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('shows a damaged trace to the fault, and exits 1', async () => {
    const file = trace('a.jsonl', [[...SELECT]]);
    writeFileSync(file, '{"type":"walk","t":1}\n', { flag: 'a' });
    const { exit, out, err } = await vitap('show', file);
    expect(exit).toBe(1);
    expect(out).toContain('< 9000');
    expect(err).toBe(`vitap: ${file}:4: unknown event "walk"\n`);
  });

  it('takes another card of a log', async () => {
    expect((await vitap('show', sample('pcscd-two-threads.log'), '--card', '2')).out).toContain('< BBBBBBBB9000');
    const none = await vitap('show', sample('pcscd-two-threads.log'), '--card', '0');
    expect(none.exit).toBe(2);
    expect(none.err).toContain('Cards are counted from 1.');
  });

  it('says in one sentence what it cannot read', async () => {
    const nothing = await vitap('show', join(folder, 'none'));
    expect(nothing.exit).toBe(2);
    expect(nothing.err).toMatch(/^vitap: cannot read .*none: .*\n$/);
    const format = await vitap('show', sample('session.scr'), '--from', 'word');
    expect(format.err).toBe('vitap: --from word: that format is not read (see: vitap convert --list)\n');
    expect(format.exit).toBe(2);
  });
});

describe('trace diff', () => {
  it('finds no difference between a session as two programs recorded it', async () => {
    const { exit, out } = await vitap('diff', sample('pcscd-apdu.log'), sample('opensc-debug-9.log'));
    expect(out).toBe('8 exchanges the same, 0 differ, 0 only in A, 0 only in B\n');
    expect(exit).toBe(0);
  });

  it('says what differs, and what is on one side only', async () => {
    const a = trace('a.jsonl', [
      [...SELECT],
      ['00B0820003', '6516809000'],
      ['0084000008', '6D00'],
      ['00B2011400', '6982'],
    ]);
    const b = trace('b.jsonl', [
      [...SELECT],
      ['0020008100', '63C3'],
      ['00B0820003', '6516829000'],
      ['00B2011400', '9000'],
      ['00C0000000', null],
    ]);
    const { exit, out } = await vitap('diff', a, b);
    expect(exit).toBe(1);
    expect(out.split('\n').filter((line) => !line.startsWith(' '))).toEqual([
      'only in B: exchange 2',
      'exchange 2 of A, 3 of B: the data differ from byte 3 on',
      'only in A: exchange 3',
      'exchange 4: the status words differ',
      'only in B: exchange 5',
      '1 exchange the same, 2 differ, 1 only in A, 2 only in B',
      '',
    ]);
    expect(out).toContain(
      '  A  > 00B2011400  READ RECORD 1 of SFI 2\n     < 6982  6982 security status not satisfied\n',
    );
    const json = JSON.parse((await vitap('diff', a, b, '--json')).out);
    expect(json).toMatchObject({ id: 'trace-diff', verdict: 'fail', same: 1 });
    expect(json.findings.map(({ kind }: { kind: string }) => kind)).toEqual([
      'only-b',
      'differs',
      'only-a',
      'differs',
      'only-b',
    ]);
  });

  it('sees that two masked codes differ, and does not show them', async () => {
    const a = trace('a.jsonl', [[...VERIFY]]);
    const b = trace('b.jsonl', [['002000810431323335', '63C2']]);
    expect((await vitap('diff', a, a)).exit).toBe(0);
    const { exit, out } = await vitap('diff', a, b);
    expect(exit).toBe(1);
    expect(out).toContain('exchange 1: masked bytes of the commands differ\n');
    expect(out).not.toMatch(/3132333/);
  });

  it('sees another ATR', async () => {
    const a = trace('a.jsonl', [[...SELECT]]);
    const b = trace('b.jsonl', [[...SELECT]], HEADER.replace('3B00', '3B0141'));
    const { exit, out } = await vitap('diff', a, b);
    expect(exit).toBe(1);
    expect(out).toBe('ATR\n  A  3B00\n  B  3B0141\n1 exchange the same, 0 differ, 0 only in A, 0 only in B\n');
  });

  it('does not judge a damaged trace', async () => {
    const a = trace('a.jsonl', [[...SELECT]]);
    const b = trace('b.jsonl', [[...SELECT]]);
    writeFileSync(b, '{"type":"walk","t":1}\n', { flag: 'a' });
    const { exit, err } = await vitap('diff', a, b);
    expect(exit).toBe(2);
    expect(err).toBe(`vitap: ${b}:4: unknown event "walk"\n`);
  });
});

describe('trace stat', () => {
  it('counts by instruction: times, bytes, status words, gaps', async () => {
    const file = trace('a.jsonl', [[...SELECT], [...READ], ['00B0820003', '6282'], ['0084000008', null]]);
    const { exit, out } = await vitap('stat', file);
    expect(exit).toBe(0);
    // All answers took 1 ms and came 2 ms before the next command. 7 + 5 + 5 + 5 bytes out, 2 + 5 + 2 in.
    expect(out.split('\n').map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
      ' exchanges bytes out bytes in median ms p99 ms max ms',
      'READ BINARY 2 10 7 1.000 1.000 1.000',
      'SELECT 1 7 2 1.000 1.000 1.000',
      'GET CHALLENGE 1 5 0 – – –',
      'all 4 22 9 1.000 1.000 1.000',
      'between exchanges 3 2.000 2.000 2.000',
      '',
      'status word answers',
      '9000 no error 2',
      '6282 end of file or record reached before Le bytes, or unsuccessful search 1',
      '',
      '1 command without an answer',
      '',
    ]);
  });

  it('says the same as JSON, and says when there are no times', async () => {
    const { out, exit } = await vitap('stat', sample('opensc-tool-trimmed.txt'), '--json');
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      id: 'trace-stat',
      format: 'opensc-tool',
      exchanges: 9,
      unanswered: 1,
      times: null,
      gaps: null,
      fault: null,
    });
    expect((await vitap('stat', sample('opensc-tool-trimmed.txt'))).out).toContain('\nThe trace has no times.\n');
  });
});
