import type { Crypto, CurveName } from '../../src/hal/crypto.ts';
import {
  ChannelError,
  ChipAuthenticationTerminal,
  type CipherName,
  type KeyPair,
  type SecureSession,
  type SecurityInfo,
  type SessionKeys,
} from '../../src/secure-channel/index.ts';
import { ChannelFailure } from './channel-failure.ts';
import { runMachine } from './run-machine.ts';
import type { Send } from './security-file.ts';

/** Version of chip authentication that follows terminal authentication. */
const VERSION = 2;

/** Which chip authentication, as EF.CardAccess or EF.CardSecurity has it. */
export interface ChosenChipAuthentication {
  readonly cipher: CipherName;
  readonly curve: CurveName;
  /** Null where the card has one key only. */
  readonly keyId: number | null;
}

/** The first chip authentication that is built here and has its domain parameters; null for none. */
export function chooseChipAuthentication(infos: readonly SecurityInfo[]): ChosenChipAuthentication | null {
  for (const info of infos) {
    if (info.kind !== 'chip-authentication' || info.version !== VERSION || info.cipher === null) continue;
    const { cipher, keyId } = info;
    for (const other of infos) {
      const hasCurve =
        other.kind === 'chip-authentication-domain-parameters' || other.kind === 'chip-authentication-public-key';
      if (hasCurve && other.curve !== null && (keyId === null || other.keyId === null || other.keyId === keyId)) {
        return { cipher, curve: other.curve, keyId };
      }
    }
  }
  return null;
}

/** The chip's public key for it, from EF.CardSecurity. @throws {ChannelFailure} `not-genuine`: it has none */
export function chipPublicKey(infos: readonly SecurityInfo[], { curve, keyId }: ChosenChipAuthentication): Uint8Array {
  for (const info of infos) {
    if (info.kind !== 'chip-authentication-public-key' || info.curve !== curve) continue;
    if (keyId === null || info.keyId === null || info.keyId === keyId) return info.publicKey;
  }
  throw new ChannelFailure(
    'not-genuine',
    'EF.CardSecurity has no public key for the chip authentication of EF.CardAccess',
  );
}

export interface ChipRun extends ChosenChipAuthentication {
  readonly crypto: Crypto;
  readonly publicKey: Uint8Array;
  /** The pair that terminal authentication signed; its private key is wiped here. */
  readonly ephemeral: KeyPair;
  readonly onKeys: ((keys: SessionKeys) => void) | undefined;
}

/**
 * Chip authentication to its end, inside the channel of PACE. A copy of a card's files does not pass it.
 * @returns the new channel's session
 * @throws {ChannelFailure} `not-genuine`
 */
export async function runChipAuthentication(send: Send, run: ChipRun): Promise<SecureSession> {
  const { crypto, cipher, curve, keyId, publicKey, ephemeral, onKeys } = run;
  try {
    const machine = new ChipAuthenticationTerminal({
      crypto,
      cipher,
      curve,
      chipPublicKey: publicKey,
      ephemeral,
      ...(keyId !== null && { keyId }),
      ...(onKeys !== undefined && { onKeys }),
    });
    await runMachine(machine, send);
    return machine.takeSession();
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    throw new ChannelFailure(
      'not-genuine',
      `the card does not prove the key of EF.CardSecurity, so it may be a copy: ${error.message}`,
      { cause: error },
    );
  } finally {
    ephemeral.privateKey.fill(0);
  }
}
