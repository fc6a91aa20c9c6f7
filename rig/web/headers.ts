/** Directives of a Content-Security-Policy by name. */
export type ContentSecurity = Readonly<Record<string, string>>;

/** Nothing inline, nothing from elsewhere, in no frame. */
const CONTENT_SECURITY: ContentSecurity = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data: blob:",
  'connect-src': "'self'",
  'form-action': "'self'",
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
};

/**
 * Headers of every answer: nothing is kept in a cache, framed, guessed to be of another type, or told to another site.
 * @param more directives in place of the ordinary ones, for example `script-src` with WebAssembly
 */
export function securityHeaders(more: ContentSecurity = {}): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': Object.entries({ ...CONTENT_SECURITY, ...more })
      .map(([directive, value]) => `${directive} ${value}`)
      .join('; '),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(self), microphone=(), geolocation=()',
  };
}
