import { ProfileError, type ProfileIssue } from '../../card/profile/profile-error.ts';
import { readSource, type Written } from '../../card/profile/source.ts';
import { readInputText } from '../../console/input-file.ts';
import { type BoardFault, checkName, FaultSyntaxError, makeFault } from './parse.ts';

/**
 * A fault script: a YAML file with `faults:`, a list of entries with `board`, `fault`, and where wanted `value` and `at`.
 * @param boards the names of the boards that there are
 * @throws {ProfileError} everything wrong with it, with line and column
 */
export function readFaultFile(path: string, boards: readonly string[]): BoardFault[] {
  return parseFaultFile(readInputText(path, 'a fault script'), path, boards);
}

/** @param file what errors call the text */
export function parseFaultFile(text: string, file: string, boards: readonly string[]): BoardFault[] {
  const root = readSource(text, file);
  const issues: ProfileIssue[] = [];
  const report = ({ line, column }: { line: number; column: number }, message: string): void => {
    issues.push({ file, line, column, message });
  };
  const faults: BoardFault[] = [];
  const list = root.value instanceof Map ? root.value.get('faults') : undefined;
  for (const [key, entry] of root.value instanceof Map ? root.value : []) {
    if (key !== 'faults')
      report(entry.keyPlace ?? entry.place, `\`${key}\` is not a key that is known here; there is \`faults\``);
  }
  if (list === undefined) report(root.place, 'a fault script begins with `faults:` and a list');
  else if (!Array.isArray(list.value)) report(list.place, '`faults` is a list: each entry begins with a dash');
  else {
    for (const entry of list.value as readonly Written[]) {
      const fault = readEntry(entry, boards, report);
      if (fault !== null) faults.push(fault);
    }
  }
  if (issues.length > 0) throw new ProfileError(issues);
  return faults;
}

const KEYS: readonly string[] = ['board', 'fault', 'value', 'at'];

function readEntry(
  entry: Written,
  boards: readonly string[],
  report: (place: { line: number; column: number }, message: string) => void,
): BoardFault | null {
  const { value: map } = entry;
  if (!(map instanceof Map)) {
    report(entry.place, 'an entry has the keys board and fault, and where wanted value and at');
    return null;
  }
  let good = true;
  const fail = (place: { line: number; column: number }, message: string): void => {
    good = false;
    report(place, message);
  };
  for (const [key, written] of map) {
    if (!KEYS.includes(key))
      fail(written.keyPlace ?? written.place, `\`${key}\` is not a key of a fault; there are ${KEYS.join(', ')}`);
    else if (typeof written.value !== 'string') fail(written.place, `\`${key}\` is one word or number`);
  }
  for (const key of ['board', 'fault']) if (!map.has(key)) fail(entry.place, `\`${key}\` is missing`);
  const board = map.get('board');
  if (board !== undefined && typeof board.value === 'string' && !boards.includes(board.value)) {
    fail(
      board.place,
      `there is no board \`${board.value}\`; there ${boards.length === 1 ? 'is' : 'are'} ${boards.join(', ')}`,
    );
  }
  if (!good) return null;
  // The errors of the reader of one fault tell a column: here it is the number of one of these.
  const written = ['fault', 'value', 'at'].map((key) => map.get(key) ?? null);
  const piece = (at: number): { text: string; column: number } | null =>
    written[at] === null ? null : { text: written[at]!.value as string, column: at };
  try {
    const known = checkName(written[0]!.value as string, 0);
    return { board: board!.value as string, fault: makeFault(known, piece(1), piece(2)) };
  } catch (error) {
    if (!(error instanceof FaultSyntaxError)) throw error;
    report(written[error.column]!.place, error.message);
    return null;
  }
}
