import { codesOf, type OwnCodes } from '../../card/own-codes.ts';
import { type ChannelChoice, NO_CHANNEL } from '../../channel/choice.ts';
import { CannotRun } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import { openRenewable } from '../../judge/conform/open-card.ts';
import { channelOf, type RunWork } from '../campaign/work.ts';
import { type RunPlace, sourceOf } from './judged.ts';

/** How the commands of a run travel, and the environment that holds the codes for it. */
export interface RunChannel {
  readonly choice: ChannelChoice;
  readonly env: CommandIo['env'];
}

/**
 * A card of ours is made at the bench, which reads its codes from its image; those of a card that lies here stand in
 * the environment already.
 * @throws {CannotRun} the campaign wants a channel, and nobody knows the CAN
 */
export async function channelOfRun(
  work: Extract<RunWork, { kind: 'conform' | 'bench-tap' }>,
  { inputs, env, device }: Pick<RunPlace, 'inputs' | 'env' | 'device'>,
): Promise<RunChannel> {
  const source = sourceOf(work.card, inputs);
  const own: OwnCodes = source === null ? NO_CODES : codesOf((await openRenewable(source, null)).contents);
  const { VITAP_CAN, ...rest } = { ...env, ...named(own) };
  const wanted = channelOf(work);
  if (wanted === 'none') return { choice: NO_CHANNEL, env: rest };
  const terminalKeys = device.card?.terminalKeys ?? null;
  if (VITAP_CAN === undefined) {
    if (wanted === 'offered') return { choice: NO_CHANNEL, env: rest };
    const cure = source === null ? ': the bench file names a file with it, `canFile`' : ', and so no channel';
    throw new CannotRun(`the card has no access number (CAN) that this bench knows${cure}`);
  }
  const choice = { ...NO_CHANNEL, code: wanted === 'can' ? ('can' as const) : null, terminalKeys };
  return { choice, env: { ...rest, VITAP_CAN } };
}

const NO_CODES: OwnCodes = { can: null, pin: null };

function named({ can, pin }: OwnCodes): CommandIo['env'] {
  return { ...(can !== null && { VITAP_CAN: can }), ...(pin !== null && { VITAP_PIN: pin }) };
}
