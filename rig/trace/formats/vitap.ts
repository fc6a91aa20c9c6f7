import type { TraceEvent } from '../model.ts';
import { TRACE_FORMAT } from '../model.ts';
import { readTrace } from '../read-trace.ts';
import type { AsyncByteSink, Exporter, Importer, TraceSource } from '../stream.ts';
import { headText } from '../text-lines.ts';

/** Characters gathered before they are written. */
const BATCH_LENGTH = 65_536;

export const vitapImporter: Importer = {
  name: 'vitap',
  title: 'our own: one JSON object a line',
  extensions: ['jsonl'],
  guess(head) {
    const first = headText(head)?.trimStart().split('\n', 1)[0] ?? '';
    return first.startsWith('{') && first.includes(`"${TRACE_FORMAT}"`) ? 100 : 0;
  },
  open: readTrace,
};

export const vitapExporter: Exporter = {
  name: 'vitap',
  title: 'our own: one JSON object a line',
  extensions: ['jsonl'],
  async write(source: TraceSource, output: AsyncByteSink): Promise<void> {
    let pending = `${JSON.stringify(source.header)}\n`;
    for await (const event of source.events()) {
      pending += line(event);
      if (pending.length < BATCH_LENGTH) continue;
      await output.write(pending);
      pending = '';
    }
    await output.write(pending);
  },
};

function line(event: TraceEvent): string {
  return `${JSON.stringify(event)}\n`;
}
