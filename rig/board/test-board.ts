import { join } from 'node:path';
import { HalError } from '../../src/hal/errors.ts';
import { CannotRun, UsageError } from '../console/failure.ts';
import { type CommandIo, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { stateFolder } from '../console/state-folder.ts';
import { checkReportFile, writeReportFile } from '../report/report-file.ts';
import { checkSerialNumber } from './batch-list.ts';
import type { BoardTestOptions } from './board-test-options.ts';
import { boardEvidence } from './evidence.ts';
import { EvidenceRun } from './evidence-run.ts';
import { boardPage } from './html.ts';
import { longestLatenessMs, TOO_LATE_MS } from './lateness.ts';
import { stationLimits } from './limits.ts';
import { valueInWords } from './measurement.ts';
import { type Bench, thisBench } from './open-board.ts';
import { askSerialNumber, operatorAt } from './operator.ts';
import { phasesOf } from './phases/index.ts';
import { type BoardRecord, type KeptRecord, notInPlace } from './record.ts';
import { allRepairs } from './repairs.ts';
import { runLoop } from './run-loop.ts';
import { EXIT_OF, type Setting, type Tested, testOnce } from './test-once.ts';
import { writeJunit } from './write-junit.ts';

/** `vitap board test`. @returns 0 pass, 1 the board fails, 2 the rig could not judge it */
export async function testBoard(options: BoardTestOptions, io: CommandIo, given?: Bench): Promise<ExitCode> {
  checkOptions(options);
  const limits = stationLimits(options.limits, io.env, phasesOf(options.target ?? 'pn532'));
  if (options.junit !== null) checkReportFile(options.junit);
  const evidence = EvidenceRun.open(options.evidence, options.record);
  const operator = options.operator ? operatorAt(io) : null;
  try {
    const person = operator === null ? null : await operator.ask('Your name', io.env.USER ?? null);
    const serialNumber = options.serialNumber ?? (operator === null ? null : await askSerialNumber(operator, io));
    const setting: Setting = {
      options: evidence === null ? options : { ...options, record: evidence.record },
      io,
      bench: given ?? (await thisBench()),
      operator,
      person,
      serialNumber,
      limits,
      folder: options.records ?? join(stateFolder(io.env), 'records'),
    };
    if (options.loop !== null) return await runLoop(options.loop, setting);
    return await conclude(await testOnce(setting, null), setting, evidence);
  } finally {
    operator?.close();
    evidence?.close();
  }
}

function checkOptions({
  target = 'pn532',
  only,
  serialNumber,
  port,
  partner,
  loop,
  html,
  evidence,
  record,
}: BoardTestOptions): void {
  const phases = phasesOf(target);
  const unknown = only?.find((id) => !phases.some((phase) => phase.id === id));
  if (unknown !== undefined) {
    throw new UsageError(`there is no phase ${unknown}; phases are ${phases.map(({ id }) => id).join(', ')}`);
  }
  if (target === 'firmware' && partner !== null) {
    throw new UsageError('--partner is for PN532 boards: a board with firmware is the card, not a reader');
  }
  if (partner === port) throw new UsageError('--partner is a second board, not the one under test');
  if (serialNumber !== null) checkSerialNumber(serialNumber, '--serial');
  if (loop !== null && (html !== null || evidence !== null || record.file !== null)) {
    throw new UsageError('--html, --evidence and --record are of one test; --loop keeps a record of each round');
  }
}

async function conclude(
  { record, kept, earlier }: Tested,
  { options, io, limits }: Setting,
  evidence: EvidenceRun | null,
): Promise<ExitCode> {
  const { html, junit } = options;
  if (io.json) writeJson(io, { id: 'board-test', file: kept.path, ...record });
  else io.stdout(conclusion(record, kept, earlier.length));
  // After what was measured has been told.
  const page = html === null ? null : await boardPage(record);
  const noPage = html === null || page === null ? null : await notWritten(() => writeReportFile(html, page));
  if (html !== null && noPage === null && !io.json) io.stdout(`Page ${shown(html)}\n`);
  const noJunit = junit === null ? null : await notWritten(() => writeJunit(junit, [record]));
  const noBundle =
    evidence === null
      ? null
      : await notWritten(() => evidence.write(() => boardEvidence(evidence, record, limits, page), io));
  const problems = [noPage, noJunit, noBundle].map((each) => each?.message ?? null);
  if (kept.problem !== null) problems.push(notInPlace(kept, io.json));
  const told = problems.filter((each) => each !== null);
  if (told.length > 0) throw new CannotRun(told.join('; '), { cause: noPage ?? noJunit ?? noBundle ?? undefined });
  return EXIT_OF[record.verdict];
}

/** @returns why something could not be written: that must not hide where the record is */
async function notWritten(write: () => void | Promise<void>): Promise<HalError | CannotRun | null> {
  try {
    await write();
    return null;
  } catch (error) {
    if (error instanceof HalError || error instanceof CannotRun) return error;
    throw error;
  }
}

function conclusion(record: BoardRecord, { path }: KeptRecord, earlier: number): string {
  const { verdict, backend, comparison, complete } = record;
  const words = {
    pass: complete ? 'PASS' : 'PASS of the phases that were asked for',
    fail: 'FAIL: the board is not as it must be',
    error: 'ERROR of the rig: the board was not judged; put it right and test again',
  }[verdict];
  const lateMs = longestLatenessMs(record.phases);
  const drifted = comparison
    .filter((each) => each.drifted)
    .map(
      (each) =>
        `${shown(`Drifted: ${each.what} ${valueInWords({ value: each.value, unit: each.unit })}, before ${valueInWords({ value: each.median, unit: each.unit })}`)}\n`,
    );
  return [
    `\n${words}${backend === 'simulated' ? ' (simulated board: this says nothing about any hardware)' : ''}\n`,
    ...drifted,
    `Repairs on the line: ${allRepairs(record.phases)}\n`,
    lateMs === null ? '' : `This machine was late by ${lateMs.toFixed(0)} ms at most (${TOO_LATE_MS} ms is too much)\n`,
    path === null ? `${JSON.stringify(record)}\n` : `Record ${shown(path)}\n`,
    earlier > 0 ? `Compared with ${earlier} earlier\n` : '',
  ].join('');
}
