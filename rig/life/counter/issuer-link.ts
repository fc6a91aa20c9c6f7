import type { Crypto } from '../../../src/hal/crypto.ts';
import { systemRandom } from '../../../src/hal/system/random.ts';
import type { TerminalKeys } from '../../pki/terminal-keys.ts';
import { IssuerRefused, IssuerUnreachable } from '../api/issuer-refused.ts';
import { type ProfessionalLink, professionalLink } from '../api/professional-link.ts';
import { CounterFailure } from './failures.ts';
import type { CounterIssuer } from './issuer.ts';

/** What the issuer will say of a claim each time: sent again, it is refused again. */
const FINAL: ReadonlySet<string> = new Set([
  'claim-malformed',
  'claim-beneficiary',
  'claim-future',
  'claim-duplicate',
  'context-unknown',
  'context-expired',
  'context-ended',
  'offline-used',
  'offline-stale',
  'offline-unknown',
  'card-revoked',
]);

/** The issuer over HTTP, in requests that the terminal's key signs. */
export function issuerOver(
  line: { readonly origin: string; readonly timeoutMs: number; readonly signal: AbortSignal },
  keys: Pick<TerminalKeys, 'certificates' | 'key'>,
  crypto: Crypto,
): CounterIssuer {
  return issuerOf(professionalLink(line, keys, { crypto, random: systemRandom, now: Date.now }));
}

/** What a counter asks of an issuer, over a link to it. */
export function issuerOf(link: ProfessionalLink): CounterIssuer {
  return {
    resolve: (presence, requestId) =>
      told(async () => {
        const { context, data } = await link.resolve(presence, requestId);
        return {
          context: { id: context.id, token: context.token, expiresAt: new Date(context.expiresAt).toISOString() },
          people: data.beneficiaries ?? [],
          affiliation: data.affiliation,
          invoices: data.invoices,
        };
      }),
    renew: (context) => told(async () => new Date((await link.renew(context)).expiresAt).toISOString()),
    destroy: (context) => told(async () => void (await link.destroy(context))),
    claimByContext: (context, claim, requestId) => told(async () => void (await link.claim(context, claim, requestId))),
    claimByOfflineQr: (offline, claim, requestId) =>
      told(async () => void (await link.claimOffline({ offline }, claim, requestId))),
  };
}

/** @throws {CounterFailure} `issuer-silent`, `issuer-refuses` */
async function told<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof IssuerUnreachable) throw new CounterFailure('issuer-silent', cause.message, { cause });
    if (!(cause instanceof IssuerRefused)) throw cause;
    const { code, message } = cause;
    throw new CounterFailure('issuer-refuses', message, { cause, reason: code, isFinal: FINAL.has(code) });
  }
}
