import { TlvWriter } from '../../apdu/ber-tlv-writer.ts';
import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { randomPrivateKey } from '../../secure-channel/index.ts';
import { CONDITION } from '../access/access-control.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { CURVE_USES } from '../image/key-uses.ts';
import { KEY_USE } from '../image/layout.ts';
import type { CardKey } from '../keys/key-store.ts';
import { answerWith, KEY_REFERENCE } from './key-reference.ts';

const GENERATE = 0x80;
const READ = 0x81;
const PUBLIC_KEY = 0x7f49;
const POINT = 0x86;
const LONGEST_ANSWER = 160;

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
  security: 'generation rule of the key; reading is free where the key may be used or generated at all',
  cost: 'asymmetric',
  execute: generateAsymmetricKeyPair,
};

/**
 * GENERATE ASYMMETRIC KEY PAIR: makes the key anew, or reads its public half; answer 7F49 { 86 `04 X Y` }. The old key is
 * gone when the new one is there, and not before.
 *
 * Errors: 6A88 no such key on a curve, 6982 its generation rule, or {@link showsPublicKey}, 6985 there is no key to read yet, 6Cxx an Le that is too
 * small (and nothing was generated).
 */
function generateAsymmetricKeyPair(context: CommandContext): number {
  const { command, core, channel } = context;
  const { keys, access, random, crypto } = core;
  const key = keys.find(command.p2, channel.directory, CURVE_USES);
  if (key === null || key.algorithm.kind !== 'ec') return SW.REFERENCED_DATA_NOT_FOUND;
  if (crypto === null) return SW.FUNCTION_NOT_SUPPORTED;
  const { curve } = key.algorithm;
  let value: Uint8Array | null;
  if (command.p1 === GENERATE) {
    const condition = keys.generationCondition(key, context.cardInterface);
    if (!access.permits(condition, key.directory, context)) return SW.SECURITY_STATUS_NOT_SATISFIED;
    value = randomPrivateKey(crypto, random, curve);
  } else {
    if (!showsPublicKey(context, key)) return SW.SECURITY_STATUS_NOT_SATISFIED;
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

/**
 * A public key tells one card from another. It is given where the key has a use: not on an interface that may neither use
 * nor generate it. That of chip authentication goes to its issuer alone, who writes it into EF.CardSecurity.
 */
function showsPublicKey(context: CommandContext, key: CardKey): boolean {
  const { keys, access } = context.core;
  const generation = keys.generationCondition(key, context.cardInterface);
  if ((key.uses & KEY_USE.CHIP_AUTHENTICATION) !== 0) return access.permits(generation, key.directory, context);
  return generation !== CONDITION.NEVER || keys.accessCondition(key, context.cardInterface) !== CONDITION.NEVER;
}
