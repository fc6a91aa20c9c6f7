import type { CardInterface } from '../../src/hal/card-link.ts';

/*
 * The one model of a recorded session: a header and events with times. Every tool that makes or reads traces
 * speaks it; docs/trace-format.md is its description as a file, one JSON object a line.
 */
export const TRACE_FORMAT = 'vitap-trace';
export const TRACE_VERSION = 1;

/**
 * What a mask hides: reference data (PIN, PUK), a French social security number, a name, a birth date, a key; a signature
 * or a hash, which confirms guesses of what is masked in the data below it.
 */
export type MaskKind = 'code' | 'nir' | 'name' | 'birth' | 'key' | 'signature';

export const MASK_KINDS: readonly MaskKind[] = ['code', 'nir', 'name', 'birth', 'key', 'signature'];

/** A span that was made unreadable: in bytes of an APDU or a frame, in characters of a note. */
export interface Mask {
  readonly offset: number;
  readonly length: number;
  readonly what: MaskKind;
  /** 16 hexadecimal digits: equal secrets of one trace, or of one redaction key, have equal ones. Absent: not known. */
  readonly hash?: string;
}

/** Bytes as upper-case hexadecimal, two characters each; `XX` for a masked byte. */
export type MaskedHex = string;

/** `unknown`: of a trace that another program made. */
export type TraceBackend = 'simulated' | 'hardware' | 'unknown';

export const TRACE_BACKENDS: readonly TraceBackend[] = ['simulated', 'hardware', 'unknown'];

export interface TraceHeader {
  readonly type: 'header';
  readonly format: typeof TRACE_FORMAT;
  readonly version: typeof TRACE_VERSION;
  /** What made the trace: `vitap tap`. */
  readonly source: string;
  /** Whether a real card or terminal over a real reader was on the other side, or all was software. */
  readonly backend: TraceBackend;
  readonly reader: string | null;
  readonly interface: CardInterface | null;
  /** As known when the recording began; a `power` event may tell another one. */
  readonly atr: MaskedHex | null;
  readonly ats: MaskedHex | null;
  /** For people: `profile vitale2`. */
  readonly card: string | null;
  /** Unit of every `t`. */
  readonly clock: 'ns';
  /** Wall time of the start, ISO 8601 in UTC; null where another program's trace does not tell. */
  readonly startedAt: string | null;
  /** What is masked wherever it occurs; empty when secrets were kept. */
  readonly redactions: readonly MaskKind[];
  readonly secretsKept: boolean;
  /** 16 hexadecimal digits: hashes of traces that have the same here may be compared. Says nothing of the key itself. */
  readonly redactionKey?: string;
  /** Seed of our card's random numbers: with it, the same commands get the same answers again. */
  readonly cardSeed?: string;
  /** Which driver of ours served the reader: `pcsc`, `pcsc-ffi`, `loopback`. */
  readonly driver?: string;
  /** 16 hexadecimal digits: a file of session keys has the same, and opens what is protected in this trace. */
  readonly sessionKeys?: string;
}

interface TimedEvent {
  /** Whole nanoseconds of a monotonic clock since the start of the trace. */
  readonly t: number;
}

interface MaskedEvent extends TimedEvent {
  /** In rising order, without overlap; absent when nothing is masked. */
  readonly masks?: readonly Mask[];
}

/** The card's power or reset, as the reader or the card saw it. */
export interface PowerEvent extends TimedEvent {
  readonly type: 'power';
  readonly state: 'on' | 'reset' | 'off';
  readonly atr?: MaskedHex;
  /** Answer to select of ISO/IEC 14443-4: the card was activated without contacts. With its length byte, no CRC. */
  readonly ats?: MaskedHex;
  /** The identifier with which a card without contacts was selected: 4, 7 or 10 bytes. */
  readonly uid?: MaskedHex;
}

/** The reader's field. */
export interface FieldEvent extends TimedEvent {
  readonly type: 'field';
  readonly state: 'on' | 'off';
}

/** One frame of the protocol below the APDUs, without start, parity and end. */
export interface BlockEvent extends MaskedEvent {
  readonly type: 'block';
  readonly from: 'reader' | 'card';
  /** With its checksum where `crc` says so. */
  readonly frame: MaskedHex;
  /** `good` or `bad`: the last two bytes of `frame` are its CRC, right or wrong. Absent: the frame is without one. */
  readonly crc?: 'good' | 'bad';
  /** Valid bits of the last byte, 1 to 7, counted from the lowest; absent: 8. */
  readonly bits?: number;
  /** The frame never was on the air: it was made from the APDUs. */
  readonly synthetic?: true;
}

/** What secure messaging protected: the APDU inside, for whoever has the session keys. */
export interface PlainApdu {
  readonly apdu: MaskedHex;
  /** As those of an event. */
  readonly masks?: readonly Mask[];
}

/** A command APDU, at the time when it was sent or received. */
export interface CommandEvent extends MaskedEvent {
  readonly type: 'command';
  readonly apdu: MaskedHex;
  /** Absent: it was in clear, or nobody has its keys. */
  readonly plain?: PlainApdu;
}

/** A response APDU, status word included; it answers the command before it. */
export interface ResponseEvent extends MaskedEvent {
  readonly type: 'response';
  readonly apdu: MaskedHex;
  /** Of an answer that came in parts, with the last one. Absent: as of a command. */
  readonly plain?: PlainApdu;
}

/** A remark of a person or a program. */
export interface NoteEvent extends MaskedEvent {
  readonly type: 'note';
  readonly text: string;
}

export type TraceEvent = PowerEvent | FieldEvent | BlockEvent | CommandEvent | ResponseEvent | NoteEvent;
