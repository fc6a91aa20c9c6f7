import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TraceWriter } from '../../../rig/trace/writer.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-frames-'));
  path = join(folder, 'session.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

async function record(keepSecrets: boolean, body: (writer: TraceWriter) => void): Promise<unknown[]> {
  const description = { source: 'test', backend: 'simulated', interface: 'contactless' } as const;
  const writer = await TraceWriter.create(path, description, { keepSecrets });
  body(writer);
  await writer.close();
  const [, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

describe('TraceWriter', () => {
  it('records frames with their checksums and bits, and what a card without contacts answered', async () => {
    const events = await record(true, (writer) => {
      writer.field('on', 10);
      writer.block('reader', bytes('26'), 11, { bits: 7 });
      writer.block('reader', bytes('E0803173'), 12, { crc: 'good' });
      writer.power('on', 13, { ats: bytes('0578807002'), uid: bytes('08112233') });
      writer.power('reset', 14, bytes('3B80'));
    });
    expect(events).toEqual([
      { type: 'field', t: 0, state: 'on' },
      { type: 'block', t: 1, from: 'reader', frame: '26', bits: 7 },
      { type: 'block', t: 2, from: 'reader', frame: 'E0803173', crc: 'good' },
      { type: 'power', t: 3, state: 'on', ats: '0578807002', uid: '08112233' },
      { type: 'power', t: 4, state: 'reset', atr: '3B80' },
    ]);
  });

  it('masks a code in chained frames, which wait for their end, and in the APDU; all in order', async () => {
    const events = await record(false, (writer) => {
      writer.block('reader', bytes('12002000810431'), 0);
      writer.block('card', bytes('A2'), 1);
      writer.block('reader', bytes('03323334'), 2);
      writer.command(bytes('002000810431323334'), 2);
      writer.block('card', bytes('039000'), 3);
      writer.response(bytes('9000'), 3);
    });
    expect(events).toMatchObject([
      { frame: '120020008104XX' },
      { frame: 'A2' },
      { frame: '03XXXXXX' },
      { apdu: '0020008104XXXXXXXX' },
      { frame: '039000' },
      { apdu: '9000' },
    ]);
  });

  it('writes what waited when the session ends in the middle of a command', async () => {
    const events = await record(false, (writer) => {
      writer.block('reader', bytes('12002000810631'), 0);
      writer.note('the card was taken away', 1);
    });
    expect(events).toMatchObject([{ frame: '1200200081XXXX' }, { text: 'the card was taken away' }]);
  });
});
