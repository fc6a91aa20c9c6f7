import { SW } from '../../apdu/status-word.ts';
import type { Crypto } from '../../hal/crypto.ts';
import {
  type AuthenticationTemplate,
  ChipAuthenticationChip,
  type ChipKey,
  PASSWORD,
  TerminalAuthenticationChip,
  type TrustState,
} from '../../secure-channel/index.ts';
import type { CardCore, CommandContext } from '../command-context.ts';
import { KEY_USE } from '../image/layout.ts';

/**
 * Terminal and chip authentication on one interface (BSI TR-03110, version 2): the protocols are the chip's of
 * src/secure-channel; trust points, date and keys are here. All of it happens inside the channel that PACE made.
 *
 * A command that fails takes from the terminal what it had proven; the channel stays.
 */
export class ExtendedAccess {
  readonly #core: CardCore;
  /** Trust points that the terminal's machine started from, and what they have become by it. */
  #trust: TrustState | null = null;
  #chip: { readonly machine: ChipAuthenticationChip; readonly keys: readonly ChipKey[] } | null = null;

  /** Why the last certificate was refused, in words; for tools that explain. */
  reason: string | null = null;

  constructor(core: CardCore) {
    this.#core = core;
  }

  reset(): void {
    for (const { privateKey } of this.#chip?.keys ?? []) privateKey.fill(0);
    this.#chip?.machine.reset();
    this.#chip = null;
  }

  /** Whether a GENERAL AUTHENTICATE that came protected belongs to chip authentication. */
  get awaitsKey(): boolean {
    return this.#chip !== null;
  }

  /** MSE:Set DST 81B6. @returns as {@link TerminalAuthenticationChip.selectKey}; 6982 outside of a channel */
  selectKey(context: CommandContext, template: AuthenticationTemplate): number {
    return this.#withTerminal(context, (terminal) => terminal.selectKey(template));
  }

  /**
   * PSO: VERIFY CERTIFICATE. New trust points and a later date are written in the command's transaction.
   * @returns as {@link TerminalAuthenticationChip.verifyCertificate}; 6982 outside of a channel
   */
  verifyCertificate(context: CommandContext, data: Uint8Array): number {
    return this.#withTerminal(context, (terminal) => {
      const status = terminal.verifyCertificate(data);
      this.reason = terminal.reason;
      if (status === SW.OK && terminal.trust !== this.#trust) {
        this.#trust = terminal.trust;
        this.#core.keys.storeTrust(terminal.trust);
      }
      return status;
    });
  }

  /** MSE:Set AT 81A4. @returns as {@link TerminalAuthenticationChip.setTemplate}; 6982 outside of a channel */
  setTerminal(context: CommandContext, template: AuthenticationTemplate): number {
    return this.#withTerminal(context, (terminal) => terminal.setTemplate(template));
  }

  /** The terminal's challenge of 8 bytes, or null where no terminal can authenticate itself. */
  challenge(context: CommandContext): Uint8Array | null {
    const terminal = this.#terminal(context);
    return typeof terminal === 'number' ? null : terminal.challenge();
  }

  /** EXTERNAL AUTHENTICATE. @returns as {@link TerminalAuthenticationChip.authenticate}; 6982 outside of a channel */
  authenticate(context: CommandContext, signature: Uint8Array): number {
    return this.#withTerminal(context, (terminal) => terminal.authenticate(signature));
  }

  /**
   * MSE:Set AT 41A4.
   * @returns as {@link ChipAuthenticationChip.select}; 6982 outside of a channel, 6985 before terminal authentication
   */
  selectChipKey(context: CommandContext, template: AuthenticationTemplate): number {
    this.reset();
    const { secureChannel } = context;
    if (!secureChannel.isProtected) return SW.SECURITY_STATUS_NOT_SATISFIED;
    if (secureChannel.authorization === null) return SW.CONDITIONS_NOT_SATISFIED;
    const keys = this.#chipKeys();
    const machine = new ChipAuthenticationChip({
      crypto: this.#core.crypto as Crypto,
      random: this.#core.random,
      keys,
    });
    this.#chip = { machine, keys };
    const status = machine.select(template);
    if (status !== SW.OK) this.reset();
    return this.#judged(context, status);
  }

  /**
   * GENERAL AUTHENTICATE of chip authentication: the answer is protected with the old keys, and the next command with
   * the new ones.
   * @returns as {@link ChipAuthenticationChip.step}
   */
  agree(context: CommandContext, data: Uint8Array): number {
    const { secureChannel, response } = context;
    const chip = this.#chip;
    if (chip === null || !secureChannel.isProtected) return SW.CONDITIONS_NOT_SATISFIED;
    const status = chip.machine.step(data, secureChannel.terminal?.terminal?.compressedKey ?? null);
    if (status === SW.OK) {
      const session = chip.machine.takeSession();
      response.bytes.set(chip.machine.response);
      response.length = chip.machine.response.length;
      if (session !== null) secureChannel.renew(session);
    }
    this.reset();
    return this.#judged(context, status);
  }

  #withTerminal(context: CommandContext, use: (terminal: TerminalAuthenticationChip) => number): number {
    const terminal = this.#terminal(context);
    return this.#judged(context, typeof terminal === 'number' ? terminal : use(terminal));
  }

  /** A terminal that is authenticated and fails is so no longer; one on the way may go on. */
  #judged({ secureChannel }: CommandContext, status: number): number {
    if (status !== SW.OK && secureChannel.authorization !== null) secureChannel.forgetAuthentication();
    return status;
  }

  /** The terminal's side of this channel, or why there is none: 6982, 6A88. */
  #terminal({ secureChannel }: CommandContext): TerminalAuthenticationChip | number {
    // A PUK only manages the PIN: no terminal reads with it.
    if (!secureChannel.isProtected || secureChannel.password === PASSWORD.PUK) return SW.SECURITY_STATUS_NOT_SATISFIED;
    const stored = this.#core.keys.trust();
    if (stored === null) return SW.REFERENCED_DATA_NOT_FOUND;
    // Another interface may have changed them since: what was judged by the old ones is judged again.
    const stale = this.#trust === null || !isSame(stored, this.#trust);
    if (secureChannel.terminal !== null && !stale) return secureChannel.terminal;
    this.#trust = stored;
    secureChannel.forgetAuthentication();
    secureChannel.terminal = new TerminalAuthenticationChip({
      crypto: this.#core.crypto as Crypto,
      random: this.#core.random,
      trust: stored,
      idPicc: secureChannel.idPicc,
      confined: secureChannel.chat,
    });
    return secureChannel.terminal;
  }

  #chipKeys(): ChipKey[] {
    const { keys } = this.#core;
    return keys.all.flatMap((key): ChipKey | readonly ChipKey[] => {
      const { algorithm, reference, ciphers } = key;
      if ((key.uses & KEY_USE.CHIP_AUTHENTICATION) === 0 || algorithm.kind !== 'ec') return [];
      const privateKey = keys.value(key);
      return privateKey === null ? [] : { keyId: reference, curve: algorithm.curve, privateKey, ciphers };
    });
  }
}

function isSame(a: TrustState, b: TrustState): boolean {
  const names = ({ trustPoints }: TrustState): string =>
    trustPoints.map(({ holderReference }) => holderReference.join()).join(';');
  return a.date === b.date && names(a) === names(b);
}
