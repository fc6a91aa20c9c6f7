import * as z from 'zod';
import { formed } from '../../../web/schemas.ts';
import type { WebApp } from '../../../web/server.ts';
import { APPLICATION_STANDING, APPLIED, ENDED, MOST_APPLICATION_BYTES, REPORT_LOSS } from '../../api/wire.ts';
import { BIRTH_DATE, BIRTH_PLACE, isBirthDate, LONGEST_NAME } from '../../identity/claims.ts';
import { applicationState, apply } from '../application.ts';
import { APPLICATION_FILES, type ApplicationFile } from '../application-files.ts';
import { reportLossOf } from '../loss.ts';
import { applicationTicket, readApplicationTicket } from './application-ticket.ts';
import { guessable, type IssuerHttp } from './issuer-http.ts';
import { refuseRequest } from './request-refusals.ts';

const tags = ['application'];

const DATE_FORM = 'YYYY-MM-DD, for example 1975-12-31, a day of the calendar; a month above 12 is not known';
const PLACE_FORM = 'code of a commune, or 99 and that of a country: 5 characters, for example 63220';

const APPLY = z.strictObject({
  identity: z.strictObject({
    familyName: z.string().min(1).max(LONGEST_NAME),
    givenName: z.string().min(1).max(LONGEST_NAME),
    birthDate: formed(isBirthDate, BIRTH_DATE, DATE_FORM),
    birthPlaceCode: formed((text) => BIRTH_PLACE.test(text), BIRTH_PLACE, PLACE_FORM),
  }),
  files: z
    .partialRecord(z.enum(APPLICATION_FILES), z.base64().min(1))
    .describe('each file in base64; document-front and video are needed'),
});
const ASK = z.strictObject({ ticket: z.string().min(16).max(200) });

/**
 * What a person asks for without a phone: the way without a digital identity (pictures and a video for an operator, a
 * ticket for the person), and the report of a loss.
 */
export function addApplicationRoutes(app: WebApp, http: IssuerHttp): void {
  const { store } = http;

  app.post(
    '/v1/applications',
    {
      config: guessable(http),
      bodyLimit: MOST_APPLICATION_BYTES,
      schema: { tags, summary: 'Sends pictures of a document and a video', body: APPLY, response: { 200: APPLIED } },
    },
    async ({ body }) => {
      const files = new Map<ApplicationFile, Uint8Array>();
      for (const file of APPLICATION_FILES) {
        const content = body.files[file];
        if (content !== undefined) files.set(file, new Uint8Array(Buffer.from(content, 'base64')));
      }
      const { id, ticket, destroyBy } = await apply(store, { identity: body.identity, files, now: http.now() });
      return { ticket: applicationTicket({ id, ticket }), destroyBy };
    },
  );

  app.post(
    '/v1/losses',
    {
      config: guessable(http),
      schema: {
        tags,
        summary: 'The phone is lost: ends the card of whom the ticket speaks of',
        body: REPORT_LOSS,
        response: { 200: ENDED },
      },
    },
    async ({ body: { ticket } }) => {
      const proof = await http.proofOf(ticket, 'loss');
      return reportLossOf(store, { ...proof, now: http.now() });
    },
  );

  // The ticket stands in the body: an address ends in logs.
  app.post(
    '/v1/applications/state',
    {
      config: guessable(http),
      schema: { tags, summary: 'What became of it', body: ASK, response: { 200: APPLICATION_STANDING } },
    },
    async ({ body }) => {
      const ticket = readApplicationTicket(body.ticket);
      if (ticket === null) throw refuseRequest('ticket-malformed');
      return applicationState(store, { ...ticket, now: http.now() });
    },
  );
}
