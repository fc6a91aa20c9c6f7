import { shown } from '../../../console/shown.ts';
import { html } from '../../../report/html.ts';
import { reportPage } from '../../../report/page.ts';
import { counted } from '../../../report/words.ts';
import type { CommandEvent, PowerEvent, ResponseEvent, TraceHeader } from '../../../trace/model.ts';
import { FormatError, type TraceSource } from '../../../trace/stream.ts';
import { commandName } from '../../../trace/view/command-name.ts';
import { MOST_ROWS, rowOf, type ShownEntry, Texts } from './rows.ts';
import { VIEWER_STYLE } from './style.ts';
import { viewer, viewerScript } from './viewer.ts';

/**
 * A trace as the page of a replay shows its exchanges, without a verdict. It is read as it comes, masked as it is, and no
 * further than a page carries: the first {@link MOST_ROWS} rows.
 * @param name what people call it
 */
export async function traceHtml(name: string, source: TraceSource): Promise<string> {
  const { header } = source;
  const { rows, exchanges, note } = await traceRows(source);
  const more = note === null ? '' : `; ${note}`;
  return reportPage({
    title: `Trace: ${shown(name)}`,
    verdict: html``,
    answer: `${counted(exchanges, 'exchange')}${more}`,
    lead: lead(header),
    environment: {
      summary: [header.card, header.reader, header.backend, header.startedAt]
        .filter((each) => each !== null)
        .map((each) => shown(each))
        .join('; '),
      rows: headerRows(header),
      footer: `Recorded by ${shown(header.source)}.`,
    },
    sections: [
      { id: 'all-exchanges', title: 'Exchanges', body: [note === null ? null : html`<p>${note}</p>`, viewer('trace')] },
    ],
    style: VIEWER_STYLE,
    script: viewerScript(rows),
  });
}

function lead({ secretsKept, backend }: TraceHeader): string {
  const masked = secretsKept
    ? 'SECRETS WERE KEPT: this trace shows codes, keys, NIRs and names.'
    : 'Codes, keys, NIRs, names and birth dates are masked.';
  return backend === 'simulated' ? `The card was simulated. ${masked}` : masked;
}

function headerRows({ card, reader, interface: over, atr, ats, backend, startedAt, cardSeed }: TraceHeader) {
  const rows: readonly (readonly [string, string | null])[] = [
    ['Card', card],
    ['Reader', reader],
    ['Interface', over],
    ['Backend', backend],
    ['ATR', atr],
    ['ATS', ats],
    ['Started', startedAt],
    ['Seed of the card', cardSeed ?? null],
  ];
  return rows.filter(([, value]) => value !== null).map(([key, value]) => [key, shown(value ?? '')] as const);
}

interface TraceRows {
  /** As rows.ts has them. */
  readonly rows: string;
  readonly exchanges: number;
  /** Why not all is there; null: all is. */
  readonly note: string | null;
}

async function traceRows(source: TraceSource): Promise<TraceRows> {
  const texts = new Texts();
  const rows: string[] = [];
  let exchanges = 0;
  let note: string | null = null;
  const add = (entry: ShownEntry): void => void rows.push(rowOf(entry, texts));
  let sent: CommandEvent | null = null;
  const close = (answer: ResponseEvent | null): void => {
    if (sent !== null) add(exchangeOf(++exchanges, sent, answer));
    sent = null;
  };
  try {
    for await (const event of source.events()) {
      if (rows.length + (sent === null ? 0 : 1) >= MOST_ROWS) {
        note = `only the first ${MOST_ROWS} are shown here: the file has them all`;
        break;
      }
      if (event.type === 'response') close(event);
      else if (event.type === 'command' || event.type === 'power') {
        close(null);
        if (event.type === 'command') sent = event;
        else add(powerRow(event));
      }
    }
    close(null);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    close(null);
    note = `the rest cannot be read: ${shown(error.message)}`;
  }
  const set = JSON.stringify({ id: 'trace', verdict: 'NONE', left: 0 });
  return {
    rows: `{"sets":[${set.slice(0, -1)},"rows":[${rows.join(',\n')}]}],"strings":${JSON.stringify(texts.all)}}`,
    exchanges,
    note,
  };
}

const UNJUDGED: Omit<ShownEntry, 'index' | 'name' | 'command' | 'got' | 'time'> = {
  ...{ recordedCommand: null, expected: null, rule: null, divergence: null, problem: null, retries: 0 },
  verdict: 'NONE',
};

function exchangeOf(index: number, sent: CommandEvent, answer: ResponseEvent | null): ShownEntry {
  const { plain } = sent;
  return {
    ...UNJUDGED,
    index,
    name: plain === undefined ? commandName(sent.apdu) : `${commandName(plain.apdu)}, protected`,
    command: sent.apdu,
    got: answer?.apdu ?? null,
    time: timeOf(sent.t, answer === null ? null : Math.max(0, answer.t - sent.t)),
  };
}

function powerRow({ t, state, atr }: PowerEvent): ShownEntry {
  const words = state === 'reset' ? 'reset' : `power ${state}`;
  return {
    ...UNJUDGED,
    index: null,
    name: atr === undefined ? words : `${words}, ATR ${atr}`,
    command: '',
    got: null,
    time: timeOf(t, null),
  };
}

function timeOf(startNs: number, tookNs: number | null): ShownEntry['time'] {
  if (tookNs === null) return null;
  return { startNs, tookNs, recordedNs: null, deviationNs: null, limitNs: null, lateNs: 0 };
}
