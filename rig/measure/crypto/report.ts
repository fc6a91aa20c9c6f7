import { counted } from '../../report/words.ts';
import type { AgainstAes, MessageFigures } from './message-figures.ts';
import type { ProtocolFigures } from './protocol-figures.ts';
import type { Target } from './targets.ts';

/** The figures as tables. */
export function cryptoReport(
  scene: { readonly machine: string; readonly node: string },
  protocols: readonly ProtocolFigures[],
  messages: readonly MessageFigures[],
  readRecord: AgainstAes,
  targets: readonly Target[],
): string {
  const first = protocols[0] as ProtocolFigures;
  return [
    `Both sides in process; ${scene.machine}; Node ${scene.node}; ${counted(first.n, 'run')} of each protocol`,
    '',
    line('protocol, side', ['before', 'tap p50', 'tap p99', 'alone', 'ratio', 'in the tap']),
    ...protocols.map((row) =>
      line(`${row.protocol} ${row.curve}, ${row.side}`, [
        row.before.p50ms.toFixed(2),
        row.tap.p50ms.toFixed(2),
        row.tap.p99ms.toFixed(2),
        row.alone.tap.p50ms.toFixed(2),
        row.ratio.toFixed(3),
        row.tapRatio.toFixed(3),
      ]),
    ),
    '',
    line('secure messaging', ['bytes out', 'bytes in', 'added', 'card µs', 'p99', 'reader µs', 'p99']),
    ...messages.map((row) =>
      line(row.command, [
        `${row.plain.out}>${row.protected.out}`,
        `${row.plain.in}>${row.protected.in}`,
        `${row.addedBytes}`,
        row.card.p50us.toFixed(2),
        row.card.p99us.toFixed(2),
        row.reader.p50us.toFixed(2),
        row.reader.p99us.toFixed(2),
      ]),
    ),
    '',
    `  READ RECORD 100, card: ${readRecord.card.p50us.toFixed(2)} µs; its four AES calls alone ${readRecord.aes.p50us.toFixed(2)} µs; ratio ${readRecord.ratio.toFixed(2)}`,
    '',
    ...targets.map(targetLine),
    '',
    '  Milliseconds, medians of all runs. “before” needs nothing of the other side, “tap” is the rest; “alone” are the',
    '  curve operations of the tap by noble itself, in the same run. “ratio” is the whole side to all of its operations,',
    '  “in the tap” the tap to those that cannot be done before; ratios are medians of processor time.',
    '',
  ].join('\n');
}

function targetLine({ verdict, title, limit, ratio, worst, over, of }: Target): string {
  const count = over === 0 ? '' : `; ${over} of ${of} over it`;
  return `  ${verdict === 'pass' ? 'met    ' : 'NOT MET'}  ${title}: at most ${limit.toFixed(2)}, worst ${ratio.toFixed(3)} (${worst})${count}`;
}

function line(what: string, figures: readonly string[]): string {
  return `  ${what.padEnd(34)}${figures.map((each) => each.padStart(11)).join('')}`;
}
