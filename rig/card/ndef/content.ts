import { decodeMessage, type NdefRecord, TNF } from './message.ts';
import { NdefError } from './ndef-error.ts';

/** What a record says, by its type. */
export type NdefContent =
  | { readonly kind: 'empty' }
  | { readonly kind: 'uri'; readonly uri: string }
  | { readonly kind: 'text'; readonly language: string; readonly text: string }
  | SmartPoster
  | { readonly kind: 'mime'; readonly type: string; readonly content: Uint8Array }
  | { readonly kind: 'external'; readonly type: string; readonly content: Uint8Array }
  /** A type that this module does not know the inside of. */
  | { readonly kind: 'other'; readonly tnf: number; readonly type: string; readonly content: Uint8Array };

export interface SmartPoster {
  readonly kind: 'smart-poster';
  readonly uri: string;
  readonly titles: readonly { readonly language: string; readonly text: string }[];
  /** What a reader is asked to do with the URI, or null. */
  readonly action: 'do' | 'save' | 'edit' | null;
}

/** Identifier codes of the NFC Forum's URI record type, 00 first. */
const URI_PREFIXES = [
  '',
  'http://www.',
  'https://www.',
  'http://',
  'https://',
  'tel:',
  'mailto:',
  'ftp://anonymous:anonymous@',
  'ftp://ftp.',
  'ftps://',
  'sftp://',
  'smb://',
  'nfs://',
  'ftp://',
  'dav://',
  'news:',
  'telnet://',
  'imap:',
  'rtsp://',
  'urn:',
  'pop:',
  'sip:',
  'sips:',
  'tftp:',
  'btspp://',
  'btl2cap://',
  'btgoep://',
  'tcpobex://',
  'irdaobex://',
  'file://',
  'urn:epc:id:',
  'urn:epc:tag:',
  'urn:epc:pat:',
  'urn:epc:raw:',
  'urn:epc:',
  'urn:nfc:',
];

const UTF_16 = 0x80;
const LANGUAGE_LENGTH = 0x3f;
const ACTIONS = ['do', 'save', 'edit'] as const;

/**
 * What a record says.
 * @throws {NdefError} its payload is not what its type promises
 */
export function contentOf(record: NdefRecord): NdefContent {
  const { tnf, payload } = record;
  const type = ascii(record.type);
  switch (tnf) {
    case TNF.EMPTY:
      return { kind: 'empty' };
    case TNF.WELL_KNOWN:
      if (type === 'U') return { kind: 'uri', uri: uri(payload) };
      if (type === 'T') return { kind: 'text', ...text(payload) };
      if (type === 'Sp') return smartPoster(payload);
      break;
    case TNF.MIME:
      return { kind: 'mime', type, content: payload };
    case TNF.ABSOLUTE_URI:
      return { kind: 'uri', uri: type };
    case TNF.EXTERNAL:
      return { kind: 'external', type, content: payload };
  }
  return { kind: 'other', tnf, type, content: payload };
}

/** A URI record, with the longest prefix that has a code. */
export function uriRecord(value: string): NdefRecord {
  let code = 0;
  URI_PREFIXES.forEach((prefix, index) => {
    if (value.startsWith(prefix) && prefix.length > (URI_PREFIXES[code] as string).length) code = index;
  });
  const rest = new TextEncoder().encode(value.slice((URI_PREFIXES[code] as string).length));
  return { tnf: TNF.WELL_KNOWN, type: Uint8Array.of(0x55), id: null, payload: Uint8Array.of(code, ...rest) };
}

/** A Text record in UTF-8. @param language an IANA language code of at most 63 characters: `en`, `fr-CA` */
export function textRecord(value: string, language: string): NdefRecord {
  const code = new TextEncoder().encode(language);
  const payload = Uint8Array.of(code.length, ...code, ...new TextEncoder().encode(value));
  return { tnf: TNF.WELL_KNOWN, type: Uint8Array.of(0x54), id: null, payload };
}

function uri(payload: Uint8Array): string {
  if (payload.length === 0) throw new NdefError('a URI record without its identifier code');
  // Codes that nobody has defined are to be read as 00: the URI as it stands.
  const prefix = URI_PREFIXES[payload[0] as number] ?? '';
  return prefix + utf8(payload.subarray(1), 'URI');
}

function text(payload: Uint8Array): { language: string; text: string } {
  const status = payload[0];
  if (status === undefined) throw new NdefError('a Text record without its status byte');
  const languageLength = status & LANGUAGE_LENGTH;
  if (1 + languageLength > payload.length) throw new NdefError('a Text record cut short in its language code');
  const language = ascii(payload.subarray(1, 1 + languageLength));
  const rest = payload.subarray(1 + languageLength);
  return { language, text: (status & UTF_16) !== 0 ? utf16(rest) : utf8(rest, 'text') };
}

/** A message in the payload: one URI, titles in several languages, an action. Icons and sizes are left alone. */
function smartPoster(payload: Uint8Array): SmartPoster {
  let found: string | null = null;
  let action: SmartPoster['action'] = null;
  const titles: { language: string; text: string }[] = [];
  for (const record of decodeMessage(payload)) {
    if (record.tnf !== TNF.WELL_KNOWN) continue;
    const type = ascii(record.type);
    if (type === 'U') {
      if (found !== null) throw new NdefError('a Smart Poster with two URIs');
      found = uri(record.payload);
    } else if (type === 'T') titles.push(text(record.payload));
    else if (type === 'act') action = ACTIONS[record.payload[0] ?? 0xff] ?? null;
  }
  if (found === null) throw new NdefError('a Smart Poster without a URI');
  return { kind: 'smart-poster', uri: found, titles, action };
}

function utf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NdefError(`a ${what} that is not UTF-8`);
  }
}

/** Big-endian unless a byte order mark says otherwise, as the Text record type has it. */
function utf16(bytes: Uint8Array): string {
  const little = bytes[0] === 0xff && bytes[1] === 0xfe;
  try {
    return new TextDecoder(little ? 'utf-16le' : 'utf-16be', { fatal: true }).decode(bytes);
  } catch {
    throw new NdefError('a text that is not UTF-16');
  }
}

function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
