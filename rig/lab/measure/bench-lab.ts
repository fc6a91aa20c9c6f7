import { loadavg } from 'node:os';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { machine } from '../../measure/figures.ts';
import { GROWTH } from './growth.ts';
import { IDLE } from './idle.ts';
import { KILLS } from './kills.ts';
import type { LabBenchChoice, LabBenchPart, LabTarget, Measured } from './part-of-bench.ts';
import { POOL } from './pool.ts';
import { SCHEDULING } from './scheduling.ts';

export interface BenchLabOptions extends LabBenchChoice {
  /** Names of parts; null: all of them. */
  readonly parts: readonly string[] | null;
}

/** In the order in which they are measured; the verb lists their names. */
export const LAB_BENCH_PARTS: readonly LabBenchPart[] = [KILLS, SCHEDULING, IDLE, GROWTH, POOL];

/**
 * `vitap bench lab`: what a lab on this machine loses, costs and waits, part after part. Benches are simulated.
 * @throws {CannotRun} a part cannot run here, before the first one is measured
 */
export async function benchLab({ parts, ...choice }: BenchLabOptions, io: CommandIo): Promise<ExitCode> {
  const asked = LAB_BENCH_PARTS.filter(({ name }) => parts === null || parts.includes(name));
  refuseWhatCannotRun(asked, io.env);
  const before = load();
  const done: { readonly name: string; readonly measured: Measured }[] = [];
  for (const part of asked) {
    io.signal.throwIfAborted();
    io.stderr(`${part.name}\n`);
    done.push({ name: part.name, measured: await part.measure(choice, io) });
  }
  const targets = done.flatMap(({ measured }) => measured.targets);
  const verdict = targets.every((target) => target.verdict === 'pass') ? 'pass' : 'fail';
  const scene = { ...machine(), load: { before, after: load() } };
  const store = choice.store === null ? 'pglite' : 'postgresql';
  if (io.json) {
    const figures = Object.fromEntries(done.map(({ name, measured }) => [name, measured.figures]));
    writeJson(io, { id: 'bench-lab', verdict, backend: 'simulated', ...scene, store, ...figures, targets });
  } else io.stdout(report(scene, store, done, targets));
  return verdict === 'pass' ? EXIT.pass : EXIT.fail;
}

/** Parts take minutes: that the last one cannot run is said before the first. */
function refuseWhatCannotRun(asked: readonly LabBenchPart[], env: CommandIo['env']): void {
  const missing = asked.map((part) => ({ name: part.name, why: part.missing?.(env) ?? null }));
  const cannot = missing.find(({ why }) => why !== null);
  if (cannot === undefined) return;
  const others = missing.flatMap(({ name, why }) => (why === null ? [`--part ${name}`] : []));
  const cure = others.length === 0 ? '' : `; the others run with ${others.join(' ')}`;
  throw new CannotRun(`the part ${cannot.name} cannot run here: ${cannot.why}${cure}`);
}

/** Of the last minute: how many processes wanted a processor. */
function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

interface Scene extends ReturnType<typeof machine> {
  readonly load: { readonly before: number; readonly after: number };
}

function report(
  { machine, node, load }: Scene,
  store: 'pglite' | 'postgresql',
  done: readonly { readonly name: string; readonly measured: Measured }[],
  targets: readonly LabTarget[],
): string {
  const on = store === 'pglite' ? 'PGlite' : 'PostgreSQL';
  return [
    `${machine}, Node ${node}, load ${load.before} before and ${load.after} after; ${on}; benches simulated`,
    '',
    ...done.flatMap(({ name, measured }) => [name, ...measured.lines.map((line) => `  ${line}`), '']),
    ...targets.map(
      ({ id, value, limit, verdict }) =>
        `${id}: ${Number(value.toFixed(3))}, at most ${Number(limit.toFixed(3))}: ${verdict}`,
    ),
    '',
  ].join('\n');
}
