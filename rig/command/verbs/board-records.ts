import { type Command, InvalidArgumentError } from 'commander';
import type { Perform } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface Typed {
  board?: string;
  serial?: string;
  station?: string;
  since?: number;
  failed?: boolean;
  records?: string;
  json?: boolean;
}

export function declareBoardRecords(board: Command, perform: Perform): void {
  const records = board
    .command('records')
    .description('list the records of board tests that this station keeps, oldest first')
    .option('--board <board>', 'records of this board: pn532:PORT, or its identity as board list prints it')
    .option('--serial <number>', 'records of this serial number; * stands for any characters')
    .option('--station <name>', 'records made at this station')
    .option(
      '--since <time>',
      'records begun at this time or later: 2026-11-23, 2026-11-23T12:00:00Z, or 7d, 12h before now',
      parseSince,
    )
    .option('--failed', 'records whose verdict is not PASS')
    .option('--records <folder>', 'folder of the records (default: records in the state folder of vitap)');
  addJsonOption(records).action((typed: Typed) =>
    perform(typed, async (io) => {
      const { listRecords } = await import('../../board/list-records.ts');
      return listRecords(
        {
          board: typed.board ?? null,
          serialNumber: typed.serial ?? null,
          station: typed.station ?? null,
          sinceMs: typed.since ?? null,
          failed: typed.failed === true,
          records: typed.records ?? null,
        },
        io,
      );
    }),
  );
}

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const;

/** @returns milliseconds since 1970. @throws {InvalidArgumentError} */
function parseSince(text: string): number {
  const [, count, unit] = /^(\d{1,5})([dhm])$/.exec(text) ?? [];
  if (count !== undefined) return Date.now() - Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
  const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(iso)) {
    throw new InvalidArgumentError('A time is a day (2026-11-23, UTC), a time of day with its zone, or 7d, 12h, 30m.');
  }
  return iso;
}
