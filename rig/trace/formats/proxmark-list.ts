import { CARRIER_HZ } from '../../../src/iso-dep/timing.ts';
import { endsWithCrc } from '../frames/checksum.ts';
import type { Line } from '../lines.ts';
import { bytesOf } from '../masked-hex.ts';
import type { TraceEvent } from '../model.ts';
import { FormatError, type Importer, type Losses } from '../stream.ts';
import { type FrameLineParser, frameLineImporter } from './frame-lines.ts';
import { LONGEST_REMARK, withoutColours } from './hex-text.ts';
import { requireEnd } from './line-importer.ts';
import { TraceClock } from './trace-clock.ts';

/*
 * What `trace list` (`hf 14a list`) of the Proxmark3's client prints: Start | End | Src | Data | CRC | Annotation. A long
 * frame goes on in rows without times, the last of which has its CRC and annotation. `!` after a byte: its parity is
 * wrong; `(7)`: so many bits of it; brackets around the CRC with -c. Times are in carrier periods, with -u in
 * microseconds.
 */
const ROW =
  /^\s*(\d{1,12}(?:\.\d{1,6})?)?\s*\|\s*(?:\d{1,12}(?:\.\d{1,6})?)?\s*\|\s*(Rdr|Tag)?\s*\|([^|]*)(?:\|([^|]*))?(?:\|(.*))?$/;
const BYTE = /^\s*\[?([0-9A-Fa-f]{2})(?:(!)|\(([0-7])\))?\]?/;
const LONGEST_FRAME = 4096;
const LONGEST_NOTE = 1000;
const IN_MICROSECONDS = /all times are in (?:microseconds|us)\b/;

export const proxmarkListImporter: Importer = frameLineImporter({
  name: 'proxmark-list',
  title: 'trace list of a Proxmark3, taken for ISO 14443',
  extensions: ['txt', 'log'],
  header: { source: 'Proxmark3', interface: 'contactless', backend: 'hardware' },
  guess(head) {
    const text = withoutColours(head);
    return /^\s*\d+(?:\.\d+)? \|\s*\d+(?:\.\d+)? \| (?:Rdr|Tag) \|\s*(?:\[?[0-9A-Fa-f]{2}|<)/m.test(text) ? 95 : 0;
  },
  parser: (losses) => new ListParser(losses),
});

interface Frame {
  readonly line: number;
  readonly time: string;
  readonly from: 'reader' | 'card';
  hex: string;
  bits: number | null;
  crc: string;
  annotation: string;
}

class ListParser implements FrameLineParser {
  readonly #losses: Losses;
  readonly #clock: TraceClock;
  #microseconds = false;
  #frame: Frame | null = null;

  constructor(losses: Losses) {
    this.#losses = losses;
    this.#clock = new TraceClock(losses);
  }

  line(raw: string, line: Line): readonly TraceEvent[] {
    if (raw.length > LONGEST_REMARK) return this.#finish();
    const text = withoutColours(raw);
    if (IN_MICROSECONDS.test(text)) this.#microseconds = true;
    const row = ROW.exec(text);
    if (row === null) return this.#finish();
    const [, time, source, data = '', crc = '', annotation = ''] = row;
    // Rows of delays between frames have a time and no source; the head of the table and rules have neither.
    if (source === undefined && (time !== undefined || this.#frame === null)) return this.#finish();
    requireEnd(line);
    let before: readonly TraceEvent[] = [];
    if (source !== undefined) {
      before = this.#finish();
      const from = source === 'Rdr' ? 'reader' : 'card';
      this.#frame = { line: line.number, time: time ?? '0', from, hex: '', bits: null, crc: '', annotation: '' };
    }
    this.#add(this.#frame as Frame, data, line.number);
    if (crc.trim() !== '') (this.#frame as Frame).crc = crc.trim();
    if (annotation.trim() !== '') (this.#frame as Frame).annotation = annotation.trim();
    return before;
  }

  end(): readonly TraceEvent[] {
    return this.#finish();
  }

  #add(frame: Frame, data: string, line: number): void {
    let rest = data;
    // `<empty trace - possible error>`
    if (/^\s*<[^>]*>\s*$/.test(rest)) return;
    for (let byte = BYTE.exec(rest); byte !== null; byte = BYTE.exec(rest)) {
      frame.hex += (byte[1] as string).toUpperCase();
      if (byte[2] !== undefined) this.#losses.add('signs that the parity of a byte was wrong');
      frame.bits = byte[3] === undefined || byte[3] === '0' ? null : Number(byte[3]);
      rest = rest.slice(byte[0].length);
    }
    if (rest.trim() !== '') throw new FormatError({ line }, 'this frame is cut off, or no bytes in hexadecimal');
    if (frame.hex.length > 2 * LONGEST_FRAME) throw new FormatError({ line }, 'this frame is longer than any may be');
  }

  #finish(): readonly TraceEvent[] {
    const frame = this.#frame;
    this.#frame = null;
    if (frame === null) return [];
    const { t, step } = this.#clock.at(this.#nanoseconds(frame.time));
    const events: TraceEvent[] = step === null ? [] : [{ type: 'note', t, text: step }];
    if (frame.annotation !== '') events.push({ type: 'note', t, text: frame.annotation.slice(0, LONGEST_NOTE) });
    const crc = crcOf(frame);
    events.push({
      type: 'block',
      t,
      from: frame.from,
      frame: frame.hex,
      ...(crc === null ? {} : { crc }),
      ...(frame.bits === null ? {} : { bits: frame.bits }),
    });
    return events;
  }

  #nanoseconds(time: string): bigint {
    const [whole = '0', fraction = ''] = time.split('.');
    if (this.#microseconds || fraction !== '') return BigInt(whole + fraction.padEnd(3, '0').slice(0, 3));
    const carrierHz = BigInt(CARRIER_HZ);
    return (BigInt(whole) * 1_000_000_000n + carrierHz / 2n) / carrierHz;
  }
}

/** As printed; a client that was not told the protocol prints none, and a right one is seen. */
function crcOf({ hex, crc }: Frame): 'good' | 'bad' | null {
  if (hex.length < 6) return null;
  if (/^(?:[AB] )?ok$/.test(crc)) return 'good';
  if (/^!/.test(crc)) return 'bad';
  return endsWithCrc(bytesOf(hex)) ? 'good' : null;
}
