import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Keyboard, readHiddenLine } from '../../../rig/console/terminal.ts';

/** A keyboard to type on, which keeps whether the terminal shows what is typed. */
function keyboard(): { keys: Keyboard & PassThrough; modes: boolean[] } {
  const modes: boolean[] = [];
  const keys = Object.assign(new PassThrough(), { setRawMode: (on: boolean) => modes.push(on) });
  return { keys, modes };
}

async function type(chunks: string[], signal = new AbortController().signal) {
  const { keys, modes } = keyboard();
  const said: string[] = [];
  const line = readHiddenLine(keys, (text) => said.push(text), 'Code: ', signal);
  for (const chunk of chunks) keys.write(chunk);
  const outcome = await line.then(
    (text) => ({ line: text }),
    (error: Error & { kind?: string }) => ({ kind: error.kind }),
  );
  return { outcome, said: said.join(''), modes, listeners: keys.listenerCount('data') };
}

describe('a line that nobody sees', () => {
  it.each([
    ['typed at once', ['274916\r'], '274916'],
    ['typed key by key', ['2', '7', '4', '9', '1', '6', '\n'], '274916'],
    ['with a correction', ['2755', '\x7f', '\b', '4916\r'], '274916'],
    ['with more corrections than keys', ['1', '\x7f\x7f\x7f', '274916\r'], '274916'],
    ['begun again with Ctrl-U', ['111\x15274916\r'], '274916'],
    ['empty', ['\r'], ''],
    ['with more behind it', ['274916\rls\r'], '274916'],
  ])('%s', async (_title, chunks, expected) => {
    const { outcome, said, modes, listeners } = await type(chunks);
    expect(outcome).toEqual({ line: expected });
    // The question and a line end: not one character of the code.
    expect(said).toBe('Code: \n');
    expect(modes).toEqual([true, false]);
    expect(listeners).toBe(0);
  });

  it.each([
    ['Ctrl-C', ['27\x03']],
    ['Ctrl-D on an empty line', ['\x04']],
  ])('%s gives up, and the terminal is as before', async (_title, chunks) => {
    const { outcome, modes, listeners } = await type(chunks);
    expect(outcome).toEqual({ kind: 'aborted' });
    expect(modes).toEqual([true, false]);
    expect(listeners).toBe(0);
  });

  it('ends when the run is stopped', async () => {
    const stop = new AbortController();
    const typed = type(['27'], stop.signal);
    stop.abort();
    expect((await typed).outcome).toEqual({ kind: 'aborted' });
    expect((await type(['27\r'], stop.signal)).outcome).toEqual({ kind: 'aborted' });
  });

  it('ends when the keyboard goes away', async () => {
    const { keys, modes } = keyboard();
    const line = readHiddenLine(keys, () => {}, 'Code: ', new AbortController().signal);
    keys.end('27');
    await expect(line).rejects.toMatchObject({ kind: 'aborted' });
    expect(modes).toEqual([true, false]);
  });
});
