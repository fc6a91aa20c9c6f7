import { afterAll, beforeAll } from 'vitest';
import { PcscFfiReader } from '../../src/hal/pcsc-ffi/index.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { VpcdLink } from '../../src/hal/vpcd/index.ts';
import { readerContract } from '../contract/reader.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds } from './real-parts.ts';
import { SLOTS, slotIsEmpty } from './vpcd-card.ts';

/** nfc-pcsc is not needed here, nor a compiler. */
const NEEDS = ['pcscd', 'vpcd'] as const;

describeNeeds(NEEDS, 'PC/SC by FFI, on pcscd and vpcd', () => {
  let daemon: Pcscd;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());

  readerContract('libpcsclite by FFI, on a card behind vpcd', () => {
    const link = new VpcdLink({ interface: 'contact', clock: systemClock });
    const reader = new PcscFfiReader({ clock: systemClock });
    const other = new PcscFfiReader({ clock: systemClock, share: 'exclusive' });
    let served: Promise<void> = Promise.resolve();
    return {
      reader,
      readerName: SLOTS[0],
      largestCommand: 65_535,
      async insert(card) {
        served = link.serve(card);
      },
      async remove() {
        link.stop();
        await served;
      },
      missesCard: () => slotIsEmpty(),
      async occupy() {
        await other.connect({ timeoutMs: 5000 });
      },
      async dispose() {
        await other.close();
        link.stop();
        await served;
        await slotIsEmpty();
      },
    };
  });
});
