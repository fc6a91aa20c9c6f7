/**
 * Chip authentication version 2 as the terminal plays it (BSI TR-03110-3 B.2): two commands, to be protected by the
 * channel that there is. A copy of a card's files does not have the private key, and its token will be wrong.
 *
 * The chip's public key comes out of EF.CardSecurity, whose signature the caller has checked.
 */
import { SW } from '../apdu/index.ts';
import { sameBytes } from '../apdu/same-bytes.ts';
import type { Crypto, CurveName } from '../hal/crypto.ts';
import { manageSecurityEnvironment, SET_AT_CHIP_AUTHENTICATION } from './authentication-template.ts';
import { authenticationToken, TOKEN_LENGTH } from './authentication-token.ts';
import { ChannelError, refused } from './channel-error.ts';
import { CHIP_NONCE_LENGTH } from './chip-authentication-chip.ts';
import { equalInConstantTime } from './constant-time.ts';
import { type CipherName, deriveSessionKeys, type SessionKeys } from './key-derivation.ts';
import type { KeyPair } from './key-pair.ts';
import { chipAuthenticationOid } from './object-identifier.ts';
import { SecureSession } from './secure-session.ts';
import {
  authenticationObject,
  authenticationObjects,
  computed,
  generalAuthenticate,
  splitResponse,
} from './terminal-step.ts';

const SELECTION = 'chip authentication, MSE:Set AT';
const AGREEMENT = 'chip authentication, key agreement';

export interface ChipAuthenticationTerminalOptions {
  readonly crypto: Crypto;
  readonly cipher: CipherName;
  readonly curve: CurveName;
  /** DO 84; absent where the chip has one key only. */
  readonly keyId?: number;
  /** `04 X Y`, from EF.CardSecurity. */
  readonly chipPublicKey: Uint8Array;
  /** The pair whose compressed key terminal authentication signed. Its private key is wiped at the end. */
  readonly ephemeral: KeyPair;
  /** Told of the new session's keys before they are wiped, to write them down on request; it copies what it keeps. */
  readonly onKeys?: (keys: SessionKeys) => void;
}

export class ChipAuthenticationTerminal {
  readonly #options: ChipAuthenticationTerminalOptions;
  #state: 'new' | 'selection' | 'agreement' | 'over' = 'new';
  #session: SecureSession | null = null;

  /** @throws {ChannelError} `incorrect`: the chip's key is our own */
  constructor(options: ChipAuthenticationTerminalOptions) {
    if (sameBytes(options.chipPublicKey, options.ephemeral.publicKey)) {
      throw new ChannelError('incorrect', "chip authentication: the chip's key is our own");
    }
    this.#options = options;
  }

  /** MSE:Set AT. To be called once. */
  start(): Uint8Array {
    if (this.#state !== 'new') throw new Error('this chip authentication was started already');
    this.#state = 'selection';
    const { cipher, keyId } = this.#options;
    return manageSecurityEnvironment(SET_AT_CHIP_AUTHENTICATION, {
      protocol: chipAuthenticationOid(cipher),
      ...(keyId !== undefined && { privateKeyReference: Uint8Array.of(keyId) }),
    });
  }

  /**
   * @param response the plain answer to the last command, status word included
   * @returns the next command, or null: the chip is genuine, and {@link takeSession} has the new channel
   * @throws {ChannelError} `refused`, `incorrect` (an impostor), `malformed`
   */
  next(response: Uint8Array): Uint8Array | null {
    if (this.#state === 'selection') {
      const { status } = splitResponse(SELECTION, response);
      if (status !== SW.OK) throw this.#failed(refused(SELECTION, status));
      this.#state = 'agreement';
      return generalAuthenticate([[0x80, this.#options.ephemeral.publicKey]], false);
    }
    if (this.#state !== 'agreement') throw new Error('no chip authentication runs');
    try {
      this.#session = this.#open(response);
      return null;
    } finally {
      this.#end();
    }
  }

  /** The open session, once. */
  takeSession(): SecureSession {
    const session = this.#session;
    if (session === null) throw new Error('this chip authentication has no session to give');
    this.#session = null;
    return session;
  }

  #open(response: Uint8Array): SecureSession {
    const { crypto, cipher, curve, chipPublicKey, ephemeral } = this.#options;
    const objects = authenticationObjects(AGREEMENT, response);
    const nonce = authenticationObject(AGREEMENT, objects, 0x81);
    const token = authenticationObject(AGREEMENT, objects, 0x82);
    if (nonce.length !== CHIP_NONCE_LENGTH) {
      throw new ChannelError('malformed', `${AGREEMENT}: a nonce of ${nonce.length} bytes`);
    }
    const secret = computed(AGREEMENT, () => crypto.ecdh(curve, ephemeral.privateKey, chipPublicKey));
    const keys = deriveSessionKeys(crypto, cipher, secret, nonce);
    secret.fill(0);
    const expected = authenticationToken(crypto, keys.mac, chipAuthenticationOid(cipher), ephemeral.publicKey);
    if (token.length !== TOKEN_LENGTH || !equalInConstantTime(expected, 0, token, 0, TOKEN_LENGTH)) {
      keys.enc.fill(0);
      keys.mac.fill(0);
      throw new ChannelError('incorrect', `${AGREEMENT}: the chip does not have the key that it shows`);
    }
    this.#options.onKeys?.(keys);
    return new SecureSession(crypto, keys);
  }

  #failed(error: ChannelError): ChannelError {
    this.#end();
    return error;
  }

  #end(): void {
    this.#state = 'over';
    this.#options.ephemeral.privateKey.fill(0);
  }
}
