import { CARRIER_HZ } from '../../../src/iso-dep/timing.ts';
import type { Line } from '../lines.ts';
import type { TraceEvent } from '../model.ts';
import { FormatError, type Importer, type Losses } from '../stream.ts';
import { type FrameLineParser, frameLineImporter } from './frame-lines.ts';
import { hexOf, withoutColours } from './hex-text.ts';
import { Iso14443Decoder } from './iso14443-packets.ts';
import { requireEnd } from './line-importer.ts';
import { LINK_TYPE } from './packet.ts';
import { TraceClock } from './trace-clock.ts';

/*
 * What `trace list -x` of the Proxmark3's client prints for text2pcap: a time in seconds, an offset, and a packet of link
 * type 264 with its pseudo-header, in one line or with the time in a line of its own. Older clients print the carrier
 * periods as ten digits behind `0.`, which are no seconds.
 */
const TIME = /^\s*(\d{1,10})\.(\d{1,12})\s*(?:$|\s(.*)$)/;
const DUMP = /^\s*([0-9A-Fa-f]{6,8}) ((?:[0-9A-Fa-f]{2} ?)+)\s*$/;
const SIGN = /^\s*\d{1,10}\.\d{1,12}\s+0{6,8} 00 f[a-f] [0-9a-f]{2} [0-9a-f]{2}/im;
const HEADER_LENGTH = 4;
const LONGEST_PACKET = 4100;

export const proxmarkHexdumpImporter: Importer = frameLineImporter({
  name: 'proxmark-hexdump',
  title: 'trace list -x of a Proxmark3, for text2pcap',
  extensions: ['txt'],
  header: { source: 'Proxmark3', interface: 'contactless', backend: 'hardware' },
  guess: (head) => (SIGN.test(withoutColours(head)) ? 95 : 0),
  parser: (losses) => new HexdumpParser(losses),
});

interface Dump {
  readonly line: number;
  readonly ns: bigint;
  hex: string;
}

class HexdumpParser implements FrameLineParser {
  readonly #decoder: Iso14443Decoder;
  readonly #clock: TraceClock;
  #ns = 0n;
  #dump: Dump | null = null;

  constructor(losses: Losses) {
    this.#decoder = new Iso14443Decoder(losses);
    this.#clock = new TraceClock(losses);
  }

  line(raw: string, line: Line): readonly TraceEvent[] {
    if (raw.length > 4 * LONGEST_PACKET)
      throw new FormatError({ line: line.number }, 'this line is longer than any frame');
    const text = withoutColours(raw);
    const timed = TIME.exec(text);
    const before = timed === null ? [] : this.#finish();
    if (timed !== null) this.#ns = nanoseconds(timed[1] as string, timed[2] as string);
    const dump = DUMP.exec(timed === null ? text : (timed[3] ?? ''));
    if (dump === null) return timed === null ? this.#finish() : before;
    requireEnd(line);
    const events = Number.parseInt(dump[1] as string, 16) === 0 ? [...before, ...this.#finish()] : before;
    this.#dump ??= { line: line.number, ns: this.#ns, hex: '' };
    if (2 * Number.parseInt(dump[1] as string, 16) !== this.#dump.hex.length) {
      throw new FormatError({ line: line.number }, 'the offset of this line does not fit the bytes before it');
    }
    this.#dump.hex += hexOf(dump[2] as string) ?? '';
    if (this.#dump.hex.length > 2 * LONGEST_PACKET) {
      throw new FormatError({ line: line.number }, 'this frame is longer than any may be');
    }
    return events;
  }

  end(): readonly TraceEvent[] {
    return this.#finish();
  }

  #finish(): readonly TraceEvent[] {
    const dump = this.#dump;
    this.#dump = null;
    if (dump === null) return [];
    const data = Buffer.from(dump.hex, 'hex');
    const told = data.length < HEADER_LENGTH ? 0 : data.readUInt16BE(2);
    if (data.length !== HEADER_LENGTH + told) {
      const problem =
        data.length < HEADER_LENGTH
          ? 'this packet has no whole pseudo-header'
          : `of a frame of ${told} bytes there are ${data.length - HEADER_LENGTH}`;
      throw new FormatError({ line: dump.line }, problem);
    }
    const { t, step } = this.#clock.at(dump.ns);
    const comments = step === null ? [] : [step];
    const originalLength = data.length;
    return this.#decoder.packet({ t, linkType: LINK_TYPE.ISO_14443, data, originalLength, comments, offset: 0 });
  }
}

const DIGITS_OF_CYCLES = 10;

function nanoseconds(seconds: string, fraction: string): bigint {
  if (fraction.length === DIGITS_OF_CYCLES) return (BigInt(fraction) * 1_000_000_000n) / BigInt(CARRIER_HZ);
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}
