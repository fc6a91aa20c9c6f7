import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openCard } from '../../../rig/card/open.ts';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { LINKS } from '../../../rig/endpoint/links.ts';
import { serialBackend } from '../../../rig/endpoint/pn532.ts';
import { READERS } from '../../../rig/endpoint/readers.ts';
import { TraceWriter } from '../../../rig/trace/writer.ts';
import { createLoopback, type Loopback } from '../../../src/hal/loopback/index.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { whileServed } from '../../contract/served-link.ts';
import { fakeIo } from '../console/fake-io.ts';

/** What the machine's PC/SC service has: one reader, by this name, with a card in it. */
const service = vi.hoisted(() => ({ slot: null as unknown }));
vi.mock('../../../src/hal/pcsc/index.ts', () => ({
  PcscReader: class {
    readonly driver = 'pcsc';
    get #reader() {
      return (service.slot as Loopback).reader;
    }
    list() {
      return this.#reader.list();
    }
    connect(options: Parameters<Loopback['reader']['connect']>[0]) {
      return this.#reader.connect(options);
    }
    async close() {}
  },
}));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-backend-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** @returns the documents on standard output, and the head of the trace */
async function through(reader: string, profile: string, line: string): Promise<{ json: unknown; header: unknown }> {
  const slot = createLoopback({ name: reader, interface: 'contact', clock: systemClock });
  service.slot = slot;
  const { card } = await openCard({ kind: 'profile', name: profile });
  const trace = join(folder, 'trace.jsonl');
  const io = fakeIo({ json: true });
  return whileServed(slot.link, card.port('contact', slot.link.limits), async () => {
    try {
      await runCommandLine([...line.replace('TRACE', trace).split(' '), '--json'], '0.0.0', VERBS, io);
      expect(io.err.join('')).not.toContain('vitap:');
      const [first = ''] = readFileSync(trace, 'utf8').split('\n');
      return { json: JSON.parse(io.out.join('').split('\n\n')[0] as string), header: JSON.parse(first) };
    } finally {
      await slot.reader.close();
    }
  });
}

const READER_NAMES = [
  ['Virtual PCD 00 00', 'simulated'],
  // As on Windows.
  ['Virtual Smart Card Architecture Virtual PCD 0', 'simulated'],
  ['ACS ACR122U PICC Interface 00 00', 'hardware'],
] as const;

describe.each(READER_NAMES)('a PC/SC reader called %s is %s', { timeout: 60_000 }, (reader, backend) => {
  it.each([
    ['tap --reader pcsc --record TRACE', 'vitale2'],
    ['bench apdu --reader pcsc --profile reference --count 1 --record TRACE', 'reference'],
    ['bench soak --reader pcsc --profile reference --minutes 0.001 --record TRACE', 'reference'],
    ['conform --reader pcsc --only SEL-MF-0C --record TRACE', 'reference'],
  ])('to %s', async (line, profile) => {
    const { json, header } = await through(reader, profile, line);
    expect(header).toMatchObject({ backend, reader });
    // A tap's document is about the card alone.
    if (line.startsWith('tap')) return;
    const { environment = json } = json as { environment?: unknown };
    expect(environment).toMatchObject({ backend });
  });

  it('to bench tap', async () => {
    const io = fakeIo({ json: true });
    const slot = createLoopback({ name: reader, interface: 'contact', clock: systemClock });
    service.slot = slot;
    const { card } = await openCard({ kind: 'profile', name: 'ndef' });
    const line = 'bench tap --reader pcsc --apdu 00A40000023F00 --taps 2 --warm-up 0 --json';
    await whileServed(slot.link, card.port('contact', slot.link.limits), () =>
      runCommandLine(line.split(' '), '0.0.0', VERBS, io),
    );
    expect(JSON.parse(io.out.join('')).environment).toMatchObject({ backend, reader });
  });

  it('to replay', async () => {
    const trace = join(folder, 'session.jsonl');
    const sent = await TraceWriter.create(trace, { source: 'test', backend });
    sent.command(Uint8Array.of(0x00, 0xa4, 0x00, 0x0c, 0x02, 0x3f, 0x00), 0);
    sent.response(Uint8Array.of(0x90, 0x00), 1);
    await sent.close();
    const { json, header } = await through(reader, 'reference', `replay ${trace} --reader pcsc --record TRACE`);
    expect(header).toMatchObject({ backend, reader });
    expect(json).toMatchObject({ backend, trace: { backend } });
  });
});

describe('a PN532', () => {
  it.each([
    ['/dev/pts/7', 'simulated'],
    [join(tmpdir(), 'vitap-no-such-port'), 'simulated'],
    ['/dev/ttyUSB7', 'hardware'],
  ])('on %s is %s, as a reader and as a link', async (path, backend) => {
    const chip = await READERS.pn532.chip?.({ driver: 'pn532', path, baudRate: null });
    expect([await serialBackend(path), chip?.backend()]).toEqual([backend, backend]);
    expect(await LINKS.pn532.backend({ driver: 'pn532', path, baudRate: null, raw: false })).toBe(backend);
  });
});
