import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import type { LabAddress } from '../bench/verb.ts';
import { asking } from './ask.ts';
import { campaignTitle, countsInWords } from './campaign-words.ts';

/** `vitap lab cancel`: what waits and what runs ends as cancelled; verdicts stay. */
export async function cancelLabCampaign(lab: LabAddress, campaign: number, io: CommandIo): Promise<ExitCode> {
  const { campaign: summary } = await asking(lab, io, async (link) => {
    await link.cancel(campaign);
    return link.matrix(campaign);
  });
  if (io.json) writeJson(io, { id: 'lab-cancel', campaign: summary });
  else io.stdout(`${campaignTitle(summary)}: ${countsInWords(summary)}\n`);
  return EXIT.pass;
}
