import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, type TestContext } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CHILD = fileURLToPath(new URL('./process-in-child.ts', import.meta.url));
const COMMAND = [process.execPath, '--import', 'tsx', CHILD];

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: string | null; out: string; err: string }>;
  /** Resolves when it has printed that it waits. */
  readonly waiting: Promise<void>;
}

function start(verb: string): Running {
  const child = spawn(COMMAND[0]!, [...COMMAND.slice(1), verb], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  const waiting = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.includes('waiting')) resolve();
    });
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<Awaited<Running['ended']>>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });
  return { child, ended, waiting };
}

describe('what a command has said', () => {
  it.each([
    ['a file', '> "$TMP"', true],
    ['a pipe that is read', '| cat', true],
    ['a pipe that nobody reads', '| (exec <&-)', false],
    ['a full disk', '> /dev/full', false],
    ['the null device', '> /dev/null', false],
    ['nothing: it was closed', '>&-', false],
  ])(
    'was taken by %s',
    (_, redirection, taken) => {
      const line = `TMP=$(mktemp); ${COMMAND.map((word) => `'${word}'`).join(' ')} deliver ${redirection}; rm -f "$TMP"`;
      const { stderr } = spawnSync('sh', ['-c', line], { cwd: ROOT, encoding: 'utf8' });
      // On a full disk the command itself ends, with a sentence of its own.
      expect(stderr.includes('delivered: true\n')).toBe(taken);
    },
    30_000,
  );
});

describe('a command that is stopped', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'by %s tidies up, says nothing, and exits with %i',
    async (signal, code) => {
      const { child, ended, waiting } = start('wait');
      await waiting;
      child.kill(signal);
      expect(await ended).toEqual({ code, signal: null, out: 'waiting\ntidy\n', err: '' });
    },
    20_000,
  );

  it('ends at the second Ctrl-C when it does not heed the first', async () => {
    const { child, ended, waiting } = start('deaf');
    await waiting;
    child.kill('SIGINT');
    // Signals of one kind that are not yet delivered merge into one.
    const again = setInterval(() => child.kill('SIGINT'), 50);
    const { code, err } = await ended;
    clearInterval(again);
    expect({ code, err }).toEqual({ code: 130, err: '' });
  }, 20_000);

  it('stops quietly when nobody reads its output any more', async () => {
    const { child, ended } = start('talk');
    child.stdout!.once('data', () => child.stdout!.destroy());
    const { code, err } = await ended;
    expect({ code, err }).toEqual({ code: 141, err: '' });
  }, 20_000);
});

describe('a command that ends', () => {
  it('that waits for what can no longer come has failed', async () => {
    const { code, err } = await start('stall').ended;
    expect(err).toContain('the command waits for what can no longer come');
    expect(code).toBe(2);
  });

  it('ends the process with its code, whatever it left open', async () => {
    expect(await start('linger').ended).toMatchObject({ code: 1, signal: null, err: '' });
  }, 20_000);
});

/** Types a code on a real terminal, and prints what that showed. */
const TYPIST = `
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
shown, typed = b'', False
keys = sys.argv[1].encode().decode('unicode_escape').encode('latin1')
while True:
    try:
        if not select.select([terminal], [], [], 20)[0]: break
        chunk = os.read(terminal, 1024)
    except OSError:
        break
    if not chunk: break
    shown += chunk
    if not typed and b'Code: ' in shown:
        typed = True
        os.write(terminal, keys)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

function type(keys: string, context: TestContext): { status: number | null; stdout: string } {
  const python = spawnSync('python3', ['-c', 'import pty'], { stdio: 'ignore' });
  context.skip(python.status !== 0, 'python3, which makes the terminal, is not installed');
  return spawnSync('python3', ['-c', TYPIST, keys, ...COMMAND, 'ask'], { cwd: ROOT, encoding: 'utf8' });
}

describe('a code typed on a terminal', () => {
  it.for([
    ['is read and never shown', '274916\\r', 0, '6 digits'],
    ['Ctrl-C is an interruption', '\\x03', 130, 'vitap: interrupted'],
    ['Ctrl-C in the middle too', '27\\x03', 130, 'vitap: interrupted'],
    ['Ctrl-D gives no code', '\\x04', 2, 'vitap: no code was given'],
  ] as const)('%s', { timeout: 30_000 }, ([, keys, code, words], context) => {
    const { status, stdout } = type(keys, context);
    expect({ status, stdout }).toEqual({ status: code, stdout: `Code: \r\n${words}\r\n` });
  });
});
