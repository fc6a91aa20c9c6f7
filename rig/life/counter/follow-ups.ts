import { z } from 'zod';
import { HalError } from '../../../src/hal/errors.ts';
import type { CounterFolder, Documents } from './counter-folder.ts';
import { CounterFailure } from './failures.ts';
import { CLAIM_PROOF, type ClaimProof } from './queue.ts';

/** A reading that a claim may follow. It holds no name: an offline code stands there as it was shown. */
export interface FollowUp {
  readonly format: 'vitap counter follow-up';
  readonly version: 1;
  /** When it was read, ISO 8601 in UTC. */
  readonly at: string;
  /** Address of the issuer that a claim goes to. */
  readonly issuer: string;
  readonly proof: ClaimProof;
}

const followUp: z.ZodType<FollowUp> = z.strictObject({
  format: z.literal('vitap counter follow-up'),
  version: z.literal(1),
  at: z.iso.datetime(),
  issuer: z.string().max(300),
  proof: CLAIM_PROOF,
});

/** After a scan that failed `last` is still the reading before it: who says `last` is told which one is meant. */
export function lastInWords({ at, proof }: FollowUp): string {
  return `the last reading is ${proof.kind === 'context' ? proof.contextId : proof.tokenId}, of ${at}`;
}

/** More than a counter has in a day. */
const MOST_KEPT = 500;

/** The readings that claims may follow, the newest of them. */
export class FollowUps {
  readonly #documents: Documents<FollowUp>;

  constructor(folder: CounterFolder) {
    this.#documents = folder.documents('readings', followUp);
  }

  /** @returns the name that `counter claim --after` takes */
  keep(entry: Pick<FollowUp, 'at' | 'issuer' | 'proof'>): string {
    const { proof } = entry;
    const id = proof.kind === 'context' ? proof.contextId : proof.tokenId;
    this.#documents.write(id, { format: 'vitap counter follow-up', version: 1, ...entry });
    const all = this.#byTime().whole;
    for (const { name } of all.slice(0, Math.max(0, all.length - MOST_KEPT))) this.#documents.remove(name);
    return id;
  }

  /** Nothing follows this reading any more. */
  remove(id: string): void {
    this.#documents.remove(id);
  }

  /** @param id a name, or `last` @throws {CounterFailure} `no-follow-up`; {HalError} `damaged` */
  find(id: string): FollowUp {
    const found = id === 'last' ? this.#last() : this.#documents.read(id);
    if (found == null) throw new CounterFailure('no-follow-up', id.slice(0, 60));
    return found;
  }

  /** A damaged reading may be the last one: then nobody knows which one it is. */
  #last(): FollowUp | undefined {
    const { whole, damaged } = this.#byTime();
    if (damaged[0] === undefined) return whole.at(-1)?.entry;
    throw new HalError('damaged', `${damaged[0]} is damaged and may be the last reading: give the name of the reading`);
  }

  #byTime(): { whole: { readonly name: string; readonly entry: FollowUp }[]; damaged: readonly string[] } {
    const { whole, damaged } = this.#documents.readAll();
    const entries = whole.map(({ name, document }) => ({ name, entry: document }));
    return { whole: entries.sort((a, b) => (a.entry.at < b.entry.at ? -1 : 1)), damaged };
  }
}
