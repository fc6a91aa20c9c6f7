import { describe, expect, it } from 'vitest';
import { MOST_ROWS } from '../../../../../rig/judge/replay/report/rows.ts';
import { traceHtml } from '../../../../../rig/judge/replay/report/trace-html.ts';
import type { TraceEvent } from '../../../../../rig/trace/model.ts';
import { FormatError, importedHeader } from '../../../../../rig/trace/stream.ts';

async function pageOf(events: Iterable<TraceEvent>, card = 'profile vitale2'): Promise<string> {
  const header = { ...importedHeader({ source: 'vitap tap', card }), secretsKept: false };
  return traceHtml('trace.jsonl', {
    header,
    async *events() {
      yield* events;
    },
  });
}

/** What the page has for its program. */
function dataOf(page: string): { sets: [{ rows: (number | null)[][] }]; strings: string[] } {
  const [, json = ''] = /<script type="application\/json" id="exchanges">(.*?)<\/script>/s.exec(page) ?? [];
  return JSON.parse(json);
}

const SELECT: readonly TraceEvent[] = [
  { type: 'power', t: 0, state: 'on', atr: '3B00' },
  { type: 'command', t: 1_000_000, apdu: '00A40400' },
  { type: 'response', t: 3_500_000, apdu: '9000' },
];

describe('a trace as a page', () => {
  it('has the card put in, each command with its answer and its time, and no verdict', async () => {
    const page = await pageOf([...SELECT, { type: 'command', t: 4_000_000, apdu: '0020000108XXXXXXXXXXXXXXXX' }]);
    const { sets, strings } = dataOf(page);
    expect(strings).toEqual([
      'power on, ATR 3B00',
      '',
      'SELECT',
      '00A40400',
      '9000',
      'VERIFY',
      '0020000108XXXXXXXXXXXXXXXX',
    ]);
    expect(sets[0].rows).toEqual([
      [null, 0, 1, -1, -1, -1, -1, 4, 0, -1, -1, -1, -1, 0],
      [1, 2, 3, -1, -1, 4, -1, 4, 0, -1, 1000, 2_500_000, -1, 0],
      [2, 5, 6, -1, -1, -1, -1, 4, 0, -1, -1, -1, -1, 0],
    ]);
    expect(page).toContain('2 exchanges');
    expect(page).not.toContain('✔ PASS</span> <span class="answer">');
  });

  it('has what came before a fault, and says where that is', async () => {
    function* broken(): Generator<TraceEvent> {
      yield* SELECT;
      throw new FormatError({ line: 5 }, 'this is not JSON');
    }
    const page = await pageOf(broken());
    expect(page).toContain('1 exchange; the rest cannot be read: line 5: this is not JSON');
  });

  it('shows markup and controls of a header as text', async () => {
    const page = await pageOf(SELECT, '<img src=x>\u202e');
    expect(page).toContain('&lt;img src=x&gt;\\u202E');
    expect(page).not.toContain('<img');
  });

  it('reads no further than a page carries', { timeout: 30_000 }, async () => {
    let read = 0;
    function* endless(): Generator<TraceEvent> {
      for (;;) yield { type: 'command', t: read++, apdu: '00B0000000' };
    }
    const page = await pageOf(endless());
    expect(dataOf(page).sets[0].rows).toHaveLength(MOST_ROWS);
    expect(read).toBeLessThan(MOST_ROWS + 5);
    expect(page).toContain(`only the first ${MOST_ROWS} are shown here`);
  });
});
