import { describe, expect, it } from 'vitest';
import { openCard } from '../../../rig/card/open.ts';
import type { CardLink } from '../../../src/hal/card-link.ts';
import { createLoopback } from '../../../src/hal/loopback/index.ts';
import type { Reader } from '../../../src/hal/reader.ts';
import { whileServed } from '../../contract/served-link.ts';
import { boards } from './boards.ts';

/** What readers in the field send, refusals among it, and what no card knows. */
const COMMANDS = [
  '00A40000023F00',
  '00B0820000',
  '00B2012400',
  '00A404000FE828BD080FD25047656E65726963',
  '00A404000AD250000002564954414C45',
  '00A4040007D276000085010100',
  '00A4000C02E103',
  '00B000000F',
  '00CA006600',
  '00B2010400',
  '0084000008',
  '80CA9F7F00',
  '00B00000',
  '00FF0000',
] as const;

/** Puts a fresh card of a profile on a link and sends it the commands. @returns ATR and responses */
async function outcome(link: CardLink, reader: Reader, profile: string): Promise<readonly string[]> {
  const opened = await openCard(
    { kind: 'profile', name: profile },
    {
      onFault: (fault) => {
        throw fault;
      },
    },
  );
  const seen: string[] = [];
  await whileServed(link, opened.card.port('contactless', link.limits), async () => {
    const session = await reader.connect({ timeoutMs: 5000 });
    seen.push(Buffer.from(session.atr).toString('hex'));
    for (const command of COMMANDS) {
      const { response } = await session.transmit(Uint8Array.from(Buffer.from(command, 'hex')));
      // A challenge is another each time.
      const bytes = command.startsWith('0084') ? response.subarray(-2) : response;
      seen.push(`${command} ${Buffer.from(bytes).toString('hex')}`);
    }
    await session.disconnect();
    await reader.close();
  });
  opened.close();
  return seen;
}

describe.each(['vitale2', 'apcv', 'lab', 'ndef', 'reference'])('the card %s', (profile) => {
  it.each(['picc', 'raw'] as const)('answers on two boards (%s) as it does in process', async (mode) => {
    const { pair, reader, link } = boards();
    const loopback = createLoopback({ interface: 'contactless', clock: pair.clock });
    const inProcess = await outcome(loopback.link, loopback.reader, profile);
    expect(await outcome(link(mode), reader(), profile)).toEqual(inProcess);
    expect(inProcess).toHaveLength(1 + COMMANDS.length);
    pair.clock.stop();
  });
});
