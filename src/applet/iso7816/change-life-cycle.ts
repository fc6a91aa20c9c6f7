import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';
import { isUnfinished, isUsable, LIFE_CYCLE, setLifeCycle } from '../files/life-cycle.ts';
import { FILE_REFERENCE_PARAMETERS, findFile, isLengthConsistent } from './file-reference.ts';

function row(ins: number, name: string, security: string, execute: CommandRow['execute']): CommandRow {
  return {
    ins,
    name,
    standard: 'ISO/IEC 7816-9',
    cases: [1, 3],
    parameters: FILE_REFERENCE_PARAMETERS,
    chaining: true,
    lifeCycle: 'any',
    security,
    cost: 'memory',
    execute,
  };
}

export const ACTIVATE_FILE: CommandRow = row(INS.ACTIVATE_FILE, 'ACTIVATE FILE', 'activate rule of the file', activate);
export const DEACTIVATE_FILE: CommandRow = row(
  INS.DEACTIVATE_FILE,
  'DEACTIVATE FILE',
  'deactivate rule of the file',
  deactivate,
);
export const TERMINATE_EF: CommandRow = row(INS.TERMINATE_EF, 'TERMINATE EF', 'terminate rule of the EF', terminateEf);
export const TERMINATE_DF: CommandRow = row(INS.TERMINATE_DF, 'TERMINATE DF', 'terminate rule of the DF', terminateDf);

/**
 * ACTIVATE FILE: from creation, initialisation or deactivated to activated; on an activated file it does nothing.
 * Errors of all four: 6A87 data field of a length that P1 cannot mean, 6A82 no such file, 6985 not from this state, or
 * a DF above is deactivated or terminated, 6982 rule of the file. What is current stays current.
 */
function activate(context: CommandContext): number {
  return change(context, any, EF_ACCESS.ACTIVATE, LIFE_CYCLE.ACTIVATED, (state) => state !== LIFE_CYCLE.TERMINATED);
}

/** DEACTIVATE FILE: from activated to deactivated; on a deactivated file it does nothing. */
function deactivate(context: CommandContext): number {
  return change(
    context,
    any,
    EF_ACCESS.DEACTIVATE,
    LIFE_CYCLE.DEACTIVATED,
    (state) => state !== LIFE_CYCLE.TERMINATED && !isUnfinished(state),
  );
}

/** TERMINATE EF: from any state, for ever. 6981: a DF. */
function terminateEf(context: CommandContext): number {
  return change(context, isElementary, EF_ACCESS.TERMINATE, LIFE_CYCLE.TERMINATED, isNotTerminated);
}

/** TERMINATE DF: from any state, for ever; all that is below goes with it. 6981: an EF; 6985: the MF. */
function terminateDf(context: CommandContext): number {
  return change(context, isDirectory, EF_ACCESS.TERMINATE, LIFE_CYCLE.TERMINATED, isNotTerminated);
}

function change(
  context: CommandContext,
  fits: (file: CardFile) => boolean,
  operation: number,
  to: number,
  isAllowedFrom: (state: number) => boolean,
): number {
  const { command, channel, core } = context;
  if (!isLengthConsistent(command.p1, command.nc)) return SW.NC_INCONSISTENT_WITH_P1_P2;
  const file = findFile(context, channel.elementary ?? channel.directory);
  if (file === null) return SW.FILE_NOT_FOUND;
  if (!fits(file)) return SW.INCOMPATIBLE_FILE_STRUCTURE;
  const state = context.lifeCycle(file);
  if (!isAllowedFrom(state)) return SW.CONDITIONS_NOT_SATISFIED;
  if (file.parent !== file && !isUsable(core.nvm, file.parent)) return SW.CONDITIONS_NOT_SATISFIED;
  if (file === core.files.masterFile && to === LIFE_CYCLE.TERMINATED) return SW.CONDITIONS_NOT_SATISFIED;
  if (!context.permits(file, operation)) return SW.SECURITY_STATUS_NOT_SATISFIED;
  if (state !== to) setLifeCycle(core.nvm, file, to);
  return SW.OK;
}

function any(): boolean {
  return true;
}

function isElementary(file: CardFile): boolean {
  return !file.isDirectory;
}

function isDirectory(file: CardFile): boolean {
  return file.isDirectory;
}

function isNotTerminated(state: number): boolean {
  return state !== LIFE_CYCLE.TERMINATED;
}
