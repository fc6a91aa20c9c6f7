import { CannotRun } from '../../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import { shown } from '../../../console/shown.ts';
import { NotReached } from '../../../web/limited-fetch.ts';
import { OpenIdDistrusted, OpenIdRefused } from './openid-call.ts';
import { type ConsentQuestion, consentAtTerminal, requestIdentity } from './present-identity.ts';

export interface PresentOptions {
  /** Origins. */
  readonly issuer: string;
  readonly identity: string;
  /** Who agrees; null: the only person there is. */
  readonly person: string | null;
}

/** `vitap identity present`: a person agrees at the identity provider; the ticket for `vitap phone activate` comes out. */
export async function presentAtTerminal(options: PresentOptions, io: CommandIo): Promise<ExitCode> {
  const { issuer, identity } = options;
  const limits = { signal: io.signal };
  try {
    const request = await requestIdentity({ issuer, identity, returnTo: null }, limits);
    let asked: ConsentQuestion | null = null;
    const decide = async (question: ConsentQuestion): Promise<string> => {
      asked = question;
      return whoOf(question, options.person);
    };
    const ticket = await consentAtTerminal(request, decide, limits);
    const { verifier, claims } = asked as unknown as ConsentQuestion;
    if (io.json)
      writeJson(io, { issuer, identity, claims, ticket, expiresInSeconds: request.expiresInSeconds, refused: null });
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
    else io.stderr(`refused (${error.code}): ${error.message}\n`);
    return EXIT.fail;
  }
}

/** @throws {CannotRun} nobody was named, and several could be meant */
function whoOf({ people }: ConsentQuestion, person: string | null): string {
  if (person !== null) return person;
  const [only] = people;
  if (only !== undefined && people.length === 1) return only.id;
  const list = people.map(({ id, givenName, familyName }) => `${id} ${givenName} ${familyName}`).join(', ');
  throw new CannotRun(`the identity provider knows several people; name one with --person: ${shown(list)}`);
}
