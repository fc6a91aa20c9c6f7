import type { FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { FetchLimits } from '../../../web/limited-fetch.ts';
import type { WebApp } from '../../../web/server.ts';
import type { P256Jwk } from '../../credential/jws.ts';
import { IDENTITY_VCT } from '../claims.ts';
import { type AuthorizationRequest, RequestRefusal, readAuthorizationRequest } from '../openid4vp/request.ts';
import { type Outcome, postAnswer } from './answer.ts';
import { Consents } from './consents.ts';
import { choicePage, consentPage, endPage } from './pages.ts';
import type { Person } from './people.ts';
import { STYLE } from './style.ts';
import { IDENTITY_CLAIMS, type IdentityIssuer, issueIdentity, presentIdentity } from './wallet.ts';
import { type Language, languageOf } from './words.ts';

export interface Provider {
  readonly issuer: () => IdentityIssuer;
  readonly publicKey: P256Jwk;
  readonly people: readonly Person[];
  /** Origins that may ask; `loopback`: any on this machine. */
  readonly verifiers: 'loopback' | readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly limits?: FetchLimits;
}

const OPEN = { config: { access: 'open' }, schema: { hide: true } } as const;
const MOST_SHOWN = 20;
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

const wishQuery = z.looseObject({ ui_locales: z.string().max(100).optional() });
const lookQuery = z.object({
  consent: z.string().max(100),
  lang: z.string().max(10).optional(),
  person: z.string().max(100).optional(),
  search: z.string().max(100).optional(),
});
const decisionBody = z.strictObject({
  consent: z.string().max(100),
  person: z.string().max(100),
  decision: z.enum(['agree', 'refuse']),
  lang: z.string().max(10).optional(),
});

/**
 * The wallet's address (`/authorize`), choice of the person, consent and answer. A browser gets pages, a program that
 * accepts JSON gets the same as JSON.
 */
export function addProviderRoutes(app: WebApp, provider: Provider): void {
  const consents = new Consents(provider.issuer().random);
  addKeys(app, provider);
  app.get('/authorize', { ...OPEN, schema: { hide: true, querystring: wishQuery } }, (request, reply) => {
    const language = languageOf(localeOf(request.query), request.headers['accept-language']);
    const read = readRequest(provider, request.url);
    if (read instanceof RequestRefusal) {
      return ended(
        request,
        reply,
        400,
        { error: read.error, message: read.message },
        endPage(language, 'badRequest', { reason: read.message }),
      );
    }
    const consent = consents.begin(read, provider.now());
    const verifier = new URL(read.responseUri).origin;
    const { people, more } = find(provider.people, '');
    if (wantsJson(request)) {
      const known = provider.people.length;
      return json(reply, 200, { consent: consent.id, verifier, claims: read.claims, people, more, known });
    }
    return html(reply, 200, choicePage({ language, consent: consent.id, verifier, people, more, search: '' }));
  });
  app.get('/people', { ...OPEN, schema: { hide: true, querystring: lookQuery } }, (request, reply) => {
    const { consent: id, lang, search = '' } = request.query;
    const language = languageOf(lang, request.headers['accept-language']);
    const consent = consents.look(id, provider.now());
    if (consent === null) return html(reply, 410, endPage(language, 'gone'));
    const verifier = new URL(consent.request.responseUri).origin;
    return html(reply, 200, choicePage({ language, consent: id, verifier, search, ...find(provider.people, search) }));
  });
  app.get('/consent', { ...OPEN, schema: { hide: true, querystring: lookQuery } }, (request, reply) => {
    const { consent: id, lang, person: personId } = request.query;
    const language = languageOf(lang, request.headers['accept-language']);
    const consent = consents.look(id, provider.now());
    if (consent === null) return html(reply, 410, endPage(language, 'gone'));
    const person = provider.people.find((known) => known.id === personId);
    if (person === undefined) return unknownPerson(request, reply, language);
    const { claims: asked, responseUri } = consent.request;
    return html(
      reply,
      200,
      consentPage({ language, consent: id, verifier: new URL(responseUri).origin, person, asked }),
    );
  });
  app.post('/consent', { ...OPEN, schema: { hide: true, body: decisionBody } }, async (request, reply) => {
    const { consent: id, person: personId, decision, lang } = request.body;
    const language = languageOf(lang, request.headers['accept-language']);
    const person = provider.people.find((known) => known.id === personId);
    // An unknown person does not use the consent up: a program may have mistyped it.
    if (person === undefined) return unknownPerson(request, reply, language);
    const consent = consents.take(id, provider.now());
    if (consent === null) {
      return ended(request, reply, 410, { error: 'gone' }, endPage(language, 'gone'));
    }
    const agreed = decision === 'agree';
    const outcome = await answer(provider, consent.request, agreed ? person : null);
    return told(request, reply, language, outcome, agreed);
  });
  app.get('/style.css', OPEN, (_request, reply) =>
    reply.header('Content-Type', 'text/css; charset=utf-8').serializer(String).send(STYLE),
  );
}

function unknownPerson(request: FastifyRequest, reply: FastifyReply, language: Language): FastifyReply {
  const message = 'the identity provider knows no such person: see people.json';
  return ended(request, reply, 404, { error: 'person-unknown', message }, endPage(language, 'personUnknown'));
}

/** Keys by which credentials of this provider are believed (SD-JWT VC: JWT VC issuer metadata). */
function addKeys(app: WebApp, provider: Provider): void {
  const config = { config: { access: 'open' } } as const;
  const schema = {
    response: {
      200: z.object({ issuer: z.string(), jwks: z.object({ keys: z.array(z.record(z.string(), z.string())) }) }),
    },
  };
  app.get('/.well-known/jwt-vc-issuer', { ...config, schema }, () => {
    const { origin, kid } = provider.issuer();
    return { issuer: origin, jwks: { keys: [{ ...provider.publicKey, kid, use: 'sig', alg: 'ES256' }] } };
  });
}

function readRequest(provider: Provider, url: string): AuthorizationRequest | RequestRefusal {
  try {
    const request = readAuthorizationRequest(new URL(url, 'http://identity').searchParams);
    if (request.vct !== IDENTITY_VCT)
      return new RequestRefusal('invalid_request', 'this wallet has no credential of that type');
    const known: readonly string[] = IDENTITY_CLAIMS;
    if (request.claims.some((name) => !known.includes(name))) {
      return new RequestRefusal('invalid_request', 'the identity has no claim of that name');
    }
    if (!mayAsk(provider, request.responseUri)) {
      return new RequestRefusal('invalid_client', 'this verifier is not registered with the identity provider');
    }
    return request;
  } catch (error) {
    if (error instanceof RequestRefusal) return error;
    throw error;
  }
}

function mayAsk({ verifiers }: Provider, responseUri: string): boolean {
  const { origin, hostname } = new URL(responseUri);
  return verifiers === 'loopback' ? LOOPBACK.includes(hostname) : verifiers.includes(origin);
}

/** @param person null: the person refused */
async function answer(provider: Provider, request: AuthorizationRequest, person: Person | null): Promise<Outcome> {
  if (person === null) return postAnswer(request, { error: 'access_denied' }, provider.limits);
  const issuer = provider.issuer();
  const now = Math.floor(provider.now() / 1000);
  const credential = await issueIdentity(issuer, person, now);
  const presentation = await presentIdentity(issuer.crypto, credential, request, now);
  return postAnswer(request, { vp_token: { identity: [presentation] } }, provider.limits);
}

function told(
  request: FastifyRequest,
  reply: FastifyReply,
  language: 'fr' | 'en',
  outcome: Outcome,
  agreed: boolean,
): FastifyReply {
  switch (outcome.kind) {
    case 'taken': {
      const { redirectUri } = outcome;
      const body = { decision: agreed ? 'agree' : 'refuse', redirect_uri: redirectUri };
      return ended(request, reply, 200, body, endPage(language, agreed ? 'sent' : 'refused', { back: redirectUri }));
    }
    case 'not-believed': {
      const { reason } = outcome;
      return ended(
        request,
        reply,
        502,
        { error: 'not-believed', reason },
        endPage(language, 'notBelieved', { reason }),
      );
    }
    default:
      return ended(request, reply, 504, { error: 'not-reached' }, endPage(language, 'notReached'));
  }
}

/** By the beginning of the family name; all of them without one. */
function find(
  people: readonly Person[],
  search: string,
): { readonly people: readonly Person[]; readonly more: boolean } {
  const wanted = search.trim().toLocaleUpperCase('fr');
  const found: Person[] = [];
  for (const person of people) {
    if (wanted !== '' && !person.familyName.toLocaleUpperCase('fr').startsWith(wanted)) continue;
    if (found.length === MOST_SHOWN) return { people: found, more: true };
    found.push(person);
  }
  return { people: found, more: false };
}

/** The language that who sent the person asks for (OpenID Connect Core: the most wanted one first). */
function localeOf({ ui_locales: locales }: z.output<typeof wishQuery>): string | undefined {
  return locales?.slice(0, 2).toLowerCase();
}

function wantsJson(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').startsWith('application/json');
}

function ended(request: FastifyRequest, reply: FastifyReply, status: number, body: object, page: string): FastifyReply {
  return wantsJson(request) ? json(reply, status, body) : html(reply, status, page);
}

function json(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).header('Content-Type', 'application/json').serializer(JSON.stringify).send(body);
}

function html(reply: FastifyReply, status: number, page: string): FastifyReply {
  return (
    reply
      .code(status)
      .header('Content-Type', 'text/html; charset=utf-8')
      // Without any referrer a browser sends a form with `Origin: null`, and the server takes it for another site's.
      .header('Referrer-Policy', 'same-origin')
      .serializer(String)
      .send(page)
  );
}
