import { basename, join } from 'node:path';
import * as z from 'zod';
import { contentsOf, imageNames } from '../../card/image-name.ts';
import { CannotRun } from '../../console/failure.ts';
import type { RunWork } from '../campaign/work.ts';
import { inShort, written } from './judge-card.ts';
import { type Judged, listening, type RunPlace } from './judged.ts';

/** Runs on a board: what the verbs `board test` and `board flash` do, by their own functions. */

type OnBoard<K extends RunWork['kind']> = Extract<RunWork, { kind: K }>;

const RECORD = z.object({
  verdict: z.enum(['pass', 'fail', 'error']),
  backend: z.enum(['simulated', 'hardware']),
  phases: z.array(
    z.object({
      id: z.string(),
      verdict: z.enum(['pass', 'fail', 'error', 'skipped']),
      reason: z.string(),
      measurements: z.array(z.object({ id: z.string(), what: z.string(), value: z.unknown() })),
    }),
  ),
});
const VERDICT_OF = { pass: 'passed', fail: 'failed', error: 'error' } as const;
const CASE_OF_PHASE = { pass: 'pass', fail: 'fail', error: 'inconclusive', skipped: 'not-applicable' } as const;

export async function judgeBoard(work: OnBoard<'board-test'>, place: RunPlace): Promise<Judged> {
  const [{ testBoard }, { REPAIRS }] = await Promise.all([
    import('../../board/test-board.ts'),
    import('../../board/repairs.ts'),
  ]);
  const board = boardOf(place);
  const said = listening(place);
  await testBoard(
    {
      port: board.board.path,
      partner: board.partner,
      operator: false,
      serialNumber: null,
      only: work.only ?? null,
      records: null,
      limits: null,
      loop: null,
      html: null,
      junit: null,
      evidence: null,
      record: { file: null, keepSecrets: false },
    },
    said.io,
  );
  place.signal.throwIfAborted();
  const document = said.document();
  const { verdict, backend, phases } = RECORD.parse(document);
  const measured = phases.flatMap((phase) => phase.measurements);
  const numbers = measured.filter((each): each is typeof each & { value: number } => typeof each.value === 'number');
  const wrong = phases.find((phase) => phase.verdict === 'fail' || phase.verdict === 'error');
  return {
    verdict: VERDICT_OF[verdict],
    reason: wrong === undefined ? '' : inShort(`${wrong.id}: ${wrong.reason}`),
    backend,
    card: null,
    image: null,
    board: place.device.capability.identity,
    figures: Object.fromEntries(numbers.filter(({ what }) => what !== REPAIRS).map(({ id, value }) => [id, value])),
    repairs: numbers.filter(({ what }) => what === REPAIRS).reduce((sum, { value }) => sum + value, 0),
    cases: phases.map(({ id, verdict: each, reason }) => ({
      id,
      verdict: CASE_OF_PHASE[each],
      reason: inShort(reason),
    })),
    files: [written(place, 'board-test.json', document)],
  };
}

const FLASHED = z.object({
  verdict: z.enum(['pass', 'fail']),
  backend: z.enum(['simulated', 'hardware']),
  reason: z.string().optional(),
  verified: z.string().optional(),
});

export async function flashOne(work: OnBoard<'board-flash'>, place: RunPlace): Promise<Judged> {
  const { flash } = await import('../../board/flash.ts');
  const board = boardOf(place);
  const image = join(place.inputs, work.image);
  const said = listening(place);
  await flash(
    {
      port: board.board.path,
      image,
      profile: null,
      verifyWith: board.partner === null ? null : `pn532:${board.partner}`,
      force: false,
      serialNumber: null,
      imageKey: place.imageKey,
    },
    said.io,
  );
  place.signal.throwIfAborted();
  const document = said.document();
  const { verdict, backend, reason, verified } = FLASHED.parse(document);
  const { hmac, key } = imageNames(place.imageKey, place.env).of(contentsOf(image));
  return {
    verdict: VERDICT_OF[verdict],
    reason: inShort(reason ?? verified ?? ''),
    backend,
    card: basename(work.image),
    image: `${hmac} under the key ${key}`,
    board: place.device.capability.identity,
    figures: {},
    repairs: 0,
    cases: [],
    files: [written(place, 'board-flash.json', document)],
  };
}

function boardOf({ device }: RunPlace): NonNullable<RunPlace['device']['board']> {
  if (device.board === null) throw new CannotRun('this run needs a board, and the device is a reader');
  return device.board;
}
