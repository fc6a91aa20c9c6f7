/**
 * Terminal authentication version 2 as the terminal plays it (BSI TR-03110-3 B.3): command APDUs out, response APDUs
 * in, all of them to be protected by the channel of PACE. For each certificate MSE:Set DST and PSO: VERIFY
 * CERTIFICATE, then MSE:Set AT, GET CHALLENGE, EXTERNAL AUTHENTICATE.
 *
 * The ephemeral key pair is that of the chip authentication that follows.
 */
import { encodeCommand, findTlv, INS, SW } from '../apdu/index.ts';
import { sameBytes } from '../apdu/same-bytes.ts';
import type { Crypto } from '../hal/crypto.ts';
import {
  manageSecurityEnvironment,
  SET_AT_TERMINAL_AUTHENTICATION,
  SET_DST_VERIFICATION,
} from './authentication-template.ts';
import { CERTIFICATE, certificateReferences, type IssuerKey, parseCertificate } from './card-verifiable-certificate.ts';
import { ChannelError, refused } from './channel-error.ts';
import { compressed } from './domain-parameters.ts';
import { terminalAuthenticationOid } from './object-identifier.ts';
import { CHALLENGE_LENGTH, terminalSignatureInput } from './terminal-signature.ts';
import { splitResponse } from './terminal-step.ts';

export interface TerminalAuthenticationTerminalOptions {
  readonly crypto: Pick<Crypto, 'hash' | 'ecdsaSign'>;
  /** Objects 7F21, each signed by the holder of the one before; the first by a trust point of the chip. See {@link chainFrom}. */
  readonly certificates: readonly Uint8Array[];
  /** The private key of the last certificate. */
  readonly key: IssuerKey;
  /** The chip's ephemeral key of PACE, `04 X Y`. */
  readonly chipEphemeralKey: Uint8Array;
  /** The terminal's ephemeral public key for chip authentication, `04 X Y`. */
  readonly ephemeralPublicKey: Uint8Array;
  /** Value of object 67. */
  readonly auxiliaryData?: Uint8Array;
}

type Step = { readonly name: string; readonly command: Uint8Array };

export class TerminalAuthenticationTerminal {
  readonly #options: TerminalAuthenticationTerminalOptions;
  readonly #steps: Step[] = [];
  #at = 0;

  /**
   * The certificates are the chip's to judge: here only their names are read.
   * @throws {CertificateError} a certificate without its names @throws {RangeError} no certificate
   */
  constructor(options: TerminalAuthenticationTerminalOptions) {
    this.#options = options;
    const parsed = options.certificates.map((certificate) => certificateReferences(certificate));
    const last = parsed[parsed.length - 1];
    if (last === undefined) throw new RangeError('terminal authentication needs certificates');
    parsed.forEach((certificate, index) => {
      this.#steps.push({
        name: `terminal authentication, key ${characters(certificate.authorityReference)}`,
        command: manageSecurityEnvironment(SET_DST_VERIFICATION, {
          publicKeyReference: certificate.authorityReference,
        }),
      });
      this.#steps.push({
        name: `terminal authentication, certificate ${characters(certificate.holderReference)}`,
        command: encodeCommand({
          cla: 0x00,
          ins: INS.PERFORM_SECURITY_OPERATION,
          p1: 0x00,
          p2: 0xbe,
          data: findTlv(options.certificates[index] as Uint8Array, CERTIFICATE) as Uint8Array,
        }),
      });
    });
    const { auxiliaryData, ephemeralPublicKey, key } = options;
    this.#steps.push({
      name: 'terminal authentication, MSE:Set AT',
      command: manageSecurityEnvironment(SET_AT_TERMINAL_AUTHENTICATION, {
        protocol: terminalAuthenticationOid(key.hash),
        publicKeyReference: last.holderReference,
        ephemeralKey: compressed(ephemeralPublicKey),
        ...(auxiliaryData !== undefined && { auxiliaryData }),
      }),
    });
    this.#steps.push({
      name: 'terminal authentication, GET CHALLENGE',
      command: encodeCommand({ cla: 0x00, ins: INS.GET_CHALLENGE, p1: 0, p2: 0, ne: CHALLENGE_LENGTH }),
    });
  }

  /** The first command. */
  start(): Uint8Array {
    return (this.#steps[0] as Step).command;
  }

  /**
   * @param response the plain answer to the last command, status word included
   * @returns the next command, or null: the terminal is authenticated
   * @throws {ChannelError} `refused`, `malformed`
   */
  next(response: Uint8Array): Uint8Array | null {
    const challengeAt = this.#steps.length - 1;
    const name =
      this.#at > challengeAt ? 'terminal authentication, EXTERNAL AUTHENTICATE' : (this.#steps[this.#at] as Step).name;
    const { data, status } = splitResponse(name, response);
    if (status !== SW.OK) throw refused(name, status);
    if (this.#at > challengeAt) return null;
    const answered = this.#at++;
    if (answered < challengeAt) return (this.#steps[this.#at] as Step).command;
    if (data.length !== CHALLENGE_LENGTH) {
      throw new ChannelError('malformed', `${name}: a challenge of ${data.length} bytes`);
    }
    return this.#sign(data);
  }

  #sign(challenge: Uint8Array): Uint8Array {
    const { crypto, key, chipEphemeralKey, ephemeralPublicKey, auxiliaryData } = this.#options;
    const input = terminalSignatureInput(
      compressed(chipEphemeralKey),
      challenge,
      compressed(ephemeralPublicKey),
      auxiliaryData ?? null,
    );
    const signature = crypto.ecdsaSign(key.curve, key.privateKey, crypto.hash(key.hash, input));
    return encodeCommand({ cla: 0x00, ins: INS.EXTERNAL_AUTHENTICATE, p1: 0, p2: 0, data: signature });
  }
}

/**
 * The certificates that lead from a trust point to `holder`, in the order in which they are sent: link certificates,
 * document verifier, terminal.
 * @param certificates objects 7F21 in any order
 * @param authorities names of the chip's trust points, from PACE
 * @returns null when there is no way
 */
export function chainFrom(
  certificates: readonly Uint8Array[],
  authorities: readonly Uint8Array[],
  holder: Uint8Array,
): readonly Uint8Array[] | null {
  const parsed = certificates.map((bytes) => ({ bytes, certificate: parseCertificate(bytes) }));
  const chain: Uint8Array[] = [];
  let wanted = holder;
  // No chain is longer than the certificates there are: a circle ends here.
  for (let i = 0; i <= parsed.length; i++) {
    if (authorities.some((authority) => sameBytes(authority, wanted))) return chain.reverse();
    const found = parsed.find(
      ({ certificate }) =>
        sameBytes(certificate.holderReference, wanted) &&
        !sameBytes(certificate.authorityReference, certificate.holderReference),
    );
    if (found === undefined) return null;
    chain.push(found.bytes);
    wanted = found.certificate.authorityReference;
  }
  return null;
}

/** A reference for a person: what cannot be printed is shown as a question mark. */
function characters(reference: Uint8Array): string {
  let text = '';
  for (const byte of reference) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
  return text;
}
