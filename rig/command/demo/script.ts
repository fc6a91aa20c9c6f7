import type { CommandIo } from '../../console/io.ts';

/** The code of every shipped test card; printed, because it protects nothing. */
export const TEST_CODE = '274916';

export function title(io: CommandIo, text: string): void {
  io.stdout(`\n== ${text} ==\n`);
}

export function step(io: CommandIo, text: string): void {
  io.stdout(`· ${text}\n`);
}
