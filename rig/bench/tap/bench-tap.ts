import { realpathSync } from 'node:fs';
import { HalError } from '../../../src/hal/errors.ts';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { CannotRun } from '../../cli/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../cli/io.ts';
import type { CardSource, PinChoice, PlanName, ReaderChoice, Sequence } from '../../cli/options.ts';
import { readPin } from '../../cli/pin.ts';
import { type Machine, thisMachine } from '../../doctor/machine.ts';
import { hostEnvironment } from '../../report/environment.ts';
import { answerOf } from './answer.ts';
import { accountAll, failuresOf, figuresOf } from './assemble.ts';
import { calibrate } from './calibration.ts';
import * as look from './diagnosis.ts';
import { echoInProcess, echoOfChip, echoThroughVpcd } from './echo.ts';
import { LoopbackSource } from './loopback-source.ts';
import { isVirtualReader } from './pcsc-source.ts';
import { Pn532Source } from './pn532-source.ts';
import {
  type Arrivals,
  type DiagnosisFinding,
  type Figures,
  RESULT_SCHEMA,
  RESULT_VERSION,
  type TapBenchResult,
  type WhatIfChange,
} from './result.ts';
import { type RecordedTap, type Run, runTaps } from './run.ts';
import { realWaiter, scheduleOf } from './schedule.ts';
import { commandScript, readingScript, type TapScript } from './script.ts';
import type { TapSource } from './source.ts';
import { writeOutlierTraces } from './traces.ts';

export interface BenchTapOptions {
  readonly reader: ReaderChoice;
  /** As typed. */
  readonly readerText: string;
  readonly card: CardSource | null;
  readonly interface: 'contact' | 'contactless' | 'wired' | null;
  readonly sequence: Sequence;
  readonly plan: PlanName;
  /** Sent instead of a sequence; null for the sequence. */
  readonly commands: readonly Uint8Array[] | null;
  readonly taps: number;
  readonly warmUp: number;
  readonly arrivals: Arrivals;
  /** kbit/s that a PN532 asks the card for. */
  readonly air: number;
  readonly whatIf: readonly WhatIfChange[];
  readonly pin: PinChoice;
  readonly timeoutMs: number;
  /** Folder for the traces of outliers; null for none. */
  readonly traces: string | null;
  readonly keepSecrets: boolean;
}

/** A run's result, and its verdict as an exit code. */
export interface BenchedTaps {
  readonly result: TapBenchResult;
  readonly exit: ExitCode;
}

/** Our shipped cards are test cards, and their code is public. */
const TEST_CODE = '274916';
const UPDATE_MS = 500;

/**
 * Taps, and says where the time went.
 * @throws {CannotRun} an option that this link cannot have; {HalError} the reader is not there at all
 */
export async function benchTap(options: BenchTapOptions, io: CommandIo): Promise<BenchedTaps> {
  const startedAt = new Date().toISOString();
  const startNs = systemClock.nowNs();
  const code = (await readPin(options.pin, io)) ?? testCode(options);
  const source = await openSource(options, code);
  try {
    const machine = thisMachine(io.env);
    const before = [...(await lookAround(options, source, machine, io)), look.polling(pollingKind(options, source))];
    const script = scriptOf(options, source, code);
    const show = progress(io, options);
    const run = await runTaps({
      source,
      script,
      taps: options.taps,
      warmUp: options.warmUp,
      arrivals: options.arrivals,
      waiter: realWaiter(systemClock),
      signal: io.signal,
      onTap: show,
    });
    if (run.taps.length === 0 && run.ended !== null) throw run.ended;
    const calm = { startedAt, durationMs: Math.round((systemClock.nowNs() - startNs) / 1e6) };
    return await conclude(options, source, script, run, before, machine, calm);
  } finally {
    code?.fill(0);
    await source.close();
  }
}

async function conclude(
  options: BenchTapOptions,
  source: TapSource,
  script: TapScript,
  run: Run,
  before: readonly DiagnosisFinding[],
  machine: Machine,
  when: { readonly startedAt: string; readonly durationMs: number },
): Promise<BenchedTaps> {
  const accounted = accountAll(run.taps, source.link, source.accounting);
  const bare = figuresOf(run.taps, accounted, options.whatIf);
  const figures = bare === null ? null : await withTraces(bare, run.taps, options, source, when.startedAt);
  const schedule = scheduleOf(options.arrivals, accounted.samples, figures?.total.p50.value ?? null);
  const diagnosis = look.diagnosisOf([
    ...before,
    ...afterwards(figures, source, machine, before),
    look.scheduleFinding(schedule, accounted.samples.length),
    look.sampleSize(figures?.total.n ?? 0),
  ]);
  const failed = accounted.samples.some(({ failure }) => failure !== null) || run.ended !== null || figures === null;
  const result: TapBenchResult = {
    schema: RESULT_SCHEMA,
    version: RESULT_VERSION,
    environment: {
      ...hostEnvironment(),
      backend: source.backend,
      reader: source.reader,
      protocol: '',
      atr: null,
      card: source.card,
      ...when,
    },
    diagnosis,
    setup: {
      reader: options.readerText,
      sequence: options.commands === null ? options.sequence : script.name,
      plan: options.plan,
      taps: options.taps,
      warmUp: options.warmUp,
      link: accounted.link,
    },
    layers: source.accounting.layers,
    stages: source.accounting.stages,
    shapes: accounted.shapes,
    taps: accounted.samples,
    failures: failuresOf(accounted.samples),
    schedule,
    figures,
    answer: figures === null ? 'no tap was good' : answerOf(figures, accounted.link, source.accounting),
    verdict: failed ? 'fail' : diagnosis.trusted ? 'pass' : 'inconclusive',
  };
  return { result, exit: failed ? EXIT.fail : EXIT.pass };
}

function withTraces(
  figures: Figures,
  taps: readonly RecordedTap[],
  { traces, keepSecrets }: BenchTapOptions,
  source: TapSource,
  startedAt: string,
): Promise<Figures> | Figures {
  return traces === null ? figures : writeOutlierTraces(figures, taps, { folder: traces, keepSecrets, source, startedAt });
}

/** A card that we make ourselves from a profile has a code that everybody may know; any other keeps its own. */
function testCode({ card, reader, commands }: BenchTapOptions): Uint8Array | null {
  if (reader.driver !== 'loopback' || card?.kind !== 'profile' || commands !== null) return null;
  return Buffer.from(TEST_CODE, 'latin1');
}

async function openSource(options: BenchTapOptions, code: Uint8Array | null): Promise<TapSource> {
  const { reader, card, timeoutMs, air } = options;
  const clock = systemClock;
  switch (reader.driver) {
    case 'loopback':
      if (card === null) throw new CannotRun('a loopback reader has no card of its own');
      return LoopbackSource.open({ card, interface: options.interface, code, clock });
    case 'pcsc': {
      const [{ PcscReader }, { PcscSource }] = await Promise.all([
        import('../../../src/hal/pcsc/index.ts'),
        import('./pcsc-source.ts'),
      ]);
      return new PcscSource({ reader: new PcscReader({ clock }), name: reader.name, clock, timeoutMs });
    }
    case 'acr122': {
      const { pn532PortOf } = await import('../../pn532/open-port.ts');
      const port = await pn532PortOf(reader);
      return Pn532Source.open({ port, clock, backend: 'hardware', meter: null, rate: air, timeoutMs });
    }
    default: {
      const [{ HsuPort }, { SystemSerialPorts }, { MeteredLines }, { backendOf }] = await Promise.all([
        import('../../../src/hal/pn532/hsu-port.ts'),
        import('../../../src/hal/serial/serial-port.ts'),
        import('./meter.ts'),
        import('../../pn532/open-port.ts'),
      ]);
      const lines = new MeteredLines(new SystemSerialPorts(), clock);
      const baudRate = reader.baudRate === null ? {} : { baudRate: reader.baudRate };
      const port = new HsuPort({ opener: lines, path: reader.path, ...baudRate });
      const backend = await backendOf(reader);
      return Pn532Source.open({ port, clock, backend, meter: () => lines.take(), rate: air, timeoutMs });
    }
  }
}

function scriptOf({ commands, sequence, plan }: BenchTapOptions, source: TapSource, code: Uint8Array | null): TapScript {
  if (commands !== null) return commandScript(commands);
  // Typed on the phone before the tap: no reader presents it then.
  const typed = source instanceof LoopbackSource && source.unlocksItself;
  return readingScript(sequence, plan, typed ? null : code);
}

function pollingKind({ reader }: BenchTapOptions, source: TapSource): Parameters<typeof look.polling>[0] {
  return reader.driver === 'pcsc' && isVirtualReader(source.reader) ? 'vpcd' : reader.driver;
}

const PINGPONG = '/proc/sys/net/ipv4/tcp_pingpong_thresh';

/** Before the run: what may spoil it. */
async function lookAround(
  { reader }: BenchTapOptions,
  source: TapSource,
  machine: Machine,
  io: CommandIo,
): Promise<DiagnosisFinding[]> {
  // PC/SC knows its reader only when a card was seen in it.
  await source.prepare();
  const calibration = calibrate(systemClock);
  const findings = [
    look.versions(machine.nodeVersion, reader.driver === 'pcsc' || reader.driver === 'acr122' ? await pcscd(machine) : null),
    look.governor(machine),
    look.noise(calibration),
    look.clockCost(calibration),
  ];
  if (source.backend === 'simulated') findings.push(look.simulated());
  if (reader.driver === 'pn532') findings.push(look.ftdiLatency(machine, devicePath(reader.path)));
  try {
    if (source instanceof Pn532Source) {
      const echo = await echoOfChip(source.connection.chip, systemClock);
      findings.push(look.echoFinding(echo, source.link));
    } else if (reader.driver === 'loopback') {
      findings.push(look.echoFinding(await echoInProcess(systemClock), source.link));
    } else if (isVirtualReader(source.reader)) {
      const echo = await echoThroughVpcd(systemClock, io.signal);
      findings.push(look.echoFinding(echo, source.link), look.vpcdDelay(echo, pingpong(machine)));
    } else {
      findings.push(look.noEcho('a real reader takes no echo card'));
    }
  } catch (error) {
    if (!(error instanceof HalError)) throw error;
    findings.push(look.noEcho(error.message));
  }
  return findings;
}

/** After the run: what only the figures tell. */
function afterwards(
  figures: Figures | null,
  source: TapSource,
  machine: Machine,
  before: readonly DiagnosisFinding[],
): DiagnosisFinding[] {
  if (figures === null) return [];
  const findings = [look.modelFinding(figures)];
  if (isVirtualReader(source.reader) && !before.some(({ id }) => id === 'vpcd-delay')) {
    const delay = look.vpcdDelayInTaps(figures, pingpong(machine));
    if (delay !== null) findings.push(delay);
  }
  return findings;
}

function pingpong(machine: Machine): string | null {
  return machine.readText(PINGPONG)?.trim() ?? null;
}

async function pcscd(machine: Machine): Promise<string | null> {
  const program = machine.findProgram('pcscd');
  if (program === null) return null;
  const ran = await machine.run(program, ['--version'], 3000);
  return /version (\d+(?:\.\d+)+)/.exec(ran.stdout)?.[1] ?? null;
}

/** sysfs knows devices, not links to them. */
function devicePath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Says how far it is, now and then. */
function progress(io: CommandIo, { taps, warmUp }: BenchTapOptions): (index: number, failures: number) => void {
  let lastMs = performance.now();
  return (index, failures) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < UPDATE_MS) return;
    lastMs = nowMs;
    const failed = failures === 0 ? '' : `, ${failures} failed`;
    const text = index < 0 ? `warming up, ${warmUp + index} of ${warmUp}` : `tap ${index} of ${taps}${failed}`;
    io.stderr(`${text}\n`);
  };
}

/** @throws {HalError} `storage` */
export function saveResult(path: string, result: TapBenchResult): void {
  replaceFile(path, [Buffer.from(`${JSON.stringify(result)}\n`)]);
}
