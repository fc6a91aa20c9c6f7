import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ProfileError } from '../../../rig/card/profile/profile-error.ts';
import { CannotRun, describeFailure, UsageError } from '../../../rig/console/failure.ts';
import { TraceError } from '../../../rig/trace/lines.ts';
import { ImageError, SpecificationError } from '../../../src/applet/index.ts';
import { HalError, type HalErrorKind } from '../../../src/hal/errors.ts';

const KINDS: readonly HalErrorKind[] = [
  'no-service',
  'no-reader',
  'reader-lost',
  'no-card',
  'card-removed',
  'busy',
  'timeout',
  'protocol',
  'no-port',
  'permission',
  'too-long',
  'unsupported',
  'aborted',
  'storage',
  'damaged',
];

function caught(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('errors become a sentence and an exit code', () => {
  it.each(KINDS)('HalError %s: its own sentence, exit 2', (kind) => {
    const failure = describeFailure(new HalError(kind, 'the reader is on fire'));
    expect(failure).toEqual({ kind, sentences: ['the reader is on fire'], exitCode: 2 });
  });

  it.each([
    ['a wrong command line', new UsageError('give one card'), 'usage', 'give one card'],
    ['what cannot be done here', new CannotRun('no terminal'), 'cannot-run', 'no terminal'],
    [
      'a file that is not there',
      caught(() => readFileSync('/nowhere/at/all.img')),
      'file',
      '/nowhere/at/all.img: there is no such file',
    ],
    ['a folder', caught(() => writeFileSync('/', '')), 'file', '/: this is a folder, not a file'],
  ])('%s', (_title, error, kind, sentence) => {
    expect(describeFailure(error)).toEqual({ kind, sentences: [sentence], exitCode: 2 });
  });

  it('a profile: every issue on a line of its own, with its place', () => {
    const error = new ProfileError([
      { file: 'profiles/x.yaml', line: 12, column: 5, message: 'unknown key "colour"' },
      { file: 'profiles/x.yaml', line: 30, column: 9, message: 'NIR 2 75 12 63 220 749 has key 74, not 73' },
    ]);
    expect(describeFailure(error)).toEqual({
      kind: 'profile',
      sentences: [
        'profiles/x.yaml:12:5: unknown key "colour"',
        'profiles/x.yaml:30:9: NIR 2 75 12 63 220 749 has key 74, not 73',
      ],
      exitCode: 2,
    });
  });

  it.each([
    ['an image', new ImageError('this is not a card image'), 'damaged', 'this is not a card image'],
    ['what no image can hold', new SpecificationError('two files have one name'), 'profile', 'two files have one name'],
    ['a trace', new TraceError('t.jsonl', 7, 'this is not JSON'), 'trace', 't.jsonl:7: this is not JSON'],
  ])('%s that cannot be used', (_title, error, kind, sentence) => {
    expect(describeFailure(error)).toEqual({ kind, sentences: [sentence], exitCode: 2 });
  });

  it('a profile that cannot be read at all', () => {
    const { kind, sentences } = describeFailure(new ProfileError('there is no profile vitale9'));
    expect({ kind, sentences }).toEqual({ kind: 'profile', sentences: ['there is no profile vitale9'] });
  });

  it.each([
    ['a bug', new TypeError('x is undefined'), 'x is undefined'],
    ['a thrown text', 'oops', 'oops'],
    ['a system error about no file', Object.assign(new Error('connect ENOENT'), { code: 'ENOENT' }), 'connect ENOENT'],
  ])('%s is owned up to', (_title, error, words) => {
    const failure = describeFailure(error);
    expect(failure.kind).toBe('fault');
    expect(failure.exitCode).toBe(2);
    expect(failure.sentences).toEqual([`this is a fault of vitap: ${words} (VITAP_DEBUG=1 shows where)`]);
  });
});
