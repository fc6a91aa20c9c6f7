import { packageVersion } from '../console/package-root.ts';
import { leave, leaveWhenIdle, unlessStalled } from './leave.ts';
import { connectProcess } from './process-io.ts';
import { reportError, runCommandLine } from './program.ts';
import { VERBS } from './verbs/index.ts';

/** The command line of this process. Sets its exit code. */
export async function main(): Promise<void> {
  const { io, endedBySignal } = connectProcess();
  const onFault = (error: unknown): void => void leave(reportError(error, io, true));
  // What a library throws outside of any call of ours.
  process.on('uncaughtException', onFault).on('unhandledRejection', onFault);

  const exitCode = await unlessStalled(runCommandLine(process.argv.slice(2), packageVersion(), VERBS, io), onFault);
  // That nobody reads any more is told a turn after the last write.
  await new Promise((told) => setImmediate(told));
  leaveWhenIdle(endedBySignal() ?? exitCode);
}
