import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../../src/apdu/hex.ts';
import { FileNvm } from '../../../src/hal/nvm/file.ts';
import { buildImage, FIXED_SEED, openCard } from '../../card/open.ts';
import { PhoneScreen } from '../../card/phone-screen.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import type { TapOptions } from '../../tap/options.ts';
import { tap } from '../../tap/tap.ts';
import type { DemoOptions } from './options.ts';
import { pcscHalf, tapThroughPcscd } from './pcsc-half.ts';
import { step, TEST_CAN, TEST_CHANNEL, TEST_CODE, title } from './script.ts';

const PROFILE = 'apcv';

/**
 * `vitap demo`: a card is issued, unlocked, tapped and shown, in process; then the life of a digital card with issuer,
 * phones and counter; then the first card through pcscd.
 * @returns 0 also when the second half cannot run here, which is said; 1 when a tap failed
 */
export async function runDemo(options: DemoOptions, io: CommandIo): Promise<ExitCode> {
  if (options.pcscImage !== null) return tapThroughPcscd(options.pcscImage, io);
  const folder = mkdtempSync(join(tmpdir(), 'vitap-demo-'));
  try {
    if (options.web) return await (await import('./web.ts')).demoInBrowser(join(folder, 'web'), io);
    const image = join(folder, `${PROFILE}.img`);
    const first = await inProcess(image, options, io);
    io.signal.throwIfAborted();
    if (first !== EXIT.pass) return first;
    title(io, 'The life of a digital card');
    const { lifeOfACard } = await import('./life.ts');
    const life = await lifeOfACard(join(folder, 'life'), io);
    if (life !== EXIT.pass || !options.pcsc) return life;
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
    step(io, `the phone is ${new PhoneScreen(opened.card).status()}, and shows its access number ${TEST_CAN}`);
  } finally {
    opened.close();
  }
  step(io, `the holder types the code ${TEST_CODE} on the phone, which is put on a contactless reader`);
  const tapOptions = {
    reader: { driver: 'loopback' },
    card: { kind: 'image', fileOrName: image },
    interface: null,
    sequence: 'own',
    pin: { file: null, ask: false },
    timeoutMs: 10_000,
  } as const;
  step(io, 'a reader that knows neither number nor terminal keys gets nothing, unlocked as the phone is:');
  const unlocked = { ...io, env: { ...io.env, VITAP_PIN: TEST_CODE, VITAP_CAN: '' } };
  const nothing = await refusedTap({ ...tapOptions, record: { file: null, keepSecrets: false } }, unlocked);
  if (nothing !== EXIT.pass) return nothing;
  step(io, 'a professional’s terminal opens a channel with the number, and shows its certificates; the card its key:');
  io.stdout('\n');
  return tap(
    { ...tapOptions, channel: TEST_CHANNEL, record: options.record },
    { ...unlocked, env: { ...unlocked.env, VITAP_CAN: TEST_CAN } },
  );
}

/** Of a tap that is refused, what was refused; a tap that was not is a failure. */
async function refusedTap(options: TapOptions, io: CommandIo): Promise<ExitCode> {
  const lines: string[] = [];
  const exit = await tap(options, { ...io, json: true, stdout: (text) => void lines.push(text), stderr: () => {} });
  if (exit !== EXIT.pass) return exit;
  const { beneficiaries, refusals } = JSON.parse(lines.join('')) as Refused;
  for (const { what, status } of refusals) io.stdout(`    ${what}: ${status}\n`);
  return beneficiaries.length === 0 && refusals.length > 0 ? EXIT.pass : EXIT.fail;
}

interface Refused {
  readonly beneficiaries: readonly unknown[];
  readonly refusals: readonly { readonly what: string; readonly status: string | null }[];
}
