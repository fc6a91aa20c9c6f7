import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type CounterFolder, nameOf } from './counter-folder.ts';
import { CounterFailure } from './failures.ts';
import { FollowUps } from './follow-ups.ts';
import { nirChecks, people, type ReadingTime } from './from-card.ts';
import type { CounterIssuer } from './issuer.ts';
import type { CounterReading, Way } from './reading.ts';

/** A presence that was sent to the issuer: scanned again, it is the same request. The presence itself is not kept. */
interface SentPresence {
  readonly format: 'vitap counter request';
  readonly version: 1;
  readonly requestId: string;
  readonly at: string;
}

const sent: z.ZodType<SentPresence> = z.strictObject({
  format: z.literal('vitap counter request'),
  version: z.literal(1),
  requestId: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/),
  at: z.iso.datetime(),
});

/** A presence holds for a minute, its context for some more. */
const KEPT_MS = 3600 * 1000;

/**
 * Resolves a presence at its issuer. Its request identifier is on disk before it is sent, so that the same presence,
 * scanned again after a lost answer, gets the same answer and not a refusal.
 * @throws {CounterFailure}
 */
export async function readingOfPresence(
  presence: string,
  way: Extract<Way, 'presence QR' | 'presence by NFC'>,
  issuer: CounterIssuer,
  issuerUrl: string,
  folder: CounterFolder,
  time: ReadingTime,
): Promise<CounterReading> {
  const requests = folder.documents('requests', sent);
  for (const { name, document } of requests.readAll().whole) {
    if (Date.parse(document.at) < time.at.getTime() - KEPT_MS) requests.remove(name);
  }
  const name = nameOf(`${issuerUrl} ${presence}`);
  const before = requests.read(name);
  const requestId = before?.requestId ?? newRequestId();
  const at = time.at.toISOString();
  if (before === null) requests.write(name, { format: 'vitap counter request', version: 1, requestId, at });
  const resolved = await issuer.resolve(presence, requestId).catch((error: unknown) => {
    // What the issuer refused it has not answered: a later try is another request.
    if (error instanceof CounterFailure && error.code === 'issuer-refuses') requests.remove(name);
    throw error;
  });
  const { context } = resolved;
  const id = new FollowUps(folder).keep({
    at,
    issuer: issuerUrl,
    proof: { kind: 'context', contextId: context.id, token: context.token, expiresAt: context.expiresAt },
  });
  return {
    schema: 'vitap-counter-reading',
    version: 1,
    way,
    at,
    rightsOn: time.rightsOn,
    // A holder who agreed to no rights has shown none.
    people: people(
      resolved.people,
      time.rightsOn,
      resolved.people.some(({ rights }) => rights.length > 0),
    ),
    affiliation: resolved.affiliation,
    known: { from: 'issuer', since: at },
    invoices: resolved.invoices,
    checks: [
      {
        what: 'presence',
        by: 'issuer',
        verdict: 'pass',
        detail: 'minted for the active card, not older than a minute, used here alone',
      },
      ...nirChecks(resolved.people),
    ],
    activation: { state: 'active', list: null },
    followUp: { kind: 'context', id, expiresAt: context.expiresAt },
    warnings: [],
  };
}

/** 128 random bits as text. */
export function newRequestId(): string {
  return randomBytes(16).toString('base64url');
}
