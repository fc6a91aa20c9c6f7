import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TraceEvent } from '../../rig/trace/model.ts';
import { openTrace } from '../../rig/trace/open-trace.ts';
import { TraceWriter } from '../../rig/trace/writer.ts';
import { SESSION, writeBytes } from '../rig/trace/formats/frame-trace.ts';
import { run } from './card.ts';
import { describeNeeds } from './real-parts.ts';

/** tshark, a judge of capture files that knows nothing of us. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-tshark-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function tshark(file: string, ...args: string[]): Promise<string[]> {
  const { exit, out } = await run('tshark', ['-r', file, ...args]);
  expect(exit).toBe(0);
  return out.trimEnd().split('\n');
}

async function exported(format: string, name: string, events: readonly TraceEvent[] = SESSION): Promise<string> {
  const file = join(folder, name);
  const { bytes } = await writeBytes(format, events, {
    interface: 'contactless',
    reader: 'a reader',
    startedAt: '2026-01-02T03:04:05.678Z',
  });
  writeFileSync(file, bytes);
  return file;
}

const AS_APDUS = ['-d', 'iso14443.subdissector,iso7816'];

describeNeeds(['tshark'], 'tshark', () => {
  it.each(['pcapng', 'pcap'])('reads activation, blocks and the chained APDUs in our %s', async (format) => {
    const file = await exported(format, `session.${format}`);
    const infos = await tshark(file, ...AS_APDUS, '-T', 'fields', '-e', '_ws.col.Info');
    expect(infos.slice(0, 14)).toEqual([
      'Field on',
      'REQA',
      'ATQA',
      'Anticollision',
      'UID',
      'Select',
      'SAK',
      'Anticollision',
      'UID',
      'Select',
      'SAK',
      'RATS',
      'ATS',
      'Select file',
    ]);
    // The command of 307 bytes in two blocks and the answer of 514 in three, put together by tshark.
    const lengths = await tshark(
      file,
      ...AS_APDUS,
      '-Y',
      'iso14443.apdu_reassembled.length',
      '-T',
      'fields',
      '-e',
      'iso14443.apdu_reassembled.length',
    );
    expect(lengths).toEqual(['307', '514']);
    const sw = await tshark(
      file,
      ...AS_APDUS,
      '-T',
      'fields',
      '-Y',
      'iso7816.apdu.sw1',
      '-e',
      'iso7816.apdu.sw1',
      '-e',
      'iso7816.apdu.sw2',
    );
    expect(sw).toEqual(['0x90\t0x00', '0x90\t0x00', '0x90\t0x00', '0x63\t0xc2']);
    // 1: right. Frames of the anticollision have none.
    const checksums = await tshark(file, '-T', 'fields', '-Y', 'iso14443.crc', '-e', 'iso14443.crc.status');
    expect(new Set(checksums)).toEqual(new Set(['1']));
  });

  it('shows what was made and what is masked as remarks', async () => {
    const file = await exported('pcapng', 'session.pcapng');
    const remarks = await tshark(file, '-T', 'fields', '-Y', 'frame.comment', '-e', 'frame.comment');
    expect(remarks[0]).toBe('synthetic: made from the APDUs, never on the air');
    expect(remarks.filter((remark) => remark.includes('masked: 6+4 code, 10+2 code'))).toHaveLength(1);
  });

  it('says that a damaged frame is damaged, as we do', async () => {
    const events: TraceEvent[] = [
      { type: 'block', t: 0, from: 'reader', frame: 'E0803173', crc: 'good' },
      { type: 'block', t: 1, from: 'card', frame: '057880700212CD', crc: 'bad' },
    ];
    const file = await exported('pcapng', 'damaged.pcapng', events);
    const statuses = await tshark(file, '-T', 'fields', '-Y', 'iso14443.crc', '-e', 'iso14443.crc.status');
    expect(statuses).toEqual(['1', '0']);
  });

  it('reads our GSMTAP as exchanges of a smart card', async () => {
    const events = SESSION.filter(({ type }) => type !== 'power');
    const file = await exported('gsmtap', 'session.pcapng', events);
    const fields = ['-e', 'gsm_sim.apdu.ins', '-e', 'gsm_sim.apdu.sw'];
    expect(
      await tshark(file, '-o', 'ip.check_checksum:TRUE', '-T', 'fields', ...fields, '-e', 'ip.checksum.status'),
    ).toEqual(['0xa4\t0x9000\t1', '0xd6\t0x9000\t1', '0xb0\t0x9000\t1', '0x20\t0x63c2\t1']);
  });

  it('writes files that we read: our capture as a classic pcap', async () => {
    const file = await exported('pcapng', 'session.pcapng');
    const rewritten = join(folder, 'rewritten.pcap');
    // -F nsecpcap makes a classic file with nanoseconds of it.
    expect((await run('tshark', ['-r', file, '-F', 'nsecpcap', '-w', rewritten])).exit).toBe(0);
    const trace = await openTrace(rewritten);
    expect(trace.importer.name).toBe('pcap');
    const apdus: string[] = [];
    for await (const event of trace.source.events()) {
      if (event.type === 'command' || event.type === 'response') apdus.push(event.apdu);
    }
    const expected = SESSION.flatMap((event) => ('apdu' in event ? [event.apdu.replaceAll('XX', '00')] : []));
    expect(apdus).toEqual(expected);
  });

  it('reads what a recorder wrote frame by frame', async () => {
    const path = join(folder, 'recorded.jsonl');
    const writer = await TraceWriter.create(path, { source: 'test', backend: 'simulated', interface: 'contactless' });
    const say = (from: 'reader' | 'card', hex: string, t: number): void =>
      writer.block(from, Uint8Array.from(Buffer.from(hex, 'hex')), t, { crc: 'good' });
    say('reader', 'E0803173', 0);
    // ATS 05 78 80 70 02 and its checksum.
    say(
      'card',
      readFileSync(await exported('pcap', 'ats.pcap', SESSION.slice(0, 1)))
        .subarray(-7)
        .toString('hex'),
      1,
    );
    say('reader', '0200A4040007D27600008501010035C0', 2);
    writer.command(Uint8Array.from(Buffer.from('00A4040007D276000085010100', 'hex')), 2);
    say('card', '029000F109', 3);
    writer.response(Uint8Array.from([0x90, 0]), 3);
    await writer.close();
    const events: TraceEvent[] = [];
    for await (const event of (await openTrace(path)).source.events()) events.push(event);
    const file = join(folder, 'recorded.pcapng');
    writeFileSync(file, (await writeBytes('pcapng', events, { interface: 'contactless' })).bytes);
    const infos = await tshark(file, ...AS_APDUS, '-T', 'fields', '-e', '_ws.col.Info');
    expect(infos).toEqual(['RATS', 'ATS', 'Select file', 'Response APDU (to Select file)']);
  });
});
