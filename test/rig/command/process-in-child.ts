/** A command line with verbs for the tests of the process around it. Run in a child by process.test.ts. */

import { leave, leaveWhenIdle, unlessStalled } from '../../../rig/command/leave.ts';
import { connectProcess } from '../../../rig/command/process-io.ts';
import { type DeclareVerb, reportError, runCommandLine } from '../../../rig/command/program.ts';
import { EXIT } from '../../../rig/console/io.ts';
import { readPin } from '../../../rig/console/pin.ts';

const verbs: DeclareVerb[] = [
  (program, perform) => {
    /** Waits to be stopped and then tidies up. */
    program.command('wait').action(() =>
      perform({}, async (io) => {
        const alive = setInterval(() => {}, 1000);
        io.stdout('waiting\n');
        await new Promise((resolve) => io.signal.addEventListener('abort', resolve));
        clearInterval(alive);
        io.stdout('tidy\n');
        return EXIT.pass;
      }),
    );
    /** Never heeds the signal. */
    program.command('deaf').action(() =>
      perform({}, (io) => {
        io.stdout('waiting\n');
        return new Promise(() => setInterval(() => {}, 1000));
      }),
    );
    /** Waits for nothing. */
    program.command('stall').action(() => perform({}, () => new Promise(() => {})));
    /** Ends and leaves something open. */
    program.command('linger').action(() =>
      perform({}, async () => {
        setInterval(() => {}, 1000);
        return EXIT.fail;
      }),
    );
    /** Talks until nobody listens. */
    program.command('talk').action(() =>
      perform({}, async (io) => {
        while (!io.signal.aborted) {
          io.stdout('word\n'.repeat(1000));
          await new Promise((resolve) => setImmediate(resolve));
        }
        return EXIT.pass;
      }),
    );
    /** Says whether what it said was taken. */
    program.command('deliver').action(() =>
      perform({}, async (io) => {
        io.stdout('word\n');
        io.stderr(`delivered: ${await io.delivered()}\n`);
        return EXIT.pass;
      }),
    );
    program.command('ask').action(() =>
      perform({}, async (io) => {
        const pin = await readPin({ file: null, ask: true }, io);
        io.stdout(`${pin?.length} digits\n`);
        return EXIT.pass;
      }),
    );
  },
];

const { io, endedBySignal } = connectProcess();
const exitCode = await unlessStalled(
  runCommandLine(process.argv.slice(2), '0.0.0', verbs, io),
  (fault) => void leave(reportError(fault, io, true)),
);
leaveWhenIdle(endedBySignal() ?? exitCode);
