import { TlvError, TlvReader } from '../../../src/apdu/ber-tlv-reader.ts';
import { toHex } from '../../../src/apdu/hex.ts';
import { carriesData } from '../../../src/apdu/response.ts';
import { statusWordMeaning } from '../../../src/apdu/status-word.ts';
import { counted } from '../../report/words.ts';
import { maskedHex } from '../../trace/masked-hex.ts';
import { Redactor } from '../../trace/redaction.ts';
import { fill, firstDifference, fits, statusFits, statusHex, type Variables } from './hex-pattern.ts';
import type { Capture, Expectation } from './model.ts';

/** Hex digits of data that a sentence shows before it is cut short. */
const MOST_DIGITS = 96;

export interface CardResponse {
  readonly data: Uint8Array;
  readonly sw: number;
}

/**
 * Holds a response against what was expected.
 * @param judging.decided whether the card's decisions are those that `Expectation.decided` means
 * @param judging.showData whether sentences may repeat what the card holds
 * @returns what is wrong, one sentence each
 * @throws {CaseError} the case itself is wrong
 */
export function judgeResponse(
  response: CardResponse,
  expect: Expectation,
  variables: Variables,
  { decided, showData }: { readonly decided: boolean; readonly showData: boolean },
): string[] {
  const { data, sw } = response;
  const faults: string[] = [];
  if (!statusFits(sw, expect.status)) {
    faults.push(`status word ${statusHex(sw)} (${statusWordMeaning(sw)}) where ${inWords(expect.status)} is right`);
  } else if (decided && expect.decided !== undefined && !statusFits(sw, expect.decided)) {
    faults.push(`status word ${statusHex(sw)} where this card's own decision is ${inWords(expect.decided)}`);
  }
  if (data.length > 0 && !carriesData(sw) && sw >> 8 !== 0x61) {
    faults.push(`${counted(data.length, 'byte')} of data with the status word of an error`);
  }
  // What an expectation says of the data it says of an answer that came as expected.
  if (faults.length > 0) return faults;
  if (expect.length !== undefined) faults.push(...judgeLength(data.length, expect.length));
  if (expect.data !== undefined) faults.push(...judgeData(toHex(data), fill(expect.data, variables), showData));
  if (decided && expect.decidedData !== undefined) {
    faults.push(...judgeData(toHex(data), fill(expect.decidedData, variables), showData));
  }
  if (expect.objects !== undefined) {
    for (const [path, pattern] of Object.entries(expect.objects)) {
      faults.push(...judgeObject(data, path, pattern === null ? null : fill(pattern, variables), showData));
    }
  }
  return faults;
}

/** What was expected, for people: `9000, data 0001XX`. */
export function expectationInWords(expect: Expectation, decided: boolean): string {
  const parts = [expect.status.replaceAll('|', ' or ')];
  if (decided && expect.decided !== undefined && expect.decided !== expect.status) {
    parts.push(`here ${expect.decided.replaceAll('|', ' or ')}`);
  }
  if (expect.data !== undefined)
    parts.push(expect.data === '' ? 'no data' : `data ${shortened(withoutNirs(expect.data))}`);
  if (expect.length !== undefined) parts.push(`${lengthInWords(expect.length)} bytes`);
  for (const [path, pattern] of Object.entries(expect.objects ?? {})) {
    parts.push(pattern === null ? `no ${path}` : `${path} ${shortened(pattern)}`);
  }
  return parts.join(', ');
}

/** A pattern that is plain bytes, as reports show it: declared content may hold a NIR. */
function withoutNirs(pattern: string): string {
  const digits = pattern.replace(/\s+/g, '').replace(/\*$/, '');
  if (!/^([0-9A-Fa-f]{2})+$/.test(digits)) return pattern;
  const bytes = Buffer.from(digits, 'hex');
  const masks = new Redactor().response(Buffer.concat([bytes, Buffer.of(0x90, 0x00)]));
  return maskedHex(bytes, masks) + (pattern.endsWith('*') ? '*' : '');
}

/** @returns hex, or null when the response has no such thing */
export function captured(response: CardResponse, what: Capture): string | null {
  if ('status' in what) return statusHex(response.sw);
  if ('object' in what) {
    const value = findObject(response.data, what.object);
    return value === null ? null : toHex(value);
  }
  if (what.from + what.length > response.data.length) return null;
  return toHex(response.data.subarray(what.from, what.from + what.length));
}

function judgeLength(length: number, expected: NonNullable<Expectation['length']>): string[] {
  const [from, to] = typeof expected === 'number' ? [expected, expected] : expected;
  return length >= from && length <= to
    ? []
    : [`${counted(length, 'byte')} of data instead of ${lengthInWords(expected)}`];
}

function judgeData(hex: string, patterns: string, showData: boolean): string[] {
  if (fits(hex, patterns)) return [];
  const pattern = patterns.split('|')[0] as string;
  if (pattern === '') return [`${counted(hex.length / 2, 'byte')} of data where none belong`];
  const least = pattern.replace('*', '').length / 2;
  if (hex.length / 2 < least || (!pattern.endsWith('*') && hex.length / 2 !== least)) {
    return [`${counted(hex.length / 2, 'byte')} of data instead of ${least}${showData ? `: ${shortened(hex)}` : ''}`];
  }
  const at = firstDifference(hex, pattern);
  if (!showData) return [`the data differ from byte ${at} on`];
  const [is, should] = [hex, pattern].map((text) => shortened(text.slice(2 * at, 2 * at + 32)));
  return [`the data differ from byte ${at} on: ${is} instead of ${should}`];
}

function judgeObject(data: Uint8Array, path: string, pattern: string | null, showData: boolean): string[] {
  let value: Uint8Array | null;
  try {
    value = findObject(data, path);
  } catch (error) {
    if (!(error instanceof TlvError)) throw error;
    return [`the data are no BER-TLV: ${error.message}`];
  }
  if (pattern === null) return value === null ? [] : [`data object ${path} is there and must not be`];
  if (value === null) return [`data object ${path} is missing`];
  if (fits(toHex(value), pattern)) return [];
  const is = showData ? shortened(toHex(value)) : 'another';
  return [`data object ${path} is ${is} instead of ${shortened(pattern)}`];
}

/** @throws {TlvError} */
function findObject(data: Uint8Array, path: string): Uint8Array | null {
  let level: Uint8Array | null = data;
  for (const tag of path.split('/')) {
    if (level === null) return null;
    const wanted = Number.parseInt(tag, 16);
    const reader: TlvReader = new TlvReader(level);
    level = null;
    while (level === null && reader.next()) if (reader.tag === wanted) level = reader.value();
  }
  return level;
}

function inWords(patterns: string): string {
  return patterns.split('|').join(' or ');
}

function lengthInWords(length: NonNullable<Expectation['length']>): string {
  return typeof length === 'number' ? `${length}` : `${length[0]} to ${length[1]}`;
}

function shortened(text: string): string {
  return text.length <= MOST_DIGITS ? text : `${text.slice(0, MOST_DIGITS)}… (${Math.ceil(text.length / 2)} bytes)`;
}
