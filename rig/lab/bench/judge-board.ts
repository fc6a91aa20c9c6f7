import { basename, join } from 'node:path';
import * as z from 'zod';
import { contentsOf, imageNames } from '../../card/image-name.ts';
import { CannotRun } from '../../console/failure.ts';
import type { RunWork } from '../campaign/work.ts';
import type { FiledBoard } from './filed-board.ts';
import { inShort } from './judge-card.ts';
import { type Judged, listening, type RunPlace } from './judged.ts';
import { asNamed, file, tracesIn, written } from './run-files.ts';

/** Runs on a board: what the verbs `board test`, `board flash` of a card and `firmware put` do, by their own functions. */

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
const TRACE = 'trace.jsonl';

export async function judgeBoard(work: OnBoard<'board-test'>, place: RunPlace): Promise<Judged> {
  const [{ testBoard }, { REPAIRS }] = await Promise.all([
    import('../../board/test-board.ts'),
    import('../../board/repairs.ts'),
  ]);
  const { driver, path, partner } = boardOf(place);
  if (driver === 'stm32' || driver === 'uf2') {
    throw new CannotRun('a board in its bootloader has no bring-up: what runs on it is a board of driver firmware');
  }
  const html = join(place.folder, 'board-test.html');
  const said = listening(place);
  await testBoard(
    {
      target: driver,
      port: path,
      partner,
      operator: false,
      serialNumber: null,
      only: work.only ?? null,
      records: null,
      limits: null,
      loop: null,
      html,
      junit: null,
      evidence: null,
      record: { file: join(place.folder, TRACE), keepSecrets: false },
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
    files: [
      written(place, 'board-test.json', document),
      file('html', 'board-test.html', 'text/html', html),
      ...tracesIn(place.folder),
    ],
  };
}

const FLASHED = z.object({
  verdict: z.enum(['pass', 'fail']),
  backend: z.enum(['simulated', 'hardware']),
  reason: z.string().optional(),
  verified: z.string().optional(),
});

/** A card for a PN532, which its station keeps, or for the firmware of a board. */
export async function flashCard(work: OnBoard<'board-flash'>, place: RunPlace): Promise<Judged> {
  const { driver, path, partner } = boardOf(place);
  const image = join(place.inputs, work.image);
  if (driver === 'firmware') return putCard(path, image, place);
  if (driver !== 'pn532') throw new CannotRun(`a board of driver ${driver} gets a program, and no card alone`);
  const { flash } = await import('../../board/flash.ts');
  const said = listening(place);
  await flash(
    {
      port: path,
      image,
      profile: null,
      verifyWith: partner === null ? null : `pn532:${partner}`,
      force: false,
      serialNumber: null,
      imageKey: place.imageKey,
      record: { file: join(place.folder, TRACE), keepSecrets: false },
    },
    said.io,
  );
  place.signal.throwIfAborted();
  return judgedFlash(said.document(), 'board-flash.json', image, place);
}

/** A board has this long to boot and to make its curves. */
const PRESENT_MS = 30_000;

async function putCard(port: string, image: string, place: RunPlace): Promise<Judged> {
  const { putCommand } = await import('../../board/firmware/put-command.ts');
  const said = listening(place);
  await putCommand({ port, image, timeoutMs: PRESENT_MS, imageKey: place.imageKey }, said.io);
  place.signal.throwIfAborted();
  return judgedFlash(said.document(), 'firmware-put.json', image, place);
}

function judgedFlash(document: unknown, name: string, image: string, place: RunPlace): Judged {
  const { verdict, backend, reason, verified } = FLASHED.parse(document);
  return {
    ...aboutCard(image, place),
    verdict: VERDICT_OF[verdict],
    reason: inShort(asNamed(reason ?? verified ?? '', place)),
    backend,
    files: [written(place, name, document), ...tracesIn(place.folder)],
  };
}

function aboutCard(
  image: string,
  { imageKey, env, device }: RunPlace,
): Pick<Judged, 'card' | 'image' | 'board' | 'figures' | 'repairs' | 'cases'> {
  const { hmac, key } = imageNames(imageKey, env).of(contentsOf(image));
  return {
    card: basename(image),
    image: `${hmac} under the key ${key}`,
    board: device.capability.identity,
    figures: {},
    repairs: 0,
    cases: [],
  };
}

/** @throws {CannotRun} the device is a reader */
export function boardOf({ device }: RunPlace): FiledBoard {
  if (device.board === null) throw new CannotRun('this run needs a board, and the device is a reader');
  return device.board;
}
