import { beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { fakeIo } from '../../console/fake-io.ts';

/** What the verb's action was given; the action itself stands still. */
const { given } = vi.hoisted(() => ({ given: [] as unknown[] }));
vi.mock('../../../../rig/judge/conform/conform.ts', () => ({
  conform: async (options: unknown, io: { json: boolean }): Promise<number> => {
    given.push(options, io.json);
    return 0;
  },
}));

beforeEach(() => {
  given.length = 0;
});

async function run(line: string): Promise<{ exitCode: number; err: string }> {
  const io = fakeIo();
  const exitCode = await runCommandLine(line.split(' '), '0.0.0', VERBS, io);
  return { exitCode, err: io.err.join('') };
}

const PLAIN = {
  suite: 'iso7816-4',
  reader: { driver: 'pcsc', name: null },
  card: null,
  interface: null,
  channel: { code: null, codeFile: null, terminalKeys: null, sessionKeys: null },
  declare: null,
  only: null,
  list: false,
  coverage: false,
  destructive: false,
  json: null,
  junit: null,
  html: null,
  evidence: null,
  record: { file: null, keepSecrets: false },
  timeoutMs: 10_000,
};
const LOOPBACK = { driver: 'loopback' };
const LAB = { kind: 'profile', name: 'lab' };

describe('conform', () => {
  it.each([
    ['conform', {}],
    ['conform --suite t4t --reader pcsc:ACR122', { suite: 't4t', reader: { driver: 'pcsc', name: 'ACR122' } }],
    ['conform --profile lab', { reader: LOOPBACK, card: LAB }],
    ['conform --profile lab --reader pcsc', { card: LAB }],
    [
      'conform --image my.img --interface contactless',
      { reader: LOOPBACK, card: { kind: 'image', fileOrName: 'my.img' }, interface: 'contactless' },
    ],
    ['conform --declare my.yaml --destructive --timeout 2', { declare: 'my.yaml', destructive: true, timeoutMs: 2000 }],
    [
      'conform --suite pace --can-file can.txt --terminal-keys at.json',
      {
        suite: 'pace',
        channel: { code: 'can', codeFile: 'can.txt', terminalKeys: 'at.json', sessionKeys: null },
      },
    ],
    ['conform --list --only SEL-*', { list: true, only: 'SEL-*' }],
    ['conform --junit a.xml --html b.html', { junit: 'a.xml', html: 'b.html' }],
    ['conform --json run.json', { json: 'run.json' }],
    ['conform --evidence b --evidence-key k --image-key i', { evidence: { folder: 'b', key: 'k', imageKey: 'i' } }],
  ])('%s', async (line, more) => {
    expect(await run(line)).toEqual({ exitCode: 0, err: '' });
    expect(given).toEqual([{ ...PLAIN, ...more }, false]);
  });

  it.each(['conform --json', 'conform --json -'])('%s: standard output is JSON', async (line) => {
    await run(line);
    expect(given).toEqual([{ ...PLAIN, json: '-' }, true]);
  });

  it.each([
    ['conform --reader loopback', 'no card of its own'],
    ['conform --suite emv', 'Allowed choices are iso7816-4, vitale, t4t'],
    ['conform --interface contact', '--interface goes with a card of ours'],
    ['conform --profile lab --image lab', 'give one of them'],
  ])('%s is refused', async (line, words) => {
    const { exitCode, err } = await run(line);
    expect(exitCode).toBe(2);
    expect(err).toContain(words);
    expect(given).toEqual([]);
  });
});
