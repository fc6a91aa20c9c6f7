import { createHash, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { CompactSign } from 'jose';
import type { BenchKey, TakenRun } from '../../../../rig/lab/api/bench.ts';
import type { SubmittedRun } from '../../../../rig/lab/api/campaign.ts';
import type { Capability } from '../../../../rig/lab/api/capability.ts';
import type { ResultStatement } from '../../../../rig/lab/api/result.ts';
import { RESULT_TYPE } from '../../../../rig/lab/api/result.ts';

export const LOOPBACK: Capability = {
  ...{ device: 'loopback', kind: 'reader', driver: 'loopback', model: 'in process', backend: 'simulated' },
  ...{ interfaces: ['contact', 'contactless'], protocols: ['T=1'], extended: true, ours: true },
  ...{ identity: null, card: null },
};

export const RUN: SubmittedRun = {
  ...{ subject: 'vitale2', suite: 'iso7816-4', repetition: 1, requirement: { kind: 'reader' }, limitSeconds: 60 },
  ...{ work: { kind: 'sleep', seconds: 1 }, inputs: [] },
};

/** A bench's key, of either kind. */
export interface TestKey {
  readonly publicKey: BenchKey;
  readonly privateKey: KeyObject;
  readonly algorithm: 'EdDSA' | 'ES256';
}

export function testKey(kind: 'ed25519' | 'p256' = 'ed25519'): TestKey {
  const { publicKey, privateKey } =
    kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  return { publicKey: jwk as BenchKey, privateKey, algorithm: kind === 'ed25519' ? 'EdDSA' : 'ES256' };
}

export function statementFor(bench: string, taken: TakenRun, more: Partial<ResultStatement> = {}): ResultStatement {
  return {
    ...{ run: taken.run, attempt: taken.attempt, bench, device: taken.device, startedAt: 1, endedAt: 2 },
    ...{ verdict: 'passed', reason: '', backend: 'simulated', card: null, image: null, board: null },
    ...{ versions: { vitap: '0.1.0' }, figures: {}, repairs: 0, cases: [], blobs: [] },
    ...more,
  };
}

export function signed(
  statement: object,
  { privateKey, algorithm }: TestKey,
  typ: string = RESULT_TYPE,
): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(statement)))
    .setProtectedHeader({ alg: algorithm, typ })
    .sign(privateKey);
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export function newKey(): string {
  return randomUUID();
}
