import * as z from 'zod';
import type { WebApp } from '../../../web/server.ts';
import type { OpenIdContext } from './context.ts';
import { issueCardCredential } from './credential.ts';
import { issuerMetadata, PATHS, serverMetadata } from './metadata.ts';
import { Nonces } from './nonce.ts';
import { acceptResponse, PRESENTED_PATH, requestPresentation, responseUriOf } from './presentation.ts';
import { purgeOpenId } from './purge.ts';
import { errorDescription, OpenIdRefusal } from './refusals.ts';
import { activationOf, grantTokens } from './token.ts';

/**
 * The routes of OpenID4VCI 1.0 and OpenID4VP 1.0 at the issuer. They are open: each looks by itself at what the other
 * side shows. Errors have the form of OAuth, and say beside it which rule it was (`reason`).
 */

const OPEN = { access: 'open' } as const;
const PURGE_MS = 60_000;

const shortText = z.string().max(2000);
const oauthError = z.object({ error: z.string(), error_description: z.string(), reason: z.string() });

export function addOpenIdRoutes(app: WebApp, context: OpenIdContext): void {
  void app.register(async (scope) => {
    const routes = scope as unknown as WebApp;
    answerOAuthErrors(routes);
    addMetadata(routes, context);
    addIssuance(routes, context);
    addPresentation(routes, context);
    const purge = setInterval(() => void purgeOpenId(context.sql, context.now()).catch(() => {}), PURGE_MS).unref();
    routes.addHook('onClose', async () => clearInterval(purge));
  });
}

function answerOAuthErrors(app: WebApp): void {
  app.setErrorHandler((error, _request, reply) => {
    // Whatever is not ours goes on to the handler of the server.
    if (!(error instanceof OpenIdRefusal)) throw error;
    if (error.status === 401) reply.header('WWW-Authenticate', `Bearer error="${error.error}"`);
    const body = { error: error.error, error_description: errorDescription(error.message), reason: error.code };
    reply.code(error.status).header('Content-Type', 'application/json').serializer(JSON.stringify).send(body);
  });
}

function addMetadata(app: WebApp, context: OpenIdContext): void {
  const { kid, publicKey } = context.signer;
  const documents: readonly [string, () => unknown][] = [
    [PATHS.issuerMetadata, () => issuerMetadata(context.origin())],
    [PATHS.serverMetadata, () => serverMetadata(context.origin())],
    [
      PATHS.issuerKeys,
      () => ({
        issuer: context.origin(),
        jwks: { keys: [{ ...publicKey, kid, use: 'sig', alg: 'ES256' }] },
      }),
    ],
  ];
  for (const [path, document] of documents) {
    app.get(path, { config: OPEN, schema: { response: { 200: z.record(z.string(), z.unknown()) } } }, () => {
      return document() as Record<string, unknown>;
    });
  }
}

function addIssuance(app: WebApp, context: OpenIdContext): void {
  const nonces = new Nonces(context.crypto, context.random);
  const tokens = z.object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.number(),
    refresh_token: z.string(),
  });
  app.post(
    PATHS.token,
    {
      config: OPEN,
      schema: { body: z.record(shortText, shortText), response: { 200: tokens, 400: oauthError } },
    },
    (request) => grantTokens(context, request.body),
  );
  app.post(PATHS.nonce, { config: OPEN, schema: { response: { 200: z.object({ c_nonce: z.string() }) } } }, () => ({
    c_nonce: nonces.make(context.now()),
  }));
  app.post(
    PATHS.credential,
    {
      config: OPEN,
      schema: {
        body: z.looseObject({
          credential_configuration_id: shortText.optional(),
          credential_identifier: shortText.optional(),
          proofs: z.record(shortText, z.unknown()).optional(),
        }),
        response: {
          200: z.object({ credentials: z.array(z.object({ credential: z.string() })) }),
          400: oauthError,
          401: oauthError,
        },
      },
    },
    async (request) => {
      const activation = await activationOf(context, request.headers.authorization);
      return { credentials: [{ credential: await issueCardCredential(context, nonces, activation, request.body) }] };
    },
  );
}

function addPresentation(app: WebApp, context: OpenIdContext): void {
  app.post(
    '/openid/presentations',
    {
      config: OPEN,
      schema: {
        body: z.strictObject({ provider: shortText.optional(), return_to: shortText.optional() }),
        response: {
          200: z.object({ transaction: z.string(), authorization_request: z.string(), expires_in: z.number() }),
          400: oauthError,
        },
      },
    },
    async (request) => {
      const { provider = null, return_to: returnTo = null } = request.body;
      const made = await requestPresentation(context, { provider, returnTo });
      return {
        transaction: made.transaction,
        authorization_request: made.authorizationRequest,
        expires_in: made.expiresInSeconds,
      };
    },
  );
  app.post(
    new URL(responseUriOf({ origin: () => 'http://issuer' })).pathname,
    {
      config: OPEN,
      schema: {
        body: z.record(shortText, z.string()),
        response: { 200: z.object({ redirect_uri: z.string() }), 400: oauthError, 503: oauthError },
      },
    },
    async (request) => ({ redirect_uri: (await acceptResponse(context, request.body)).redirectUri }),
  );
  app.get(PRESENTED_PATH, { config: OPEN, schema: { hide: true } }, (_request, reply) => {
    reply.header('Content-Type', 'text/html; charset=utf-8').serializer(String).send(PRESENTED_PAGE);
  });
}

const PRESENTED_PAGE = `<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Vitap: identité présentée · identity presented</title></head>
<body><main>
<p lang="fr">Votre réponse est parvenue à l’émetteur d’essai. Revenez au téléphone.</p>
<p lang="en">Your answer has reached the test issuer. Go back to the phone.</p>
</main></body></html>
`;
