import type { Invoice } from '../../../src/applet/vitale/index.ts';
import type { SqlRow, Statements } from '../../store/sql.ts';
import { isAfterTomorrow, readClaim } from '../credential/claim.ts';
import { audit } from './audit.ts';
import {
  CLAIM_COLUMNS,
  type ClaimRow,
  invoiceOfRow,
  type KnownInvoice,
  newestInvoices,
  rowOfInvoice,
} from './claim-rows.ts';
import { type ContextProof, liveContext } from './context.ts';
import { decided, Refused } from './decided.ts';
import { checkDeviceKey, checkRequest } from './identifiers.ts';
import { IssuerRefusal } from './refusals.ts';
import { type CardClaims, claimsOfInsured } from './registry.ts';
import type { IssuerStore } from './store.ts';

/** How old an offline code may be when its claim arrives, and how far a counter's clock may run ahead. */
export const OLDEST_OFFLINE_MS: number = 30 * 24 * 60 * 60_000;
export const CLOCK_SKEW_MS: number = 5 * 60_000;

/** What every claim has: who sends it, an identifier for this sending, the summary. */
export interface ClaimOrder {
  /** Holder reference of the certificate that signed the request. */
  readonly signer: string;
  readonly requestId: string;
  /** A `Claim`, checked here field by field; its status becomes `recorded`. */
  readonly claim: unknown;
  readonly now: number;
}

export interface ReceivedClaim {
  readonly id: number;
  /** When it came the first time. */
  readonly receivedAt: number;
}

type Origin = 'context' | 'offline' | 'card';

/** Whom a claim can be for. */
interface Concerned extends SqlRow {
  readonly activation_id: string;
  readonly insured_id: number;
  /** The only one, of a delegation; null: everybody on the card. */
  readonly beneficiary_index: number | null;
}

/** A claim against a live context. Repeated with the same request identifier it answers the same. @throws {IssuerRefusal} */
export async function claimByContext(store: IssuerStore, order: ClaimOrder & ContextProof): Promise<ReceivedClaim> {
  return receive(store, order, 'context', async (statements) => liveContext(statements, order, order.now));
}

/**
 * A claim after an offline code, which the caller has verified: both signatures, and that it was in time when it was
 * shown. It counts once, and only when the card was active when the code was made.
 * @param cti identifier of the code in hexadecimal digits
 * @param madeAt milliseconds since 1970
 * @throws {IssuerRefusal}
 */
export async function claimByOfflineQr(
  store: IssuerStore,
  order: ClaimOrder & { readonly cti: string; readonly statusIndex: number; readonly madeAt: number },
): Promise<ReceivedClaim> {
  const { cti, statusIndex, madeAt, now } = order;
  if (!/^[0-9a-f]{8,128}$/i.test(cti) || !Number.isSafeInteger(statusIndex) || statusIndex < 0) {
    throw new IssuerRefusal('claim-malformed');
  }
  const concerned = async (statements: Statements): Promise<Concerned | Refused> => {
    const [row] = await statements.query<Concerned & { activated_at: number | null; ended_at: number | null }>(
      `select id as activation_id, insured_id, null::int as beneficiary_index, activated_at, ended_at
       from activations where status_index = $1`,
      [statusIndex],
    );
    if (row === undefined || row.activated_at === null) return new Refused('offline-unknown');
    const about = { activation: row.activation_id };
    if (madeAt > now + CLOCK_SKEW_MS || madeAt < now - OLDEST_OFFLINE_MS) return new Refused('offline-stale', about);
    if (row.ended_at !== null && row.ended_at <= madeAt) return new Refused('card-revoked', about);
    const [use] = await statements.query('select cti from offline_uses where cti = $1', [cti.toLowerCase()]);
    return use === undefined ? row : new Refused('offline-used', about);
  };
  return receive(store, order, 'offline', concerned, (statements, claim) =>
    statements.query('insert into offline_uses (cti, claim_id, used_at) values ($1, $2, $3)', [
      cti.toLowerCase(),
      claim,
      now,
    ]),
  );
}

/** A claim after a tap, in which the card proved itself and took the summary. @throws {IssuerRefusal} */
export async function claimByCard(
  store: IssuerStore,
  order: ClaimOrder & { readonly cardSerial: Uint8Array },
): Promise<ReceivedClaim> {
  return receive(store, order, 'card', async (statements) => {
    const [row] = await statements.query<Concerned>(
      `select id as activation_id, insured_id, null::int as beneficiary_index from activations
       where card_serial = $1 and state = 'active'`,
      [order.cardSerial],
    );
    return row ?? new Refused('card-unknown');
  });
}

/**
 * The newest claims of the family of an active phone, the newest first. A claim that this phone's card took from a terminal
 * is on the card already: the phone cannot see that without the holder's code, and would write it a second time.
 * @throws {IssuerRefusal} `device-unknown`
 */
export async function claimsFor(
  store: IssuerStore,
  { deviceKey }: { readonly deviceKey: string },
): Promise<readonly KnownInvoice[]> {
  checkDeviceKey(deviceKey);
  const [row] = await store.sql.query<{ id: string; insured_id: number }>(
    `select id, insured_id from activations where device_key = $1 and state = 'active'`,
    [deviceKey],
  );
  if (row === undefined) throw new IssuerRefusal('device-unknown');
  return newestInvoices(store.sql, row.insured_id, row.id);
}

async function receive(
  store: IssuerStore,
  order: ClaimOrder,
  origin: Origin,
  findConcerned: (statements: Statements) => Promise<Concerned | Refused>,
  afterwards?: (statements: Statements, claim: number) => Promise<unknown>,
): Promise<ReceivedClaim> {
  const { signer, requestId, now } = order;
  checkRequest(order);
  const read = readClaim(order.claim);
  if ('refusal' in read) throw new IssuerRefusal('claim-malformed', read.refusal);
  const invoice: Invoice = { ...read.claim, status: 'recorded' };
  return decided(store, { verb: `claim by ${origin}`, now, signer }, async (statements) => {
    const before = await sentBefore(statements, order, invoice);
    if (before !== null) return before;
    if (isAfterTomorrow(read.claim, now)) return new Refused('claim-future');
    const concerned = await findConcerned(statements);
    if (concerned instanceof Refused) return concerned;
    const { activation_id: activation, insured_id: insured } = concerned;
    const { beneficiaries } = (await claimsOfInsured(statements, insured)) as CardClaims;
    const index = invoice.beneficiaryIndex;
    const isMeant = concerned.beneficiary_index === null || concerned.beneficiary_index === index;
    if (!isMeant || beneficiaries.every((each) => each.index !== index)) {
      return new Refused('claim-beneficiary', { activation, insured });
    }
    const [same] = await statements.query('select id from claims where professional_id = $1 and number = $2', [
      invoice.professionalId,
      invoice.number,
    ]);
    if (same !== undefined) return new Refused('claim-duplicate', { activation, insured });
    const [row] = await statements.query<{ id: number }>(
      `insert into claims (insured_id, activation_id, origin, signer, request_id, received_at, ${CLAIM_COLUMNS})
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) returning id`,
      [insured, activation, origin, signer, requestId, now, ...rowOfInvoice(invoice)],
    );
    const claim = row?.id as number;
    await afterwards?.(statements, claim);
    await audit(statements, now, 'claim-received', { claim, activation, insured, signer, reason: origin });
    return { id: claim, receivedAt: now };
  });
}

/** The answer to a request that was answered already; null when it is a new one. */
async function sentBefore(
  statements: Statements,
  { signer, requestId }: ClaimOrder,
  invoice: Invoice,
): Promise<ReceivedClaim | Refused | null> {
  const [row] = await statements.query<ClaimRow & { received_at: number }>(
    `select id, received_at, ${CLAIM_COLUMNS} from claims where signer = $1 and request_id = $2`,
    [signer, requestId],
  );
  if (row === undefined) return null;
  const isSame = JSON.stringify(rowOfInvoice(invoiceOfRow(row))) === JSON.stringify(rowOfInvoice(invoice));
  return isSame ? { id: row.id, receivedAt: row.received_at } : new Refused('request-used', { claim: row.id });
}
