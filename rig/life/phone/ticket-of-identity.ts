import { CannotRun } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { NotReached } from '../../web/limited-fetch.ts';
import { OpenIdDistrusted, OpenIdRefused } from '../identity/client/openid-call.ts';
import { type PresentOptions, presentIdentityOf } from '../identity/client/present.ts';
import type { AskingIssuer } from './options.ts';
import { PhoneRefusal } from './refusals.ts';

/**
 * The ticket of an activation from a person who agrees at the identity provider, at the terminal.
 * @throws {PhoneRefusal} `identity-refused`; {CannotRun}
 */
export async function ticketOfIdentity(options: PresentOptions & AskingIssuer, io: CommandIo): Promise<string> {
  const { timeoutMs } = options;
  const { ticket, verifier, claims } = await identityRefused(() =>
    presentIdentityOf(options, { timeoutMs, signal: io.signal }),
  );
  io.stderr(`· ${shown(verifier)} was given ${claims.map(shown).join(', ')}\n`);
  return ticket;
}

/** What the other sides of an identity say, in the phone's words. @throws {PhoneRefusal} `identity-refused`; {CannotRun} */
export async function identityRefused<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof OpenIdRefused)
      throw new PhoneRefusal('identity-refused', { detail: `${cause.origin}: ${cause.message}`, cause });
    if (cause instanceof NotReached || cause instanceof OpenIdDistrusted) throw new CannotRun(cause.message);
    throw cause;
  }
}
