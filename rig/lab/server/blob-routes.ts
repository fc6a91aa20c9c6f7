import { Readable } from 'node:stream';
import * as z from 'zod';
import type { WebApp } from '../../web/server.ts';
import { MISSING, MISSING_ASKED, MOST_BLOB_BYTES } from '../api/blob.ts';
import { NOTHING, SHA256 } from '../api/fields.ts';
import { isOfResult, missingBlobs, readBlob, storeBlob } from '../store/blobs.ts';
import { LabRefusal } from '../store/refusals.ts';
import type { LabStore } from '../store/store.ts';
import { ANY_ROLE, UPLOADER } from './roles.ts';

const tags = ['file'];
const FILE_TYPE = 'application/octet-stream';
const HASH_IN_PATH = z.object({ sha256: SHA256 });

/** Files by their hash: inputs of campaigns, traces and reports of results. */
export function addBlobRoutes(app: WebApp, store: LabStore): void {
  // As it comes: it goes to the disk in pieces.
  app.addContentTypeParser(FILE_TYPE, (_request, payload, done) => done(null, payload));
  app.post(
    '/v1/blobs/missing',
    {
      config: UPLOADER,
      bodyLimit: 131_072,
      schema: { tags, summary: 'Which files are not here', body: MISSING_ASKED, response: { 200: MISSING } },
    },
    async ({ body: { hashes } }) => ({ missing: [...(await missingBlobs(store, hashes))] }),
  );
  app.put(
    '/v1/blobs/:sha256',
    {
      config: UPLOADER,
      bodyLimit: MOST_BLOB_BYTES,
      handlerTimeout: 600_000,
      schema: {
        tags,
        summary: 'Keeps a file under its hash',
        consumes: [FILE_TYPE],
        params: HASH_IN_PATH,
        response: { 200: NOTHING },
      },
    },
    async ({ params: { sha256 }, body }) => {
      // Not destroyed when it is refused in its middle: the server reads the rest, so that the connection may go on.
      await storeBlob(
        store,
        sha256,
        ((body as Readable | null) ?? Readable.from([])).iterator({ destroyOnReturn: false }),
      );
      return {};
    },
  );
  app.get(
    '/v1/blobs/:sha256',
    {
      config: ANY_ROLE,
      schema: { tags, summary: 'A file, as an attachment', params: HASH_IN_PATH, produces: [FILE_TYPE] },
    },
    async ({ params: { sha256 }, labRole }, reply) => {
      // Inputs may hold codes: images, scripts.
      if (labRole === 'viewer' && !(await isOfResult(store, sha256))) throw new LabRefusal('blob-unknown', sha256);
      const content = await readBlob(store, sha256);
      // What was uploaded is never shown as a page of this server.
      return reply
        .headers({
          'content-type': FILE_TYPE,
          'content-disposition': `attachment; filename="${sha256}"`,
          'content-security-policy': "default-src 'none'; sandbox",
          'x-content-type-options': 'nosniff',
        })
        .send(content);
    },
  );
}
