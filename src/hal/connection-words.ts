/** Code of the error of a connection to a server with another key than the pinned one. */
export const OTHER_KEY = 'OTHER_KEY';

/** Codes of Node's sockets, TLS and HTTP when no answer comes, in words that say what to look at. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is it running?',
  ECONNRESET: 'the connection broke: does it speak TLS there (https), or does it not?',
  UND_ERR_SOCKET: 'the connection broke: does it speak TLS there (https), or does it not?',
  EPIPE: 'the connection broke',
  ENOTFOUND: 'no address is known for its name',
  EAI_AGAIN: 'no address is known for its name now',
  EHOSTUNREACH: 'no way leads to its address',
  ENETUNREACH: 'no way leads to its address',
  ETIMEDOUT: 'nothing answered in time',
  UND_ERR_CONNECT_TIMEOUT: 'nothing answered in time',
  CERT_HAS_EXPIRED: 'its certificate has expired, or the clock is wrong here',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet, or the clock is wrong here',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is of another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody who is trusted here; its key can be pinned',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by nobody who is trusted here; its key can be pinned',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by nobody who is trusted here; its key can be pinned',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by nobody who is trusted here; its key can be pinned',
  EPROTO: 'it does not speak TLS there: is it http?',
  [OTHER_KEY]: 'the server has another key than the one that was pinned',
};

/** Codes of a connection that the other side closed, or that broke: of one that was kept, the other side may have closed it just then. */
const BROKE: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/** Whether a connection was there and broke before its answer was whole. */
export function connectionBroke(error: unknown): boolean {
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth++) {
    if (BROKE.includes((cause as { code?: unknown }).code)) return true;
  }
  return false;
}

/** Why a connection failed, in a few words; the error of a library may lie some causes deep. */
export function connectionWords(error: unknown): string {
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth++) {
    const { code, socket } = cause as { code?: unknown; socket?: { readonly bytesRead?: number } };
    if (typeof code !== 'string') continue;
    // It has answered before: how it speaks is right.
    if (code === 'UND_ERR_SOCKET' && (socket?.bytesRead ?? 0) > 0) return WORDS.EPIPE as string;
    if (WORDS[code] !== undefined) return WORDS[code];
    if (code.startsWith('ERR_SSL_')) return WORDS.EPROTO as string;
    if (code.startsWith('HPE_')) return 'what answers there does not speak HTTP';
  }
  return 'is it running?';
}
