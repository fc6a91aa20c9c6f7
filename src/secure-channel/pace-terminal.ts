/**
 * PACE as the terminal plays it (BSI TR-03110-3 A.3 and B.1; ICAO Doc 9303-11), command APDUs out and response APDUs
 * in. {@link PaceTerminal.start} gives the first command, {@link PaceTerminal.next} takes each answer and gives the
 * next command, and null at the end: then {@link PaceTerminal.takeSession} has the channel.
 *
 * The commands are plain; inside a channel that is open already (PIN after CAN) the caller protects them.
 *
 * Draws from `Random`: private mapping key, private ephemeral key (each field length + 8), in this order.
 */
import { copyBytes } from '../apdu/copy-bytes.ts';
import { SW } from '../apdu/index.ts';
import { sameBytes } from '../apdu/same-bytes.ts';
import type { Crypto, CurveName } from '../hal/crypto.ts';
import type { Random } from '../hal/random.ts';
import { manageSecurityEnvironment, SET_AT_PACE } from './authentication-template.ts';
import { authenticationToken, TOKEN_LENGTH } from './authentication-token.ts';
import { ChannelError, refused } from './channel-error.ts';
import { equalInConstantTime } from './constant-time.ts';
import { standardizedParameters } from './domain-parameters.ts';
import { mappedGenerator, nonceTimesGenerator, openChipAuthenticationData } from './generic-mapping.ts';
import { derivePasswordKey, deriveSessionKeys, type SessionKeys } from './key-derivation.ts';
import { randomPrivateKey } from './key-pair.ts';
import { type PaceProtocol, paceOid } from './object-identifier.ts';
import { PASSWORD } from './password.ts';
import { BLOCK_SIZE, SecureSession } from './secure-session.ts';
import {
  authenticationObject,
  authenticationObjects,
  computed,
  generalAuthenticate,
  splitResponse,
} from './terminal-step.ts';

const SELECTION = 'PACE, MSE:Set AT';
const NONCE = 'PACE, encrypted nonce';
const MAPPING = 'PACE, map nonce';
const AGREEMENT = 'PACE, key agreement';
const AUTHENTICATION = 'PACE, mutual authentication';
/** A nonce is a positive multiple of the block size; the longest that any curve can use is 64 bytes. */
const LONGEST_NONCE = 64;
/** Bytes of a holder reference at most (BSI TR-03110-3 D.2, table 27). */
const LONGEST_REFERENCE = 16;

export interface PaceTerminalOptions extends PaceProtocol {
  readonly crypto: Crypto;
  readonly random: Random;
  /** Number of the standardized domain parameters, from the chip's PACEInfo. */
  readonly parameterId: number;
  /** Sends DO 84 with that number: needed where the chip has several for this protocol. Default true. */
  readonly sendParameterId?: boolean;
  /** DO 83, one of PASSWORD. */
  readonly reference: number;
  /** The password as bytes; {@link PaceTerminal.start} copies what it needs. */
  readonly password: Uint8Array;
  /** Value of template 7F4C: what terminal authentication will ask for after this PACE. */
  readonly chat?: Uint8Array;
  /** Goes on when the chip says that this is the last try (63C1): after the CAN, in the same session. Default false. */
  readonly resume?: boolean;
  /** Told of the session's keys before they are wiped, to write them down on request; it copies what it keeps. */
  readonly onKeys?: (keys: SessionKeys) => void;
}

type State = 'new' | 'selection' | 'nonce' | 'mapping' | 'key-agreement' | 'token' | 'over';

export class PaceTerminal {
  readonly #options: PaceTerminalOptions;
  readonly #curve: CurveName;
  readonly #oid: Uint8Array;
  #state: State = 'new';
  #passwordKey: Uint8Array = new Uint8Array(0);
  #noncePoint: Uint8Array = new Uint8Array(0);
  #mappingKey: Uint8Array = new Uint8Array(0);
  #mappingPublicKey: Uint8Array = new Uint8Array(0);
  #ephemeralKey: Uint8Array = new Uint8Array(0);
  #ephemeralPublicKey: Uint8Array = new Uint8Array(0);
  #keys: SessionKeys | null = null;
  #session: SecureSession | null = null;

  /** MSE:Set AT's status word: 9000, or 63Cx with tries left. */
  passwordStatus = 0;
  /** The chip's mapping key, `04 X Y`: what its static key is checked against. */
  chipMappingKey: Uint8Array = new Uint8Array(0);
  /** The chip's ephemeral key: its X is the ID_PICC of terminal authentication. */
  chipEphemeralKey: Uint8Array = new Uint8Array(0);
  /** DO 87 and 88: the names of the chip's trust points, the most recent first. */
  certificationAuthorities: readonly Uint8Array[] = [];
  /** CA of the chip authentication mapping, decrypted; empty for the generic mapping. See `provesStaticKey`. */
  chipAuthenticationData: Uint8Array = new Uint8Array(0);

  /** @throws {ChannelError} `unsupported`: domain parameters that are not built here */
  constructor(options: PaceTerminalOptions) {
    const parameters = standardizedParameters(options.parameterId);
    if (parameters === null) {
      throw new ChannelError('unsupported', `PACE with domain parameters ${options.parameterId} is not built here`);
    }
    this.#options = options;
    this.#curve = parameters.curve;
    this.#oid = paceOid(options);
  }

  /**
   * Computes what does not depend on the chip: before the tap, where the domain parameters are known. Without it the
   * steps do so.
   */
  prepare(): void {
    if (this.#state === 'new') this.#prepareKeys();
  }

  /** MSE:Set AT. To be called once. */
  start(): Uint8Array {
    if (this.#state !== 'new') throw new Error('this PACE was started already');
    const { crypto, cipher, password, parameterId, reference, chat, sendParameterId = true } = this.#options;
    this.#passwordKey = derivePasswordKey(crypto, cipher, password);
    this.#state = 'selection';
    return manageSecurityEnvironment(SET_AT_PACE, {
      protocol: this.#oid,
      publicKeyReference: Uint8Array.of(reference),
      ...(sendParameterId && { privateKeyReference: Uint8Array.of(parameterId) }),
      ...(chat !== undefined && { chat }),
    });
  }

  /**
   * @param response the answer to the last command, status word included
   * @returns the next command, or null: the channel is open
   * @throws {ChannelError} `refused`, `incorrect`, `malformed`; nothing of the run is left
   */
  next(response: Uint8Array): Uint8Array | null {
    try {
      return this.#take(response);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The open session, once. */
  takeSession(): SecureSession {
    const session = this.#session;
    if (session === null) throw new Error('this PACE has no session to give');
    this.#session = null;
    return session;
  }

  /** Wipes all keys of the run, and a session that was not taken. */
  close(): void {
    this.#state = 'over';
    for (const secret of [this.#passwordKey, this.#noncePoint, this.#mappingKey, this.#ephemeralKey]) secret.fill(0);
    this.#keys?.enc.fill(0);
    this.#keys?.mac.fill(0);
    this.#keys = null;
    this.#session?.close();
    this.#session = null;
  }

  /** One run has one machine, so that no key is used twice. */
  #prepareKeys(): void {
    if (this.#mappingKey.length > 0) return;
    const { crypto, random } = this.#options;
    this.#mappingKey = randomPrivateKey(crypto, random, this.#curve);
    this.#mappingPublicKey = crypto.publicKey(this.#curve, this.#mappingKey);
    this.#ephemeralKey = randomPrivateKey(crypto, random, this.#curve);
  }

  #take(response: Uint8Array): Uint8Array | null {
    switch (this.#state) {
      case 'selection':
        return this.#askNonce(response);
      case 'nonce':
        return this.#sendMappingKey(response);
      case 'mapping':
        return this.#sendEphemeralKey(response);
      case 'key-agreement':
        return this.#sendToken(response);
      case 'token':
        return this.#open(response);
      case 'new':
      case 'over':
        throw new Error('no PACE runs');
    }
  }

  #askNonce(response: Uint8Array): Uint8Array {
    const { status } = splitResponse(SELECTION, response);
    const tries = (status & 0xfff0) === SW.COUNTER ? status & 0x0f : status === SW.OK ? 15 : 0;
    const { reference, resume = false } = this.#options;
    // 63C1: a PIN is suspended; the last try is only for those who have shown the CAN. 63C0: blocked.
    if (tries < (reference === PASSWORD.PIN && !resume ? 2 : 1)) throw refused(SELECTION, status);
    this.passwordStatus = status;
    this.#state = 'nonce';
    return generalAuthenticate([], true);
  }

  #sendMappingKey(response: Uint8Array): Uint8Array {
    const { crypto } = this.#options;
    const nonce = copyBytes(authenticationObject(NONCE, authenticationObjects(NONCE, response), 0x80));
    if (nonce.length === 0 || nonce.length % BLOCK_SIZE !== 0 || nonce.length > LONGEST_NONCE) {
      throw new ChannelError('malformed', `${NONCE}: ${nonce.length} bytes`);
    }
    const cipher = crypto.blockCipher(this.#passwordKey);
    cipher.cbcDecrypt(new Uint8Array(BLOCK_SIZE), nonce, 0, nonce.length);
    cipher.wipe();
    this.#passwordKey.fill(0);
    this.#noncePoint = computed(NONCE, () => nonceTimesGenerator(crypto, this.#curve, nonce));
    nonce.fill(0);
    this.#prepareKeys();
    this.#state = 'mapping';
    return generalAuthenticate([[0x81, this.#mappingPublicKey]], true);
  }

  #sendEphemeralKey(response: Uint8Array): Uint8Array {
    const { crypto } = this.#options;
    const chipKey = copyBytes(authenticationObject(MAPPING, authenticationObjects(MAPPING, response), 0x82));
    if (sameBytes(chipKey, this.#mappingPublicKey)) {
      throw new ChannelError('incorrect', `${MAPPING}: the chip sent our own key back`);
    }
    const generator = computed(MAPPING, () =>
      mappedGenerator(crypto, this.#curve, this.#noncePoint, this.#mappingKey, chipKey),
    );
    this.chipMappingKey = chipKey;
    this.#ephemeralPublicKey = crypto.multiply(this.#curve, this.#ephemeralKey, generator);
    this.#state = 'key-agreement';
    return generalAuthenticate([[0x83, this.#ephemeralPublicKey]], true);
  }

  #sendToken(response: Uint8Array): Uint8Array {
    const { crypto, cipher } = this.#options;
    const chipKey = copyBytes(authenticationObject(AGREEMENT, authenticationObjects(AGREEMENT, response), 0x84));
    if (sameBytes(chipKey, this.#ephemeralPublicKey)) {
      throw new ChannelError('incorrect', `${AGREEMENT}: the chip sent our own key back`);
    }
    const secret = computed(AGREEMENT, () => crypto.ecdh(this.#curve, this.#ephemeralKey, chipKey));
    this.#keys = deriveSessionKeys(crypto, cipher, secret);
    secret.fill(0);
    this.chipEphemeralKey = chipKey;
    this.#state = 'token';
    return generalAuthenticate([[0x85, authenticationToken(crypto, this.#keys.mac, this.#oid, chipKey)]], false);
  }

  #open(response: Uint8Array): null {
    const { crypto, mapping } = this.#options;
    const keys = this.#keys as SessionKeys;
    const objects = authenticationObjects(AUTHENTICATION, response);
    const token = authenticationObject(AUTHENTICATION, objects, 0x86);
    const expected = authenticationToken(crypto, keys.mac, this.#oid, this.#ephemeralPublicKey);
    if (token.length !== TOKEN_LENGTH || !equalInConstantTime(expected, 0, token, 0, TOKEN_LENGTH)) {
      throw new ChannelError('incorrect', `${AUTHENTICATION}: the chip's token is wrong`);
    }
    const authorities = [objects.get(0x87), objects.get(0x88)].filter((name) => name !== undefined);
    if (authorities.some(({ length }) => length === 0 || length > LONGEST_REFERENCE)) {
      throw new ChannelError('malformed', `${AUTHENTICATION}: a certification authority's name is too long`);
    }
    this.certificationAuthorities = authorities.map((name) => copyBytes(name));
    if (mapping === 'CAM') {
      const sealed = authenticationObject(AUTHENTICATION, objects, 0x8a);
      const data = openChipAuthenticationData(crypto, sealed, keys.enc);
      if (data === null) throw new ChannelError('incorrect', `${AUTHENTICATION}: chip authentication data are damaged`);
      this.chipAuthenticationData = data;
    }
    this.#options.onKeys?.(keys);
    const session = new SecureSession(crypto, keys);
    this.close();
    this.#session = session;
    return null;
  }
}
