import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../console/failure.ts';
import type { CommandIo, ExitCode } from '../console/io.ts';
import { makeFolder } from '../console/make-folder.ts';
import type { BoardRun } from './board-run.ts';
import { boardNames } from './board-sim.ts';
import { readFaultFile } from './faults/file.ts';
import type { BoardFault } from './faults/parse.ts';
import { BOOTLOADER_FAULTS } from './faults/plan.ts';

export interface BootloaderSimOptions {
  readonly kind: 'stm32' | 'uf2';
  readonly boards: number;
  /** Paths of the links by board name; others are made in `folder`. */
  readonly links: Readonly<Record<string, string>>;
  /** Folder for links; null for a new one that is removed at the end. */
  readonly folder: string | null;
  /** Identifier of the chip; null for the usual one. */
  readonly chip: number | null;
  /** `readout`, or pages as `0-3`. */
  readonly protect: readonly string[];
  /** Where in the flash a card's image lies that the program is once it starts; null: it says nothing. */
  readonly cardAt: number | null;
  /** Folder of what is in the flashes; null: it is lost at the end. */
  readonly keep: string | null;
  readonly faults: readonly BoardFault[];
  readonly faultFile: string | null;
}

/** Boards in their bootloader, until Ctrl-C. */
export async function runBootloaderSim(options: BootloaderSimOptions, io: CommandIo): Promise<ExitCode> {
  const names = boardNames(options.boards);
  const faults = [...options.faults, ...(options.faultFile === null ? [] : readFaultFile(options.faultFile, names))];
  for (const { board, fault } of faults) {
    if (!names.includes(board)) {
      throw new UsageError(
        `there is no board \`${board}\`; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`,
      );
    }
    if (!BOOTLOADER_FAULTS.includes(fault.name)) {
      throw new UsageError(`\`${fault.name}\` is a fault of a PN532; a bootloader has ${BOOTLOADER_FAULTS.join(', ')}`);
    }
  }
  for (const name of Object.keys(options.links)) {
    if (!names.includes(name)) throw new UsageError(`there is no board \`${name}\` to link`);
  }
  const faultsOf = (name: string) => faults.filter(({ board }) => board === name).map(({ fault }) => fault);
  const ownFolder = options.folder === null && names.some((name) => options.links[name] === undefined);
  const folder = ownFolder ? mkdtempSync(join(tmpdir(), 'vitap-boards-')) : options.folder;
  if (folder !== null) makeFolder(folder);
  if (options.keep !== null) makeFolder(options.keep);
  const pathOf = (name: string): string => options.links[name] ?? join(folder!, `board-${name}`);
  const run: BoardRun = { names, pathOf, faultsOf, keep: options.keep };
  try {
    if (options.kind === 'uf2') {
      if (options.protect.length > 0 || options.chip !== null || options.cardAt !== null) {
        throw new UsageError(
          '--chip, --protect and --card-at are for the bootloader of an STM32; a drive is that of an RP2040',
        );
      }
      const { runDrives } = await import('./uf2/run.ts');
      return await runDrives(run, io);
    }
    const { runStm32 } = await import('./stm32/run.ts');
    return await runStm32(run, options, io);
  } finally {
    if (ownFolder && folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}
