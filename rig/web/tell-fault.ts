import type { CommandIo } from '../console/io.ts';
import { shown } from '../console/shown.ts';

/** Tells a fault on stderr by its name and where it was: its words may hold what came. */
export function tellFault(error: unknown, io: Pick<CommandIo, 'stderr' | 'env'>): void {
  const { name, stack } = error instanceof Error ? error : new Error(String(error));
  const where =
    stack
      ?.split('\n')
      .find((line) => line.trim().startsWith('at '))
      ?.trim() ?? '';
  io.stderr(`a fault of vitap: ${shown(io.env.VITAP_DEBUG === '1' ? (stack ?? name) : `${name} ${where}`)}\n`);
}
