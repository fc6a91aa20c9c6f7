import { createCipheriv } from 'node:crypto';
import { answer, type Expected } from './answer.ts';
import { type KeyPlan, PLAN } from './plan.ts';
import { type Directory, nearest } from './tree.ts';

/** Symmetric keys: who has proven one, and the tries. The card of the model draws the same bytes for every challenge. */

export const CHALLENGE_BYTE = 0x5a;
const BLOCK = 16;

export const KEYS: readonly KeyPlan[] = keysOf(PLAN);

function keysOf(plan: typeof PLAN): KeyPlan[] {
  return [...plan.keys, ...plan.directories.flatMap((each) => keysOf(each))];
}

/** What the other side answers to that challenge: AES-CMAC (RFC 4493) of one whole block, by another AES than the card's. */
export function rightMac({ value }: KeyPlan): number[] {
  const encrypt = (block: Uint8Array): Uint8Array => {
    const cipher = createCipheriv('aes-128-ecb', Buffer.from(value, 'hex'), null).setAutoPadding(false);
    return Uint8Array.from(cipher.update(block));
  };
  const zero = encrypt(new Uint8Array(BLOCK));
  const subkey = zero.map((byte, i) => ((byte << 1) | ((zero[i + 1] ?? 0) >> 7)) & 0xff);
  if ((zero[0] as number) >> 7 === 1) subkey[BLOCK - 1] = (subkey[BLOCK - 1] as number) ^ 0x87;
  return [...encrypt(subkey.map((byte) => byte ^ CHALLENGE_BYTE))];
}

export function keyNamed(reference: number, from: Directory): KeyPlan | null {
  return nearest(reference, from, ({ plan }) => plan.keys.find((key) => key.reference === reference));
}

export class KeyModel {
  readonly #left: Map<KeyPlan, number> = new Map(KEYS.map((key) => [key, key.tries]));

  get tries(): number[] {
    return KEYS.map((key) => this.#left.get(key) as number);
  }

  /** @param challenge bytes of the last one, 0 for none @param proven where the key's proof is kept */
  authenticate(key: KeyPlan, right: boolean, challenge: number, proven: Set<KeyPlan>): Expected {
    const left = this.#left.get(key) as number;
    if (challenge !== BLOCK) return answer(0x6985);
    if (left === 0) return answer(0x6983);
    this.#left.set(key, right ? key.tries : left - 1);
    if (right) proven.add(key);
    else proven.delete(key);
    return right ? answer(0x9000) : answer(0x63c0 | (left - 1));
  }

  query(key: KeyPlan, proven: Set<KeyPlan>): Expected {
    const left = this.#left.get(key) as number;
    if (proven.has(key)) return answer(0x9000);
    return left === 0 ? answer(0x6983) : answer(0x63c0 | left);
  }
}
