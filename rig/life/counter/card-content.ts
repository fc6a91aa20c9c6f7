import { INS } from '../../../src/apdu/instruction.ts';
import { formatStatusWord, SW, statusWordMeaning } from '../../../src/apdu/status-word.ts';
import {
  AFFILIATION,
  type Affiliation,
  BENEFICIARY,
  type Beneficiary,
  CardDataError,
  decodeInvoice,
  type Invoice,
  OWN_AID,
  RIGHT,
  readHeld,
  withRights,
} from '../../../src/applet/vitale/index.ts';
import { OWN_SFI, type RecordContent } from '../../tap/plan-content.ts';
import { allRecords, LongAsk, wholeBinary } from '../../tap/plan-minimal.ts';
import type { CardTerminal } from '../../tap/terminal.ts';
import { PRESENCE_PREFIX } from '../credential/presence-qr.ts';
import { CounterFailure } from './failures.ts';

/** Short identifiers of files that only the phone's card has. */
export const PHONE_SFI = { presence: 5, credential: 6 } as const;

/** What a professional's terminal reads of a card. */
export interface CardContent {
  readonly people: readonly Beneficiary[];
  readonly affiliation: Affiliation;
  /** Null: not asked for. */
  readonly invoices: readonly Invoice[] | null;
  /** Records of E001, E002 and E003, and E00F, which signs them; null: the card has none. */
  readonly signed: { readonly files: readonly (readonly Uint8Array[])[]; readonly content: Uint8Array } | null;
  /** The issuer's signed credential; null: the card has none. */
  readonly credential: Uint8Array | null;
}

/** SELECT of the own application. @throws {CounterFailure} the card has none, or it is inoperative */
export async function selectCard(terminal: CardTerminal): Promise<void> {
  terminal.phase = 'select';
  const { sw } = await terminal.send({ cla: 0, ins: INS.SELECT, p1: 0x04, p2: 0x0c, data: OWN_AID });
  if (sw === SW.OK) return;
  if (sw === SW.FILE_NOT_FOUND) throw new CounterFailure('no-application');
  throw new CounterFailure('inoperative', refusedWith(sw));
}

/**
 * People, affiliation, rights and what signs them; invoices only when they are asked for.
 * @throws {CounterFailure} the holder has not agreed, or this terminal may not read it; {HalError}
 */
export async function readContent(terminal: CardTerminal, wants: { readonly invoices: boolean }): Promise<CardContent> {
  await selectCard(terminal);
  terminal.phase = 'read';
  const ask = new LongAsk(terminal);
  const affiliation = given(await allRecords(terminal, ask, OWN_SFI.affiliation), terminal);
  const beneficiaries = given(await allRecords(terminal, ask, OWN_SFI.beneficiaries), terminal);
  const rights = given(await allRecords(terminal, ask, OWN_SFI.rights), terminal);
  const invoices = wants.invoices ? given(await allRecords(terminal, ask, OWN_SFI.invoices), terminal) : null;
  const signature = await wholeBinary(terminal, ask, OWN_SFI.signature);
  const credential = await wholeBinary(terminal, ask, PHONE_SFI.credential);
  return decoded(() => ({
    people: withRights(
      beneficiaries.map((record) => BENEFICIARY.decode(record)),
      rights.map((record) => RIGHT.decode(record)),
    ),
    affiliation: AFFILIATION.decode(affiliation[0] ?? new Uint8Array(0)),
    invoices: invoices?.map((record) => decodeInvoice(record)) ?? null,
    signed: signature.sw === SW.OK ? { files: [affiliation, beneficiaries, rights], content: signature.data } : null,
    credential: credential.sw === SW.OK ? readHeld(credential.data) : null,
  }));
}

/** The presence that the phone has put on its card. @throws {CounterFailure} `no-presence`, as {@link readContent} */
export async function readPresence(terminal: CardTerminal): Promise<string> {
  await selectCard(terminal);
  terminal.phase = 'presence';
  const { data, sw } = await wholeBinary(terminal, new LongAsk(terminal), PHONE_SFI.presence);
  given({ records: [], sw }, terminal);
  const text = decoded(() => readHeld(data));
  if (text === null) throw new CounterFailure('no-presence');
  const presence = Buffer.from(text).toString('latin1');
  return presence.startsWith(PRESENCE_PREFIX) ? presence.slice(PRESENCE_PREFIX.length) : presence;
}

/** @throws {CounterFailure} why the card does not give it */
function given({ records, sw }: RecordContent, terminal: CardTerminal): readonly Uint8Array[] {
  if (sw === SW.OK) return records;
  if (sw !== SW.SECURITY_STATUS_NOT_SATISFIED) throw new CounterFailure('card-refuses', refusedWith(sw));
  throw new CounterFailure(terminal.channel?.account.terminal == null ? 'no-terminal-keys' : 'no-consent');
}

function refusedWith(sw: number): string {
  return `${formatStatusWord(sw)} ${statusWordMeaning(sw)}`;
}

/** @throws {CounterFailure} bytes that are not what the dictionary says */
function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof CardDataError)) throw error;
    throw new CounterFailure('damaged', error.message, { cause: error });
  }
}
