import type { Requirement } from '../api/capability.ts';
import { boardsOf, driverOf } from './check-boards.ts';
import { type BenchDevice, fits } from './fits.ts';
import type { BoardDocument, CampaignDocument, CardDocument, JudgedDocument, Needs } from './schema.ts';
import { type BoardProgram, PROGRAMMED, type RunCard, type RunWork, workInWords } from './work.ts';

/** One thing judged on one target, once. */
export interface CampaignRun {
  /** Row of the matrix: card, image or board. */
  readonly subject: string;
  /** Column of the matrix. */
  readonly suite: string;
  /** From 1. */
  readonly repetition: number;
  readonly requirement: Requirement;
  readonly work: RunWork;
  /** Files and folders beside the campaign file that it reads. */
  readonly inputs: readonly string[];
  readonly limitSeconds: number;
}

/** What a campaign became. */
export interface Expanded {
  readonly runs: CampaignRun[];
  /** Ids of boards of which every one is meant, and there is none; then there are no runs. */
  readonly none: readonly string[];
}

/** A thing to judge, a target, and what they need together. */
type Piece = Omit<CampaignRun, 'repetition' | 'limitSeconds' | 'suite'>;

const WARM_UP = 5;
const LIMIT_SECONDS = 900;
/** A rehearsal names no card. */
const NO_SUBJECT = 'any reader';

/**
 * All runs: repetition by repetition, so that every target is seen once before any is seen twice.
 * @param boards those of the lab, for `every`; null: one run stands for all of them
 * @param most no more of them are made
 */
export function expand(document: CampaignDocument, boards: readonly BenchDevice[] | null, most: number): Expanded {
  const judged = document.judge.map((each) => ({ each, ...piecesOf(each, document, boards) }));
  const none = [...new Set(judged.flatMap((each) => each.none))];
  if (none.length > 0) return { runs: [], none };
  return { runs: runsOf(document, judged, most), none };
}

interface Judged {
  readonly each: JudgedDocument;
  readonly pieces: readonly Piece[];
}

function runsOf(document: CampaignDocument, judged: readonly Judged[], most: number): CampaignRun[] {
  const suites = columns(judged.map(({ each, pieces }) => each.id ?? workInWords((pieces[0] as Piece).work)));
  const repeats = judged.map(({ each }) => each.repeat ?? document.repeat ?? 1);
  const runs: CampaignRun[] = [];
  for (let repetition = 1; repetition <= Math.max(...repeats); repetition++) {
    for (const [i, { each, pieces }] of judged.entries()) {
      if (repetition > (repeats[i] as number)) continue;
      const limitSeconds = each.limit ?? document.limit ?? LIMIT_SECONDS;
      for (const piece of pieces) {
        if (runs.length === most) return runs;
        runs.push({ ...piece, suite: suites[i] as string, repetition, limitSeconds });
      }
    }
  }
  return runs;
}

/** Two columns of one name would be one. */
function columns(names: readonly string[]): string[] {
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((each) => each === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}

function piecesOf(
  judged: JudgedDocument,
  document: CampaignDocument,
  there: readonly BenchDevice[] | null,
): { readonly pieces: readonly Piece[]; readonly none: readonly string[] } {
  const needs = { ...document.needs, ...judged.needs };
  if (judged.rehearsal !== undefined) {
    const work: RunWork = { kind: 'rehearsal', milliseconds: judged.rehearsal };
    return {
      pieces: [{ subject: NO_SUBJECT, requirement: { kind: 'reader', ...wanted(needs) }, work, inputs: [] }],
      none: [],
    };
  }
  if (judged.boardTest !== undefined || judged.boardFlash !== undefined) {
    const found = boardsOf(document.boards ?? [], judged.boards).map((board) => {
      const piece = onBoard(judged, board, needs);
      return { board, pieces: board.every === true && there !== null ? onEvery(piece, there) : [piece] };
    });
    return {
      pieces: found.flatMap(({ pieces }) => pieces),
      none: found.filter(({ pieces }) => pieces.length === 0).map(({ board }) => board.id),
    };
  }
  const pieces = chosen(document.cards ?? [], judged.cards).map((card) => onCard(judged, card, needs));
  return { pieces, none: [] };
}

/** Of a row of the matrix, as the lab takes it. */
const LONGEST_SUBJECT = 100;

/** The same on each board that fits: a row for each, by the bench and the identity of the board. */
function onEvery(piece: Piece, there: readonly BenchDevice[]): Piece[] {
  return there
    .filter((device) => fits(piece.requirement, device))
    .map(({ bench, capability: { driver, identity } }) => {
      const subject = `${piece.subject} ${bench} ${identity}`;
      return {
        ...piece,
        subject: subject.length <= LONGEST_SUBJECT ? subject : `…${subject.slice(1 - LONGEST_SUBJECT)}`,
        requirement: { ...piece.requirement, bench, driver, ...(identity !== null && { identity }) },
      };
    });
}

export function chosen<T extends { readonly id: string }>(
  all: readonly T[],
  ids: readonly string[] | undefined,
): readonly T[] {
  return ids === undefined ? all : all.filter(({ id }) => ids.includes(id));
}

function wanted({ extendedLength, ...needs }: Needs): Omit<Requirement, 'kind'> {
  const given = Object.entries(needs).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...(extendedLength === true && { extended: true as const }) };
}

function onBoard(judged: JudgedDocument, board: BoardDocument, needs: Needs): Piece {
  const driver = driverOf(board, needs);
  const requirement: Requirement = {
    kind: 'board',
    ...wanted(needs),
    driver,
    ...(board.identity !== undefined && { identity: board.identity }),
  };
  const { boardFlash: file, image } = judged;
  if (file === undefined) {
    const only = Array.isArray(judged.boardTest) ? judged.boardTest : undefined;
    const work: RunWork = { kind: 'board-test', ...(only !== undefined && { only }) };
    return { subject: board.id, requirement, work, inputs: [] };
  }
  const work: RunWork = PROGRAMMED.includes(driver) ? program(judged, file) : { kind: 'board-flash', image: file };
  return { subject: board.id, requirement, work, inputs: [file, ...(image === undefined ? [] : [image])] };
}

function program(judged: JudgedDocument, firmware: string): BoardProgram {
  const { address, image, cardAt, chip, unprotect, resume, start } = judged;
  const given = Object.entries({ address, image, cardAt, chip, unprotect, resume, start });
  return {
    kind: 'board-program',
    firmware,
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  };
}

function onCard(judged: JudgedDocument, card: CardDocument, needs: Needs): Piece {
  const { atr, label } = card;
  const cardInterface = card.interface ?? needs.interface;
  const ours = atr === undefined && label === undefined;
  const requirement: Requirement = {
    kind: 'reader',
    ...wanted(needs),
    ...(cardInterface !== undefined && { interface: cardInterface }),
    ...(ours && { ours: true as const }),
    ...(label !== undefined && { card: label }),
    ...(atr !== undefined && { atr: Buffer.from(atr).toString('hex').toUpperCase() }),
  };
  const used = runCard(card, cardInterface);
  const inputs = [card.image, isPath(card.profile) ? card.profile : undefined, judged.declare, inputFolder(judged)];
  return {
    subject: card.id,
    requirement,
    work: workOn(judged, used),
    inputs: inputs.filter((each) => each !== undefined),
  };
}

function isPath(profile: string | undefined): boolean {
  return profile !== undefined && !/^[A-Za-z0-9-]+$/.test(profile);
}

function inputFolder({ replay }: JudgedDocument): string | undefined {
  return replay?.replace(/\/$/, '');
}

function runCard({ profile, image }: CardDocument, cardInterface: CardDocument['interface']): RunCard {
  const how = cardInterface === undefined ? {} : { interface: cardInterface };
  if (profile !== undefined) return { kind: 'profile', profile, ...how };
  return image === undefined ? { kind: 'there' } : { kind: 'image', image, ...how };
}

function workOn(judged: JudgedDocument, card: RunCard): RunWork {
  const { conform, replay, only, declare } = judged;
  const some = only === undefined ? {} : { only };
  const channel = judged.channel === undefined ? {} : { channel: judged.channel };
  if (conform !== undefined) {
    return { kind: 'conform', suite: conform, card, ...some, ...channel, ...(declare !== undefined && { declare }) };
  }
  if (replay !== undefined) return { kind: 'replay', folder: inputFolder(judged) as string, card, ...some };
  return {
    kind: 'bench-tap',
    taps: judged.benchTap as number,
    warmUp: judged.warmUp ?? WARM_UP,
    sequence: judged.sequence ?? 'all',
    plan: judged.plan ?? 'classic',
    ...channel,
    card,
  };
}
