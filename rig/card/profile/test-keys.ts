import { fromHex } from '../../../src/apdu/index.ts';
import { encodeUtf8, type SigningKeys } from '../../../src/applet/vitale/index.ts';
import type { Crypto } from '../../../src/hal/index.ts';

/** The test authority's key comes from this label alone: anyone can make it again, so it protects nothing. */
const AUTHORITY_LABEL = 'vitap test authority 1';
const SIGNER_LABEL = 'vitap test signer 1';

/** The test authority's private key (P-256), the same for every card and known to everyone. */
export function testAuthorityKey(crypto: Crypto): Uint8Array {
  return crypto.privateKey('P-256', crypto.hash('sha-512', encodeUtf8(AUTHORITY_LABEL) as Uint8Array));
}

/** The keys that sign a card's files; the signer's comes from a label and the card's own seed. */
export function signingKeys(crypto: Crypto, seed: Uint8Array): SigningKeys {
  const signer = crypto.keyedHash('sha-512', seed);
  const label = encodeUtf8(SIGNER_LABEL) as Uint8Array;
  const material = new Uint8Array(signer.size);
  signer.digest(label, 0, label.length, material, 0);
  return { authority: testAuthorityKey(crypto), signer: crypto.privateKey('P-256', material) };
}

/** The point of {@link testAuthorityKey}, `04 X Y`: what signatures of test cards are checked with. */
export const TEST_AUTHORITY_PUBLIC_KEY: Uint8Array = fromHex(
  '04' +
    '1BF0D1F97496D9ECDADAB455C1CB0C714A29B6D20AA0E3D01651FD704C7B130A' +
    '1F0AA0AD740C4AC19E80207531B9E4F01C7659D5899679516512B94DA363970F',
);
