import { describe, expect, it } from 'vitest';
import { HalError } from '../../../src/hal/errors.ts';
import { ActivatedCard } from '../../../src/hal/pn532/activated-card.ts';
import { Pn532 } from '../../../src/hal/pn532/chip.ts';
import { COMMAND } from '../../../src/hal/pn532/codes.ts';
import { type Pn532Transport, realTimers } from '../../../src/hal/pn532/transport.ts';
import { whileServed } from '../../contract/served-link.ts';
import { measured, produced, TOY, ToyCard, toyCommand } from '../../contract/toy-card.ts';
import { boards } from './boards.ts';

describe('an activated card', () => {
  it.each([
    ['the second part of a command', toyCommand(TOY.measure, 600), 2],
    ['the second part of a response', toyCommand(TOY.produce, 5, 900), 2],
    ['the first part of a response', toyCommand(TOY.produce, 5, 900), 1],
    ['the response to a command of one part', toyCommand(TOY.measure, 20), 1],
  ])('never mixes an APDU with one before of which %s was lost', async (_, cut, at) => {
    const { pair, link: makeLink, readerPort } = boards();
    const link = makeLink('raw');
    await whileServed(link, new ToyCard(), async () => {
      const connection = await readerPort.open();
      let left = 0;
      const transport: Pn532Transport = Object.create(connection.chip.transport, {
        exchange: {
          value: async (command: Uint8Array, options: never) => {
            const response = await connection.chip.transport.exchange(command, options);
            if (command[0] === COMMAND.inDataExchange && --left === 0) throw new HalError('protocol', 'damaged');
            return response;
          },
        },
      });
      const chip = new Pn532(transport);
      await chip.maxRetries(0xff, 0x01, 0xff);
      const [target] = await chip.listTypeA();
      const card = new ActivatedCard(chip, target!, new Uint8Array(0), 'board', realTimers);
      left = at;
      await expect(card.transmit(cut)).rejects.toMatchObject({ kind: 'protocol' });
      // Whether more of a response would have come is in the response that was lost.
      expect(card.cut).toBe(true);
      await expect(card.transmit(toyCommand(TOY.measure, 10))).rejects.toMatchObject({
        kind: 'protocol',
        message: expect.stringContaining('cut off in the middle: reset the card'),
      });
      await card.reset('warm');
      for (const length of [10, 300]) {
        const command = toyCommand(TOY.measure, length);
        expect(await card.transmit(command)).toEqual(measured(command));
      }
      expect(await card.transmit(toyCommand(TOY.produce, 5, 300))).toEqual(produced(300));
      await connection.close();
    });
    pair.clock.stop();
  });
});
