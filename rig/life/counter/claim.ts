import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { type Claim, isAfterTomorrow } from '../credential/claim.ts';
import { atTheReader, type CounterReader } from './at-the-reader.ts';
import { readClaimFile } from './claim-file.ts';
import { appendClaim } from './claim-to-card.ts';
import { CounterFolder } from './counter-folder.ts';
import { CounterFailure } from './failures.ts';
import { type FollowUp, FollowUps, lastInWords } from './follow-ups.ts';
import { ClaimQueue, type QueuedClaim } from './queue.ts';
import { newRequestId } from './resolve-presence.ts';
import { withIssuers } from './signed-issuers.ts';

/** What became of a claim. */
export interface ClaimOutcome {
  readonly schema: 'vitap-counter-claim';
  readonly version: 1;
  readonly by: 'card' | 'context' | 'offline QR';
  readonly state: 'on the card' | 'sent' | 'waiting' | 'refused';
  /** False: the card had this claim before. Null: it went to the issuer. */
  readonly written: boolean | null;
  /** Of the request to the issuer; null: it went to the card. */
  readonly requestId: string | null;
  readonly problem: QueuedClaim['problem'];
}

/** `vitap counter claim FILE --reader …`: the summary goes onto the card, with a new consent of the holder. */
export async function claimToCard(file: string, reader: CounterReader, io: CommandIo): Promise<ExitCode> {
  return tell(await putClaimOnCard(readClaimFile(file), reader, io), io);
}

export async function putClaimOnCard(claim: Claim, reader: CounterReader, io: CommandIo): Promise<ClaimOutcome> {
  refuseFuture(claim);
  const { written } = await atTheReader('vitap counter claim', reader, io, ({ terminal }) =>
    appendClaim(terminal, claim),
  );
  return { ...OUTCOME, by: 'card', state: 'on the card', written };
}

export interface ClaimAfterOptions {
  /** Name of a reading, or `last`. */
  readonly after: string;
  readonly keys: string | null;
  readonly counter: string | null;
  readonly timeoutMs: number;
}

/** `vitap counter claim FILE --after ID`: after a presence it is sent at once, after an offline code it is queued. */
export async function claimAfter(options: ClaimAfterOptions & { file: string }, io: CommandIo): Promise<ExitCode> {
  return tell(await sendClaimAfter(readClaimFile(options.file), options, io), io);
}

export async function sendClaimAfter(claim: Claim, options: ClaimAfterOptions, io: CommandIo): Promise<ClaimOutcome> {
  refuseFuture(claim);
  const folder = CounterFolder.of(options.counter, io.env);
  const followUp = new FollowUps(folder).find(options.after);
  if (options.after === 'last') io.stderr(`${lastInWords(followUp)}\n`);
  const queue = new ClaimQueue(folder);
  // Of two at once only one may find that no claim follows the code yet.
  const entry = await queue.alone(() => enqueue(queue, claim, followUp), io.signal);
  if (followUp.proof.kind === 'offline QR' || entry.state !== 'waiting') return outcomeOf(entry);
  const [sent = entry] = await withIssuers(options, io, (issuerAt) =>
    queue.send(issuerAt, { only: entry.requestId, now: () => new Date(), signal: io.signal }),
  );
  return outcomeOf(sent);
}

/**
 * The claim as it stands in the queue: the same claim again is the same request.
 * @throws {CounterFailure} another claim follows this offline code already
 */
function enqueue(queue: ClaimQueue, claim: Claim, { issuer, proof }: FollowUp): QueuedClaim {
  const before = queue.all().filter((entry) => JSON.stringify(entry.proof) === JSON.stringify(proof));
  const same = before.find((entry) => JSON.stringify(entry.claim) === JSON.stringify(claim));
  if (same !== undefined) return same;
  if (proof.kind === 'offline QR' && before.some(({ state }) => state !== 'refused')) {
    throw new CounterFailure('claim-follows-already');
  }
  return queue.add({ requestId: newRequestId(), issuer, claim, proof }, new Date());
}

/** @throws {CounterFailure} */
function refuseFuture(claim: Claim): void {
  if (isAfterTomorrow(claim, Date.now())) throw new CounterFailure('claim-future');
}

const OUTCOME = {
  schema: 'vitap-counter-claim',
  version: 1,
  written: null,
  requestId: null,
  problem: null,
} as const;

function outcomeOf({ proof, state, requestId, problem }: QueuedClaim): ClaimOutcome {
  return { ...OUTCOME, by: proof.kind, state, requestId, problem };
}

function tell(outcome: ClaimOutcome, io: CommandIo): ExitCode {
  if (io.json) writeJson(io, outcome);
  else io.stdout(`${inWords(outcome)}\n`);
  if (outcome.state === 'refused') return EXIT.fail;
  // After an offline code waiting is what was asked for.
  return outcome.state === 'waiting' && outcome.problem !== null ? EXIT.cannotRun : EXIT.pass;
}

function inWords({ state, written, requestId, problem }: ClaimOutcome): string {
  switch (state) {
    case 'on the card':
      return written === true ? 'the claim is on the card' : 'the claim was on the card before: nothing was written';
    case 'sent':
      return `the claim was sent (request ${requestId})`;
    case 'refused':
      return `FAIL  the claim will not be taken: ${problem?.sentence ?? ''}`;
    case 'waiting':
      return problem === null
        ? `the claim waits here (request ${requestId}): vitap counter queue send`
        : `the claim waits here (request ${requestId}), since ${problem.sentence}: vitap counter queue send`;
  }
}
