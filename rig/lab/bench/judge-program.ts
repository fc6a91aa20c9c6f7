import { join } from 'node:path';
import * as z from 'zod';
import { readFirmware } from '../../board/firmware/read-firmware.ts';
import { STM32_FLASH } from '../../board/stm32/chips.ts';
import { CannotRun } from '../../console/failure.ts';
import type { FigureName } from '../api/figure.ts';
import type { BoardProgram } from '../campaign/work.ts';
import { boardOf } from './judge-board.ts';
import { inShort } from './judge-card.ts';
import { type Judged, listening, type RunPlace } from './judged.ts';
import { asNamed, written } from './run-files.ts';

/** What `board flash --firmware` says of one board. */
const PROGRAMMED = z.discriminatedUnion('verdict', [
  z.object({
    verdict: z.literal('pass'),
    backend: z.enum(['simulated', 'hardware']),
    firmware: z.object({ imageName: z.object({ hmac: z.string(), key: z.string() }) }),
    card: z.object({ profile: z.string(), cardSerial: z.string() }).nullable(),
    chip: z.object({ name: z.string(), uid: z.string().nullable() }).nullable(),
    details: z.object({
      model: z.string().optional(),
      blocks: z.number().optional(),
      pagesErased: z.number().optional(),
      pagesKept: z.number().optional(),
      bytesWritten: z.number().optional(),
      repairs: z.record(z.string(), z.number()).optional(),
    }),
    verified: z.string(),
    durationMs: z.number(),
  }),
  z.object({ verdict: z.literal('fail'), backend: z.enum(['simulated', 'hardware']), reason: z.string() }),
]);

/** Puts a program, and the card that goes with it, into the flash of a board: what `board flash --firmware` does. */
export async function flashProgram(work: BoardProgram, place: RunPlace): Promise<Judged> {
  const { driver, path, line } = boardOf(place);
  if (driver !== 'stm32' && driver !== 'uf2')
    throw new CannotRun(`a board of driver ${driver} gets a card, and no program`);
  const { flashFirmware } = await import('../../board/flash-firmware.ts');
  const { image, cardAt = null, chip = null, unprotect = false, resume = false, start = true, address = null } = work;
  const firmware = readFirmware(join(place.inputs, work.firmware), address, driver === 'stm32' ? STM32_FLASH : null);
  const said = listening(place);
  try {
    await flashFirmware(
      {
        board: { target: driver, path },
        program: { firmware, cardAt, chip, unprotect, start, ...line },
        image: image === undefined ? null : join(place.inputs, image),
        profile: null,
        resume,
        imageKey: place.imageKey,
      },
      said.io,
    );
  } catch (error) {
    // The run goes back or is over; what the board is now has to be known all the same.
    if (place.signal.aborted && error instanceof Error)
      place.left(asNamed(`${driver}:${path}: ${error.message}`, place));
    throw error;
  }
  const document = said.document();
  const done = PROGRAMMED.parse(document);
  const { identity } = place.device.capability;
  const files = [written(place, 'board-flash.json', document)];
  const about = { backend: done.backend, card: null, cases: [], files };
  if (done.verdict === 'fail') {
    const reason = inShort(asNamed(done.reason, place));
    return { ...about, verdict: 'failed', reason, image: null, board: identity, figures: {}, repairs: 0 };
  }
  const { hmac, key } = done.firmware.imageName;
  const { blocks, pagesErased, pagesKept, bytesWritten, repairs = {} } = done.details;
  const figures: Readonly<Partial<Record<FigureName, number | undefined>>> = {
    blocks,
    'pages.erased': pagesErased,
    'pages.kept': pagesKept,
    'bytes.written': bytesWritten,
  };
  return {
    ...about,
    verdict: 'passed',
    reason: inShort(`${done.chip?.name ?? done.details.model ?? driver}: ${done.verified}`),
    card: done.card === null ? null : `${done.card.profile} ${done.card.cardSerial}`,
    image: `${hmac} under the key ${key}`,
    board: withChip(identity, done.chip?.uid ?? null),
    figures: { 'flash.ms': done.durationMs, ...Object.fromEntries(defined(figures)) },
    repairs: Object.values(repairs).reduce((sum, each) => sum + each, 0),
  };
}

/** A port says which adapter it is, the chip which board. */
function withChip(identity: string | null, uid: string | null): string | null {
  return uid === null ? identity : `${identity ?? 'a board'}, chip ${uid}`;
}

function defined(figures: Readonly<Record<string, number | undefined>>): [string, number][] {
  return Object.entries(figures).filter((each): each is [string, number] => each[1] !== undefined);
}
