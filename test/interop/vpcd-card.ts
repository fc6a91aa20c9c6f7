import { setTimeout as pause } from 'node:timers/promises';
import { vi } from 'vitest';
import type { CardInterface, LinkEvent, LinkedCard } from '../../src/hal/card-link.ts';
import { PcscReader } from '../../src/hal/pcsc/index.ts';
import type { Reader } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { VPCD_PORT, VpcdLink } from '../../src/hal/vpcd/index.ts';
import type { ReaderSubject } from '../contract/reader.ts';
import { type CardOnLink, failureOf, putOnLink } from '../contract/served-link.ts';

/** pcscd's names for vpcd's two slots. */
export const SLOTS = ['Virtual PCD 00 00', 'Virtual PCD 00 01'] as const;

/** A card in a slot of the PC/SC daemon. */
export interface VpcdCard {
  readonly link: VpcdLink;
  /** As they come. */
  readonly events: LinkEvent['type'][];
  /** Settles as the link's `serve` does. */
  readonly served: Promise<void>;
  /** Takes it out; returns when pcscd has seen it. */
  remove(): Promise<void>;
}

/** pcscd looks into its slots every 400 ms. */
const LOOK_MS = 500;

/**
 * Waits until pcscd has seen that a card was taken out. A card put in before it has looked is the old card to it, or
 * after a reset that failed no card at all: so the state that it tells is not enough, it must have had the time to look.
 */
export async function slotIsEmpty(slot: 0 | 1 = 0): Promise<void> {
  await pause(LOOK_MS);
  const reader = new PcscReader({ clock: systemClock });
  try {
    await vi.waitFor(async () => {
      const seen = (await reader.list()).find((each) => each.name === SLOTS[slot]);
      if (seen?.cardPresent !== false) throw new Error(`pcscd still sees a card in ${SLOTS[slot]}`);
    }, 10_000);
  } finally {
    await reader.close();
  }
}

/** Waits until pcscd has found the card that another process puts into the first slot. */
export async function cardIsIn(): Promise<void> {
  const reader = new PcscReader({ clock: systemClock });
  try {
    await vi.waitFor(
      async () => {
        const seen = (await reader.list()).find((each) => each.name === SLOTS[0]);
        if (seen?.cardPresent !== true) throw new Error(`pcscd sees no card in ${SLOTS[0]}`);
      },
      { timeout: 20_000, interval: 100 },
    );
  } finally {
    await reader.close();
  }
}

/**
 * Puts a card into a slot of the running pcscd; returns when pcscd has found it. The test that puts it in takes it out.
 */
export async function serveOnVpcd(
  card: LinkedCard,
  options: { readonly slot?: 0 | 1; readonly interface?: CardInterface } = {},
): Promise<VpcdCard> {
  const link = new VpcdLink({
    interface: options.interface ?? 'contact',
    clock: systemClock,
    port: VPCD_PORT + (options.slot ?? 0),
  });
  const events: LinkEvent['type'][] = [];
  const served = link.serve(card, ({ type }) => events.push(type));
  const found = vi.waitFor(() => {
    if (!events.includes('attached')) throw new Error('pcscd has not found the card');
  }, 10_000);
  await Promise.race([failureOf(served), found]);
  return {
    link,
    events,
    served,
    async remove() {
      link.stop();
      await served.catch(() => {});
      await slotIsEmpty(options.slot);
    },
  };
}

/** The subject of the Reader contract on real pcscd: a card behind vpcd, and another reader that can take it for itself. */
export function readerOnVpcd(make: (share: 'shared' | 'exclusive') => Reader): ReaderSubject {
  const link = new VpcdLink({ interface: 'contact', clock: systemClock });
  const reader = make('shared');
  const other = make('exclusive');
  let inserted: CardOnLink | null = null;
  return {
    reader,
    readerName: SLOTS[0],
    largestCommand: 65_535,
    async insert(card) {
      inserted = putOnLink(link, card);
    },
    async remove() {
      await inserted?.remove();
    },
    missesCard: () => slotIsEmpty(),
    async occupy() {
      await other.connect({ timeoutMs: 5000 });
    },
    async dispose() {
      await other.close();
      await inserted?.remove();
      await slotIsEmpty();
    },
  };
}
