import type * as z from 'zod';
import type { Crypto } from '../../../src/hal/crypto.ts';
import type { Random } from '../../../src/hal/random.ts';
import { pointToJwk } from '../credential/jws.ts';
import { call, type IssuerLine } from './call.ts';
import { type DeviceSigner, deviceAuthorization } from './device-request.ts';
import {
  BEGUN,
  type Begin,
  type Begun,
  CLAIMS_OF_PHONE,
  type ClaimOfPhone,
  COMMITTED,
  type Committed,
  DELEGATED,
  DELEGATIONS,
  type Delegate,
  type Delegation,
  type Delegations,
  type Disclosed,
  MINTED,
  type Minted,
  NOTHING,
  OFFERED,
  RELAYED,
  type Relayed,
  type RelayStep,
  STANDING,
  type Standing,
} from './wire.ts';

/** With what requests are signed, and what the time is. */
export interface RequestWorld {
  readonly crypto: Pick<Crypto, 'hash' | 'ecdsaSign'>;
  readonly random: Random;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * The issuer as a phone asks it. Every call is signed by the device key and may throw `IssuerRefused` (the issuer said
 * no), `IssuerUnreachable` (not known whether it was carried out) or what the signer throws.
 */
export interface PhoneLink {
  /** Begins an activation, or resumes it with the same device key. */
  begin(order: Begin): Promise<Begun>;
  /** One step of the personalisation: the card's answer goes there, the next command comes back. */
  relay(activationId: string, step: RelayStep, relay: string | null, answer: Uint8Array | null): Promise<RelayTurn>;
  commit(activationId: string, holderKey: Uint8Array): Promise<Committed>;
  abandon(activationId: string): Promise<void>;
  /** "Am I the active one?" */
  standing(): Promise<Standing>;
  presence(agreed: readonly Disclosed[], delegation?: string): Promise<Minted>;
  claims(): Promise<readonly ClaimOfPhone[]>;
  wiped(): Promise<void>;
  reportLoss(): Promise<void>;
  /** Another offer of the credential, when the last one has ended. */
  credentialOffer(): Promise<string>;
  delegate(order: Delegate): Promise<Delegation>;
  revokeDelegation(id: string): Promise<void>;
  delegations(): Promise<Delegations>;
}

/** What the phone does next. */
export type RelayTurn =
  | { readonly relay: string; readonly command: Uint8Array }
  | { readonly relay: string; readonly done: true };

/** The same over HTTP. */
export function phoneLink(line: IssuerLine, signer: DeviceSigner, world: RequestWorld): PhoneLink {
  const ask = async <T>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    content: unknown,
    answer: z.ZodType<T>,
  ): Promise<T> => {
    const url = `${line.origin}${path}`;
    const body = content === null ? null : JSON.stringify(content);
    const signed = { method, url, body: Buffer.from(body ?? ''), now: world.now() };
    const authorization = await deviceAuthorization(world.crypto, world.random, signer, signed);
    const headers = { authorization, ...(body !== null && { 'content-type': 'application/json' }) };
    return call(line, { method, url, headers, body }, answer);
  };
  const activation = (id: string, verb: string): string => `/v1/activations/${encodeURIComponent(id)}/${verb}`;
  return {
    begin: (order) => ask('POST', '/v1/activations', order, BEGUN),
    relay: async (id, step, relay, answer) => {
      const order = { step, relay, answer: answer === null ? null : Buffer.from(answer).toString('hex') };
      return turnOf(await ask('POST', activation(id, 'personalisation'), order, RELAYED));
    },
    commit: (id, holderKey) => ask('POST', activation(id, 'commit'), { holderKey: pointToJwk(holderKey) }, COMMITTED),
    abandon: async (id) => void (await ask('POST', activation(id, 'abandon'), {}, NOTHING)),
    standing: () => ask('GET', '/v1/phone/state', null, STANDING),
    presence: (agreed, delegation) =>
      ask('POST', '/v1/phone/presences', { agreed, ...(delegation !== undefined && { delegation }) }, MINTED),
    claims: async () => (await ask('GET', '/v1/phone/claims', null, CLAIMS_OF_PHONE)).claims,
    wiped: async () => void (await ask('POST', '/v1/phone/wiped', {}, NOTHING)),
    reportLoss: async () => void (await ask('POST', '/v1/phone/lost', {}, NOTHING)),
    credentialOffer: async () => (await ask('POST', '/v1/phone/credential-offer', {}, OFFERED)).credentialOffer,
    delegate: (order) => ask('POST', '/v1/phone/delegations', order, DELEGATED),
    revokeDelegation: async (id) =>
      void (await ask('DELETE', `/v1/phone/delegations/${encodeURIComponent(id)}`, null, NOTHING)),
    delegations: () => ask('GET', '/v1/phone/delegations', null, DELEGATIONS),
  };
}

function turnOf(relayed: Relayed): RelayTurn {
  if (!('command' in relayed)) return relayed;
  return { relay: relayed.relay, command: new Uint8Array(Buffer.from(relayed.command, 'hex')) };
}
