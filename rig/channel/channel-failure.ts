import { EXIT, type ExitCode } from '../console/io.ts';

/**
 * Why there is no channel, or none any more:
 *
 * - `wrong-code`, `suspended`, `blocked`, `deactivated`: the state of the password.
 * - `not-offered`: the card has no PACE, not this password, or nothing that is built here.
 * - `no-chain`: the terminal's certificates lead to no root that the card trusts.
 * - `terminal-refused`: the card does not accept the terminal's certificates or its signature.
 * - `not-genuine`: the card does not have the key that it shows, or nobody vouches for that key.
 * - `not-believed`: an answer in clear, without its objects or with a wrong MAC.
 * - `damaged`: bytes of the card that cannot be read as what they should be.
 * - `refused`: the card refused a step for another reason.
 * - `closed`: the channel was left before.
 * - `not-protectable`: a command that secure messaging has no form for.
 */
export type ChannelFailureKind =
  | 'wrong-code'
  | 'suspended'
  | 'blocked'
  | 'deactivated'
  | 'not-offered'
  | 'no-chain'
  | 'terminal-refused'
  | 'not-genuine'
  | 'not-believed'
  | 'damaged'
  | 'refused'
  | 'closed'
  | 'not-protectable';

/** Could not be done here and now; all else judges the card, the code or the terminal as bad. */
const CANNOT_RUN: ReadonlySet<ChannelFailureKind> = new Set(['not-offered', 'no-chain', 'closed', 'not-protectable']);

/** One sentence for a person; no keys of the channel are left. */
export class ChannelFailure extends Error {
  readonly kind: ChannelFailureKind;
  /** 1: something was judged and is bad; 2: there could be no channel. */
  readonly exitCode: ExitCode;

  constructor(kind: ChannelFailureKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ChannelFailure';
    this.kind = kind;
    this.exitCode = CANNOT_RUN.has(kind) ? EXIT.cannotRun : EXIT.fail;
  }
}
