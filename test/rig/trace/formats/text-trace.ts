import { readFileSync } from 'node:fs';
import { bytesInput } from '../../../../rig/trace/byte-input.ts';
import { EXPORTERS, IMPORTERS } from '../../../../rig/trace/formats/index.ts';
import type { TraceEvent, TraceHeader } from '../../../../rig/trace/model.ts';
import {
  type Exporter,
  FormatError,
  type ImportedHeader,
  type Importer,
  importedHeader,
  LossCount,
} from '../../../../rig/trace/stream.ts';

/** What came out of an import. */
export interface Imported {
  readonly header: TraceHeader;
  readonly events: readonly TraceEvent[];
  readonly losses: Readonly<Record<string, number>>;
  /** The fault that ended it. */
  readonly fault: FormatError | null;
}

export const sample = (name: string): Buffer =>
  readFileSync(new URL(`../../../vectors/traces/${name}`, import.meta.url));

export function importer(name: string): Importer {
  const found = IMPORTERS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no importer ${name}`);
  return found;
}

export function exporter(name: string): Exporter {
  const found = EXPORTERS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no exporter ${name}`);
  return found;
}

/** @throws {FormatError} when not even its beginning is of the format; any other error is a bug */
export async function read(name: string, content: string | Uint8Array, pieceSize = 7): Promise<Imported> {
  const losses = new LossCount();
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const source = await importer(name).open(bytesInput(bytes, name, pieceSize), losses);
  const events: TraceEvent[] = [];
  let fault: FormatError | null = null;
  try {
    for await (const event of source.events()) events.push(event);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    fault = error;
  }
  return { header: source.header, events, losses: lossesOf(losses), fault };
}

/** Text of a format, and what it could not carry. */
export async function write(
  name: string,
  events: readonly TraceEvent[],
  header: Partial<ImportedHeader> = {},
): Promise<{ readonly text: string; readonly losses: Readonly<Record<string, number>> }> {
  const losses = new LossCount();
  let text = '';
  const source = {
    header: importedHeader({ source: 'a test', ...header }),
    async *events() {
      yield* events;
    },
  };
  const sink = {
    async write(chunk: Uint8Array | string) {
      text += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
    },
  };
  await exporter(name).write(source, sink, losses);
  return { text, losses: lossesOf(losses) };
}

/** `> 00A4…` and `< 9000`, the rest by its type, without times. */
export function script(events: readonly TraceEvent[]): string[] {
  return events.map((event) => {
    switch (event.type) {
      case 'command':
        return `> ${event.apdu}`;
      case 'response':
        return `< ${event.apdu}`;
      case 'power':
        return `power ${event.state}${event.atr === undefined ? '' : ` ${event.atr}`}`;
      case 'note':
        return `note ${event.text}`;
      default:
        return event.type;
    }
  });
}

/** Commands and responses alone. */
export function exchanges(events: readonly TraceEvent[]): string[] {
  return script(events).filter((line) => /^[<>]/.test(line));
}

function lossesOf(losses: LossCount): Record<string, number> {
  return Object.fromEntries(losses.entries.map(({ what, count }) => [what, count]));
}
