import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCard } from '../../rig/card/open.ts';
import { runSuite, SHIPPED } from '../rig/judge/suite/suite-run.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { serveOnVpcd, slotIsEmpty } from './vpcd-card.ts';

describeNeeds(PCSC_STACK, 'a suite through pcscd', () => {
  let daemon: Pcscd;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());

  it('passes with the card that it was recorded on', async () => {
    const inserted = await serveOnVpcd((await openCard({ kind: 'profile', name: 'vitale2' })).card.port('contact'));
    try {
      const { exit, out } = await runSuite(SHIPPED, {
        reader: { driver: 'pcsc', name: null },
        card: null,
        timeoutMs: 10_000,
      });
      expect(out).toContain('PASS: 6 of 6 traces as expected');
      expect(exit).toBe(0);
    } finally {
      inserted.link.stop();
      await slotIsEmpty();
    }
  });
});
