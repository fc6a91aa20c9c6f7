import type { CommandRow, Parameters } from '../../src/applet/command-row.ts';
import { ISO7816_COMMANDS } from '../../src/applet/iso7816/index.ts';
import { GET_EXPORT_OR_DATA } from '../../src/applet/vitale/export-object.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';

/** `vitap card commands`: the rows that the dispatcher works from. */
export async function listCommands(_options: Readonly<Record<string, never>>, io: CommandIo): Promise<ExitCode> {
  if (io.json) {
    const inOwnApplication = IN_OWN_APPLICATION.map(describe);
    writeJson(io, { commands: ISO7816_COMMANDS.map(describe), inOwnApplication });
    return EXIT.pass;
  }
  for (const row of ISO7816_COMMANDS) tell(row, io);
  io.stdout('\nIn the own application (F0 617043562D454D55 01) instead:\n');
  for (const row of IN_OWN_APPLICATION) tell(row, io);
  return EXIT.pass;
}

/** What cards with the own application do there in another way. */
const IN_OWN_APPLICATION: readonly CommandRow[] = [GET_EXPORT_OR_DATA];

function tell(row: CommandRow, io: CommandIo): void {
  const chaining = row.chaining ? ', chaining' : '';
  const clause = row.clause === undefined ? ' (no clause looked up)' : `, ${row.clause}`;
  io.stdout(`${hex(row.ins)}  ${row.name}  (${row.standard}${clause}; case ${row.cases.join(', ')}${chaining})\n`);
  io.stdout(`    security: ${row.security}; cost: ${row.cost}\n`);
  for (const parameters of row.parameters)
    io.stdout(`    ${formatParameters(parameters).padEnd(24)} ${parameters.meaning}\n`);
}

function describe(row: CommandRow): unknown {
  const { execute: _execute, ...data } = row;
  return {
    ...data,
    ins: hex(row.ins),
    parameters: row.parameters.map((p) => ({ p1p2: formatParameters(p), meaning: p.meaning })),
  };
}

/** `P1 00–FE  P2 xxxxx100`: bits where a mask decides, a range where it does not. */
function formatParameters({ p1, p2, p2Mask, p2Value }: Parameters): string {
  const bits = Array.from({ length: 8 }, (_, i) => {
    const bit = 0x80 >> i;
    if (((p2Mask ?? 0) & bit) === 0) return 'x';
    return ((p2Value ?? 0) & bit) === 0 ? '0' : '1';
  });
  return `P1 ${range(p1)}  P2 ${p2Mask === undefined || p2Mask === 0 ? range(p2) : bits.join('')}`;
}

function range([from, to]: readonly [number, number]): string {
  return from === to ? hex(from) : `${hex(from)}–${hex(to)}`;
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
