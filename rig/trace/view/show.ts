import { HalError } from '../../../src/hal/errors.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { counted } from '../../report/words.ts';
import { openedInWords } from '../inside-channel.ts';
import { TraceError } from '../lines.ts';
import type { BlockEvent, CommandEvent, PlainApdu, ResponseEvent, TraceEvent } from '../model.ts';
import { openView, type ViewOptions } from './open-view.ts';
import { commandInWords, dataObjects, shortened, statusInWords } from './words.ts';

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
  const { trace, source, opened } = await openView(options.file, options);
  const longest = options.full ? 0 : SHORT;
  const events: unknown[] = [];
  let hidden = 0;
  let sent: number | null = null;
  let fault: TraceError | null = null;
  try {
    const { reader, atr, startedAt, sessionKeys } = source.header;
    if (!io.json) {
      io.stdout(`${trace.importer.name} (${trace.importer.title}), made by ${shown(source.header.source)}\n`);
      if (reader !== null) io.stdout(`reader ${shown(reader)}\n`);
      if (atr !== null) io.stdout(`ATR ${atr}\n`);
      if (startedAt !== null) io.stdout(`started ${shown(startedAt)}\n`);
      if (sessionKeys !== undefined) io.stdout(`session keys were written to a file, id ${sessionKeys}\n`);
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
      ...(options.keys != null && { opened }),
      notRead,
      fault: fault?.message ?? null,
    });
  } else {
    if (options.keys != null) io.stderr(`${shown(openedInWords(opened, options.keys))}\n`);
    if (hidden > 0) io.stderr(`${counted(hidden, 'frame')} not shown (--frames)\n`);
    for (const { what, count } of trace.losses.entries) {
      io.stderr(`not read: ${what}${count === 1 ? '' : `: ${count}`}\n`);
    }
    if (fault !== null) io.stderr(`vitap: ${shown(fault.message)}\n`);
  }
  return fault === null ? EXIT.pass : EXIT.fail;
}

interface Words {
  readonly words?: string;
  readonly dataObjects?: readonly string[];
}

/** An event with its words; those of what was protected stand with it. */
function wordsOf(event: TraceEvent): Words & { readonly plain?: Words } {
  if (event.type !== 'command' && event.type !== 'response') return {};
  const words = (apdu: string): Words =>
    event.type === 'command'
      ? { words: commandInWords(apdu) }
      : { words: statusInWords(apdu), dataObjects: dataObjects(apdu, 0) };
  const { plain } = event;
  return { ...words(event.apdu), ...(plain && { plain: { ...plain, ...words(plain.apdu) } }) };
}

/** @param sent when the command went that an answer is for */
function linesOf(event: TraceEvent, sent: number | null, longest: number): string {
  const at = `${milliseconds(event.t).padStart(12)} ms  `;
  switch (event.type) {
    case 'command':
      return `${at}> ${shortened(event.apdu, longest)}\n${INDENT}${commandInWords(event.apdu)}${masked(event)}\n${insideCommand(event, longest)}`;
    case 'response': {
      const took = sent === null ? '' : `, after ${milliseconds(event.t - sent)} ms`;
      const size = event.apdu.length > 4 ? `, ${counted(event.apdu.length / 2 - 2, 'byte')}` : '';
      const words = `${statusInWords(event.apdu)}${size}${took}${masked(event)}`;
      const objects = dataObjects(event.apdu, longest).map((row) => `${INDENT}  ${row}\n`);
      const plain = insideAnswer(event, longest);
      // The objects around what was protected say nothing more.
      return `${at}< ${shortened(event.apdu, longest)}\n${INDENT}${words}\n${plain ?? objects.join('')}`;
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

/** What a protected command says; empty where nobody opened it. */
function insideCommand({ plain }: CommandEvent, longest: number): string {
  if (plain === undefined) return '';
  return `${INDENT}inside > ${shortened(plain.apdu, longest)}\n${INDENT}         ${commandInWords(plain.apdu)}${masked(plain)}\n`;
}

function insideAnswer({ plain }: ResponseEvent, longest: number): string | null {
  if (plain === undefined) return null;
  const objects = dataObjects(plain.apdu, longest).map((row) => `${INDENT}           ${row}\n`);
  return `${INDENT}inside < ${shortened(plain.apdu, longest)}\n${INDENT}         ${statusInWords(plain.apdu)}${masked(plain)}\n${objects.join('')}`;
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

function masked(apdu: PlainApdu): string {
  const kinds = [...new Set((apdu.masks ?? []).map(({ what }) => what))];
  return kinds.length === 0 ? '' : `; masked: ${kinds.join(', ')}`;
}

function milliseconds(ns: number): string {
  return (ns / 1e6).toFixed(3);
}
