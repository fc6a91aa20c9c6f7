import { createHash } from 'node:crypto';
import { CannotRun } from '../../console/failure.ts';
import { MISSING, MOST_BLOB_BYTES } from './blob.ts';
import { call, exchange, type LabLine } from './call.ts';
import { NOTHING } from './fields.ts';

/** Files by their SHA-256, as every role asks for them. Throws `LabRefused` and `LabUnreachable`. */
export interface BlobLink {
  /** Which of these the server lacks. */
  missing(hashes: readonly string[]): Promise<readonly string[]>;
  /** Uploads one; one that is there already stays as it is. */
  upload(sha256: string, content: Uint8Array): Promise<void>;
  /** @param limits `mostBytes`: a longer one is refused. @throws {CannotRun} it is another file; the reason of `signal` */
  download(sha256: string, limits?: Pick<LabLine, 'mostBytes' | 'signal'>): Promise<Uint8Array>;
}

const LONGEST_TRANSFER_MS = 600_000;
/** Hashes in one question. */
export const MOST_HASHES = 1000;

/** The same over HTTP. */
export function blobLink(line: LabLine): BlobLink {
  const transfer = { ...line, timeoutMs: LONGEST_TRANSFER_MS };
  const repeatable = { ...line, idempotent: true };
  return {
    async missing(hashes) {
      const missing: string[] = [];
      for (let at = 0; at < hashes.length; at += MOST_HASHES) {
        const content = JSON.stringify({ hashes: hashes.slice(at, at + MOST_HASHES) });
        const body = { type: 'application/json', content };
        missing.push(...(await call(repeatable, { method: 'POST', path: '/v1/blobs/missing', body }, MISSING)).missing);
      }
      return missing;
    },
    async upload(sha256, content) {
      const body = { type: 'application/octet-stream', content };
      await call(transfer, { method: 'PUT', path: `/v1/blobs/${sha256}`, body }, NOTHING);
    },
    async download(sha256, limits = {}) {
      const asked = { method: 'GET', path: `/v1/blobs/${sha256}`, body: null } as const;
      const { bytes } = await exchange({ ...transfer, mostBytes: MOST_BLOB_BYTES, ...limits }, asked);
      if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
      throw new CannotRun(`${line.origin} gave another file than the one that was asked for: is its disk damaged?`);
    },
  };
}
