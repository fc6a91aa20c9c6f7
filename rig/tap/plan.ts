import type { PlanName } from './options.ts';
import { readClassic } from './plan-classic.ts';
import type { OwnContent } from './plan-content.ts';
import { readMinimal } from './plan-minimal.ts';
import type { CardTerminal } from './terminal.ts';

/** A way to read the own application whole. */
export interface ReadPlan {
  readonly name: PlanName;
  /** Whether SELECT asks for control information; nothing here needs it. */
  readonly wantsFci: boolean;
  /** @returns what the card holds, or the status word that refuses all of it */
  read(terminal: CardTerminal): Promise<OwnContent | number>;
}

/**
 * `classic`: one READ RECORD a record until the card has no more, as readers do that know nothing of the card.
 * `minimal`: the fewest exchanges that the link and the card allow.
 */
export const READ_PLANS: Readonly<Record<PlanName, ReadPlan>> = {
  classic: { name: 'classic', wantsFci: true, read: readClassic },
  minimal: { name: 'minimal', wantsFci: false, read: readMinimal },
};
