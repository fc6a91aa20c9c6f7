import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../../src/apdu/hex.ts';
import { FileNvm } from '../../../src/hal/nvm/file.ts';
import { buildImage, FIXED_SEED, openCard } from '../../card/open.ts';
import { PhoneScreen } from '../../card/phone-screen.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { tap } from '../../tap/tap.ts';
import type { DemoOptions } from './options.ts';
import { pcscHalf, tapThroughPcscd } from './pcsc-half.ts';
import { step, TEST_CODE, title } from './script.ts';

const PROFILE = 'apcv';

/**
 * `vitap demo`: a card is issued, unlocked, tapped and shown, in process; then the same card through pcscd.
 * @returns 0 also when the second half cannot run here, which is said; 1 when a tap failed
 */
export async function runDemo(options: DemoOptions, io: CommandIo): Promise<ExitCode> {
  if (options.pcscImage !== null) return tapThroughPcscd(options.pcscImage, io);
  const folder = mkdtempSync(join(tmpdir(), 'vitap-demo-'));
  try {
    const image = join(folder, `${PROFILE}.img`);
    const first = await inProcess(image, options, io);
    io.signal.throwIfAborted();
    if (first !== EXIT.pass) return first;
    if (!options.pcsc) return EXIT.pass;
    title(io, 'Through the PC/SC stack');
    return await pcscHalf(image, io);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inProcess(image: string, options: DemoOptions, io: CommandIo): Promise<ExitCode> {
  title(io, 'In process');
  FileNvm.create(image, await buildImage(PROFILE, FIXED_SEED)).close();
  const opened = await openCard({ kind: 'image', fileOrName: image });
  try {
    step(io, `issued: a card of profile ${PROFILE}, serial ${toHex(opened.card.image.serial)}, synthetic identities`);
    step(io, `the phone is ${new PhoneScreen(opened.card).status()}: a reader gets nothing personal`);
  } finally {
    opened.close();
  }
  step(io, `the holder types the code ${TEST_CODE} on the phone, and a professional taps it on a contactless reader:`);
  io.stdout('\n');
  return tap(
    {
      reader: { driver: 'loopback' },
      card: { kind: 'image', fileOrName: image },
      interface: null,
      sequence: 'own',
      pin: { file: null, ask: false },
      record: options.record,
      timeoutMs: 10_000,
    },
    { ...io, env: { ...io.env, VITAP_PIN: TEST_CODE } },
  );
}
