import { describe, expect, it } from 'vitest';
import { explainCommand } from '../../../rig/card/explain-command.ts';
import { NO_CHANNEL } from '../../../rig/channel/choice.ts';
import { ReaderChannel } from '../../../rig/channel/reader-channel.ts';
import { fromHex } from '../../../src/apdu/hex.ts';
import { fakeIo } from '../console/fake-io.ts';

const EID = '00A4040C09 E80704007F00070302';

/** What a command is answered on the shipped card `eac`, in a channel of its CAN. */
async function ask(
  commands: readonly string[],
  terminalKeys: string | null,
): Promise<{ status: string; sentence: string }> {
  const io = fakeIo({ json: true, env: { VITAP_CAN: '500540' } });
  const channel = await ReaderChannel.from({ ...NO_CHANNEL, terminalKeys }, io, terminalKeys !== null);
  const [command, ...before] = commands.map((each) => fromHex(each)).reverse();
  const options = {
    card: 'eac',
    command: command!,
    after: before.reverse(),
    interface: 'contactless',
    channel,
  } as const;
  expect(await explainCommand(options, io)).toBe(0);
  return JSON.parse(io.out.join('')).explanations[0];
}

describe('the card `eac` and the terminal that shipped cards trust', () => {
  it('its signed EF.CardSecurity is believed, its chip key proven, and its data groups are read', async () => {
    expect(await ask([EID, '00B0840000'], 'test')).toEqual({
      interface: 'contactless',
      status: '9000',
      sentence:
        'READ BINARY of 0104 by contactless needs an authentication terminal with the right “read DG4”; that is so',
      before: ['9000'],
    });
  });

  it('with the CAN alone: the text of 2F05, and no data group', async () => {
    expect((await ask(['00B0850000'], null)).status).toBe('9000');
    expect(await ask([EID, '00B0840000'], null)).toMatchObject({
      status: '6982',
      sentence:
        'READ BINARY of 0104 by contactless needs an authentication terminal with the right “read DG4”; it is not: there is a channel, but no terminal has authenticated itself in it: terminal authentication, then chip authentication',
    });
  });
});
