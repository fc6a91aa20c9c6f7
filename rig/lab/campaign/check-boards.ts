import { phasesOf } from '../../board/phases/index.ts';
import type { Issues } from '../../card/profile/issues.ts';
import type { Path } from '../../card/profile/source.ts';
import type { BoardDocument, JudgedDocument, Needs, ProgramDocument } from './schema.ts';
import { BOARD_DRIVERS, type BoardDriver, PROGRAMMED } from './work.ts';

type OfProgram = keyof ProgramDocument;

/** Keys that go with a program, and not with a card; the second ones with that of an STM32 alone, as on the command line. */
const OF_PROGRAM: readonly OfProgram[] = ['address', 'image', 'cardAt', 'start'];
const OF_STM32: readonly OfProgram[] = ['chip', 'unprotect', 'resume'];

/** The kind of a board of a campaign. */
export function driverOf({ driver }: BoardDocument, needs: Needs): BoardDriver {
  return driver ?? BOARD_DRIVERS.find((each) => each === needs.driver) ?? 'pn532';
}

/** Boards that a judgement takes: all of the campaign, or those that it names. */
export function boardsOf(
  boards: readonly BoardDocument[],
  ids: readonly string[] | undefined,
): readonly BoardDocument[] {
  return ids === undefined ? boards : boards.filter(({ id }) => ids.includes(id));
}

/** What can be done with boards of these kinds. */
export function checkBoards(judged: JudgedDocument, drivers: readonly BoardDriver[], at: Path, issues: Issues): void {
  const kinds = [...new Set(drivers)];
  if (judged.boardTest !== undefined) {
    checkTest(judged.boardTest, kinds, at, issues);
    return;
  }
  if (kinds.some((kind) => PROGRAMMED.includes(kind)) && !kinds.every((kind) => PROGRAMMED.includes(kind))) {
    issues.report(
      [...at, 'boardFlash'],
      `a program goes onto ${PROGRAMMED.join(' and ')}, a card onto the others, and here are ${kinds.join(' and ')}: name the boards under \`boards\``,
    );
    return;
  }
  const programs = kinds.every((kind) => PROGRAMMED.includes(kind));
  for (const key of OF_PROGRAM) {
    if (judged[key] !== undefined && !programs) {
      issues.report([...at, key], `\`${key}\` goes with a program for ${PROGRAMMED.join(' or ')}`);
    }
  }
  for (const key of OF_STM32) {
    if (judged[key] === undefined || kinds.every((kind) => kind === 'stm32')) continue;
    issues.report([...at, key], `\`${key}\` is for the bootloader of an STM32`);
  }
  if ((judged.image === undefined) !== (judged.cardAt === undefined)) {
    const [here, wanting] = judged.image === undefined ? ['cardAt', 'image'] : ['image', 'cardAt'];
    issues.report([...at, here as string], `\`image\` and \`cardAt\` go together: \`${wanting}\` is missing`);
  }
}

function checkTest(
  test: NonNullable<JudgedDocument['boardTest']>,
  kinds: readonly BoardDriver[],
  at: Path,
  issues: Issues,
): void {
  const programmed = kinds.find((kind) => PROGRAMMED.includes(kind));
  if (programmed !== undefined) {
    issues.report(
      [...at, 'boardTest'],
      `a bring-up is of pn532 or firmware, and a board here is ${programmed}: what runs on it is a board of driver firmware`,
    );
    return;
  }
  if (test === 'all') return;
  for (const kind of kinds) {
    const phases = phasesOf(kind === 'firmware' ? 'firmware' : 'pn532').map(({ id }) => id);
    for (const [i, phase] of test.entries()) {
      if (phases.includes(phase)) continue;
      issues.report([...at, 'boardTest', i], `there is no phase ${phase}; phases are ${phases.join(', ')}`);
    }
  }
}
