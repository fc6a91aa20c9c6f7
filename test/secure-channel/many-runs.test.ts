import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/index.ts';
import type { CurveName } from '../../src/hal/crypto.ts';
import type { Random } from '../../src/hal/random.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { fieldLength } from '../../src/secure-channel/domain-parameters.ts';
import { provesStaticKey } from '../../src/secure-channel/generic-mapping.ts';
import type { CipherName } from '../../src/secure-channel/key-derivation.ts';
import { randomKeyPair } from '../../src/secure-channel/key-pair.ts';
import { type Mapping, paceOid } from '../../src/secure-channel/object-identifier.ts';
import { PaceTerminal } from '../../src/secure-channel/pace-terminal.ts';
import { encodePassword, PASSWORD } from '../../src/secure-channel/password.ts';
import { crypto } from './bench-session.ts';
import { CURVES, JoinedChip, run, within } from './joined.ts';
import { privateKeyOf, RecordedRandom, sessionKey, sharedSecret, token } from './pace-by-openssl.ts';
import { ScriptedRandom } from './scripted-random.ts';
import { type RunNumbers, SHORT_NUMBERS } from './short-numbers.ts';

/** `npm run test:deep` makes 10,000 runs in all, with new keys each time. */
const DEEP = process.env.VITAP_DEEP_RUNS !== undefined;
const RUNS_A_CURVE = DEEP ? Math.ceil(10_000 / CURVES.length) : 6;
const SEED = process.env.VITAP_SEED === 'random' ? `${Date.now()}` : (process.env.VITAP_SEED ?? '20251118');
const HOURS = 4 * 3_600_000;

const CAN = encodePassword('500540');
const READ = fromHex('00B0000001');
const CIPHERS: readonly CipherName[] = ['AES-128', 'AES-192', 'AES-256'];

/** One for each kind of short number; the others are searched for in deep runs. */
const IN_EVERY_RUN = ["x of the terminal's ephemeral key", "y of the chip's ephemeral key", 'the shared secret'];

/**
 * PACE and three commands in its channel. The secret, K_MAC and the terminal's token are those that OpenSSL computes
 * from the keys that were drawn.
 */
function runOnce(
  curve: CurveName,
  parameterId: number,
  mapping: Mapping,
  cipher: CipherName,
  randoms: { readonly chip: Random; readonly terminal: Random },
): RunNumbers {
  const [chipDraws, terminalDraws] = [new RecordedRandom(randoms.chip), new RecordedRandom(randoms.terminal)];
  const staticPair = STATIC_PAIRS.get(curve)!;
  const protocol = { mapping, cipher, parameterId };
  const offers = [{ ...protocol, ...(mapping === 'CAM' && { staticKey: staticPair.privateKey }) }];
  const chip = new JoinedChip({ crypto, random: chipDraws, offers, passwords: new Map([[PASSWORD.CAN, CAN]]) });
  chip.pace.prepare();
  const terminal = new PaceTerminal({
    ...protocol,
    crypto,
    random: terminalDraws,
    reference: PASSWORD.CAN,
    password: CAN,
  });
  const commands: Uint8Array[] = [];
  const answers: Uint8Array[] = [];
  run(terminal, (command) => {
    commands.push(command);
    const response = chip.exchange(command);
    answers.push(response);
    return response;
  });
  const channel = within(terminal.takeSession(), (command) => chip.exchange(command));
  for (let i = 0; i < 3; i++) expect(toHex(channel(READ))).toBe('019000');

  const size = 2 * fieldLength(curve) + 1;
  // 7C L { 8x L point }, Le behind a command's.
  const sent = (index: number): Uint8Array => commands[index]!.subarray(-1 - size, -1);
  const given = (index: number): Uint8Array => answers[index]!.subarray(-2 - size, -2);
  const [terminalMapping, terminalEphemeral] = [sent(2), sent(3)];
  const [chipMapping, chipEphemeral] = [given(2), given(3)];
  const chipKey = privateKeyOf(curve, chipDraws.draws[2]!);
  const terminalKey = privateKeyOf(curve, terminalDraws.draws[1]!);
  const secret = sharedSecret(curve, chipKey, terminalEphemeral);
  expect(toHex(sharedSecret(curve, terminalKey, chipEphemeral))).toBe(toHex(secret));
  const mac = sessionKey(cipher, secret, 2);
  expect(toHex(commands[4]!.subarray(-9, -1))).toBe(toHex(token(mac, paceOid(protocol), chipEphemeral)));
  expect(toHex(answers[4]!.subarray(4, 12))).toBe(toHex(token(mac, paceOid(protocol), terminalEphemeral)));
  if (mapping === 'CAM') {
    const data = terminal.chipAuthenticationData;
    expect(provesStaticKey(crypto, curve, data, staticPair.publicKey, chipMapping)).toBe(true);
  }
  return { terminalMapping, chipMapping, terminalEphemeral, chipEphemeral, secret };
}

const STATIC_PAIRS = new Map(CURVES.map(([curve]) => [curve, randomKeyPair(crypto, new SeededRandom(curve), curve)]));

describe.each(CURVES)('%s', (curve, parameterId) => {
  it(
    `${RUNS_A_CURVE} runs with random keys open a channel, as OpenSSL computes it`,
    () => {
      for (let i = 0; i < RUNS_A_CURVE; i++) {
        const seed = `${SEED} ${curve} ${i}`;
        const randoms = { chip: new SeededRandom(`chip ${seed}`), terminal: new SeededRandom(`terminal ${seed}`) };
        try {
          runOnce(curve, parameterId, i % 2 === 0 ? 'GM' : 'CAM', CIPHERS[i % 3]!, randoms);
        } catch (error) {
          throw new Error(`run ${i} of VITAP_SEED=${SEED}`, { cause: error });
        }
      }
    },
    HOURS,
  );

  const forced = SHORT_NUMBERS.filter(({ name }) => DEEP || IN_EVERY_RUN.includes(name));
  it.each(forced)(
    '$name begins with 00',
    ({ force, seen }) => {
      const draws = force(curve);
      const chip = new ScriptedRandom();
      chip.bytes(draws.nonce).privateKey(draws.chipMapping).privateKey(draws.chipEphemeral);
      const terminal = new ScriptedRandom().privateKey(draws.terminalMapping).privateKey(draws.terminalEphemeral);
      const result = runOnce(curve, parameterId, 'GM', 'AES-256', { chip, terminal });
      if (seen !== null) expect(seen(result)[0]).toBe(0);
    },
    600_000,
  );
});
