/**
 * CBOR byte by byte, with the name of each item: for the page that explains the QR codes. It reads heads itself and
 * shares no code with what it shows.
 */

/** What an item is called, and what stands in it. */
export interface Shape {
  readonly name: string;
  /** In a map: by key. */
  readonly entries?: Readonly<Record<string, Shape>>;
  /** In an array: by place. */
  readonly places?: readonly Shape[];
  /** In an array whose items are all alike. */
  readonly each?: Shape;
  /** In a byte string that holds CBOR again. */
  readonly inside?: Shape;
}

const UNKNOWN: Shape = { name: '' };
/** Bytes shown of a string in one line. */
const MOST_SHOWN = 16;

interface Head {
  readonly major: number;
  readonly value: number;
  readonly length: number;
}

/** One line for each item: offset in hex, its bytes, what it is. */
export function annotate(bytes: Uint8Array, shape: Shape): string {
  const lines: string[] = [];
  const end = item(bytes, 0, shape, 0, lines, 0);
  if (end !== bytes.length) throw new Error('bytes behind the item');
  return lines.join('\n');
}

/** @param base offset of the first byte in the whole @returns the place behind the item */
function item(bytes: Uint8Array, at: number, shape: Shape, depth: number, lines: string[], base: number): number {
  const { major, value, length } = headAt(bytes, at);
  const first = at + length;
  const say = (to: number, meaning: string): void => {
    const shown = Buffer.from(bytes.subarray(at, Math.min(to, first + MOST_SHOWN)));
    const hex = shown.toString('hex').toUpperCase() + (to > first + MOST_SHOWN ? '…' : '');
    const offset = (base + at).toString(16).toUpperCase().padStart(3, '0');
    const text = `${shape.name}${shape.name === '' || meaning === '' ? '' : ': '}${meaning}`;
    lines.push(`${offset}  ${`${'  '.repeat(depth)}${hex}`.padEnd(54)}  ${text}`.trimEnd());
  };
  if (major === 2) {
    const end = first + value;
    if (shape.inside === undefined) {
      say(end, `${value} bytes`);
      return end;
    }
    say(first, `${value} bytes, in which`);
    if (item(bytes.subarray(0, end), first, shape.inside, depth + 1, lines, base) !== end) throw new Error(shape.name);
    return end;
  }
  if (major === 3) {
    const end = first + value;
    say(end, `"${Buffer.from(bytes.subarray(first, end)).toString('utf8')}"`);
    return end;
  }
  if (major === 4) {
    say(first, `${value} items`);
    let next = first;
    for (let i = 0; i < value; i++) {
      next = item(bytes, next, shape.places?.[i] ?? shape.each ?? UNKNOWN, depth + 1, lines, base);
    }
    return next;
  }
  if (major === 5) {
    say(first, `${value} entries`);
    let next = first;
    for (let i = 0; i < value; i++) {
      const key = headAt(bytes, next);
      const isText = key.major === 3;
      const keyEnd = next + key.length + (isText ? key.value : 0);
      const label = isText
        ? Buffer.from(bytes.subarray(next + key.length, keyEnd)).toString('utf8')
        : `${key.major === 1 ? -1 - key.value : key.value}`;
      item(bytes, next, { name: 'key' }, depth + 1, lines, base);
      next = item(bytes, keyEnd, shape.entries?.[label] ?? UNKNOWN, depth + 2, lines, base);
    }
    return next;
  }
  if (major === 6) {
    say(first, `tag ${value}`);
    return item(bytes, first, { ...shape, name: '' }, depth, lines, base);
  }
  say(first, major === 0 ? `${value}` : major === 1 ? `${-1 - value}` : value === 22 ? 'null' : `simple ${value}`);
  return first;
}

function headAt(bytes: Uint8Array, at: number): Head {
  const initial = bytes[at] as number;
  const more = initial & 0x1f;
  const size = more < 24 ? 0 : 2 ** (more - 24);
  if (more > 27) throw new Error('an indefinite length');
  const value =
    size === 0 ? more : Number(BigInt(`0x${Buffer.from(bytes.subarray(at + 1, at + 1 + size)).toString('hex')}`));
  return { major: initial >> 5, value, length: 1 + size };
}
