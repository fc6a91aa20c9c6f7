import { HalError } from '../../../src/hal/errors.ts';
import type { Issues } from '../../card/profile/issues.ts';
import type { Path } from '../../card/profile/source.ts';
import { CannotRun } from '../../console/failure.ts';
import type { SuiteName } from '../../judge/conform/suites/index.ts';
import { type Campaign, readCampaign, type Surroundings } from './campaign.ts';
import { chosen } from './expand.ts';
import type { CampaignDocument, CardDocument, JudgedDocument } from './schema.ts';
import type { OurInterface } from './work.ts';

/** What is asked of a suite and a card before a bench has them. Files are named as the campaign names them. */
export interface AskedOfSuite {
  readonly suite: SuiteName;
  readonly only: string | null;
  readonly card: Pick<CardDocument, 'profile' | 'image'>;
  /** Null: as the card usually is. */
  readonly interface: OurInterface | null;
  readonly declare: string | null;
}

/** Looks into suites and cards, before anything is sent to a server. */
export interface Look {
  /** Whether the suite has a case of such an id. */
  hasCase(suite: SuiteName, only: string): Promise<boolean>;
  /**
   * @returns why the suite has no case for the card; null: it has some, or only the card itself can tell
   * @throws {CannotRun} {HalError} `damaged`: no sound image; {ProfileError} a profile or declaration with faults
   */
  whyNone(asked: AskedOfSuite): Promise<string | null>;
  /** Whether the suite of traces has one of such an id. @throws {CannotRun} it is no suite; {ProfileError} its faults */
  hasTrace(folder: string, only: string | null): Promise<boolean>;
}

/**
 * The campaign of a file, in which every suite has something to judge on every card, as far as that can be known.
 * @throws {ProfileError} every fault with file, line and column
 */
export async function checkCampaign(text: string, name: string, around: Surroundings, look: Look): Promise<Campaign> {
  const { campaign, document, issues } = readCampaign(text, name, around);
  for (const [i, judged] of document.judge.entries()) {
    const at: Path = ['judge', i];
    if (judged.conform !== undefined) await checkConform(judged.conform, judged, document, { at, issues, look });
    if (judged.replay !== undefined) await checkReplay(judged.replay, judged, { at, issues, look });
  }
  issues.throwIfAny();
  return campaign;
}

interface Place {
  readonly at: Path;
  readonly issues: Issues;
  readonly look: Look;
}

async function checkConform(
  suite: SuiteName,
  judged: JudgedDocument,
  document: CampaignDocument,
  { at, issues, look }: Place,
): Promise<void> {
  const only = judged.only ?? null;
  if (only !== null && !(await look.hasCase(suite, only))) {
    issues.report([...at, 'only'], `no case of ${suite} has an id like ${only}`);
    return;
  }
  const cards = document.cards ?? [];
  for (const card of chosen(cards, judged.cards)) {
    const wanted = card.interface ?? judged.needs?.interface ?? document.needs?.interface;
    // Without a wish the card may come onto an antenna, and is as usual elsewhere.
    const interfaces: readonly (OurInterface | null)[] = wanted === undefined ? [null, 'contactless'] : [wanted];
    let why: string | null = null;
    try {
      for (const each of interfaces) {
        const declare = judged.declare ?? null;
        why = await look.whyNone({ suite, only, card, interface: each, declare });
        if (why === null) break;
      }
    } catch (error) {
      // A profile or a declaration tells its faults at their own places.
      if (!(error instanceof CannotRun || error instanceof HalError)) throw error;
      issues.report(['cards', cards.indexOf(card)], error.message);
      continue;
    }
    if (why === null) continue;
    const on = wanted === undefined ? '' : ` used ${wanted}`;
    issues.report(
      [...at, 'conform'],
      `${suite} has nothing to judge on the card \`${card.id}\`${on}: ${why}; \`cards\` says which cards it is for, \`declare\` what a card holds`,
    );
  }
}

async function checkReplay(folder: string, judged: JudgedDocument, { at, issues, look }: Place): Promise<void> {
  const only = judged.only ?? null;
  try {
    if (await look.hasTrace(folder, only)) return;
    issues.report([...at, only === null ? 'replay' : 'only'], `no trace of ${folder} has an id like ${only}`);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    issues.report([...at, 'replay'], error.message);
  }
}
