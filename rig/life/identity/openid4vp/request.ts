import { isJsonObject, type JsonObject, type P256Jwk, readP256Jwk } from '../../credential/jws.ts';

/**
 * Authorization requests of OpenID4VP 1.0 as far as issuer and identity provider need them: one credential asked for by
 * a DCQL query, `direct_post` or `direct_post.jwt`, and the client identifier prefix `redirect_uri`. With that prefix the
 * verifier is who receives at that address: a request cannot be signed, and the answer goes nowhere else.
 */

const CLIENT_PREFIX = 'redirect_uri:';
/** The identifier of the credential in the query, and in the answer. */
export const IDENTITY_QUERY_ID = 'identity';
export const ENCRYPTION = { alg: 'ECDH-ES', enc: 'A128GCM' } as const;

/** The verifier's key for one answer. */
export interface EncryptionKey {
  readonly jwk: P256Jwk;
  readonly kid: string;
}

export interface AuthorizationRequest {
  readonly clientId: string;
  readonly responseUri: string;
  readonly nonce: string;
  readonly state: string | null;
  readonly vct: string;
  /** Names of top-level claims, each once. */
  readonly claims: readonly string[];
  /** Null: the answer goes unencrypted (`direct_post`). */
  readonly encryption: EncryptionKey | null;
}

/** What a request is refused for. `error` is the word of OAuth; the message is ASCII. */
export class RequestRefusal extends Error {
  readonly error: 'invalid_request' | 'vp_formats_not_supported' | 'invalid_client';

  constructor(error: RequestRefusal['error'], message: string) {
    super(message);
    this.name = 'RequestRefusal';
    this.error = error;
  }
}

/** The `aud` of every presentation for this address. */
export function clientIdOf(responseUri: string): string {
  return CLIENT_PREFIX + responseUri;
}

/** Parameters of the request, for the query of the wallet's address. */
export function authorizationRequestParameters(request: AuthorizationRequest): URLSearchParams {
  const { clientId, responseUri, nonce, state, vct, claims, encryption } = request;
  const query = {
    credentials: [
      {
        id: IDENTITY_QUERY_ID,
        format: 'dc+sd-jwt',
        meta: { vct_values: [vct] },
        claims: claims.map((name) => ({ path: [name] })),
      },
    ],
  };
  const algorithms = { 'sd-jwt_alg_values': ['ES256'], 'kb-jwt_alg_values': ['ES256'] };
  const metadata = {
    vp_formats_supported: { 'dc+sd-jwt': algorithms },
    ...(encryption && {
      jwks: { keys: [{ ...encryption.jwk, kid: encryption.kid, use: 'enc', alg: ENCRYPTION.alg }] },
      encrypted_response_enc_values_supported: [ENCRYPTION.enc],
    }),
  };
  return new URLSearchParams({
    response_type: 'vp_token',
    client_id: clientId,
    response_mode: encryption === null ? 'direct_post' : 'direct_post.jwt',
    response_uri: responseUri,
    nonce,
    ...(state !== null && { state }),
    dcql_query: JSON.stringify(query),
    client_metadata: JSON.stringify(metadata),
  });
}

const URL_SAFE = /^[A-Za-z0-9._~-]{1,200}$/;
const MAX_JSON = 8192;
const MAX_CLAIMS = 20;
/** What this wallet does not know, and must not ignore. */
const UNSUPPORTED = ['redirect_uri', 'request', 'request_uri', 'scope', 'transaction_data'] as const;

/** @throws {RequestRefusal} */
export function readAuthorizationRequest(parameters: URLSearchParams): AuthorizationRequest {
  const names = [...parameters.keys()];
  if (new Set(names).size !== names.length) throw invalid('a parameter comes twice');
  for (const name of UNSUPPORTED) if (parameters.has(name)) throw invalid(`${name} is not supported here`);
  if (parameters.get('response_type') !== 'vp_token') throw invalid('response_type is not vp_token');
  const clientId = parameters.get('client_id') ?? '';
  if (!clientId.startsWith(CLIENT_PREFIX)) {
    throw new RequestRefusal('invalid_client', 'the client identifier prefix is not redirect_uri');
  }
  const responseUri = parameters.get('response_uri') ?? '';
  // The whole protection of this prefix: whoever asks gets the answer, and nobody in his name.
  if (clientId !== clientIdOf(responseUri)) throw invalid('response_uri is not the address of the client identifier');
  checkResponseUri(responseUri);
  const nonce = urlSafe(parameters, 'nonce');
  if (nonce === null) throw invalid('nonce is missing');
  const asked = readQuery(json(parameters, 'dcql_query'));
  const mode = parameters.get('response_mode');
  if (mode !== 'direct_post' && mode !== 'direct_post.jwt') throw invalid('response_mode is not direct_post');
  const encryption = mode === 'direct_post' ? null : readEncryption(json(parameters, 'client_metadata'));
  return { clientId, responseUri, nonce, state: urlSafe(parameters, 'state'), ...asked, encryption };
}

function checkResponseUri(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalid('response_uri is not an address of HTTP');
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw invalid('response_uri is not a plain address');
}

function urlSafe(parameters: URLSearchParams, name: string): string | null {
  const value = parameters.get(name);
  if (value !== null && !URL_SAFE.test(value)) throw invalid(`${name} has other characters than a URL may have`);
  return value;
}

function json(parameters: URLSearchParams, name: string): JsonObject {
  const text = parameters.get(name);
  if (text === null) throw invalid(`${name} is missing`);
  if (text.length > MAX_JSON) throw invalid(`${name} is too long`);
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // The sentence below says it.
  }
  throw invalid(`${name} is not a JSON object`);
}

/** One credential in `dc+sd-jwt`, and claims at its top. */
function readQuery(query: JsonObject): Pick<AuthorizationRequest, 'vct' | 'claims'> {
  const credentials = query.credentials;
  if (!Array.isArray(credentials) || credentials.length !== 1 || !isJsonObject(credentials[0])) {
    throw invalid('dcql_query does not ask for exactly one credential');
  }
  const { id, format, meta, claims, multiple } = credentials[0];
  if (id !== IDENTITY_QUERY_ID) throw invalid(`the credential of dcql_query is not named ${IDENTITY_QUERY_ID}`);
  if (format !== 'dc+sd-jwt') throw new RequestRefusal('vp_formats_not_supported', 'the format is not dc+sd-jwt');
  if (multiple !== undefined && multiple !== false) throw invalid('one presentation is all there is');
  const types: unknown = isJsonObject(meta) ? meta.vct_values : null;
  if (!Array.isArray(types) || types.length !== 1 || typeof types[0] !== 'string') {
    throw invalid('dcql_query does not name one type (vct_values)');
  }
  if (!Array.isArray(claims) || claims.length === 0 || claims.length > MAX_CLAIMS) {
    throw invalid('dcql_query does not say which claims it asks for');
  }
  const names = claims.map((claim: unknown) => {
    const path: unknown = isJsonObject(claim) ? claim.path : null;
    if (!Array.isArray(path) || path.length !== 1 || typeof path[0] !== 'string') {
      throw invalid('a claim of dcql_query is not at the top of the credential');
    }
    return path[0];
  });
  if (new Set(names).size !== names.length) throw invalid('dcql_query asks for a claim twice');
  return { vct: types[0], claims: names };
}

function readEncryption(metadata: JsonObject): EncryptionKey {
  const methods = metadata.encrypted_response_enc_values_supported ?? [ENCRYPTION.enc];
  if (!Array.isArray(methods) || !methods.includes(ENCRYPTION.enc)) throw invalid(`${ENCRYPTION.enc} is not offered`);
  const keys: unknown = isJsonObject(metadata.jwks) ? metadata.jwks.keys : null;
  for (const key of Array.isArray(keys) ? (keys as unknown[]) : []) {
    if (!isJsonObject(key) || key.alg !== ENCRYPTION.alg || typeof key.kid !== 'string') continue;
    try {
      return { jwk: readP256Jwk(key), kid: key.kid };
    } catch {
      // Another key of the list may do.
    }
  }
  throw invalid(`client_metadata has no key on P-256 for ${ENCRYPTION.alg}`);
}

function invalid(message: string): RequestRefusal {
  return new RequestRefusal('invalid_request', message);
}
