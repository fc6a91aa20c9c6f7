import { existsSync } from 'node:fs';
import { triesInWords } from '../../../src/apdu/status-word.ts';
import type { Invoice } from '../../../src/applet/vitale/index.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { systemRandom } from '../../../src/hal/system/random.ts';
import { confirmed } from '../../console/confirm.ts';
import { CannotRun, UsageError } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { checkDigits, readSecretLine, type SecretLine } from '../../console/pin.ts';
import { shown } from '../../console/shown.ts';
import { makeOfflineQr } from '../credential/offline-qr.ts';
import { presenceQrText } from '../credential/presence-qr.ts';
import { qrPng, qrSvg, qrTerminalText } from '../credential/qr-picture.ts';
import type { Activated, ActivationStep } from './activation.ts';
import {
  existingPhone,
  hasNewCode,
  holdersCode,
  isCodeGiven,
  issuerAt,
  issuerOf,
  newCode,
  phoneFolder,
  withPhone,
  withPhoneIn,
} from './at-the-phone.ts';
import { askAnotherOffer, type CredentialState, credentialState, fetchCredential } from './card-credential.ts';
import { tellPhone } from './holder-socket.ts';
import {
  type ActivateOptions,
  AGREED_BY_ITSELF,
  type ChangeCodeOptions,
  type CredentialOptions,
  type PhoneOptions,
  type QrOptions,
  type SyncOptions,
  type WithCode,
} from './options.ts';
import type { Phone, PhoneView } from './phone.ts';
import { type CredentialNote, NEW_PHONE, readPhoneState } from './phone-state.ts';
import { PhoneRefusal } from './refusals.ts';
import { ticketOfIdentity } from './ticket-of-identity.ts';
import { refuseWeakCode } from './weak-code.ts';

const WHICH_ISSUER = 'which issuer? --issuer names its address';
const TOKEN_ID_BYTES = 16;
const STEPS: Readonly<Record<ActivationStep, string>> = {
  'blank card': 'a blank card is made',
  keys: 'its keys are generated in the card',
  enrolled: 'the issuer has begun the activation',
  code: 'the code is set in the card',
  personalised: 'the issuer has written the card, through a secure channel',
  committed: 'the issuer’s registry has this card as the active one',
  operational: 'the card is operational',
};

/** `vitap phone activate`. What is missing or wrong is said before a folder is made and the issuer is asked. */
export async function activate(options: ActivateOptions, io: CommandIo): Promise<ExitCode> {
  const { identity, person, timeoutMs } = options;
  const folder = phoneFolder(options.folder, io.env);
  const before = existsSync(folder) ? readPhoneState(folder) : NEW_PHONE;
  if (before.life === 'active') {
    // Nothing is left of an activation but to show the PUK.
    if (!before.pukDue) throw new PhoneRefusal('active-already');
    return withPhoneIn(folder, io, (phone) => tellPukAgain(phone, options, io));
  }
  if (options.issuer !== null) issuerAt(options.issuer, timeoutMs, io);
  else if (!existsSync(folder)) throw new UsageError(WHICH_ISSUER);
  const right = identity === null ? await readTicket(options.ticketFile, io) : null;
  const given = await givenCode(options, io, !existsSync(folder));
  return withPhoneIn(folder, io, async (phone) => {
    const address = options.issuer ?? phone.view().issuer;
    if (address === null) throw new UsageError(WHICH_ISSUER);
    const issuer = issuerAt(address, timeoutMs, io);
    const activated = await phone.activate({
      ticket:
        right ??
        (() => ticketOfIdentity({ issuer: issuer.origin, identity: identity as string, person, timeoutMs }, io)),
      issuer,
      test: options.test,
      newCode: (refused) => {
        // Only a person can think of another one.
        if (refused !== null && (given !== null || !io.stdinIsTty)) throw refused;
        if (refused !== null) io.stderr(`${shown(refused.message)}\n`);
        return given === null ? newCode(null, io) : Promise.resolve(Uint8Array.from(given));
      },
      onStep: (step) => io.stderr(`· ${STEPS[step]}\n`),
    });
    if (!io.json) io.stdout(`Card ${activated.number} of this person is active on this phone.\n`);
    // The code of a run before this one is asked for only where somebody or something can give it.
    const known = activated.puk === null && (isCodeGiven(options.pin, io) || io.stdinIsTty);
    const puk = known ? await phone.puk(await holdersCode(options.pin, io)) : activated.puk;
    return tellActivated(phone, { ...activated, puk }, io);
  }).finally(() => given?.fill(0));
}

async function tellPukAgain(phone: Phone, { pin }: ActivateOptions, io: CommandIo): Promise<ExitCode> {
  const puk = await phone.puk(await holdersCode(pin, io));
  const number = phone.view().number as number;
  return tellActivated(phone, { number, puk, credentialOffer: phone.credentialNote?.offer ?? null }, io);
}

/** Tells how it ended. The card keeps the PUK unless somebody or something has taken what was said. */
async function tellActivated(
  phone: Phone,
  { number, puk, credentialOffer }: Activated,
  io: CommandIo,
): Promise<ExitCode> {
  const { can, pukDue } = phone.view();
  if (io.json) writeJson(io, { schema: 'vitap-phone-activate', number, can, puk, credentialOffer });
  else {
    if (credentialOffer !== null)
      io.stdout('`vitap phone credential` gets its SD-JWT VC, with the transaction code that the issuer sends.\n');
    if (puk !== null) io.stdout(`PUK (shown this once; it unblocks the code): ${puk}\n`);
    else if (pukDue) io.stdout('The PUK was not shown yet: `vitap phone activate --pin` shows it, after the code.\n');
    else io.stdout('The PUK was shown before.\n');
  }
  if (puk === null) return EXIT.pass;
  if (!io.signal.aborted && (await io.delivered())) phone.pukNoted();
  else
    io.stderr(
      'Nobody has read the PUK: the card keeps it, and `vitap phone activate` shows it again, after the code.\n',
    );
  return EXIT.pass;
}

/** The code that a file or VITAP_NEW_PIN gives, judged as far as it can be; null: a person is asked, or none is needed. */
async function givenCode(options: ActivateOptions, io: CommandIo, isNew: boolean): Promise<Uint8Array | null> {
  if (!hasNewCode(options.newPinFile, io) && (io.stdinIsTty || !isNew)) return null;
  const code = await newCode(options.newPinFile, io);
  refuseWeakCode(code, { birthDates: [], test: options.test });
  return code;
}

/** Both kinds by their beginning; the issuer judges the rest. */
const TICKET = /^(identity|application):[\x21-\x7e]{1,180}$/;

export async function readTicket(file: string | null, io: CommandIo): Promise<string> {
  const ask = file === null && (io.env.VITAP_TICKET ?? '') === '' && io.stdinIsTty;
  const source = { file, ask, option: '--ticket', fileOption: '--ticket-file', variable: 'VITAP_TICKET' };
  const line = await readSecretLine({ ...source, question: 'Ticket: ' }, io);
  if (line !== null) {
    const ticket = wordOf(line, 'a ticket');
    if (TICKET.test(ticket)) return ticket;
    throw new CannotRun(`${line.where} holds no ticket of an identity or of an application`);
  }
  throw new CannotRun('a ticket is needed: --identity URL, --ticket-file FILE, VITAP_TICKET, or a terminal');
}

function wordOf({ text, where }: SecretLine, what: string): string {
  const word = text.trim();
  if (word === '') throw new CannotRun(`${where} is empty where ${what} was expected`);
  return word;
}

/** `vitap phone status`: what is known without the code; with it, the invoices too. */
export function status(options: WithCode, io: CommandIo): Promise<ExitCode> {
  return withRunning(options.folder, io, async (running) => {
    if (running !== null) return tellStatus(running, null, true, io);
    return withPhone(options.folder, io, async (phone) => {
      const asked = isCodeGiven(options.pin, io);
      const active = phone.view().life === 'active';
      const invoices = asked && active ? await phone.invoices(await holdersCode(options.pin, io)) : null;
      return tellStatus(phone.view(), invoices, false, io);
    });
  });
}

function tellStatus(view: PhoneView, invoices: readonly Invoice[] | null, running: boolean, io: CommandIo): ExitCode {
  if (io.json) {
    writeJson(io, { schema: 'vitap-phone-status', running, ...view, invoices });
    return EXIT.pass;
  }
  const lines = [
    `card       ${view.life}${view.number === null ? '' : `, number ${view.number}`}${view.endedBecause === null ? '' : ` (${view.endedBecause})`}`,
    ...(view.issuer === null ? [] : [`issuer     ${view.issuer}`]),
    ...(view.can === null ? [] : [`CAN        ${view.can}`]),
    ...(view.triesLeft === null
      ? []
      : [`code       ${view.triesLeft === 0 ? 'blocked' : triesInWords(view.triesLeft)}`]),
    ...(view.pukDue ? ['PUK        not shown yet: `vitap phone activate` shows it, after the code'] : []),
    `window     ${view.window === null ? 'closed' : `open for ${Math.ceil(view.window.remainingMs / 1000)} s`}`,
    `issuer heard ${view.syncedAt === null ? 'never' : new Date(view.syncedAt).toISOString()}`,
    ...(invoices ?? []).map(
      ({ date, professionalName, total, status: state }) =>
        `invoice    ${date}  ${professionalName}  ${(total / 100).toFixed(2)} EUR  ${state}`,
    ),
  ];
  io.stdout(`${lines.map(shown).join('\n')}\n`);
  return EXIT.pass;
}

/** `vitap phone unlock`: opens the window of a running `present` or `serve` again. */
export function unlock(options: WithCode, io: CommandIo): Promise<ExitCode> {
  const folder = phoneFolder(options.folder, io.env);
  return withRunning(options.folder, io, async (running) => {
    if (running === null) throw new PhoneRefusal('not-running');
    const code = await holdersCode(options.pin, io);
    const view = await tellPhone(folder, { do: 'unlock', code: String.fromCharCode(...code) });
    code.fill(0);
    return tellWindow('vitap-phone-unlock', view, io);
  });
}

/** `vitap phone lock`: closes it; a phone that does not run is locked. */
export async function lock(options: PhoneOptions, io: CommandIo): Promise<ExitCode> {
  const view = await tellPhone(existingPhone(options.folder, io.env), { do: 'lock' });
  return tellWindow('vitap-phone-lock', view, io);
}

function tellWindow(schema: string, view: PhoneView | null, io: CommandIo): ExitCode {
  const window = view?.window ?? null;
  if (io.json) writeJson(io, { schema, window });
  else io.stdout(window === null ? 'locked\n' : `unlocked for ${Math.ceil(window.remainingMs / 1000)} s\n`);
  return EXIT.pass;
}

async function withRunning<T>(
  folder: string | null,
  io: CommandIo,
  run: (running: PhoneView | null) => Promise<T>,
): Promise<T> {
  return run(await tellPhone(existingPhone(folder, io.env), { do: 'view' }));
}

/** `vitap phone qr`: a presence of the issuer, or the offline code. */
export function qr(options: QrOptions, io: CommandIo): Promise<ExitCode> {
  return withPhone(options.folder, io, async (phone) => {
    phone.expectActive();
    const code = await holdersCode(options.pin, io);
    const made =
      options.kind === 'presence'
        ? await presenceQr(phone, code, options, io)
        : await phone.withCredential(code, async (innerCwt, sign) => {
            const tokenId = new Uint8Array(TOKEN_ID_BYTES);
            systemRandom.fill(tokenId, 0, tokenId.length);
            const now = Math.floor(Date.now() / 1000);
            const text = await makeOfflineQr({ innerCwt, now, tokenId }, sign, nobleCrypto());
            return { text, expiresAt: (now + 60) * 1000 };
          });
    const { picture } = options;
    if (picture !== null) {
      replaceFile(picture.file, [picture.as === 'png' ? qrPng(made.text) : Buffer.from(qrSvg(made.text))]);
    }
    if (io.json) writeJson(io, { schema: 'vitap-phone-qr', kind: options.kind, ...made });
    else if (picture !== null)
      io.stderr(`${shown(picture.file)}: good until ${new Date(made.expiresAt).toISOString()}\n`);
    else if (options.text) io.stdout(`${made.text}\n`);
    else {
      io.stdout(`${qrTerminalText(made.text)}\n`);
      io.stderr(`Good until ${new Date(made.expiresAt).toISOString()}.\n`);
    }
    return EXIT.pass;
  });
}

async function presenceQr(
  phone: Phone,
  code: Uint8Array,
  { agreed, delegation, timeoutMs }: QrOptions,
  io: CommandIo,
): Promise<{ readonly text: string; readonly expiresAt: number }> {
  const issuer = issuerOf(phone, timeoutMs, io);
  const { presence, expiresAt } =
    delegation === null
      ? await phone.presence(code, agreed ?? AGREED_BY_ITSELF, issuer)
      : await phone.delegatedPresence(code, { delegation, agreed }, issuer);
  return { text: presenceQrText(presence), expiresAt };
}

/** `vitap phone change-code`: with the old code, or with the PUK. */
export function changeCode(options: ChangeCodeOptions, io: CommandIo): Promise<ExitCode> {
  return withPhone(options.folder, io, async (phone) => {
    phone.expectActive();
    const old = options.puk ? await readPuk(options.pukFile, io) : await holdersCode(options.pin, io);
    const fresh = await newCode(options.newPinFile, io);
    if (options.puk) await phone.unblock(old, fresh, options.test);
    else await phone.changeCode(old, fresh, options.test);
    if (io.json) writeJson(io, { schema: 'vitap-phone-change-code', changed: true });
    else io.stdout('The code is changed.\n');
    return EXIT.pass;
  });
}

async function readPuk(file: string | null, io: CommandIo): Promise<Uint8Array> {
  const ask = file === null && (io.env.VITAP_PUK ?? '') === '' && io.stdinIsTty;
  const source = { file, ask, option: '--puk', fileOption: '--puk-file', variable: 'VITAP_PUK' };
  const line = await readSecretLine({ ...source, question: 'PUK: ' }, io);
  if (line === null) throw new CannotRun('the PUK is needed: --puk-file FILE, VITAP_PUK, or a terminal');
  return checkDigits(line);
}

/** `vitap phone sync`. */
export function sync(options: SyncOptions, io: CommandIo): Promise<ExitCode> {
  return withPhone(options.folder, io, async (phone) => {
    const given = isCodeGiven(options.pin, io);
    const onCard = async () => (given ? phone.invoices(await holdersCode(options.pin, io)) : []);
    const synced = await phone.sync(issuerOf(phone, options.timeoutMs, io), onCard);
    const { credential, refused } =
      synced.life === 'active'
        ? await renewedWhenDue(phone, given ? options : null, io)
        : { credential: 'none' as const, refused: null };
    if (io.json) writeJson(io, { schema: 'vitap-phone-sync', ...synced, credential });
    else if (synced.life === 'active') {
      io.stdout(`This phone has the active card. Claims that came: ${synced.claims}.\n`);
      if (synced.alreadyOnCard > 0) io.stdout(`Claims that a counter had written already: ${synced.alreadyOnCard}.\n`);
      if (credential === 'renewed') io.stdout('The SD-JWT VC is renewed.\n');
      if (credential === 'due') io.stdout('The SD-JWT VC is due: `vitap phone credential` renews it.\n');
    } else {
      io.stdout(`This card has ended (${synced.endedBecause}) and is wiped.\n`);
      if (synced.acknowledged === false) io.stderr('The issuer has not heard of the wipe: it could not be reached.\n');
    }
    if (refused === null) return EXIT.pass;
    io.stderr(`${shown(refused.message)}\n`);
    return refused.exitCode;
  });
}

/** @param options null: no code was given, so that nothing is renewed */
async function renewedWhenDue(
  phone: Phone,
  options: SyncOptions | null,
  io: CommandIo,
): Promise<{ readonly credential: CredentialState | 'renewed'; readonly refused: PhoneRefusal | null }> {
  const credential = credentialState(phone.credentialNote, Date.now());
  if (credential !== 'due' || options === null) return { credential, refused: null };
  try {
    const limits = { timeoutMs: options.timeoutMs, signal: io.signal };
    await fetchCredential(phone, await holdersCode(options.pin, io), '', limits);
    return { credential: 'renewed', refused: null };
  } catch (refused) {
    if (!(refused instanceof PhoneRefusal)) throw refused;
    return { credential, refused };
  }
}

/** `vitap phone credential`: the card's SD-JWT VC by OpenID4VCI, or a new one when it is due. */
export function credential(options: CredentialOptions, io: CommandIo): Promise<ExitCode> {
  return withPhone(options.folder, io, async (phone) => {
    if (options.anotherOffer) return tellAnotherOffer(phone, options, io);
    const before = credentialState(phone.credentialNote, Date.now());
    const done = before === 'current' && !options.renew;
    if (!done) {
      if (before === 'none') throw new PhoneRefusal('no-offer');
      // What is missing is said before the code is asked for.
      const txCode = before === 'offered' ? await readTxCode(options.txCodeFile, io) : '';
      const limits = { timeoutMs: options.timeoutMs, signal: io.signal };
      await fetchCredential(phone, await holdersCode(options.pin, io), txCode, limits);
    }
    const { expiresAt } = phone.credentialNote as CredentialNote;
    const state = done ? 'current' : before === 'offered' ? 'obtained' : 'renewed';
    if (io.json) writeJson(io, { schema: 'vitap-phone-credential', state, expiresAt });
    else {
      const until = expiresAt === null ? '' : ` It is good until ${new Date(expiresAt).toISOString()}.`;
      io.stdout(`The SD-JWT VC is ${done ? 'on the card, and not due' : state}.${until}\n`);
    }
    return EXIT.pass;
  });
}

async function tellAnotherOffer(phone: Phone, options: CredentialOptions, io: CommandIo): Promise<ExitCode> {
  await askAnotherOffer(phone, issuerOf(phone, options.timeoutMs, io));
  const { expiresAt } = phone.credentialNote as CredentialNote;
  if (io.json) writeJson(io, { schema: 'vitap-phone-credential', state: 'offered', expiresAt });
  else io.stdout('The issuer has made another offer: its transaction code comes another way.\n');
  return EXIT.pass;
}

async function readTxCode(file: string | null, io: CommandIo): Promise<string> {
  const ask = file === null && (io.env.VITAP_TX_CODE ?? '') === '' && io.stdinIsTty;
  const source = { file, ask, option: '--tx-code', fileOption: '--tx-code-file', variable: 'VITAP_TX_CODE' };
  const line = await readSecretLine({ ...source, question: 'Transaction code: ' }, io);
  if (line !== null) return wordOf(line, 'a transaction code');
  throw new CannotRun('the transaction code is needed: --tx-code-file FILE, VITAP_TX_CODE, or a terminal');
}

/** `vitap phone wipe`. Nobody is asked where there is no card to lose. */
export function wipe(options: PhoneOptions & { readonly yes: boolean }, io: CommandIo): Promise<ExitCode> {
  return withPhone(options.folder, io, async (phone) => {
    if (['pending', 'active'].includes(phone.view().life)) {
      await confirmed('ends the card of this phone for ever', options.yes, io);
    }
    phone.wipe();
    const { life } = phone.view();
    if (io.json) writeJson(io, { schema: 'vitap-phone-wipe', life });
    else io.stdout(life === 'blank' ? 'There is no card to wipe.\n' : 'The card is wiped.\n');
    return EXIT.pass;
  });
}
