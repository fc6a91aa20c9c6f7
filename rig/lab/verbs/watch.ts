import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import type { Counts } from '../api/campaign.ts';
import { LabUnreachable } from '../api/lab-refused.ts';
import type { LabAddress } from '../bench/verb.ts';
import { asking } from './ask.ts';
import { allPassed, campaignTitle, countsInWords } from './campaign-words.ts';

const LOOK_MS = 1000;

/**
 * `vitap lab watch`: says what changes in a campaign until its last run has ended. A server that is away is asked again.
 * @returns 0 all passed; 1 something did not
 */
export async function watchCampaign(lab: LabAddress, campaign: number, io: CommandIo): Promise<ExitCode> {
  return asking(lab, io, async (link) => {
    let said = '';
    for (let away = false; ; await sleep(LOOK_MS, undefined, { signal: io.signal })) {
      let summary: Awaited<ReturnType<typeof link.matrix>>['campaign'];
      try {
        summary = (await link.matrix(campaign)).campaign;
      } catch (error) {
        if (!(error instanceof LabUnreachable) || said === '') throw error;
        if (!away) io.stderr('the server does not answer; asking again\n');
        away = true;
        continue;
      }
      away = false;
      const line = `${campaignTitle(summary)}: ${countsInWords(summary)}`;
      if (line !== said) io.stdout(`${line}\n`);
      said = line;
      if (hasEnded(summary.counts)) return allPassed(summary.counts) ? EXIT.pass : EXIT.fail;
    }
  });
}

function hasEnded({ queued, running }: Counts): boolean {
  return queued + running === 0;
}
