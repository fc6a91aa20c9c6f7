import type { Crypto } from '../../src/hal/crypto.ts';
import {
  type Authorization,
  type CardVerifiableCertificate,
  CertificateError,
  chainFrom,
  effectiveAuthorization,
  type ImportedKey,
  judgeCertificate,
  parseCertificate,
  rightsOf,
  roleOf,
  type TrustState,
} from '../../src/secure-channel/index.ts';
import type { TrustAnchor } from './judge-certificates.ts';
import { referenceText } from './reference.ts';

/** A terminal whose certificates hold. */
export interface JudgedTerminal {
  /** Its public key, on its curve. */
  readonly key: ImportedKey;
  /** Holder reference as text. */
  readonly name: string;
  /** Holder references of the certificates between the root and it, the terminal's last. */
  readonly holders: readonly string[];
  /** What the whole chain leaves. */
  readonly rights: readonly string[];
}

/**
 * Why a terminal is not believed: no certificates in this form · no chain to the root, or a signature in it that is wrong
 * (anyone can make such certificates) · a certificate has expired or is of a later day · refused for what else it says.
 */
export type TerminalFault = 'malformed' | 'unknown' | 'expired' | 'refused';

export class TerminalNotBelieved extends Error {
  readonly fault: TerminalFault;

  constructor(fault: TerminalFault, message: string) {
    super(message);
    this.name = 'TerminalNotBelieved';
    this.fault = fault;
  }
}

/**
 * Judges a terminal as a server does that knows today's date: each certificate of the chain as a chip would, and besides
 * that none may be of a later day, which a chip cannot know.
 * @param certificates objects 7F21 in any order but the terminal's last; link certificates may be among them
 * @throws {TerminalNotBelieved}
 */
export function judgeTerminal(
  crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>,
  certificates: readonly Uint8Array[],
  { key: root, date }: TrustAnchor,
): JudgedTerminal {
  const parsed = certificates.map(parse);
  const last = parsed.at(-1);
  const bytes = certificates.at(-1);
  if (last === undefined || bytes === undefined) throw new TerminalNotBelieved('malformed', 'no certificate came');
  if (roleOf(last.authorization) !== 'terminal') {
    throw new TerminalNotBelieved('refused', 'the last certificate is not of a terminal');
  }
  const links = chainFrom(certificates, [root.holderReference], last.authorityReference);
  if (links === null) {
    const [from, to] = [referenceText(root.holderReference), referenceText(last.authorityReference)];
    throw new TerminalNotBelieved('unknown', `no chain leads from ${from} to ${to}`);
  }
  const chain = [...links.map(parse), last];
  let key = root;
  let state: TrustState = { trustPoints: [root], date };
  for (const certificate of chain) {
    const name = referenceText(certificate.holderReference);
    const judged = judgeCertificate(crypto, state, key, certificate);
    if ('reason' in judged) {
      const late = certificate.expirationDate < date || key.expirationDate < date;
      const fault = judged.signature ? 'unknown' : late ? 'expired' : 'refused';
      throw new TerminalNotBelieved(fault, `${name}: ${judged.reason}`);
    }
    if (certificate.effectiveDate > date) throw new TerminalNotBelieved('expired', `${name}: it is of a later day`);
    ({ key, state } = judged);
  }
  const holders = chain.map(nameOf);
  return { key, name: nameOf(last), holders, rights: rightsLeft(key.chain) };
}

function rightsLeft(chain: readonly Authorization[]): readonly string[] {
  const left = effectiveAuthorization(chain);
  return left === null ? [] : rightsOf(left);
}

/** The name is an identity here: it must be the whole name, with nothing that cannot be printed. */
function nameOf({ holderReference }: CardVerifiableCertificate): string {
  const text = referenceText(holderReference);
  if (text.includes('?')) throw new TerminalNotBelieved('refused', `${text}: a name that cannot be printed`);
  return text;
}

function parse(bytes: Uint8Array): CardVerifiableCertificate {
  try {
    return parseCertificate(bytes);
  } catch (cause) {
    if (cause instanceof CertificateError) throw new TerminalNotBelieved('malformed', cause.message);
    throw cause;
  }
}
