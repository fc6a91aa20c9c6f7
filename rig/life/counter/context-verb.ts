import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { CounterFolder } from './counter-folder.ts';
import { CounterFailure } from './failures.ts';
import { type FollowUp, FollowUps, lastInWords } from './follow-ups.ts';
import { ClaimQueue } from './queue.ts';
import { withIssuers } from './signed-issuers.ts';

export interface CounterContextOptions {
  readonly action: 'renew' | 'destroy';
  /** Name of a reading, or `last`. */
  readonly reading: string;
  readonly keys: string | null;
  readonly counter: string | null;
  readonly timeoutMs: number;
}

/** `vitap counter context renew|destroy`: the context that a presence has opened at its issuer. */
export async function counterContext(options: CounterContextOptions, io: CommandIo): Promise<ExitCode> {
  const { action } = options;
  const folder = CounterFolder.existing(options.counter, io.env);
  const followUps = new FollowUps(folder);
  const followUp = followUps.find(options.reading);
  if (options.reading === 'last') io.stderr(`${lastInWords(followUp)}\n`);
  const { proof, issuer } = followUp;
  if (proof.kind !== 'context') throw new CounterFailure('no-context', shown(options.reading));
  const { contextId: id, token } = proof;
  const queue = new ClaimQueue(folder);
  if (action === 'destroy' && queue.all().some(waitsFor(id))) throw new CounterFailure('claim-waits');
  const expiresAt = await withIssuers(options, io, async (issuerAt) => {
    if (action === 'renew') return issuerAt(issuer).renew({ id, token });
    await issuerAt(issuer).destroy({ id, token });
    return null;
  });
  if (expiresAt === null) followUps.remove(id);
  else followUps.keep(renewed(followUp, expiresAt));
  const state = expiresAt === null ? 'destroyed' : 'renewed';
  if (io.json) writeJson(io, { schema: 'vitap-counter-context', version: 1, context: id, state, expiresAt });
  else if (expiresAt === null) io.stdout(`the context ${id} is destroyed: no claim follows this reading\n`);
  else io.stdout(`the context ${id} lives until ${expiresAt}\n`);
  return EXIT.pass;
}

function waitsFor(contextId: string): (entry: ReturnType<ClaimQueue['all']>[number]) => boolean {
  return ({ state, proof }) => state === 'waiting' && proof.kind === 'context' && proof.contextId === contextId;
}

function renewed(followUp: FollowUp, expiresAt: string): FollowUp {
  const { proof } = followUp;
  return proof.kind === 'context' ? { ...followUp, proof: { ...proof, expiresAt } } : followUp;
}
