import type { Statements } from '../../store/sql.ts';
import { StoreError } from '../../store/store-error.ts';
import { type AuditDetails, audit } from './audit.ts';
import { IssuerRefusal, type RefusalCode } from './refusals.ts';
import type { IssuerStore } from './store.ts';

/** A refusal that a transaction ends with: its line in the audit log is committed, unlike after an error. */
export class Refused {
  readonly code: RefusalCode;
  readonly details: AuditDetails;

  constructor(code: RefusalCode, details: AuditDetails = {}) {
    this.code = code;
    this.details = details;
  }
}

/** Rules of tables that several requests can run into at once, after each has looked: who came first counts. */
const CONSTRAINTS: Readonly<Record<string, RefusalCode>> = {
  presences_request: 'request-used',
  claims_request: 'request-used',
  claims_number: 'claim-duplicate',
  offline_uses_pkey: 'offline-used',
  device_keys_pkey: 'device-key-used',
};

/**
 * One verb of the issuer in one transaction. A refusal is returned from it, before anything is written, and thrown when
 * its audit line is committed.
 * @throws {IssuerRefusal}; {StoreError}
 */
export async function decided<T>(
  store: IssuerStore,
  { verb, now, ...who }: { readonly verb: string; readonly now: number } & AuditDetails,
  work: (statements: Statements) => Promise<T | Refused>,
): Promise<T> {
  const note = (statements: Statements, { code, details }: Refused): Promise<void> =>
    audit(statements, now, 'refused', { verb, ...who, ...details, code });
  let result: T | Refused;
  try {
    result = await store.sql.transaction(async (statements) => {
      const outcome = await work(statements);
      if (outcome instanceof Refused) await note(statements, outcome);
      return outcome;
    });
  } catch (error) {
    const code = error instanceof StoreError && error.constraint !== null ? CONSTRAINTS[error.constraint] : undefined;
    if (code === undefined) throw error;
    result = new Refused(code);
    const refused = result;
    await store.sql.transaction((statements) => note(statements, refused));
  }
  if (result instanceof Refused) throw new IssuerRefusal(result.code);
  return result;
}
