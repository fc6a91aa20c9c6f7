/**
 * PACE as the chip plays it (BSI TR-03110-3 A.3 and B.1; ICAO Doc 9303-11), bytes in and a status word out.
 *
 * 1. MSE:Set AT names protocol, password and curve: {@link PaceChip.start}.
 * 2. Empty 7C: the chip sends its nonce, encrypted under the password's key.
 * 3. DO 81: mapping keys are exchanged, both sides compute the mapped generator.
 * 4. DO 83: ephemeral keys over that generator are exchanged, both sides derive the session's keys.
 * 5. DO 85: the terminal proves that it has the same keys; the chip answers with its own token, and the session is open.
 *
 * Any failure wipes everything; the protocol begins again with MSE:Set AT.
 *
 * Draws from `Random`: nonce (16), private mapping key, private ephemeral key (each field length + 8), in this order.
 */
import { copyBytes } from '../apdu/copy-bytes.ts';
import { SW } from '../apdu/index.ts';
import { sameBytes } from '../apdu/same-bytes.ts';
import { type Crypto, CryptoError, type CurveName } from '../hal/crypto.ts';
import type { Random } from '../hal/random.ts';
import { type AuthenticationTemplate, singleByte } from './authentication-template.ts';
import { authenticationToken, TOKEN_LENGTH } from './authentication-token.ts';
import { equalInConstantTime } from './constant-time.ts';
import { standardizedParameters } from './domain-parameters.ts';
import { readDynamicAuthenticationData, writeDynamicAuthenticationData } from './dynamic-authentication-data.ts';
import { mappedGenerator, nonceTimesGenerator, sealChipAuthenticationData } from './generic-mapping.ts';
import { derivePasswordKey, deriveSessionKeys, type SessionKeys } from './key-derivation.ts';
import { randomPrivateKey } from './key-pair.ts';
import { type PaceProtocol, paceProtocol } from './object-identifier.ts';
import { BLOCK_SIZE, SecureSession } from './secure-session.ts';

/** One PACEInfo of the card. */
export interface PaceOffer extends PaceProtocol {
  /** Number of the standardized domain parameters. */
  readonly parameterId: number;
  /** The static private key of the same curve: only for the chip authentication mapping. */
  readonly staticKey?: Uint8Array;
}

/** What the next GENERAL AUTHENTICATE must bring. Count the password down before a `token` is checked. */
export type PaceStep = 'nonce' | 'mapping' | 'key-agreement' | 'token';

/** What may be computed before a terminal is there. For one run. */
interface Prepared {
  readonly curve: CurveName;
  readonly nonce: Uint8Array;
  readonly noncePoint: Uint8Array;
  readonly mappingKey: Uint8Array;
  readonly mappingPublicKey: Uint8Array;
  readonly ephemeralKey: Uint8Array;
}

export interface PaceChipOptions {
  readonly crypto: Crypto;
  readonly random: Random;
  /** As EF.CardAccess has them, the preferred one first. */
  readonly offers: readonly PaceOffer[];
}

export class PaceChip {
  readonly #crypto: Crypto;
  readonly #random: Random;
  readonly #offers: readonly PaceOffer[];
  #ready: Prepared | null = null;
  #run: Prepared | null = null;
  #offer: PaceOffer | null = null;
  #oid: Uint8Array = new Uint8Array(0);
  #passwordKey: Uint8Array = new Uint8Array(0);
  #authorities: readonly Uint8Array[] = [];
  #generator: Uint8Array | null = null;
  #terminalKey: Uint8Array | null = null;
  #ephemeralPublicKey: Uint8Array | null = null;
  #keys: SessionKeys | null = null;
  #step: PaceStep | null = null;
  #session: SecureSession | null = null;
  #chipKey: Uint8Array = new Uint8Array(0);

  /** Data of the last answer of {@link step}: valid when it gave 9000. */
  response: Uint8Array = new Uint8Array(0);

  constructor(options: PaceChipOptions) {
    this.#crypto = options.crypto;
    this.#random = options.random;
    this.#offers = options.offers;
  }

  /** What the protocol waits for, or null when none runs. */
  get awaits(): PaceStep | null {
    return this.#step;
  }

  /** The chip's ephemeral public key of the last run that ended well: its X is the ID_PICC of terminal authentication. */
  get chipEphemeralKey(): Uint8Array {
    return this.#chipKey;
  }

  /**
   * Computes what does not depend on a terminal, for the next run on the preferred curve: at power-on, or between
   * taps. Without it {@link start} does so.
   */
  prepare(): void {
    const offer = this.#offers[0];
    if (this.#ready === null && offer !== undefined) this.#ready = this.#compute(curveOf(offer));
  }

  /**
   * MSE:Set AT. The card has found the password of DO 83 and judges its state itself (63Cx, 6283 are its own).
   * @param password the password as bytes; wiped by the caller
   * @param authorities names of the card's trust points for the terminal type asked for, the most recent first: at
   *   most two; only with a CHAT
   * @returns 9000, 6A80 (protocol not offered), 6A88 (domain parameters not offered)
   */
  start(template: AuthenticationTemplate, password: Uint8Array, authorities: readonly Uint8Array[] = []): number {
    this.reset();
    if (template.protocol === undefined) return SW.WRONG_DATA;
    const protocol = paceProtocol(template.protocol);
    if (protocol === null) return SW.WRONG_DATA;
    const offers = this.#offers.filter(
      ({ mapping, cipher }) => mapping === protocol.mapping && cipher === protocol.cipher,
    );
    if (offers.length === 0) return SW.WRONG_DATA;
    let offer = offers[0] as PaceOffer;
    if (template.privateKeyReference !== undefined) {
      const id = singleByte(template.privateKeyReference);
      const named = offers.find(({ parameterId }) => parameterId === id);
      if (named === undefined) return SW.REFERENCED_DATA_NOT_FOUND;
      offer = named;
    }
    const curve = curveOf(offer);
    this.#run = this.#ready !== null && this.#ready.curve === curve ? this.#ready : this.#compute(curve);
    if (this.#run === this.#ready) this.#ready = null;
    this.#offer = offer;
    this.#oid = copyBytes(template.protocol);
    this.#passwordKey = derivePasswordKey(this.#crypto, offer.cipher, password);
    this.#authorities = authorities.slice(0, 2);
    this.#step = 'nonce';
    return SW.OK;
  }

  /**
   * GENERAL AUTHENTICATE.
   * @param data the command's data field; a view is enough
   * @param last false while the command's chaining bit is set
   * @returns 9000 with {@link response}; 6985 (not this step), 6883 (the last step, and the chain goes on), 6A80
   *   (malformed, or a point off the curve), 6300 (authentication failed)
   */
  step(data: Uint8Array, last: boolean): number {
    const status = this.#take(data, last);
    if (status !== SW.OK) this.reset();
    return status;
  }

  /** The open session, once, after the last step gave 9000 and its answer has gone out. */
  takeSession(): SecureSession | null {
    const session = this.#session;
    this.#session = null;
    return session;
  }

  /** Forgets the run: another protocol, a SELECT, a reset. What {@link prepare} made for the next run stays. */
  reset(): void {
    if (this.#run !== null) wipe(this.#run);
    this.#run = null;
    this.#keys?.enc.fill(0);
    this.#keys?.mac.fill(0);
    this.#keys = null;
    this.#passwordKey.fill(0);
    this.#generator?.fill(0);
    this.#generator = null;
    this.#terminalKey = null;
    this.#ephemeralPublicKey = null;
    this.#offer = null;
    this.#step = null;
    this.#session?.close();
    this.#session = null;
    this.response = new Uint8Array(0);
  }

  #take(data: Uint8Array, last: boolean): number {
    const step = this.#step;
    if (step === null) return SW.CONDITIONS_NOT_SATISFIED;
    const objects = readDynamicAuthenticationData(data);
    if (objects === null) return SW.WRONG_DATA;
    const tag = COMMAND_TAGS[step];
    if (tag === null ? objects.size !== 0 : objects.size !== 1 || !objects.has(tag)) {
      // Well formed, and of another step: the order is wrong, not the data.
      return belongsToAnotherStep(objects) ? SW.CONDITIONS_NOT_SATISFIED : SW.WRONG_DATA;
    }
    if (step === 'token' && !last) return SW.LAST_COMMAND_OF_CHAIN_EXPECTED;
    if (step !== 'token' && last) return SW.CONDITIONS_NOT_SATISFIED;
    const value = tag === null ? new Uint8Array(0) : (objects.get(tag) as Uint8Array);
    try {
      switch (step) {
        case 'nonce':
          return this.#sendNonce();
        case 'mapping':
          return this.#map(value);
        case 'key-agreement':
          return this.#agree(value);
        case 'token':
          return this.#authenticate(value);
      }
    } catch (error) {
      if (error instanceof CryptoError) return SW.WRONG_DATA;
      throw error;
    }
  }

  #sendNonce(): number {
    const encrypted = copyBytes((this.#run as Prepared).nonce);
    const cipher = this.#crypto.blockCipher(this.#passwordKey);
    cipher.cbcEncrypt(new Uint8Array(BLOCK_SIZE), encrypted, 0, encrypted.length);
    cipher.wipe();
    this.#passwordKey.fill(0);
    return this.#answer([[0x80, encrypted]], 'mapping');
  }

  #map(terminalKey: Uint8Array): number {
    const run = this.#run as Prepared;
    if (sameBytes(terminalKey, run.mappingPublicKey)) return SW.AUTHENTICATION_FAILED;
    this.#generator = mappedGenerator(this.#crypto, run.curve, run.noncePoint, run.mappingKey, terminalKey);
    return this.#answer([[0x82, run.mappingPublicKey]], 'key-agreement');
  }

  #agree(terminalKey: Uint8Array): number {
    const run = this.#run as Prepared;
    const offer = this.#offer as PaceOffer;
    const chipKey = this.#crypto.multiply(run.curve, run.ephemeralKey, this.#generator as Uint8Array);
    // Equal keys would make both tokens the same: a terminal could send ours back.
    if (sameBytes(terminalKey, chipKey)) return SW.AUTHENTICATION_FAILED;
    const secret = this.#crypto.ecdh(run.curve, run.ephemeralKey, terminalKey);
    this.#keys = deriveSessionKeys(this.#crypto, offer.cipher, secret);
    secret.fill(0);
    this.#terminalKey = copyBytes(terminalKey);
    this.#ephemeralPublicKey = chipKey;
    return this.#answer([[0x84, chipKey]], 'token');
  }

  #authenticate(token: Uint8Array): number {
    const run = this.#run as Prepared;
    const offer = this.#offer as PaceOffer;
    const keys = this.#keys as SessionKeys;
    if (token.length !== TOKEN_LENGTH) return SW.AUTHENTICATION_FAILED;
    const chipKey = this.#ephemeralPublicKey as Uint8Array;
    const expected = authenticationToken(this.#crypto, keys.mac, this.#oid, chipKey);
    if (!equalInConstantTime(expected, 0, token, 0, TOKEN_LENGTH)) return SW.AUTHENTICATION_FAILED;
    const objects: [number, Uint8Array][] = [
      [0x86, authenticationToken(this.#crypto, keys.mac, this.#oid, this.#terminalKey as Uint8Array)],
    ];
    this.#authorities.forEach((authority, index) => {
      objects.push([0x87 + index, authority]);
    });
    if (offer.mapping === 'CAM') {
      const staticKey = offer.staticKey as Uint8Array;
      objects.push([0x8a, sealChipAuthenticationData(this.#crypto, run.curve, run.mappingKey, staticKey, keys.enc)]);
    }
    const response = writeDynamicAuthenticationData(objects);
    const session = new SecureSession(this.#crypto, keys);
    this.reset();
    this.#chipKey = chipKey;
    this.#session = session;
    this.response = response;
    return SW.OK;
  }

  #answer(objects: readonly (readonly [number, Uint8Array])[], next: PaceStep): number {
    this.response = writeDynamicAuthenticationData(objects);
    this.#step = next;
    return SW.OK;
  }

  #compute(curve: CurveName): Prepared {
    const nonce = new Uint8Array(BLOCK_SIZE);
    this.#random.fill(nonce, 0, nonce.length);
    const mappingKey = randomPrivateKey(this.#crypto, this.#random, curve);
    return {
      curve,
      nonce,
      noncePoint: nonceTimesGenerator(this.#crypto, curve, nonce),
      mappingKey,
      mappingPublicKey: this.#crypto.publicKey(curve, mappingKey),
      ephemeralKey: randomPrivateKey(this.#crypto, this.#random, curve),
    };
  }
}

const COMMAND_TAGS: Readonly<Record<PaceStep, number | null>> = {
  nonce: null,
  mapping: 0x81,
  'key-agreement': 0x83,
  token: 0x85,
};

function belongsToAnotherStep(objects: ReadonlyMap<number, Uint8Array>): boolean {
  if (objects.size === 0) return true;
  return objects.size === 1 && (objects.has(0x81) || objects.has(0x83) || objects.has(0x85));
}

function curveOf(offer: PaceOffer): CurveName {
  const parameters = standardizedParameters(offer.parameterId);
  if (parameters === null) throw new RangeError(`domain parameters ${offer.parameterId} are not built here`);
  if (offer.mapping === 'CAM' && offer.staticKey === undefined) {
    throw new RangeError('the chip authentication mapping needs the static key');
  }
  return parameters.curve;
}

function wipe(run: Prepared): void {
  run.nonce.fill(0);
  run.noncePoint.fill(0);
  run.mappingKey.fill(0);
  run.ephemeralKey.fill(0);
}
