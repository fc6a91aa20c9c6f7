import { createHash } from 'node:crypto';
import type { Sql, SqlRow, Statements } from '../../store/sql.ts';
import type { RefusalCode } from './refusals.ts';

/** What is worth a line. */
export const AUDIT_KINDS = [
  'registry-made',
  'families-imported',
  'department-opened',
  'department-closed',
  'activation-begun',
  'activation-committed',
  'activation-abandoned',
  'activation-revoked',
  'credential-issued',
  'credential-offered',
  'credential-offer-allowed',
  'wipe-acknowledged',
  'presence-minted',
  'presence-resolved',
  'presence-answered-again',
  'context-renewed',
  'context-destroyed',
  'claim-received',
  'application-received',
  'application-accepted',
  'application-refused',
  'application-expired',
  'application-files-destroyed',
  'delegation-made',
  'delegation-revoked',
  'contexts-purged',
  'presences-purged',
  'refused',
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** Identifiers of ours and of certificates, counts and codes of closed lists: nothing that tells who somebody is. */
export interface AuditDetails {
  /** Number of the row, which nobody outside knows. */
  readonly insured?: number;
  readonly activation?: string;
  /** The activation's number for its insured. */
  readonly number?: number;
  readonly presence?: number;
  readonly context?: string;
  readonly claim?: number;
  readonly application?: string;
  readonly delegation?: string;
  /** Holder reference of a certificate. */
  readonly signer?: string;
  readonly department?: string;
  readonly count?: number;
  /** What was asked for, of a refusal. */
  readonly verb?: string;
  readonly code?: RefusalCode;
  /** Of a closed list. */
  readonly reason?: string;
}

/** The line before the first. */
const START = Buffer.alloc(32);

/**
 * Writes a line in the transaction of what it is about. One row holds the end of the chain: transactions that write
 * lines commit one after the other.
 */
export async function audit(
  statements: Statements,
  now: number,
  kind: AuditKind,
  details: AuditDetails = {},
): Promise<void> {
  await statements.query(
    `with head as (
       update audit_head
       set sequence = sequence + 1, hash = sha256(hash || convert_to((sequence + 1)::text || ' ' || $1::text, 'UTF8'))
       returning sequence, hash)
     insert into audit_log (sequence, line, hash) select sequence, $1::text, hash from head`,
    [canonicalLine(now, kind, details)],
  );
}

/** JSON with its keys in order and no space: what is hashed, after the hash before, the sequence number and a space. */
export function canonicalLine(now: number, kind: AuditKind, details: AuditDetails): string {
  const ordered = Object.entries(details)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ at: now, details: Object.fromEntries(ordered), kind });
}

export interface AuditLine {
  readonly sequence: number;
  readonly at: number;
  readonly kind: string;
  readonly details: Readonly<Record<string, string | number>>;
  /** SHA-256 in hexadecimal digits. */
  readonly hash: string;
}

export interface AuditVerdict {
  /** Null: every line is what was written, in its order, and none is missing up to the end that the store knows. */
  readonly fault: { readonly sequence: number; readonly reason: string } | null;
  readonly lines: number;
  /** Hash of the last line, to be kept elsewhere: who can write to the database can make the whole chain anew. */
  readonly head: string;
}

interface Row extends SqlRow {
  readonly sequence: number;
  readonly line: string;
  readonly hash: Uint8Array;
}

const PAGE = 10_000;

/**
 * Reads the chain from its beginning and computes every hash again.
 * @param expected hashes of lines that somebody noted before, by sequence number
 * @param onLine is given each line that is right
 */
export async function verifyAudit(
  sql: Sql,
  expected: ReadonlyMap<number, string> = new Map(),
  onLine: (line: AuditLine) => void = () => {},
  signal?: AbortSignal,
): Promise<AuditVerdict> {
  let before: Uint8Array = START;
  let sequence = 0;
  const fault = (reason: string): AuditVerdict => ({
    fault: { sequence: sequence + 1, reason },
    lines: sequence,
    head: hex(before),
  });
  // The end first: lines that are written meanwhile come after it.
  const [end] = await sql.query<{ sequence: number; hash: Uint8Array }>('select sequence, hash from audit_head');
  if (end === undefined) return fault('the end of the chain is missing');
  for (let more = true; more; ) {
    signal?.throwIfAborted();
    const rows = await sql.query<Row>(
      'select sequence, line, hash from audit_log where sequence > $1 and sequence <= $2 order by sequence limit $3',
      [sequence, end.sequence, PAGE],
    );
    for (const row of rows) {
      if (row.sequence !== sequence + 1) return fault('this line is missing');
      const hash = createHash('sha256').update(before).update(`${row.sequence} ${row.line}`).digest();
      if (Buffer.compare(hash, row.hash) !== 0) return fault('this line is not the one that was written');
      const noted = expected.get(row.sequence);
      if (noted !== undefined && noted !== hash.toString('hex'))
        return fault('this line is not the one that was noted');
      sequence = row.sequence;
      before = hash;
      onLine({ sequence, ...(JSON.parse(row.line) as Omit<AuditLine, 'sequence' | 'hash'>), hash: hex(hash) });
    }
    more = rows.length === PAGE;
  }
  if (sequence < end.sequence) return fault('this line is missing');
  if (Buffer.compare(before, end.hash) !== 0) return fault('the end of the chain is not what was written');
  const later = [...expected.keys()].filter((noted) => noted > sequence);
  if (later.length > 0) return fault('a line that was noted is missing');
  return { fault: null, lines: sequence, head: hex(before) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
