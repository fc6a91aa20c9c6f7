import { setTimeout as sleep } from 'node:timers/promises';
import { describeFailure } from '../../console/failure.ts';
import { RUN_WORK, type RunWork } from '../campaign/work.ts';
import { lendReader } from '../pool/lend-reader.ts';
import { isOfFullDisk } from './full-disk.ts';
import { flashCard, judgeBoard } from './judge-board.ts';
import { inShort, judgeConformance, judgeReplay, judgeTaps } from './judge-card.ts';
import { flashProgram } from './judge-program.ts';
import type { Judged, RunPlace } from './judged.ts';
import { hasLink, LostLink, linkErrorIn } from './lost-link.ts';
import { asNamed, tracesFolder, tracesIn } from './run-files.ts';

/**
 * Judges one run. What cannot be judged is an `error` with its sentence and with the traces that were written; a bug of
 * ours too, so that one run does not take the bench with it.
 * @throws the reason of the signal; what a full disk here made fail, and {LostLink}: another bench may judge it
 */
export async function judgeRun(asked: unknown, place: RunPlace): Promise<Judged> {
  const work = RUN_WORK.safeParse(asked);
  if (!work.success) return couldNot(place, 'this bench does not know this kind of run: is it of an older version?');
  try {
    return await judge(work.data, place);
  } catch (error) {
    place.signal.throwIfAborted();
    if (isOfFullDisk(error) || error instanceof LostLink) throw error;
    const reason = asNamed(describeFailure(error).sentences.join(' '), place);
    if (isOfCard(work.data) && hasLink(place.device) && !place.last && linkErrorIn(error) !== null) {
      throw new LostLink(reason, { cause: error });
    }
    return { ...couldNot(place, reason), files: [...tracesIn(place.folder), ...tracesIn(tracesFolder(place))] };
  }
}

function judge(work: RunWork, place: RunPlace): Promise<Judged> {
  switch (work.kind) {
    case 'conform':
      return judgeConformance(work, place);
    case 'replay':
      return judgeReplay(work, place);
    case 'bench-tap':
      return judgeTaps(work, place);
    case 'board-test':
      return judgeBoard(work, place);
    case 'board-flash':
      return flashCard(work, place);
    case 'board-program':
      return flashProgram(work, place);
    case 'rehearsal':
      return rehearse(work.milliseconds, place);
    case 'pool':
      return lendReader(place);
  }
}

/** Whether a card is judged through a reader. On a board it is the board that is judged, its line included. */
function isOfCard({ kind }: RunWork): boolean {
  return kind === 'conform' || kind === 'replay' || kind === 'bench-tap';
}

/** Judges nothing, and says so. */
async function rehearse(milliseconds: number, place: RunPlace): Promise<Judged> {
  await sleep(milliseconds, undefined, { signal: place.signal });
  return { ...nothing(place), verdict: 'passed', reason: 'a rehearsal: nothing was judged', backend: 'simulated' };
}

/** An `error` of this bench. */
export function couldNot(place: Pick<RunPlace, 'device'>, reason: string): Judged {
  return { ...nothing(place), verdict: 'error', reason: inShort(reason) };
}

function nothing({ device }: Pick<RunPlace, 'device'>): Omit<Judged, 'verdict' | 'reason'> {
  const { backend, identity } = device.capability;
  return { backend, card: null, image: null, board: identity, figures: {}, repairs: 0, cases: [], files: [] };
}
