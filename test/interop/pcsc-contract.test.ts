import { afterAll, beforeAll } from 'vitest';
import { PcscReader } from '../../src/hal/pcsc/index.ts';
import type { CardSession } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { VpcdLink } from '../../src/hal/vpcd/index.ts';
import { cardLinkContract } from '../contract/card-link.ts';
import { readerContract } from '../contract/reader.ts';
import { Pcscd, pcscdIsOurs } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { readerOnVpcd, slotIsEmpty } from './vpcd-card.ts';

/** Both contracts, on the real daemon: our link on one side of it, our reader on the other. */
describeNeeds(PCSC_STACK, 'pcscd and vpcd', () => {
  let daemon: Pcscd;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());

  cardLinkContract('vpcd, read through pcscd', pcscdIsOurs() ? 'leaves' : 'stays', () => {
    const link = new VpcdLink({ interface: 'contact', clock: systemClock });
    const reader = new PcscReader({ clock: systemClock });
    let session: CardSession | null = null;
    return {
      link,
      peer: {
        async powerOn() {
          await session?.disconnect('leave');
          session = await reader.connect({ timeoutMs: 10_000 });
        },
        async transmit(command) {
          return (await session!.transmit(command)).response;
        },
        warmReset: () => session!.reset('warm'),
        powerOff: () => session!.disconnect('unpower'),
        missesCard: () => slotIsEmpty(),
        leave: () => daemon.kill9(),
        async comeBack() {
          daemon = await Pcscd.start();
        },
      },
      async dispose() {
        await reader.close();
        if (!daemon.running) daemon = await Pcscd.start();
        await slotIsEmpty();
      },
    };
  });

  readerContract('pcsc, through nfc-pcsc, on a card behind vpcd', () =>
    readerOnVpcd((share) => new PcscReader({ clock: systemClock, share })),
  );
});
