import { expect } from 'vitest';
import { TRACE_FORMAT, type TraceEvent } from '../../../../rig/trace/model.ts';
import { parseEvent, parseHeader } from '../../../../rig/trace/parse.ts';
import { FormatError } from '../../../../rig/trace/stream.ts';
import { importer, read } from './text-trace.ts';

const FRAMES: ReadonlySet<string> = new Set([
  'vitap',
  'pcap',
  'pcapng',
  'proxmark',
  'proxmark-list',
  'proxmark-hexdump',
]);

function checkFault({ place, problem }: FormatError): void {
  expect('line' in place ? place.line : place.offset).toBeGreaterThanOrEqual(0);
  expect(problem).not.toMatch(/Infinity|NaN|undefined/);
}

/** Whatever the bytes: a trace that our own format takes, or a FormatError with its place. */
export async function checkAnyBytes(format: string, bytes: Uint8Array): Promise<void> {
  expect(importer(format).guess(bytes, 'x.txt')).toBeGreaterThanOrEqual(0);
  let events: readonly TraceEvent[];
  try {
    const imported = await read(format, bytes, 64);
    events = imported.events;
    expect(imported.header.format).toBe(TRACE_FORMAT);
    parseHeader(JSON.stringify(imported.header));
    if (imported.fault !== null) checkFault(imported.fault);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    checkFault(error as FormatError);
    return;
  }
  let open = false;
  for (const event of events) {
    parseEvent(JSON.stringify(event));
    // Frames, and our own files, may begin in the middle of a session.
    if (event.type === 'response' && !FRAMES.has(format)) expect(open).toBe(true);
    if (format === 'vitap') continue;
    if (event.type === 'response') expect(event.apdu.length).toBeGreaterThanOrEqual(4);
    if (event.type === 'command' || event.type === 'response') open = event.type === 'command';
  }
}
