import type { Command } from 'commander';

/** A command that can be run, with the words that lead to it: `['trace', 'show']`. */
export interface Leaf {
  readonly path: readonly string[];
  readonly command: Command;
}

/** Every command that does something, in the order of help. */
export function leavesOf(program: Command): readonly Leaf[] {
  return nodesOf(program).filter(({ command }) => command.commands.length === 0);
}

/** Every command, groups and the program itself among them. */
export function nodesOf(command: Command, path: readonly string[] = []): readonly Leaf[] {
  return [{ path, command }, ...command.commands.flatMap((each) => nodesOf(each, [...path, each.name()]))];
}
