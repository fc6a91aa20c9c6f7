import { deflateZlib, inflateZlib, ZlibError } from './zlib-stream.ts';

/**
 * The list of a Token Status List (draft-ietf-oauth-status-list): one status of 1, 2, 4 or 8 bits for each token, the
 * first in the lowest bits of the first byte; compressed with zlib.
 */

export const STATUS_BITS = [1, 2, 4, 8] as const;
export type StatusBits = (typeof STATUS_BITS)[number];

/** What a status means in every list; further values belong to whoever publishes the list. */
export const STATUS: { readonly VALID: 0; readonly INVALID: 1; readonly SUSPENDED: 2 } = {
  VALID: 0,
  INVALID: 1,
  SUSPENDED: 2,
};

/** Most bytes of a list that is inflated unless the caller says otherwise: 268 million statuses of one bit. */
export const MOST_STATUS_BYTES: number = 32 * 1024 * 1024;

/** A list, or its token, that is not believed; or a place that it does not have. One clause of a sentence. */
export class StatusListError extends Error {
  readonly reason: StatusListProblem;

  constructor(reason: StatusListProblem, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StatusListError';
    this.reason = reason;
  }
}

export type StatusListProblem = 'malformed' | 'bomb' | 'other-signer' | 'other-list' | 'expired' | 'range';

/** Statuses packed, not compressed. */
export interface StatusArray {
  readonly bits: StatusBits;
  /** A whole number of bytes; statuses that nobody set are 0. */
  readonly bytes: Uint8Array;
}

/**
 * A list of `size` statuses: 68 million at one bit are 8.5 MB, and nothing more is held.
 * @param entries index and status of every one that is not 0, in any order
 * @throws {RangeError} an index or a status that has no place
 */
export function packStatuses(
  size: number,
  bits: StatusBits,
  entries: Iterable<readonly [index: number, status: number]>,
): StatusArray {
  const perByte = 8 / bits;
  const bytes = new Uint8Array(Math.ceil(size / perByte));
  const mask = 2 ** bits - 1;
  for (const [index, status] of entries) {
    if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
      throw new RangeError(`status ${index} in a list of ${size}`);
    }
    if (!Number.isInteger(status) || status < 0 || status > mask)
      throw new RangeError(`status ${status} in ${bits} bits`);
    const at = Math.floor(index / perByte);
    const shift = (index % perByte) * bits;
    bytes[at] = ((bytes[at] as number) & ~(mask << shift)) | (status << shift);
  }
  return { bits, bytes };
}

/** @throws {StatusListError} `range`: an index outside of the list is no valid token */
export function statusAt({ bits, bytes }: StatusArray, index: number): number {
  const perByte = 8 / bits;
  if (!Number.isSafeInteger(index) || index < 0 || index >= bytes.length * perByte) {
    throw new StatusListError(
      'range',
      `the status list has ${bytes.length * perByte} places, and ${index} is none of them`,
    );
  }
  return ((bytes[Math.floor(index / perByte)] as number) >> ((index % perByte) * bits)) & (2 ** bits - 1);
}

/** What both forms of a token carry: whoever signs both compresses once. */
export function compressStatuses({ bytes }: StatusArray): Uint8Array {
  return deflateZlib(bytes, 6);
}

/** @throws {StatusListError} `malformed` or `bomb` */
export function inflateStatuses(bits: unknown, stream: Uint8Array, mostBytes: number = MOST_STATUS_BYTES): StatusArray {
  if (!isStatusBits(bits))
    throw new StatusListError('malformed', 'a status has 1, 2, 4 or 8 bits, and here another number');
  try {
    return { bits, bytes: inflateZlib(stream, mostBytes) };
  } catch (cause) {
    if (!(cause instanceof ZlibError)) throw cause;
    const problem = cause.reason === 'too-large' ? 'bomb' : 'malformed';
    throw new StatusListError(problem, `the status list is refused: ${cause.message}`, { cause });
  }
}

function isStatusBits(value: unknown): value is StatusBits {
  return STATUS_BITS.some((bits) => bits === value);
}
