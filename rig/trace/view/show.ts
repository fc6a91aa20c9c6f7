import { HalError } from '../../../src/hal/errors.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { TraceError } from '../lines.ts';
import type { BlockEvent, TraceEvent } from '../model.ts';
import { openView, type ViewOptions } from './open-view.ts';
import { commandInWords, counted, dataObjects, shortened, statusInWords } from './words.ts';

export interface ShowOptions extends ViewOptions {
  readonly file: string;
  /** Frames too. */
  readonly frames: boolean;
  /** All bytes of long APDUs. */
  readonly full: boolean;
}

/** Bytes of an APDU or a value in one line. */
const SHORT = 32;
const INDENT = ' '.repeat(17);

/**
 * `vitap trace show`: the events of a trace in words, one at a time.
 * @returns 1 when a fault in the trace ended the reading; what comes before it was shown
 * @throws {CannotRun} {HalError} {TraceError} when nothing could be shown
 */
export async function showTrace(options: ShowOptions, io: CommandIo): Promise<ExitCode> {
  const { trace, source } = await openView(options.file, options);
  const longest = options.full ? 0 : SHORT;
  const events: unknown[] = [];
  let hidden = 0;
  let sent: number | null = null;
  let fault: TraceError | null = null;
  try {
    const { reader, atr, startedAt } = source.header;
    if (!io.json) {
      io.stdout(`${trace.importer.name} (${trace.importer.title}), made by ${shown(source.header.source)}\n`);
      if (reader !== null) io.stdout(`reader ${shown(reader)}\n`);
      if (atr !== null) io.stdout(`ATR ${atr}\n`);
      if (startedAt !== null) io.stdout(`started ${shown(startedAt)}\n`);
    }
    for await (const event of source.events()) {
      if (io.signal.aborted) throw new HalError('aborted', 'the trace was not shown to its end');
      if (event.type === 'block' && !options.frames) {
        hidden++;
        continue;
      }
      if (io.json) events.push({ ...event, ...wordsOf(event) });
      else io.stdout(linesOf(event, sent, longest));
      if (event.type === 'command') sent = event.t;
      else if (event.type === 'response' || event.type === 'power') sent = null;
    }
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    fault = error;
  } finally {
    await trace.close();
  }
  if (io.json) {
    const notRead = trace.losses.entries;
    const { header } = source;
    writeJson(io, {
      id: 'trace-show',
      format: trace.importer.name,
      header,
      events,
      framesNotShown: hidden,
      notRead,
      fault: fault?.message ?? null,
    });
  } else {
    if (hidden > 0) io.stderr(`${counted(hidden, 'frame')} not shown (--frames)\n`);
    for (const { what, count } of trace.losses.entries) {
      io.stderr(`not read: ${what}${count === 1 ? '' : `: ${count}`}\n`);
    }
    if (fault !== null) io.stderr(`vitap: ${shown(fault.message)}\n`);
  }
  return fault === null ? EXIT.pass : EXIT.fail;
}

function wordsOf(event: TraceEvent): { readonly words?: string; readonly dataObjects?: readonly string[] } {
  if (event.type === 'command') return { words: commandInWords(event.apdu) };
  if (event.type !== 'response') return {};
  return { words: statusInWords(event.apdu), dataObjects: dataObjects(event.apdu, 0) };
}

/** @param sent when the command went that an answer is for */
function linesOf(event: TraceEvent, sent: number | null, longest: number): string {
  const at = `${milliseconds(event.t).padStart(12)} ms  `;
  switch (event.type) {
    case 'command':
      return `${at}> ${shortened(event.apdu, longest)}\n${INDENT}${commandInWords(event.apdu)}${masked(event)}\n`;
    case 'response': {
      const took = sent === null ? '' : `, after ${milliseconds(event.t - sent)} ms`;
      const size = event.apdu.length > 4 ? `, ${counted(event.apdu.length / 2 - 2, 'byte')}` : '';
      const words = `${statusInWords(event.apdu)}${size}${took}${masked(event)}`;
      const objects = dataObjects(event.apdu, longest).map((row) => `${INDENT}  ${row}\n`);
      return `${at}< ${shortened(event.apdu, longest)}\n${INDENT}${words}\n${objects.join('')}`;
    }
    case 'power': {
      const told = (['atr', 'ats', 'uid'] as const).flatMap((name) =>
        event[name] === undefined ? [] : [`${name.toUpperCase()} ${event[name]}`],
      );
      return `${at}${['power', event.state, ...told].join(' ')}\n`;
    }
    case 'field':
      return `${at}field ${event.state}\n`;
    case 'note':
      return `${at}note: ${shown(event.text)}\n`;
    case 'block':
      return `${at}${frameInWords(event, longest)}\n`;
  }
}

function frameInWords({ from, frame, crc, bits, synthetic }: BlockEvent, longest: number): string {
  const marks = [
    ...(bits === undefined ? [] : [`${bits} bits`]),
    ...(crc === undefined ? [] : [`CRC ${crc}`]),
    ...(synthetic ? ['synthetic'] : []),
  ];
  const mark = marks.length === 0 ? '' : ` (${marks.join(', ')})`;
  return `frame of the ${from}: ${frame === '' ? 'empty' : shortened(frame, longest)}${mark}`;
}

function masked(event: Extract<TraceEvent, { type: 'command' | 'response' }>): string {
  const kinds = [...new Set((event.masks ?? []).map(({ what }) => what))];
  return kinds.length === 0 ? '' : `; masked: ${kinds.join(', ')}`;
}

function milliseconds(ns: number): string {
  return (ns / 1e6).toFixed(3);
}
