import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import fastify, {
  type FastifyBaseLogger,
  type FastifyContextConfig,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { CannotRun } from '../console/failure.ts';
import { addBodyParsers } from './bodies.ts';
import { answerBadAddress, answerErrors, answerUnreadable, type ErrorAnswers } from './error-answers.ts';
import { type ContentSecurity, securityHeaders } from './headers.ts';
import { type AddressChoice, checkAddress, type ListeningAddress } from './listening-address.ts';
import { WEB_REFUSALS, WebRefusal } from './refusal.ts';
import { logLine } from './request-log.ts';
import { checkSource, type Scheme } from './request-origin.ts';
import { answerByZod, BEARER, describeRoute, type RouteWords, validateByZod, type ZodTypes } from './schemas.ts';
import { checkSecret, newSecret } from './secret.ts';

/** The HTTP library's server, whose routes have zod schemas. */
export type WebApp = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypes>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `secret` (default): only with the secret of this start. `open`: whoever comes, or the route looks by itself. */
    readonly access?: 'secret' | 'open';
    /** Which token opens a route that looks by itself, in words, for the description. */
    readonly opensWith?: string;
  }
}

export interface WebServerOptions extends AddressChoice, ErrorAnswers {
  /** Of the OpenAPI description, at /openapi.json. */
  readonly title: string;
  readonly version: string;
  /** Gets one line for each request, without its line end: no bodies, tokens, codes or names stand in it. */
  readonly log: (line: string) => void;
  /** Names of the refusals of what is served, for the description. */
  readonly refusals?: readonly string[];
  /** Directives in place of the ordinary Content-Security-Policy. */
  readonly contentSecurity?: ContentSecurity;
  readonly limits?: Partial<WebLimits>;
}

export interface WebLimits {
  /** Longest body; a route may take more with `bodyLimit`. */
  readonly bodyBytes: number;
  /** For a whole request to arrive. */
  readonly requestMs: number;
  /** For an answer; a route may take longer with `handlerTimeout`. */
  readonly answerMs: number;
  /** From one address in a window; a route may have its own in `config.rateLimit`. */
  readonly requests: number;
  readonly windowMs: number;
  /** How long open requests may go on when the server ends. */
  readonly endMs: number;
}

export const WEB_LIMITS: WebLimits = {
  bodyBytes: 65_536,
  requestMs: 10_000,
  answerMs: 30_000,
  requests: 1000,
  windowMs: 10_000,
  endMs: 2000,
};

export interface WebServer {
  /** For routes, before `listen`. */
  readonly app: WebApp;
  /** Made for this start; goes out as `Authorization: Bearer …`. */
  readonly secret: string;
  /** @throws {CannotRun} the port is in use or may not be taken */
  listen(): Promise<ServedAt>;
  /** Answers open requests, cuts in time what is left, and ends. */
  close(): Promise<void>;
}

export interface ServedAt {
  /** Scheme, name and real port, without a slash at the end. */
  readonly origin: string;
  readonly port: number;
  /** Address of a page with the secret in its fragment, which a browser does not send anywhere. */
  pageAddress(path?: string): string;
}

/**
 * A server as all of ours are: on loopback or with TLS, for its own pages and for programs, with limits.
 * Checks, in this order: Host and Origin, rate, secret, body; all before a handler runs.
 * @throws {CannotRun} beyond loopback without TLS
 */
export async function createWebServer(options: WebServerOptions): Promise<WebServer> {
  const address = checkAddress(options);
  const limits = { ...WEB_LIMITS, ...options.limits };
  const scheme: Scheme = address.tls === null ? 'http' : 'https';
  const secret = newSecret();
  const app = newApp(address, limits);
  const refusals = options.refusals === undefined ? null : [...Object.keys(WEB_REFUSALS), ...options.refusals];
  const wordsOf = (config: FastifyContextConfig | undefined): RouteWords => ({
    opensWith: config?.access === 'open' ? (config.opensWith ?? null) : 'the secret of this start of the server',
    refusals,
  });
  app.setValidatorCompiler(validateByZod as never);
  app.setSerializerCompiler(answerByZod as never);
  addBodyParsers(app);
  answerErrors(app, options);
  const headers = securityHeaders(options.contentSecurity);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers);
    checkSource(request, scheme, address.isOwnName);
  });
  app.addHook('onRequest', limitAnswer);
  app.addHook('onResponse', readToTheEnd);
  app.addHook('onResponse', async (request, reply) => options.log(logLine(request, reply)));
  await app.register(rateLimit, {
    max: limits.requests,
    timeWindow: limits.windowMs,
    errorResponseBuilder: () => new WebRefusal('too-many-requests'),
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: options.title, version: options.version },
      components: { securitySchemes: { [BEARER]: { type: 'http', scheme: 'bearer' } } },
    },
    transform: ({ schema, url, route: { config } }) => ({ schema: describeRoute(schema ?? {}, wordsOf(config)), url }),
  });
  // After the rate limit, which is a hook of each route, and before the body is read.
  app.addHook('preParsing', async (request) => {
    if (!isOpen(request)) checkSecret(request.headers.authorization, secret);
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, () => {
    throw new WebRefusal('no-such-route');
  });
  app.get('/openapi.json', { config: { access: 'open' }, schema: { hide: true } }, () => app.swagger());
  return {
    app,
    secret,
    listen: () => listen(app, address, scheme, secret),
    close: () => close(app, limits.endMs),
  };
}

/** Serves until the signal fires. */
export async function serveUntil(server: WebServer, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise<void>((end) => signal.addEventListener('abort', () => end(), { once: true }));
  await server.close();
}

/**
 * The library's own limit is over when the body of a request has been read, since Node then ends the request's stream
 * (fastify pull request 6725): what comes with a body would wait for its answer without end.
 */
async function limitAnswer(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const limitMs = request.routeOptions.handlerTimeout;
  if (limitMs === undefined || limitMs <= 0) return;
  const timer = setTimeout(() => {
    if (!reply.sent) reply.send(new WebRefusal('answer-too-slow'));
  }, limitMs).unref();
  reply.raw.once('close', () => clearTimeout(timer));
}

/**
 * Of an upload that was refused in its middle the rest is read and dropped, as Node does where nobody began to read: else the
 * connection would stay open, and what the client asks next on it would never be read. A route that reads a stream in pieces
 * does not let its iterator destroy it.
 */
async function readToTheEnd({ raw }: FastifyRequest): Promise<void> {
  if (!raw.complete) raw.resume();
}

function isOpen(request: FastifyRequest): boolean {
  // Whoever asks for what is not there learns just that.
  return request.is404 || request.routeOptions.config.access === 'open';
}

/** Node looks for slow requests only so often. */
const LOOK_MS = 500;
const KEEP_ALIVE_MS = 5000;
const MOST_HEADER_BYTES = 16_384;
const LONGEST_PARAMETER = 200;

function newApp({ tls }: ListeningAddress, { bodyBytes, requestMs, answerMs }: WebLimits): WebApp {
  const timing = {
    connectionsCheckingInterval: Math.min(LOOK_MS, requestMs),
    headersTimeout: requestMs,
    maxHeaderSize: MOST_HEADER_BYTES,
  };
  const common = {
    bodyLimit: bodyBytes,
    requestTimeout: requestMs,
    handlerTimeout: answerMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle' as const,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    frameworkErrors: answerBadAddress,
    clientErrorHandler: answerUnreadable,
  };
  const transport =
    tls === null ? { http: timing } : { https: { ...timing, cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' } };
  // The types of the library tell HTTP and HTTPS apart, and routes do not.
  return fastify({ ...common, ...transport } as FastifyServerOptions) as unknown as WebApp;
}

const PORT_WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program: take another port, or 0 for any free one',
  EACCES: 'may not be taken without more rights: take one from 1024 on, or 0 for any free one',
  EADDRNOTAVAIL: 'cannot be taken: this machine does not have that address',
  ENOTFOUND: 'cannot be taken: no address is known for that name',
  EAI_AGAIN: 'cannot be taken: no address is known for that name now',
  EAFNOSUPPORT: 'cannot be taken: this machine does not have addresses of that kind',
};

/** @throws {CannotRun} the port is in use or may not be taken */
async function taking(
  { host, port }: Pick<ListeningAddress, 'host' | 'port'>,
  take: () => Promise<unknown>,
): Promise<void> {
  try {
    await take();
  } catch (cause) {
    const words = PORT_WORDS[(cause as NodeJS.ErrnoException).code ?? ''];
    if (words === undefined) throw cause;
    throw new CannotRun(`port ${port} of ${host} ${words}`, { cause });
  }
}

/**
 * Whether a server could listen there now: takes the port and gives it back.
 * @throws {CannotRun} beyond loopback without TLS, a certificate that cannot be used, a port that cannot be taken
 */
export async function checkListening(choice: AddressChoice): Promise<void> {
  const { host, port } = checkAddress(choice);
  const server = createServer();
  await taking({ host, port }, async () => {
    server.listen({ host, port });
    await once(server, 'listening');
  });
  server.close();
  await once(server, 'close');
}

async function listen(
  app: WebApp,
  { host, port, name }: ListeningAddress,
  scheme: string,
  secret: string,
): Promise<ServedAt> {
  await taking({ host, port }, () => app.listen({ host, port }));
  const real = (app.server.address() as AddressInfo).port;
  const origin = `${scheme}://${name.includes(':') ? `[${name}]` : name}:${real}`;
  return { origin, port: real, pageAddress: (path = '/') => `${origin}${path}#${secret}` };
}

async function close(app: WebApp, endMs: number): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), endMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
