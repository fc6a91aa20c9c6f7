import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXPORTERS, IMPORTERS } from '../../rig/trace/formats/index.ts';
import type { TraceEvent, TraceHeader } from '../../rig/trace/model.ts';
import { LossCount } from '../../rig/trace/stream.ts';
import { run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds } from './real-parts.ts';
import { exchanges, imported, runSpied, serveWitnessed } from './recorded-session.ts';
import { SLOTS } from './vpcd-card.ts';

/*
 * The whole circle: one session of opensc-tool with the emulated card. Five programs and libraries record it at the same
 * time, the richest of these records is exported to every format, and all that is imported is the same session.
 */
const READER = SLOTS[0];
const COMMANDS = [
  '00A404000BD250000002564954414C4500',
  '00A4020002200100',
  '00B0000000',
  '00A4000C023F00',
  '00B0820000',
];
const PARTS = ['pcscd', 'vpcd', 'pcscd of our own', 'opensc-tool', 'libpcscspy'] as const;

/** What each format cannot carry of this session, as `vitap convert` tells it. */
const NOT_CARRIED: Readonly<Record<string, readonly string[]>> = {
  vitap: [],
  'pcscd-log': ['names of a reader', 'wall times of the start'],
  'opensc-tool': [
    'answers to reset',
    'names of a reader',
    'power events',
    'times of events',
    'wall times of the start',
  ],
  'gp-log': ['parts of a millisecond of times', 'times between exchanges', 'wall times of the start'],
  'apdu4j-dump': [
    'parts of a millisecond of times',
    'parts of a second of the wall time',
    'times between exchanges',
    'times of the power going on',
  ],
  scriptor: [
    'answers to reset',
    'names of a reader',
    'the power going on or off',
    'times of events',
    'wall times of the start',
  ],
  cardpeek: ['names of a reader', 'times of events', 'wall times of the start'],
  gematik: ['answers to reset', 'names of a reader', 'power events', 'times of events', 'wall times of the start'],
};
/** What is lost in formats that keep commands without answers. */
const COMMANDS_ONLY: Readonly<Record<string, readonly string[]>> = {
  'scriptor-script': [
    'answers to reset',
    'names of a reader',
    'responses',
    'the power going on or off',
    'times of events',
    'wall times of the start',
  ],
  'apdutool-script': [
    'answers to reset',
    'commands without Le, which get one',
    'names of a reader',
    'responses, which are comments now',
    'times of events',
    'wall times of the start',
  ],
};
/** Frames and packets: their losses are pinned where they are tested. */
const FRAMES = ['pcapng', 'pcap', 'gsmtap', 'proxmark'] as const;

describeNeeds(PARTS, 'one session of opensc-tool, around', () => {
  const recorded: Record<string, string> = {};
  let seen: readonly string[] = [];
  let atr = '';
  let richest: { header: TraceHeader; events: TraceEvent[] };

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitap-circle-'));
    const daemon = await Pcscd.start({ apduLog: true });
    try {
      const card = await serveWitnessed();
      const args = ['-r', READER, '-c', 'default', ...COMMANDS.flatMap((command) => ['-s', command])];
      const { out, err, record } = await runSpied(folder, 'opensc-tool', args, { OPENSC_DEBUG: '9' });
      recorded['opensc-tool'] = out;
      recorded['opensc-debug'] = err;
      recorded['pcsc-spy'] = record;
      writeFileSync(join(folder, 'record'), record);
      recorded['pcsc-spy-text'] = (await run('pcsc-spy', ['-n', join(folder, 'record')])).out;
      recorded['pcscd-log'] = daemon.log;
      ({ seen, atr } = card);
      await card.remove();
    } finally {
      await daemon.stop();
      rmSync(folder, { recursive: true });
    }
    richest = await imported('pcsc-spy', recorded['pcsc-spy'] as string);
  });

  it('the card saw what was typed', () => {
    expect(seen.filter((line) => line.startsWith('>'))).toEqual(COMMANDS.map((command) => `> ${command}`));
  });

  describe('recorded', () => {
    it.each(['pcscd-log', 'opensc-tool', 'opensc-debug', 'pcsc-spy', 'pcsc-spy-text'])('%s', async (format) => {
      expect(exchanges((await imported(format, recorded[format] as string)).events)).toEqual(seen);
    });
  });

  describe('exported and imported again', () => {
    it.each(Object.entries(NOT_CARRIED))('%s', async (format, notCarried) => {
      const { bytes, losses } = await exported(format, richest);
      const { events, header } = await imported(format, bytes);
      expect(exchanges(events)).toEqual(seen);
      expect(losses).toEqual(notCarried);
      if (!notCarried.includes('answers to reset')) expect(header.atr).toBe(atr);
      if (!notCarried.includes('names of a reader')) expect(header.reader).toBe(READER);
    });

    it('vitap and pcscd-log: every event with its time', async () => {
      for (const format of ['vitap', 'pcscd-log']) {
        const { bytes } = await exported(format, richest);
        expect((await imported(format, bytes)).events).toEqual(richest.events);
      }
    });

    it.each(Object.entries(COMMANDS_ONLY))('%s: the commands', async (format, notCarried) => {
      const { bytes, losses } = await exported(format, richest);
      const { events } = await imported(format, bytes);
      // apdutool has no command without Le; SELECT MF gets 7F.
      const expected = COMMANDS.map((command) =>
        format === 'apdutool-script' && command === '00A4000C023F00' ? `> ${command}7F` : `> ${command}`,
      );
      expect(exchanges(events)).toEqual(expected);
      expect(losses).toEqual(notCarried);
    });

    it.each(FRAMES)('%s', async (format) => {
      const { bytes } = await exported(format, richest);
      const importer = IMPORTERS.find(({ name }) => name === format) === undefined ? 'pcapng' : format;
      expect(exchanges((await imported(importer, bytes)).events)).toEqual(seen);
    });
  });
});

async function exported(
  format: string,
  { header, events }: { header: TraceHeader; events: readonly TraceEvent[] },
): Promise<{ bytes: Uint8Array; losses: string[] }> {
  const exporter = EXPORTERS.find(({ name }) => name === format);
  if (exporter === undefined) throw new Error(`no exporter ${format}`);
  const chunks: Buffer[] = [];
  const losses = new LossCount();
  const source = {
    header,
    async *events() {
      yield* events;
    },
  };
  const sink = {
    async write(chunk: Uint8Array | string) {
      chunks.push(Buffer.from(chunk as Uint8Array));
    },
  };
  await exporter.write(source, sink, losses);
  return { bytes: Buffer.concat(chunks), losses: losses.entries.map(({ what }) => what).sort() };
}
