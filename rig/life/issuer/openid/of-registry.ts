import type { Statements } from '../../../store/sql.ts';
import { pointToJwk } from '../../credential/jws.ts';
import { audit } from '../audit.ts';
import { claimsOfInsured } from '../registry.ts';
import type { IssuerStore } from '../store.ts';
import { cardCredential } from './card-credential.ts';
import type { CredentialSubject, OpenIdContext } from './context.ts';

/** The OpenID routes over the issuer's own registry. @param statusList URL of the status list */
export function openIdOfRegistry(
  store: IssuerStore,
  statusList: () => string,
  rest: Omit<OpenIdContext, 'sql' | 'subject' | 'noted'>,
): OpenIdContext {
  return { ...rest, ...registryPart(store, statusList, rest.now) };
}

/** What the registry is to the OpenID routes. */
export function registryPart(
  store: IssuerStore,
  statusList: () => string,
  now: () => number,
): Pick<OpenIdContext, 'sql' | 'subject' | 'noted'> {
  return {
    sql: store.sql,
    subject: (statements, activation) => subjectOf(statements, activation, statusList()),
    noted: (statements, kind, activation) => audit(statements, now(), `credential-${kind}`, { activation }),
  };
}

interface ActivationRow {
  readonly [column: string]: string | number | boolean | null | Uint8Array;
  readonly insured_id: number;
  readonly state: CredentialSubject['state'];
  readonly status_index: number;
  readonly holder_key: Uint8Array | null;
}

async function subjectOf(
  statements: Statements,
  activation: string,
  statusList: string,
): Promise<CredentialSubject | null> {
  const [row] = await statements.query<ActivationRow>(
    'select insured_id, state, status_index, holder_key from activations where id = $1',
    [activation],
  );
  const claims = row === undefined ? null : await claimsOfInsured(statements, row.insured_id);
  if (row === undefined || claims === null) return null;
  return {
    state: row.state,
    holderKey: row.holder_key === null ? null : pointToJwk(row.holder_key),
    ...cardCredential(claims),
    status: { uri: statusList, idx: row.status_index },
  };
}
