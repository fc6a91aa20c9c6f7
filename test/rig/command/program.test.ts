import { describe, expect, it } from 'vitest';
import { type DeclareVerb, runCommandLine } from '../../../rig/command/program.ts';
import { CannotRun, ReaderGone } from '../../../rig/console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../rig/console/io.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { type FakeIo, fakeIo } from '../console/fake-io.ts';

/** `act WORD`: does what the test says. */
function verb(action: (io: CommandIo) => Promise<ExitCode>): DeclareVerb {
  return (program, perform) => {
    program
      .command('act')
      .argument('<word>')
      .option('--json')
      .option('--colour <name>')
      .option('--keep-secrets')
      .action((_word: string, options: { json?: boolean; keepSecrets?: boolean }) => perform(options, action));
  };
}

async function run(
  args: string[],
  action: (io: CommandIo) => Promise<ExitCode> = async () => EXIT.pass,
  change: Partial<CommandIo> = {},
): Promise<{ exitCode: ExitCode; io: FakeIo; out: string; err: string }> {
  const io = fakeIo(change);
  const exitCode = await runCommandLine(args, '1.2.3', [verb(action)], io);
  return { exitCode, io, out: io.out.join(''), err: io.err.join('') };
}

describe('what a command line comes to', () => {
  it.each([
    [EXIT.pass, 0],
    [EXIT.fail, 1],
    [EXIT.cannotRun, 2],
  ])('the exit code that the action returns: %i', async (code, expected) => {
    expect((await run(['act', 'now'], async () => code)).exitCode).toBe(expected);
  });

  it.each([
    [['--version'], '1.2.3\n'],
    [['act', '--help'], 'Usage: vitap act'],
    [['help', 'act'], 'Usage: vitap act'],
  ])('%j goes to standard output, exit 0', async (args, expected) => {
    const { exitCode, out, err } = await run(args);
    expect(exitCode).toBe(0);
    expect(out).toContain(expected);
    expect(err).toBe('');
  });

  it('a verb that keeps secrets says so, whatever comes of it', async () => {
    const args = ['act', 'now', '--keep-secrets'];
    expect((await run(args)).err).toMatch(/^SECRETS KEPT: .*\n$/);
    const failing = async (): Promise<ExitCode> => {
      throw new CannotRun('the disk is full');
    };
    expect((await run(args, failing)).err).toMatch(/^SECRETS KEPT: .*\nvitap: the disk is full\n$/);
    expect((await run(['act', 'now'])).err).toBe('');
  });

  it('without a verb shows the help, exit 2', async () => {
    const { exitCode, out, err } = await run([]);
    expect(exitCode).toBe(2);
    expect(err).toContain('Usage: vitap');
    expect(out).toBe('');
  });

  it.each([
    [['fly'], "vitap: unknown command 'fly'\n"],
    [['actt', 'x'], "vitap: unknown command 'actt'\n(Did you mean act?)\n"],
    [['act', 'now', '--color', 'red'], "vitap: unknown option '--color'\n(Did you mean --colour?)\n"],
    [['act'], "vitap: missing required argument 'word'\n"],
    [['act', 'now', 'or', 'never'], "vitap: too many arguments for 'act'. Expected 1 argument but got 3.\n"],
    [['act', 'now', '--colour'], "vitap: option '--colour <name>' argument missing\n"],
  ])('%j is a usage error, exit 2', async (args, expected) => {
    const { exitCode, out, err } = await run(args);
    expect(exitCode).toBe(2);
    expect(err).toBe(expected);
    expect(out).toBe('');
  });
});

describe('errors of an action', () => {
  const cases: [string, unknown, string, string][] = [
    ['physical', new HalError('no-card', 'no card within 10 s'), 'no-card', 'no card within 10 s'],
    ['of the user', new CannotRun('no such profile: vitale9'), 'cannot-run', 'no such profile: vitale9'],
  ];

  it.each(cases)('%s: one sentence, no stack, exit 2', async (_title, error, _kind, sentence) => {
    const { exitCode, out, err } = await run(['act', 'now'], () => Promise.reject(error));
    expect({ exitCode, out, err }).toEqual({ exitCode: 2, out: '', err: `vitap: ${sentence}\n` });
  });

  it.each(cases)('%s, with --json: a document too', async (_title, error, kind, sentence) => {
    const { exitCode, out, err } = await run(['act', 'now', '--json'], () => Promise.reject(error));
    expect(exitCode).toBe(2);
    expect(JSON.parse(out)).toEqual({ error: { kind, message: sentence } });
    expect(err).toBe(`vitap: ${sentence}\n`);
  });

  it('with --json, a document that was begun stays the only one', async () => {
    const { out } = await run(['act', 'now', '--json'], async (io) => {
      writeJson(io, { half: true });
      throw new CannotRun('the rest is lost');
    });
    expect(JSON.parse(out)).toEqual({ half: true });
  });

  it('a wrong command line with --json is a document as well', async () => {
    const { out } = await run(['act', '--json']);
    expect(JSON.parse(out)).toEqual({ error: { kind: 'usage', message: "missing required argument 'word'" } });
  });

  it('a bug is owned up to, its place shown on request only', async () => {
    const bug = async (): Promise<ExitCode> => {
      throw new TypeError('x is undefined', { cause: new Error('deep down') });
    };
    const quiet = await run(['act', 'now'], bug);
    expect(quiet.exitCode).toBe(2);
    expect(quiet.err).toBe('vitap: this is a fault of vitap: x is undefined (VITAP_DEBUG=1 shows where)\n');
    const open = await run(['act', 'now'], bug, { env: { VITAP_DEBUG: '1' } });
    expect(open.err).toContain('program.test.ts');
    expect(open.err).toContain('caused by Error: deep down');
  });

  /** Stopped with that reason, an action fails with whatever it was doing. */
  const stopped = (reason?: unknown): ReturnType<typeof run> => {
    const stop = new AbortController();
    const action = async (): Promise<ExitCode> => {
      stop.abort(reason);
      throw new HalError('no-card', 'no card in the reader');
    };
    return run(['act', 'now', '--json'], action, { signal: stop.signal });
  };

  it('after Ctrl-C says that it was interrupted, whatever failed then', async () => {
    const { out, err } = await stopped();
    expect(err).toBe('vitap: interrupted\n');
    expect(JSON.parse(out)).toEqual({ error: { kind: 'aborted', message: 'interrupted' } });
  });

  it('says nothing when nobody reads its output any more', async () => {
    const { out, err } = await stopped(new ReaderGone());
    expect(out + err).toBe('');
  });
});

describe('what an action is given', () => {
  it.each([
    [['act', 'now'], false],
    [['act', 'now', '--json'], true],
  ])('%j: json %s', async (args, json) => {
    let seen: boolean | null = null;
    await run(args, async (io) => {
      seen = io.json;
      return EXIT.pass;
    });
    expect(seen).toBe(json);
  });

  it('prints bytes as hex', async () => {
    const { out } = await run(['act', 'now', '--json'], async (io) => {
      writeJson(io, { atr: Uint8Array.of(0x3b, 0x80), raw: Buffer.from([0xde]) });
      return EXIT.pass;
    });
    expect(JSON.parse(out)).toEqual({ atr: '3B80', raw: 'DE' });
  });
});
