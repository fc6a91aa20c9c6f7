import { CannotRun } from '../../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import { shown } from '../../../console/shown.ts';
import { counted } from '../../../report/words.ts';
import { type FetchLimits, NotReached } from '../../../web/limited-fetch.ts';
import { OpenIdDistrusted, OpenIdRefused } from './openid-call.ts';
import { type ConsentQuestion, consentAtTerminal, type IdentityRequest, requestIdentity } from './present-identity.ts';

export interface PresentOptions {
  /** Origins. */
  readonly issuer: string;
  readonly identity: string;
  /** Who agrees; null: the only person there is. */
  readonly person: string | null;
}

interface Presented extends Pick<IdentityRequest, 'expiresInSeconds'>, Pick<ConsentQuestion, 'verifier' | 'claims'> {
  readonly ticket: string;
}

/**
 * Has a person agree at the identity provider. @returns the ticket, and what the issuer was given
 * @throws {CannotRun} nobody was named, and several could be meant; as openIdCall
 */
export async function presentIdentityOf(
  { issuer, identity, person }: PresentOptions,
  limits: FetchLimits,
): Promise<Presented> {
  const request = await requestIdentity({ issuer, identity, returnTo: null }, limits);
  let asked: ConsentQuestion | null = null;
  const ticket = await consentAtTerminal(
    request,
    async (question) => {
      asked = question;
      return whoOf(question, person);
    },
    limits,
  );
  const { verifier, claims } = asked as unknown as ConsentQuestion;
  return { ticket: ticket as string, verifier, claims, expiresInSeconds: request.expiresInSeconds };
}

/** `vitap identity present`: a person agrees at the identity provider; the ticket for `vitap phone activate` comes out. */
export async function presentAtTerminal(options: PresentOptions, io: CommandIo): Promise<ExitCode> {
  const { issuer, identity } = options;
  try {
    const { ticket, verifier, claims, expiresInSeconds } = await presentIdentityOf(options, { signal: io.signal });
    if (io.json) writeJson(io, { issuer, identity, claims, ticket, expiresInSeconds, refused: null });
    else {
      io.stderr(`${shown(verifier)} was given ${claims.map(shown).join(', ')}\n`);
      io.stdout(`${ticket}\n`);
    }
    return EXIT.pass;
  } catch (error) {
    if (error instanceof NotReached || error instanceof OpenIdDistrusted) throw new CannotRun(error.message);
    if (!(error instanceof OpenIdRefused)) throw error;
    const nothing = { claims: [], ticket: null, expiresInSeconds: null };
    if (io.json) writeJson(io, { issuer, identity, ...nothing, refused: error.code });
    else io.stderr(`vitap: ${whoRefused(error, options)} (${error.code}): ${error.message}\n`);
    return EXIT.fail;
  }
}

/** `http://127.0.0.1:8630 refuses`; an issuer refuses a provider, whose address is said too. */
function whoRefused({ origin }: OpenIdRefused, { identity }: PresentOptions): string {
  return origin === identity ? `${origin} refuses` : `${origin} refuses an identity of ${identity}`;
}

/** @throws {CannotRun} nobody was named, and several could be meant */
function whoOf({ people, known = people.length }: ConsentQuestion, person: string | null): string {
  if (person !== null) return person;
  const [only] = people;
  if (only !== undefined && people.length === 1 && known === 1) return only.id;
  const list = people.map(({ id, givenName, familyName }) => `${id} ${givenName} ${familyName}`).join(', ');
  const those = known > people.length ? `; the first ${people.length}, the others are in its people.json` : '';
  throw new CannotRun(
    `the identity provider knows ${counted(known, 'person', 'people')}: name one with --person${those}: ${shown(list)}`,
  );
}
