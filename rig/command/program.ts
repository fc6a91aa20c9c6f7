import { Command, CommanderError } from 'commander';
import { describeFailure, ReaderGone, UsageError } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { jsonFor, outputEdge, proseFor } from '../console/output-edge.ts';
import { forTerminal } from '../console/shown.ts';
import { leavesOf } from './command-tree.ts';
import { usageNotes } from './usage-notes.ts';

/** Runs a verb's action with the world it may use. */
export type Perform = (
  options: { readonly json?: boolean; readonly keepSecrets?: boolean },
  action: (io: CommandIo) => Promise<ExitCode>,
) => Promise<void>;

/** Said by every verb that was told to keep them. */
const SECRETS_KEPT =
  'SECRETS KEPT: codes, keys, NIRs, names and birth dates stand in what was written, for everybody to read';

/** Adds one verb: its name, its options, and an action that loads what it needs when it runs. */
export type DeclareVerb = (program: Command, perform: Perform) => void;

/**
 * Reads a command line and does what it says. Every error ends here, as a sentence and an exit code.
 * @param args without the names of Node and of the program
 */
export async function runCommandLine(
  args: readonly string[],
  version: string,
  verbs: readonly DeclareVerb[],
  io: CommandIo,
): Promise<ExitCode> {
  let spoken = false;
  const toOut = outputEdge(io.env, io.stdoutIsTty);
  const toErr = outputEdge(io.env, io.stderrIsTty);
  const speaking = (json: boolean): CommandIo => ({
    ...io,
    json,
    stdout(text) {
      spoken = true;
      const clean = forTerminal(text);
      io.stdout(json ? jsonFor(toOut, clean) : proseFor(toOut, clean));
    },
    stderr: (text) => io.stderr(proseFor(toErr, forTerminal(text))),
  });
  const listening = speaking(args.includes('--json'));
  let exitCode: ExitCode = EXIT.pass;
  const program = createProgram(version, verbs, listening, async (options, action) => {
    let refused = false;
    try {
      exitCode = await action(speaking(options.json === true));
    } catch (error) {
      refused = error instanceof UsageError;
      throw error;
    } finally {
      // Whatever became of it: something may have been written before it failed.
      if (options.keepSecrets === true && !refused) listening.stderr(`${SECRETS_KEPT}\n`);
    }
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportError(error, listening, spoken);
  }
}

/** The whole command line: every verb with its options, examples and exit codes. @param io where help goes */
export function createProgram(
  version: string,
  verbs: readonly DeclareVerb[],
  io: Pick<CommandIo, 'stdout' | 'stderr'>,
  perform: Perform,
): Command {
  const program = new Command('vitap')
    .description('An emulated Vitale-like test card, and the bench that reads it.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout(text),
      writeErr: (text) => io.stderr(text),
      // Said once, by reportError().
      outputError: () => {},
    });
  for (const declare of verbs) declare(program, perform);
  for (const { path, command } of leavesOf(program)) command.addHelpText('after', `\n${usageNotes(path)}`);
  return program;
}

/**
 * Says what went wrong, once.
 * @param spoken whether standard output has its document already
 */
export function reportError(error: unknown, io: CommandIo, spoken: boolean): ExitCode {
  // Whatever it was that failed then; main() knows the exit code.
  if (io.signal.reason instanceof ReaderGone) return EXIT.cannotRun;
  if (io.signal.aborted) return tell(io, spoken, 'aborted', ['interrupted'], EXIT.cannotRun);
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.pass;
    // Called without a verb: commander has shown the help.
    if (error.code === 'commander.help') return EXIT.cannotRun;
    return tell(io, spoken, 'usage', [error.message.replace(/^error: /, '')], EXIT.cannotRun);
  }
  const { kind, sentences, exitCode } = describeFailure(error);
  const told = tell(io, spoken, kind, sentences, exitCode);
  if (io.env.VITAP_DEBUG === '1' && error instanceof Error) io.stderr(`${stackOf(error)}\n`);
  return told;
}

function tell(io: CommandIo, spoken: boolean, kind: string, sentences: readonly string[], exit: ExitCode): ExitCode {
  for (const sentence of sentences) io.stderr(`vitap: ${sentence}\n`);
  // A program that reads JSON gets JSON, unless it has a document already.
  if (io.json && !spoken) writeJson(io, { error: { kind, message: sentences.join('\n') } });
  return exit;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
