import * as z from 'zod';
import type { WebApp } from '../../web/server.ts';
import { LAB_EVENTS } from '../api/event.ts';
import type { ChangeBell } from './change-bell.ts';
import type { EventReaders } from './event-readers.ts';
import { VIEWER } from './roles.ts';

/** A stream lives for a day at most; who still hears comes back. */
const LONGEST_STREAM_MS = 86_400_000;

const ASKED = z.strictObject({ campaign: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional() });

/** What changes, as it changes. */
export function addEventRoutes(app: WebApp, readers: EventReaders, bell: ChangeBell): void {
  app.get(
    '/v1/events',
    {
      config: VIEWER,
      handlerTimeout: LONGEST_STREAM_MS,
      schema: {
        tags: ['event'],
        summary: 'What changes, as it changes; Last-Event-ID goes on from there',
        produces: ['text/event-stream'],
        description: eventsInWords(),
        querystring: ASKED,
      },
    },
    async ({ query, headers, labToken = null }, reply) => {
      const stream = await readers.open({
        token: labToken,
        campaign: query.campaign ?? null,
        lastId: readId(headers['last-event-id']),
      });
      // A proxy that collects an answer would hold events back.
      return reply.headers({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }).send(stream);
    },
  );
  app.addHook('onResponse', async (request, reply) => {
    if (request.routeOptions.config.changes === true && reply.statusCode === 200) bell.ring();
  });
}

/** As a server marked it; anything else is none. */
function readId(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : null;
}

function eventsInWords(): string {
  const schemas = Object.entries(LAB_EVENTS).map(([event, schema]) => {
    const { $schema, ...described } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
    return `\`${event}\`: \`${JSON.stringify(described)}\``;
  });
  return `Data of each event, as JSON Schema:\n\n${schemas.join('\n\n')}`;
}
