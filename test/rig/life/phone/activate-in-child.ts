import { rmSync, writeFileSync, writeSync } from 'node:fs';
import { phoneLink } from '../../../../rig/life/api/phone-link.ts';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';

/**
 * Activates a phone of its own process, and writes each step to standard output. With FILLER the disk of that file is
 * filled when the keys are made, and the error that comes of it is the last line; the file is removed.
 */
const [folder, origin, filler] = process.argv.slice(2) as [string, string, string | undefined];
const { TICKET: ticket = '', CODE: code = '' } = process.env;
const world = { crypto: nobleCrypto(), random: systemRandom, clock: systemClock };
const say = (line: string): void => void writeSync(1, `${line}\n`);

const phone = Phone.open(folder, world);
try {
  await phone.activate({
    ticket,
    issuer: { origin, connect: (signer) => phoneLink({ origin }, signer, { ...world, now: () => Date.now() }) },
    newCode: () => Promise.resolve(new TextEncoder().encode(code)),
    test: false,
    onStep: (step) => {
      if (step === 'keys' && filler !== undefined) fill(filler);
      say(step);
    },
  });
} catch (error) {
  say(`refused: ${(error as Error).message}`);
} finally {
  if (filler !== undefined) rmSync(filler);
  phone.close();
}

function fill(path: string): void {
  for (let bytes = 4096; ; bytes += 4096) {
    try {
      writeFileSync(path, new Uint8Array(bytes));
    } catch {
      return;
    }
  }
}
