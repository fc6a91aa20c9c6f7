/**
 * The rule of every call that takes a buffer, an offset and a length.
 * @param what the buffer's role, for the message
 * @throws {RangeError} when `length` bytes from `offset` are not all within `size`
 */
export function checkSpan(what: string, size: number, offset: number, length: number): void {
  if (
    !Number.isInteger(offset) ||
    !Number.isInteger(length) ||
    offset < 0 ||
    length < 0 ||
    offset > size ||
    length > size - offset
  ) {
    throw new RangeError(`${length} bytes from ${offset} are outside the ${what} of ${size} bytes`);
  }
}
