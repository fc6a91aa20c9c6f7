import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasEnded } from '../child-end.ts';
import { SESSION, writeBytes } from '../rig/trace/formats/frame-trace.ts';
import { run } from './card.ts';
import { PROGRAM } from './running-verb.ts';

/** `vitap convert` as a person runs it: the built program, in a process of its own. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-convert-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
const vitap = (args: readonly string[], input = ''): ReturnType<typeof run> =>
  run(process.execPath, [PROGRAM, ...args], input);

async function ownTrace(): Promise<string> {
  return Buffer.from((await writeBytes('vitap', SESSION, { interface: 'contactless' })).bytes).toString();
}

describe('vitap convert', () => {
  it('is a filter', async () => {
    const { exit, out, err } = await vitap(['convert', '-', '-', '--to', 'pcscd-log'], await ownTrace());
    expect(exit).toBe(0);
    expect(out).toContain('APDU: 00 A4 04 00 07 A0 00 00 02 47 10 01');
    expect(err).toContain('standard input: vitap (our own: one JSON object a line), told by its content');
  });

  it('writes capture files and reads them again, from a file and from a pipe', async () => {
    writeFileSync(at('in.jsonl'), await ownTrace());
    expect((await vitap(['convert', at('in.jsonl'), at('out.pcapng')])).exit).toBe(0);
    const { exit, out } = await vitap(['convert', at('out.pcapng'), '-']);
    expect(exit).toBe(0);
    const commands = out.split('\n').filter((line) => line.startsWith('{"type":"command"'));
    expect(commands).toHaveLength(4);
  });

  it('gives data of what it did', async () => {
    writeFileSync(at('in.jsonl'), await ownTrace());
    const { out } = await vitap(['convert', '--json', at('in.jsonl'), at('out.trace')]);
    expect(JSON.parse(out)).toMatchObject({
      id: 'convert',
      input: { format: 'vitap', guessed: true },
      output: { format: 'proxmark', file: at('out.trace') },
      counts: { commands: 4, responses: 4 },
      fault: null,
    });
  });

  it('says in one sentence what is wrong, without a file', async () => {
    writeFileSync(at('in'), 'this is a letter\n');
    const { exit, err } = await vitap(['convert', at('in'), at('out.pcapng')]);
    expect(exit).toBe(2);
    expect(err).toBe(
      `vitap: ${at('in')}:1: this is no trace of a format that vitap reads (see: vitap convert --list)\n`,
    );
    expect((await vitap(['convert', at('in')])).err).toMatch(/^vitap: convert takes two files/);
    expect(readdirSync(folder)).toEqual(['in']);
  });

  it('a gigabyte without a line end costs no gigabyte', async () => {
    const child = spawn(process.execPath, [
      '--max-old-space-size=128',
      PROGRAM,
      'convert',
      '-',
      at('out.pcapng'),
      '--from',
      'pcscd-log',
    ]);
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.stdin.on('error', () => {});
    const piece = Buffer.alloc(1 << 20, 0x41);
    const closed = once(child, 'close');
    for (let i = 0; i < 1024 && !hasEnded(child) && !child.stdin.destroyed; i++) {
      if (!child.stdin.write(piece)) await Promise.race([once(child.stdin, 'drain').catch(() => closed), closed]);
    }
    child.stdin.end();
    expect((await closed)[0]).toBe(2);
    expect(err).toMatch(/vitap: standard input:1: the line is longer than any of a trace \(1048576 bytes\)\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('Ctrl-C in the middle leaves the file of before', async () => {
    const own = await ownTrace();
    const body = own.slice(own.indexOf('\n') + 1);
    const long = createWriteStream(at('in.jsonl'));
    long.write(own);
    for (let i = 0; i < 20_000; i++) if (!long.write(body)) await once(long, 'drain');
    long.end();
    await finished(long);
    writeFileSync(at('out.pcapng'), 'before');
    const child = spawn(process.execPath, [PROGRAM, 'convert', at('in.jsonl'), at('out.pcapng')]);
    // The first words are said when the reading begins.
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    expect((await once(child, 'close'))[0]).toBe(130);
    expect(readdirSync(folder).sort()).toEqual(['in.jsonl', 'out.pcapng']);
    expect(readFileSync(at('out.pcapng'), 'utf8')).toBe('before');
  });
});
