import type { Crypto } from '../../src/hal/crypto.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { type Role, rightsOf, roleOf, rootTrustPoint, type TerminalType } from '../../src/secure-channel/index.ts';
import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { type FoundCertificate, readCertificates } from './certificate-file.ts';
import { dateText, today } from './dates.ts';
import { type CertificateVerdict, isSelfSigned, judgeCertificates, type TrustAnchor } from './judge-certificates.ts';
import { referenceText } from './reference.ts';
import { rightsInWords } from './rights.ts';

export interface ShowOptions {
  readonly files: readonly string[];
  /** A root certificate to judge against; null: only what the files say of each other. */
  readonly trust: string | null;
  /** The date of the chip; null: today. */
  readonly date: number | null;
}

/** `vitap pki show`: certificates in words; exit 1 when one is not good. */
export async function showCertificates(options: ShowOptions, io: CommandIo): Promise<ExitCode> {
  const crypto = nobleCrypto();
  const found = options.files.flatMap((file) => readCertificates(file));
  const anchor = options.trust === null ? null : readAnchor(options.trust, options.date ?? today(), crypto);
  const known = anchor === null ? found : [...found, anchor.found];
  const verdicts = judgeCertificates(crypto, found, known, anchor);
  const failed = verdicts.some(({ verdict }) => verdict === 'FAIL');
  if (io.json) {
    writeJson(io, {
      trust:
        anchor === null ? null : { file: options.trust, holder: nameOf(anchor.found), date: dateText(anchor.date) },
      verdict: failed ? 'FAIL' : anchor === null ? 'INCONCLUSIVE' : 'PASS',
      certificates: found.map((each, index) => asData(each, verdicts[index] as CertificateVerdict)),
    });
  } else {
    io.stdout(found.map((each, index) => inWords(each, verdicts[index] as CertificateVerdict)).join('\n'));
  }
  return failed ? EXIT.fail : EXIT.pass;
}

function readAnchor(file: string, date: number, crypto: Crypto): TrustAnchor & { readonly found: FoundCertificate } {
  const [found, ...more] = readCertificates(file);
  if (found === undefined || more.length > 0) throw new CannotRun(`${file}: a trust anchor is one certificate`);
  const key = rootTrustPoint(crypto, found.certificate);
  if ('reason' in key) throw new CannotRun(`${file}: no trust anchor: ${key.reason}`);
  return { key, date, found };
}

function nameOf({ certificate }: FoundCertificate): string {
  return referenceText(certificate.holderReference);
}

const TYPES: Readonly<Record<TerminalType, string>> = {
  AT: 'authentication terminals',
  IS: 'inspection systems',
  ST: 'signature terminals',
};

function roleInWords(role: Role, { certificate }: FoundCertificate): string {
  if (role === 'CVCA') return isSelfSigned(certificate) ? 'root (CVCA)' : 'root (CVCA), link certificate';
  if (role === 'terminal') return 'terminal';
  return role === 'DV-other'
    ? 'document verifier, foreign or not official'
    : 'document verifier, official and domestic';
}

function inWords(found: FoundCertificate, { signature, curve, verdict, reason }: CertificateVerdict): string {
  const { authorization, effectiveDate, expirationDate, publicKey, extensions, authorityReference } = found.certificate;
  const inherited = publicKey.curve === null ? ' (inherited)' : '';
  const rows: [string, string][] = [
    ['file', shown(found.file)],
    ['role', `${roleInWords(roleOf(authorization), found)}; ${TYPES[authorization.type]} (${authorization.type})`],
    ['issued by', referenceText(authorityReference)],
    ['valid', `${dateText(effectiveDate)} to ${dateText(expirationDate)}`],
    [
      'key',
      `ECDSA with ${publicKey.hash.toUpperCase()} on ${curve === null ? 'its root’s curve' : `${curve}${inherited}`}`,
    ],
    ['rights', rightsInWords(rightsOf(authorization))],
    ...(extensions === null ? [] : [['extensions', `${extensions.length} bytes`] satisfies [string, string]]),
    ['signature', signature.state + (signature.reason === null ? '' : `: ${signature.reason}`)],
    ['verdict', `${verdict}: ${reason}`],
  ];
  return [nameOf(found), ...rows.map(([name, value]) => `  ${name.padEnd(11)}${value}`), ''].join('\n');
}

function asData(found: FoundCertificate, { signature, curve, verdict, reason }: CertificateVerdict): unknown {
  const { authorization, effectiveDate, expirationDate, publicKey, extensions, authorityReference } = found.certificate;
  return {
    id: nameOf(found),
    verdict,
    reason,
    file: found.file,
    authority: referenceText(authorityReference),
    role: roleOf(authorization),
    terminalType: authorization.type,
    rights: rightsOf(authorization),
    effectiveDate: dateText(effectiveDate),
    expirationDate: dateText(expirationDate),
    hash: publicKey.hash,
    curve,
    domainParameters: publicKey.curve !== null,
    publicKey: publicKey.point,
    extensions,
    signature: signature.state,
    certificate: found.bytes,
  };
}
