import { type CodePlan, type DirectoryPlan, directoriesOf, type FilePlan, PLAN } from './plan.ts';
import { type Command, hexBytes } from './step.ts';

/** The plan's files as a tree that is walked: who stands in what, and which file a SELECT means. It never changes. */

export interface Directory {
  readonly plan: DirectoryPlan;
  readonly parent: Directory | null;
}

/** Each before those in it, the MF first. */
const DIRECTORIES: Directory[] = [];
for (const plan of directoriesOf()) {
  DIRECTORIES.push({ plan, parent: DIRECTORIES.find((each) => each.plan.directories.includes(plan)) ?? null });
}

export const ROOT: Directory = DIRECTORIES[0] as Directory;

/** The directory that a file stands in. */
export function directoryOf(file: FilePlan): Directory {
  return DIRECTORIES.find(({ plan }) => plan.files.includes(file)) as Directory;
}

/** The directory whose name selects this one: itself, or the nearest one above with a name, or the MF. */
export function applicationOf(directory: Directory): Directory {
  return directory.plan.name !== null || directory.parent === null ? directory : applicationOf(directory.parent);
}

export function isDirectory(found: Directory | FilePlan): found is Directory {
  return 'plan' in found;
}

/** What a SELECT means, from the current directory. */
export function find(
  current: Directory,
  command: Extract<Command, { is: `select${string}` }>,
): Directory | FilePlan | null {
  switch (command.is) {
    case 'select-parent':
      return current.parent;
    case 'select-name':
      return byName(hexBytes(command.name), command.occurrence, current);
    case 'select-path':
      return command.path.reduce<Directory | FilePlan | null>(
        (at, fid) => (at !== null && isDirectory(at) ? child(at, fid) : null),
        command.from === 'mf' ? ROOT : current,
      );
    case 'select': {
      const below = child(current, command.fid);
      if (command.how !== 'any')
        return below !== null && isDirectory(below) === (command.how === 'child-df') ? below : null;
      return byIdentifier(current, command.fid);
    }
  }
}

/** The MF, a child, the current DF itself, its parent, a child of its parent. */
function byIdentifier(current: Directory, fid: number): Directory | FilePlan | null {
  const { parent } = current;
  if (fid === PLAN.fid) return ROOT;
  const below = child(current, fid);
  if (below !== null) return below;
  if (current.plan.fid === fid) return current;
  if (parent === null) return null;
  return parent.plan.fid === fid ? parent : child(parent, fid);
}

/** DF names in byte order; a name may be cut short on the right. */
function byName(start: readonly number[], occurrence: number, current: Directory): Directory | null {
  const name = ({ plan }: Directory): number[] => hexBytes(plan.name as string);
  const matching = DIRECTORIES.filter(({ plan }) => plan.name !== null)
    .filter((directory) => start.every((byte, i) => name(directory)[i] === byte))
    .sort((a, b) => ((a.plan.name as string) < (b.plan.name as string) ? -1 : 1));
  const at = matching.indexOf(applicationOf(current));
  const last = matching.length - 1;
  const place = [0, last, at < 0 ? 0 : at + 1, at < 0 ? last : at - 1][occurrence] as number;
  return matching[place] ?? null;
}

function child(directory: Directory, fid: number): Directory | FilePlan | null {
  const below = DIRECTORIES.find(({ parent, plan }) => parent === directory && plan.fid === fid);
  return below ?? directory.plan.files.find((file) => file.fid === fid) ?? null;
}

export function codeNamed(reference: number, from: Directory): CodePlan | null {
  return nearest(reference, from, ({ plan }) => plan.codes.find((code) => code.reference === reference));
}

/**
 * What a reference names, code or key: a local one is there in its application and below it, up to the next application;
 * a card-wide one anywhere.
 */
export function nearest<Named>(
  reference: number,
  from: Directory,
  named: (directory: Directory) => Named | undefined,
): Named | null {
  if (reference < 0x80) return named(ROOT) ?? null;
  const application = applicationOf(from);
  for (let at: Directory | null = from; at !== null; at = at.parent) {
    const found = named(at);
    if (found !== undefined) return found;
    if (at === application) return null;
  }
  return null;
}

/** The code that gives another one its tries back, from the same directory. */
export function unblockingCode(code: CodePlan): CodePlan | null {
  const own = DIRECTORIES.find(({ plan }) => plan.codes.includes(code)) as Directory;
  return own.plan.codes.find(({ reference }) => reference === code.unblockedBy) ?? null;
}
