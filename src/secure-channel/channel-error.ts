import { formatStatusWord, statusWordMeaning } from '../apdu/index.ts';

/**
 * Why a terminal must not go on:
 *
 * - `refused`: the chip answered with a status word that ends the protocol; `status` has it.
 * - `plain`: an answer without protection came inside a channel.
 * - `incorrect`: a token, MAC, certificate or data object of the chip is wrong: an impostor, or a damaged answer.
 * - `malformed`: the bytes cannot be read as what they should be.
 * - `unsupported`: a protocol, curve or cipher that is not built here.
 * - `exhausted`: the send sequence counter is at its end.
 */
export type ChannelFault = 'refused' | 'plain' | 'incorrect' | 'malformed' | 'unsupported' | 'exhausted';

/** The terminal's side ends with this error and with no keys. The chip's side never throws at a reader. */
export class ChannelError extends Error {
  readonly fault: ChannelFault;
  /** The chip's status word, where it sent one. */
  readonly status: number | undefined;

  constructor(
    fault: ChannelFault,
    message: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'ChannelError';
    this.fault = fault;
    this.status = options.status;
  }
}

/** `PACE, mutual authentication: 6300 (warning, memory changed)`. */
export function refused(step: string, status: number): ChannelError {
  return new ChannelError('refused', `${step}: ${formatStatusWord(status)} (${statusWordMeaning(status)})`, { status });
}
