import { rightsOfType, type TerminalType } from '../../src/secure-channel/index.ts';
import { UsageError } from '../console/failure.ts';

/**
 * Rights as a person lists them: `read DG1, read-dg8`, `all`, `none`.
 * @throws {UsageError} a right that terminals of this type do not have
 */
export function readRights(text: string, type: TerminalType): readonly string[] {
  const known = rightsOfType(type);
  if (normal(text) === 'all') return known;
  if (normal(text) === 'none') return [];
  return text.split(',').map((part) => {
    const right = known.find((each) => normal(each) === normal(part));
    if (right === undefined) {
      throw new UsageError(`${type} terminals have no right "${part.trim()}"; they have: ${known.join(', ')}`);
    }
    return right;
  });
}

function normal(text: string): string {
  return text.trim().toLowerCase().replaceAll('-', ' ');
}

/** Rights for a person, those of neighbouring data groups together: `read DG1 to DG22, PSA`. */
export function rightsInWords(rights: readonly string[]): string {
  if (rights.length === 0) return 'none';
  const runs: { verb: string; first: string; last: string; at: number }[] = [];
  for (const right of rights) {
    const [, verb, group] = /^(\w+) DG(\d+)$/.exec(right) ?? [];
    const run = runs[runs.length - 1];
    if (verb !== undefined && run?.verb === verb && Math.abs(Number(group) - run.at) === 1) {
      run.last = `DG${group}`;
      run.at = Number(group);
    } else runs.push({ verb: verb ?? '', first: right, last: right, at: Number(group) });
  }
  return runs.map(({ first, last }) => (first === last ? first : `${first} to ${last}`)).join(', ');
}
