import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { VPCD_PORT, VpcdLink } from '../../../src/hal/vpcd/index.ts';
import { VIRTUAL_READER } from '../../../src/hal/vpcd/reader-name.ts';
import { openCard } from '../../card/open.ts';
import { PhoneScreen, unlockInWords } from '../../card/phone-screen.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { PACKAGE_ROOT } from '../../console/package-root.ts';
import { tap } from '../../tap/tap.ts';
import { step, TEST_CAN, TEST_CHANNEL, TEST_CODE } from './script.ts';

const PRIVATE_PCSCD = join(PACKAGE_ROOT, 'scripts', 'private-pcscd.sh');
const PROGRAM = join(PACKAGE_ROOT, 'bin', 'vitap.js');
const NEEDED = ['/usr/sbin/pcscd', '/etc/reader.conf.d/vpcd'];

/**
 * The second half: on the machine's own pcscd where it runs with vpcd, else on one that is started for it and seen by
 * nobody else. Where neither can be, that is said, and the demo has ended well.
 */
export async function pcscHalf(image: string, io: CommandIo): Promise<ExitCode> {
  if (await someoneListens(VPCD_PORT)) {
    step(io, 'pcscd runs on this machine with its virtual reader: the card goes there');
    return tapThroughPcscd(image, io);
  }
  const missing = NEEDED.filter((path) => !existsSync(path));
  if (missing.length > 0) {
    step(io, `not run: ${missing.join(' and ')} missing (Debian packages pcscd and vsmartcard-vpcd)`);
    return EXIT.pass;
  }
  step(io, 'no pcscd with a virtual reader runs here: one is started for this demo, and seen by nobody else');
  const exitCode = await run(
    PRIVATE_PCSCD,
    ['--start-pcscd', process.execPath, PROGRAM, 'demo', '--pcsc-image', image],
    io,
  );
  if (exitCode === EXIT.pass || exitCode === EXIT.fail) return exitCode;
  step(io, 'not run: no private pcscd could be started here (the reason is above); the first half stands');
  return EXIT.pass;
}

/** Puts the card on vpcd, unlocked on its phone, and taps it through pcscd. */
export async function tapThroughPcscd(image: string, io: CommandIo): Promise<ExitCode> {
  const opened = await openCard({ kind: 'image', fileOrName: image });
  const cardInterface = opened.card.defaultInterface;
  const link = new VpcdLink({ interface: cardInterface, clock: systemClock });
  try {
    const unlocked = new PhoneScreen(opened.card).unlock(new TextEncoder().encode(TEST_CODE));
    if (unlocked.outcome !== 'unlocked') throw new CannotRun(unlockInWords(unlocked));
    step(io, 'the holder unlocks again: the first tap has used up the presentation');
    const served = link.serve(opened.card.port(cardInterface, link.limits));
    step(io, 'a professional taps the phone on a PC/SC reader:');
    io.stdout('\n');
    const tapped = tap(
      {
        reader: { driver: 'pcsc', name: VIRTUAL_READER },
        card: null,
        interface: null,
        sequence: 'own',
        pin: { file: null, ask: false },
        channel: TEST_CHANNEL,
        record: { file: null, keepSecrets: false },
        timeoutMs: 10_000,
      },
      { ...io, env: { ...io.env, VITAP_CAN: TEST_CAN } },
    );
    // A link that cannot go on ends the demo before the tap has waited in vain.
    const ended = await Promise.race([tapped, served.then(() => EXIT.cannotRun)]);
    link.stop();
    await served;
    return ended;
  } finally {
    link.stop();
    opened.close();
  }
}

/** Connecting to vpcd is putting in a card, and hanging up takes it out at once: harmless, and the only way to know. */
function someoneListens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function run(program: string, args: readonly string[], io: CommandIo): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk: Buffer) => io.stdout(chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => io.stderr(chunk.toString()));
    const end = (): void => void child.kill('SIGTERM');
    io.signal.addEventListener('abort', end);
    child.on('error', reject);
    child.on('close', (code) => {
      io.signal.removeEventListener('abort', end);
      resolve(code ?? EXIT.cannotRun);
    });
  });
}
