import { shown } from '../../console/shown.ts';
import { counted } from '../../report/words.ts';
import type { CampaignSummary, Counts } from '../api/campaign.ts';

/** In a line: `3 passed, 1 failed, 2 running, 4 queued; 1 attempt more than runs`. */
export function countsInWords({ counts, retries }: Pick<CampaignSummary, 'counts' | 'retries'>): string {
  const order: readonly (keyof Counts)[] = ['passed', 'failed', 'error', 'cancelled', 'running', 'queued'];
  const parts = order.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`);
  return `${parts.join(', ')}${retries === 0 ? '' : `; ${counted(retries, 'attempt')} more than runs`}`;
}

export function campaignTitle({ id, name }: CampaignSummary): string {
  return `campaign ${id}, ${shown(name)}`;
}

/** Whether all its runs have ended, and passed. */
export function allPassed({ failed, error, cancelled, queued, running }: Counts): boolean {
  return failed + error + cancelled + queued + running === 0;
}
