import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { Latencies, type LatencyFigures } from '../../figures/latencies.ts';
import type { Family } from '../credential/family-claim.ts';
import { issueInnerCwt } from '../credential/issue-inner-cwt.ts';
import { makeOfflineQr, TOKEN_ID_LENGTH } from '../credential/offline-qr.ts';
import { qrShape, qrSvg } from '../credential/qr-picture.ts';
import { packStatuses } from '../credential/status-list.ts';
import { type SeenTokens, verifyOfflineQr } from '../credential/verify-offline-qr.ts';

/** What an offline QR code costs, in process: without the card's link, a camera or a network. */
export interface QrFigures {
  readonly people: number;
  readonly characters: number;
  /** Version of the QR code. */
  readonly version: number;
  /** Phone: the text, with the signature of the card. */
  readonly make: LatencyFigures;
  /** Phone: the text as SVG. */
  readonly draw: LatencyFigures;
  /** Counter: both signatures, times, status list of a million, single use. */
  readonly verify: LatencyFigures;
}

const ISSUER = 'https://issuer.vitap.example';
const STATUS = { uri: `${ISSUER}/v1/status`, index: 123_456 };
const LIST_SIZE = 1_000_000;
const WARM_UP = 5;
const DAY = 86_400;

/**
 * @param rounds QR codes, each another
 * @param now seconds since 1970
 * @throws {OfflineQrTooLong} a family that has no offline QR code
 */
export async function measureQrCodes(
  family: Family,
  rounds: number,
  { crypto, now, signal }: { readonly crypto: Crypto; readonly now: number; readonly signal: AbortSignal },
): Promise<QrFigures> {
  const [issuer, holder] = [0, 1].map(() => crypto.privateKey('P-256', randomBytes(40))) as [Uint8Array, Uint8Array];
  const signed = (key: Uint8Array) => (digest: Uint8Array) => crypto.ecdsaSign('P-256', key, digest);
  const publicKey = crypto.publicKey('P-256', issuer);
  const innerCwt = await issueInnerCwt(
    {
      ...family,
      issuer: ISSUER,
      issuedAt: now - DAY,
      expires: now + DAY,
      holderKey: crypto.publicKey('P-256', holder),
      status: STATUS,
    },
    { publicKey, sign: signed(issuer) },
    crypto,
  );
  const expected = {
    issuers: [{ issuer: ISSUER, publicKey }],
    statusLists: [
      {
        uri: STATUS.uri,
        issuedAt: now,
        expires: now + DAY,
        timeToLive: null,
        statuses: packStatuses(LIST_SIZE, 1, []),
        signer: publicKey,
      },
    ],
    now,
    seen: inMemory(),
    crypto,
  };
  const [make, draw, verify] = [new Latencies(), new Latencies(), new Latencies()];
  let text = '';
  for (let round = -WARM_UP; round < rounds; round++) {
    // So that Ctrl-C is heard: nothing else here waits for anything.
    await turn();
    signal.throwIfAborted();
    const tokenId = Uint8Array.from(randomBytes(TOKEN_ID_LENGTH));
    const begun = performance.now();
    text = await makeOfflineQr({ innerCwt, now, tokenId }, signed(holder), crypto);
    const made = performance.now();
    qrSvg(text);
    const drawn = performance.now();
    await verifyOfflineQr(text, expected);
    const verified = performance.now();
    if (round < 0) continue;
    make.record((made - begun) * 1000);
    draw.record((drawn - made) * 1000);
    verify.record((verified - drawn) * 1000);
  }
  return {
    people: family.people.length,
    characters: text.length,
    version: qrShape(text).version,
    make: make.figures(),
    draw: draw.figures(),
    verify: verify.figures(),
  };
}

function inMemory(): SeenTokens {
  const seen = new Set<string>();
  return {
    remember: (tokenId) => {
      const before = seen.size;
      return seen.add(tokenId).size > before;
    },
  };
}
