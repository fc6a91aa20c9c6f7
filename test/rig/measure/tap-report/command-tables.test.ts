import { expect, it } from 'vitest';
import type { CommandFigures, LayerTimes } from '../../../../rig/measure/tap/result.ts';
import { byInstruction } from '../../../../rig/measure/tap-report/command-tables.ts';

const layers = (card: number, link: number): LayerTimes => ({ card, link, air: 0, reader: 0, serial: 0, host: 0 });
const row = (command: string, header: string, count: number, more: Partial<CommandFigures>): CommandFigures => ({
  command,
  header,
  count,
  sentBytes: 5,
  receivedBytes: 2,
  p50: 0,
  p99: 0,
  max: 0,
  layers: layers(0, 0),
  ...more,
});

it('commands of one INS are put together, the one that takes most first', () => {
  const rows = byInstruction(
    [
      row('SELECT', '00A40400', 10, { sentBytes: 16, receivedBytes: 44, max: 900, layers: layers(100, 300) }),
      row('READ RECORD', '00B2010C', 10, { receivedBytes: 34, max: 700, layers: layers(200, 400) }),
      // Half of the taps send it, and so it is half a command a tap.
      row('READ RECORD', '00B2020C', 5, { receivedBytes: 2, max: 800, layers: layers(100, 100) }),
    ],
    10,
  );
  expect(rows).toEqual([
    {
      command: 'READ RECORD',
      instruction: 'B2',
      perTap: 1.5,
      sentBytes: 7.5,
      receivedBytes: 35,
      layers: layers(250, 450),
      totalNs: 700,
      max: 800,
    },
    {
      command: 'SELECT',
      instruction: 'A4',
      perTap: 1,
      sentBytes: 16,
      receivedBytes: 44,
      layers: layers(100, 300),
      totalNs: 400,
      max: 900,
    },
  ]);
});
