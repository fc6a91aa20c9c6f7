/**
 * Latin-1 and UTF-8 by hand: an embedded JavaScript engine has no TextDecoder.
 *
 * Latin-1 in the files that readers in the field know, UTF-8 in our own application.
 */

/** One byte a character, or null when one is beyond U+00FF. */
export function encodeLatin1(text: string): Uint8Array | null {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) return null;
    bytes[i] = code;
  }
  return bytes;
}

export function decodeLatin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Null when the string holds half of a surrogate pair. */
export function encodeUtf8(text: string): Uint8Array | null {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code >= 0xd800 && code <= 0xdfff) return null;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), tail(code));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), tail(code >> 6), tail(code));
    else bytes.push(0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6), tail(code));
  }
  return Uint8Array.from(bytes);
}

/** Null when the bytes are not UTF-8 in its one right form: cut short, overlong, a surrogate, beyond U+10FFFF. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at++] as number;
    const more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : 3;
    if (more === 3 && (lead < 0xf0 || lead > 0xf4)) return null;
    let code = more === 0 ? lead : lead & (0x3f >> more);
    for (let i = 0; i < more; i++) {
      const byte = bytes[at++];
      if (byte === undefined || (byte & 0xc0) !== 0x80) return null;
      code = (code << 6) | (byte & 0x3f);
    }
    const overlong = (more === 2 && code < 0x800) || (more === 3 && code < 0x10000);
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null;
    text += String.fromCodePoint(code);
  }
  return text;
}

/** Whether a text can be shown as it is: no C0, DEL or C1 control character, which could drive a terminal. */
export function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false;
  }
  return true;
}

function tail(code: number): number {
  return 0x80 | (code & 0x3f);
}
