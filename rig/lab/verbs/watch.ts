import { type CommandIo, EXIT, type ExitCode, writeJsonLine } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import type { CampaignSummary, Counts } from '../api/campaign.ts';
import { LabUnreachable } from '../api/lab-refused.ts';
import type { PersonLink } from '../api/person-link.ts';
import { type LabAddress, labLine } from '../bench/verb.ts';
import { asking } from './ask.ts';
import { CampaignEar } from './campaign-ear.ts';
import { allPassed, campaignTitle, countsInWords } from './campaign-words.ts';
import { runLine, runsOf } from './results.ts';

/**
 * `vitap lab watch`: says what changes in a campaign until its last run has ended, then each run that failed or ended as an
 * error. A server that is away is asked again.
 * @returns 0 all passed; 1 something did not
 */
export function watchCampaign(lab: LabAddress, campaign: number, io: CommandIo): Promise<ExitCode> {
  return asking(lab, io, async (link) => {
    // What is not there is said before anything is heard of it.
    await link.matrix(campaign);
    const ear = new CampaignEar(labLine(lab), {
      campaign,
      deaf: (why) => io.stderr(`vitap: the server tells no events (${shown(why)}); it is asked every second\n`),
    });
    try {
      return await follow(link, campaign, ear, io);
    } finally {
      await ear.close();
    }
  });
}

async function follow(link: PersonLink, campaign: number, ear: CampaignEar, io: CommandIo): Promise<ExitCode> {
  let said = '';
  for (let away = false; ; await ear.next(io.signal)) {
    let summary: CampaignSummary;
    try {
      summary = (await link.matrix(campaign)).campaign;
    } catch (error) {
      if (!(error instanceof LabUnreachable)) throw error;
      if (!away) sayAway(io);
      away = true;
      continue;
    }
    away = false;
    const line = `${campaignTitle(summary)}: ${countsInWords(summary)}`;
    if (line !== said) {
      if (io.json) writeJsonLine(io, { event: 'campaign', campaign: summary });
      else io.stdout(`${line}\n`);
    }
    said = line;
    if (!hasEnded(summary.counts)) continue;
    const passed = allPassed(summary.counts);
    for (const state of ['failed', 'error'] as const) {
      if (summary.counts[state] === 0) continue;
      for await (const run of runsOf(link, campaign, state)) {
        if (io.json) writeJsonLine(io, { event: 'run', run });
        else io.stdout(`${runLine(run)}\n`);
      }
    }
    if (io.json) writeJsonLine(io, { event: 'ended', id: `campaign ${campaign}`, verdict: passed ? 'pass' : 'fail' });
    return passed ? EXIT.pass : EXIT.fail;
  }
}

function sayAway(io: CommandIo): void {
  if (io.json) writeJsonLine(io, { event: 'away' });
  io.stderr('vitap: the server does not answer; it is asked again\n');
}

function hasEnded({ queued, running }: Counts): boolean {
  return queued + running === 0;
}
