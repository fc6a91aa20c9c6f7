import { type Html, html } from '../../report/html.ts';
import { table } from '../../report/page.ts';
import { counted as amount } from '../../report/words.ts';
import { type CommandFigures, type Figures, LAYERS, type LayerTimes } from '../tap/result.ts';
import { digits, unitFor } from './units.ts';

/** What the commands of one INS take of a tap; means over all taps. */
export interface InstructionFigures {
  readonly command: string;
  /** INS, two hexadecimal digits. */
  readonly instruction: string;
  readonly perTap: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Nanoseconds of a tap, all its commands of this INS together. */
  readonly layers: LayerTimes;
  readonly totalNs: number;
  /** The slowest single command. */
  readonly max: number;
}

/** Rows by instruction, the one that takes most of a tap first. */
export function byInstruction(commands: readonly CommandFigures[], taps: number): InstructionFigures[] {
  const groups = new Map<string, CommandFigures[]>();
  for (const each of commands) {
    const instruction = each.header.slice(2, 4);
    groups.set(instruction, [...(groups.get(instruction) ?? []), each]);
  }
  const rows = [...groups].map(([instruction, group]) => {
    const mean = (of: (row: CommandFigures) => number): number =>
      group.reduce((sum, row) => sum + row.count * of(row), 0) / taps;
    const layers = Object.fromEntries(LAYERS.map((layer) => [layer, mean((row) => row.layers[layer])])) as LayerTimes;
    return {
      command: (group[0] as CommandFigures).command,
      instruction,
      perTap: mean(() => 1),
      sentBytes: mean((row) => row.sentBytes),
      receivedBytes: mean((row) => row.receivedBytes),
      layers,
      totalNs: LAYERS.reduce((sum, layer) => sum + layers[layer], 0),
      max: Math.max(...group.map(({ max }) => max)),
    };
  });
  return rows.sort((a, b) => b.totalNs - a.totalNs);
}

/** One row for each INS: what it takes of the mean tap. */
export function instructions(figures: Figures): Html {
  const unit = unitFor(figures.total.p50.value);
  const shown = shownLayers(figures);
  const numbers = ['A tap', 'Bytes out', 'Bytes in', `${unit.name} a tap`, 'Share', 'Each, µs', 'Slowest, µs'];
  return html`${table(
    [
      { head: 'INS' },
      { head: 'Command' },
      ...[...numbers, ...shown.map((layer) => `${layer}, ${unit.name}`)].map((head) => ({ head, number: true })),
    ],
    byInstruction(figures.commands, figures.total.n).map((row) => [
      html`<code>${row.instruction}</code>`,
      row.command,
      counted(row.perTap),
      counted(row.sentBytes),
      counted(row.receivedBytes),
      digits(row.totalNs / unit.ns),
      `${((100 * row.totalNs) / figures.total.mean).toFixed(1)} %`,
      digits(row.totalNs / row.perTap / 1000),
      digits(row.max / 1000),
      ...shown.map((layer) => digits(row.layers[layer] / unit.ns)),
    ]),
  )}<p class="reason">Means over ${amount(figures.total.n, 'tap')}; shares of the mean tap, the rest of which is no command.</p>`;
}

/** One row for each command as it was sent. */
export function commands(figures: Figures): Html {
  const shown = shownLayers(figures);
  const numbers = ['Count', 'Bytes out', 'Bytes in', 'p50 µs', 'p99 µs', 'max µs'];
  return table(
    [
      { head: 'Command' },
      { head: 'Header' },
      ...[...numbers, ...shown.map((layer) => `${layer} µs`)].map((head) => ({ head, number: true })),
    ],
    figures.commands.map((row) => [
      row.command,
      html`<code>${row.header}</code>`,
      row.count,
      row.sentBytes,
      row.receivedBytes,
      ...[row.p50, row.p99, row.max, ...shown.map((layer) => row.layers[layer])].map((ns) => digits(ns / 1000)),
    ]),
  );
}

function shownLayers({ commands: rows }: Figures): (typeof LAYERS)[number][] {
  return LAYERS.filter((layer) => rows.some(({ layers }) => layers[layer] !== 0));
}

/** A whole number as it is. */
function counted(value: number): string {
  return Number.isInteger(value) ? `${value}` : value.toFixed(1);
}
