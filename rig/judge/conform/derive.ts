import { TlvError, TlvReader } from '../../../src/apdu/ber-tlv-reader.ts';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { fromHex, toHex } from '../../../src/apdu/hex.ts';
import { type Ask, asker } from './card-questions.ts';
import type { CaseSession } from './card-under-test.ts';
import type { CardDeclaration, DirectoryDeclaration, ElementaryDeclaration } from './declaration.ts';
import { hex, hex16 } from './hex-pattern.ts';

/** What a card of unknown make can be asked without changing anything. */
export interface CardAnswers {
  readonly session: CaseSession;
  readonly atr: Uint8Array;
  readonly protocol: 'T=0' | 'T=1';
}

const EF_DIR = 0x2f00;
const EF_ATR_INFO = 0x2f01;
/** Applications that EF.DIR need not name. */
const WELL_KNOWN = ['D2760000850101', 'D2500000024D465F564954414C45', 'D250000002564954414C45'];
/** Longest file that is read whole. */
const MOST_BYTES = 4096;

/**
 * Declares a card by what it says of itself: whether it has an MF, EF.DIR and EF.ATR/INFO, which applications can be
 * selected, and the card capabilities in its historical bytes or EF.ATR/INFO. Everything else stays unknown.
 */
export async function deriveDeclaration({ session, atr, protocol }: CardAnswers): Promise<CardDeclaration> {
  const ask = asker(session, protocol);
  const hasMasterFile = await toMasterFile(ask);
  const files: ElementaryDeclaration[] = [];
  for (const fid of [EF_DIR, EF_ATR_INFO]) {
    const content = hasMasterFile ? await readFile(ask, fid) : null;
    if (content !== null) files.push(freeFile(fid, content, await shortIdentifier(ask, fid)));
  }
  const names = new Set([...applicationsIn(files.find((each) => each.fid === EF_DIR)?.content ?? null), ...WELL_KNOWN]);
  const applications: DirectoryDeclaration[] = [];
  for (const name of names) {
    const { sw } = await ask(`00A40400${hex(name.length / 2)}${name}00`);
    if (sw === 0x9000) applications.push(directory(null, fromHex(name), []));
  }
  const capabilities =
    capabilitiesIn(historicalBytes(atr)) ??
    objectIn(files.find((each) => each.fid === EF_ATR_INFO)?.content ?? null, 0x47);
  const transport = capabilities?.[2] ?? 0;
  return {
    title: 'what the card says of itself',
    decisions: null,
    protocol,
    interface: null,
    chaining: (transport & 0x80) !== 0,
    extendedLength: (transport & 0x40) !== 0,
    channels: channelsIn(transport),
    identifierIsFirstByte: false,
    commands: null,
    free: null,
    masterFile: hasMasterFile ? directory(0x3f00, null, files) : null,
    applications,
  };
}

/** Forms of SELECT: cards take P1 02, 00 or 08, and P2 0C or one that asks for control information, with Le or without. */
const MF_FORMS = ['00A40000', '00A4000C', '00A40004'];
const EF_FORMS = ['00A4020C', '00A4000C', '00A40200', '00A40000', '00A40204', '00A40004', '00A4080C', '00A40800'];

async function toMasterFile(ask: Ask): Promise<boolean> {
  return anyOf(ask, MF_FORMS, '3F00');
}

async function anyOf(ask: Ask, forms: readonly string[], fid: string): Promise<boolean> {
  for (const form of forms) {
    for (const le of form.endsWith('0C') ? [''] : ['', '00']) {
      if ((await ask(`${form}02${fid}${le}`)).sw === 0x9000) return true;
    }
  }
  return false;
}

/** A transparent EF of the MF, or null when it is not there or not free to read. */
async function readFile(ask: Ask, fid: number): Promise<Uint8Array | null> {
  await toMasterFile(ask);
  if (!(await anyOf(ask, EF_FORMS, hex16(fid)))) return null;
  const bytes: number[] = [];
  while (bytes.length < MOST_BYTES) {
    const { data, sw } = await ask(`00B0${hex16(bytes.length)}00`);
    if ((sw !== 0x9000 && sw !== 0x6282) || data.length === 0) break;
    bytes.push(...data);
    if (data.length < 256) break;
  }
  return bytes.length === 0 ? null : Uint8Array.from(bytes);
}

/** Short identifier in the FCP: tag 88, empty for none; without it the low bits of the file identifier count. */
async function shortIdentifier(ask: Ask, fid: number): Promise<number | null> {
  const { data, sw } = await ask(`00A40204${hex(2)}${hex16(fid)}00`);
  const parameters = sw === 0x9000 ? objectIn(data, 0x62) : null;
  if (parameters === null) return null;
  const value = objectIn(parameters, 0x88);
  if (value === null) return (fid & 0x1f) % 0x1f === 0 ? null : fid & 0x1f;
  return value.length === 1 ? (value[0] as number) >> 3 : null;
}

function freeFile(fid: number, content: Uint8Array, sfi: number | null): ElementaryDeclaration {
  return {
    kind: 'elementary',
    fid,
    sfi,
    structure: 'transparent',
    lifeCycle: 'activated',
    access: { read: 'free' },
    rulesIn: null,
    content,
    size: null,
    records: null,
    recordSize: null,
    capacity: null,
  };
}

function directory(
  fid: number | null,
  name: Uint8Array | null,
  children: readonly ElementaryDeclaration[],
): DirectoryDeclaration {
  const unknown = { label: null, lifeCycle: 'activated', access: {}, codes: [] } as const;
  return { kind: 'directory', fid, name, ...unknown, children, partial: true };
}

function applicationsIn(content: Uint8Array | null): readonly string[] {
  const names: string[] = [];
  eachObject(content, (reader) => {
    if (reader.tag !== 0x61) return;
    const inner = reader.enter();
    while (inner.next()) if (inner.tag === 0x4f && inner.valueLength <= 16) names.push(toHex(inner.value()));
  });
  return names;
}

function objectIn(content: Uint8Array | null, tag: number): Uint8Array | null {
  let found: Uint8Array | null = null;
  eachObject(content, (reader) => {
    if (reader.tag === tag) found ??= copyBytes(reader.value());
  });
  return found;
}

/** A card may hold anything; what is no BER-TLV ends the list. */
function eachObject(content: Uint8Array | null, visit: (reader: TlvReader) => void): void {
  if (content === null) return;
  const reader = new TlvReader(content);
  try {
    while (reader.next()) visit(reader);
  } catch (error) {
    if (!(error instanceof TlvError)) throw error;
  }
}

/** The historical bytes of an ATR: their number is in the low half of T0, and interface bytes come before them. */
function historicalBytes(atr: Uint8Array): Uint8Array {
  let at = 1;
  let next = (atr[at++] ?? 0) as number;
  const count = next & 0x0f;
  for (;;) {
    const present = next >> 4;
    for (let bit = 0; bit < 3; bit++) if ((present & (1 << bit)) !== 0) at++;
    if ((present & 0x08) === 0) break;
    next = atr[at++] ?? 0;
  }
  return copyBytes(atr, at, at + count);
}

/** Card capabilities (7X) among COMPACT-TLV objects behind the category indicator. */
function capabilitiesIn(historical: Uint8Array): Uint8Array | null {
  const [category] = historical;
  const end = category === 0x00 ? historical.length - 3 : historical.length;
  if (category !== 0x00 && category !== 0x80) return null;
  for (let at = 1; at < end; ) {
    const head = historical[at] as number;
    const length = head & 0x0f;
    if (head >> 4 === 0x7 && length === 3) return copyBytes(historical, at + 1, at + 4);
    at += 1 + length;
  }
  return null;
}

/** b5 b4: who gives a channel its number, none when both are 0; b3 to b1: how many, less one; 7 is eight or more. */
function channelsIn(transport: number): number {
  return (transport & 0x18) === 0 ? 1 : (transport & 0x07) + 1;
}
