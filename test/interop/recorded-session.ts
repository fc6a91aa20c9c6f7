import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCard } from '../../rig/card/open.ts';
import { bytesInput } from '../../rig/trace/byte-input.ts';
import { IMPORTERS } from '../../rig/trace/formats/index.ts';
import type { TraceEvent, TraceHeader } from '../../rig/trace/model.ts';
import { LossCount } from '../../rig/trace/stream.ts';
import type { LinkedCard } from '../../src/hal/card-link.ts';
import { runWith } from './card.ts';
import { spyLibraries } from './real-parts.ts';
import { serveOnVpcd, type VpcdCard } from './vpcd-card.ts';

/** pyscard on a reader: prints the ATR and each answer, and the error that ends it. */
export const PYSCARD = `
import sys
from smartcard.System import readers
from smartcard.util import toBytes, toHexString
reader = [each for each in readers() if str(each) == sys.argv[1]][0]
connection = reader.createConnection()
connection.connect()
print(''.join('%02X' % byte for byte in connection.getATR()), flush=True)
for command in sys.argv[2:]:
    if command == 'wait':
        sys.stdin.readline()
        continue
    try:
        data, sw1, sw2 = connection.transmit(toBytes(command))
        print(''.join('%02X' % byte for byte in data + [sw1, sw2]), flush=True)
    except Exception as error:
        print('ERROR', type(error).__name__, flush=True)
        break
`;

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

/** A card of profile vitale2 in the virtual reader, and all that it was asked and answered: `> 00A4…`, `< …9000`. */
export async function serveWitnessed(): Promise<VpcdCard & { readonly seen: string[]; readonly atr: string }> {
  const { card } = await openCard({ kind: 'profile', name: 'vitale2' });
  const port = card.port('contact');
  const seen: string[] = [];
  const witnessed: LinkedCard = {
    get response() {
      return port.response;
    },
    atr: () => port.atr(),
    powerOn: () => port.powerOn(),
    reset: () => port.reset(),
    fieldOff: () => port.fieldOff(),
    deselect: () => port.deselect(),
    process(command, offset, length) {
      seen.push(`> ${hexOf(command.subarray(offset, offset + length))}`);
      const size = port.process(command, offset, length);
      seen.push(`< ${hexOf(port.response.subarray(0, size))}`);
      return size;
    },
  };
  const inserted = await serveOnVpcd(witnessed);
  return { ...inserted, seen, atr: hexOf(port.atr()) };
}

/** What a format's importer makes of a text. */
export async function imported(
  format: string,
  content: string | Uint8Array,
): Promise<{ header: TraceHeader; events: TraceEvent[]; losses: string[] }> {
  const importer = IMPORTERS.find(({ name }) => name === format);
  if (importer === undefined) throw new Error(`no importer ${format}`);
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const losses = new LossCount();
  const source = await importer.open(bytesInput(bytes, format), losses);
  const events: TraceEvent[] = [];
  for await (const event of source.events()) events.push(event);
  return { header: source.header, events, losses: losses.entries.map(({ what }) => what) };
}

/** The exchanges of a trace in the words of {@link serveWitnessed}. */
export function exchanges(events: readonly TraceEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === 'command') return [`> ${event.apdu}`];
    return event.type === 'response' ? [`< ${event.apdu}`] : [];
  });
}

/** Runs a program with libpcscspy between it and PC/SC. @returns what the program printed and what the spy wrote */
export async function runSpied(
  folder: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly out: string; readonly err: string; readonly record: string }> {
  const libraries = spyLibraries();
  if (libraries === null) throw new Error('libpcscspy is not installed');
  const shadow = join(folder, 'spy');
  mkdirSync(shadow);
  symlinkSync(libraries.spy, join(shadow, 'libpcsclite.so.1'));
  symlinkSync(libraries.pcsclite, join(shadow, 'libpcsclite_nospy.so.1'));
  // The library appends to an ordinary file as it does to the FIFO of pcsc-spy.
  const record = join(folder, 'pcsc-spy');
  writeFileSync(record, '');
  const spied = { ...process.env, ...env, HOME: folder, LD_LIBRARY_PATH: shadow };
  const { out, err } = await runWith(spied, program, args);
  rmSync(shadow, { recursive: true });
  return { out, err, record: readFileSync(record, 'utf8') };
}
