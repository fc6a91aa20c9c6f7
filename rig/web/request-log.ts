import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * One request as one line: time, method, the route as it was declared, status, milliseconds. Identifiers and tokens in an
 * address are not in it, since the declared route has their names in their places.
 */
export function logLine(request: FastifyRequest, reply: FastifyReply): string {
  const route = request.is404 ? '(no such route)' : (request.routeOptions.url ?? '(no route)');
  const time = new Date().toISOString();
  return `${time} ${request.method} ${route} ${reply.statusCode} ${reply.elapsedTime.toFixed(1)} ms`;
}
