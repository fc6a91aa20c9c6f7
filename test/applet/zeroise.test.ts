import { expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { Card } from '../../src/applet/card.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import type { AccessRules, AccessVector, CardSpecification } from '../../src/applet/image/specification.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { PowerLoss, PowerLossNvm } from '../../src/hal/nvm/power-loss.ts';
import type { Nvm } from '../../src/hal/nvm.ts';
import { VirtualClock } from '../../src/hal/virtual/clock.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { benchSpecification, code } from './bench-card.ts';

/** A card whose every value is a word of its own, terminated; and what is left of the words in its memory. */
const crypto = nobleCrypto();
const OPEN: AccessVector = [0, 0, 0, 0, 0, 0, 0];
const RULES: AccessRules = { contact: OPEN, contactless: OPEN, wired: OPEN };
const SECRET = 'DEADBEEF'.repeat(8);
const AES = '0F1E2D3C4B5A69788796A5B4C3D2E1F0';
const EC = '1111222233334444555566667777888899990000AAAABBBBCCCCDDDDEEEE0102';
const always = { contact: 0, contactless: 0, wired: 0 };
const WORDS = ['4D5553544552', '5245434F5244', '41505045', '4C4553532D', 'DEADBEEFDEAD', AES, EC];

const SPECIFICATION: CardSpecification = {
  ...benchSpecification(),
  secret: fromHex(SECRET),
  freeEntries: 2,
  freeBytes: 200,
  masterFile: {
    ...benchSpecification().masterFile,
    access: RULES,
    pins: [code(0x01, '31323334', { tries: 5, access: always })],
    environments: [{ id: 1, pin: 0x01, by: 'verify' }],
    keys: [
      {
        reference: 0x05,
        uses: ['external-authentication'],
        algorithm: { kind: 'aes', bytes: 16 },
        value: fromHex(AES),
        ciphers: [],
        tries: 3,
        access: always,
        generate: always,
      },
      {
        reference: 0x06,
        uses: ['signature'],
        algorithm: { kind: 'ec', curve: 'P-256' },
        value: fromHex(EC),
        ciphers: [],
        tries: 0,
        access: always,
        generate: always,
      },
    ],
    children: [
      // MUSTER, RECORD, and what is behind a rule that is not compact.
      { kind: 'transparent', fid: 0xe001, sfi: 1, access: RULES, content: fromHex('4D5553544552') },
      {
        kind: 'linear-variable',
        fid: 0xe002,
        sfi: 2,
        access: RULES,
        recordSize: 9,
        capacity: 3,
        records: [fromHex('5245434F5244')],
      },
      {
        kind: 'cyclic',
        fid: 0xe003,
        sfi: 3,
        access: RULES,
        recordSize: 4,
        capacity: 3,
        records: [fromHex('41505045')],
      },
      {
        kind: 'transparent',
        fid: 0xe004,
        sfi: 4,
        access: RULES,
        attributes: { contact: { form: 'expanded', value: fromHex('8001019000') } },
        content: fromHex('4C4553532D'),
      },
    ],
  },
};

/** A new code, an appended record, a file made and deleted: what they have written must go too. */
const LIFE = [
  '002400010831323334393837 36',
  '00E2001004 41505045',
  '00E0000014 62128201018302E0098002000686058D4003FFFF',
  '00D68100064D5553544552',
].map((each) => each.replaceAll(' ', ''));
const TERMINATE = '00FE0000';

function boot(nvm: Nvm): { send: (command: string) => string } {
  const port = new Card({
    nvm,
    clock: new VirtualClock(),
    crypto,
    random: new SeededRandom('zero'),
    onFault: rethrow,
  }).port('contact');
  port.powerOn();
  return {
    send: (command) => {
      const bytes = fromHex(command);
      return toHex(port.response.subarray(0, port.process(bytes, 0, bytes.length)));
    },
  };
}

function rethrow(fault: unknown): never {
  throw fault;
}

function left(nvm: Nvm): string[] {
  const bytes = new Uint8Array(nvm.size);
  nvm.read(0, bytes, 0, bytes.length);
  const hex = toHex(bytes);
  return WORDS.filter((word) => hex.includes(word));
}

it('a card in use has all the words; terminated it has none, boots, and answers 6985', () => {
  const nvm = new MemoryNvm(personalise(SPECIFICATION, crypto));
  const { send } = boot(nvm);
  for (const command of LIFE) send(command);
  expect(left(nvm)).toEqual(WORDS);
  expect(send(TERMINATE)).toBe('9000');
  expect(left(nvm)).toEqual([]);
  for (const command of ['00A4000C023F00', '00B0810000', '00200001']) {
    expect(send(command)).toBe('6985');
    expect(boot(nvm).send(command)).toBe('6985');
  }
});

it('the wipe is finished at the next start, wherever the power was cut', { timeout: 120_000 }, () => {
  const used = new MemoryNvm(personalise(SPECIFICATION, crypto));
  for (const command of LIFE) boot(used).send(command);
  const image = new Uint8Array(used.size);
  used.read(0, image, 0, image.length);
  const whole = new PowerLossNvm(image);
  boot(whole).send(TERMINATE);
  let alive = 0;
  let wiped = 0;
  for (let step = 0; step < whole.steps; step++) {
    const failing = new PowerLossNvm(image, { losesPowerAt: step });
    try {
      boot(failing).send(TERMINATE);
    } catch (error) {
      if (!(error instanceof PowerLoss)) throw error;
    }
    for (const kept of ['kept', 'lost', new SeededRandom(`cut ${step}`)] as const) {
      const survivor = failing.survivor(kept);
      const answer = boot(survivor).send('00B0810000');
      if (answer === '6985') {
        wiped++;
        expect([step, left(survivor)]).toEqual([step, []]);
      } else {
        // Nothing had happened: the card is as it was.
        alive++;
        expect([step, answer]).toEqual([step, '4D55535445529000']);
      }
    }
  }
  expect(alive).toBeGreaterThan(0);
  expect(wiped).toBeGreaterThan(alive);
});

it('a start cut short while it finishes the wipe is finished by the next one', { timeout: 120_000 }, () => {
  const image = personalise(SPECIFICATION, crypto);
  const first = new PowerLossNvm(image);
  boot(first).send(TERMINATE);
  // In the middle of the bodies.
  const failing = new PowerLossNvm(image, { losesPowerAt: Math.floor(first.steps / 2) });
  expect(() => boot(failing).send(TERMINATE)).toThrow(PowerLoss);
  const half = failing.survivor('kept').snapshot();
  const again = new PowerLossNvm(half);
  boot(again);
  for (let step = 0; step < again.steps; step++) {
    const cut = new PowerLossNvm(half, { losesPowerAt: step });
    expect(() => boot(cut)).toThrow(PowerLoss);
    const survivor = cut.survivor(new SeededRandom(`again ${step}`));
    expect(boot(survivor).send('00B0810000')).toBe('6985');
    expect(left(survivor)).toEqual([]);
  }
});
