import type * as z from 'zod';
import type { IdentityClaims } from '../identity/claims.ts';
import { call, type IssuerLine } from './call.ts';
import { APPLICATION_STANDING, APPLIED, type ApplicationStanding, ENDED, type Ended } from './wire.ts';

/** A picture or the video of an application, under the name that the issuer has for it. */
export type ApplicationContent = Readonly<Record<string, Uint8Array>>;

/**
 * The issuer as a person asks it who has no card yet, or no phone any more: a ticket says who it is. Every call may throw
 * `IssuerRefused` or `IssuerUnreachable`.
 */
export interface PersonLink {
  /** The way without a digital identity. */
  apply(identity: IdentityClaims, files: ApplicationContent): Promise<{ ticket: string; destroyBy: number }>;
  applicationState(ticket: string): Promise<ApplicationStanding>;
  /** Ends the card of whom the ticket speaks of. */
  reportLoss(ticket: string): Promise<Ended>;
}

export function personLink(line: IssuerLine): PersonLink {
  const ask = <T>(path: string, content: unknown, answer: z.ZodType<T>): Promise<T> => {
    const headers = { 'content-type': 'application/json' };
    return call(line, { method: 'POST', url: `${line.origin}${path}`, headers, body: JSON.stringify(content) }, answer);
  };
  return {
    apply: (identity, contents) => {
      const files = Object.fromEntries(
        Object.entries(contents).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]),
      );
      return ask('/v1/applications', { identity, files }, APPLIED);
    },
    applicationState: (ticket) => ask('/v1/applications/state', { ticket }, APPLICATION_STANDING),
    reportLoss: (ticket) => ask('/v1/losses', { ticket }, ENDED),
  };
}
