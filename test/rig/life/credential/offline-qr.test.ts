import { describe, expect, it } from 'vitest';
import { verifyOfflineQr } from '../../../../rig/life/credential/verify-offline-qr.ts';
import { content, DAY, expectations, NOW, offlineQr, seenTokens } from './card.ts';

describe('an offline QR code', () => {
  it('discloses the family once it is judged', async () => {
    const text = await offlineQr();
    const seen = seenTokens();
    const { people, affiliation, activation, issuer } = content();
    expect(await verifyOfflineQr(text, expectations({ seen }))).toEqual({
      people,
      affiliation,
      activation,
      issuer,
      tokenId: 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf',
      text,
      presentedAt: NOW,
      presentationExpires: NOW + 60,
      issuedAt: NOW - 30 * DAY,
      expires: NOW + 335 * DAY,
      status: { seconds: 3605, pastTimeToLive: false, expired: false, stale: false },
    });
    expect([...seen.all]).toEqual([['a0a1a2a3a4a5a6a7a8a9aaabacadaeaf', NOW + 60 + 30]]);
  });
});
