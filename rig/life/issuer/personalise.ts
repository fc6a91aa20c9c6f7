import { TlvReader } from '../../../src/apdu/ber-tlv-reader.ts';
import { type CommandFields, encodeCommand } from '../../../src/apdu/command.ts';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { INS } from '../../../src/apdu/instruction.ts';
import { formatStatusWord, SW, statusWordMeaning } from '../../../src/apdu/status-word.ts';
import { encodeHeld, OWN_AID, type SigningKeys, signFiles } from '../../../src/applet/vitale/index.ts';
import type { Clock } from '../../../src/hal/clock.ts';
import type { Crypto, CurveName } from '../../../src/hal/crypto.ts';
import type { Random } from '../../../src/hal/random.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import {
  chipAuthenticationInfo,
  chipAuthenticationPublicKeyInfo,
  encodeSecurityInfos,
  paceInfo,
  parseSecurityInfos,
  terminalAuthenticationInfo,
} from '../../../src/secure-channel/index.ts';
import { readSignedInfos } from '../../channel/card-security.ts';
import { openChannel } from '../../channel/open-channel.ts';
import { EF_CARD_ACCESS, readSecurityFile } from '../../channel/security-file.ts';
import { type CardAnswer, wholeAnswer } from '../../channel/whole-answer.ts';
import { signCardSecurity } from '../../pki/card-security.ts';
import type { TerminalKeys } from '../../pki/terminal-keys.ts';
import type { X509Holder } from '../../pki/x509.ts';
import { type CardContent, type CardFiles, cardFilesOf } from './card-files.ts';

/*
 * The issuer's side of a phone's card (profile `phone`), over any session with it, which a phone may relay. Each of the two
 * functions opens a channel of its own, as a terminal with the right to write DG17, and may be repeated as often as it was
 * cut short.
 */

/** Reference of the key for chip authentication, and its curve. */
const CHIP_KEY = 0x01;
const CHIP_CURVE: CurveName = 'brainpoolP256r1';
/** References of the keys of the application. */
const DEVICE_KEY = 0x82;
const HOLDER_KEY = 0x83;
const READ_PUBLIC_KEY = 0x81;
const GENERATE = 0x80;
const SFI = { affiliation: 0x01, beneficiaries: 0x02, rights: 0x03, credential: 0x06, signature: 0x0f } as const;
/** Sizes of the files that are filled, as profiles/phone.yaml has them. */
const SIZE = { cardSecurity: 1536, credential: 1280, signature: 290 } as const;
/** What a protected command with a short Lc carries; a relay and a slow link may carry no longer ones. */
const PIECE = 0xc0;
/** Modes of P2: record by number; and its short identifier. */
const BY_NUMBER = 0x04;

/** With what the issuer works, and for which card. */
export interface IssuerTerminal {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly clock: Pick<Clock, 'nowNs'>;
  /** ASCII digits. */
  readonly can: Uint8Array;
  /** With the right to write DG17; its `signers` hold the document signer's authority. */
  readonly terminal: TerminalKeys;
  /** The day on which the document signer's certificate must hold. */
  readonly today: Date;
  readonly signal?: AbortSignal;
}

export interface PersonalisationJob extends IssuerTerminal {
  readonly content: CardContent;
  readonly documentSigner: X509Holder;
  /** Keys that sign E001 to E003. */
  readonly signing: SigningKeys;
  /** AAAAMMJJ, from 2000 on. */
  readonly validFrom: string;
  /** Makes what E006 holds, once the holder's key is known; null: nothing. At most 1,276 bytes. */
  readonly credential: ((keys: PublicKeys) => Promise<Uint8Array>) | null;
}

/** Points, `04 X Y`. */
export interface PublicKeys {
  readonly chip: Uint8Array;
  readonly device: Uint8Array;
  readonly holder: Uint8Array;
}

export interface PersonalisedCard extends PublicKeys {
  /** EF.CardSecurity as it was written. */
  readonly cardSecurity: Uint8Array;
}

/** The card does not do what it is told. Nothing of it is operational. */
export class PersonalisationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PersonalisationError';
  }
}

/**
 * Writes a blank card: generates its key for chip authentication, reads its public keys, fills its files, and has it prove
 * the new key. The application stays in initialisation: nobody reads anything of it.
 * @throws {PersonalisationError} {ChannelFailure} {HalError} {CardDataError} content that no card has room for
 */
export async function personaliseCard(session: CardSession, job: PersonalisationJob): Promise<PersonalisedCard> {
  const files = cardFilesOf(job.content);
  let written: PersonalisedCard | null = null;
  const channel = await open(session, job, async (inside) => {
    written = await write(inside, job, files);
  });
  channel.leave();
  if (written === null) throw new PersonalisationError('the card has no chip authentication, so nothing was written');
  return written;
}

/**
 * Makes a personalised card operational: activates its application, in one transaction of the card. Repeated on a card
 * that is operational it changes nothing.
 * @throws {PersonalisationError} {ChannelFailure} the card has no key, or not the certified one; {HalError}
 */
export async function makeOperational(session: CardSession, terminal: IssuerTerminal): Promise<void> {
  const channel = await open(session, terminal);
  const card = new Writer(channel.session);
  await card.do({ ins: INS.SELECT, p1: 0x04, p2: 0x0c, data: OWN_AID }, 'the application');
  if ((await lifeCycle(card)) !== ACTIVATED) {
    await card.do({ ins: INS.ACTIVATE_FILE, p1: 0x00, p2: 0x00 }, 'ACTIVATE FILE of the application');
  }
  channel.leave();
}

const ACTIVATED = 0x05;
const LIFE_CYCLE_TAG = 0x8a;
const FCP = 0x62;

/** Life cycle status byte of the current DF, from its control parameters. */
async function lifeCycle(card: Writer): Promise<number> {
  const { data } = await card.do(
    { ins: INS.SELECT, p1: 0x04, p2: 0x04, data: OWN_AID, ne: 256 },
    'the control parameters of the application',
  );
  const outer = new TlvReader(data);
  if (!outer.next() || outer.tag !== FCP) return 0;
  const inner = outer.enter();
  while (inner.next()) if (inner.tag === LIFE_CYCLE_TAG) return inner.value()[0] ?? 0;
  return 0;
}

async function open(
  session: CardSession,
  { crypto, random, clock, can, terminal, today, signal }: IssuerTerminal,
  beforeChip?: (session: CardSession) => Promise<void>,
): Promise<{ readonly session: CardSession; leave(): void }> {
  const { session: inside } = await openChannel(session, {
    crypto,
    random,
    clock,
    password: { name: 'CAN', bytes: can },
    terminal,
    readCardSecurity: (content) => readSignedInfos(content, terminal.signers, today),
    ...(signal !== undefined && { signal }),
    ...(beforeChip !== undefined && { beforeChip }),
  });
  return { session: inside, leave: () => inside.leave() };
}

async function write(session: CardSession, job: PersonalisationJob, files: CardFiles): Promise<PersonalisedCard> {
  const { crypto } = job;
  const card = new Writer(session);
  // The application first: it may be another card's, and then nothing of it is changed.
  await card.do({ ins: INS.SELECT, p1: 0x04, p2: 0x0c, data: OWN_AID }, 'the application');
  if ((await lifeCycle(card)) === ACTIVATED) throw new PersonalisationError('this card is operational already');
  const device = await card.publicKey(READ_PUBLIC_KEY, DEVICE_KEY, 'the device key');
  const holder = await card.publicKey(READ_PUBLIC_KEY, HOLDER_KEY, "the holder's key");
  const chip = await card.publicKey(GENERATE, CHIP_KEY, 'a key for chip authentication');
  const credential = (await job.credential?.({ chip, device, holder })) ?? null;
  const { affiliation, beneficiaries, rights } = files;
  await card.records(SFI.affiliation, affiliation, 'E001');
  await card.records(SFI.beneficiaries, beneficiaries, 'E002');
  await card.records(SFI.rights, rights, 'E003');
  if (credential !== null) await card.binary(SFI.credential, encodeHeld(credential, SIZE.credential), 'E006');
  const signature = signFiles(crypto, job.signing, [affiliation, beneficiaries, rights], job.validFrom);
  if (signature.length !== SIZE.signature) throw new PersonalisationError('the signature has not the size of E00F');
  await card.binary(SFI.signature, signature, 'E00F');
  const cardSecurity = await signedInfos(card, chip, job);
  await card.do({ ins: INS.SELECT, p1: 0x00, p2: 0x0c, data: Uint8Array.of(0x3f, 0x00) }, 'the MF');
  await card.do({ ins: INS.SELECT, p1: 0x02, p2: 0x0c, data: Uint8Array.of(0x01, 0x1d) }, 'EF.CardSecurity');
  const content = new Uint8Array(SIZE.cardSecurity);
  if (cardSecurity.length > content.length)
    throw new PersonalisationError('EF.CardSecurity has no room for so long a signature');
  content.set(cardSecurity);
  await card.binary(null, content, 'EF.CardSecurity');
  return { chip, device, holder, cardSecurity };
}

/** What EF.CardAccess says, with the public key, signed. */
async function signedInfos(card: Writer, chip: Uint8Array, job: PersonalisationJob): Promise<Uint8Array> {
  await card.do({ ins: INS.SELECT, p1: 0x00, p2: 0x0c, data: Uint8Array.of(0x3f, 0x00) }, 'the MF');
  const access = await readSecurityFile((command) => card.send(command), EF_CARD_ACCESS);
  const infos = parseSecurityInfos(access ?? new Uint8Array(0)).flatMap((info): Uint8Array | readonly Uint8Array[] => {
    if (info.kind === 'pace' && info.protocol !== null && info.parameterId !== null) {
      return paceInfo(info.protocol, info.parameterId);
    }
    return info.kind === 'chip-authentication' && info.cipher !== null && info.keyId !== null
      ? chipAuthenticationInfo(info.cipher, info.keyId)
      : [];
  });
  const set = encodeSecurityInfos([
    ...infos,
    chipAuthenticationPublicKeyInfo(CHIP_CURVE, chip, CHIP_KEY),
    terminalAuthenticationInfo(),
  ]);
  return signCardSecurity(job.crypto, set, job.documentSigner);
}

/** Commands that must succeed. */
class Writer {
  readonly #session: CardSession;

  constructor(session: CardSession) {
    this.#session = session;
  }

  send(command: Uint8Array): Promise<CardAnswer> {
    return wholeAnswer(async (apdu) => (await this.#session.transmit(apdu)).response, command);
  }

  /** @param what for a person @throws {PersonalisationError} */
  async do(command: Omit<CommandFields, 'cla'>, what: string): Promise<CardAnswer> {
    const answer = await this.send(encodeCommand({ cla: 0, ...command }));
    if (answer.sw !== SW.OK) throw refusal(what, answer.sw);
    return answer;
  }

  /** GENERATE ASYMMETRIC KEY PAIR. @returns `04 X Y` */
  async publicKey(p1: number, reference: number, what: string): Promise<Uint8Array> {
    const { data } = await this.do({ ins: INS.GENERATE_ASYMMETRIC_KEY_PAIR, p1, p2: reference, ne: 256 }, what);
    const outer = new TlvReader(data);
    const inner = outer.next() ? outer.enter() : null;
    if (inner?.next() !== true || inner.tag !== 0x86)
      throw new PersonalisationError(`the card gives no point for ${what}`);
    return Uint8Array.from(inner.value());
  }

  /** Makes these the records of a file. One that was begun before is gone over; one that has more of them is not blank. */
  async records(sfi: number, records: readonly Uint8Array[], what: string): Promise<void> {
    for (const [index, data] of records.entries()) {
      const updated = await this.send(
        encodeCommand({ cla: 0, ins: INS.UPDATE_RECORD, p1: index + 1, p2: (sfi << 3) | BY_NUMBER, data }),
      );
      if (updated.sw === SW.OK) continue;
      if (updated.sw !== SW.RECORD_NOT_FOUND) throw refusal(`record ${index + 1} of ${what}`, updated.sw);
      await this.do({ ins: INS.APPEND_RECORD, p1: 0, p2: sfi << 3, data }, `record ${index + 1} of ${what}`);
    }
    const next = records.length + 1;
    const more = await this.send(
      encodeCommand({ cla: 0, ins: INS.READ_RECORD, p1: next, p2: (sfi << 3) | BY_NUMBER, ne: 256 }),
    );
    if (more.sw !== SW.RECORD_NOT_FOUND) {
      throw new PersonalisationError(`${what} has more records than are written: the card is of another activation`);
    }
  }

  /** Writes a whole transparent file. @param sfi null: the current one */
  async binary(sfi: number | null, content: Uint8Array, what: string): Promise<void> {
    for (let at = 0; at < content.length; at += PIECE) {
      const data = copyBytes(content, at, Math.min(at + PIECE, content.length));
      // The first piece makes the file current.
      const p1 = at === 0 && sfi !== null ? 0x80 | sfi : at >> 8;
      await this.do({ ins: INS.UPDATE_BINARY, p1, p2: at & 0xff, data }, what);
    }
  }
}

function refusal(what: string, sw: number): PersonalisationError {
  return new PersonalisationError(`the card refuses ${what}: ${formatStatusWord(sw)} ${statusWordMeaning(sw)}`);
}
