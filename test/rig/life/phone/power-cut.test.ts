import { expect, it } from 'vitest';
import { bootCard } from '../../../../rig/card/open.ts';
import { contentOfCardFiles } from '../../../../rig/life/issuer/card-files.ts';
import { makeOperational, personaliseCard } from '../../../../rig/life/issuer/personalise.ts';
import { CardSide, DEVICE_KEY, HOLDER_KEY } from '../../../../rig/life/phone/card-side.ts';
import { PhoneRefusal } from '../../../../rig/life/phone/refusals.ts';
import { fromHex } from '../../../../src/apdu/hex.ts';
import type { Card } from '../../../../src/applet/card.ts';
import { PowerLoss, PowerLossNvm } from '../../../../src/hal/nvm/power-loss.ts';
import type { Nvm } from '../../../../src/hal/nvm.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { blankImage, CONTENT, crypto, job, SELECT, sending, wired } from './blank-card.ts';

/**
 * A whole activation of a card (keys, choice of the code, personalisation, the last command), with the power cut at every
 * flush and in the writes before it: the card is then as good as blank or operational, and goes on.
 */
const FIRST = '274916';
const CODE = '385127';
const digits = (text: string): Uint8Array => new TextEncoder().encode(text);

function boot(nvm: Nvm): Card {
  const onFault = (fault: unknown): never => {
    throw fault;
  };
  return bootCard(nvm, 'phone', null, { onFault }, crypto);
}

/** As the phone does it, whatever was done before. */
async function activate(card: Card): Promise<void> {
  const side = new CardSide(card, () => systemClock.nowNs());
  const { firstCode } = side.screen();
  if (side.publicKey(DEVICE_KEY) === null || side.publicKey(HOLDER_KEY) === null) {
    side.verify(digits(FIRST));
    if (side.publicKey(DEVICE_KEY) === null) side.generateKey(DEVICE_KEY);
    if (side.publicKey(HOLDER_KEY) === null) side.generateKey(HOLDER_KEY);
  }
  if (firstCode !== null) {
    try {
      side.changeCode(digits(FIRST), digits(CODE));
    } catch (error) {
      // It was chosen, and that was not noted any more.
      if (!(error instanceof PhoneRefusal) || error.code !== 'wrong-code') throw error;
    }
    side.clearFirstCode();
  }
  if (side.lifeCycle !== 0x05) await personaliseCard(wired(card), job());
  await makeOperational(wired(card), job());
}

const READS = ['00B2010C00', '00B2011400', '00B2011C00', '00B2012400', '00B0850000', '00B0860000', '00B08F0000'];

/** What the card gives with either code, on the phone's own interface: nothing at all, or everything that was written. */
function readable(card: Card): 'nothing' | 'everything' | string {
  // A wrong code takes back what a right one has proven: each has a session of its own.
  const sends = [FIRST, CODE].map((code) => {
    const send = sending(wired(card));
    send(SELECT, `0020008106${Buffer.from(code).toString('hex')}`);
    return send;
  });
  const send = sends.find((each) => READS.some((read) => each(read) !== '6982'));
  if (send === undefined) return 'nothing';
  const records = (sfi: number): Uint8Array[] => {
    const all: Uint8Array[] = [];
    for (let number = 1; ; number++) {
      const answer = fromHex(
        send(`00B2${number.toString(16).padStart(2, '0')}${((sfi << 3) | 4).toString(16).padStart(2, '0')}00`),
      );
      if (answer.length === 2) return all;
      all.push(answer.subarray(0, -2));
    }
  };
  try {
    const content = contentOfCardFiles({ affiliation: records(1), beneficiaries: records(2), rights: records(3) });
    expect(content).toEqual(CONTENT);
    return 'everything';
  } catch (error) {
    return `half: ${(error as Error).message}`;
  }
}

it('an activation cut at any flush leaves a card that gives nothing, or everything, and goes on', {
  timeout: 900_000,
}, async () => {
  const image = await blankImage();
  const marks: number[] = [];
  const whole = new PowerLossNvm(image);
  await activate(boot(marking(whole, marks)));
  expect(readable(boot(whole.survivor('lost')))).toBe('everything');
  expect(marks.length).toBeGreaterThan(30);
  const seen = { nothing: 0, everything: 0 };
  for (const [i, mark] of marks.entries()) {
    // The flush that does not happen any more, or a write that is torn on the way to it.
    const step = i % 2 === 0 ? mark : mark - Math.ceil((mark - (marks[i - 1] as number)) / 2);
    const failing = new PowerLossNvm(image, { losesPowerAt: step });
    await expect(activate(boot(failing)), `step ${step}`).rejects.toThrow(PowerLoss);
    const kept = (['kept', 'lost', new SeededRandom(`cut ${step}`)] as const)[i % 3] as 'kept';
    const survivor = failing.survivor(kept);
    const found = readable(boot(survivor));
    expect(['nothing', 'everything'], `step ${step}: ${found}`).toContain(found);
    seen[found as 'nothing' | 'everything']++;
    // A card whose code was tried above has tries left.
    await activate(boot(survivor));
    expect(readable(boot(survivor)), `step ${step}`).toBe('everything');
  }
  expect(seen.nothing).toBeGreaterThan(20);
});

/** Notes at which step each flush is. */
function marking(inner: PowerLossNvm, marks: number[]): Nvm {
  return {
    size: inner.size,
    eraseValue: inner.eraseValue,
    writeGranule: inner.writeGranule,
    read: (address, target, offset, length) => inner.read(address, target, offset, length),
    readByte: (address) => inner.readByte(address),
    write: (address, source, offset, length) => inner.write(address, source, offset, length),
    flush: () => {
      marks.push(inner.steps);
      inner.flush();
    },
  };
}
