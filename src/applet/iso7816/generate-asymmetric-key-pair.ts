import { TlvWriter } from '../../apdu/ber-tlv-writer.ts';
import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { randomPrivateKey } from '../../secure-channel/index.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { KEY_USE } from '../image/layout.ts';
import { answerWith, KEY_REFERENCE } from './key-reference.ts';

const GENERATE = 0x80;
const READ = 0x81;
const PUBLIC_KEY = 0x7f49;
const POINT = 0x86;
const LONGEST_ANSWER = 160;
/** Keys whose public half a reader may ask for. A key of chip authentication shows its own in EF.CardSecurity. */
const USES = KEY_USE.INTERNAL_AUTHENTICATION | KEY_USE.SIGNATURE;

export const GENERATE_ASYMMETRIC_KEY_PAIR: CommandRow = {
  ins: INS.GENERATE_ASYMMETRIC_KEY_PAIR,
  name: 'GENERATE ASYMMETRIC KEY PAIR',
  standard: 'ISO/IEC 7816-8',
  cases: [2],
  parameters: [
    { p1: [GENERATE, GENERATE], ...KEY_REFERENCE, meaning: 'generate a new pair' },
    { p1: [READ, READ], ...KEY_REFERENCE, meaning: 'read the public key' },
  ],
  chaining: false,
  lifeCycle: 'any',
  security: 'generation rule of the key; reading is free',
  cost: 'asymmetric',
  execute: generateAsymmetricKeyPair,
};

/**
 * GENERATE ASYMMETRIC KEY PAIR: makes the key anew, or reads its public half; answer 7F49 { 86 `04 X Y` }. The old key is
 * gone when the new one is there, and not before.
 *
 * Errors: 6A88 no such key on a curve, 6982 its generation rule, 6985 there is no key to read yet, 6Cxx an Le that is too
 * small (and nothing was generated).
 */
function generateAsymmetricKeyPair(context: CommandContext): number {
  const { command, core, channel } = context;
  const { keys, access, random, crypto } = core;
  const key = keys.find(command.p2, channel.directory, USES);
  if (key === null || key.algorithm.kind !== 'ec') return SW.REFERENCED_DATA_NOT_FOUND;
  if (crypto === null) return SW.FUNCTION_NOT_SUPPORTED;
  const { curve } = key.algorithm;
  let value: Uint8Array | null;
  if (command.p1 === GENERATE) {
    const condition = keys.generationCondition(key, context.cardInterface);
    if (!access.permits(condition, key.directory, context)) return SW.SECURITY_STATUS_NOT_SATISFIED;
    value = randomPrivateKey(crypto, random, curve);
  } else {
    value = keys.value(key);
    if (value === null) return SW.CONDITIONS_NOT_SATISFIED;
  }
  const writer = new TlvWriter(LONGEST_ANSWER);
  writer.open(PUBLIC_KEY);
  writer.primitive(POINT, crypto.publicKey(curve, value));
  writer.close();
  const status = answerWith(context, writer.finish());
  if (status === SW.OK && command.p1 === GENERATE) keys.store(key, value);
  value.fill(0);
  return status;
}
