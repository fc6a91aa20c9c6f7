import type { Spread } from '../../figures/spread.ts';
import { counted } from '../../report/words.ts';
import type { BatchFigures, FlashFigures, Scene } from './bench-flash.ts';

/** The figures for a person. */
export function reportOf({ machine, node, load }: Scene, figures: FlashFigures): string {
  const { boards, runs, size, chip, baudRate, framing, virtual, wall, line, uf2, targets } = figures;
  return [
    `Simulated boards in this process; ${machine}; Node ${node}; load ${load.before} before, ${load.after} after`,
    `${chip}, ${counted(size, 'byte')} at ${baudRate} baud, ${framing}; ${counted(runs, 'run')}`,
    '',
    row('whole batch', ['median', 'p99', 'first run']),
    ...batchRows('virtual time', boards, virtual),
    ...batchRows('wall time', boards, wall),
    ...(virtual.commandsAgain + wall.commandsAgain === 0
      ? []
      : [`  commands repeated: ${virtual.commandsAgain} in virtual time, ${wall.commandsAgain} in wall time`]),
    '',
    `  line, one board, virtual time: ${line.bytes} bytes, at least ${line.leastBytes} of ${line.bitsPerByte} bits; ${line.ms.toFixed(1)} ms, at least ${line.leastMs.toFixed(1)} ms: ${line.ratio.toFixed(3)}`,
    '',
    row('UF2 drive, wall time', ['median', 'p99', 'first run']),
    row('  board flash, ms', spread(uf2.flashMs, 1)),
    row('  plain copy, ms', spread(uf2.copyMs, 1)),
    row('  flash to copy', spread(uf2.ratio, 2)),
    '',
    ...targets.map(
      ({ id, value, limit, verdict }) =>
        `  ${(verdict === 'pass' ? 'met' : 'NOT MET').padEnd(9)}${id}: ${value.toFixed(3)}, at most ${limit.toFixed(2)}`,
    ),
    '',
    '  Virtual time counts the bits on the line and the work of the simulated chips, and none of the computer’s. In wall',
    '  time the same boards live by this machine’s clock: computing is in it, the simulation’s own as well. The line is',
    '  the time of one board without that in which its chip erases and programs.',
    '',
  ].join('\n');
}

function batchRows(time: string, boards: number, { oneMs, allMs, ratio }: BatchFigures): readonly string[] {
  return [
    row(`  ${time}, 1 board, ms`, spread(oneMs, 1)),
    row(`  ${time}, ${boards} at once, ms`, spread(allMs, 1)),
    row(`  ${time}, ${boards} to 1`, spread(ratio, 3)),
  ];
}

function row(what: string, values: readonly string[]): string {
  return `  ${what.padEnd(34)}${values.map((value) => value.padStart(12)).join('')}`;
}

function spread({ p50, p99, first }: Spread, digits: number): readonly string[] {
  return [p50, p99, first].map((value) => value.toFixed(digits));
}
