import { formatStatusWord, SW, statusWordMeaning } from '../../src/apdu/status-word.ts';
import type { Crypto } from '../../src/hal/crypto.ts';
import {
  ChannelError,
  chainFrom,
  parseCertificate,
  TerminalAuthenticationTerminal,
} from '../../src/secure-channel/index.ts';
import { referenceText } from '../pki/reference.ts';
import type { TerminalKeys } from '../pki/terminal-keys.ts';
import { ChannelFailure } from './channel-failure.ts';
import { runMachine } from './run-machine.ts';
import type { Send } from './security-file.ts';

export interface TerminalRun {
  readonly crypto: Crypto;
  readonly terminal: TerminalKeys;
  /** Names of the card's trust points, as PACE told them. */
  readonly authorities: readonly Uint8Array[];
  /** The chip's ephemeral key of PACE. */
  readonly chipEphemeralKey: Uint8Array;
  /** The terminal's key for the chip authentication that follows. */
  readonly ephemeralPublicKey: Uint8Array;
  readonly auxiliaryData: Uint8Array | null;
}

/**
 * Terminal authentication to its end, inside the channel.
 * @returns names of the certificates' holders in the order in which they were sent
 * @throws {ChannelFailure}
 */
export async function runTerminalAuthentication(send: Send, run: TerminalRun): Promise<readonly string[]> {
  const { crypto, terminal, authorities, chipEphemeralKey, ephemeralPublicKey, auxiliaryData } = run;
  const chain = chainFrom(terminal.certificates, authorities, terminal.holderReference);
  const known = authorities.map(referenceText).join(' and ') || 'none';
  if (chain === null) {
    throw new ChannelFailure(
      'no-chain',
      `the certificates of ${referenceText(terminal.holderReference)} lead to no root that the card trusts (${known})`,
    );
  }
  const holders = chain.map((bytes) => referenceText(parseCertificate(bytes).holderReference));
  const machine = new TerminalAuthenticationTerminal({
    crypto,
    certificates: chain,
    key: terminal.key,
    chipEphemeralKey,
    ephemeralPublicKey,
    ...(auxiliaryData !== null && { auxiliaryData }),
  });
  await runMachine(machine, send, (error, at) =>
    error instanceof ChannelError ? failureOf(error, at, chain, holders) : error,
  );
  return holders;
}

/** @param at which answer: two for each certificate, then MSE:Set AT, GET CHALLENGE, EXTERNAL AUTHENTICATE */
function failureOf(
  error: ChannelError,
  at: number,
  chain: readonly Uint8Array[],
  holders: readonly string[],
): ChannelFailure {
  const { status } = error;
  if (error.fault !== 'refused' || status === undefined) {
    return new ChannelFailure('damaged', `what the card answered is no terminal authentication: ${error.message}`, {
      cause: error,
    });
  }
  const word = `${formatStatusWord(status)} ${statusWordMeaning(status)}`;
  const refused = (message: string): ChannelFailure =>
    new ChannelFailure('terminal-refused', `${message} (${word})`, { cause: error });
  const certificate = at >> 1;
  if (certificate < chain.length) {
    const holder = holders[certificate] as string;
    const issuer = referenceText(parseCertificate(chain[certificate] as Uint8Array).authorityReference);
    if (at % 2 === 0) return refused(`the card has no key of ${issuer}, who issued the certificate ${holder}`);
    if (status === SW.AUTHENTICATION_FAILED) {
      return refused(
        `the certificate ${holder} is not signed by the ${issuer} that the card trusts: it was made by somebody else`,
      );
    }
    return refused(`the card refuses the certificate ${holder}: it has expired, or its role or its content is wrong`);
  }
  if (at === 2 * chain.length + 2 && status === SW.AUTHENTICATION_FAILED) {
    return refused(
      `the card does not accept the signature of ${holders.at(-1)}: the private key is not that of its certificate`,
    );
  }
  return refused(`the card breaks off terminal authentication: ${error.message}`);
}
