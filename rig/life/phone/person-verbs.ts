import { setTimeout as delay } from 'node:timers/promises';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { CannotRun, UsageError } from '../../console/failure.ts';
import { readInputFile, readInputText } from '../../console/input-file.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { type PersonLink, personLink } from '../api/person-link.ts';
import { type ApplicationStanding, MOST_APPLICATION_BYTES } from '../api/wire.ts';
import { type IdentityClaims, readIdentityClaims } from '../identity/claims.ts';
import { issuerAt, issuerOf, withPhone } from './at-the-phone.ts';
import { asked } from './issuer-connection.ts';
import type { ApplicationOptions, ApplyOptions, AtIssuer, LostOptions } from './options.ts';
import { ticketOfIdentity } from './ticket-of-identity.ts';
import { readTicket } from './verbs.ts';

/*
 * What a person does without a phone: the way without a digital identity, and the report of a loss.
 */

/** As the issuer takes it. */
const LARGEST_FILE: number = 20 * 1024 * 1024;
const WAIT_MS = 2000;
const PERSON_FORM =
  'a person is { "familyName": …, "givenName": …, "birthDate": "1990-05-17", "birthPlaceCode": "75056" }, all four and no more';

/** `vitap phone apply`: sends a document and a video for an operator to look at. */
export async function apply(options: ApplyOptions, io: CommandIo): Promise<ExitCode> {
  const identity = readPerson(options.personFile);
  const read = (path: string): Uint8Array => {
    const bytes = readInputFile(path, 'a picture or video', LARGEST_FILE);
    if (bytes.length === 0) throw new CannotRun(`${path} is empty where a picture or video was expected`);
    return bytes;
  };
  const { documentBack } = options;
  const files = {
    'document-front': read(options.documentFront),
    ...(documentBack !== null && { 'document-back': read(documentBack) }),
    video: read(options.video),
  };
  const size = Object.values(files).reduce((sum, { length }) => sum + Math.ceil(length / 3) * 4, 4096);
  if (size > MOST_APPLICATION_BYTES) throw new CannotRun('the files are larger together than an issuer takes: 17 MB');
  const { ticket, destroyBy } = await asked(() => linkOf(options, io).apply(identity, files));
  const { out } = options;
  if (out !== null) replaceFile(out, [Buffer.from(`${ticket}\n`)]);
  if (io.json) writeJson(io, { schema: 'vitap-phone-apply', ticket: out === null ? ticket : null, out, destroyBy });
  else {
    io.stdout(`The application was sent. Its files are destroyed by ${new Date(destroyBy).toISOString()}.\n`);
    if (out === null) io.stdout(`Ticket (keep it: it asks what became of it, and activates the card): ${ticket}\n`);
    else io.stdout(`Its ticket is in ${shown(out)}: it asks what became of it, and activates the card.\n`);
  }
  return EXIT.pass;
}

/** Names are personal: they come from a file, and an error does not repeat them. @throws {CannotRun} */
function readPerson(path: string): IdentityClaims {
  const text = readInputText(path, 'a person', 65_536);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = null;
  }
  const isObject = typeof content === 'object' && content !== null && !Array.isArray(content);
  const { familyName, givenName, birthDate, birthPlaceCode, ...others } = isObject
    ? (content as Record<string, unknown>)
    : {};
  const claims = readIdentityClaims({
    ...{ family_name: familyName, given_name: givenName },
    ...{ birthdate: birthDate, birth_place_code: birthPlaceCode },
  });
  if (claims === null || Object.keys(others).length > 0) throw new CannotRun(`${path}: ${PERSON_FORM}`);
  return claims;
}

const STATES: Readonly<Record<ApplicationStanding['state'], string>> = {
  receiving: 'its files are on their way',
  waiting: 'nobody has decided yet',
  accepted: '`vitap phone activate` takes the same ticket',
  refused: 'apply again with better pictures',
  expired: 'nobody decided within 96 hours: apply again',
  used: 'a phone was activated with it',
};

/** `vitap phone application`: what became of it. Exit 1: it was refused, or nobody decided in time. */
export async function application(options: ApplicationOptions, io: CommandIo): Promise<ExitCode> {
  const link = linkOf(options, io);
  const ticket = await readTicket(options.ticketFile, io);
  let standing = await asked(() => link.applicationState(ticket));
  while (options.wait && (standing.state === 'waiting' || standing.state === 'receiving')) {
    await delay(WAIT_MS, null, { signal: io.signal });
    standing = await asked(() => link.applicationState(ticket));
  }
  const { state, reason, filesDestroyed } = standing;
  if (io.json) writeJson(io, { schema: 'vitap-phone-application', ...standing });
  else {
    io.stdout(`${state}${reason === null ? '' : ` (${shown(reason)})`}: ${STATES[state]}\n`);
    if (filesDestroyed) io.stdout('Its files are destroyed.\n');
  }
  return state === 'refused' || state === 'expired' ? EXIT.fail : EXIT.pass;
}

/** The issuer heard nothing of a wipe by `phone wipe`. */
const KEY_IS_GONE =
  'the card was wiped here, and with it the key that signs the report, and the issuer may still have it as active: report it as its person, with --issuer URL and --identity URL or --ticket-file FILE';

/** `vitap phone lost`: ends the card at once, by its phone or by its person. */
export async function lost(options: LostOptions, io: CommandIo): Promise<ExitCode> {
  const { issuer, identity, person, ticketFile, timeoutMs } = options;
  if (issuer === null) {
    if (identity !== null || ticketFile !== null) throw new UsageError('which issuer? --issuer names its address');
    return lostPhone(options, io);
  }
  const origin = issuerAt(issuer, timeoutMs, io).origin;
  const link = linkOf({ issuer, timeoutMs }, io);
  const ticket =
    identity === null
      ? await readTicket(ticketFile, io)
      : await ticketOfIdentity({ issuer: origin, identity, person, timeoutMs }, io);
  const { since, why } = await asked(() => link.reportLoss(ticket));
  if (io.json) writeJson(io, { schema: 'vitap-phone-lost', by: 'person', why, since, wiped: null });
  else {
    io.stdout(`The card of this person has ended (${why}), since ${new Date(since).toISOString()}.\n`);
    io.stdout('The phone wipes it when it next asks the issuer.\n');
  }
  return EXIT.pass;
}

function lostPhone(options: LostOptions, io: CommandIo): Promise<ExitCode> {
  return withPhone(options.folder, io, async (phone) => {
    const { life, endedBecause: before } = phone.view();
    if (life === 'wiped' && before === 'wiped here') throw new CannotRun(KEY_IS_GONE);
    const { endedBecause: why } = await phone.reportLoss(issuerOf(phone, options.timeoutMs, io));
    if (io.json) writeJson(io, { schema: 'vitap-phone-lost', by: 'phone', why, since: null, wiped: true });
    else io.stdout(`The card of this phone has ended (${why}) and is wiped.\n`);
    return EXIT.pass;
  });
}

/** @throws {UsageError} no address of a server */
function linkOf({ issuer, timeoutMs }: AtIssuer, io: CommandIo): PersonLink {
  const { origin } = issuerAt(issuer, timeoutMs, io);
  return personLink({ origin, timeoutMs, signal: io.signal });
}
