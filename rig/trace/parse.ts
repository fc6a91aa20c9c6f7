import {
  MASK_KINDS,
  type Mask,
  type MaskKind,
  TRACE_BACKENDS,
  TRACE_FORMAT,
  TRACE_VERSION,
  type TraceEvent,
  type TraceHeader,
} from './model.ts';

/** What is wrong with a line, without its place. */
export class LineProblem extends Error {}

type Fields = Readonly<Record<string, unknown>>;

/** @throws {LineProblem} */
export function parseHeader(text: string): TraceHeader {
  const fields = parseObject(text);
  if (fields.type !== 'header' || fields.format !== TRACE_FORMAT) {
    throw new LineProblem(`this is not a trace: its first line is no header of format ${TRACE_FORMAT}`);
  }
  const version = fields.version;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw new LineProblem('"version" is not a whole number from 1');
  }
  if (version > TRACE_VERSION) {
    throw new LineProblem(`this is a trace of version ${version}, and this vitap reads version ${TRACE_VERSION}`);
  }
  requireText(fields, 'source');
  oneOf(fields, 'backend', TRACE_BACKENDS);
  for (const name of ['reader', 'card']) if (fields[name] !== null) requireText(fields, name);
  for (const name of ['atr', 'ats']) if (fields[name] !== null) requireHex(fields, name);
  if (fields.interface !== null) oneOf(fields, 'interface', ['contact', 'contactless', 'wired']);
  oneOf(fields, 'clock', ['ns']);
  if (fields.startedAt !== null && Number.isNaN(Date.parse(requireText(fields, 'startedAt'))))
    throw new LineProblem('"startedAt" is no date and time');
  const redactions = fields.redactions;
  if (!Array.isArray(redactions) || !redactions.every(isMaskKind)) {
    throw new LineProblem(`"redactions" is not a list of ${MASK_KINDS.join(', ')}`);
  }
  const { redactionKey } = fields;
  if (redactionKey !== undefined && !isHash(redactionKey)) {
    throw new LineProblem('"redactionKey" is not 16 hexadecimal digits');
  }
  if (fields.driver !== undefined) requireText(fields, 'driver');
  if (fields.cardSeed !== undefined) requireText(fields, 'cardSeed');
  if (fields.sessionKeys !== undefined && !isHash(fields.sessionKeys)) {
    throw new LineProblem('"sessionKeys" is not 16 hexadecimal digits');
  }
  if (typeof fields.secretsKept !== 'boolean') throw new LineProblem('"secretsKept" is neither true nor false');
  return fields as unknown as TraceHeader;
}

/** @throws {LineProblem} */
export function parseEvent(text: string): TraceEvent {
  const fields = parseObject(text);
  if (fields.type === 'header') throw new LineProblem('a second header: two traces in one file?');
  if (!Number.isSafeInteger(fields.t)) throw new LineProblem('"t" is not a whole number of nanoseconds');
  switch (fields.type) {
    case 'power':
      oneOf(fields, 'state', ['on', 'reset', 'off']);
      for (const name of ['atr', 'ats', 'uid']) if (fields[name] !== undefined) requireHex(fields, name);
      break;
    case 'field':
      oneOf(fields, 'state', ['on', 'off']);
      break;
    case 'block':
      oneOf(fields, 'from', ['reader', 'card']);
      checkMaskedBytes(fields, 'frame');
      checkFrame(fields);
      break;
    case 'command':
    case 'response':
      checkMaskedBytes(fields, 'apdu');
      if (fields.plain !== undefined) checkPlain(fields.plain);
      break;
    case 'note':
      for (const mask of masks(fields, requireText(fields, 'text').length))
        checkMaskedText(fields.text as string, mask);
      break;
    default:
      throw new LineProblem(`unknown event ${JSON.stringify(fields.type)}`);
  }
  return fields as unknown as TraceEvent;
}

/** The APDU that secure messaging protected. */
function checkPlain(plain: unknown): void {
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    throw new LineProblem('"plain" is no APDU with its masks');
  }
  checkMaskedBytes(plain as Fields, 'apdu');
}

/** Checksum and bits of a frame. */
function checkFrame(fields: Fields): void {
  if (fields.crc !== undefined) {
    oneOf(fields, 'crc', ['good', 'bad']);
    if ((fields.frame as string).length < 4) throw new LineProblem('"frame" is too short for the CRC that "crc" names');
  }
  const { bits } = fields;
  if (bits !== undefined && (!Number.isInteger(bits) || (bits as number) < 1 || (bits as number) > 7)) {
    throw new LineProblem('"bits" is not a whole number from 1 to 7');
  }
  if (fields.synthetic !== undefined && fields.synthetic !== true) throw new LineProblem('"synthetic" is not true');
}

function parseObject(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new LineProblem('this is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new LineProblem('this is not a JSON object');
  }
  return value as Fields;
}

function requireText(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new LineProblem(`"${name}" is not text`);
  return value;
}

function oneOf(fields: Fields, name: string, values: readonly string[]): void {
  if (!values.includes(fields[name] as string)) {
    throw new LineProblem(`"${name}" is ${JSON.stringify(fields[name])}, not ${values.join(' or ')}`);
  }
}

function requireHex(fields: Fields, name: string): string {
  const value = requireText(fields, name);
  if (!/^(?:[0-9A-F]{2}|XX)*$/.test(value)) {
    throw new LineProblem(`"${name}" is not bytes in upper-case hexadecimal`);
  }
  return value;
}

/** Masks and `XX` say the same. */
function checkMaskedBytes(fields: Fields, name: string): void {
  const value = requireHex(fields, name);
  let position = 0;
  for (const { offset, length } of masks(fields, value.length / 2)) {
    const inside = value.slice(2 * offset, 2 * (offset + length));
    if (value.slice(2 * position, 2 * offset).includes('X') || inside !== 'XX'.repeat(length)) {
      throw new LineProblem(`"masks" and the XX of "${name}" do not fit`);
    }
    position = offset + length;
  }
  if (value.slice(2 * position).includes('X')) throw new LineProblem(`"masks" and the XX of "${name}" do not fit`);
}

function checkMaskedText(text: string, { offset, length }: Mask): void {
  if (text.slice(offset, offset + length) !== 'X'.repeat(length)) {
    throw new LineProblem('"masks" and the X of "text" do not fit');
  }
}

function masks(fields: Fields, size: number): readonly Mask[] {
  const value = fields.masks;
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new LineProblem('"masks" is not a list');
  let end = 0;
  for (const mask of value as readonly Partial<Mask>[]) {
    const { offset, length, what, hash } = mask ?? {};
    if (!Number.isInteger(offset) || !Number.isInteger(length) || !isMaskKind(what)) {
      throw new LineProblem('a mask has no "offset", "length" or "what" of the right kind');
    }
    if ((offset as number) < end || (length as number) < 1 || (offset as number) + (length as number) > size) {
      throw new LineProblem('a mask overlaps the one before it or lies outside');
    }
    if (hash !== undefined && !isHash(hash)) throw new LineProblem('the "hash" of a mask is not 16 hexadecimal digits');
    end = (offset as number) + (length as number);
  }
  return value as readonly Mask[];
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9A-F]{16}$/.test(value);
}

function isMaskKind(value: unknown): value is MaskKind {
  return MASK_KINDS.includes(value as MaskKind);
}
