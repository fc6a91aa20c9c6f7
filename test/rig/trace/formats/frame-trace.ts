import type { TraceEvent, TraceHeader } from '../../../../rig/trace/model.ts';
import { type ImportedHeader, importedHeader, LossCount } from '../../../../rig/trace/stream.ts';
import { exporter } from './text-trace.ts';

/** The bytes of a format, and what it could not carry. */
export async function writeBytes(
  name: string,
  events: readonly TraceEvent[],
  header: Partial<ImportedHeader> | TraceHeader = {},
): Promise<{ readonly bytes: Uint8Array; readonly losses: readonly string[] }> {
  const losses = new LossCount();
  const parts: Uint8Array[] = [];
  const source = {
    header: 'format' in header ? header : importedHeader({ source: 'a test', ...header }),
    async *events() {
      yield* events;
    },
  };
  const sink = {
    async write(chunk: Uint8Array | string) {
      parts.push(typeof chunk === 'string' ? Buffer.from(chunk) : Uint8Array.from(chunk));
    },
  };
  await exporter(name).write(source, sink, losses);
  return { bytes: Buffer.concat(parts), losses: losses.entries.map(({ what }) => what) };
}

export const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

/** A short session of APDUs: activation with ATS and UID, a long command, a code, a card put away. */
export const SESSION: readonly TraceEvent[] = [
  { type: 'power', t: 0, state: 'on', ats: '0578807002', uid: '04112233445566' },
  { type: 'command', t: 1000, apdu: '00A4040007A0000002471001' },
  { type: 'response', t: 2000, apdu: '9000' },
  { type: 'command', t: 3000, apdu: `00D6000000012C${'5A'.repeat(300)}` },
  { type: 'response', t: 4000, apdu: '9000' },
  { type: 'command', t: 5000, apdu: '00B00000000200' },
  { type: 'response', t: 6000, apdu: `${'A5'.repeat(512)}9000` },
  {
    type: 'command',
    t: 7000,
    apdu: '0020008104XXXXXXXX',
    masks: [{ offset: 5, length: 4, what: 'code' }],
  },
  { type: 'response', t: 8000, apdu: '63C2' },
  { type: 'power', t: 9000, state: 'off' },
];
