import { formatEuros } from '../../../src/applet/vitale/index.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { CounterFolder } from './counter-folder.ts';
import { ClaimQueue, type QueuedClaim } from './queue.ts';
import { withIssuers } from './signed-issuers.ts';

export interface CounterQueueOptions {
  /** Whether what waits is sent. */
  readonly send: boolean;
  readonly keys: string | null;
  readonly counter: string | null;
  readonly timeoutMs: number;
}

/**
 * `vitap counter queue [send]`: the claims of this counter, and why one was not sent.
 * @returns 1 when one was refused or a file of the queue is damaged, 2 when one that was tried still waits
 */
export async function counterQueue(options: CounterQueueOptions, io: CommandIo): Promise<ExitCode> {
  const queue = new ClaimQueue(CounterFolder.existing(options.counter, io.env));
  const waits = queue.all().some(({ state }) => state === 'waiting');
  const tried =
    options.send && waits
      ? await withIssuers(options, io, (issuerAt) => queue.send(issuerAt, { now: () => new Date(), signal: io.signal }))
      : [];
  const all = queue.all();
  const damaged = queue.damaged();
  if (io.json) writeJson(io, { schema: 'vitap-counter-queue', version: 1, claims: all.map(row), damaged });
  else io.stdout(inWords(all));
  for (const path of damaged) io.stderr(`vitap: ${shown(path)} is damaged: this is not what the counter wrote there\n`);
  if (damaged.length > 0) return EXIT.fail;
  if (tried.some(({ state }) => state === 'refused')) return EXIT.fail;
  return tried.some(({ state }) => state === 'waiting') ? EXIT.cannotRun : EXIT.pass;
}

/** Without the proof, which is a secret. */
function row({ proof, claim, format: _format, version: _version, ...entry }: QueuedClaim): unknown {
  return { ...entry, after: proof.kind, number: claim.number, date: claim.date, total: claim.total };
}

function inWords(all: readonly QueuedClaim[]): string {
  if (all.length === 0) return 'no claim waits, and none was sent\n';
  const count = (state: QueuedClaim['state']): number => all.filter((entry) => entry.state === state).length;
  const lines = all.map(({ claim, proof, state, queuedAt, attempts, problem }) => {
    const tries = attempts === 0 ? 'not tried yet' : attempts === 1 ? 'tried once' : `tried ${attempts} times`;
    const why = problem === null ? '' : `: ${shown(problem.sentence)}`;
    const after = proof.kind === 'context' ? 'a presence' : 'an offline code';
    return `  ${queuedAt.slice(0, 19)}Z  ${claim.number}  ${formatEuros(claim.total)}, after ${after}: ${state}, ${tries}${why}`;
  });
  return `${count('waiting')} waiting, ${count('sent')} sent, ${count('refused')} refused\n${lines.join('\n')}\n`;
}
