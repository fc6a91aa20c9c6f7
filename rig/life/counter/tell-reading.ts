import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { readingInWords } from './presentation.ts';
import { type CounterReading, isRefused, masked } from './reading.ts';

/** Shows a reading, whole or masked; of somebody refused the people are gone already. */
export function tellReading(reading: CounterReading, show: boolean, io: CommandIo): ExitCode {
  const told = show ? reading : masked(reading);
  if (io.json) writeJson(io, told);
  else io.stdout(readingInWords(told));
  for (const warning of told.warnings) io.stderr(`${warning}\n`);
  return isRefused(reading) ? EXIT.fail : EXIT.pass;
}
