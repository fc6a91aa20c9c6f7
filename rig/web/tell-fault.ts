import type { CommandIo } from '../console/io.ts';
import { shown } from '../console/shown.ts';

/**
 * Tells a fault on stderr by its name and where it was: its words may hold what came. What a database cannot do is no fault of
 * ours, and its sentence holds no value.
 */
export function tellFault(error: unknown, io: Pick<CommandIo, 'stderr' | 'env'>): void {
  const { name, stack } = error instanceof Error ? error : new Error(String(error));
  if (name === 'StoreError') {
    io.stderr(`vitap: ${shown((error as Error).message)}\n`);
    return;
  }
  const where =
    stack
      ?.split('\n')
      .find((line) => line.trim().startsWith('at '))
      ?.trim() ?? '';
  io.stderr(`a fault of vitap: ${shown(io.env.VITAP_DEBUG === '1' ? (stack ?? name) : `${name} ${where}`)}\n`);
}
