import { basename } from 'node:path';
import { ChannelFailure } from '../../channel/channel-failure.ts';
import { describeFailure } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { readerDriver } from '../../endpoint/readers.ts';
import { pageFolder } from '../../web/page-files.ts';
import { type RefusalAnswer, WebRefusal } from '../../web/refusal.ts';
import { servePage } from '../../web/serve-page.ts';
import { type Claim, readClaim } from '../credential/claim.ts';
import type { ClaimAnswer, Problem, QueueItem } from '../pages/counter/view.ts';
import type { CounterReader } from './at-the-reader.ts';
import { type ClaimOutcome, putClaimOnCard, sendClaimAfter } from './claim.ts';
import { CounterFolder } from './counter-folder.ts';
import { CounterFailure, FAILURES } from './failures.ts';
import { addCounterRoutes, type CounterActs } from './page-routes.ts';
import { ClaimQueue, type QueuedClaim } from './queue.ts';
import { readScanned, scannedLine, textOfPicture } from './scan.ts';
import { withIssuers } from './signed-issuers.ts';
import { readTap } from './tap.ts';
import type { TrustChoice } from './trust-sources.ts';

export interface CounterServeOptions extends TrustChoice {
  /** Null: this counter reads codes alone. */
  readonly reader: CounterReader | null;
  readonly keys: string | null;
  readonly counter: string | null;
  readonly rightsOn: string | null;
  readonly timeoutMs: number;
  readonly port: number;
}

/** Reading a card and asking an issuer each have their own limit; this is for both and what lies between. */
const ANSWER_MS = 60_000;

/** `vitap counter serve`: the counter as a web page on loopback. */
export function counterServe(options: CounterServeOptions, io: CommandIo): Promise<ExitCode> {
  return servePage(
    {
      folder: pageFolder('counter'),
      what: 'the counter',
      port: options.port,
      answerMs: ANSWER_MS + options.timeoutMs,
      routes: (app) => addCounterRoutes(app, counterActs(options, io)),
      refusalOf: counterRefusal,
    },
    io,
  );
}

/** The verbs of the counter, one at a time: there is one reader and one queue. */
export function counterActs(options: CounterServeOptions, io: CommandIo): CounterActs {
  const folder = CounterFolder.of(options.counter, io.env);
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(act: () => Promise<T>): Promise<T> => {
    const next = last.then(act);
    last = next.catch(() => {});
    return next;
  };
  const reader = (): CounterReader => {
    if (options.reader === null) throw new WebRefusal('no-reader', 'this counter has no reader', 409);
    return options.reader;
  };
  const queue = (): ClaimQueue => new ClaimQueue(folder);
  const scanned = (text: string) => readScanned(text, options, io);
  return {
    view: async () => ({
      reader: options.reader === null ? null : readerDriver(options.reader.reader).words,
      issuer: options.issuer,
      offline: options.offline,
      queue: queue().all().reverse().map(queueItem),
      damaged: queue()
        .damaged()
        .map((path) => basename(path)),
    }),
    scan: ({ text }) => alone(() => scanned(scannedLine(text).text)),
    picture: (picture) => alone(async () => scanned(await textOfPicture(picture, 'the picture'))),
    tap: ({ can, invoices }) =>
      alone(() => readTap({ ...options, ...reader(), invoices, presence: false }, withCan(io, can))),
    claimAfter: (document, after) =>
      alone(async () => answerOf(await sendClaimAfter(judged(document), { ...options, after }, io))),
    claimToCard: (document, can) =>
      alone(async () => answerOf(await putClaimOnCard(judged(document), reader(), withCan(io, can)))),
    sendQueue: () =>
      alone(async () => {
        await withIssuers(options, io, (issuerAt) =>
          queue().send(issuerAt, { now: () => new Date(), signal: io.signal }),
        );
      }),
  };
}

/** The number that the phone shows, as the reader's verbs take it. */
function withCan(io: CommandIo, can: string): CommandIo {
  return { ...io, env: { ...io.env, VITAP_CAN: can } };
}

function judged(document: unknown): Claim {
  const read = readClaim(document);
  if ('refusal' in read) throw new WebRefusal('claim-malformed', read.refusal, 422);
  return read.claim;
}

function queueItem({ requestId, claim, state, problem }: QueuedClaim): QueueItem {
  const { number, date, total } = claim;
  return { requestId, number, date, total, state, problem: problemOf(problem) };
}

function answerOf({ state, problem }: ClaimOutcome): ClaimAnswer {
  return { state, problem: problemOf(problem) };
}

/** A refusal of the issuer has its own name, and is known to the page with its origin before it. */
function problemOf(problem: QueuedClaim['problem']): Problem | null {
  if (problem === null) return null;
  const { code, sentence: message } = problem;
  return { code: Object.hasOwn(FAILURES, code) ? code : `issuer-${code}`, message };
}

/**
 * What stops the counter's verbs, as the page is told: what was judged 422, what cannot be done now 409. The issuer's
 * and the QR code's own names for it have their origin before them.
 */
export function counterRefusal(error: unknown): RefusalAnswer | null {
  if (error instanceof CounterFailure) {
    const { code, reason, message } = error;
    const named = reason === null ? code : code === 'qr-refused' ? `qr-${reason}` : `issuer-${reason}`;
    return { status: statusOf(error.exitCode), code: named, message };
  }
  const { kind, sentences, exitCode } = describeFailure(error);
  if (kind === 'fault') return null;
  const code = error instanceof ChannelFailure ? `channel-${error.kind}` : kind;
  return { status: statusOf(exitCode), code, message: sentences.join('; ') };
}

function statusOf(exitCode: ExitCode): number {
  return exitCode === EXIT.fail ? 422 : 409;
}
