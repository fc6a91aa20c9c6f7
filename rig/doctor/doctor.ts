import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { type Check, type CheckResult, runChecks, type Verdict } from './check.ts';
import { CHECKS } from './checks/index.ts';
import { type Machine, thisMachine } from './machine.ts';
import { neededBy } from './needed-by.ts';

const MARKS: Readonly<Record<Verdict, string>> = { pass: 'ok  ', warn: 'WARN', fail: 'FAIL', info: '-   ' };

/**
 * Looks at the machine and says what it found.
 * @returns 1 when a check failed; warnings do not fail
 */
export async function runDoctor(
  io: CommandIo,
  machine: Machine = thisMachine(io.env),
  checks: readonly Check[] = CHECKS,
): Promise<ExitCode> {
  const show = (result: CheckResult): void => {
    if (!io.json && !io.signal.aborted) io.stdout(present(result));
  };
  const results = await runChecks(checks, machine, io.signal, show);
  // A check that was stopped has found nothing wrong.
  io.signal.throwIfAborted();
  const count = (verdict: Verdict): number => results.filter((each) => each.verdict === verdict).length;
  const failed = count('fail') > 0;
  if (io.json) {
    const told = results.map((result) => ({ ...result, neededBy: neededBy(result.id) }));
    writeJson(io, { verdict: failed ? 'fail' : 'pass', checks: told });
  } else io.stdout(`\n${summary(count('fail'), count('warn'))}\n`);
  return failed ? EXIT.fail : EXIT.pass;
}

const INDENT = ' '.repeat(6);
const WIDTH = 110;

function present({ id, title, verdict, detail, cure }: CheckResult): string {
  const lines = [...wrap(`${MARKS[verdict]}  ${shown(`${title}: ${detail}`)}`)];
  const users = verdict === 'warn' || verdict === 'fail' ? neededBy(id) : [];
  if (users.length > 0) lines.push(...wrap(`${INDENT}needed by ${users.join(', ')}`));
  if (cure !== undefined) lines.push(...wrap(`${INDENT}-> ${shown(cure)}`));
  return `${lines.join('\n')}\n`;
}

/** Breaks a text between words; all lines after the first stand in. */
function* wrap(text: string): Iterable<string> {
  let rest = text;
  while (rest.length > WIDTH) {
    const at = rest.lastIndexOf(' ', WIDTH);
    if (at <= INDENT.length) break;
    yield rest.slice(0, at);
    rest = `${INDENT}${rest.slice(at + 1)}`;
  }
  yield rest;
}

function summary(failures: number, warnings: number): string {
  if (failures + warnings === 0) return 'No problem found.';
  const parts = [];
  if (failures > 0) parts.push(`${failures} failed`);
  if (warnings > 0) parts.push(`${warnings}${warnings === 1 ? ' warning' : ' warnings'}`);
  return `${parts.join(', ')}; each -> says what to do.`;
}
