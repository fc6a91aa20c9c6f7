/**
 * How the same secret may be written: as text, in hexadecimal digits, in Base64 or its form for addresses at any place of a
 * larger text, in UTF-16 with either order of bytes, digits packed two to a byte from the first or after it, and bytes as a
 * list of numbers or from the last to the first. Forms of fewer than `LEAST` bytes are left out: among so many bytes they
 * would be met by chance.
 */
const LEAST = 4;

export type WrittenForm = 'text' | 'hex' | 'base64' | 'base64url' | 'BCD' | 'UTF-16' | 'numbers' | 'reversed';

export function writtenForms(secret: string | Uint8Array): readonly (readonly [WrittenForm, Buffer])[] {
  const bytes = Buffer.from(secret as string, 'utf8');
  const text = typeof secret === 'string' ? secret : null;
  const hex = bytes.toString('hex');
  const rows: (readonly [WrittenForm, Buffer])[] = [
    ['text', bytes],
    ['hex', Buffer.from(hex)],
    ['hex', Buffer.from(hex.toUpperCase())],
    ['numbers', Buffer.from([...bytes].join(','))],
    ['reversed', Buffer.from(bytes).reverse()],
    ['reversed', Buffer.from(Buffer.from(bytes).reverse().toString('hex'))],
    ['reversed', Buffer.from(Buffer.from(bytes).reverse().toString('hex').toUpperCase())],
  ];
  for (const before of [0, 1, 2]) {
    // Characters that hold bits of what stands before or behind are not known.
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const known = Buffer.from(padded)
      .toString('base64')
      .slice(before === 0 ? 0 : before + 1, Math.floor((padded.length * 8) / 6));
    rows.push(['base64', Buffer.from(known)]);
    rows.push(['base64url', Buffer.from(known.replaceAll('+', '-').replaceAll('/', '_'))]);
  }
  if (text !== null) {
    rows.push(['UTF-16', Buffer.from(text, 'utf16le')], ['UTF-16', Buffer.from(text, 'utf16le').swap16()]);
    if (/^\d+$/.test(text)) {
      rows.push(['BCD', packed(text)], ['BCD', packed(text.slice(1))]);
    }
  }
  return rows.filter(([, form]) => form.length >= LEAST);
}

/** The forms in which a secret stands in these bytes. */
export function formsFound(bytes: Uint8Array, secret: string | Uint8Array): WrittenForm[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return [...new Set(writtenForms(secret).flatMap(([name, form]) => (all.includes(form) ? [name] : [])))];
}

/** Whole bytes alone: a half one has a nibble that is not known. */
function packed(digits: string): Buffer {
  return Buffer.from(digits.slice(0, digits.length - (digits.length % 2)), 'hex');
}
